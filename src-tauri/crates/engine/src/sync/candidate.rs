//! The candidate: what the source has now, checked, and promoted if the checks allow it. The order of the steps only: what
//! follows from what is decided in `gate`, and one transaction of the ledger writes all of it down.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::check::{check_bytes, has_far_move, in_use_gone, repaired_by_history};
use costmap::{CheckReport, CostMap, Finding, Revision, Severity, Verdict, compose, diff};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::soaked::{Soaking, promote_soaked};
use crate::gate::{Barred, Decision, Facts, baseline, decide, is_distant};
use crate::ledger::{Findings, Ledger, Look, News, Prices, Promoting, Promotion, SeenMap};
use crate::overlay::{self, Overlay};
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
    /// Until when `gate.soak` keeps it from proxies; none where it needs no soak, or has had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soaks_until: Option<DateTime<Utc>>,
    /// The upstream map that was promoted when this revision was first seen: what it is news against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Revision>,
    /// What the checks found, where they hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_because: Option<String>,
    /// When the source was first seen with another map than the promoted one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<LeftBaseline>,
}

/// The first look that found the source with another map than this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBaseline {
    /// The upstream map that was promoted then.
    pub upstream: Revision,
    /// When.
    pub at: DateTime<Utc>,
}

/// Maps that are looked at for what a price was before it moved far. A mistake is mended within some releases (HISTORY).
pub(super) const EARLIER_MAPS: usize = 12;

/// Told only, where the baseline is distant (`gate::is_distant`).
const MASS_REPRICING: &str = "shrink.mass_repricing";

/// The source of a promoted map that was put together here: upstream's, less the models that are held.
pub const COMPOSED: &str = "promoted";

/// Where the ledger keeps the [`SourceState`].
pub(super) const STATE_KEY: &str = "source";

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
    /// A person keeps it from proxies.
    pub barred: Option<Barred>,
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
    /// The names of the proxies: a model that one of them uses is not removed without a question.
    pub proxies: &'a [String],
    /// The user's own entries.
    pub overlay: &'a Overlay,
    /// Whether proxies are to read what was promoted: then that is what they bill by.
    pub is_served: bool,
    /// A map to judge a first candidate against when nothing was promoted yet: what a proxy holds live.
    pub live: Option<Arc<CostMap>>,
    /// Write down what was seen, and promote, while this is still the source that is wanted. `None` for `--dry-run`.
    pub record: Option<&'a RwLock<Option<Source>>>,
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
    let url = order.source.to_string();
    let last = last_source(order.ledger, &url).await?;
    let fetched = fetch(&order, last.as_ref(), cancel).await;
    // Held until all is written down: a source that was chosen meanwhile finds nothing of this one written over it.
    let current = match order.record {
        Some(current) => Some(current.read().await),
        None => None,
    };
    if current.as_ref().is_some_and(|current| (**current).as_ref() != Some(order.source)) {
        return Err(Error::new(
            ErrorCode::Cancelled,
            "Another source was chosen while this one was being checked. Its map was not used.",
        ));
    }
    let record = current.is_some();
    let (bytes, validator) = match fetched {
        Ok(answer) => answer,
        Err(error) => {
            if record && error.code != ErrorCode::Cancelled {
                let state =
                    SourceState { error: Some(error.clone()), ..last.unwrap_or_else(|| SourceState::unknown(url)) };
                order.ledger.set_state(STATE_KEY, &state).await?;
            }
            return Err(error);
        }
    };
    let CheckOrder { ledger, clock, gate, soak, live, proxies, overlay, is_served, .. } = order;
    let now = clock.now();
    let candidate = Revision::of(&bytes);
    let promoted = ledger.newest().await?.map(|(_, promotion)| promotion);
    let against = match (baseline(promoted.as_ref(), &candidate), &promoted) {
        (Some(revision), _) => parsed(ledger, &revision).await?,
        (None, None) => live,
        // The first map that there ever was: nothing came before it.
        (None, Some(_)) => None,
    };
    let left = left_baseline(last.as_ref(), promoted.as_ref(), &candidate, now);
    let was_promoted = ledger.was_promoted(&candidate).await?;
    let is_far = match (&promoted, left) {
        // Whether it was held back for that was decided when it was promoted.
        _ if was_promoted => true,
        (Some(promotion), Some(left)) => {
            let stored = ledger.revision(&promotion.upstream).await?;
            is_distant(left.at, stored.map_or(promotion.promoted_at, |stored| stored.last_seen))
        }
        (Some(_), None) => false,
        (None, _) => true,
    };
    let Judged { report, map, new_models, pricing_changes } =
        examine(ledger, bytes, against.clone(), promoted.is_none(), is_far, proxies).await?;
    let decision = decide(Facts {
        url: &url,
        last: last.as_ref(),
        report: &report,
        map: map.as_ref(),
        decisions: &ledger.decisions().await?,
        promoted: promoted.as_ref(),
        pins: &ledger.pins().await?,
        was_promoted,
        gate,
        soak,
        validator,
        left,
        now,
    });
    if record {
        let maps = map.as_ref().map(|map| Maps { map, against: against.as_deref(), overlay, is_served });
        let mut look = look(&decision, &report, maps, promoted.as_ref(), &url, now)?;
        if let Some(News::Digest { used, .. }) = &mut look.news {
            *used = ledger.used_by(proxies).await?;
        }
        ledger.record(look, now, STATE_KEY, &decision.state).await?;
        if let (Some(map), Some(_)) = (&map, decision.soaks_until) {
            promote_soaked(Soaking {
                ledger,
                source: &url,
                state: &decision.state,
                newest: map,
                proxies,
                overlay,
                is_served,
                gate,
                soak,
                now,
            })
            .await?;
        }
        note_overlay(ledger, overlay).await?;
    }
    let Decision { state, is_new, verdict, held_models, soaks_until, barred, .. } = decision;
    let report = CheckReport { verdict, ..report };
    let candidate =
        map.map(|map| Candidate { map: Arc::new(map), report: report.clone(), held_models, soaks_until, barred });
    Ok(SourceCheck { state, is_new, report, candidate, new_models, pricing_changes })
}

