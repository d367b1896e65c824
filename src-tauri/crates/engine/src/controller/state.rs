//! The state, and the one `match` that changes it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use costmap::Revision;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::{FOREVER, Happening, Pause, PauseState, ProxySnapshot, Running, Snapshot, SyncOrder, SyncReport};
use super::event::Event;
use super::job::{Job, Parts, run};
use super::{Edit, Environment, GRACE};
use crate::ledger::{Ledger, Promotion, RunFilter};
use crate::run::{Outcome, SyncRun, Trigger};
use crate::schedule::{Action, Plan, Scheduler};
use crate::settings::{Proxy, Settings, SettingsFile, with_environment};
use crate::source::Source;
use crate::sync::{SourceState, last_source};
use crate::{Error, ErrorCode, Result};

/// The driver looks at the wall clock at least this often, since timers stand still while a computer sleeps (DESIGN §4).
const TICK: Duration = Duration::from_secs(30);

/// Where the ledger keeps until when the schedule is paused.
const PAUSE_KEY: &str = "paused_until";

/// What is known of one proxy.
#[derive(Default)]
struct Known {
    running: Option<Running>,
    job: Option<u64>,
    last_run: Option<SyncRun>,
    proved: Option<Revision>,
}

/// Somebody who waits for one or more jobs.
struct Waiting {
    wants: Vec<String>,
    jobs: HashSet<u64>,
    reports: Vec<SyncReport>,
    reply: oneshot::Sender<Result<SyncReport>>,
}

pub(super) struct Controller {
    parts: Arc<Parts>,
    settings: SettingsFile,
    environment: Environment,
    effective: Arc<Settings>,
    scheduler: Option<Scheduler>,
    happenings: broadcast::Sender<Happening>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    source: Option<SourceState>,
    promoted: Option<Promotion>,
    paused_until: Option<DateTime<Utc>>,
    known: BTreeMap<String, Known>,
    interrupted_runs: usize,
    waiting: Vec<Waiting>,
    next_job: u64,
    /// Of every running job: source checks and dry runs too.
    cancels: HashMap<u64, CancellationToken>,
    jobs: TaskTracker,
    cancel: CancellationToken,
}

impl Controller {
    pub(super) async fn load(
        parts: Arc<Parts>,
        settings: SettingsFile,
        environment: Environment,
        scheduled: bool,
        interrupted_runs: usize,
        happenings: broadcast::Sender<Happening>,
    ) -> Result<Self> {
        let effective = Arc::new(effective(&settings, &environment));
        let source = known_source(&parts.ledger, &effective).await?;
        let mut controller = Self {
            source,
            promoted: parts.ledger.promoted().await?,
            paused_until: parts.ledger.get_state(PAUSE_KEY).await?.unwrap_or_default(),
            scheduler: None,
            known: BTreeMap::new(),
            snapshot: watch::Sender::new(Arc::new(Snapshot::default())),
            waiting: Vec::new(),
            next_job: 0,
            cancels: HashMap::new(),
            jobs: TaskTracker::new(),
            cancel: CancellationToken::new(),
            parts,
            settings,
            environment,
            effective,
            happenings,
            interrupted_runs,
        };
        controller.load_known().await?;
        if scheduled {
            let now = controller.parts.clock.now();
            controller.scheduler = Some(Scheduler::new(plan(&controller.effective), now));
            controller.teach_scheduler();
        }
        controller.publish();
        Ok(controller)
    }

    async fn load_known(&mut self) -> Result<()> {
        for proxy in &self.effective.proxies {
            let name = proxy.name.to_string();
            let filter = RunFilter { proxy: Some(name.clone()), limit: 1, before: None };
            let last_run = self.parts.ledger.runs(filter).await?.pop();
            let proof = self.parts.ledger.last_success(&name).await?.and_then(|run| run.receipt);
            let known = self.known.entry(name).or_default();
            known.last_run = last_run;
            known.proved = proof.map(|receipt| receipt.revision);
        }
        Ok(())
    }

