//! The controller: one task that owns all state and is its only writer.
//!
//! Everything that happens becomes one `Event`; requests come in by a channel, each with a `oneshot` where a reply is
//! due; state goes out as an immutable [`Snapshot`]. Jobs run beside it and tell it what they do.

mod api;
mod event;
mod job;
mod keys;
mod state;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use api::{Happening, Pause, ProxySnapshot, Running, Snapshot, SyncOrder, SyncReport};
pub use event::Edit;
use event::Event;
use job::Parts;
use keys::Keys;
use state::Controller;
pub(crate) use state::conclusive;

use crate::home::{Home, HomeLock};
use crate::ledger::{Ledger, RunFilter};
use crate::log::{SyncLog, SyncLogLine};
use crate::run::{Outcome, SyncRun};
use crate::secrets::Secrets;
use crate::settings::{SettingsEdit, SettingsFile};
use crate::source::FollowingFetcher;
use crate::{Clock, Error, ErrorCode, Result};

/// How many happenings a slow listener may lag behind before it loses the oldest.
const HAPPENINGS: usize = 1024;

/// How long running jobs may take to end after a shutdown was asked for. A reload in flight is not waited for: the next
/// start finds its run `interrupted`.
const GRACE: Duration = Duration::from_secs(5);

/// Runs that a crash can have left: one a proxy, and they are the newest.
const RECENT_RUNS: usize = 100;

/// How environment variables are read: `std::env::var`, or a test's own.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What an engine is started with.
pub struct EngineOptions {
    /// The home, held by `lock`.
    pub home: Home,
    /// Proof that nobody else writes there.
    pub lock: HomeLock,
    /// The settings, loaded.
    pub settings: SettingsFile,
    /// Reads an environment variable: what LiteLLM's own variables add to the settings.
    pub environment: Environment,
    /// The time.
    pub clock: Clock,
    /// Run the schedule, watch the source and ask proxies how they are. Off for one command.
    pub scheduled: bool,
}

/// A running engine. Cheap to ask, from any task.
pub struct Engine {
    events: mpsc::UnboundedSender<Event>,
    happenings: broadcast::Sender<Happening>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    ledger: Ledger,
    task: JoinHandle<()>,
    /// Held until the engine is gone.
    lock: HomeLock,
}

/// A crash left runs in the ledger that the log does not know yet.
async fn log_interrupted(ledger: &Ledger, log: &SyncLog, began: DateTime<Utc>) -> Result<()> {
    let recent = ledger.runs(RunFilter { limit: RECENT_RUNS, ..RunFilter::default() }).await?;
    let left = |run: &&SyncRun| run.outcome == Outcome::Interrupted && run.finished >= Some(began);
    for line in recent.iter().rev().filter(left).filter_map(SyncLogLine::from_run) {
        log.append(&line)?;
    }
    Ok(())
}

impl Engine {
    /// Opens the ledger, marks runs that a crash left as `interrupted`, and starts the controller.
    ///
    /// # Errors
    /// Where the home, the ledger or the settings cannot be used.
    pub async fn start(options: EngineOptions) -> Result<Self> {
        let EngineOptions { home, lock, settings, environment, clock, scheduled } = options;
        let began = clock.now();
        let (ledger, interrupted) = Ledger::open(&home.ledger(), &clock).await?;
        let log = SyncLog::new(&home);
        if interrupted > 0 {
            log_interrupted(&ledger, &log, began).await?;
        }
        let (events, inbox) = mpsc::unbounded_channel();
        let (happenings, _) = broadcast::channel(HAPPENINGS);
        let parts = Arc::new(Parts {
            ledger: ledger.clone(),
            clock,
            fetcher: FollowingFetcher::default(),
            secrets: Secrets::new(&home),
            environment: Arc::clone(&environment),
            log,
            promoting: Mutex::default(),
            prices: Mutex::default(),
            keys: Keys::default(),
            events: events.clone(),
        });
        let controller =
            Controller::load(parts, settings, environment, scheduled, interrupted, happenings.clone()).await?;
        let snapshot = controller.subscribe();
        let task = tokio::spawn(controller.run(inbox));
        Ok(Self { events, happenings, snapshot, ledger, task, lock })
    }

    /// Syncs, and waits for the end of it. Asking again for a proxy that is being synced joins that run.
    ///
    /// # Errors
    /// `not_found` for a name that is no proxy; the ledger's. What goes wrong at the source or a proxy is in the report.
    pub async fn sync(&self, order: SyncOrder) -> Result<SyncReport> {
        self.ask(|reply| Event::Sync { order, reply }).await
    }

    /// Checks the source and promotes what is there if the checks allow it; no proxy is touched.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    pub async fn check_source(&self) -> Result<SyncReport> {
        self.ask(|reply| Event::CheckSource { reply }).await
    }

    /// Pauses the schedule. Syncs that a person asks for still run.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn pause(&self, pause: Pause) -> Result<()> {
        self.ask(|reply| Event::Pause { pause: Some(pause), reply }).await
    }

    /// Lets the schedule go on.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn resume(&self) -> Result<()> {
        self.ask(|reply| Event::Pause { pause: None, reply }).await
    }

    /// Changes the settings, and lets the schedule follow them.
    ///
    /// # Errors
    /// Those of the edit; then nothing was changed.
    pub async fn edit(&self, edit: Edit) -> Result<()> {
        self.ask(|reply| Event::Edit { edit, reply }).await
    }

    /// Asks proxies how they are, these or all where none is named; the snapshot shows what comes of it. Asking again
    /// while one is being asked asks it once more after that. A name that is no proxy's is passed over.
    pub fn ask_proxies(&self, names: Vec<String>) {
        self.send(Event::AskProxies { names });
    }

    /// Makes a change of the settings that came as data, as [`Engine::edit`] does.
    ///
    /// # Errors
    /// Those of [`SettingsEdit::apply`]; then nothing was changed.
    pub async fn apply(&self, edit: SettingsEdit) -> Result<()> {
        self.edit(Box::new(move |file| edit.apply(file))).await
    }

    /// Cancels running syncs: of one proxy, or all. They end as `interrupted` before the next thing that they would change.
    pub fn cancel(&self, proxy: Option<String>) {
        self.send(Event::Cancel { proxy });
    }

    /// What happens from now on.
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// The state, now and as it changes.
    pub fn snapshot(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// The ledger, for queries.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Cancels what runs, waits a little for it to end, and gives the home free.
    pub async fn shutdown(self) {
        self.send(Event::Shutdown);
        if tokio::time::timeout(GRACE * 2, self.task).await.is_err() {
            tracing::warn!("the controller did not end in time");
        }
        drop(self.lock);
    }

    fn send(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::warn!("the controller has ended");
        }
    }

    async fn ask<T>(&self, event: impl FnOnce(oneshot::Sender<Result<T>>) -> Event) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(event(reply));
        answer.await.unwrap_or_else(|_| Err(Error::new(ErrorCode::Cancelled, "The engine has ended.")))
    }
}
