//! Self-heal: a proxy that was proved to hold what it is meant to, and says that it holds something else, is synced at once.
//! It restarted with the copy in its package or an old map, or somebody reloaded it from elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use costmap::Revision;
use tokio::sync::oneshot;

use super::super::api::SyncOrder;
use super::Controller;
use crate::run::Trigger;
use crate::settings::Proxy;
use crate::status::{Health, ProxyStatus};
use crate::sync::is_lost;

/// One time that a proxy lost its map. The same is put right once: where that did not work, the schedule goes on as ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    desired: Revision,
    /// What it holds; `None` where it only says that it fell back to the copy in its package.
    live: Option<Revision>,
    loaded_at: Option<DateTime<Utc>>,
}

impl Lost {
    /// What a proxy's answer says of that, where this revision was proved on it last.
    fn of(status: &ProxyStatus, proved: Option<Revision>) -> Option<Self> {
        let desired = status.desired?.revision?;
        let live = status.live.as_ref()?;
        // What was never proved there is no loss: a new map comes by its own way.
        if proved != Some(desired) || status.desired?.is_held || !matches!(status.health, Health::Up | Health::Degraded)
        {
            return None;
        }
        let fell_back = live.revision.is_none() && live.fallback_reason.is_some();
        let is_lost = live.revision.map_or(fell_back, |live| live != desired);
        is_lost.then_some(Self { desired, live: live.revision, loaded_at: live.loaded_at })
    }
}

impl Controller {
    /// Looks at what a proxy just said, and syncs it where it lost its map.
    pub(super) fn heal(&mut self, name: &str) {
        self.judge_proxies();
        let now = self.parts.clock.now();
        let may_run = self.scheduler.as_ref().is_some_and(|scheduler| scheduler.may_run(now));
        let Some(proxy) = self.effective.proxies.iter().find(|proxy| proxy.name.is(name)) else { return };
        let is_asked_for = self.asked_for.has(proxy);
        let Some(known) = self.known.get_mut(name) else { return };
        if !may_run || !is_asked_for || known.running.is_some() || known.lane.running.is_some() {
            return;
        }
        if let Some(status) = known.asked.status.as_deref().filter(|status| has_lost_schedule(proxy, status)) {
            let (is_due, times) = again(known.schedules_kept, now);
            let is_held = status.desired.is_some_and(|desired| desired.is_held);
            if is_due && !is_held && matches!(status.health, Health::Up | Health::Degraded) {
                known.schedules_kept = Some((now, times));
                tracing::info!(proxy = name, "the proxy has another schedule of its own than is wanted");
                return self.heal_now(name);
            }
        }
        // One that reloads by itself is in no plan: what it took is proved when it says so. Where that did not work, it is
        // tried again less and less often.
        let run = known.last_run.as_ref().map(|run| run.started);
        let itself = known.asked.status.as_deref().filter(|_| proxy.own_schedule.is_some());
        let taken = itself.and_then(|status| taken(status, known.proved, run));
        let before = known.taken.filter(|(revision, ..)| Some(*revision) == taken).map(|(_, at, times)| (at, times));
        if let (Some(revision), (true, times)) = (taken, again(before, now)) {
            known.taken = Some((revision, now, times));
            let trigger = Trigger::Change;
            let order = SyncOrder { proxies: vec![name.to_owned()], force: false, dry_run: false, trigger };
            return self.sync(order, oneshot::channel().0);
        }
        let Some(lost) = known.asked.status.as_deref().and_then(|status| Lost::of(status, known.proved)) else {
            // Without a time of loading, the next loss would look like this one.
            known.healed = known.healed.take().filter(|lost| lost.loaded_at.is_some());
            return;
        };
        if known.healed.as_ref() == Some(&lost) {
            return;
        }
        tracing::info!(proxy = name, live = ?lost.live, desired = %lost.desired, "the proxy lost its map");
        known.healed = Some(lost);
        self.heal_now(name);
    }

    fn heal_now(&mut self, name: &str) {
        let order = SyncOrder { proxies: vec![name.to_owned()], force: false, dry_run: false, trigger: Trigger::Heal };
        self.sync(order, oneshot::channel().0);
    }
}

/// What is put right once more is put right after so long, and each time after twice as long: somebody may be ending a
/// schedule on purpose.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// What has held for so long is not lost again and again.
const HELD_WELL: TimeDelta = TimeDelta::days(2);

