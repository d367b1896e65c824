//! All entries of the map by which proxies bill, one of them in depth, and its prices side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use costmap::people::{amount, label, price};
use costmap::{CostMap, Entry, Leaf, Served, Unit, Verdict};
use engine::error::bounded;
use engine::gate::Stage;
use engine::ledger::StoredRevision;
use engine::overlay::{OwnEntry, own_entries};
use engine::proxy::ProxyClient;
use engine::source::{Fetcher, Source};
use engine::verify::{VerifyOrder, verify};
use engine::{Error, ErrorCode, Result};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::Api;
use crate::commands::{ModelArg, VerifyArgs};
use crate::handlers::changes::{Users, plain, token_price, whole};
use crate::handlers::overlay::view;
use crate::maps::{blocking, map};
use crate::state::word;
use crate::view::{FieldView, FindingView, ModelDetail, ModelList, ModelRow, PricePoint, VerifiedRow, VerifyView};

/// Maps that a price history looks at: each takes some milliseconds to read.
const LOOKED_AT: usize = 120;

/// Characters of a value.
const VALUE: usize = 300;

impl Api {
    pub(crate) async fn models(&self, (): ()) -> Result<ModelList> {
        let ledger = self.engine.ledger();
        let Some(promotion) = ledger.promoted().await? else {
            return Ok(ModelList { revision: None, capabilities: vec![], proxies: vec![], rows: vec![] });
        };
        let map = map(ledger, &promotion.billed(self.direct()?)).await?;
        let users = self.users_of_models();
        let held: BTreeSet<String> = promotion.held_models.into_iter().collect();
        let (own, _) = own_entries(&self.home, Some(ledger)).await?;
        blocking(move || list(&map, &users, &held, &own)).await
    }

    pub(crate) async fn model(&self, args: ModelArg) -> Result<ModelDetail> {
        let ledger = self.engine.ledger();
        let promotion = ledger.promoted().await?.ok_or_else(|| unknown(&args.model))?;
        let promoted = map(ledger, &promotion.billed(self.direct()?)).await?;
        let users = self.users_of_models();
        let history = self.price_history(&args.model).await?;
        let entry = promoted.priced(&args.model);
        if entry.is_none() && history.is_empty() {
            return Err(unknown(&args.model));
        }
        let text = |name: &str| entry.and_then(|entry| entry.field(name)?.as_str().map(|text| bounded(&text, VALUE)));
        let fields = entry.iter().flat_map(Entry::leaves).map(|leaf| field_view(&leaf)).collect();
        let findings = self.findings_of(&args.model, &promotion).await?;
        let (own, _) = own_entries(&self.home, Some(ledger)).await?;
        let own = own.iter().find(|own| own.model == args.model).map(|own| view(own, &users));
        Ok(ModelDetail {
            alias_of: entry.and_then(|entry| entry.stands_for()).map(Into::into),
            provider: entry.and_then(|entry| entry.provider()).map(Into::into),
            mode: entry.and_then(|entry| entry.mode()).map(Into::into),
            capabilities: entry.iter().flat_map(capabilities).collect(),
            deprecation: text("deprecation_date"),
            proxies: users.get(&args.model).cloned().unwrap_or_default(),
            fields,
            history,
            findings,
            own,
            name: args.model,
        })
    }

    async fn findings_of(&self, model: &str, promotion: &engine::ledger::Promotion) -> Result<Vec<FindingView>> {
        let is_held = promotion.held_models.iter().any(|held| held == model);
        let ledger = self.engine.ledger();
        let findings = if is_held { ledger.latest_findings(&promotion.upstream).await? } else { None };
        let its = |finding: &&costmap::Finding| finding.model.as_deref() == Some(model);
        Ok(findings.unwrap_or_default().iter().filter(its).map(FindingView::from).collect())
    }

    /// The prices in every map that is kept, the oldest first, where they change.
    pub(crate) async fn price_history(&self, model: &str) -> Result<Vec<PricePoint>> {
        let ledger = self.engine.ledger();
        let mut points: Vec<PricePoint> = Vec::new();
        let mut last: Option<Arc<CostMap>> = None;
        let stored = ledger.revisions(LOOKED_AT).await?;
        // What the checks hold was billed by nobody, as far as it was up to us.
        let is_billed =
            |stored: &&StoredRevision| stored.source != engine::sync::COMPOSED && stored.verdict != Verdict::Held;
        for stored in stored.iter().rev().filter(is_billed) {
            let Some(bytes) = ledger.map(&stored.revision).await? else { continue };
            let known = last.take();
            // An entry whose bytes did not change needs no second look.
            let read = blocking(move || match &known {
                Some(known) => CostMap::parse_against(bytes, known),
                None => CostMap::parse(bytes),
            });
            let Ok(map) = read.await? else { continue };
            let entry = map.priced(model);
            let point = PricePoint {
                revision: stored.revision.to_string(),
                at: stored.first_seen,
                input: entry.and_then(|entry| token_price(&entry, "input_cost_per_token")),
                output: entry.and_then(|entry| token_price(&entry, "output_cost_per_token")),
                is_there: entry.is_some(),
            };
            last = Some(Arc::new(map));
            let is_same = |last: &PricePoint| {
                (last.is_there, &last.input, &last.output) == (point.is_there, &point.input, &point.output)
            };
            let is_news = points.last().map_or(point.is_there, |last| !is_same(last));
            if is_news {
                points.push(point);
            }
        }
        Ok(points)
    }

