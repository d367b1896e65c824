//! The user's own entries: what they are, and the form for one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use costmap::people::{amount, grouped, label, price};
use costmap::{CostMap, Entry, Unit, plain};
use engine::overlay::{OverlayEdit, OwnEntry, OwnField, base, own_entries, warnings};
use engine::{ErrorCode, Result};
use serde_json::Value;

use crate::Api;
use crate::commands::{ModelArg, OwnArgs, RemoveOwnArgs};
use crate::handlers::changes::Users;
use crate::state::word;
use crate::view::{DraftField, DraftValue, ErrorView, OverlayView, OwnCheck, OwnDraft, OwnEntryView, OwnFieldView};

/// What the form shows where a model has no prices yet.
const USUAL: [&str; 3] = ["input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost"];

/// Letters that two names must have in common at their beginning to be relatives.
const RELATED: usize = 4;

impl Api {
    pub(crate) async fn overlay(&self, (): ()) -> Result<OverlayView> {
        let (entries, error) = own_entries(&self.home, Some(self.engine.ledger())).await?;
        let users = self.users_of_models();
        let counts = self.engine.snapshot().borrow().reaches_proxies;
        Ok(OverlayView {
            entries: entries.iter().map(|entry| view(entry, &users)).collect(),
            error: error.as_ref().map(ErrorView::from),
            path: self.home.overlay().display().to_string(),
            counts,
            direct: self.concerned(None).1,
        })
    }

    pub(crate) async fn own_draft(&self, args: ModelArg) -> Result<OwnDraft> {
        let (entries, _) = own_entries(&self.home, Some(self.engine.ledger())).await?;
        let own = entries.into_iter().find(|entry| entry.model == args.model);
        let base = base(self.engine.ledger()).await?;
        Ok(draft(args.model, own.as_ref(), base.as_deref()))
    }

