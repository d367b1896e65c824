//! The state, and the one `match` that changes it. The fields are private to this module and the parts of it below.

mod asking;
mod first;
mod happened;
mod heal;
mod lane;
mod overlay;
mod pin;
mod promoted;
mod review;
mod runs;
mod shown;
mod stages;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use costmap::Revision;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::{FOREVER, Happening, Pause, PauseState, Running, Snapshot};
use super::event::Event;
use super::job::Parts;
use super::{Environment, FirstSyncs, GRACE, RECENT_RUNS};
use crate::gate::{Proof, Stage, StageState};
use crate::ledger::{Ledger, Pins, Promotion, Stages};
use crate::publish::PublishState;
use crate::run::{NO_MAP, Outcome, SyncRun};
use crate::schedule::{AskedFor, Plan, Scheduler, wanted};
use crate::settings::{Settings, SettingsEdit, SettingsFile, with_environment};
use crate::source::Source;
use crate::sync::{IN_FLIGHT, SourceState, last_source, leads};
use crate::webhooks::WebhookStatus;
use crate::{Error, ErrorCode, Result};
use asking::Asked;
use heal::Lost;
use lane::Lane;
use runs::Waiting;
pub(crate) use stages::PROOFS_KEY;

/// The driver looks at the wall clock at least this often, since timers stand still while a computer sleeps (DESIGN §4).
const TICK: Duration = Duration::from_secs(30);

/// Where the ledger keeps until when the schedule is paused.
pub(crate) const PAUSE_KEY: &str = "paused_until";

/// What is known of one proxy.
#[derive(Default)]
struct Known {
    running: Option<Running>,
    lane: Lane,
    last_run: Option<Arc<SyncRun>>,
    proved: Option<Revision>,
    /// LiteLLM's version at that proof.
    proved_version: Option<String>,
    asked: Asked,
    /// The loss of its map that was put right last, or tried to be.
    healed: Option<Lost>,
    /// When schedules of its own were put right last, or tried to be.
    schedules_kept: Option<(DateTime<Utc>, i32)>,
    /// The map that it took by itself and that a run was started to prove.
    taken: Option<(Revision, DateTime<Utc>, i32)>,
}

