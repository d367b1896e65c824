//! The candidate: what the source has now, checked, and promoted if the checks allow it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::check::{check_bytes, has_far_move, held_models, repaired_by_history};
use costmap::{CheckReport, CostMap, Finding, Revision, Severity, Verdict, compose, diff, worst};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
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
    /// The upstream map that was promoted when this revision was first seen: what it is news against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Revision>,
    /// What the checks found, where they hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_because: Option<String>,
}

/// A tenth of the map repriced at once was measured between weekly maps (HISTORY). Against a map that is older than this,
/// or a proxy's own, months of honest changes add up to that: it is told then, and holds nothing up.
const DISTANT: TimeDelta = TimeDelta::days(30);

/// Maps that are looked at for what a price was before it moved far. A mistake is mended within some releases (HISTORY).
const EARLIER_MAPS: usize = 12;

/// The rule that [`DISTANT`] is about.
const MASS_REPRICING: &str = "shrink.mass_repricing";

/// The source of a promoted map that was put together here: upstream's, less the models that are held.
pub const COMPOSED: &str = "promoted";

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
    /// Until when `gate.soak` keeps it from proxies.
    pub soaks_until: Option<DateTime<Utc>>,
}

/// The outcome of asking the source.
#[derive(Clone, Debug)]
pub struct SourceCheck {
    /// What is known of the source now.
    pub state: SourceState,
    /// Whether the source had another revision than the last time.
    pub is_new: bool,
    /// What the checks said.
    pub report: CheckReport,
    /// The checked map; `None` where the bytes are no map at all.
    pub candidate: Option<Candidate>,
    /// Models that the promoted map did not have; empty when nothing was promoted before.
    pub new_models: Vec<String>,
    /// Price fields that differ from the promoted map.
    pub pricing_changes: usize,
}

/// How a source is to be checked.
pub struct CheckOrder<'a> {
    /// Gets the bytes.
    pub fetcher: &'a Fetcher,
    /// Where maps, findings and promotions are written down.
    pub ledger: &'a Ledger,
    /// The time.
    pub clock: &'a Clock,
    /// What to fetch.
    pub source: &'a Source,
    /// `gate.mode`.
    pub gate: GateMode,
    /// `gate.soak`: how long a revision must have been seen before it is promoted.
    pub soak: TimeDelta,
    /// A map to judge a first candidate against when nothing was promoted yet: what a proxy holds live.
    pub live: Option<Arc<CostMap>>,
    /// Write down what was seen, and promote. Off for `--dry-run`.
    pub record: bool,
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
    let CheckOrder { fetcher, ledger, clock, source, gate, soak, live, record } = order;
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
            return Err(Error::new(
                ErrorCode::Internal,
                "The source says \"not modified\" of a map that was never kept.",
            ));
        }
        (Fetched::Map { bytes, validator, .. }, _) => (bytes, validator),
    };
    let now = clock.now();
    let promoted = ledger.promoted().await?;
    let baseline = match &promoted {
        Some(promotion) => parsed(ledger, &promotion.revision).await?,
        None => live,
    };
    let is_distant = match &promoted {
        // Promoted long ago, but still there an hour ago, it is no old map.
        Some(last) => {
            let stored = ledger.revision(&last.upstream).await?;
            now - stored.map_or(last.promoted_at, |stored| stored.last_seen) > DISTANT
        }
        None => true,
    };
    let judged = {
        let (bytes, baseline, is_first) = (bytes.clone(), baseline.clone(), promoted.is_none());
        spawn_blocking(move || judge(&bytes, baseline.as_deref(), is_first, is_distant)).await
    };
    let Judged { mut report, map, new_models, pricing_changes } =
        judged.map_err(|error| Error::new(ErrorCode::Internal, "The check of the map failed.").detail(error))?;
    if has_far_move(&report) {
        let (earlier, moved) = (earlier_maps(ledger, &report.revision).await?, report);
        let told = spawn_blocking(move || {
            let mut report = moved;
            repaired_by_history(&mut report, &earlier);
            report
        });
        report = told
            .await
            .map_err(|error| Error::new(ErrorCode::Internal, "The check of the map failed.").detail(error))?;
    }
    let verdict = gated(report.verdict, gate);
    let is_new = last.as_ref().and_then(|state| state.revision) != Some(report.revision);
    let same = last.filter(|_| !is_new);
    let seen_at = same.as_ref().and_then(|state| state.seen_at).unwrap_or(now);
    let before = match same {
        Some(state) => state.before,
        None => promoted.as_ref().map(|promotion| promotion.upstream),
    };
    let state = SourceState {
        url: url.clone(),
        revision: Some(report.revision),
        checked_at: Some(now),
        models: Some(report.models),
        verdict: Some(verdict),
        error: None,
        validator,
        seen_at: Some(seen_at),
        before,
        held_because: (verdict == Verdict::Held).then(|| why_held(&report.findings)).flatten(),
    };
    let report = CheckReport { verdict, ..report };
    // Of a first map nothing is held back: there is no checked entry that a model could keep.
    let holds_models = gate != GateMode::Off && promoted.is_some();
    let held = if holds_models { held_models(&report) } else { Vec::new() };
    let soaks_until = Some(seen_at + soak).filter(|until| *until > now);
    if record {
        // A login page or noise is no map: it is told, and not kept, or each look at it would fill the disk.
        if map.is_some() {
            ledger.put_map(&report.revision, bytes.into(), &url, now, report.models, verdict).await?;
            let against = baseline.as_ref().map(|map| map.revision());
            ledger.put_findings(&report.revision, against.as_ref(), &report.findings).await?;
        }
        if let Some(map) = map.as_ref().filter(|_| verdict != Verdict::Held && soaks_until.is_none()) {
            promote(ledger, map, baseline.as_deref(), promoted, &held, now).await?;
        }
        ledger.set_state(STATE_KEY, &state).await?;
    }
    let candidate =
        map.map(|map| Candidate { map: Arc::new(map), report: report.clone(), held_models: held, soaks_until });
    Ok(SourceCheck { state, is_new, report, candidate, new_models, pricing_changes })
}

