//! What a new map brought, as those who run proxies want to hear it: what concerns their own models first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use costmap::people::{amount, counted, label, price, scaling};
use costmap::{ChangeSet, CostMap, FieldChange, Revision, Unit, causes, diff};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::Alert;
use super::words::listed;
use crate::error::bounded;
use crate::ledger::Ledger;
use crate::settings::AlertKind;
use crate::sync::parsed;
use crate::{Error, ErrorCode, Result};

/// Names and prices in the facts: programs ask for the rest.
const MANY: usize = 200;

/// Models and causes that have a line.
const NAMED: usize = 8;

/// Prices of one model that stand in its line.
const PRICES: usize = 3;

/// Maps that came to the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestNews {
    /// When the first of them came.
    pub at: DateTime<Utc>,
    /// The newest.
    pub revision: Revision,
    /// What was promoted before the first.
    pub before: Option<Revision>,
    /// Why the newest is held, where it is.
    pub held_because: Option<String>,
    /// The entries that priced the user's proxies.
    pub used: Vec<String>,
}

impl DigestNews {
    /// A newer map came before this one was told: all of it is told with that.
    pub(super) fn follow(&mut self, newer: Self) {
        let used: BTreeSet<String> = std::mem::take(&mut self.used).into_iter().chain(newer.used).collect();
        // Of a first map there is nothing to say: what came after it is told against that.
        let before = self.before.or(newer.before);
        *self = Self { at: self.at, before, used: used.into_iter().collect(), ..newer };
    }
}

/// What is told of one kind.
struct Part {
    kind: AlertKind,
    title: String,
    lines: Vec<String>,
}

/// The alert for who wants these kinds; none where there is nothing of them.
pub(super) async fn alert(ledger: &Ledger, news: &DigestNews, wants: &[AlertKind]) -> Result<Option<Alert>> {
    let DigestNews { at, revision, before, .. } = news;
    let mut facts = json!({ "revision": revision, "before": before });
    let mut parts = Vec::new();
    if let Some(why) = &news.held_because {
        facts["held_because"] = json!(why);
        let title = "The newest map is held back".to_owned();
        parts.push(Part { kind: AlertKind::Anomalies, title, lines: vec![format!("{why} It was not promoted.")] });
    } else if let Some(from) = before.filter(|from| from != revision) {
        parts.extend(review(ledger, news, &mut facts).await?);
        // A map that is not kept any more tells nothing.
        if let (Some(old), Some(new)) = (parsed(ledger, &from).await?, parsed(ledger, revision).await?) {
            let used: BTreeSet<String> = news.used.iter().cloned().collect();
            let made = spawn_blocking(move || changes(&diff(&old, &new), &new, &used));
            let (more, changed) = made.await.map_err(|defect| {
                Error::new(ErrorCode::Internal, "The news of a map could not be told.").detail(defect)
            })?;
            parts.extend(more);
            if let (Some(facts), Value::Object(changed)) = (facts.as_object_mut(), changed) {
                facts.extend(changed);
            }
        }
    }
    parts.retain(|part| wants.contains(&part.kind));
    if parts.is_empty() {
        return Ok(None);
    }
    let kinds: Vec<AlertKind> = parts.iter().map(|part| part.kind).collect();
    let title = parts.iter().map(|part| part.title.as_str()).collect::<Vec<_>>().join("; ");
    let lines: Vec<String> = parts.into_iter().flat_map(|part| part.lines).collect();
    Ok(Some(Alert::new(&kinds, *at, &title, &lines, facts)))
}

/// Entries that wait for a person, by their causes.
async fn review(ledger: &Ledger, news: &DigestNews, facts: &mut Value) -> Result<Option<Part>> {
    let promotion = ledger.newest().await?.filter(|(_, promotion)| promotion.upstream == news.revision);
    let waiting: Vec<String> = promotion.iter().flat_map(|(_, promotion)| promotion.waiting().cloned()).collect();
    if waiting.is_empty() {
        return Ok(None);
    }
    let findings = ledger.latest_findings(&news.revision).await?.unwrap_or_default();
    let causes = causes(&findings, &|model| news.used.iter().any(|used| used == model));
    let of_waiting = causes.iter().filter(|cause| cause.models.iter().any(|model| waiting.contains(model)));
    let lines: Vec<String> = of_waiting.map(|cause| cause.message.clone()).take(NAMED).collect();
    let named: Vec<&String> = waiting.iter().take(MANY).collect();
    facts["review"] = json!({ "count": waiting.len(), "models": named, "causes": lines });
    let title = counted(waiting.len(), "entry needs review", "entries need review");
    Ok(Some(Part { kind: AlertKind::Anomalies, title, lines }))
}

