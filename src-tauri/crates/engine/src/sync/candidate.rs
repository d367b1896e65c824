//! The candidate: what the source has now, checked, and promoted if the checks allow it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use costmap::check::{check_bytes, held_models};
use costmap::{CheckReport, CostMap, Finding, Revision, Verdict, compose};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::ledger::{Ledger, Promotion};
use crate::settings::GateMode;
use crate::source::{Fetched, Fetcher, Source};
use crate::{Clock, Error, ErrorCode, Result};

/// What is known of the source: `status.source` of the contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// The URL or file.
    pub url: String,
    /// The newest revision seen there.
    pub revision: Option<Revision>,
    /// When it was last asked with an answer.
    pub checked_at: Option<DateTime<Utc>>,
    /// Models in that revision.
    pub models: Option<usize>,
    /// What the checks said of it.
    pub verdict: Option<Verdict>,
    /// Why the last check of the source failed; the old map is kept.
    pub error: Option<Error>,
    /// Sent back as If-None-Match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<String>,
    /// When this revision was first seen there, for `gate.soak`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
}

/// Where the ledger keeps the [`SourceState`].
const STATE_KEY: &str = "source";

/// A checked map from the source.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The parsed map.
    pub map: Arc<CostMap>,
    /// What the checks said.
    pub report: CheckReport,
    /// Models that keep their old entry in the promoted map.
    pub held_models: Vec<String>,
}

/// The outcome of asking the source.
#[derive(Clone, Debug)]
pub struct SourceCheck {
    /// What is known of the source now.
    pub state: SourceState,
    /// Whether the source had another revision than the last time.
    pub is_new: bool,
    /// The checked map; `None` where the bytes are no map at all.
    pub candidate: Option<Candidate>,
    /// Every finding.
    pub findings: Vec<Finding>,
}

/// How a source is to be checked.
pub struct CheckOrder<'a> {
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) ledger: &'a Ledger,
    pub(crate) clock: &'a Clock,
    pub(crate) source: &'a Source,
    pub(crate) gate: GateMode,
    /// A map to judge a first candidate against when nothing was promoted yet: what a proxy holds live.
    pub(crate) live: Option<Arc<CostMap>>,
    /// Write down what was seen, and promote. Off for `--dry-run`.
    pub(crate) record: bool,
}

/// What the ledger knows of the source at `url`.
///
/// # Errors
/// The ledger's.
pub async fn last_source(ledger: &Ledger, url: &str) -> Result<Option<SourceState>> {
    Ok(ledger.get_state::<SourceState>(STATE_KEY).await?.filter(|state| state.url == url))
}