struct Judged {
    report: CheckReport,
    map: Option<CostMap>,
    new_models: Vec<String>,
    pricing_changes: usize,
}

/// The processor's part of a check, off the async threads: 3 MB take some milliseconds.
fn judge(bytes: &[u8], baseline: Option<&CostMap>, is_first: bool, is_distant: bool) -> Judged {
    let (mut report, map) = check_bytes(bytes, baseline);
    if is_distant {
        let repriced = |finding: &&mut Finding| finding.rule == MASS_REPRICING;
        report.findings.iter_mut().filter(repriced).for_each(|finding| finding.severity = Severity::Review);
        report.verdict = Verdict::of(&report.findings);
    }
    let changes = match (&map, baseline) {
        (Some(map), Some(baseline)) if !is_first => Some(diff(baseline, map)),
        _ => None,
    };
    let pricing_changes = changes.as_ref().map_or(0, |set| set.counts.pricing_changes);
    Judged { report, map, new_models: changes.map(|set| set.new_models).unwrap_or_default(), pricing_changes }
}

/// A map that the ledger keeps, parsed.
///
/// # Errors
/// The ledger's; a damaged map is one too.
pub async fn parsed(ledger: &Ledger, revision: &Revision) -> Result<Option<Arc<CostMap>>> {
    let Some(bytes) = ledger.map(revision).await? else { return Ok(None) };
    let map = spawn_blocking(move || CostMap::parse(bytes)).await;
    match map {
        Ok(Ok(map)) => Ok(Some(Arc::new(map))),
        Ok(Err(fault)) => Err(Error::new(ErrorCode::Ledger, "A map in the ledger cannot be read.").detail(fault)),
        Err(defect) => Err(Error::new(ErrorCode::Internal, "A map could not be read.").detail(defect)),
    }
}

/// The last maps of the source before this one: what a price was not long ago.
async fn earlier_maps(ledger: &Ledger, revision: &Revision) -> Result<Vec<CostMap>> {
    let mut maps = Vec::new();
    for stored in ledger.revisions(EARLIER_MAPS).await? {
        if stored.revision != *revision
            && stored.source != COMPOSED
            && let Some(bytes) = ledger.map(&stored.revision).await?
        {
            // One that cannot be read says nothing about a price.
            maps.extend(spawn_blocking(move || CostMap::parse(bytes)).await.ok().and_then(std::result::Result::ok));
        }
    }
    Ok(maps)
}

/// The sentence of the worst cause; in `gate.mode = "hold"` that may be a review.
fn why_held(findings: &[Finding]) -> Option<String> {
    worst(findings, &|_| false).map(|cause| cause.message)
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
    let composed = CostMap::parse(bytes).map_err(|fault| {
        Error::new(ErrorCode::Internal, "The promoted map could not be put together.").detail(fault)
    })?;
    let models = composed.len();
    if !held.is_empty() {
        let verdict = Verdict::Accepted;
        ledger.put_map(&revision, composed.text().as_bytes().into(), COMPOSED, now, models, verdict).await?;
    }
    let promotion =
        Promotion { revision, upstream: upstream.revision(), models, held_models: held.to_vec(), promoted_at: now };
    ledger.promote(promotion).await
}

impl SourceState {
    /// Of a source that was never asked.
    pub fn unknown(url: String) -> Self {
        Self {
            url,
            revision: None,
            checked_at: None,
            models: None,
            verdict: None,
            error: None,
            validator: None,
            seen_at: None,
            before: None,
            held_because: None,
        }
    }
}
