//! When news is told: the ledger's outbox says what is untold, the engine's snapshot when its time has come. Nothing is
//! kept here, so that a restart loses nothing and repeats nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta, Utc};
use costmap::Revision;
use engine::Result;
use engine::controller::Snapshot;
use engine::error::bounded;
use engine::ledger::{News, Pending};
use engine::run::{Outcome, SyncRun};

use crate::Api;
use crate::toast::{BODY, TITLE, Toast};
use crate::view::Place;

/// A digest waits this long for the syncs that the same news may start: their proof belongs into it. Once one has run, and
/// none runs any more, it is told at once.
const WAIT: TimeDelta = TimeDelta::seconds(3);

/// What is older was news while nobody was there; the overview has it.
const OLD: TimeDelta = TimeDelta::hours(24);

impl Api {
    /// Hands every toast that is due to `show`, until the engine ends.
    pub async fn keep_toasting(self: Arc<Self>, show: impl Fn(Toast) + Send) {
        let mut snapshots = self.engine.snapshot();
        // What was shown and could not be marked.
        let mut shown = HashSet::new();
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            let waits = match self.tell_news(&snapshot, &show, &mut shown).await {
                Ok(waits) => waits,
                Err(error) => {
                    tracing::warn!(%error, "the news could not be told");
                    true
                }
            };
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(Duration::from_secs(1)), if waits => {}
            }
        }
    }

    /// Tells what is due; whether something waits for its time.
    async fn tell_news(&self, snapshot: &Snapshot, show: &impl Fn(Toast), shown: &mut HashSet<i64>) -> Result<bool> {
        let ledger = self.engine.ledger();
        let untold = ledger.untold().await?;
        let digests = || untold.iter().filter(|one| matches!(one.news, News::Digest { .. }));
        let newest = digests().next_back().map(|one| one.id);
        // What came in between is told with the newest: the first `before` that was not told yet is where it begins.
        let began = digests().find(|one| self.now() - one.at <= OLD).and_then(|one| match one.news {
            News::Digest { before, .. } => before,
            _ => None,
        });
        let mut waits = false;
        for Pending { id, at, news } in untold.clone() {
            let now = self.now();
            let toast = match news {
                _ if now - at > OLD => Ok(None),
                News::Digest { .. } if newest != Some(id) => Ok(None),
                News::Digest { revision, before, held_because } => {
                    // In quiet hours it waits for their end.
                    if self.is_quiet() || !is_ripe(snapshot, &revision, at, now) {
                        waits = true;
                        continue;
                    }
                    let proved = snapshot.proxies.iter().filter(|proxy| proxy.proved == Some(revision)).count();
                    self.digest(revision, began.or(before), held_because, proved).await
                }
                News::Source { error } => Ok(Some(Toast {
                    title: "The source isn't sending a cost map".to_owned(),
                    body: bounded(&error.message, BODY),
                    place: Place::Overview,
                    is_failure: true,
                })),
                News::Failure { run } => ledger.run(run).await.map(|run| Some(failed(&run))),
                News::Healed { run, since } => ledger.run(run).await.map(|run| healed(&run, since, now)),
            };
            // Each by itself: what cannot be told keeps nothing else back. Shown before it is marked, so that a crash loses
            // none; and remembered, so that a disk that is full repeats none.
            if shown.insert(id) {
                match toast {
                    Ok(Some(toast)) => self.toast(toast, show),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, news = id, "a piece of news could not be told"),
                }
            }
            ledger.told(vec![id], self.now()).await?;
        }
        Ok(waits)
    }

    /// Shows it, unless the settings say otherwise.
    fn toast(&self, toast: Toast, show: &impl Fn(Toast)) {
        let Ok(chosen) = self.chosen() else { return show(toast) };
        let notify = &chosen.settings.notify;
        let is_paused = self.engine.snapshot().borrow().pause.paused;
        if if toast.is_failure { notify.failures } else { !self.is_quiet() && !is_paused } {
            show(toast);
        }
    }

    /// Whether the user wants quiet now.
    fn is_quiet(&self) -> bool {
        let quiet = self.chosen().map(|chosen| chosen.settings.notify.quiet);
        quiet
            .ok()
            .and_then(|quiet| quiet.parse::<engine::schedule::QuietHours>().ok())
            .is_some_and(|quiet| quiet.contains(self.now().with_timezone(&Local).time()))
    }
}