/// All that the checks say of a map, with what the ledger knows of its models.
pub(super) async fn examine(
    ledger: &Ledger,
    bytes: Vec<u8>,
    against: Option<Arc<CostMap>>,
    is_first: bool,
    is_far: bool,
    proxies: &[String],
) -> Result<Judged> {
    let baseline = against.clone();
    let judged = spawn_blocking(move || judge(&bytes, baseline.as_deref(), is_first, is_far)).await;
    let mut judged = judged.map_err(unchecked)?;
    if let (Some(map), Some(against)) = (&judged.map, &against) {
        let used = ledger.used_models().await?;
        let used = used.iter().filter(|(name, _)| proxies.contains(name));
        in_use_gone(&mut judged.report, map, against, used.flat_map(|(_, used)| used).map(String::as_str));
    }
    if has_far_move(&judged.report) {
        let earlier = earlier_maps(ledger, &judged.report.revision).await?;
        let told = spawn_blocking(move || {
            repaired_by_history(&mut judged.report, &earlier);
            judged
        });
        judged = told.await.map_err(unchecked)?;
    }
    Ok(judged)
}

/// Notes what upstream has beside own entries that are new.
async fn note_overlay(ledger: &Ledger, overlay: &Overlay) -> Result<()> {
    let Some((_, promotion)) = ledger.newest().await?.filter(|_| overlay.map().is_some()) else { return Ok(()) };
    match parsed(ledger, &promotion.without_overlay()).await? {
        Some(base) => overlay::note(ledger, overlay, &base, None).await,
        None => Ok(()),
    }
}

pub(super) fn unchecked(defect: tokio::task::JoinError) -> Error {
    Error::new(ErrorCode::Internal, "The check of the map failed.").detail(defect)
}

/// The source's bytes, and what to send back with the next request.
async fn fetch(
    order: &CheckOrder<'_>,
    last: Option<&SourceState>,
    cancel: &CancellationToken,
) -> Result<(Vec<u8>, Option<String>)> {
    let known = match last.and_then(|state| state.revision) {
        Some(revision) => order.ledger.map(&revision).await?,
        None => None,
    };
    // Without the bytes a "not modified" would leave nothing to check.
    let validator = last.filter(|_| known.is_some()).and_then(|state| state.validator.clone());
    match (order.fetcher.fetch(order.source, validator.as_deref(), cancel).await?, known) {
        (Fetched::NotModified, Some(bytes)) => Ok((bytes, validator)),
        (Fetched::NotModified, None) => Err(Error::new(
            ErrorCode::Internal,
            "The source answered \"not modified\" for a map that is not stored here.",
        )),
        (Fetched::Map { bytes, validator, .. }, _) => Ok((bytes, validator)),
    }
}

