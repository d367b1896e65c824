//! What the terminal, the tray and the dashboard may ask of the engine, and what they are told.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use costmap::{Finding, Revision};
use serde::{Deserialize, Serialize, Serializer};

use crate::Error;
use crate::ledger::Promotion;
use crate::run::{StepTime, SyncRun, Trigger};
use crate::status::{Health, ProxyStatus};
use crate::sync::{SourceState, Step};

/// What to sync, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncOrder {
    /// The proxies by name; empty means all.
    pub proxies: Vec<String>,
    /// POST even where the proxy has the map already. Never passes a hold.
    pub force: bool,
    /// Only look: nothing is promoted, recorded or reloaded.
    pub dry_run: bool,
    /// Why.
    pub trigger: Trigger,
}

/// What came of a [`SyncOrder`].
#[derive(Clone, Debug, PartialEq)]
pub struct SyncReport {
    /// What is known of the source now; its `error` says why it could not be checked.
    pub source: SourceState,
    /// What the checks said about the map there.
    pub findings: Vec<Finding>,
    /// One run a proxy, in the order of the settings.
    pub runs: Vec<SyncRun>,
}

/// How long to pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// Until this time.
    Until(DateTime<Utc>),
    /// Until resumed.
    Indefinitely,
}

/// Something that just happened. For progress bars, `autosync watch`, toasts and the dashboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The source was asked and answered.
    SourceChecked {
        /// What is known of it now.
        source: SourceState,
        /// Whether it has another revision than before.
        is_new: bool,
        /// New models in it against the promoted map; empty when it is the first.
        new_models: Vec<String>,
        /// Price fields that differ from the promoted map.
        pricing_changes: usize,
    },
    /// The source could not be read; the old map is kept.
    SourceFailed {
        /// Why.
        error: Error,
    },
    /// A run began.
    RunStarted {
        /// Its number.
        id: u64,
        /// The proxy.
        proxy: String,
        /// Why.
        trigger: Trigger,
    },
    /// A run went on to its next step.
    RunStep {
        /// Its number.
        id: u64,
        /// The proxy.
        proxy: String,
        /// The step that begins.
        step: Step,
        /// The steps before it.
        done: Vec<StepTime>,
    },
    /// A run ended.
    RunFinished {
        /// All of it.
        #[serde(serialize_with = "shared_run")]
        run: Arc<SyncRun>,
    },
    /// A proxy was asked, and is otherwise than when it was asked before. The same health again is not told.
    ProxyAsked {
        /// The proxy.
        proxy: String,
        /// How it is now.
        health: Health,
        /// How it was; `None` when it was never asked before.
        was: Option<Health>,
        /// Why it is not up.
        error: Option<Error>,
    },
    /// Syncs are paused, or go on.
    Paused {
        /// Until when; `None` when they go on.
        until: Option<DateTime<Utc>>,
    },
    /// The computer slept or its clock was set: overdue work runs once.
    Resumed,
}

/// A run that goes on now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Running {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub step: Step,
    /// Since when it runs.
    pub started: DateTime<Utc>,
    /// Why.
    pub trigger: Trigger,
    /// The steps that are done.
    pub steps: Vec<StepTime>,
}

/// What the controller knows of one proxy. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProxySnapshot {
    /// Its name.
    pub name: String,
    /// Its address, without credentials.
    pub url: String,
    /// What it is used for.
    pub role: String,
    /// The run that goes on now.
    pub running: Option<Running>,
    /// The last run that ended.
    #[serde(serialize_with = "shared")]
    pub last_run: Option<Arc<SyncRun>>,
    /// The revision that its last proof shows.
    pub proved: Option<Revision>,
    /// When the schedule is due next; `None` while paused or without a schedule.
    pub next_run: Option<DateTime<Utc>>,
    /// What it said when it was asked last; `None` until then.
    #[serde(serialize_with = "shared")]
    pub status: Option<Arc<ProxyStatus>>,
    /// When that was: a `status` grows old where the proxy takes long to answer.
    pub asked_at: Option<DateTime<Utc>>,
    /// Whether it is being asked now.
    pub is_asking: bool,
    /// Since when it does not answer: the first time that it was asked in vain since it last answered.
    pub down_since: Option<DateTime<Utc>>,
}

/// The whole state, immutable and cheap to clone: what is large is shared. History, diffs and models are queries of the ledger, never part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Snapshot {
    /// Grows with each change, so that an older one can be dropped.
    pub revision: u64,
    /// What is known of the source.
    pub source: Option<SourceState>,
    /// The map that proxies are meant to have.
    #[serde(serialize_with = "shared")]
    pub promoted: Option<Arc<Promotion>>,
    /// Until when the schedule is paused.
    pub paused_until: Option<DateTime<Utc>>,
    /// Each proxy, in the order of the settings.
    pub proxies: Vec<ProxySnapshot>,
    /// Runs that a crash left and that are `interrupted` now.
    pub interrupted_runs: usize,
}

/// What is shared looks in JSON as if it were not.
#[expect(clippy::ref_option, reason = "serde calls it so")]
fn shared<T: Serialize, S: Serializer>(value: &Option<Arc<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(serializer)
}

fn shared_run<S: Serializer>(run: &Arc<SyncRun>, serializer: S) -> Result<S::Ok, S::Error> {
    SyncRun::serialize(run, serializer)
}