/// Whether it is due again, and how often that was by then.
fn again(last: Option<(DateTime<Utc>, i32)>, now: DateTime<Utc>) -> (bool, i32) {
    match last {
        Some((at, times)) if at <= now && now - at < HELD_WELL => (now - at >= AGAIN * (1 << times.min(7)), times + 1),
        _ => (true, 0),
    }
}

/// The map that a proxy took by a schedule of its own, where it is the one that it is meant to have and nothing proved it.
/// One that does not tell what it holds took it where it has reloaded since `run`, the last one here, began.
fn taken(status: &ProxyStatus, proved: Option<Revision>, run: Option<DateTime<Utc>>) -> Option<Revision> {
    let desired = status.desired.filter(|desired| !desired.is_held)?;
    let revision = desired.revision.filter(|revision| Some(*revision) != proved)?;
    let reloaded = status.proxy_schedule.as_ref().and_then(|schedule| schedule.last_run);
    let is_taken = match status.live.as_ref().and_then(|live| live.revision) {
        Some(live) => live == revision,
        None => reloaded.is_some_and(|reloaded| run.is_none_or(|run| reloaded > run)),
    };
    is_taken.then_some(revision)
}

fn has_lost_schedule(proxy: &Proxy, status: &ProxyStatus) -> bool {
    is_lost(proxy.own_schedule, status.proxy_schedule.as_ref())
        || is_lost(proxy.beta_headers, status.beta_headers_schedule.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Desired, Route};
    use crate::status::LiveState;

    fn status(desired: &Revision, live: Option<Revision>, fallback: Option<&str>) -> ProxyStatus {
        let mut status = ProxyStatus::unknown("local", "http://127.0.0.1:4000", "production");
        status.health = Health::Up;
        status.desired = Some(Desired { revision: Some(*desired), is_held: false, route: Route::Direct });
        status.live = Some(LiveState {
            source: "remote".to_owned(),
            url: None,
            revision: live,
            models: None,
            loaded_at: None,
            fallback_reason: fallback.map(str::to_owned),
        });
        status
    }

    #[test]
    fn only_what_was_proved_can_be_lost() {
        let (old, new) = (Revision::of(b"old"), Revision::of(b"new"));
        assert!(Lost::of(&status(&new, Some(old), None), Some(new)).is_some(), "it went back");
        assert!(Lost::of(&status(&new, None, Some("timeout")), Some(new)).is_some(), "the copy in its package");
        assert!(Lost::of(&status(&new, Some(new), None), Some(new)).is_none(), "nothing is lost");
        assert!(Lost::of(&status(&new, Some(old), None), Some(old)).is_none(), "it never had the new one");
        assert!(Lost::of(&status(&new, None, None), Some(new)).is_none(), "it does not tell");
        let mut down = status(&new, Some(old), None);
        down.health = Health::Down;
        assert!(Lost::of(&down, Some(new)).is_none());
        let mut held = status(&new, Some(old), None);
        held.desired = held.desired.map(|desired| Desired { is_held: true, ..desired });
        assert!(Lost::of(&held, Some(new)).is_none(), "what is held is not loaded");
    }

    #[test]
    fn what_a_proxy_took_by_itself_is_to_be_proved_also_where_it_does_not_tell_what_it_holds() {
        let (old, new) = (Revision::of(b"old"), Revision::of(b"new"));
        let of = |status: &ProxyStatus, run: &str| taken(status, Some(old), Some(run.parse().unwrap()));
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-01T09:00:00Z");
        assert_eq!(of(&status(&new, Some(new), None), early), Some(new));
        assert_eq!(of(&status(&new, Some(old), None), early), None, "it has the old one");
        let mut silent = status(&new, None, None);
        assert_eq!(of(&silent, early), None, "it did not reload");
        let last_run = Some("2026-01-01T06:00:00Z".parse().unwrap());
        silent.proxy_schedule = Some(crate::proxy::ScheduleStatus { last_run, ..Default::default() });
        assert_eq!((of(&silent, early), of(&silent, late)), (Some(new), None));
    }

    #[test]
    fn what_does_not_work_is_tried_less_and_less_often() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(again(None, now), (true, 0));
        assert!(!again(Some((now, 0)), now + TimeDelta::minutes(9)).0);
        assert_eq!(again(Some((now, 0)), now + TimeDelta::minutes(10)), (true, 1));
        assert!(!again(Some((now, 1)), now + TimeDelta::minutes(19)).0);
        assert_eq!(again(Some((now, 9)), now + TimeDelta::days(3)), (true, 0), "that is long over");
    }
}
