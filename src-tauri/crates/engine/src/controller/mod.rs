//! The controller: one task that owns all state and is its only writer.
//!
//! Everything that happens becomes one `Event`; requests come in by a channel, each with a `oneshot` where a reply is
//! due; state goes out as an immutable [`Snapshot`]. Jobs run beside it and tell it what they do.

mod api;
mod event;
mod handle;
mod job;
mod keys;
mod state;
mod steps;
mod upkeep;
mod webhooks;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, RwLock, broadcast, mpsc};
use tokio::task::JoinHandle;

pub use api::{Happening, Pause, PauseState, ProxySnapshot, Running, Snapshot, SyncOrder, SyncReport};
pub use event::Draft;
use event::Event;
pub use handle::EngineHandle;
use job::Parts;
use keys::Keys;
use state::Controller;
pub(crate) use state::{PAUSE_KEY, PROOFS_KEY, conclusive};
use upkeep::Upkeep;
use webhooks::Webhooks;

use crate::gateway::Gateway;
use crate::home::{Home, HomeLock};
use crate::ledger::{Ledger, RunFilter};
use crate::log::{SyncLog, SyncLogLine};
use crate::overlay::OverlayFile;
use crate::publish::Publisher;
use crate::run::{Outcome, SyncRun};
use crate::secrets::Secrets;
use crate::settings::SettingsFile;
use crate::source::FollowingFetcher;
use crate::{Clock, Result};

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
    /// What the start of the engine says about proxies that were never synced.
    pub first_syncs: FirstSyncs,
}

/// Who starts the first sync of a proxy. Later ones follow the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstSyncs {
    /// A person, for each proxy.
    #[default]
    Asked,
    /// Whoever started the engine has asked for those that the settings had then: `autosync watch`.
    Start,
}

/// A running engine. What may be asked of it is at [`EngineHandle`]; this one also holds the home, and ends it.
pub struct Engine {
    handle: EngineHandle,
    task: JoinHandle<()>,
    webhooks: Webhooks,
    /// Of an engine that runs for long.
    upkeep: Option<Upkeep>,
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
        let EngineOptions { home, lock, settings, environment, clock, scheduled, first_syncs } = options;
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
            clock: clock.clone(),
            fetcher: FollowingFetcher::default(),
            secrets: Secrets::new(&home),
            environment: Arc::clone(&environment),
            log,
            promoting: Mutex::default(),
            current: RwLock::default(),
            prices: Mutex::default(),
            keys: Keys::default(),
            gateway: Gateway::new(ledger.clone(), clock.clone()),
            overlay: OverlayFile::new(&home),
            backups: home.backups(),
            publisher: Publisher::new(ledger.clone(), clock.clone()),
            retiring: Mutex::default(),
            acted: AtomicBool::default(),
            events: events.clone(),
        });
        let controller = Controller::load(
            Arc::clone(&parts),
            settings,
            environment,
            (scheduled, first_syncs),
            interrupted,
            happenings.clone(),
        )
        .await?;
        let snapshot = controller.subscribe();
        let webhooks = Webhooks::follow(parts, controller.followed(), snapshot.clone(), scheduled).await?;
        let task = tokio::spawn(controller.run(inbox));
        let upkeep = scheduled.then(|| Upkeep::start(ledger.clone(), clock));
        Ok(Self { handle: EngineHandle { events, happenings, snapshot, ledger }, task, webhooks, upkeep, lock })
    }

    /// Another way to ask, for tasks of their own. It does not keep the engine running.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Cancels what runs, waits a little for it to end, and gives the home free.
    pub async fn shutdown(self) {
        self.handle.send(Event::Shutdown);
        if tokio::time::timeout(GRACE * 2, self.task).await.is_err() {
            tracing::warn!("the controller did not end in time");
        }
        self.webhooks.end().await;
        drop(self.upkeep);
        drop(self.lock);
    }
}

/// What is asked of a handle may be asked of the engine itself.
impl Deref for Engine {
    type Target = EngineHandle;

    fn deref(&self) -> &EngineHandle {
        &self.handle
    }
}
