//! The commands: one table, from which the dispatch and the TypeScript are made. Each handler is a few lines; what it
//! does is the engine's.

use engine::run::Outcome;
use engine::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::Api;
use crate::bindings::Declarations;
use crate::view::{
    AppState, Changes, DoctorView, FoundProxy, LogRow, ModelDetail, ModelList, OverlayView, OwnCheck, OwnDraft,
    PinPreview, PromotionRow, ProxyForm, ProxyTest, ReviewDetail, ReviewView, RevisionRow, RunDetail, RunRow,
    SettingsView, VerifyView, WebhookForm, WebhookTest,
};

/// Which proxies; none means all.
#[derive(Debug, Deserialize, TS)]
pub struct Proxies {
    /// Their names.
    pub proxies: Vec<String>,
}

/// What to sync.
#[derive(Debug, Deserialize, TS)]
pub struct SyncArgs {
    /// The proxies by name; none means all.
    pub proxies: Vec<String>,
    /// POST even where the proxy has the map already. Never passes a hold.
    pub force: bool,
}

/// One proxy.
#[derive(Debug, Deserialize, TS)]
pub struct ProxyArg {
    /// Its name.
    pub proxy: String,
}

/// How long to pause.
#[derive(Debug, Deserialize, TS)]
pub struct PauseArgs {
    /// `30m`, `1h`, `tomorrow`, or nothing: until resumed.
    pub length: Option<String>,
}

/// Which two maps.
#[derive(Debug, Deserialize, TS)]
pub struct ChangesArgs {
    /// The old one; `None`: the one before `to`.
    pub from: Option<String>,
    /// The new one; `None`: the newest.
    pub to: Option<String>,
}

/// One model.
#[derive(Debug, Deserialize, TS)]
pub struct ModelArg {
    /// Its name in the map.
    pub model: String,
}

/// What was decided.
#[derive(Debug, Deserialize, TS)]
pub struct DecideArgs {
    /// The models.
    pub models: Vec<String>,
    /// The source's map whose values were looked at; a decision about others is refused.
    pub revision: Option<String>,
    /// `approved` or `rejected`; null takes the decision back.
    #[ts(type = "'approved' | 'rejected' | null")]
    pub ruling: Option<String>,
}

/// What proxies are to be held at.
#[derive(Debug, Deserialize, TS)]
pub struct PinArgs {
    /// The revision; null: what is promoted now, or for a rollback the one before.
    pub revision: Option<String>,
    /// Which proxy; null: all.
    pub proxy: Option<String>,
    /// What is promoted now is bad.
    pub rollback: bool,
}

/// Whose pin ends.
#[derive(Debug, Deserialize, TS)]
pub struct UnpinArgs {
    /// Which proxy's own; null: every pin.
    pub proxy: Option<String>,
}

/// Which map goes on to which stage.
#[derive(Debug, Deserialize, TS)]
pub struct PromoteArgs {
    /// `testing`, `staging` or `production`; null: the next one.
    pub to: Option<String>,
    /// Also where a proxy failed with it.
    pub force: bool,
}

/// How to publish.
#[derive(Debug, Deserialize, TS)]
pub struct PublishArgs {
    /// Replace the other machine's map that was told before.
    pub replace: bool,
}

/// An own entry.
#[derive(Debug, Deserialize, TS)]
pub struct OwnArgs {
    /// The model.
    pub model: String,
    /// A JSON object, as text: numbers keep every digit.
    pub fields: String,
    /// The own entry is this and nothing else; false: its other fields stay.
    pub whole: bool,
}

/// Which fields of an own entry.
#[derive(Debug, Deserialize, TS)]
pub struct RemoveOwnArgs {
    /// The model.
    pub model: String,
    /// Which fields; none: all of it.
    pub fields: Vec<String>,
}

/// What to verify.
#[derive(Debug, Deserialize, TS)]
pub struct VerifyArgs {
    /// The model's name in the map.
    pub model: String,
    /// The proxy; `None`: the first one that uses it, or the first one.
    pub proxy: Option<String>,
}

/// What to look into.
#[derive(Debug, Deserialize, TS)]
pub struct DoctorArgs {
    /// Why is this model not there, or not at this price? `None`: why is the proxy not in sync?
    pub model: Option<String>,
    /// The proxy; `None`: all of them.
    pub proxy: Option<String>,
}

/// A page of runs.
#[derive(Debug, Deserialize, TS)]
pub struct HistoryArgs {
    /// Only of this proxy.
    pub proxy: Option<String>,
    /// Only those that ended so, or are under way.
    #[ts(type = "RunRow['outcome'] | null")]
    pub outcome: Option<Outcome>,
    /// Only those older than this run.
    pub before: Option<u64>,
    /// At most so many; never more than 200.
    pub limit: usize,
}

/// One run.
#[derive(Debug, Deserialize, TS)]
pub struct RunArg {
    /// Its number.
    pub id: u64,
}

/// How many lines of the log.
#[derive(Debug, Deserialize, TS)]
pub struct LogArgs {
    /// At most so many, the newest; never more than 500.
    pub limit: usize,
}

