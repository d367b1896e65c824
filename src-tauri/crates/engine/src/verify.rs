//! The prices of one model side by side: upstream, promoted, and live in a proxy. `autosync verify --json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use costmap::{CostMap, Entry, FieldChange, LeafKind, Revision};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::error::bounded;
use crate::gate::Stage;
use crate::ledger::{Ledger, RunFilter};
use crate::proxy::ProxyClient;
use crate::source::{Fetched, Fetcher, Source};
use crate::sync::{Operator, last_source, parsed};
use crate::{Error, ErrorCode, Result};

/// What one field shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldVerdict {
    /// The proxy has upstream's value, and the expected one where one was given.
    Agree,
    /// The proxy's operator set another one on purpose.
    Override,
    /// Another value, for no reason that can be seen.
    Drift,
    /// It should be there, and is not.
    Missing,
}

/// One field. Prices are decimal text in USD per unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifiedField {
    /// Its path in the entry.
    pub field: String,
    /// At the source now.
    pub upstream: Option<Value>,
    /// In the map that proxies are meant to have; null where nothing is promoted.
    pub promoted: Option<Value>,
    /// In the proxy; null where no proxy was asked.
    pub live: Option<Value>,
    /// What the caller expects.
    pub expected: Option<Value>,
    /// What that adds up to.
    pub verdict: FieldVerdict,
}

/// `autosync verify --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The model.
    pub model: String,
    /// The model that it is another name for, at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
    /// The proxy that was asked; null where there is none.
    pub proxy: Option<String>,
    /// Whether every field agrees or is an operator's own.
    pub agree: bool,
    /// The price fields, and the expected ones.
    pub fields: Vec<VerifiedField>,
}

/// What is to be verified.
pub struct VerifyOrder<'a> {
    /// The model's name in the map.
    pub model: &'a str,
    /// Fields and what they must be: decimal text or any other value.
    pub expected: &'a BTreeMap<String, Value>,
    /// Where upstream is.
    pub source: &'a Source,
    /// Fetches it.
    pub fetcher: &'a Fetcher,
    /// What is promoted; `None` where nothing was ever recorded.
    pub ledger: Option<&'a Ledger>,
    /// The proxy's name and its client; `None` compares promoted with upstream.
    pub proxy: Option<(&'a str, &'a ProxyClient)>,
    /// The stage that it belongs to.
    pub stage: Stage,
}

/// Reads all three and compares them. Changes nothing.
///
/// # Errors
/// Where the source or the proxy cannot be read; `not_found` where none of them has the model.
pub async fn verify(order: VerifyOrder<'_>, cancel: &CancellationToken) -> Result<VerifyReport> {
    let upstream = upstream(&order, cancel).await?;
    let (promoted, gets_promoted) = match order.ledger {
        Some(ledger) => meant(ledger, order.proxy.map(|(name, _)| (name, order.stage))).await?,
        None => (None, false),
    };
    let live = match order.proxy {
        Some((_, client)) => Some(Live::read(client, upstream.revision()).await?),
        None => None,
    };
    // In a file another name is read as what it stands for; what a proxy serves under a name is what it bills.
    let live_entry = live.as_ref().and_then(|live| live.map.get(order.model)).filter(|entry| !entry.is_reserved());
    let files = [Some(&*upstream), promoted.as_deref()].map(|map| map.map(|map| map.priced(order.model)));
    if files.iter().flatten().all(Option::is_none) && live_entry.is_none() {
        let message = format!(
            "No model is named {}, neither upstream, nor in the promoted map, nor in the proxy. Find names in Models or with `autosync models --search …`.",
            bounded(order.model, 160)
        );
        return Err(Error::new(ErrorCode::NotFound, message).field("model"));
    }
    let stands_for = files[0].flatten().and_then(|entry| entry.stands_for()).map(Into::into);
    let [upstream, promoted] = files.map(|entry| entry.map(values));
    let live_values = live.as_ref().map(|_| values(live_entry));
    let sides = Sides {
        upstream: &upstream.unwrap_or_default(),
        promoted: promoted.as_ref(),
        live: live_values.as_ref(),
        proxy: live.as_ref(),
        gets_promoted,
    };
    let fields = compare(&order, &sides);
    let agree = fields.iter().all(|field| matches!(field.verdict, FieldVerdict::Agree | FieldVerdict::Override));
    let proxy = order.proxy.map(|(name, _)| name.to_owned());
    Ok(VerifyReport { model: order.model.to_owned(), stands_for, proxy, agree, fields })
}