    pub(crate) async fn check_own(&self, args: OwnArgs) -> Result<OwnCheck> {
        match warnings(&self.home, self.engine.ledger(), &set(args)).await {
            Ok(warnings) => Ok(OwnCheck { problem: None, warnings }),
            Err(error) if error.code == ErrorCode::InvalidOverlay => {
                Ok(OwnCheck { problem: Some(error.message), warnings: Vec::new() })
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn set_own(&self, args: OwnArgs) -> Result<OverlayView> {
        self.engine.overlay(set(args)).await?;
        self.overlay(()).await
    }

    pub(crate) async fn remove_own(&self, args: RemoveOwnArgs) -> Result<OverlayView> {
        self.engine.overlay(OverlayEdit::Remove { model: args.model, fields: args.fields }).await?;
        self.overlay(()).await
    }

    pub(crate) async fn keep_own(&self, args: ModelArg) -> Result<OverlayView> {
        self.engine.overlay(OverlayEdit::Keep { model: args.model }).await?;
        self.overlay(()).await
    }
}

fn set(args: OwnArgs) -> OverlayEdit {
    OverlayEdit::Set { model: args.model, fields: args.fields, whole: args.whole }
}

pub(crate) fn view(entry: &OwnEntry, users: &Users) -> OwnEntryView {
    OwnEntryView {
        model: entry.model.clone(),
        upstream: word(entry.upstream),
        moved: entry.moved,
        problem: entry.problem.clone(),
        fields: entry.fields.iter().map(field_view).collect(),
        json: entry.entry.get().to_owned(),
        proxies: users.get(&entry.model).cloned().unwrap_or_default(),
    }
}

fn field_view(OwnField { field, value, upstream }: &OwnField) -> OwnFieldView {
    let unit = Unit::of_path(field);
    let is_price = field.contains("cost");
    let shown = |value: &String| {
        let number = price(&Value::from(value.as_str())).filter(|_| is_price);
        number.map_or_else(|| value.trim_matches('"').to_owned(), |number| grouped(&amount(number, unit)))
    };
    OwnFieldView {
        field: field.clone(),
        label: label(field),
        unit: if is_price { unit.for_people().1.to_owned() } else { String::new() },
        value: shown(value),
        upstream: upstream.as_ref().map(shown),
    }
}

fn draft(model: String, own: Option<&OwnEntry>, base: Option<&CostMap>) -> OwnDraft {
    let upstream = base.and_then(|base| base.priced(&model));
    let theirs = upstream.as_ref().map(prices).unwrap_or_default();
    let like = base.filter(|_| theirs.is_empty()).and_then(|base| relative(base, &model));
    let suggested = like.as_ref().map(prices).unwrap_or_default();
    let mut own_prices = BTreeMap::new();
    for field in own.iter().flat_map(|own| &own.fields).filter(|field| field.field.contains("cost")) {
        own_prices.insert(field.field.clone(), field.value.clone());
    }
    let mut fields: Vec<&str> = Vec::new();
    let usual = USUAL.iter().copied().filter(|_| theirs.is_empty() && suggested.is_empty());
    for field in own_prices.keys().chain(theirs.keys()).chain(suggested.keys()).map(String::as_str).chain(usual) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    // The prices that everybody looks at come first.
    fields.sort_by_key(|field| USUAL.iter().position(|usual| usual == field).unwrap_or(USUAL.len()));
    let other = |name: &str| {
        let value = like?.field(name)?.as_str()?;
        Some(DraftValue { field: name.to_owned(), value: Value::from(value.as_ref()).to_string() })
    };
    OwnDraft {
        is_known: upstream.is_some(),
        is_own: own.is_some(),
        fields: fields.iter().map(|field| draft_field(field, &own_prices, &theirs, &suggested)).collect(),
        relative: like.map(|entry| entry.name().into_owned()),
        other: match upstream {
            Some(_) => Vec::new(),
            None => ["litellm_provider", "mode"].into_iter().filter_map(other).collect(),
        },
        json: own.map_or_else(|| "{}".to_owned(), |own| own.entry.get().to_owned()),
        model,
    }
}

type Prices = BTreeMap<String, String>;

fn draft_field(field: &str, own: &Prices, theirs: &Prices, suggested: &Prices) -> DraftField {
    let unit = Unit::of_path(field);
    let (power, per) = unit.for_people();
    let of = |prices: &Prices| prices.get(field).cloned();
    DraftField {
        field: field.to_owned(),
        label: label(field),
        per: per.to_owned(),
        power,
        stored_per: match unit {
            Unit::Token => "per token".to_owned(),
            Unit::ThousandTokens => "per 1K tokens".to_owned(),
            Unit::Pixel => "per pixel".to_owned(),
            Unit::Character => "per character".to_owned(),
            _ => per.to_owned(),
        },
        own: of(own),
        upstream: of(theirs),
        suggested: of(suggested),
    }
}

/// The prices of an entry in USD per unit.
fn prices(entry: &Entry<'_>) -> Prices {
    let priced = entry.leaves().filter(costmap::Leaf::is_price);
    priced.filter_map(|leaf| Some((leaf.path().to_string(), plain(leaf.decimal()?)))).collect()
}

/// The priced model whose own name is most like this one's: `azure/gpt-5.2` for `azure/gpt-5.2-preview`.
fn relative<'a>(base: &'a CostMap, model: &str) -> Option<Entry<'a>> {
    let bare = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let wanted = bare(model);
    let of_this = model.split_once('/').map(|(provider, _)| provider.to_ascii_lowercase());
    let letters = |name: &str| wanted.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
    let like = |entry: &Entry<'_>| {
        let name = bare(&entry.name());
        // By whole words: "preview" is nothing like "pro".
        let words = wanted.split('-').zip(name.split('-')).take_while(|(one, other)| one == other).count();
        let is_of_provider = entry.provider().map(|provider| provider.to_ascii_lowercase()) == of_this;
        (words, is_of_provider, Reverse(name.split('-').count()), letters(&name), Reverse(entry.name().len()))
    };
    let has_price = |entry: &Entry<'_>| {
        entry.field("input_cost_per_token").and_then(|leaf| leaf.decimal()).is_some_and(|price| !price.is_zero())
    };
    let all = base.models().filter(|entry| entry.name() != model && has_price(entry));
    all.max_by_key(like).filter(|entry| letters(&bare(&entry.name())) >= RELATED.min(wanted.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"{
        "gpt-5.2": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05},
        "gpt-5.2-pro": {"litellm_provider": "openai", "mode": "responses", "input_cost_per_token": 2e-05},
        "azure/gpt-5.2": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1.3e-06},
        "free": {"litellm_provider": "openai", "input_cost_per_token": 0}
    }"#;

    #[test]
    fn an_unpriced_model_is_filled_in_from_its_nearest_relative() {
        let base = CostMap::parse(BASE).unwrap();
        let of = |model: &str| draft(model.to_owned(), None, Some(&base));
        let found = of("azure/gpt-5.2-preview");
        assert_eq!(found.relative.as_deref(), Some("azure/gpt-5.2"));
        assert_eq!(found.fields[0].suggested.as_deref(), Some("0.0000013"));
        assert_eq!(found.other[0], DraftValue { field: "litellm_provider".into(), value: "\"azure\"".into() });
        let none = of("zzz");
        assert_eq!((none.relative, none.fields.len(), none.is_known), (None, USUAL.len(), false));
        let known = of("gpt-5.2");
        assert_eq!((known.is_known, known.relative), (true, None));
        assert_eq!(known.fields[0].upstream.as_deref(), Some("0.00000125"));
        assert_eq!((known.fields[0].power, known.fields[0].stored_per.as_str()), (6, "per token"));
    }
}