/// A proxy to test: as typed, or one of the settings when only `edits` and an unchanged key are given.
#[derive(Debug, Deserialize, TS)]
pub struct TestArgs {
    /// What is typed; it is not saved.
    pub form: ProxyForm,
    /// The source that is chosen with it; `None`: the one of the settings.
    #[serde(default)]
    pub source: Option<String>,
}

/// A proxy to add or change.
#[derive(Debug, Deserialize, TS)]
pub struct SaveProxyArgs {
    /// What is typed.
    pub form: ProxyForm,
}

/// A webhook to add or change.
#[derive(Debug, Deserialize, TS)]
pub struct SaveWebhookArgs {
    /// What is typed.
    pub form: WebhookForm,
}

/// One webhook.
#[derive(Debug, Deserialize, TS)]
pub struct WebhookArg {
    /// Its name.
    pub webhook: String,
}

/// One setting.
#[derive(Debug, Deserialize, TS)]
pub struct SetArgs {
    /// Which one.
    pub field: SettingField,
    /// Its new value as text: `production`, `6h`, `true`; several lines for `windows`.
    pub value: String,
}

/// A setting that one control changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SettingField {
    /// An address or a path; empty: the default.
    Source,
    /// `5m`, `off`.
    Watch,
    /// `production`, `development`, `testing`, `custom`, `off`.
    Preset,
    /// The interval of `custom`.
    Every,
    /// One rule a line.
    Windows,
    /// `true` or `false`.
    OnChange,
    /// `review`, `hold`, `off`.
    GateMode,
    /// `tell`, `wait`.
    GateDirect,
    /// `0m`, `1h`.
    GateSoak,
    /// `gate.stages`.
    GateStages,
    /// `gate.stage_soak`.
    GateStageSoak,
    /// `127.0.0.1:4401`, or `off`.
    Gateway,
    /// A folder, a file, `s3://bucket/key`, or `off`.
    PublishTo,
    /// The address at which proxies read that, or empty.
    PublishUrl,
    /// `true`, `false`.
    NotifyNewModels,
    /// `mine`, `all`, `off`.
    NotifyPriceChanges,
    /// `true`, `false`.
    NotifyFailures,
    /// In per cent; `0`: never.
    NotifySuccessRate,
    /// `22:00-07:00`, or empty.
    Quiet,
    /// `true`, `false`.
    Autostart,
    /// `tray`, `quit`.
    Close,
    /// `daily` or `off`.
    Updates,
    /// `system`, `none`, or an address.
    NetworkProxy,
    /// A PEM file of authorities, or empty.
    NetworkCaFile,
    /// `system`, `light`, `dark`.
    Theme,
}

/// What to open outside of the dashboard.
#[derive(Debug, Deserialize, TS)]
pub struct OpenArgs {
    /// Which.
    pub what: Outside,
}

/// Things outside of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The folder with the logs.
    Logs,
    /// The home.
    Data,
}

/// A version of this program.
#[derive(Debug, Deserialize, TS)]
pub struct SkipArgs {
    /// The version to hear no more of; null: of every one.
    pub version: Option<String>,
}

/// A file to keep.
#[derive(Debug, Deserialize, TS)]
pub struct SaveFileArgs {
    /// A name without a folder: `changes-a07f3d1-b41c9e2.md`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Where a file was put.
#[derive(Debug, Serialize, TS)]
pub struct SavedFile {
    /// The whole path.
    pub path: String,
}

/// Text.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Text {
    /// The text.
    pub text: String,
}

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident($args:ty) -> $result:ty;)+) => {
        impl Api {
            /// Runs the command of this name. What the app's window and the development server both call.
            ///
            /// # Errors
            /// The command's own; `not_found` for a name that is none; `usage` for arguments that do not fit.
            pub async fn call(&self, name: &str, args: Value) -> Result<Value> {
                match name {
                    $(stringify!($name) => answer(&self.$name(given::<$args>(name, args)?).await?),)+
                    _ => Err(Error::new(ErrorCode::NotFound, "There is no such command.").detail(name)),
                }
            }
        }

        /// Tells every command to `declarations`, in order.
        pub(crate) fn declare(declarations: &mut Declarations) {
            $(declarations.command::<$args, $result>(stringify!($name), &[$($doc),+]);)+
        }
    };
}