/// The map that is promoted for this proxy, and whether that is what it is meant to have: by its last proof it got it from
/// here. A proxy that reads the source itself is meant to have the source's.
async fn meant(ledger: &Ledger, proxy: Option<(&str, Stage)>) -> Result<(Option<Arc<CostMap>>, bool)> {
    let promotion = match proxy {
        Some((proxy, stage)) => ledger.promoted_for(proxy, stage).await?,
        None => ledger.promoted().await?,
    };
    let Some(promotion) = promotion else { return Ok((None, false)) };
    let gets = match proxy {
        Some((proxy, _)) => {
            let filter = RunFilter { proxy: Some(proxy.to_owned()), limit: RECENT_RUNS, ..RunFilter::default() };
            let proof = ledger.runs(filter).await?.into_iter().find(|run| run.receipt.is_some());
            proof.is_some_and(|run| run.upstream.is_some())
        }
        None => false,
    };
    Ok((parsed(ledger, &promotion.revision).await?, gets))
}

/// Among so many runs the last proof is looked for.
const RECENT_RUNS: usize = 20;

/// What a proxy holds, and what its operator set.
struct Live {
    map: CostMap,
    operator: Operator,
    /// The proxy names upstream's own revision.
    bytes_proved: bool,
}

impl Live {
    async fn read(client: &ProxyClient, upstream: Revision) -> Result<Self> {
        let bytes = client.live_map().await?;
        let map = CostMap::parse(bytes).map_err(|fault| {
            Error::new(
                ErrorCode::LiveMapBroken,
                "The proxy's live map isn't a valid cost map, so nothing was compared.",
            )
            .detail(fault)
        })?;
        // Both want an admin's key; without one a difference is told as drift.
        let deployments = client.deployments().await.unwrap_or_default();
        let told = client.source_info().await.ok().flatten().and_then(|info| info.source_revision);
        Ok(Self { map, operator: Operator::of(&deployments), bytes_proved: told == Some(upstream) })
    }
}

/// The source as it is now; what the ledger has of it is not fetched again.
async fn upstream(order: &VerifyOrder<'_>, cancel: &CancellationToken) -> Result<Arc<CostMap>> {
    let mut kept = None;
    let mut validator = None;
    if let Some(ledger) = order.ledger
        && let Some(state) = last_source(ledger, &order.source.to_string()).await?
        && let Some(revision) = state.revision
    {
        kept = ledger.map(&revision).await?;
        validator = state.validator.filter(|_| kept.is_some());
    }
    let bytes = match (order.fetcher.fetch(order.source, validator.as_deref(), cancel).await?, kept) {
        (Fetched::Map { bytes, .. }, _) | (Fetched::NotModified, Some(bytes)) => bytes,
        (Fetched::NotModified, None) => {
            let message = "The source answered \"not modified\" for a map that is not stored here.";
            return Err(Error::new(ErrorCode::SourceStatus, message));
        }
    };
    let map = tokio::task::spawn_blocking(move || CostMap::parse(bytes)).await;
    let held = |detail: String| {
        Error::new(ErrorCode::Held, "What the source sends isn't a cost map, so nothing was compared.").detail(detail)
    };
    map.map_err(|error| held(error.to_string()))?.map(Arc::new).map_err(|fault| held(fault.to_string()))
}

/// The values of one entry by their paths, in the entry's order.
#[derive(Default)]
struct Values {
    order: Vec<String>,
    values: BTreeMap<String, (Value, bool)>,
}

impl Values {
    fn get(&self, field: &str) -> Option<&Value> {
        self.values.get(field).map(|(value, _)| value)
    }

    fn prices(&self) -> impl Iterator<Item = &String> {
        self.order.iter().filter(|field| self.values.get(*field).is_some_and(|(_, price)| *price))
    }
}

fn values(entry: Option<Entry<'_>>) -> Values {
    let mut found = Values::default();
    let Some(entry) = entry else { return found };
    // A proxy fills in fields that it knows with null: the same as not there.
    for leaf in entry.leaves().filter(|leaf| leaf.kind() != LeafKind::Null) {
        let field = leaf.path().to_string();
        found.order.push(field.clone());
        found.values.insert(field, (leaf.contract_json(), leaf.is_price()));
    }
    found
}

/// Everything that is compared.
struct Sides<'a> {
    upstream: &'a Values,
    promoted: Option<&'a Values>,
    live: Option<&'a Values>,
    proxy: Option<&'a Live>,
    gets_promoted: bool,
}

