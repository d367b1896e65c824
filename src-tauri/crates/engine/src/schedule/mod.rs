//! When to do what. Pure: time comes in as an argument, actions go out.
//!
//! Due times are wall-clock UTC, since timers stand still while a computer sleeps. The driver calls [`Scheduler::poll`] at
//! least every 30 s; a longer gap means that the computer slept or its clock was set, and overdue work runs once.

mod first;
mod plan;
mod window;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::Revision;

pub(crate) use first::{AskedFor, forget_asked};
pub(crate) use plan::{delta, staged, wanted};
pub use window::{LocalOffset, QuietHours, Windows};

use crate::run::Trigger;

/// The longest time between two polls (DESIGN §4).
pub const TICK: TimeDelta = TimeDelta::seconds(30);

/// How often each proxy is asked how it is. A proxy that went away is noticed within this time, and a question costs it
/// less than one call of a model.
pub const ASK_EVERY: TimeDelta = TimeDelta::seconds(60);

/// After a run whose proxy met an older copy in its source's cache (CONTRACT, "promoted" and "held").
const RETRY_MINUTES: [i64; 4] = [1, 2, 5, 5];

/// What is to be scheduled: from the settings.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Each proxy, and how often it is synced.
    pub proxies: Vec<(String, TimeDelta)>,
    /// How often the source is looked at; `None` only with a sync.
    pub watch: Option<TimeDelta>,
    /// How often proxies are asked how they are; `None` where there is none to ask.
    pub ask: Option<TimeDelta>,
    /// Whether a new map at the source is synced at once.
    pub on_change: bool,
    /// When scheduled syncs may run.
    pub windows: Windows,
}

/// The map at the source that proxies are to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub revision: Revision,
    /// From when on: a map that soaks waits until then.
    pub from: DateTime<Utc>,
}

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sync this proxy.
    Sync {
        /// Its name.
        proxy: String,
        /// Why now.
        trigger: Trigger,
    },
    /// Look at the source.
    CheckSource,
    /// Ask every proxy how it is. Changes nothing, so it is due while paused and outside of sync windows too.
    AskProxies,
    /// The computer slept, or its clock was set.
    Resumed,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Whether a person has asked for a sync of it.
    asked_for: bool,
    /// When it was last tried, or last told to try.
    last: Option<DateTime<Utc>>,
    /// The run that was recorded last.
    recorded: Option<DateTime<Utc>>,
    /// The revision that it was last tried with since it changed, whatever came of it.
    attempted: Option<Revision>,
    /// The revision that the last conclusive run was about.
    settled: Option<Revision>,
    /// How many retries in a row were planned.
    retries: usize,
    /// When the next retry is due.
    retry_at: Option<DateTime<Utc>>,
    /// What it is to have, where that is not what the source has.
    staged: Option<Wanted>,
    /// Whether a schedule of its own leads: there are never two.
    leads: bool,
}

/// The schedule of all proxies and of the source.
#[derive(Clone, Debug)]
pub struct Scheduler {
    plan: Plan,
    known: BTreeMap<String, Known>,
    source_checked: Option<DateTime<Utc>>,
    asked: Option<DateTime<Utc>>,
    paused_until: Option<DateTime<Utc>>,
    wanted: Option<Wanted>,
    last_poll: DateTime<Utc>,
}

impl Scheduler {
    /// A schedule that begins now. No proxy is due before [`Scheduler::set_asked_for`] said that a person asked for it.
    pub fn new(plan: Plan, now: DateTime<Utc>) -> Self {
        Self {
            plan,
            known: BTreeMap::new(),
            source_checked: None,
            asked: None,
            paused_until: None,
            wanted: None,
            last_poll: now,
        }
    }

    /// Follows changed settings. What ran when is kept.
    pub fn set_plan(&mut self, plan: Plan, now: DateTime<Utc>) {
        self.plan = plan;
        self.not_in_the_future(now);
    }

    /// Whether a person has ever asked for a sync of this proxy at the address that it has now. Until then neither the
    /// schedule nor a change, a retry or a resume syncs it.
    pub fn set_asked_for(&mut self, proxy: &str, asked_for: bool) {
        self.known.entry(proxy.to_owned()).or_default().asked_for = asked_for;
    }

    /// No sync and no look at the source is due before this time; `None` goes on.
    pub fn pause_until(&mut self, until: Option<DateTime<Utc>>) {
        self.paused_until = until;
    }

    /// The map that proxies are to have; `None` while the checks hold what the source has. With `on_change` each proxy is
    /// due that has not had one conclusive try with it.
    pub fn want(&mut self, wanted: Option<Wanted>) {
        self.wanted = wanted;
    }

    /// What the stage of this proxy is held at: it is not due for what the source has. `None`: its stage is not held.
    pub fn stage(&mut self, proxy: &str, staged: Option<Wanted>) {
        self.known.entry(proxy.to_owned()).or_default().staged = staged;
    }

    /// Whether this proxy reloads by a schedule of its own. Then nothing is due here but the retry of a run that was not
    /// conclusive.
    pub fn leads(&mut self, proxy: &str, leads: bool) {
        self.known.entry(proxy.to_owned()).or_default().leads = leads;
    }

    /// A run of this proxy, about `revision`, began at `started` and is over. One that is not conclusive is tried again
    /// soon. Telling the same run again, as after a change of the settings, changes nothing: it would skip a retry, or
    /// begin them anew.
    pub fn record(&mut self, proxy: &str, started: DateTime<Utc>, revision: Option<Revision>, conclusive: bool) {
        let known = self.known.entry(proxy.to_owned()).or_default();
        if known.recorded == Some(started) {
            return;
        }
        if conclusive {
            known.settled = revision.or(known.settled);
        }
        known.recorded = Some(started);
        known.last = known.last.max(Some(started));
        let delay = RETRY_MINUTES.get(known.retries).filter(|_| !conclusive);
        known.retry_at = delay.map(|minutes| started + TimeDelta::minutes(*minutes));
        known.retries = if delay.is_some() { known.retries + 1 } else { 0 };
    }

