//! The read-back: what the proxy holds after a reload, and whether that proves the sync.

use std::sync::Arc;

use costmap::check::check_bytes;
use costmap::{CostMap, FieldChange, Finding, LiveComparison, ProxyVersionFacts, Revision, Served, compare_live};
use tokio::task::spawn_blocking;

use super::Operator;
use crate::proxy::{ProxyClient, ProxyFacts, SourceInfo, Version};
use crate::{Error, ErrorCode, Result};

/// How often `/model/cost_map/source` is asked, so that workers and replicas that disagree show (LITELLM, trap 10).
const REPLICA_SAMPLES: usize = 4;

/// What a proxy holds.
pub(super) struct Live {
    /// Its own words about it; `None` where the version has no such endpoint.
    pub(super) source: Option<SourceInfo>,
    /// Other answers to the same question: its replicas disagree.
    pub(super) disagreeing: Vec<SourceInfo>,
    /// The map itself, or why it cannot be read.
    pub(super) map: Result<Arc<CostMap>>,
    /// What this proxy makes of other names.
    pub(super) served: Served,
}

impl Live {
    pub(super) fn revision(&self) -> Option<Revision> {
        self.source.as_ref().and_then(|source| source.source_revision)
    }
}

/// Why a read-back is no proof.
pub(super) struct NotProven {
    /// `reason` of the contract.
    pub(super) reason: &'static str,
    pub(super) error: Error,
    /// What the checks say about a live map that is neither the old nor the new one.
    pub(super) findings: Vec<Finding>,
}

/// Asks the proxy what it holds.
pub(super) async fn read_live(client: &ProxyClient, facts: &ProxyFacts) -> Result<Live> {
    let mut answers = Vec::new();
    if facts.capabilities.knows_source {
        answers = client.source_info_sampled(REPLICA_SAMPLES).await?;
    }
    let mut answers = answers.into_iter();
    let source = answers.next();
    let read = if facts.capabilities.shows_catalog { client.catalog().await } else { client.live_map().await };
    let map = match read {
        Ok(bytes) => parse(bytes).await,
        // The key and the way to the proxy are no fault of the map.
        Err(error)
            if matches!(error.code, ErrorCode::ProxyUnreachable | ErrorCode::Unauthorised | ErrorCode::NoKey) =>
        {
            return Err(error);
        }
        Err(error) => Err(error),
    };
    let served = served(facts, map.as_ref().ok().map(|map| &**map));
    Ok(Live { source, disagreeing: answers.collect(), map, served })
}

/// By the version. A proxy that names none shows by its map what it does: a row that keeps its `alias_of` was served as
/// it stands.
fn served(facts: &ProxyFacts, live: Option<&CostMap>) -> Served {
    match facts.version.as_ref().and_then(Version::release) {
        Some(release) => ProxyVersionFacts::of(release).served(),
        None if live.is_some_and(|map| map.models().any(|entry| entry.alias_of().is_some())) => Served::Bare,
        None => Served::Rows,
    }
}

/// Which models of `desired` are billed otherwise than the map says, since the proxy registered something over them. Only
/// asked where the read-back does not show it, and the operator sets prices at all.
pub(super) async fn overridden(
    client: &ProxyClient,
    facts: &ProxyFacts,
    desired: &Arc<CostMap>,
    live: &Live,
    operator: &Operator,
) -> Result<Option<Vec<String>>> {
    if !facts.capabilities.shows_catalog || !operator.sets_something() {
        return Ok(None);
    }
    let billed = parse(client.live_map().await?).await?;
    let (desired, served) = (Arc::clone(desired), live.served);
    let compared = spawn_blocking(move || compare_live(&desired, &billed, served, &|_| true)).await;
    let compared = compared.map_err(|error| Error::new(ErrorCode::Internal, "The comparison failed.").detail(error))?;
    Ok(Some(compared.overridden_models()))
}

async fn parse(bytes: Vec<u8>) -> Result<Arc<CostMap>> {
    let parsed = spawn_blocking(move || CostMap::parse(bytes)).await;
    let broken = |detail: String| {
        Error::new(ErrorCode::LiveMapBroken, "The proxy's live map isn't a valid cost map.").detail(detail)
    };
    parsed.map_err(|error| broken(error.to_string()))?.map(Arc::new).map_err(|fault| broken(fault.to_string()))
}

