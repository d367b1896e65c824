//! Which map a proxy is meant to have and whether it does, and what a schedule of its own does beside ours.

use chrono::{DateTime, Utc};

use super::kept::Kept;
use super::{DoctorContext, DoctorItem, remedy};
use crate::diagnosis::Cause;
use crate::gate::{Desired, Known, Route};
use crate::ledger::{Promotion, RunFilter};
use crate::proxy::{Database, ProxyFacts, ScheduleStatus, SourceInfo};
use crate::settings::Proxy;
use crate::status::{LiveState, ProxyStatus, Reads, SyncState, resolved_for, sync_state};
use crate::sync::OwnGateway;

/// Which map the proxy is meant to have, and whether it does.
pub(super) async fn sync(
    context: DoctorContext<'_>,
    kept: &Kept,
    proxy: &Proxy,
    facts: &ProxyFacts,
    own: OwnGateway<'_>,
) -> (DoctorItem, Desired, Option<Promotion>) {
    let name = proxy.name.as_str();
    let promoted = kept.promoted_for(proxy).await;
    let pin = kept.pins.of(name);
    let mut status = ProxyStatus::unknown(name, &proxy.url.to_string(), &proxy.role.to_string());
    status.version = facts.version.as_ref().map(ToString::to_string);
    status.read_by(facts.source.as_ref(), own, facts.capabilities.knows_source);
    let newest = kept.source.as_ref().and_then(|source| source.revision);
    let is_staged = |newest: &costmap::Revision| kept.stages.keeps(proxy.role.into(), newest);
    let known = Known {
        source: kept.source.as_ref(),
        promoted: promoted.as_ref(),
        resolved: resolved_for(kept.ledger.as_ref(), &status, promoted.as_ref()).await.ok().flatten(),
        direct: context.settings.gate.direct,
        is_barred: pin.is_some() || newest.is_some_and(|newest| kept.pins.skips(&newest) || is_staged(&newest)),
    };
    let desired = Desired::of(status.reads.into(), known);
    let (mut last_run, mut proved) = (None, None);
    if let Some(ledger) = &kept.ledger {
        let filter = RunFilter { proxy: Some(name.to_owned()), limit: 1, ..RunFilter::default() };
        last_run = ledger.runs(filter).await.ok().and_then(|mut runs| runs.pop());
        let success = ledger.last_success(name, &status.url).await.ok().flatten();
        proved = success.and_then(|run| run.receipt).map(|receipt| receipt.revision);
    }
    let state = sync_state(&status, kept.source.as_ref(), desired, last_run.as_ref(), proved);
    let live = status.live.as_ref().and_then(|live| live.revision).or(proved);
    let item =
        told(kept, proxy, state, Between { desired: &desired, live, pin: pin.is_some_and(|pin| pin.proxy.is_some()) });
    (item, desired, promoted)
}

#[derive(Clone, Copy)]
struct Between<'a> {
    desired: &'a Desired,
    live: Option<costmap::Revision>,
    /// It is held at a map by a pin of its own.
    pin: bool,
}

fn told(kept: &Kept, proxy: &Proxy, state: SyncState, between: Between<'_>) -> DoctorItem {
    let short = |revision: Option<costmap::Revision>| revision.map_or_else(|| "unknown".to_owned(), |one| one.short());
    let evidence = format!("meant to have {}, holds {}", short(between.desired.revision), short(between.live));
    let sync = format!("`autosync sync --proxy {}`", proxy.name);
    let item = match state {
        _ if between.pin => {
            let message = format!("{} is held at an earlier map by a pin.", proxy.name);
            DoctorItem::warn("sync", Cause::Pinned, message)
                .remedy(format!("`autosync unpin --proxy {}` lets it follow the source again.", proxy.name))
        }
        SyncState::Synced => {
            return DoctorItem::ok(
                "sync",
                format!("It holds the map that it is meant to have, {}.", short(between.live)),
            );
        }
        SyncState::Held => {
            DoctorItem::warn("sync", Cause::Held, "It keeps its map, since the newest one is held back here.")
                .remedy(remedy::HELD)
        }
        _ if !kept.asked_for.has(proxy) => {
            let message = "Nobody has asked for a first sync of it yet, and before that nothing is loaded into it.";
            DoctorItem::warn("sync", Cause::FirstSync, message)
                .remedy(format!("{sync} does it; after that the schedule goes on."))
        }
        _ if kept.paused.is_some() => {
            let message = "The schedule is paused, so newer maps wait.";
            DoctorItem::warn("sync", Cause::Paused, message)
                .remedy(format!("`autosync resume` lets it go on; {sync} does it once."))
        }
        SyncState::Behind | SyncState::Unknown => {
            DoctorItem::warn("sync", Cause::Behind, "It does not hold the map that it is meant to have.")
                .remedy(format!("{sync} has it load that map, and proves it or says why not."))
        }
    };
    item.evidence(evidence)
}