/// What changed for the models in use, and which models are new.
fn changes(set: &ChangeSet, new: &CostMap, used: &BTreeSet<String>) -> (Vec<Part>, Value) {
    let mut parts = Vec::new();
    let gone: Vec<String> = used.iter().filter(|model| set.removed_models.contains(model)).cloned().collect();
    if !gone.is_empty() {
        let title = match &gone[..] {
            [only] => format!("{} is gone from the map", bounded(only, 60)),
            more => format!("{} of your models are gone from the map", more.len()),
        };
        let are = if gone.len() == 1 { "is" } else { "are" };
        let line = format!("{} {are} gone: a proxy that loads this map bills their calls as $0.", listed(&gone));
        parts.push(Part { kind: AlertKind::Retiring, title, lines: vec![line] });
    }
    let (repriced, rows) = repriced(set, new, used);
    let moved: Vec<(&str, &str, &str)> = set
        .alias_changes
        .iter()
        .filter(|change| used.contains(&change.model))
        .filter_map(|change| Some((change.model.as_str(), change.before.as_deref()?, change.after.as_deref()?)))
        .collect();
    let mut lines: Vec<String> = repriced.iter().map(|(_, line)| line.clone()).collect();
    lines.extend(moved.iter().map(|(model, before, after)| {
        format!("{} now points to {} (was {}).", bounded(model, 60), bounded(after, 60), bounded(before, 60))
    }));
    if !lines.is_empty() {
        let title = match (&repriced[..], &moved[..]) {
            ([(only, _)], []) => format!("{} has new prices", bounded(only, 60)),
            ([], [(only, _, after)]) => format!("{} now points to {}", bounded(only, 60), bounded(after, 60)),
            _ => format!("{} of your models have new prices", repriced.len() + moved.len()),
        };
        let more = lines.len().saturating_sub(NAMED);
        lines.truncate(NAMED);
        if more > 0 {
            lines.push(format!("And {} more.", counted(more, "model", "models")));
        }
        parts.push(Part { kind: AlertKind::Prices, title, lines });
    }
    if !set.new_models.is_empty() {
        let title = counted(set.new_models.len(), "new model", "new models");
        let names: Vec<String> = set.new_models.iter().map(|name| bounded(name, 60)).collect();
        parts.push(Part { kind: AlertKind::NewModels, title, lines: vec![format!("New: {}.", listed(&names))] });
    }
    let aliases: Vec<Value> = moved
        .iter()
        .map(|(model, before, after)| json!({ "model": model, "before": before, "after": after }))
        .collect();
    let facts = json!({
        "gone": gone,
        "repriced": rows,
        "aliases": aliases,
        "new_models": set.new_models.iter().take(MANY).collect::<Vec<_>>(),
        "new_models_count": set.new_models.len(),
    });
    (parts, facts)
}

/// Models in use with other prices: each with its line, those that moved most first, and all of their fields.
fn repriced(set: &ChangeSet, new: &CostMap, used: &BTreeSet<String>) -> (Vec<(String, String)>, Vec<Value>) {
    let mut by_model: BTreeMap<&str, Vec<&FieldChange>> = BTreeMap::new();
    for change in set.pricing_changes.iter().chain(&set.multiplier_changes) {
        by_model.entry(&change.model).or_default().push(change);
    }
    let mut rows = Vec::new();
    let mut told: Vec<(Decimal, String, String)> = Vec::new();
    for model in used {
        let Some(entry) = new.priced(model) else { continue };
        // An alias costs what it stands for.
        let subject = entry.stands_for().unwrap_or_else(|| entry.name());
        let Some(changes) = by_model.get(&*subject) else { continue };
        let row = |change: &&FieldChange| json!({ "model": model, "field": change.field, "before": change.before, "after": change.after });
        rows.extend(changes.iter().map(row).take(MANY.saturating_sub(rows.len())));
        let much = changes.iter().filter_map(|change| percent(change)).map(|it| it.abs()).max().unwrap_or_default();
        told.push((much, model.clone(), format!("{}: {}.", bounded(model, 60), values(changes))));
    }
    told.sort_by_key(|(much, ..)| std::cmp::Reverse(*much));
    (told.into_iter().map(|(_, model, line)| (model, line)).collect(), rows)
}