    pub(crate) async fn verify(&self, args: VerifyArgs) -> Result<VerifyView> {
        let chosen = self.chosen()?;
        let users = self.users_of_models();
        let first = || users.get(&args.model).and_then(|users| users.first().cloned());
        let name = args.proxy.clone().or_else(first);
        let proxy = match &name {
            Some(name) => Some(chosen.settings.proxy(name)?.clone()),
            None => chosen.settings.proxies.first().cloned(),
        };
        let client = match &proxy {
            Some(proxy) => {
                let key = self.secrets().key_for(proxy, &*self.environment).await.ok();
                Some(ProxyClient::of(proxy, key)?)
            }
            None => None,
        };
        let source: Source = chosen.settings.source()?.into();
        let order = VerifyOrder {
            model: &args.model,
            expected: &BTreeMap::new(),
            source: &source,
            fetcher: &Fetcher::for_network(&chosen.settings.network)?,
            ledger: Some(self.engine.ledger()),
            proxy: proxy.as_ref().zip(client.as_ref()).map(|(proxy, client)| (proxy.name.as_str(), client)),
            stage: proxy.as_ref().map_or(Stage::Production, |proxy| proxy.role.into()),
        };
        let report = verify(order, &CancellationToken::new()).await?;
        let rows = report.fields.iter().map(|field| {
            let shown = |value: &Option<Value>| value.as_ref().map(|value| people(&field.field, value));
            VerifiedRow {
                label: label(&field.field),
                unit: unit_words(&field.field),
                source: shown(&field.upstream),
                promoted: shown(&field.promoted),
                live: shown(&field.live),
                verdict: word(field.verdict),
                field: field.field.clone(),
            }
        });
        Ok(VerifyView {
            rows: rows.collect(),
            model: report.model,
            proxy: report.proxy,
            agree: report.agree,
            read_at: self.now(),
        })
    }
}

/// A value of the contract as people read it.
fn people(path: &str, value: &Value) -> String {
    price(value).map_or_else(|| plain(value), |price| amount(price, Unit::of_path(path)))
}

/// "per 1M tokens" for the path of a price; nothing for another field.
fn unit_words(path: &str) -> String {
    if path.contains("cost") { Unit::of_path(path).for_people().1.to_owned() } else { String::new() }
}

/// The first price for something else than tokens, where there is none for tokens: an image, a second, a page.
fn other_price(entry: &Entry<'_>) -> Option<String> {
    let has_tokens = ["input_cost_per_token", "output_cost_per_token"]
        .iter()
        .any(|field| entry.field(field).and_then(|leaf| leaf.decimal()).is_some_and(|price| !price.is_zero()));
    let mut priced = entry.leaves().filter(|leaf| leaf.is_price() && leaf.unit() != Unit::Token);
    let priced = priced.find(|leaf| leaf.decimal().is_some_and(|price| !price.is_zero())).filter(|_| !has_tokens)?;
    Some(format!("{} {}", amount(priced.decimal()?, priced.unit()), priced.unit().for_people().1))
}

fn list(map: &CostMap, users: &Users, held: &BTreeSet<String>, own: &[OwnEntry]) -> ModelList {
    let proxies: BTreeSet<&String> = users.values().flatten().collect();
    let proxies: Vec<String> = proxies.into_iter().cloned().collect();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for entry in map.served(Served::Rows) {
        for name in capabilities(&entry) {
            names.entry(name).or_default();
        }
    }
    let capability_names: Vec<String> = names.keys().cloned().collect();
    names.values_mut().enumerate().for_each(|(at, place)| *place = at);
    let mut rows: Vec<ModelRow> = map
        .served(Served::Rows)
        .map(|entry| {
            let name = entry.name().into_owned();
            let used = users.get(&name);
            ModelRow {
                alias_of: entry.stands_for().map(Into::into),
                provider: entry.provider().map(Into::into),
                mode: entry.mode().map(Into::into),
                input: token_price(&entry, "input_cost_per_token"),
                output: token_price(&entry, "output_cost_per_token"),
                other_price: other_price(&entry),
                context: whole(&entry, &["max_input_tokens", "max_tokens"]),
                max_output: whole(&entry, &["max_output_tokens"]),
                can: capabilities(&entry).iter().filter_map(|can| names.get(can).copied()).collect(),
                deprecation: entry
                    .field("deprecation_date")
                    .and_then(|leaf| leaf.as_str().map(|text| bounded(&text, 40))),
                on: used
                    .iter()
                    .flat_map(|used| used.iter().filter_map(|one| proxies.binary_search(one).ok()))
                    .collect(),
                held: held.contains(&name),
                own: own.iter().find(|own| own.model == name).map(|own| view(own, users)),
                name,
            }
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    ModelList { revision: Some(map.revision().to_string()), capabilities: capability_names, proxies, rows }
}

/// What an entry says that its model can do: `vision` for `supports_vision: true`.
fn capabilities(entry: &Entry<'_>) -> Vec<String> {
    let name = |leaf: Leaf<'_>| {
        let path = leaf.path().to_string();
        path.strip_prefix("supports_").filter(|name| !name.contains('.')).map(|name| name.replace('_', " "))
    };
    entry.leaves().filter(|leaf| leaf.text() == "true").filter_map(name).collect()
}

fn field_view(leaf: &Leaf<'_>) -> FieldView {
    let unit = leaf.unit();
    let price = leaf.decimal().filter(|_| leaf.is_price());
    FieldView {
        path: leaf.path().to_string(),
        value: leaf.as_str().map_or_else(|| bounded(leaf.text(), VALUE), |text| bounded(&text, VALUE)),
        price: price.map(|price| format!("{} {}", amount(price, unit), unit.for_people().1)),
    }
}

fn unknown(model: &str) -> Error {
    let message = format!("No stored map has a model named {}.", bounded(model, 160));
    Error::new(ErrorCode::NotFound, message).field("model")
}