fn compare(order: &VerifyOrder<'_>, sides: &Sides<'_>) -> Vec<VerifiedField> {
    let &Sides { upstream, promoted, live, proxy, gets_promoted } = sides;
    let mut fields: Vec<&String> = upstream.prices().chain(promoted.into_iter().flat_map(Values::prices)).collect();
    // What the proxy adds to an entry is its own affair, unless the whole entry is.
    if fields.is_empty() {
        fields.extend(live.into_iter().flat_map(Values::prices));
    }
    fields.extend(order.expected.keys());
    let mut seen = std::collections::HashSet::new();
    fields.retain(|field| seen.insert(*field));
    let is_own = proxy.is_some_and(|live| live.operator.is_own(order.model)) && upstream.order.is_empty();
    let one = |field: &String| {
        let of = |values: Option<&Values>| values.and_then(|values| values.get(field)).cloned();
        let (upstream, promoted, live) = (of(Some(upstream)), of(promoted), of(live));
        let expected = order.expected.get(field).cloned();
        let meant = if gets_promoted { &promoted } else { &upstream };
        // Without a proxy the promoted map is what is looked at; with nothing promoted, upstream itself.
        let shown = match (proxy, &promoted) {
            (Some(_), _) => &live,
            (None, Some(_)) => &promoted,
            (None, None) => &upstream,
        };
        let is_override = || {
            let change = FieldChange {
                model: order.model.to_owned(),
                field: field.clone(),
                before: live.clone(),
                after: meant.clone(),
                ratio: None,
            };
            is_own || proxy.is_some_and(|live| live.operator.is_override(&change, live.bytes_proved))
        };
        let verdict = match (shown, &expected) {
            (None, _) => FieldVerdict::Missing,
            (Some(shown), Some(expected)) if !same(shown, expected) => FieldVerdict::Drift,
            (Some(shown), _) if meant.as_ref().is_some_and(|meant| same(shown, meant)) => FieldVerdict::Agree,
            _ if is_override() => FieldVerdict::Override,
            _ => FieldVerdict::Drift,
        };
        VerifiedField { field: field.clone(), upstream, promoted, live, expected, verdict }
    };
    fields.into_iter().map(one).collect()
}

/// The same once a proxy has read both: numbers as the nearest f64 (LITELLM, trap 7).
#[expect(clippy::float_cmp, reason = "both were rounded the same way; equal means the same double")]
fn same(one: &Value, two: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse::<f64>().ok(),
        value => value.as_f64(),
    };
    match (number(one), number(two)) {
        (Some(one), Some(two)) => one == two,
        _ => one == two,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAP: &str = r#"{"gpt": {"litellm_provider": "openai", "max_tokens": 4096, "input_cost_per_token": 2.5e-06,
        "tiered_pricing": [{"input_cost_per_token": 1e-06}], "output_cost_per_token": null}}"#;

    async fn report(map: &str, model: &str, expected: &[(&str, Value)]) -> Result<VerifyReport> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.json");
        std::fs::write(&file, map).unwrap();
        let expected = expected.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        let order = VerifyOrder {
            model,
            expected: &expected,
            source: &Source::File(file),
            fetcher: &Fetcher::new().unwrap(),
            ledger: None,
            proxy: None,
            stage: Stage::Production,
        };
        verify(order, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn every_price_is_shown_and_an_expectation_is_compared_as_a_number() {
        let told =
            report(MAP, "gpt", &[("input_cost_per_token", json!("0.0000025")), ("max_tokens", json!(4096.0))]).await;
        let told = told.unwrap();
        assert!(told.agree, "{told:#?}");
        let fields: Vec<&str> = told.fields.iter().map(|field| &*field.field).collect();
        assert_eq!(fields, ["input_cost_per_token", "tiered_pricing[0].input_cost_per_token", "max_tokens"]);
        assert_eq!(told.fields[0].upstream, Some(json!("0.0000025")));
    }

    #[tokio::test]
    async fn what_is_not_as_expected_does_not_agree() {
        let expected = [("input_cost_per_token", json!("0.000003")), ("output_cost_per_token", json!("0.00001"))];
        let told = report(MAP, "gpt", &expected).await.unwrap();
        assert!(!told.agree);
        let verdict = |field: &str| told.fields.iter().find(|one| one.field == field).map(|one| one.verdict);
        assert_eq!(verdict("input_cost_per_token"), Some(FieldVerdict::Drift));
        assert_eq!(verdict("output_cost_per_token"), Some(FieldVerdict::Missing), "null is not there");
    }

    #[tokio::test]
    async fn a_model_that_is_nowhere_is_not_found() {
        assert_eq!(report(MAP, "gpt-9", &[]).await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(report(r#"{"sample_spec": {}}"#, "sample_spec", &[]).await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(report("<html>", "gpt", &[]).await.unwrap_err().code, ErrorCode::Held);
    }
}
