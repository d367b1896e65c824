//! The settings as a form, and what a proxy lets us do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ErrorView, WebhookSetting};

/// Where a key comes from. A key goes in and never comes out.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum KeyForm {
    /// The system's key store.
    Keyring {
        /// The key; `None` keeps the one that is there.
        #[serde(default)]
        secret: Option<String>,
    },
    /// An environment variable.
    Env {
        /// Its name.
        variable: String,
    },
}

impl std::fmt::Debug for KeyForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keyring { .. } => f.write_str("Keyring(…)"),
            Self::Env { variable } => write!(f, "Env({variable})"),
        }
    }
}

/// A proxy as a person types it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ProxyForm {
    /// The proxy that is edited; `None` adds one.
    #[serde(default)]
    pub edits: Option<String>,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// `production`, `staging`, `testing` or `development`.
    pub role: String,
    /// Its key.
    pub key: KeyForm,
    /// The header that carries the key: `Authorization`, or the proxy's `litellm_key_header_name`.
    pub key_header: String,
    /// The key may go over plain HTTP to a public address.
    pub allow_plain_http: bool,
    /// A PEM file of authorities to trust for it beside the system's store; or empty.
    pub ca_file: String,
    /// The command that restarts it, as one line; or empty.
    #[serde(default)]
    pub restart: String,
    /// The map file in its installation, by its whole path; or empty.
    #[serde(default)]
    pub local_file: String,
    /// How often it reloads its map by itself, `6h`; or empty.
    #[serde(default)]
    pub own_schedule: String,
    /// How often it reloads its Anthropic beta headers by itself, `24h`; or empty.
    #[serde(default)]
    pub beta_headers: String,
}

/// A proxy in the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProxySetting {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What it is used for.
    pub role: String,
    /// The variable that holds its key; `None`: the system's key store.
    pub key_variable: Option<String>,
    /// The header that carries its key.
    pub key_header: String,
    /// The key may go over plain HTTP to a public address.
    pub allow_plain_http: bool,
    /// A PEM file of authorities that are trusted for it; empty: only the system's store.
    pub ca_file: String,
    /// The command that restarts it, as one line; or empty.
    pub restart: String,
    /// The map file in its installation that is written; or empty.
    pub local_file: String,
    /// How often it reloads its map by itself; or empty.
    pub own_schedule: String,
    /// How often it reloads its Anthropic beta headers by itself; or empty.
    pub beta_headers: String,
    /// It comes from the environment, and cannot be edited here.
    pub from_environment: bool,
}

/// A value in the settings file that is not valid, and was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProblemView {
    /// Where: `schedule.every`.
    pub field: String,
    /// What is wrong and what holds instead.
    pub message: String,
}

/// The gateway: from it proxies read what was promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayView {
    /// Where it listens, or `off`.
    pub listen: String,
    /// Where it listens unless told otherwise.
    pub default_listen: String,
    /// It listens now.
    pub on: bool,
    /// Why it does not although it should.
    pub error: Option<String>,
    /// What each proxy has to read, and whether it does.
    pub proxies: Vec<GatewayProxy>,
}

/// One proxy at the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayProxy {
    /// Its name.
    pub name: String,
    /// Its own address, as a proxy on this machine is told.
    pub url: String,
    /// It says that it reads it, or came for its map.
    pub is_read: bool,
    /// When it came last.
    pub last_fetch: Option<DateTime<Utc>>,
}

