//! When news is told: the ledger's outbox says what is untold, the engine's snapshot when its time has come. Nothing is
//! kept here, so that a restart loses nothing and repeats nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta, Utc};
use costmap::Revision;
use engine::Result;
use engine::alerts::{Alert, gather};
use engine::controller::Snapshot;
use engine::error::bounded;
use engine::ledger::{News, Pending};
use engine::run::SyncRun;
use engine::settings::{AlertKind, PriceNews};

use crate::Api;
use crate::toast::{BODY, TITLE, Toast};
use crate::view::Place;

/// A digest waits this long for the syncs that the same news may start: their proof belongs into it. Once one has run, and
/// none runs any more, it is told at once.
const WAIT: TimeDelta = TimeDelta::seconds(3);

/// Other news waits this long for more of its cause, and for the end of the runs that it came with, but not for ever.
const GATHER: TimeDelta = TimeDelta::seconds(2);
const AT_MOST: TimeDelta = TimeDelta::seconds(30);

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
        let untold = self.engine.ledger().untold().await?;
        let (digests, others): (Vec<Pending>, Vec<Pending>) =
            untold.into_iter().partition(|one| matches!(one.news, News::Digest { .. }));
        let later = self.tell_others(others, snapshot, show, shown).await?;
        Ok(self.tell_digests(digests, snapshot, show, shown).await? || later)
    }

    async fn tell_digests(
        &self,
        digests: Vec<Pending>,
        snapshot: &Snapshot,
        show: &impl Fn(Toast),
        shown: &mut HashSet<i64>,
    ) -> Result<bool> {
        let newest = digests.last().map(|one| one.id);
        // What came in between is told with the newest: the first `before` that was not told yet is where it begins.
        let began = digests.iter().find(|one| self.now() - one.at <= OLD).and_then(|one| match one.news {
            News::Digest { before, .. } => before,
            _ => None,
        });
        let mut waits = false;
        for Pending { id, at, news } in digests {
            let now = self.now();
            let News::Digest { revision, before, held_because, .. } = news else { continue };
            let toast = if now - at > OLD || newest != Some(id) {
                Ok(None)
            } else if self.is_quiet() || !is_ripe(snapshot, &revision, at, now) {
                // In quiet hours it waits for their end.
                waits = true;
                continue;
            } else {
                let proved = snapshot.proxies.iter().filter(|proxy| proxy.proved == Some(revision)).count();
                self.digest(revision, began.or(before), held_because, proved).await
            };
            // Shown before it is marked, so that a crash loses none; and remembered, so that a disk that is full repeats none.
            if shown.insert(id) {
                match toast {
                    Ok(Some(toast)) => self.toast(toast, show),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, news = id, "a piece of news could not be told"),
                }
            }
            self.engine.ledger().told(vec![id], self.now()).await?;
        }
        Ok(waits)
    }

    /// What is no digest: one toast a cause, once nothing more of it is to come.
    async fn tell_others(
        &self,
        others: Vec<Pending>,
        snapshot: &Snapshot,
        show: &impl Fn(Toast),
        shown: &mut HashSet<i64>,
    ) -> Result<bool> {
        let now = self.now();
        let (old, fresh): (Vec<Pending>, Vec<Pending>) = others.into_iter().partition(|one| now - one.at > OLD);
        let is_quiet = self.is_quiet();
        // What is no failure waits for the end of quiet hours.
        let (quiet, due): (Vec<Pending>, Vec<Pending>) =
            fresh.into_iter().partition(|one| is_quiet && matches!(one.news, News::Retiring(_)));
        let ledger = self.engine.ledger();
        if !old.is_empty() {
            ledger.told(old.iter().map(|one| one.id).collect(), now).await?;
        }
        if !is_gathered(&due, snapshot, now) {
            return Ok(true);
        }
        let new: Vec<Pending> = due.iter().filter(|one| !shown.contains(&one.id)).cloned().collect();
        for gathered in gather(ledger, &new).await? {
            if let Some(toast) = gathered.alert(now, &|at| at.with_timezone(&Local).format("%H:%M").to_string()) {
                self.toast(of_alert(&toast, gathered.kind()), show);
            }
        }
        shown.extend(due.iter().map(|one| one.id));
        if !due.is_empty() {
            ledger.told(due.iter().map(|one| one.id).collect(), now).await?;
        }
        Ok(!quiet.is_empty())
    }

    /// Shows it, unless the settings say otherwise.
    fn toast(&self, toast: Toast, show: &impl Fn(Toast)) {
        let Ok(chosen) = self.chosen() else { return show(toast) };
        let notify = &chosen.settings.notify;
        let is_paused = self.engine.snapshot().borrow().pause.paused;
        // Only models that retire have one as their place.
        let is_price = matches!(toast.place, Place::Models { .. });
        let is_wanted = !is_price || notify.price_changes != PriceNews::Off;
        if if toast.is_failure { notify.failures } else { is_wanted && !self.is_quiet() && !is_paused } {
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

/// Whether nothing more of the same causes is to come soon: proxies fail together.
fn is_gathered(due: &[Pending], snapshot: &Snapshot, now: DateTime<Utc>) -> bool {
    let (Some(first), Some(last)) = (due.first(), due.last()) else { return true };
    let runs = snapshot.proxies.iter().any(|proxy| proxy.running.is_some());
    (!runs && now - last.at >= GATHER) || now - first.at >= AT_MOST
}

/// An alert as a toast, with what a click opens.
fn of_alert(alert: &Alert, kind: AlertKind) -> Toast {
    let model = || Some(alert.facts["models"][0]["model"].as_str()?.to_owned());
    Toast {
        title: bounded(&alert.title, TITLE),
        body: bounded(&alert.lines.join(" "), BODY),
        place: match (kind, alert.run) {
            (AlertKind::Failures, Some(run)) => Place::History { run: Some(run) },
            (AlertKind::Retiring, _) => Place::Models { model: model() },
            _ => Place::Overview,
        },
        is_failure: kind != AlertKind::Retiring,
    }
}

#[cfg(test)]
mod tests {
    use engine::controller::{ProxySnapshot, Running};
    use engine::run::{Outcome, Trigger};
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
    fn what_comes_together_waits_for_the_rest_but_not_for_a_run_that_hangs() {
        let came = at("2026-03-04T12:00:00Z");
        let news = |id: i64, seconds: i64| Pending {
            id,
            at: came + TimeDelta::seconds(seconds),
            news: News::Failure { run: id.unsigned_abs() },
        };
        let due = [news(1, 0), news(2, 4)];
        let at = |seconds: i64| came + TimeDelta::seconds(seconds);
        assert!(!is_gathered(&due, &snapshot(false, None), at(5)), "another may come");
        assert!(is_gathered(&due, &snapshot(false, None), at(6)));
        assert!(!is_gathered(&due, &snapshot(true, None), at(20)), "one goes on");
        assert!(is_gathered(&due, &snapshot(true, None), at(30)));
    }

    #[test]
    fn a_click_opens_the_run_the_model_or_the_overview() {
        let alert = |run, facts| Alert {
            alerts: vec![],
            at: at("2026-03-04T12:00:00Z"),
            title: "eu could not be synced".into(),
            lines: vec!["Connection refused.".into(), "You'll be told when it works again.".into()],
            facts,
            run,
        };
        let failure = of_alert(&alert(Some(7), serde_json::json!({})), AlertKind::Failures);
        assert_eq!((failure.place, failure.is_failure), (Place::History { run: Some(7) }, true));
        assert_eq!(failure.body, "Connection refused. You'll be told when it works again.");
        let facts = serde_json::json!({"models": [{"model": "gpt-4o"}]});
        let retiring = of_alert(&alert(None, facts), AlertKind::Retiring);
        assert_eq!((retiring.place, retiring.is_failure), (Place::Models { model: Some("gpt-4o".into()) }, false));
        assert_eq!(of_alert(&alert(None, serde_json::json!({})), AlertKind::Fallback).place, Place::Overview);
    }
}