/// Whether the syncs that a new map started are over: one has run with it, or none began within [`WAIT`].
fn is_ripe(snapshot: &Snapshot, revision: &Revision, came: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let is_its = |run: &Arc<SyncRun>| run.to == Some(*revision) && run.finished.is_some_and(|at| at >= came);
    let has_run = snapshot.proxies.iter().any(|proxy| proxy.last_run.as_ref().is_some_and(is_its));
    let runs = snapshot.proxies.iter().any(|proxy| proxy.running.is_some());
    !runs && (has_run || now - came >= WAIT)
}

fn of_run(run: &SyncRun, title: &str, body: &str) -> Toast {
    Toast {
        title: bounded(title, TITLE),
        body: bounded(body, BODY),
        place: Place::History { run: Some(run.id) },
        is_failure: true,
    }
}

fn failed(run: &SyncRun) -> Toast {
    let why = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
    match run.outcome {
        Outcome::Unproven => of_run(run, &format!("{} loaded the map, but this is not proven", run.proxy), &why),
        _ => of_run(
            run,
            &format!("{} could not be synced", run.proxy),
            &format!("{why} You'll be told when it works again."),
        ),
    }
}

fn healed(run: &SyncRun, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<Toast> {
    let receipt = run.receipt.as_ref()?;
    let body = format!("It had been failing for {}. Now at {}, proved.", took(now - since), receipt.revision.short());
    Some(of_run(run, &format!("{} is synced again", run.proxy), &body))
}

/// "1 h 31 min".
fn took(time: TimeDelta) -> String {
    match time.num_minutes() {
        ..1 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use engine::controller::{ProxySnapshot, Running};
    use engine::run::Trigger;
    use engine::sync::Step;
    use engine::{Error, ErrorCode};

    use super::*;
    use crate::samples::at;

    fn snapshot(running: bool, last: Option<SyncRun>) -> Snapshot {
        let started = at("2026-03-04T12:00:00Z");
        let running =
            running.then(|| Running { id: 1, step: Step::ReadLive, started, trigger: Trigger::Change, steps: vec![] });
        let proxy = ProxySnapshot {
            name: "eu".into(),
            url: "http://127.0.0.1:4000".into(),
            role: "production".into(),
            running,
            last_run: last.map(Arc::new),
            proved: None,
            next_run: None,
            status: None,
            asked_at: None,
            is_asking: false,
            down_since: None,
            awaits_first_sync: false,
        };
        Snapshot { proxies: vec![proxy], ..Snapshot::default() }
    }

    fn ended(to: Option<Revision>, outcome: Outcome) -> SyncRun {
        let when = at("2026-03-04T12:00:00Z");
        SyncRun {
            outcome,
            to,
            finished: Some(when),
            error: Some(Error::new(ErrorCode::ProxyUnreachable, "Connection refused.")),
            ..SyncRun::started(1, "eu".into(), Trigger::Change, when)
        }
    }

    #[test]
    fn a_new_map_is_told_when_the_syncs_that_it_started_are_over() {
        let (map, came) = (Revision::of(b"map"), at("2026-03-04T12:00:00Z"));
        let later = at("2026-03-04T12:00:30Z");
        assert!(!is_ripe(&snapshot(true, None), &map, came, later), "a run goes on");
        assert!(!is_ripe(&snapshot(false, None), &map, came, at("2026-03-04T12:00:01Z")), "a run may still begin");
        assert!(is_ripe(&snapshot(false, None), &map, came, later));
        let other = ended(Some(Revision::of(b"other")), Outcome::Succeeded);
        assert!(!is_ripe(&snapshot(false, Some(other)), &map, came, came), "that was about another map");
        let its = ended(Some(map), Outcome::Held);
        assert!(
            is_ripe(&snapshot(false, Some(its)), &map, came, came),
            "at once when the run that it started has ended"
        );
    }

    #[test]
    fn a_failure_says_why_and_a_success_after_it_for_how_long() {
        let toast = failed(&ended(None, Outcome::Failed));
        assert_eq!((toast.title.as_str(), &toast.place), ("eu could not be synced", &Place::History { run: Some(1) }));
        assert!(toast.body.starts_with("Connection refused.") && toast.is_failure);
        assert_eq!(failed(&ended(None, Outcome::Unproven)).title, "eu loaded the map, but this is not proven");
        let since = at("2026-03-04T10:29:00Z");
        assert_eq!(healed(&ended(None, Outcome::Succeeded), since, since), None, "nothing is proved");
        assert_eq!(took(at("2026-03-04T12:00:00Z") - since), "1 h 31 min");
    }
}