commands! {
    /// The whole state.
    state(()) -> AppState;
    /// Syncs, and answers when all runs have ended. Their progress is in the state.
    sync(SyncArgs) -> Vec<RunRow>;
    /// What a sync of this proxy would do; nothing is changed.
    preview(ProxyArg) -> RunDetail;
    /// What a sync of a proxy that is only typed would do; nothing is saved or changed.
    preview_draft(TestArgs) -> RunDetail;
    /// Cancels the running syncs of these proxies.
    cancel(Proxies) -> ();
    /// Asks the source whether it has a new map.
    check_source(()) -> ();
    /// Asks proxies how they are.
    ask(Proxies) -> ();
    /// Somebody looks at the dashboard; said every 30 s, proxies are asked as often.
    looking(()) -> ();
    /// Pauses the schedule.
    pause(PauseArgs) -> ();
    /// Lets the schedule go on.
    resume(()) -> ();
    /// Every map that is kept, the newest first.
    revisions(()) -> Vec<RevisionRow>;
    /// What differs between two maps; null when there are no two.
    changes(ChangesArgs) -> Option<Changes>;
    /// All entries of the promoted map.
    models(()) -> ModelList;
    /// One entry in depth.
    model(ModelArg) -> ModelDetail;
    /// A model's prices at the source, promoted and live.
    verify(VerifyArgs) -> VerifyView;
    /// Why a model is not there or not at its price, or a proxy not in sync: the one cause, and what ends it.
    doctor(DoctorArgs) -> DoctorView;
    /// What needs review, with what was decided so far.
    review(()) -> ReviewView;
    /// One model that needs review, in depth.
    review_model(ModelArg) -> ReviewDetail;
    /// Decides about models; the gateway serves what follows from it, and the proxies that read it are synced.
    decide(DecideArgs) -> ReviewView;
    /// Every map that was promoted, the newest first.
    promotions(()) -> Vec<PromotionRow>;
    /// What holding proxies at an earlier map would change; nothing is changed.
    pin_preview(PinArgs) -> PinPreview;
    /// Holds proxies at an earlier map, and syncs those that get what is promoted.
    pin(PinArgs) -> ();
    /// Lets proxies follow the source again.
    unpin(UnpinArgs) -> ();
    /// Lets the map that waits go on to the next stage, and syncs the proxies there.
    promote(PromoteArgs) -> ();
    /// Publishes what is promoted now; the state tells what came of it.
    publish(PublishArgs) -> ();
    /// The user's own entries, with what upstream has beside them.
    overlay(()) -> OverlayView;
    /// What the form for an own entry of this model begins with.
    own_draft(ModelArg) -> OwnDraft;
    /// What the checks say of an own entry that is only typed; nothing is saved.
    check_own(OwnArgs) -> OwnCheck;
    /// Saves an own entry, and syncs the proxies that get what is promoted.
    set_own(OwnArgs) -> OverlayView;
    /// Removes an own entry or fields of it: upstream's values count again.
    remove_own(RemoveOwnArgs) -> OverlayView;
    /// Keeps an own entry although upstream changed.
    keep_own(ModelArg) -> OverlayView;
    /// A page of runs, the newest first.
    history(HistoryArgs) -> Vec<RunRow>;
    /// One run, all of it.
    run(RunArg) -> RunDetail;
    /// The newest lines of the sync log, the oldest of them first.
    log(LogArgs) -> Vec<LogRow>;
    /// All settings.
    settings(()) -> SettingsView;
    /// Changes one setting.
    set(SetArgs) -> SettingsView;
    /// Adds a proxy, or changes one. The key goes to the system's store.
    save_proxy(SaveProxyArgs) -> SettingsView;
    /// Removes a proxy and its key; its history is kept.
    remove_proxy(ProxyArg) -> SettingsView;
    /// Adds a webhook, or changes one. Its address goes to the system's store.
    save_webhook(SaveWebhookArgs) -> SettingsView;
    /// Removes a webhook, its address and what waits for it.
    remove_webhook(WebhookArg) -> SettingsView;
    /// Sends a test message; what waits is tried again where it arrives.
    test_webhook(WebhookArg) -> WebhookTest;
    /// What a proxy lets us do. Nothing is saved, and no key goes to what is no LiteLLM.
    test_proxy(TestArgs) -> ProxyTest;
    /// Looks for LiteLLM on the usual ports of this machine. No key is sent.
    find_proxies(()) -> Vec<FoundProxy>;
    /// The welcome was finished or skipped.
    end_first_run(()) -> ();
    /// Opens a folder in the system's file manager.
    open(OpenArgs) -> ();
    /// Puts text on the clipboard; a browser does that itself.
    copy(Text) -> ();
    /// Puts a file into the user's folder for downloads.
    save_file(SaveFileArgs) -> SavedFile;
    /// What a bug report needs; no key, and addresses without credentials.
    diagnostics(()) -> Text;
    /// Looks for a newer version of this program; what comes of it is in the state.
    check_updates(()) -> ();
    /// Downloads the version that was found, checks its signature, and installs it.
    install_update(()) -> ();
    /// Gives up the download.
    cancel_update(()) -> ();
    /// Speaks of this version no more, or again.
    skip_update(SkipArgs) -> ();
}

fn given<T: DeserializeOwned>(name: &str, args: Value) -> Result<T> {
    serde_json::from_value(args).map_err(|error| {
        Error::new(ErrorCode::Usage, format!("The command {name} got invalid arguments.")).detail(error)
    })
}

fn answer<T: Serialize>(answer: &T) -> Result<Value> {
    serde_json::to_value(answer)
        .map_err(|error| Error::new(ErrorCode::Internal, "An answer could not be written.").detail(error))
}
