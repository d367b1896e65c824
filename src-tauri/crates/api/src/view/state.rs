//! The whole state that is pushed to the dashboard: everything that the overview, the status line and the badges show.

use chrono::{DateTime, Utc};
use engine::Error;
use engine::run::{Outcome, Trigger};
use engine::status::{Health, Reads, SyncState, ZeroCause, ZeroModel};
use engine::sync::{OwnSchedule, Step};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Attention, CauseView, ChangeSummary, PinView, ReceiptView, RunRow, StageView, StepTime, Today, UpdateView,
    WebhookStateView,
};

/// Where the dashboard is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// In the app's own window.
    Desktop,
    /// In a browser, from the development server.
    Browser,
}

/// An error as it crosses the border: callers branch on `code`, people read `message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErrorView {
    /// What programs branch on: `proxy_unreachable`.
    pub code: String,
    /// One or two plain sentences: what happened, what was not changed, what to do.
    pub message: String,
    /// The evidence.
    pub detail: Option<String>,
    /// The field that is wrong.
    pub field: Option<String>,
}

impl From<&Error> for ErrorView {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code.as_str(),
            message: error.message.clone(),
            detail: error.detail.clone(),
            field: error.field.clone(),
        }
    }
}

/// The state. An older `revision` than the one known is dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AppState {
    /// Grows with each change.
    pub revision: u64,
    /// The time of this state.
    pub now: DateTime<Utc>,
    /// The program's version.
    pub version: String,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
    /// Where the dashboard is shown.
    pub host: HostKind,
    /// No proxy yet, and the welcome was not finished or skipped.
    pub first_run: bool,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Where maps come from.
    pub source: SourceView,
    /// What was promoted last: what proxies are meant to have, unless it is on its way to production.
    pub promoted: Option<PromotedView>,
    /// How far the map is on its way to production: each stage with proxies. Empty where all proxies get it at once.
    pub stages: Vec<StageView>,
    /// What proxies are held at: that of all of them first.
    pub pins: Vec<PinView>,
    /// The user's own entries.
    pub own: OwnNote,
    /// What is published; null: nothing is.
    pub publish: Option<PublishView>,
    /// How far each webhook has got.
    pub webhooks: Vec<WebhookStateView>,
    /// Whether the schedule is paused.
    pub pause: Option<PauseView>,
    /// Each proxy, in the order of the settings.
    pub proxies: Vec<ProxyView>,
    /// What a person should look at, the worst first.
    pub attention: Vec<Attention>,
    /// When the last proved sync of any proxy ended.
    pub last_sync: Option<DateTime<Utc>>,
    /// When the schedule is due next.
    pub next_sync: Option<DateTime<Utc>>,
    /// Models in the source over the last 30 days, the oldest first.
    pub model_counts: Vec<CountPoint>,
    /// The newest revision's changes against the one before.
    pub latest_changes: Option<ChangeSummary>,
    /// What is new today; `None` until a second map was promoted.
    pub today: Option<Today>,
    /// Newer versions of this program.
    pub update: UpdateView,
    /// Why there is no icon in the tray; null where there is one, or none is meant to be.
    pub tray_problem: Option<String>,
    /// Whether toasts can be shown.
    pub toasts: ToastView,
}

/// The source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SourceView {
    /// The URL or file.
    pub url: String,
    /// The newest revision seen there.
    pub revision: Option<String>,
    /// When that revision was first seen.
    pub seen_at: Option<DateTime<Utc>>,
    /// When it last answered.
    pub checked_at: Option<DateTime<Utc>>,
    /// Models in it.
    pub models: Option<usize>,
    /// `accepted`, `review` or `held`.
    pub verdict: Option<String>,
    /// Why the last check failed.
    pub error: Option<ErrorView>,
    /// It is being asked now.
    pub is_checking: bool,
    /// What it has that the promoted map does not; `None` when it is promoted as a whole.
    pub new_there: Option<ChangeSummary>,
    /// Why the checks hold it back: the worst cause.
    pub held_because: Option<String>,
    /// It is kept here and can be compared; what is no map at all is not.
    pub is_kept: bool,
}

/// The map that proxies are meant to have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PromotedView {
    /// Which.
    pub revision: String,
    /// The upstream map that it was made from.
    pub upstream: String,
    /// The map by which proxies bill: the upstream one, or the one before while proxies wait for a review.
    pub billed: String,
    /// Its models.
    pub models: usize,
    /// Since when.
    pub promoted_at: DateTime<Utc>,
    /// Models that keep their old entry, at most 50 of them.
    pub held_models: Vec<String>,
    /// How many those are.
    pub held: usize,
    /// Why, one line a cause, the worst first.
    pub causes: Vec<CauseView>,
    /// Proxies that read the source themselves are not reloaded until those are reviewed (`gate.direct`).
    pub waits: bool,
}

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PublishView {
    /// Where: a path, or `s3://bucket/key`.
    pub to: String,
    /// What proxies are told to read, where that is known.
    pub url: Option<String>,
    /// The map that is there.
    pub revision: Option<String>,
    /// Since when.
    pub published_at: Option<DateTime<Utc>>,
    /// It is what is promoted.
    pub is_current: bool,
    /// Why it is not.
    pub error: Option<ErrorView>,
}

/// The user's own entries in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnNote {
    /// How many there are.
    pub entries: usize,
    /// Those where upstream changed since they were saved.
    pub moved: Vec<String>,
    /// Those of them where upstream has the same now.
    pub same: Vec<String>,
    /// Those that are not used, and why the file is not.
    pub problem: Option<String>,
}