/// Fetches the map, checks it against the promoted one, records it, and promotes it unless it is held.
///
/// # Errors
/// Where the source could not be read (exit 4); it is also written into the recorded [`SourceState`]. Bytes that are no
/// map are not an error: they come back as findings with `candidate: None`.
pub async fn check_source(order: CheckOrder<'_>, cancel: &CancellationToken) -> Result<SourceCheck> {
    let CheckOrder { fetcher, ledger, clock, source, gate, live, record } = order;
    let url = source.to_string();
    let last = last_source(ledger, &url).await?;
    let known = match last.as_ref().and_then(|state| state.revision) {
        Some(revision) => ledger.map(&revision).await?,
        None => None,
    };
    // Without the bytes a "not modified" would leave nothing to check.
    let validator = last.as_ref().filter(|_| known.is_some()).and_then(|state| state.validator.clone());
    let fetched = match fetcher.fetch(source, validator.as_deref(), cancel).await {
        Ok(fetched) => fetched,
        Err(error) => {
            let state = SourceState { error: Some(error.clone()), ..last.unwrap_or_else(|| SourceState::unknown(url)) };
            if record && error.code != ErrorCode::Cancelled {
                ledger.set_state(STATE_KEY, &state).await?;
            }
            return Err(error);
        }
    };
    let (bytes, validator) = match (fetched, known) {
        (Fetched::NotModified, Some(bytes)) => (bytes, validator),
        (Fetched::NotModified, None) => {
            return Err(Error::new(ErrorCode::Internal, "The source says \"not modified\" of a map that was never kept."));
        }
        (Fetched::Map { bytes, validator, .. }, _) => (bytes, validator),
    };
    let now = clock.now();
    let promoted = ledger.promoted().await?;
    let baseline = match &promoted {
        Some(promotion) => ledger.parsed(&promotion.revision).await?,
        None => live,
    };
    let (report, map) = {
        let (bytes, baseline) = (bytes.clone(), baseline.clone());
        tokio::task::spawn_blocking(move || check_bytes(&bytes, baseline.as_deref()))
            .await
            .map_err(|error| Error::new(ErrorCode::Internal, "The check of the map failed.").detail(error))?
    };
    let verdict = gated(report.verdict, gate);
    let is_new = last.as_ref().and_then(|state| state.revision) != Some(report.revision);
    let state = SourceState {
        url: url.clone(),
        revision: Some(report.revision),
        checked_at: Some(now),
        models: Some(report.models),
        verdict: Some(verdict),
        error: None,
        validator,
        seen_at: if is_new { Some(now) } else { last.and_then(|state| state.seen_at).or(Some(now)) },
    };
    let report = CheckReport { verdict, ..report };
    let held = if gate == GateMode::Off { Vec::new() } else { held_models(&report) };
    if record {
        ledger.put_map(&report.revision, bytes, &url, now, report.models, verdict).await?;
        ledger.put_findings(&report.revision, baseline.as_ref().map(|map| map.revision()), &report.findings).await?;
        if let Some(map) = map.as_ref().filter(|_| verdict != Verdict::Held) {
            promote(ledger, map, baseline.as_deref(), promoted, &held, now).await?;
        }
        ledger.set_state(STATE_KEY, &state).await?;
    }
    let findings = report.findings.clone();
    let candidate = map.map(|map| Candidate { map: Arc::new(map), report, held_models: held });
    Ok(SourceCheck { state, is_new, candidate, findings })
}

/// What `gate.mode` makes of a verdict. A hold is a broken file and stays a hold in every mode.
fn gated(verdict: Verdict, gate: GateMode) -> Verdict {
    match (verdict, gate) {
        (Verdict::Review, GateMode::Hold) => Verdict::Held,
        (Verdict::Review, GateMode::Off) => Verdict::Accepted,
        (verdict, _) => verdict,
    }
}

/// Makes the candidate, less its held models, the map that proxies are meant to have.
async fn promote(
    ledger: &Ledger,
    upstream: &CostMap,
    baseline: Option<&CostMap>,
    promoted: Option<Promotion>,
    held: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    let bytes = compose(upstream, baseline, held);
    let revision = if held.is_empty() { upstream.revision() } else { Revision::of(&bytes) };
    if promoted.is_some_and(|last| last.revision == revision && last.upstream == upstream.revision()) {
        return Ok(());
    }
    let composed = CostMap::parse(bytes)
        .map_err(|fault| Error::new(ErrorCode::Internal, "The promoted map could not be put together.").detail(fault))?;
    let models = composed.len();
    if !held.is_empty() {
        let verdict = Verdict::Accepted;
        ledger.put_map(&revision, composed.text().as_bytes().to_vec(), "promoted", now, models, verdict).await?;
    }
    let promotion = Promotion {
        revision,
        upstream: upstream.revision(),
        models,
        held_models: held.to_vec(),
        promoted_at: now,
    };
    ledger.promote(&promotion).await
}

impl SourceState {
    fn unknown(url: String) -> Self {
        Self {
            url,
            revision: None,
            checked_at: None,
            models: None,
            verdict: None,
            error: None,
            validator: None,
            seen_at: None,
        }
    }
}