/// All settings, as the file and the environment give them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// Where the promoted map is put for others, or `off`.
    pub publish_to: String,
    /// The address at which proxies read that, or empty.
    pub publish_url: String,
    /// The gateway, and what each proxy has to read.
    pub gateway: GatewayView,
    /// The proxies.
    pub proxies: Vec<ProxySetting>,
    /// The source: an address or a path.
    pub source: String,
    /// Whether the source is a file.
    pub source_is_file: bool,
    /// The source when nothing is chosen.
    pub default_source: String,
    /// How often the source is asked: `5m`, or `off`.
    pub watch: String,
    /// `production`, `development`, `testing`, `custom` or `off`.
    pub preset: String,
    /// The interval of `custom`: `6h`.
    pub every: String,
    /// A new map at the source is synced at once.
    pub on_change: bool,
    /// When scheduled syncs may run, one rule a line.
    pub windows: Vec<String>,
    /// The next three syncs that the schedule would start.
    pub next_syncs: Vec<DateTime<Utc>>,
    /// `review`, `hold` or `off`.
    pub gate_mode: String,
    /// `tell` or `wait`.
    pub gate_direct: String,
    /// How long an accepted map waits: `0m`.
    pub gate_soak: String,
    /// Whether maps go by stages: `off`, `rule` or `hand`.
    pub gate_stages: String,
    /// How long each stage has a map before the next gets it.
    pub gate_stage_soak: String,
    /// Toasts for new models.
    pub notify_new_models: bool,
    /// `mine`, `all` or `off`.
    pub notify_price_changes: String,
    /// Toasts for failures.
    pub notify_failures: bool,
    /// The success rate, in per cent, under which a proxy is told; 0: never.
    pub notify_success_rate: u8,
    /// Where alerts are posted.
    pub webhooks: Vec<WebhookSetting>,
    /// `22:00-07:00`, or empty.
    pub quiet: String,
    /// Whether the app starts at login; `None` where this host cannot.
    pub autostart: Option<bool>,
    /// `tray` or `quit`.
    pub close: String,
    /// `daily` or `off`.
    pub updates: String,
    /// `system`, `none`, or the address of an HTTP proxy.
    pub network_proxy: String,
    /// A PEM file of authorities that are trusted for the source; empty: only the system's store.
    pub network_ca_file: String,
    /// What the environment says: `HTTPS_PROXY=http://proxy:3128`, without credentials.
    pub network_environment: Vec<String>,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Where settings, ledger and logs are.
    pub home: String,
    /// What all of it takes.
    pub usage: UsageView,
    /// What is not valid in the file.
    pub problems: Vec<ProblemView>,
    /// The name of the system's key store: "Windows Credential Manager".
    pub key_store: String,
    /// Why keys cannot be kept; `None` where they can.
    pub key_store_problem: Option<String>,
}

/// A LiteLLM proxy on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FoundProxy {
    /// Its address.
    pub url: String,
    /// LiteLLM's version.
    pub version: String,
    /// How long its answer took.
    pub milliseconds: u64,
}

/// What a proxy lets us do with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProxyTest {
    /// LiteLLM's version.
    pub version: Option<String>,
    /// How long its answer took.
    pub milliseconds: u64,
    /// The live map can be read.
    pub can_read: bool,
    /// The key may reload, and the proxy can.
    pub can_sync: bool,
    /// Whether it has a database.
    pub database: Option<bool>,
    /// Models that can be called with the key.
    pub callable: Option<u64>,
    /// Models in its live map.
    pub priced: Option<u64>,
    /// Callable models without a price, at most 100.
    pub unpriced: Vec<String>,
    /// What stands in the way, and what to do.
    pub error: Option<ErrorView>,
    /// It reads another source than we do, so no sync reloads it.
    pub other_source: Option<OtherSourceView>,
    /// What this version does that people do not expect.
    pub traps: Vec<String>,
}

/// Another source than ours, which a proxy reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OtherSourceView {
    /// What is so, and what to do.
    pub message: String,
    /// The address that can be used here too.
    pub usable: Option<String>,
}

/// What the home and the program take, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UsageView {
    /// The ledger.
    pub ledger: u64,
    /// Both logs.
    pub logs: u64,
    /// Maps and settings of before.
    pub backups: u64,
    /// All of the home.
    pub total: u64,
    /// Memory of the program and its window now; `None` where the system does not tell.
    pub memory: Option<u64>,
    /// Old runs that found nothing new and were folded.
    pub folded_runs: u64,
}
