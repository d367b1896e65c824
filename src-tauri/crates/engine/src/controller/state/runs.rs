//! Runs: starting what somebody wants or the schedule asks for, joining what runs already, and answering who waits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use costmap::Revision;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::super::api::{Happening, Running, SyncOrder, SyncReport};
use super::super::event::Event;
use super::super::job::{Job, run};
use super::Controller;
use super::lane::{InJob, Queued};
use crate::run::{Outcome, SyncRun, Trigger};
use crate::schedule::Action;
use crate::settings::Proxy;
use crate::sync::SourceState;
use crate::{Error, ErrorCode, Result};

/// Somebody who waits for one or more jobs.
pub(super) struct Waiting {
    wants: Vec<String>,
    jobs: HashSet<u64>,
    reports: Vec<SyncReport>,
    reply: oneshot::Sender<Result<SyncReport>>,
}

impl Controller {
    /// Starts what is due, and joins what already runs.
    pub(super) fn sync(&mut self, order: SyncOrder, reply: oneshot::Sender<Result<SyncReport>>) {
        let wanted = match self.wanted(&order.proxies) {
            Ok(wanted) => wanted,
            Err(error) => {
                reply.send(Err(error)).ok();
                return;
            }
        };
        let wants = wanted.iter().map(|proxy| proxy.name.to_string()).collect();
        let mut jobs: HashSet<u64> = HashSet::new();
        let mut fresh = Vec::new();
        for proxy in wanted {
            match self.place(proxy.name.as_str(), &order) {
                Some(job) => {
                    jobs.insert(job);
                }
                None => fresh.push(proxy),
            }
        }
        if !fresh.is_empty() || order.dry_run {
            jobs.insert(self.start_job(fresh, order));
        } else if jobs.is_empty() {
            jobs.insert(self.check_job());
        }
        self.waiting.push(Waiting { wants, jobs, reports: Vec::new(), reply });
    }

    /// The job that does this for the proxy: the running one where that brings all that is asked, or else one that
    /// follows it. `None` where nothing runs.
    fn place(&mut self, proxy: &str, order: &SyncOrder) -> Option<u64> {
        // A dry run changes nothing: it joins nothing, and nothing waits for it.
        if order.dry_run {
            return None;
        }
        let newest = self.source.as_ref().and_then(|source| source.revision);
        let asked = (order.force, self.decisions);
        let lane = &mut self.known.get_mut(proxy)?.lane;
        let running = lane.running.as_ref()?;
        if running.does(asked, proxy, &self.effective, newest) {
            return Some(running.job);
        }
        let order = SyncOrder { proxies: vec![proxy.to_owned()], ..order.clone() };
        Some(lane.queue(|| number(&mut self.next_job), &order))
    }

    fn wanted(&self, names: &[String]) -> Result<Vec<Proxy>> {
        let proxies = &self.effective.proxies;
        if let Some(unknown) = names.iter().find(|name| !proxies.iter().any(|proxy| proxy.name.is(name))) {
            let message = format!(
                "There is no proxy named {}. See Settings or `autosync proxy list` for the names.",
                crate::error::bounded(unknown, 64)
            );
            return Err(Error::new(ErrorCode::NotFound, message).field("proxy"));
        }
        let wants = |proxy: &&Proxy| names.is_empty() || names.iter().any(|name| proxy.name.is(name));
        Ok(proxies.iter().filter(wants).cloned().collect())
    }

    fn start_job(&mut self, proxies: Vec<Proxy>, order: SyncOrder) -> u64 {
        let job = number(&mut self.next_job);
        self.start(job, proxies, order);
        job
    }

    fn start(&mut self, number: u64, proxies: Vec<Proxy>, order: SyncOrder) {
        let cancel = self.cancel.child_token();
        let each: HashMap<String, CancellationToken> =
            proxies.iter().map(|proxy| (proxy.name.to_string(), cancel.child_token())).collect();
        let (settings, decisions) = (Arc::clone(&self.effective), self.decisions);
        let part = |cancel: &CancellationToken| {
            let (cancel, settings) = (cancel.clone(), Arc::clone(&settings));
            Some(InJob { job: number, cancel, force: order.force, settings, decisions, found: None })
        };
        if !order.dry_run {
            self.parts.acted.store(true, Ordering::Relaxed);
            for (name, cancel) in &each {
                self.known.entry(name.clone()).or_default().lane.running = part(cancel);
            }
            if each.is_empty() {
                self.checks.running = part(&cancel);
            }
        }
        self.cancels.insert(number, cancel.clone());
        let parts = Arc::clone(&self.parts);
        let live = each.keys().filter_map(|name| Some((name.clone(), self.known.get(name)?.live()?))).collect();
        let work = Job { number, settings, proxies, order, cancel, each, live, draft: None };
        self.jobs.spawn(async move {
            let events = parts.events.clone();
            // A defect in a job ends the job, and nothing else.
            let work = AbortOnDropHandle::new(tokio::spawn(run(parts, work)));
            let report = work.await.unwrap_or_else(|defect| Err(super::super::job::defect().detail(defect)));
            events.send(Event::JobEnded { job: number, report }).ok();
        });
    }