    fn teach_scheduler(&mut self) {
        let Some(scheduler) = &mut self.scheduler else { return };
        scheduler.pause_until(self.paused_until);
        for (name, known) in &self.known {
            if let Some(run) = &known.last_run {
                scheduler.record(name, run.started, conclusive(run));
            }
        }
        if let Some(checked_at) = self.source.as_ref().and_then(|source| source.checked_at) {
            scheduler.record_source_check(checked_at);
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.subscribe()
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Event>) {
        loop {
            let wake = self.next_tick();
            tokio::select! {
                event = inbox.recv() => match event {
                    Some(Event::Shutdown) | None => break,
                    Some(event) => self.handle(event).await,
                },
                () = tokio::time::sleep_until(wake), if self.scheduler.is_some() => self.tick(),
            }
        }
        self.cancel.cancel();
        self.jobs.close();
        let ended = tokio::time::timeout(GRACE, async {
            // Jobs still tell how they end, and those who wait are answered.
            loop {
                tokio::select! {
                    event = inbox.recv() => if let Some(event) = event { self.handle(event).await },
                    () = self.jobs.wait() => break,
                }
            }
            while let Ok(event) = inbox.try_recv() {
                self.handle(event).await;
            }
        });
        if ended.await.is_err() {
            tracing::warn!("a job did not end in time; its run is interrupted at the next start");
        }
    }

    fn next_tick(&self) -> Instant {
        let now = self.parts.clock.now();
        let due = self
            .scheduler
            .as_ref()
            .map_or(TICK, |scheduler| (scheduler.next_wakeup() - now).to_std().unwrap_or(Duration::ZERO));
        Instant::now() + due.clamp(Duration::from_millis(100), TICK)
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Sync { order, reply } => self.sync(order, reply),
            Event::CheckSource { reply } => self.check_source(Some(reply)),
            Event::Pause { pause, reply } => {
                let done = self.pause(pause).await;
                reply.send(done).ok();
            }
            Event::Edit { edit, reply } => {
                let done = self.edit(edit).await;
                reply.send(done).ok();
            }
            Event::Cancel { proxy } => self.cancel_runs(proxy.as_deref()),
            Event::Happened(happening) => self.happened(happening).await,
            Event::JobEnded { job, report } => self.job_ended(job, &report),
            Event::Shutdown => {}
        }
        self.publish();
    }

    /// Starts what is due, and joins what already runs.
    fn sync(&mut self, order: SyncOrder, reply: oneshot::Sender<Result<SyncReport>>) {
        let wanted = match self.wanted(&order.proxies) {
            Ok(wanted) => wanted,
            Err(error) => {
                reply.send(Err(error)).ok();
                return;
            }
        };
        let wants = wanted.iter().map(|proxy| proxy.name.to_string()).collect();
        let job_of = |proxy: &Proxy| self.known.get(proxy.name.as_str()).and_then(|known| known.job);
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
                "There is no proxy named {}. `autosync proxy list` shows them.",
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
        if !order.dry_run {
            for proxy in &proxies {
                let known = self.known.entry(proxy.name.to_string()).or_default();
                known.job = Some(job);
            }
        }
        self.cancels.insert(job, cancel.clone());
        let parts = Arc::clone(&self.parts);
        let work = Job { settings: Arc::clone(&self.effective), proxies, order, cancel };
        self.jobs.spawn(async move {
            let events = parts.events.clone();
            let report = run(parts, work).await;
            events.send(Event::JobEnded { job, report }).ok();
        });
        job
    }

    /// A source check is a sync of no proxy.
    fn check_source(&mut self, reply: Option<oneshot::Sender<Result<SyncReport>>>) {
        let order = SyncOrder { proxies: Vec::new(), force: false, dry_run: false, trigger: Trigger::Schedule };
        let job = self.start_job(Vec::new(), order);
        if let Some(reply) = reply {
            self.waiting.push(Waiting { wants: Vec::new(), jobs: HashSet::from([job]), reports: Vec::new(), reply });
        }
    }

