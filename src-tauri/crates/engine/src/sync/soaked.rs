//! A source that ships more often than `gate.soak` lasts: each new map would begin the soak anew, and none would ever be
//! taken. So while the newest soaks, the newest before it that was seen long enough ago is promoted.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::CostMap;

use super::SourceState;
use super::candidate::{EARLIER_MAPS, Judged, Maps, STATE_KEY, examine, look, parsed};
use crate::Result;
use crate::gate::{Facts, decide};
use crate::ledger::{Ledger, StoredRevision};
use crate::overlay::Overlay;
use crate::settings::GateMode;

/// A source whose newest map soaks.
pub(super) struct Soaking<'a> {
    pub(super) ledger: &'a Ledger,
    /// Its address.
    pub(super) source: &'a str,
    /// What was just written down of it.
    pub(super) state: &'a SourceState,
    /// The map that soaks.
    pub(super) newest: &'a CostMap,
    pub(super) proxies: &'a [String],
    pub(super) overlay: &'a Overlay,
    pub(super) is_served: bool,
    pub(super) gate: GateMode,
    pub(super) soak: TimeDelta,
    pub(super) now: DateTime<Utc>,
}

/// Promotes the newest map that soaked, where there is one that the checks let through.
///
/// # Errors
/// The ledger's.
pub(super) async fn promote_soaked(soaking: Soaking<'_>) -> Result<()> {
    let Soaking { ledger, now, .. } = soaking;
    let (promoted, pins) = (ledger.newest().await?.map(|(_, promotion)| promotion), ledger.pins().await?);
    // Who went back to an earlier map does not mean the one after it.
    let Some(promoted) = promoted.filter(|_| pins.all.is_none()) else { return Ok(()) };
    let stored = ledger.revisions(EARLIER_MAPS).await?;
    let newer = stored.into_iter().take_while(|stored| stored.revision != promoted.upstream);
    let is_soaked =
        |stored: &StoredRevision| stored.source == soaking.source && stored.first_seen + soaking.soak <= now;
    let soaked: Vec<StoredRevision> = newer.filter(is_soaked).collect();
    // Most looks find none, and nothing has to be parsed for that.
    if soaked.is_empty() {
        return Ok(());
    }
    let Some(against) = parsed(ledger, &promoted.without_overlay()).await? else { return Ok(()) };
    for stored in soaked {
        if ledger.was_promoted(&stored.revision).await? {
            continue;
        }
        let Some(bytes) = ledger.map(&stored.revision).await? else { continue };
        let judged = examine(ledger, bytes, Some(Arc::clone(&against)), false, false, soaking.proxies).await?;
        let Judged { report, map: Some(map), .. } = judged else { continue };
        if was_taken_back(&against, &map, soaking.newest) {
            continue;
        }
        let decision = decide(Facts {
            url: soaking.source,
            last: None,
            report: &report,
            map: Some(&map),
            decisions: &ledger.decisions().await?,
            promoted: Some(&promoted),
            pins: &pins,
            was_promoted: false,
            gate: soaking.gate,
            soak: TimeDelta::zero(),
            validator: None,
            left: None,
            now,
        });
        if !decision.promotes {
            continue;
        }
        let maps = Maps { map: &map, against: Some(&against), overlay: soaking.overlay, is_served: soaking.is_served };
        let mut left = look(&decision, &report, Some(maps), Some(&promoted), soaking.source, now)?;
        // It was told when it was seen, and is not seen now.
        left.news = None;
        left.maps.retain(|seen| seen.revision != stored.revision);
        return ledger.record(left, now, STATE_KEY, soaking.state).await;
    }
    Ok(())
}

/// Whether upstream changed again what this map changed: that is what a soak is there for.
pub(crate) fn was_taken_back(against: &CostMap, soaked: &CostMap, newest: &CostMap) -> bool {
    let raw = |map: &'_ CostMap, name: &str| map.get(name).map(|entry| entry.raw().to_owned());
    let names = soaked.models().chain(against.models().filter(|entry| soaked.get(&entry.name()).is_none()));
    names.map(|entry| entry.name().into_owned()).any(|name| {
        let value = raw(soaked, &name);
        value != raw(against, &name) && value != raw(newest, &name)
    })
}