    /// A source check is a sync of no proxy.
    pub(super) fn check_source(&mut self, reply: Option<oneshot::Sender<Result<SyncReport>>>) {
        let job = self.check_job();
        if let Some(reply) = reply {
            self.waiting.push(Waiting { wants: Vec::new(), jobs: HashSet::from([job]), reports: Vec::new(), reply });
        }
    }

    /// The check that runs, one that follows it where that one looks at another source than is wanted now, or a new one:
    /// checks of a source that hangs do not pile up.
    fn check_job(&mut self) -> u64 {
        let order = SyncOrder { proxies: Vec::new(), force: false, dry_run: false, trigger: Trigger::Schedule };
        match &self.checks.running {
            None => self.start_job(Vec::new(), order),
            Some(running) if running.does((false, self.decisions), "", &self.effective, None) => running.job,
            Some(_) => self.checks.queue(|| number(&mut self.next_job), &order),
        }
    }

    /// The proxy's part in its job is over: what was asked for meanwhile begins.
    pub(super) fn release(&mut self, proxy: &str) {
        let Some(known) = self.known.get_mut(proxy) else { return };
        (known.lane.running, known.running) = (None, None);
        let Some(Queued { job, order }) = known.lane.queued.take() else { return };
        if self.cancel.is_cancelled() {
            return self.answer(job, &Err(crate::sync::cancelled()));
        }
        match self.wanted(&order.proxies) {
            Ok(proxies) => self.start(job, proxies, order),
            Err(error) => self.answer(job, &Err(error)),
        }
    }

    fn release_checks(&mut self) {
        self.checks.running = None;
        match self.checks.queued.take() {
            Some(Queued { job, .. }) if self.cancel.is_cancelled() => {
                self.answer(job, &Err(crate::sync::cancelled()));
            }
            Some(Queued { job, order }) => self.start(job, Vec::new(), order),
            None => {}
        }
    }

    /// The job looked at the source and found this there.
    pub(super) fn job_found(&mut self, job: u64, revision: Revision) {
        let lanes = self.known.values_mut().map(|known| &mut known.lane).chain([&mut self.checks]);
        for part in lanes.filter_map(|lane| lane.running.as_mut()).filter(|part| part.job == job) {
            part.found = Some(revision);
        }
    }

    pub(super) fn cancel_runs(&mut self, proxy: Option<&str>) {
        let is_named = |name: &String| proxy.is_none_or(|proxy| proxy.eq_ignore_ascii_case(name));
        // What waits was asked for too, and would begin as soon as the run has ended.
        let named = self.known.iter_mut().filter(|(name, _)| is_named(name));
        let queued: Vec<(String, Queued)> =
            named.filter_map(|(name, known)| Some((name.clone(), known.lane.queued.take()?))).collect();
        for (name, Queued { job, .. }) in queued {
            // Of one that is cancelled alone the others are told as they end.
            let cancelled = match proxy {
                Some(_) => Ok(self.never_begun(&name)),
                None => Err(crate::sync::cancelled()),
            };
            self.answer(job, &cancelled);
        }
        if proxy.is_none()
            && let Some(Queued { job, .. }) = self.checks.queued.take()
        {
            self.answer(job, &Err(crate::sync::cancelled()));
        }
        let Some(name) = proxy else { return self.cancels.values().for_each(CancellationToken::cancel) };
        let known = self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some(part) = known.and_then(|(_, known)| known.lane.running.as_ref()) else { return };
        part.cancel.cancel();
        // The source is asked for all of them: nobody waits for its answer once the last one is cancelled.
        let mut others =
            self.known.values().filter_map(|known| known.lane.running.as_ref()).filter(|other| other.job == part.job);
        if others.all(|other| other.cancel.is_cancelled())
            && let Some(cancel) = self.cancels.get(&part.job)
        {
            cancel.cancel();
        }
    }