impl Known {
    /// The map that the proxy holds, as far as it is known: what it said itself, or what was proved last.
    fn live(&self) -> Option<Revision> {
        let told = self.asked.status.as_ref().and_then(|status| status.live.as_ref()?.revision);
        told.or(self.proved)
    }
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
    /// What production is meant to have.
    promoted: Option<Arc<Promotion>>,
    /// What was promoted last, with its number, whichever stage it has reached.
    newest: Option<(i64, Arc<Promotion>)>,
    stages: Arc<Stages>,
    stage_states: Arc<Vec<StageState>>,
    proofs: Vec<Proof>,
    /// Which promotions were looked at last whether they may go on to this stage, and what was the newest then.
    stage_looked: Vec<(Stage, Vec<i64>, i64)>,
    pins: Arc<Pins>,
    /// What the gateway sends for a map to a LiteLLM that knows no alias rows.
    resolved: HashMap<Revision, Revision>,
    published: PublishState,
    /// The text of the overlay that was looked at last, and why it is not used.
    overlay: (String, Option<Error>),
    paused_until: Option<DateTime<Utc>>,
    known: BTreeMap<String, Known>,
    asked_for: AskedFor,
    interrupted_runs: usize,
    edits: u64,
    webhooks: Vec<WebhookStatus>,
    /// The settings as they are now, for who follows them.
    followed: watch::Sender<Arc<Settings>>,
    waiting: Vec<Waiting>,
    /// Checks of the source that sync no proxy.
    checks: Lane,
    next_job: u64,
    /// How often a person changed what proxies are meant to have.
    decisions: u64,
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
        (scheduled, first_syncs): (bool, FirstSyncs),
        interrupted_runs: usize,
        happenings: broadcast::Sender<Happening>,
    ) -> Result<Self> {
        let effective = Arc::new(effective(&settings, &environment));
        let source = known_source(&parts.ledger, &effective).await?;
        let mut controller = Self {
            source,
            promoted: None,
            newest: None,
            stages: Arc::default(),
            stage_states: Arc::default(),
            proofs: Vec::new(),
            stage_looked: Vec::new(),
            pins: Arc::default(),
            resolved: HashMap::new(),
            published: PublishState::default(),
            overlay: (String::new(), None),
            paused_until: parts.ledger.get_state(PAUSE_KEY).await?.unwrap_or_default(),
            scheduler: None,
            known: BTreeMap::new(),
            asked_for: AskedFor::default(),
            snapshot: watch::Sender::new(Arc::new(Snapshot::default())),
            followed: watch::Sender::new(Arc::clone(&effective)),
            waiting: Vec::new(),
            checks: Lane::default(),
            next_job: 0,
            decisions: 0,
            cancels: HashMap::new(),
            jobs: TaskTracker::new(),
            cancel: CancellationToken::new(),
            parts,
            settings,
            environment,
            effective,
            happenings,
            interrupted_runs,
            edits: 0,
            webhooks: Vec::new(),
        };
        controller.point_at_source().await;
        controller.load_known().await?;
        controller.load_promoted().await?;
        controller.load_published().await?;
        controller.follow_overlay();
        controller.follow_gateway().await;
        if first_syncs == FirstSyncs::Start {
            controller.ask_for(|_| true).await;
        }
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
            let last_run = last_ended(&self.parts.ledger, &name).await?;
            let proof =
                self.parts.ledger.last_success(&name, &proxy.url.to_string()).await?.and_then(|run| run.receipt);
            let known = self.known.entry(name).or_default();
            known.last_run = last_run.map(Arc::new);
            known.proved = proof.as_ref().map(|receipt| receipt.revision);
            known.proved_version = proof.and_then(|receipt| receipt.proxy_version);
        }
        self.asked_for = AskedFor::read(&self.parts.ledger, &self.effective).await?;
        self.asked_for.write(&self.parts.ledger).await
    }

    /// From now on no job promotes what another source has.
    async fn point_at_source(&self) {
        *self.parts.current.write().await = self.effective.source().ok().map(Source::from);
    }

    fn teach_scheduler(&mut self) {
        let Some(scheduler) = &mut self.scheduler else { return };
        scheduler.pause_until(self.paused_until);
        for proxy in &self.effective.proxies {
            scheduler.set_asked_for(proxy.name.as_str(), self.asked_for.has(proxy));
            let status = self.known.get(proxy.name.as_str()).and_then(|known| known.asked.status.as_ref());
            scheduler.leads(proxy.name.as_str(), leads(proxy, status.and_then(|status| status.own_schedule)));
        }
        for (name, known) in &self.known {
            if let Some(run) = &known.last_run {
                scheduler.record(name, run.started, run.attempted(), conclusive(run));
            }
        }
        scheduler.want(wanted(self.source.as_ref()));
        if let Some(checked_at) = self.source.as_ref().and_then(|source| source.checked_at) {
            scheduler.record_source_check(checked_at);
        }
        self.teach_stages();
    }

    /// The settings as they are now, with what the environment adds.
    pub(super) fn followed(&self) -> watch::Receiver<Arc<Settings>> {
        self.followed.subscribe()
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
                () = tokio::time::sleep_until(wake), if self.scheduler.is_some() => {
                    self.follow_file().await;
                    if self.follow_overlay() {
                        self.sync_readers(None, None);
                    }
                    self.tick();
                    self.look_at_stages().await;
                    self.publish();
                }
            }
        }
        self.cancel.cancel();
        self.parts.gateway.follow(None).await;
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
            Event::Sync { order, reply } => {
                self.note_asked(&order).await;
                self.sync(order, reply);
            }
            Event::Preview { draft, reply } => self.preview(*draft, reply),
            Event::CheckSource { reply } => self.check_source(Some(reply)),
            Event::Decide { models, ruling, seen, reply } => match self.decide(models, ruling, seen).await {
                Ok(()) => self.sync_readers(None, Some(reply)),
                Err(error) => drop(reply.send(Err(error))),
            },
            Event::Pin { order, reply } => match self.pin(&order).await {
                Ok(()) => self.sync_readers(order.proxy.as_deref(), Some(reply)),
                Err(error) => drop(reply.send(Err(error))),
            },
            Event::Unpin { proxy, reply } => match self.unpin(proxy.as_deref()).await {
                Ok(()) => self.sync_readers(proxy.as_deref(), Some(reply)),
                Err(error) => drop(reply.send(Err(error))),
            },
            Event::Overlay { edit, reply } => match self.edit_overlay(&edit).await {
                Ok(()) => self.sync_readers(None, Some(reply)),
                Err(error) => drop(reply.send(Err(error))),
            },
            Event::Promote { to, force, reply } => self.promote(to, force, reply).await,
            Event::Pause { pause, reply } => {
                reply.send(self.pause(pause).await).ok();
            }
            Event::Edit { edit, reply } => {
                let done = self.edit(&edit).await;
                // Who asked looks at the state next.
                self.publish();
                reply.send(done).ok();
            }
            Event::AskProxies { names } => {
                self.parts.keys.forget_failures();
                self.ask_proxies(&names);
            }
            Event::Looked => self.ask_older(),
            Event::ProxyAsked { proxy, status } => {
                self.proxy_asked(&proxy, status);
                self.tell_gateway();
            }
            Event::Publish { replace, reply } => self.publish_now(replace, reply),
            Event::Published { state } => {
                if state.to == self.effective.publish.as_ref().map(|publish| publish.to.to_string()) {
                    self.published = state;
                }
            }
            Event::Webhooks { statuses } => self.webhooks = statuses,
            Event::Cancel { proxy } => self.cancel_runs(proxy.as_deref()),
            Event::Happened(happening) => self.happened(happening).await,
            Event::JobFound { job, revision } => self.job_found(job, revision),
            Event::JobEnded { job, report } => self.job_ended(job, &report).await,
            Event::Shutdown => {}
        }
        self.look_at_stages().await;
        self.publish();
    }

    /// What may go on to the next stage does.
    async fn look_at_stages(&mut self) {
        if let Err(error) = self.follow_stages().await {
            tracing::error!(%error, "whether a map may go on to the next stage could not be looked at");
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

    async fn edit(&mut self, edit: &SettingsEdit) -> Result<()> {
        // It reads the file first: what a person has typed into it by now stays as it is.
        edit.apply(&mut self.settings)?;
        // What waited for an earlier one of that name is not for this one.
        match edit {
            SettingsEdit::AddWebhook { webhook } => self.parts.ledger.begin_webhook(&webhook.name).await?,
            SettingsEdit::SetWebhook { webhook } => self.parts.ledger.try_now(&webhook.name).await?,
            _ => {}
        }
        self.settings_changed().await
    }

    /// What was typed into the file counts at once, as if it had been chosen in the window.
    async fn follow_file(&mut self) {
        let changed = match self.settings.reload() {
            Ok(false) => return,
            Ok(true) => self.settings_changed().await,
            Err(error) => Err(error),
        };
        if let Err(error) = changed {
            tracing::warn!(%error, "the last valid settings still apply");
        }
    }

    async fn settings_changed(&mut self) -> Result<()> {
        self.edits += 1;
        let before = Arc::clone(&self.effective);
        self.effective = Arc::new(effective(&self.settings, &self.environment));
        // At once: what waits for a webhook that was removed is not sent any more.
        self.parts.ledger.follow_webhooks(self.effective.posts_to()).await?;
        self.followed.send_replace(Arc::clone(&self.effective));
        self.point_at_source().await;
        self.source = known_source(&self.parts.ledger, &self.effective).await?;
        self.load_known().await?;
        self.load_published().await?;
        self.load_promoted().await?;
        self.follow_gateway().await;
        if self.effective.publish != before.publish && self.effective.publish.is_some() {
            self.publish_now(false, oneshot::channel().0);
        }
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.set_plan(plan(&self.effective), self.parts.clock.now());
        }
        self.teach_scheduler();
        self.forget_changed(&before);
        Ok(())
    }

    fn tell(&self, happening: Happening) {
        // Nobody has to listen.
        self.happenings.send(happening).ok();
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

/// The source's address, where there is one that can be used.
fn shown_source(settings: &Settings) -> String {
    settings.source().map(|source| Source::from(source).to_string()).unwrap_or_default()
}

/// The last run of this proxy that is over. One that goes on is no last run: its end is still to come.
async fn last_ended(ledger: &Ledger, proxy: &str) -> Result<Option<SyncRun>> {
    let recent = ledger.outcomes(proxy, RECENT_RUNS).await?;
    match recent.into_iter().find(|(_, outcome, _)| *outcome != Outcome::Running) {
        Some((id, ..)) => ledger.run(id).await.map(Some),
        None => Ok(None),
    }
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
        Outcome::Held => run.reason.as_deref() != Some(NO_MAP) && !is_busy(run),
        _ => true,
    }
}

/// Whether it waits for calls that a restart would cut off.
fn is_busy(run: &SyncRun) -> bool {
    run.error.as_ref().is_some_and(|error| error.field.as_deref() == Some(IN_FLIGHT))
}
