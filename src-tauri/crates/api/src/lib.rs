//! What the dashboard and the tray ask of the engine: views that are ready to show, and commands. The app's window and
//! the development server call the same ones, so that the whole UI also runs in a browser.

mod attention;
pub mod bindings;
pub mod commands;
mod desktop;
mod handlers;
mod maps;
mod news;
#[cfg(test)]
mod samples;
mod state;
pub mod toast;
mod today;
pub mod tray;
pub mod view;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use engine::controller::{EngineHandle, Environment};
use engine::home::Home;
use engine::secrets::Secrets;
use engine::settings::{Close, DirectMode, Network, Settings, SettingsFile, SettingsProblem, with_environment};
use engine::{Clock, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast};
use ts_rs::TS;

pub use desktop::{Desktop, NoDesktop};
use maps::Differences;
use view::{AppState, HostKind, Place};

/// How many events a slow window may lag behind; it asks for the state anew then.
const EVENTS: usize = 64;

/// The field of a problem with the whole file.
pub(crate) const SETTINGS_FILE: &str = "settings.toml";

/// What is pushed to the dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AppEvent {
    /// The state has changed.
    State {
        /// All of it.
        state: Box<AppState>,
    },
    /// Go to a place: a toast was clicked, or the tray asked.
    Open {
        /// Where.
        place: Place,
    },
}

/// The engine with what the dashboard needs around it.
pub struct Api {
    pub(crate) engine: EngineHandle,
    pub(crate) home: Home,
    pub(crate) clock: Clock,
    pub(crate) environment: Environment,
    pub(crate) desktop: Box<dyn Desktop>,
    pub(crate) host: HostKind,
    pub(crate) differences: Differences,
    /// What is new today, as it was told last.
    pub(crate) today: today::Known,
    /// Checks of the source that a person asked for and that go on.
    pub(crate) checking: AtomicUsize,
    /// The state that was told last: the next one is numbered after it.
    pub(crate) told: tokio::sync::Mutex<Option<Arc<AppState>>>,
    pub(crate) wake: Notify,
    /// The settings file, as it could be read last.
    last_file: Mutex<Option<SettingsFile>>,
    events: broadcast::Sender<AppEvent>,
}

/// The settings with what the environment adds.
pub(crate) struct Chosen {
    /// The file.
    pub(crate) file: SettingsFile,
    /// With the environment.
    pub(crate) settings: Settings,
    /// What was not used, and why.
    pub(crate) problems: Vec<SettingsProblem>,
}

impl Api {
    /// Around a running engine.
    pub fn new(
        engine: EngineHandle,
        home: Home,
        clock: Clock,
        environment: Environment,
        desktop: Box<dyn Desktop>,
        host: HostKind,
    ) -> Arc<Self> {
        let (events, _) = broadcast::channel(EVENTS);
        Arc::new(Self {
            engine,
            home,
            clock,
            environment,
            desktop,
            host,
            differences: Differences::default(),
            today: today::Known::default(),
            checking: AtomicUsize::default(),
            told: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            last_file: Mutex::default(),
            events,
        })
    }

    /// Pushes the state anew, though the engine's own did not change.
    pub fn refresh(&self) {
        self.wake.notify_one();
    }

    /// The way out to the network that the user chose.
    ///
    /// # Errors
    /// Where the settings cannot be read.
    pub fn network(&self) -> Result<Network> {
        Ok(self.chosen()?.settings.network)
    }

    /// Whether closing the window ends the program: the user's choice.
    pub fn closing_quits(&self) -> bool {
        self.chosen().is_ok_and(|chosen| chosen.settings.app.close == Close::Quit)
    }

    /// What is pushed from now on.
    pub fn events(&self) -> broadcast::Receiver<AppEvent> {
        self.events.subscribe()
    }

    /// Pushes an event to every window. Without one it is lost, which is no matter: a window asks for the state first.
    pub fn push(&self, event: AppEvent) {
        self.events.send(event).ok();
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Whether proxies that read the source themselves wait for a review.
    pub(crate) fn direct(&self) -> Result<DirectMode> {
        Ok(self.chosen()?.settings.gate.direct)
    }

    pub(crate) fn chosen(&self) -> Result<Chosen> {
        let mut last = self.last_file.lock().unwrap_or_else(PoisonError::into_inner);
        // Half typed it cannot be read; until it can, what was read before counts, here as in the engine.
        let (file, unread) = match (SettingsFile::load(&self.home.settings()), last.as_ref()) {
            (Ok(file), _) => (file, None),
            (Err(error), Some(known)) => (known.clone(), Some(error)),
            (Err(error), None) => return Err(error),
        };
        *last = Some(file.clone());
        let (settings, ignored) = with_environment(file.settings(), &*self.environment);
        let unread = unread.map(|error| SettingsProblem {
            field: SETTINGS_FILE.to_owned(),
            code: error.code,
            message: error.message,
        });
        let problems = unread.into_iter().chain(file.problems().iter().cloned()).chain(ignored).collect();
        Ok(Chosen { file, settings, problems })
    }

    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(&self.home)
    }
}