/// When the source was first seen with another map than the promoted one; none while it still has that.
fn left_baseline(
    last: Option<&SourceState>,
    promoted: Option<&Promotion>,
    candidate: &Revision,
    now: DateTime<Utc>,
) -> Option<LeftBaseline> {
    let upstream = promoted?.upstream;
    if upstream == *candidate {
        return None;
    }
    let known = last.and_then(|state| state.left).filter(|left| left.upstream == upstream);
    // A ledger from before this was noted knows since when it has seen the map that waits.
    let waits_since = || last.filter(|state| state.revision.is_some_and(|seen| seen != upstream))?.seen_at;
    Some(known.unwrap_or_else(|| LeftBaseline { upstream, at: waits_since().unwrap_or(now) }))
}

/// Everything that a look leaves behind. A login page or noise is not kept, or each look at it would fill the disk.
pub(super) fn look(
    decision: &Decision,
    report: &CheckReport,
    maps: Option<Maps<'_>>,
    promoted: Option<&Promotion>,
    url: &str,
    now: DateTime<Utc>,
) -> Result<Look> {
    let mut look = Look { news: decision.news.clone(), ..Look::default() };
    let Some(Maps { map, against, overlay, is_served }) = maps else { return Ok(look) };
    let seen = |map: &CostMap, source: &str, verdict| SeenMap {
        revision: map.revision(),
        bytes: map.text().as_bytes().into(),
        source: source.to_owned(),
        seen_at: now,
        models: map.len(),
        verdict,
    };
    look.maps.push(seen(map, url, decision.verdict));
    let baseline = against.map(CostMap::revision);
    look.findings = Some(Findings { revision: report.revision, baseline, findings: report.findings.clone() });
    if !decision.promotes {
        return Ok(look);
    }
    let made = |bytes| {
        CostMap::parse(bytes)
            .map_err(|fault| Error::new(ErrorCode::Internal, "The promoted map could not be assembled.").detail(fault))
    };
    let composed = match &decision.held_models[..] {
        [] => None,
        held => Some(made(compose(map, against, held))?),
    };
    let base = composed.as_ref().unwrap_or(map);
    let own = match overlay.over(base) {
        Some(bytes) => Some(made(bytes)?).filter(|made| made.revision() != base.revision()),
        None => None,
    };
    let desired = own.as_ref().unwrap_or(base);
    let (revision, upstream) = (desired.revision(), map.revision());
    let is_same =
        |last: &Promotion| (last.revision, last.upstream) == (revision, upstream) && last.rejected == decision.rejected;
    if promoted.is_some_and(is_same) {
        return Ok(look);
    }
    look.maps.extend(composed.iter().chain(&own).map(|map| seen(map, COMPOSED, Verdict::Accepted)));
    look.promoting = Some(Promoting {
        promotion: Promotion {
            revision,
            upstream,
            models: desired.len(),
            held_models: decision.held_models.clone(),
            rejected: decision.rejected.clone(),
            promoted_at: now,
            base: own.as_ref().map(|_| base.revision()),
            overlay: own.as_ref().and(overlay.revision()),
            baseline: promoted.and(baseline),
            taken: None,
            is_served: false,
        },
        prices: Prices::of(if is_served { desired } else { map }),
    });
    Ok(look)
}

/// What a promoted map is made from.
#[derive(Clone, Copy)]
pub(super) struct Maps<'a> {
    /// The source's.
    pub(super) map: &'a CostMap,
    /// What it was judged against.
    pub(super) against: Option<&'a CostMap>,
    pub(super) overlay: &'a Overlay,
    pub(super) is_served: bool,
}

pub(super) struct Judged {
    pub(super) report: CheckReport,
    pub(super) map: Option<CostMap>,
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
            soaks_until: None,
            before: None,
            held_because: None,
            left: None,
        }
    }
}