    async fn pause(&mut self, pause: Option<Pause>) -> Result<PauseState> {
        let until = pause.map(|pause| match pause {
            Pause::Until(time) => time,
            Pause::Indefinitely => self.parts.clock.now() + FOREVER,
        });
        self.parts.ledger.set_state(PAUSE_KEY, &until).await?;
        self.paused_until = until;
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.pause_until(until);
        }
        let state = PauseState::of(until, self.parts.clock.now());
        self.tell(Happening::Paused(state));
        Ok(state)
    }

    async fn edit(&mut self, edit: Edit) -> Result<()> {
        edit(&mut self.settings)?;
        self.effective = Arc::new(effective(&self.settings, &self.environment));
        self.source = known_source(&self.parts.ledger, &self.effective).await?;
        self.load_known().await?;
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.set_plan(plan(&self.effective), self.parts.clock.now());
        }
        self.teach_scheduler();
        Ok(())
    }

    fn cancel_runs(&self, proxy: Option<&str>) {
        let Some(name) = proxy else { return self.cancels.values().for_each(CancellationToken::cancel) };
        if let Some(cancel) = self.known.get(name).and_then(|known| self.cancels.get(&known.job?)) {
            cancel.cancel();
        }
    }

    fn tick(&mut self) {
        let now = self.parts.clock.now();
        let Some(scheduler) = &mut self.scheduler else { return };
        let mut due: BTreeMap<Trigger, Vec<String>> = BTreeMap::new();
        let mut check = false;
        let mut resumed = false;
        for action in scheduler.poll(now) {
            match action {
                Action::Sync { proxy, trigger } => due.entry(trigger).or_default().push(proxy),
                Action::CheckSource => check = true,
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

    async fn happened(&mut self, happening: Happening) {
        match &happening {
            Happening::SourceChecked { source, .. } => {
                self.source = Some(source.clone());
                self.promoted = self.parts.ledger.promoted().await.unwrap_or_else(|_| self.promoted.take());
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record_source_check(source.checked_at.unwrap_or_else(|| self.parts.clock.now()));
                }
            }
            Happening::SourceFailed { error } => {
                if let Some(source) = &mut self.source {
                    source.error = Some(error.clone());
                }
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record_source_check(self.parts.clock.now());
                }
            }
            // Dry runs have the number 0 and leave no trace.
            Happening::RunStarted { id, proxy, trigger } if *id > 0 => {
                let running = Running {
                    id: *id,
                    step: crate::sync::Step::CheckSource,
                    started: self.parts.clock.now(),
                    trigger: *trigger,
                };
                self.known.entry(proxy.clone()).or_default().running = Some(running);
            }
            Happening::RunStep { id, proxy, step } if *id > 0 => {
                if let Some(running) = self.known.get_mut(proxy).and_then(|known| known.running.as_mut()) {
                    running.step = *step;
                }
            }
            Happening::RunFinished { run } if run.id > 0 => {
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record(&run.proxy, run.started, conclusive(run));
                }
                let known = self.known.entry(run.proxy.clone()).or_default();
                known.running = None;
                if let Some(receipt) = &run.receipt {
                    known.proved = Some(receipt.revision);
                }
                known.last_run = Some((**run).clone());
            }
            _ => {}
        }
        self.tell(happening);
    }

    fn job_ended(&mut self, job: u64, report: &Result<SyncReport>) {
        for known in self.known.values_mut().filter(|known| known.job == Some(job)) {
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

    fn tell(&self, happening: Happening) {
        // Nobody has to listen.
        self.happenings.send(happening).ok();
    }

    fn publish(&self) {
        let next_run = |name: &str| self.scheduler.as_ref().and_then(|scheduler| scheduler.next_run(name));
        let proxies = self.effective.proxies.iter().map(|proxy| {
            let name = proxy.name.to_string();
            let known = self.known.get(&name);
            ProxySnapshot {
                url: proxy.url.to_string(),
                running: known.and_then(|known| known.running.clone()),
                last_run: known.and_then(|known| known.last_run.clone()),
                proved: known.and_then(|known| known.proved),
                next_run: next_run(&name),
                name,
            }
        });
        let mut snapshot = Snapshot {
            revision: 0,
            source: self.source.clone(),
            promoted: self.promoted.clone(),
            pause: PauseState::of(self.paused_until, self.parts.clock.now()),
            proxies: proxies.collect(),
            interrupted_runs: self.interrupted_runs,
        };
        self.snapshot.send_if_modified(|current| {
            snapshot.revision = current.revision;
            if **current == snapshot {
                return false;
            }
            snapshot.revision += 1;
            *current = Arc::new(snapshot);
            true
        });
    }
}

/// The settings with what the environment adds to them.
fn effective(file: &SettingsFile, environment: &Environment) -> Settings {
    let (settings, ignored) = with_environment(file.settings(), &**environment);
    for problem in ignored.iter().chain(file.problems()) {
        tracing::warn!(field = %problem.field, "{}", problem.message);
    }
    settings
}

fn plan(settings: &Settings) -> Plan {
    let (plan, error) = Plan::of(settings);
    if let Some(error) = error {
        tracing::warn!(%error, "no scheduled sync runs until schedule.windows can be read");
    }
    plan
}

async fn known_source(ledger: &Ledger, settings: &Settings) -> Result<Option<SourceState>> {
    match settings.source() {
        Ok(source) => last_source(ledger, &Source::from(source).to_string()).await,
        // Told when it is asked for.
        Err(_) => Ok(None),
    }
}

/// Whether a run settles its revision. Worth another try soon: a proxy that may have met an older copy, workers that follow
/// at their next poll, and a network that is not back yet after the computer woke up.
pub(crate) fn conclusive(run: &SyncRun) -> bool {
    let unreachable = |error: &Error| matches!(error.code, ErrorCode::SourceUnreachable | ErrorCode::ProxyUnreachable);
    match run.outcome {
        Outcome::Unproven => !matches!(run.reason.as_deref(), Some("old_revision" | "replicas_disagree")),
        Outcome::Failed => !run.error.as_ref().is_some_and(unreachable),
        _ => true,
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
