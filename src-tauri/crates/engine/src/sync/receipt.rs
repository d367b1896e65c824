//! The receipt of a run that was proven.

use costmap::{CostMap, LiveComparison, Revision};

use super::Operator;
use super::prove::{Live, overridden};
use super::proxy_run::{Found, RunOrder};
use crate::run::Receipt;

/// How many entries a receipt names for people to look at.
const SAMPLED_MODELS: usize = 5;

/// How many overridden models a receipt names.
const NAMED_OVERRIDES: usize = 100;

/// Some of the entries that were compared and agree: those that the proxy's own deployments are priced by come first.
fn sampled(desired: &CostMap, operator: &Operator, overrides: &[String]) -> Vec<String> {
    let own = operator.names().filter(|name| desired.get(name).is_some_and(|entry| !entry.is_reserved()));
    let mut own: Vec<String> =
        own.filter(|name| !overrides.iter().any(|other| other == name)).map(str::to_owned).collect();
    own.sort_unstable();
    own.truncate(SAMPLED_MODELS);
    let first = desired.models().map(|entry| entry.name().into_owned());
    let others: Vec<String> = first
        .filter(|name| !own.contains(name) && !overrides.contains(name))
        .take(SAMPLED_MODELS - own.len())
        .collect();
    own.extend(others);
    own
}

/// The proof of a run, for its record.
pub(super) async fn receipt(
    order: &RunOrder<'_>,
    found: &Found,
    live: &Live,
    comparison: &LiveComparison,
    proxy_models: Option<u64>,
) -> Receipt {
    let desired: &CostMap = &found.target;
    let billed = overridden(order.client, &found.facts, &found.target, live, &found.operator).await;
    let mut overrides = match billed {
        Ok(Some(models)) => models,
        Ok(None) => comparison.overridden_models(),
        Err(error) => {
            tracing::warn!(proxy = %order.name, %error, "what the operator overrides could not be read");
            comparison.overridden_models()
        }
    };
    let sampled_models = sampled(desired, &found.operator, &overrides);
    overrides.truncate(NAMED_OVERRIDES);
    Receipt {
        revision: desired.revision(),
        bytes: desired.text().len(),
        models: desired.len(),
        proxy_version: found.facts.version.as_ref().map(ToString::to_string),
        proxy_revision: live.revision().filter(|revision: &Revision| *revision == desired.revision()),
        proxy_models,
        loaded_at: live.source.as_ref().and_then(|source| source.loaded_at),
        compared_models: comparison.models,
        compared_fields: comparison.fields,
        overrides,
        sampled_models,
        read_back_at: order.clock.now(),
        url: Some(order.url.clone()),
    }
}