/// What ends a proxy's own schedule.
const CLEAR: &str = "`autosync schedule clear --on proxy` ends it; the schedule here does the same, with checks.";

pub(super) fn schedule(
    now: DateTime<Utc>,
    facts: &ProxyFacts,
    status: &crate::Result<ScheduleStatus>,
    route: Route,
) -> Option<DoctorItem> {
    if facts.database == Database::No {
        return None;
    }
    let status = match status {
        Ok(status) if status.scheduled => status,
        Ok(_) => return Some(DoctorItem::ok("schedule", "The proxy has no schedule of its own.")),
        Err(error) => {
            let message = format!("The proxy's own schedule is unknown: {}", error.message);
            return Some(DoctorItem::unknown("schedule", message));
        }
    };
    let shown = |time: Option<DateTime<Utc>>| {
        time.map_or_else(|| "never".to_owned(), |time| time.format("%F %H:%M UTC").to_string())
    };
    let evidence = format!(
        "every {} h, last run {}, next run {}",
        status.interval_hours.map_or_else(|| "?".to_owned(), |hours| hours.to_string()),
        shown(status.last_run),
        shown(status.next_run)
    );
    // A run that is overdue is tried at each poll, and a failure is shown nowhere (LITELLM, traps 4 and 5).
    let overdue = status.next_run.is_none_or(|next| now - next > chrono::TimeDelta::minutes(2));
    let item = if facts.capabilities.schedule_needs_store_model_in_db && overdue {
        let message = "The proxy's own schedule is overdue: this version runs it only with STORE_MODEL_IN_DB=True.";
        DoctorItem::warn("schedule", Cause::ScheduleAsleep, message)
            .remedy("Set STORE_MODEL_IN_DB=True for the proxy, or use the schedule here instead: `autosync schedule clear --on proxy`.")
    } else if overdue {
        let message = "The proxy's own schedule does not get done: until a reload succeeds, it asks its source again at every poll.";
        DoctorItem::warn("schedule", Cause::ScheduleEveryPoll, message)
            .remedy(format!("Check that the proxy itself reaches its source (its log says why not). {CLEAR}"))
    } else if matches!(route, Route::Direct) {
        let message = "The proxy also reloads on its own schedule, and then loads unchecked maps.";
        DoctorItem::warn("schedule", Cause::OwnSchedule, message).remedy(CLEAR)
    } else {
        DoctorItem::ok("schedule", "The proxy also reloads on its own schedule, and then gets what is promoted here.")
    };
    Some(item.evidence(evidence))
}

impl ProxyStatus {
    /// Fills in where it reads its map and what it says that it holds, as far as the sync state asks.
    fn read_by(&mut self, info: Option<&SourceInfo>, own: OwnGateway<'_>, knows_source: bool) {
        self.reads = match info {
            _ if own.is_read(info) && (info.is_some() || !knows_source) => Reads::Gateway,
            _ if own.is_bucket(info) => Reads::Bucket,
            Some(info) if info.is_env_forced => Reads::LocalFile,
            Some(info) if info.url.is_some() => Reads::Direct,
            _ => Reads::Unknown,
        };
        self.live = info.map(|info| LiveState {
            source: info.source.clone(),
            url: None,
            revision: info.source_revision,
            models: Some(info.model_count),
            loaded_at: info.loaded_at,
            fallback_reason: info.fallback_reason.clone(),
        });
    }
}