/// The schedule is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PauseView {
    /// Until when; `None` until a person resumes.
    pub until: Option<DateTime<Utc>>,
}

/// One proxy: three facts that are never mixed, and their evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ProxyView {
    /// Its name.
    pub name: String,
    /// Its address, without credentials.
    pub url: String,
    /// `production`, `staging`, `testing` or `development`.
    pub role: String,
    /// Desired against live.
    #[ts(type = "'synced' | 'behind' | 'held' | 'unknown'")]
    pub sync: SyncState,
    /// What it holds, as it says itself or as the last proof showed.
    pub live_revision: Option<String>,
    /// When the last proved run ended.
    pub proved_at: Option<DateTime<Utc>>,
    /// Its own revision equals the desired one: the same to the byte.
    pub to_the_byte: bool,
    /// Whether it can be used; `None` before it was asked for the first time.
    #[ts(type = "'up' | 'degraded' | 'down' | 'unauthorised' | null")]
    pub health: Option<Health>,
    /// When it was last asked.
    pub asked_at: Option<DateTime<Utc>>,
    /// It is being asked now.
    pub is_asking: bool,
    /// Since when it does not answer.
    pub down_since: Option<DateTime<Utc>>,
    /// LiteLLM's version.
    pub version: Option<String>,
    /// Whether it has a database; `None` where that cannot be told.
    pub database: Option<bool>,
    /// Where it gets its map.
    #[ts(type = "'direct' | 'gateway' | 'local_file' | 'unknown'")]
    pub reads: Reads,
    /// Why it is not up, or what it cannot do.
    pub error: Option<ErrorView>,
    /// The stable id of the cause of that, as the doctor has it: `proxy.refused`.
    pub cause: Option<String>,
    /// LiteLLM withdrew the release that it runs: what to do.
    pub withdrawn: Option<String>,
    /// The last run that ended.
    pub last_run: Option<RunRow>,
    /// The run that goes on now.
    pub running: Option<RunningView>,
    /// When the schedule is due next.
    pub next_run: Option<DateTime<Utc>>,
    /// Hours between the reloads that it does by itself; null where it does none, or does not say.
    pub own_hours: Option<u32>,
    /// How the schedule fares by which it is wanted to reload by itself; null where none is.
    #[ts(type = "'leads' | 'lost' | 'no_database' | 'overdue' | null")]
    pub own_schedule: Option<OwnSchedule>,
    /// No person has asked for a sync of it yet; until then nothing else syncs it.
    pub awaits_first_sync: bool,
    /// The last 30 runs, the oldest first.
    pub strip: Vec<StripRun>,
    /// Over the last 30 days.
    pub rate: RateView,
    /// Models that can be called with the key.
    pub callable: Option<u64>,
    /// Models in its live map, as it says or as the last proof showed.
    pub priced: Option<u64>,
    /// Callable models without a price, billed as $0; at most 100.
    pub unpriced: Vec<String>,
    /// The entry that would price the first of these.
    pub unpriced_entry: Option<String>,
    /// Calls of the last 7 days that were booked at $0 and should not have been.
    pub zero: Vec<ZeroView>,
    /// The proof of the last run that has one.
    pub receipt: Option<ReceiptView>,
}

/// The calls of one model that a proxy booked at $0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ZeroView {
    /// What users call.
    pub model: String,
    /// Why: nothing prices it, its price is not applied, or its deployment sets 0.
    #[ts(type = "'no_price' | 'not_applied' | 'set_to_zero'")]
    pub cause: ZeroCause,
    /// Calls.
    pub calls: u64,
    /// Tokens that they used; `None` where only the proxy's own counter knows of them.
    pub tokens: Option<u64>,
    /// The entry that prices it, or would.
    pub entry: String,
    /// Why, in words.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl From<&ZeroModel> for ZeroView {
    fn from(zero: &ZeroModel) -> Self {
        Self {
            model: zero.model.clone(),
            cause: zero.cause,
            calls: zero.calls,
            tokens: zero.tokens,
            entry: zero.entry.clone(),
            why: zero.why().to_owned(),
            remedy: zero.remedy(),
        }
    }
}

/// A run in the strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StripRun {
    /// Its number.
    pub id: u64,
    /// How it ended.
    #[ts(type = "RunRow['outcome']")]
    pub outcome: Outcome,
    /// When it was started.
    pub started: DateTime<Utc>,
}

/// Runs counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RateView {
    /// Over so many days.
    pub days: u32,
    /// Succeeded or unchanged.
    pub succeeded: u64,
    /// Failed or unproven.
    pub failed: u64,
    /// Held back.
    pub held: u64,
    /// Cancelled or cut off.
    pub interrupted: u64,
}

/// A run that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RunningView {
    /// Its number.
    pub id: u64,
    /// What it does now.
    #[ts(type = "'check_source' | 'read_live' | 'reload' | 'read_back' | 'receipt'")]
    pub step: Step,
    /// What it has done.
    pub done: Vec<StepTime>,
    /// Since when it runs.
    pub started: DateTime<Utc>,
    /// Why it was started.
    #[ts(type = "'manual' | 'schedule' | 'change' | 'retry' | 'resume' | 'heal' | 'promotion'")]
    pub trigger: Trigger,
}

/// Models in the source at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CountPoint {
    /// When that revision was first seen.
    pub at: DateTime<Utc>,
    /// Its models.
    pub models: usize,
}

/// Whether toasts work here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ToastView {
    /// Why the last toast could not be shown; `None` where they work or none was due yet.
    pub problem: Option<String>,
}
