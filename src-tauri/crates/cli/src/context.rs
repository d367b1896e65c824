//! What commands work with: the home, the settings, the ledger, the time. Each is opened only when it is asked for, so
//! that `check` creates nothing and `history` takes no lock.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use engine::controller::{Engine, EngineOptions, Environment, FirstSyncs};
use engine::door::DoorClient;
use engine::home::{Home, HomeLock};
use engine::ledger::Ledger;
use engine::log::{LogGuard, init_tracing};
use engine::secrets::Secrets;
use engine::settings::{Proxy, Settings, SettingsEdit, SettingsFile, SettingsProblem, with_environment};
use engine::{Clock, Error, ErrorCode, Result};

use crate::args::Global;
use crate::output::Screen;

/// The surroundings of one command.
pub(crate) struct Context {
    /// Whom the output is for.
    pub(crate) screen: Screen,
    /// The time.
    pub(crate) clock: Clock,
    home: Option<PathBuf>,
    /// The last lines of the log are written when this is dropped.
    log: OnceLock<LogGuard>,
}

/// The environment variable with the log filter (CONTRACT, "Environment").
const LOG_FILTER: &str = "AUTOSYNC_LOG";

/// How long a command that may go through a door waits for the lock before it looks for one, again and again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The settings with what the environment adds.
pub(crate) struct Chosen {
    /// The file as it is.
    pub(crate) file: SettingsFile,
    /// With the environment.
    pub(crate) settings: Settings,
    /// What was not used, and why.
    pub(crate) problems: Vec<SettingsProblem>,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let clock = Clock::system();
        let width = comfy_table::Table::new().width();
        Self {
            screen: Screen { json: global.json, width, now: clock.now() },
            clock,
            home: global.home,
            log: OnceLock::new(),
        }
    }

    /// The home. Only a path: nothing is created.
    pub(crate) fn home(&self) -> Result<Home> {
        Home::resolve(self.home.clone(), &|name| std::env::var_os(name))
    }

    /// Reads an environment variable.
    pub(crate) fn environment() -> Environment {
        Arc::new(|name| std::env::var(name).ok())
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Result<Chosen> {
        let file = SettingsFile::load(&self.home()?.settings())?;
        let (settings, ignored) = with_environment(file.settings(), &*Self::environment());
        let problems = file.problems().iter().cloned().chain(ignored).collect();
        Ok(Chosen { file, settings, problems })
    }

    /// The ledger for reading; `None` where nothing was ever recorded.
    pub(crate) async fn ledger(&self) -> Result<Option<Ledger>> {
        Ledger::open_read(&self.home()?.ledger()).await
    }

    /// Whether anything was ever recorded.
    pub(crate) fn ledger_is_there(&self) -> Result<bool> {
        Ok(self.home()?.ledger().exists())
    }

    /// The keys.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        Ok(Secrets::new(&self.home()?))
    }

    /// Logs to stderr what a command that only reads does, where `AUTOSYNC_LOG` asks for it.
    pub(crate) fn log_reads(&self) -> Result<()> {
        if let Ok(filter) = std::env::var(LOG_FILTER) {
            drop(self.log.set(init_tracing(None, Some(&filter), true)?));
        }
        Ok(())
    }

    /// A running engine that holds the home. `scheduled` runs the schedule and watches the source: who starts that in a
    /// terminal asks for the first sync of every proxy too.
    pub(crate) async fn engine(&self, lock: HomeLock, scheduled: bool) -> Result<Engine> {
        let filter = std::env::var(LOG_FILTER).ok();
        let guard = init_tracing(Some(&self.home()?), filter.as_deref(), filter.is_some())?;
        // Only one engine runs in a process, so there is no other guard yet.
        drop(self.log.set(guard));
        Engine::start(EngineOptions {
            home: self.home()?,
            lock,
            settings: self.settings()?.file,
            environment: Self::environment(),
            clock: self.clock.clone(),
            scheduled,
            first_syncs: if scheduled { FirstSyncs::Start } else { FirstSyncs::Asked },
        })
        .await
    }

    /// The right to write, for this process alone. Waits for another writer as long as the contract says; may be given up.
    pub(crate) async fn lock(&self) -> Result<HomeLock> {
        self.acquire(HomeLock::WAIT).await
    }

    /// The way to change something: here, or at once through the door of the process that holds the home. Waits for one
    /// without a door as long as the contract says; may be given up.
    pub(crate) async fn access(&self) -> Result<Access> {
        let home = self.home()?;
        let begun = Instant::now();
        loop {
            let busy = match self.acquire(LOOK_AGAIN).await {
                Ok(lock) => return Ok(Access::Here(lock)),
                Err(error) if error.code == ErrorCode::HomeBusy => error,
                Err(error) => return Err(error),
            };
            if let Some(door) = DoorClient::find(&home).await? {
                return Ok(Access::Door(door));
            }
            if begun.elapsed() >= HomeLock::WAIT {
                return Err(busy);
            }
        }
    }

    async fn acquire(&self, wait: Duration) -> Result<HomeLock> {
        let home = self.home()?;
        let waited = tokio::task::spawn_blocking(move || HomeLock::acquire(&home, wait)).await;
        waited.map_err(|cause| Error::new(ErrorCode::Internal, "The home could not be locked.").detail(cause))?
    }
}

/// The way to change something.
pub(crate) enum Access {
    /// Nobody else does: this process holds the home.
    Here(HomeLock),
    /// The process that holds the home does it.
    Door(DoorClient),
}

impl Access {
    /// Makes a change of the settings.
    pub(crate) async fn change(&self, context: &Context, edit: SettingsEdit) -> Result<()> {
        match self {
            Self::Here(_) => edit.apply(&mut context.settings()?.file),
            Self::Door(door) => door.edit(edit).await,
        }
    }
}

impl Chosen {
    /// The proxies that `name` means: this one, or all.
    pub(crate) fn proxies(&self, name: Option<&str>) -> Result<Vec<Proxy>> {
        match name {
            Some(name) => Ok(vec![self.settings.proxy(name)?.clone()]),
            None => Ok(self.settings.proxies.clone()),
        }
    }
}