    /// The source was looked at.
    pub fn record_source_check(&mut self, at: DateTime<Utc>) {
        self.source_checked = self.source_checked.max(Some(at));
    }

    /// What is due now, each thing once however long it is overdue.
    pub fn poll(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        let mut actions = Vec::new();
        let resumed = (now - self.last_poll).abs() > TICK * 2;
        self.last_poll = now;
        self.not_in_the_future(now);
        if resumed {
            actions.push(Action::Resumed);
        }
        if self.ask_due(now).is_some_and(|due| due <= now) {
            self.asked = Some(now);
            actions.push(Action::AskProxies);
        }
        if self.is_paused(now) {
            return actions;
        }
        if self.source_due(now).is_some_and(|due| due <= now) {
            self.source_checked = Some(now);
            actions.push(Action::CheckSource);
        }
        let names: Vec<String> = self.plan.proxies.iter().map(|(name, _)| name.clone()).collect();
        for proxy in names {
            if self.due(&proxy, now).is_none_or(|due| due > now) {
                continue;
            }
            let is_change = self.change_due(&proxy).is_some_and(|due| due <= now);
            let known = self.known.entry(proxy.clone()).or_default();
            let wanted = known.staged.or(self.wanted).map(|wanted| wanted.revision);
            let trigger = match known.retry_at {
                Some(at) if at <= now => Trigger::Retry,
                _ if is_change && known.staged.is_some() => Trigger::Promotion,
                _ if is_change => Trigger::Change,
                _ if resumed => Trigger::Resume,
                _ => Trigger::Schedule,
            };
            known.last = Some(now);
            known.attempted = wanted;
            known.retry_at = None;
            actions.push(Action::Sync { proxy, trigger });
        }
        actions
    }

    /// When the driver should poll again: at most one tick after the last poll.
    pub fn next_wakeup(&self) -> DateTime<Utc> {
        let now = self.last_poll;
        let dues = self.plan.proxies.iter().filter_map(|(name, _)| self.due(name, now)).chain(self.source_due(now));
        let due = dues.map(|due| due.max(self.paused_until.unwrap_or(due))).chain(self.ask_due(now)).min();
        due.map_or(now + TICK, |due| due.clamp(now, now + TICK))
    }

    /// When this proxy is due next; `None` before its first sync was asked for, while paused without end, without a
    /// schedule, or where no window allows it.
    pub fn next_run(&self, proxy: &str) -> Option<DateTime<Utc>> {
        let now = self.last_poll;
        match self.paused_until.filter(|until| *until > now) {
            Some(until) if until - now > TimeDelta::days(365) => None,
            // What is due by then waits for a window that is open then.
            Some(until) => self.due(proxy, until),
            None => self.due(proxy, now),
        }
    }

    /// Whether something that is not planned may run now: not while paused, nor outside of the sync windows.
    pub fn may_run(&self, now: DateTime<Utc>) -> bool {
        !self.is_paused(now) && self.plan.windows.next_allowed(now) == Some(now)
    }

    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    fn source_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let every = self.plan.watch?;
        Some(self.source_checked.map_or(now, |last| last + jittered(every, last)))
    }

    fn ask_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let every = self.plan.ask?;
        Some(self.asked.map_or(now, |last| last + every))
    }

    fn due(&self, proxy: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (_, every) = self.plan.proxies.iter().find(|(name, _)| name == proxy)?;
        let known = self.known.get(proxy).copied().filter(|known| known.asked_for)?;
        let due = if known.leads {
            known.retry_at?
        } else {
            let regular = known.retry_at.or(known.last.map(|last| last + *every)).unwrap_or(now);
            self.change_due(proxy).map_or(regular, |change| change.min(regular))
        };
        self.plan.windows.next_allowed(due.max(now))
    }

    /// When a proxy is due because the source has a map that it was not tried with yet.
    fn change_due(&self, proxy: &str) -> Option<DateTime<Utc>> {
        let known = self.known.get(proxy).copied().unwrap_or_default();
        let wanted = known.staged.or(self.wanted).filter(|_| self.plan.on_change)?;
        let is_done = [known.attempted, known.settled].contains(&Some(wanted.revision));
        (!is_done).then_some(wanted.from)
    }

    /// A clock that was set back must not stop the schedule: nothing was done in the future.
    fn not_in_the_future(&mut self, now: DateTime<Utc>) {
        for known in self.known.values_mut() {
            known.last = known.last.map(|last| last.min(now));
            let longest = now + TimeDelta::minutes(RETRY_MINUTES[RETRY_MINUTES.len() - 1]);
            known.retry_at = known.retry_at.map(|at| at.min(longest));
        }
        self.source_checked = self.source_checked.map(|last| last.min(now));
        self.asked = self.asked.map(|last| last.min(now));
    }
}

/// A period that differs by up to a tenth from one time to the next, so that the programs of a company do not all ask at
/// once. What it is follows from when the last one began, so that the schedule stays predictable.
fn jittered(every: TimeDelta, last: DateTime<Utc>) -> TimeDelta {
    // Sixteen well mixed bits of the time in milliseconds (the multiplier of Knuth's multiplicative hash).
    let mixed = last.timestamp_millis().cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    let tenth = every / 10;
    let shift = tenth * i32::try_from(mixed).unwrap_or_default() / 32_768 - tenth;
    every + shift
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod years;