/// Whether the live map is `desired`. `before` is what was live before the reload.
pub(super) async fn prove(
    live: &Live,
    desired: &Arc<CostMap>,
    before: Option<&Arc<CostMap>>,
    operator: &Operator,
) -> Result<LiveComparison, NotProven> {
    let wanted = desired.revision();
    let not = |reason, message: String| NotProven {
        reason,
        error: Error::new(ErrorCode::Unproven, message),
        findings: Vec::new(),
    };
    if let Some(other) = live.disagreeing.first() {
        let shown = |info: &SourceInfo| match info.source_revision {
            Some(revision) => format!("{} ({} models)", revision.short(), info.model_count),
            None => format!("{} models", info.model_count),
        };
        let one = live.source.as_ref().map(shown).unwrap_or_default();
        return Err(not(
            "replicas_disagree",
            format!(
                "The proxy's workers or replicas hold different maps: {one} and {}. They catch up at their next poll; sync again in a minute.",
                shown(other)
            ),
        ));
    }
    let map = match &live.map {
        Ok(map) => Arc::clone(map),
        Err(error) => {
            let error = error.clone();
            return Err(NotProven { reason: "live_map_broken", error, findings: Vec::new() });
        }
    };
    let reported = live.revision();
    let bytes_proved = reported == Some(wanted);
    let comparison = {
        let (desired, operator, map, served) = (Arc::clone(desired), operator.clone(), Arc::clone(&map), live.served);
        spawn_blocking(move || {
            let is_override = |change: &FieldChange| operator.is_override(change, bytes_proved);
            compare_live(&desired, &map, served, &is_override)
        })
        .await
        .map_err(|error| NotProven {
            reason: "internal",
            error: Error::new(ErrorCode::Internal, "The comparison failed.").detail(error),
            findings: Vec::new(),
        })?
    };
    if comparison.is_proof() && (bytes_proved || reported.is_none()) {
        return Ok(comparison);
    }
    let is_old = match before {
        Some(before) => same_models(before, &map).await,
        None => false,
    };
    let differences = tell_differences(&comparison);
    if bytes_proved {
        return Err(not(
            "live_differs",
            format!(
                "The proxy reports revision {}, but its live map differs from it: {differences} Something in the proxy changes entries after it has loaded them, such as a custom price or a callback. Remove it or restart the proxy, then sync again.",
                wanted.short()
            ),
        ));
    }
    if is_old {
        return Err(not(
            "old_revision",
            format!(
                "The proxy answered, but still has the old map. Its source may be serving a cached copy for a few minutes, or its fetch failed silently. {differences}"
            ),
        ));
    }
    let what = reported.map_or_else(|| "another map".to_owned(), |revision| format!("revision {}", revision.short()));
    let (report, _) = {
        let (map, desired) = (Arc::clone(&map), Arc::clone(desired));
        let checked = spawn_blocking(move || check_bytes(map.text().as_bytes(), Some(&desired))).await;
        match checked {
            Ok(checked) => checked,
            Err(_) => {
                return Err(not("other_revision", format!("The proxy now has {what}, not {}.", wanted.short())));
            }
        }
    };
    let mut not_proven = not(
        "other_revision",
        format!(
            "The proxy now has {what} with {} models, not revision {}: it fetched something else, or fell back to the copy in its package. {differences}",
            map.len(),
            wanted.short()
        ),
    );
    not_proven.findings = report.findings;
    Err(not_proven)
}

/// Whether two readings of one proxy show the same map.
async fn same_models(before: &Arc<CostMap>, after: &Arc<CostMap>) -> bool {
    let (before, after) = (Arc::clone(before), Arc::clone(after));
    spawn_blocking(move || {
        // Neither is a file: other names are entries like all others in both.
        let same = |one: &CostMap, other: &CostMap| compare_live(one, other, Served::Bare, &|_| false).is_proof();
        same(&before, &after) && same(&after, &before)
    })
    .await
    .unwrap_or(false)
}

fn tell_differences(comparison: &LiveComparison) -> String {
    let LiveComparison { missing, drift, .. } = comparison;
    let mut told = Vec::new();
    if let Some(first) = missing.first() {
        told.push(format!("{} of its models are missing ({})", missing.len(), crate::error::bounded(first, 80)));
    }
    if let Some(first) = drift.first() {
        let name = |value: Option<&serde_json::Value>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
        told.push(format!(
            "{} fields differ ({} of {}: {} instead of {})",
            drift.len(),
            crate::error::bounded(&first.field, 80),
            crate::error::bounded(&first.model, 80),
            crate::error::bounded(&name(first.before.as_ref()), 60),
            crate::error::bounded(&name(first.after.as_ref()), 60),
        ));
    }
    if told.is_empty() { String::new() } else { format!("{}.", told.join("; ")) }
}
