//! Runs: starting what somebody wants or the schedule asks for, joining what runs already, and answering who waits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::super::api::{Happening, SyncOrder, SyncReport};
use super::super::event::Event;
use super::super::job::{Job, run};
use super::{Controller, InJob, Known};
use crate::run::{SyncRun, Trigger};
use crate::schedule::Action;
use crate::settings::Proxy;
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
        let job_of = |proxy: &Proxy| {
            self.known.get(proxy.name.as_str()).and_then(|known| known.job.as_ref()).map(|part| part.job)
        };
        let mut jobs: HashSet<u64> = HashSet::new();
        let mut fresh = Vec::new();
        for proxy in wanted {
            match job_of(&proxy).filter(|_| !order.dry_run) {
                Some(job) => {
                    jobs.insert(job);
                }
                None => fresh.push(proxy),
            }
        }
        if !fresh.is_empty() || jobs.is_empty() {
            jobs.insert(self.start_job(fresh, order));
        }
        self.waiting.push(Waiting { wants, jobs, reports: Vec::new(), reply });
    }

    fn wanted(&self, names: &[String]) -> Result<Vec<Proxy>> {
        let proxies = &self.effective.proxies;
        if let Some(unknown) = names.iter().find(|name| !proxies.iter().any(|proxy| proxy.name.as_str() == **name)) {
            let message = format!(
                "There is no proxy named {}. Settings and `autosync proxy list` show them.",
                crate::error::bounded(unknown, 64)
            );
            return Err(Error::new(ErrorCode::NotFound, message).field("proxy"));
        }
        let wants = |proxy: &&Proxy| names.is_empty() || names.iter().any(|name| name == proxy.name.as_str());
        Ok(proxies.iter().filter(wants).cloned().collect())
    }

    fn start_job(&mut self, proxies: Vec<Proxy>, order: SyncOrder) -> u64 {
        self.next_job += 1;
        let job = self.next_job;
        let cancel = self.cancel.child_token();
        let each: HashMap<String, CancellationToken> =
            proxies.iter().map(|proxy| (proxy.name.to_string(), cancel.child_token())).collect();
        if !order.dry_run {
            for (name, cancel) in &each {
                self.known.entry(name.clone()).or_default().job = Some(InJob { job, cancel: cancel.clone() });
            }
        }
        self.cancels.insert(job, cancel.clone());
        let parts = Arc::clone(&self.parts);
        let work = Job { settings: Arc::clone(&self.effective), proxies, order, cancel, each };
        self.jobs.spawn(async move {
            let events = parts.events.clone();
            let report = run(parts, work).await;
            events.send(Event::JobEnded { job, report }).ok();
        });
        job
    }

    /// A source check is a sync of no proxy.
    pub(super) fn check_source(&mut self, reply: Option<oneshot::Sender<Result<SyncReport>>>) {
        let order = SyncOrder { proxies: Vec::new(), force: false, dry_run: false, trigger: Trigger::Schedule };
        let job = self.start_job(Vec::new(), order);
        if let Some(reply) = reply {
            self.waiting.push(Waiting { wants: Vec::new(), jobs: HashSet::from([job]), reports: Vec::new(), reply });
        }
    }

    pub(super) fn cancel_runs(&self, proxy: Option<&str>) {
        let Some(name) = proxy else { return self.cancels.values().for_each(CancellationToken::cancel) };
        let Some(part) = self.known.get(name).and_then(|known| known.job.as_ref()) else { return };
        part.cancel.cancel();
        // The source is asked for all of them: nobody waits for its answer once the last one is cancelled.
        let mut others =
            self.known.values().filter_map(|known| known.job.as_ref()).filter(|other| other.job == part.job);
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
            let idle = |proxy: &Proxy| self.known.get(proxy.name.as_str()).is_none_or(|known| known.job.is_none());
            let proxies: Vec<Proxy> = self.wanted(&names).unwrap_or_default().into_iter().filter(idle).collect();
            if !proxies.is_empty() {
                self.start_job(proxies, SyncOrder { proxies: names, force: false, dry_run: false, trigger });
            }
        }
        self.publish();
    }

    pub(super) fn job_ended(&mut self, job: u64, report: &Result<SyncReport>) {
        let of_job = |known: &&mut Known| known.job.as_ref().is_some_and(|part| part.job == job);
        for known in self.known.values_mut().filter(of_job) {
            (known.job, known.running) = (None, None);
        }
        self.cancels.remove(&job);
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

/// One report of several: the runs in the order in which they were wanted.
fn joined(reports: Vec<SyncReport>, wants: &[String]) -> Result<SyncReport> {
    let mut runs: HashMap<String, SyncRun> = HashMap::new();
    let mut joined = None;
    for report in reports {
        runs.extend(report.runs.iter().map(|run| (run.proxy.clone(), run.clone())));
        joined = Some(report);
    }
    let mut report = joined.ok_or_else(|| Error::new(ErrorCode::Internal, "A sync ended without a report."))?;
    report.runs = wants.iter().filter_map(|name| runs.remove(name)).collect();
    Ok(report)
}