/// "input 15.00 → 12.00 (−20%), output 75.00 → 60.00 (−20%) per 1M tokens, and 2 more prices".
fn values(changes: &[&FieldChange]) -> String {
    let shown = |change: &FieldChange, value: &Value| {
        price(value).map_or_else(|| scaling(&change.field, value), |price| amount(price, Unit::of_path(&change.field)))
    };
    let one = |change: &&FieldChange| {
        let label = label(&change.field).to_lowercase();
        // "input, batch" would read as two prices in a list.
        let label = label.split_once(", ").map_or(label.clone(), |(what, which)| format!("{what} ({which})"));
        match (&change.before, &change.after) {
            (Some(before), Some(after)) => {
                let by = percent(change).map(|by| {
                    let sign = if by.is_sign_negative() { '−' } else { '+' };
                    format!(" ({sign}{}%)", by.abs().round_dp(0).normalize())
                });
                format!("{label} {} → {}{}", shown(change, before), shown(change, after), by.unwrap_or_default())
            }
            (None, Some(after)) => format!("{label} {} (new)", shown(change, after)),
            (Some(before), None) => format!("{label} {} (gone)", shown(change, before)),
            (None, None) => label,
        }
    };
    let mut text = changes.iter().take(PRICES).map(one).collect::<Vec<_>>().join(", ");
    let units: BTreeSet<&str> =
        changes.iter().take(PRICES).map(|change| Unit::of_path(&change.field).for_people().1).collect();
    if let (Some(unit), 1) = (units.first(), units.len()) {
        text = format!("{text} {unit}");
    }
    match changes.len().saturating_sub(PRICES) {
        0 => text,
        more => format!("{text}, and {}", counted(more, "more price", "more prices")),
    }
}

/// How far a price moved; nothing where it came, went or was free.
fn percent(change: &FieldChange) -> Option<Decimal> {
    let [before, after] = [&change.before, &change.after].map(|value| value.as_ref().and_then(price));
    let before = before.filter(|before| !before.is_zero())?;
    (after?.checked_div(before)? - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.5e-05, "output_cost_per_token": 7.5e-05},
        "opus-5": {"litellm_provider": "a", "input_cost_per_token": 1e-06}, "opus-latest": {"alias_of": "opus-5"},
        "old": {"litellm_provider": "a"}, "other": {"litellm_provider": "a", "input_cost_per_token": 1e-06}}"#;
    const NEW: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.2e-05, "output_cost_per_token": 6e-05},
        "opus-5": {"litellm_provider": "a", "input_cost_per_token": 1e-06}, "opus-6": {"litellm_provider": "a"},
        "opus-latest": {"alias_of": "opus-6"}, "other": {"litellm_provider": "a", "input_cost_per_token": 2e-06}}"#;

    fn told(used: &[&str]) -> (Vec<(AlertKind, String, Vec<String>)>, Value) {
        let (old, new) = (CostMap::parse(OLD).unwrap(), CostMap::parse(NEW).unwrap());
        let used = used.iter().map(|name| (*name).to_owned()).collect();
        let (parts, facts) = changes(&diff(&old, &new), &new, &used);
        (parts.into_iter().map(|part| (part.kind, part.title, part.lines)).collect(), facts)
    }

    #[test]
    fn what_concerns_my_models_is_told_and_nothing_of_others() {
        let (parts, facts) = told(&["claude", "old", "opus-latest"]);
        let titles: Vec<(AlertKind, &str)> = parts.iter().map(|(kind, title, _)| (*kind, title.as_str())).collect();
        assert_eq!(
            titles,
            [
                (AlertKind::Retiring, "old is gone from the map"),
                (AlertKind::Prices, "2 of your models have new prices"),
                (AlertKind::NewModels, "1 new model")
            ]
        );
        assert_eq!(
            parts[1].2,
            [
                "claude: input 15.00 → 12.00 (−20%), output 75.00 → 60.00 (−20%) per 1M tokens.",
                "opus-latest now points to opus-6 (was opus-5)."
            ]
        );
        assert_eq!(facts["repriced"][0]["after"], "0.000012", "prices in JSON are decimal texts: {facts}");
        assert!(!facts.to_string().contains("other"), "{facts}");
        let (none, _) = told(&[]);
        assert_eq!(none.len(), 1, "only the new model");
    }

    #[test]
    fn a_price_that_came_or_went_is_told_as_that() {
        let change = |field: &str, before: Option<&str>, after: Option<&str>| FieldChange {
            model: "m".into(),
            field: field.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
            ratio: None,
        };
        let came = change("input_cost_per_token_batches", None, Some("0.0000025"));
        let went = change("output_cost_per_token", Some("0.00001"), None);
        assert_eq!(values(&[&came, &went]), "input (batch) 2.50 (new), output 10.00 (gone) per 1M tokens");
    }

    #[test]
    fn maps_that_came_before_the_last_was_told_are_told_with_it() {
        let of = |number: u8, used: &str| DigestNews {
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            revision: Revision::of(&[number]),
            before: Some(Revision::of(&[number - 1])),
            held_because: None,
            used: vec![used.into()],
        };
        let mut news = of(1, "a");
        news.follow(of(2, "b"));
        assert_eq!((news.before, news.revision), (Some(Revision::of(&[0])), Revision::of(&[2])));
        assert_eq!(news.used, ["a", "b"]);
        let mut first = DigestNews { before: None, ..of(1, "a") };
        first.follow(of(2, "b"));
        assert_eq!(first.before, Some(Revision::of(&[1])), "a first map hides nothing of what came after it");
    }
}