    pub(super) fn tick(&mut self) {
        let now = self.parts.clock.now();
        let Some(actions) = self.scheduler.as_mut().map(|scheduler| scheduler.poll(now)) else { return };
        let mut due: BTreeMap<Trigger, Vec<String>> = BTreeMap::new();
        let mut check = false;
        let mut resumed = false;
        for action in actions {
            match action {
                Action::Sync { proxy, trigger } => due.entry(trigger).or_default().push(proxy),
                Action::CheckSource => check = true,
                Action::AskProxies => self.ask_idle(),
                Action::Resumed => resumed = true,
            }
        }
        if resumed {
            self.tell(Happening::Resumed);
        }
        // A sync checks the source itself.
        if check && due.is_empty() {
            self.check_source(None);
        }
        for (trigger, names) in due {
            let proxies = self.wanted(&names).unwrap_or_default();
            let order = SyncOrder { proxies: names, force: false, dry_run: false, trigger };
            let mut idle = Vec::new();
            for proxy in proxies {
                if self.place(proxy.name.as_str(), &order).is_none() {
                    idle.push(proxy);
                }
            }
            if !idle.is_empty() {
                self.start_job(idle, order);
            }
        }
        self.publish();
    }

    pub(super) async fn job_ended(&mut self, job: u64, report: &Result<SyncReport>) {
        self.cancels.remove(&job);
        if let Err(error) = report {
            self.fail_rest(job, error).await;
        }
        let left: Vec<String> =
            self.known.iter().filter(|(_, known)| known.lane.is_in(job)).map(|(name, _)| name.clone()).collect();
        for proxy in left {
            self.release(&proxy);
        }
        self.answer(job, report);
        if self.checks.is_in(job) {
            self.release_checks();
        }
    }

    /// Ends the runs that their job left without an end: they are over, and the next one can begin.
    async fn fail_rest(&mut self, job: u64, error: &Error) {
        let now = self.parts.clock.now();
        let left = self.known.iter().filter(|(_, known)| known.lane.is_in(job));
        let left = left.filter_map(|(name, known)| Some((name.clone(), known.running.clone()?)));
        for (name, running) in left.collect::<Vec<_>>() {
            let Running { id, started, trigger, steps, .. } = running;
            let begun = self.parts.ledger.run(id).await;
            let begun = begun.unwrap_or_else(|_| SyncRun::started(id, name, trigger, started));
            let (error, finished) = (Some(error.clone()), Some(now));
            let run = SyncRun { outcome: Outcome::Failed, error, finished, steps, ..begun };
            if let Err(error) = self.parts.ledger.finish_run(&run).await {
                tracing::error!(%error, run = id, "the end of a run could not be recorded");
            }
            self.happened(Happening::RunFinished { run: Arc::new(run) }).await;
        }
    }

    /// The report of a run that was cancelled before it began: it has no number, and nothing is recorded of it.
    fn never_begun(&self, proxy: &str) -> SyncReport {
        let now = self.parts.clock.now();
        let run = SyncRun::started(0, proxy.to_owned(), Trigger::Manual, now);
        let error = Some(crate::sync::cancelled());
        let source = self.source.clone().unwrap_or_else(|| SourceState::unknown(super::shown_source(&self.effective)));
        let run = SyncRun { outcome: Outcome::Interrupted, finished: Some(now), error, ..run };
        SyncReport { source, findings: Vec::new(), runs: vec![run] }
    }

    /// Answers who waits for this job.
    fn answer(&mut self, job: u64, report: &Result<SyncReport>) {
        let (concerned, others): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|waiting| waiting.jobs.contains(&job));
        self.waiting = others;
        for mut waiting in concerned {
            match report {
                Err(error) => {
                    waiting.reply.send(Err(error.clone())).ok();
                }
                Ok(report) => {
                    waiting.jobs.remove(&job);
                    waiting.reports.push(report.clone());
                    if waiting.jobs.is_empty() {
                        waiting.reply.send(joined(waiting.reports, &waiting.wants)).ok();
                    } else {
                        self.waiting.push(waiting);
                    }
                }
            }
        }
    }
}

fn number(last: &mut u64) -> u64 {
    *last += 1;
    *last
}

/// One report of several: the runs in the order in which they were wanted, of each proxy the newest.
fn joined(reports: Vec<SyncReport>, wants: &[String]) -> Result<SyncReport> {
    let mut runs: HashMap<String, SyncRun> = HashMap::new();
    let mut joined = None;
    for report in reports {
        for run in &report.runs {
            if runs.get(&run.proxy).is_none_or(|known| known.id <= run.id) {
                runs.insert(run.proxy.clone(), run.clone());
            }
        }
        joined = Some(report);
    }
    let mut report = joined.ok_or_else(|| Error::new(ErrorCode::Internal, "A sync ended without a result."))?;
    report.runs = wants.iter().filter_map(|name| runs.remove(name)).collect();
    Ok(report)
}
