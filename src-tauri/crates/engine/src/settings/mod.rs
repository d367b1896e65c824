//! What the user has chosen: `settings.toml`, as CONTRACT shows it, and what the environment adds.

mod edit;
mod environment;
mod file;
mod hours;
mod key_header;
mod name;
mod network;
mod period;
mod publish;
mod read;
mod url;
mod webhook;
mod words;
mod write;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::gate::Stage;
use crate::{Error, ErrorCode, Result};

pub use edit::{GateEdit, ProxyDocument, SettingsEdit};
pub use environment::{ENV_PROXY, with_environment};
pub use file::SettingsFile;
pub use hours::Hours;
pub use key_header::KeyHeader;
pub use name::ProxyName;
pub use network::NetworkProxy;
pub use period::Period;
pub use publish::{Publish, PublishTarget};
pub use read::usable_ca_file;
pub use url::{ProxyUrl, SourceUrl};
pub use webhook::{Webhook, WebhookDocument};
pub use words::{
    AlertKind, Close, DirectMode, GateMode, Preset, PriceNews, Role, StageMode, Theme, Updates, WebhookKind,
};

/// The `schema` of the settings that this program knows.
pub const SCHEMA: i64 = 1;

/// Where maps come from when nothing else is chosen: LiteLLM's own map on its main branch.
pub const DEFAULT_SOURCE: &str =
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json";

/// Everything the user has chosen, each value valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Where maps come from; ask [`Settings::source`].
    #[serde(skip)]
    pub source: SourceChoice,
    /// How often the source is asked whether it has a new map; `None`: only with a sync.
    pub watch: Option<Period>,
    /// When proxies are synced.
    pub schedule: Schedule,
    /// What the checks may do.
    pub gate: Gate,
    /// The address the gateway listens on; `None`: it is off.
    pub gateway: Option<SocketAddr>,
    /// Where the promoted map is put for others; `None`: nowhere.
    pub publish: Option<Publish>,
    /// What the user is told.
    pub notify: Notify,
    /// How the window looks and closes.
    pub app: App,
    /// The way out to the source.
    pub network: Network,
    /// The proxies, in the file's order; names differ in more than case.
    pub proxies: Vec<Proxy>,
    /// Where alerts are posted, in the file's order; names differ in more than case.
    pub webhooks: Vec<Webhook>,
}

/// What the settings say about the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceChoice {
    /// Nothing: [`DEFAULT_SOURCE`].
    #[default]
    Default,
    /// This one.
    Chosen(Source),
    /// One that cannot be used. Prices from another source than the chosen one would be worse than none, so nothing
    /// takes its place.
    Refused(Error),
}

/// Where maps come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An HTTP(S) address.
    Url(SourceUrl),
    /// A file on this machine, by its absolute path.
    File(PathBuf),
}

/// When proxies are synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// A ready-made interval, or `custom`.
    pub preset: Preset,
    /// The interval of `custom`.
    pub every: Period,
    /// When scheduled syncs may or may not run: `allow Mon-Fri 02:00-05:00`. Read by the scheduler.
    pub windows: Vec<String>,
    /// Whether a new map at the source is synced at once, within windows, pauses and soak.
    pub on_change: bool,
}

/// What the checks may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// What happens to a map with findings.
    pub mode: GateMode,
    /// What happens with Review findings where a proxy reads its own URL.
    pub direct: DirectMode,
    /// How long an accepted map waits before it is promoted.
    pub soak: Period,
    /// Whether it goes to proxies for testing first, and to production last.
    pub stages: StageMode,
    /// How long a stage must have had it, proved, before the next gets it.
    pub stage_soak: Period,
}

/// What the user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notify {
    /// New models.
    pub new_models: bool,
    /// Price changes.
    pub price_changes: PriceNews,
    /// Runs that failed.
    pub failures: bool,
    /// A proxy of which fewer syncs than this work, in per cent over the last 30 days, is told; 0: never.
    pub success_rate: u8,
    /// No toasts between these times of the day (`22:00-07:00`, local time); empty: always.
    pub quiet: String,
}

/// How the window looks and closes. Only the desktop app reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct App {
    /// Its colours.
    pub theme: Theme,
    /// What closing it does.
    pub close: Close,
    /// Whether newer versions of the app are looked for.
    pub updates: Updates,
}

/// The way out to the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Network {
    /// The outgoing HTTP proxy.
    pub proxy: NetworkProxy,
    /// A PEM file of authorities that are trusted beside the system's store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// A proxy that is kept up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// What the user calls it.
    pub name: ProxyName,
    /// Its base address.
    pub url: ProxyUrl,
    /// What it is used for.
    pub role: Role,
    /// Where its key is.
    pub key: KeyPlace,
    /// The header that carries the key.
    pub key_header: KeyHeader,
    /// Whether the user has accepted that the key goes over plain HTTP to a public address.
    pub allow_plain_http: bool,
    /// A PEM file of authorities that are trusted for it, beside the system's store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The user's own command that restarts it, run without a shell: the way for a proxy without a database to load a map.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<String>,
    /// The map file inside its installation, for a proxy that reads nothing else: written here, and what was there is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_file: Option<PathBuf>,
    /// The proxy reloads its map by itself, so often, and this program sees to it that it does: it starts no scheduled sync
    /// then, so that there are never two schedules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_schedule: Option<Hours>,
    /// It reloads its list of Anthropic beta headers by itself, so often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta_headers: Option<Hours>,
}

/// Where a secret is: a proxy's key, or a webhook's address. Never the secret itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the system's key store.
    #[default]
    Keyring,
    /// In the environment variable of this name.
    Env(String),
}

/// A value in the settings that is not valid, and was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// Where: `schedule.every`, `proxy[2].url`, or the name of an environment variable.
    pub field: String,
    /// What programs branch on.
    pub code: ErrorCode,
    /// What is wrong, what holds instead, what to do. Never the value where that may be a secret.
    pub message: String,
}

impl Settings {
    /// The source that maps are to come from.
    ///
    /// Fails when the chosen one cannot be used: what is wrong with it, or `source_is_gateway`.
    pub fn source(&self) -> Result<Source> {
        match &self.source {
            SourceChoice::Default => Ok(Source::Url(SourceUrl::default())),
            SourceChoice::Refused(error) => Err(error.clone()),
            SourceChoice::Chosen(source) => {
                self.refuse_own_gateway(source)?;
                Ok(source.clone())
            }
        }
    }

    /// The proxy of this name, whatever its case. Fails with `not_found`.
    pub fn proxy(&self, name: &str) -> Result<&Proxy> {
        self.proxies.iter().find(|proxy| proxy.name.is(name)).ok_or_else(|| no_proxy(name))
    }

    /// The webhook of this name, whatever its case. Fails with `not_found`.
    pub fn webhook(&self, name: &str) -> Result<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.name.is(name)).ok_or_else(|| webhook::no_webhook(name))
    }

    /// The names of the webhooks that anything is posted to.
    pub fn posts_to(&self) -> Vec<String> {
        let on = self.webhooks.iter().filter(|webhook| webhook.enabled);
        on.map(|webhook| webhook.name.to_string()).collect()
    }

    /// Whether any proxy can get what is promoted here: from the gateway, from where it is published, or as its local file.
    pub fn reaches_proxies(&self) -> bool {
        let is_written = |proxy: &Proxy| proxy.local_file.is_some();
        self.gateway.is_some() || self.publish.is_some() || self.proxies.iter().any(is_written)
    }

    /// The stage that a proxy belongs to. One that the settings do not know is treated as the most careful.
    pub fn stage_of(&self, name: &str) -> Stage {
        let proxy = self.proxies.iter().find(|proxy| proxy.name.is(name));
        proxy.map_or(Stage::Production, |proxy| proxy.role.into())
    }

    /// Whether a map waits for this proxy at its stage. The one of the environment comes and goes with a terminal.
    pub fn is_in_stages(&self, name: &str) -> bool {
        !name.eq_ignore_ascii_case(ENV_PROXY)
    }

    /// A gateway that fetched from itself would serve one map for ever.
    fn refuse_own_gateway(&self, source: &Source) -> Result<()> {
        match (source, self.gateway) {
            (Source::Url(url), Some(listen)) if url.is_served_by(listen) => Err(Error::new(
                ErrorCode::SourceIsGateway,
                format!("The source {url} is this program's own gateway ({listen}), which would never see a new map. Nothing was fetched. Choose another source, or another address for the gateway."),
            )
            .field("source.url")),
            _ => Ok(()),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: SourceChoice::Default,
            watch: Some(Period::minutes(5)),
            schedule: Schedule::default(),
            gate: Gate::default(),
            gateway: None,
            publish: None,
            notify: Notify::default(),
            app: App::default(),
            network: Network::default(),
            proxies: Vec::new(),
            webhooks: Vec::new(),
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self { preset: Preset::Production, every: Period::hours(6), windows: Vec::new(), on_change: true }
    }
}

impl Schedule {
    /// The time between two syncs, or `None` when only a person starts them.
    pub fn interval(&self) -> Option<Period> {
        match self.preset {
            Preset::Production => Some(Period::hours(6)),
            Preset::Development => Some(Period::hours(1)),
            Preset::Testing => Some(Period::hours(12)),
            Preset::Custom => Some(self.every),
            Preset::Off => None,
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            mode: GateMode::Review,
            direct: DirectMode::Tell,
            soak: Period::minutes(0),
            stages: StageMode::Off,
            stage_soak: Period::hours(1),
        }
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            new_models: true,
            price_changes: PriceNews::Mine,
            failures: true,
            success_rate: 80,
            quiet: String::new(),
        }
    }
}

impl Source {
    /// A URL, or else a file; a relative path starts at `folder`.
    pub fn parse(text: &str, folder: &std::path::Path) -> Result<Self> {
        let text = text.trim();
        if text.contains("://") {
            return SourceUrl::parse(text).map(Self::Url);
        }
        if text.is_empty() {
            return Err(invalid("The source must be an http or https URL, or the path of a file.").field("source"));
        }
        Ok(Self::File(folder.join(text)))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for KeyPlace {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let variable = |name: &str| {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        match text.split_once(':') {
            None if text == "keyring" => Ok(Self::Keyring),
            Some(("env", name)) if variable(name) => Ok(Self::Env(name.to_owned())),
            // The value may be the key itself: it is never repeated.
            _ => Err(invalid(
                "Write \"keyring\", or \"env:\" and the name of an environment variable. Do not enter the key itself here.",
            )),
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("keyring"),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

impl Serialize for KeyPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidSetting, message)
}

fn no_proxy(name: &str) -> Error {
    let name = crate::error::bounded(name, 80);
    Error::new(
        ErrorCode::NotFound,
        format!("There is no proxy named {name}. See Settings or `autosync proxy list` for the names."),
    )
    .field("name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_the_intervals_that_the_contract_names() {
        let interval = |preset| Schedule { preset, every: Period::minutes(7), ..Schedule::default() }.interval();
        assert_eq!(interval(Preset::Production), Some(Period::hours(6)));
        assert_eq!(interval(Preset::Development), Some(Period::hours(1)));
        assert_eq!(interval(Preset::Testing), Some(Period::hours(12)));
        assert_eq!(interval(Preset::Custom), Some(Period::minutes(7)));
        assert_eq!(interval(Preset::Off), None);
    }

    #[test]
    fn a_key_pasted_where_its_place_belongs_is_not_repeated() {
        assert_eq!("env:LITELLM_KEY".parse(), Ok(KeyPlace::Env("LITELLM_KEY".to_owned())));
        assert_eq!("keyring".parse(), Ok(KeyPlace::Keyring));
        for bad in ["sk-secret", "env:", "env:sk-secret", "env:1A", "file:sk-secret", ""] {
            let error = bad.parse::<KeyPlace>().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidSetting);
            assert!(!error.message.contains("sk-secret") && error.detail.is_none(), "{bad}");
        }
    }

    #[test]
    fn the_default_source_is_litellms_own_map() {
        assert_eq!(Settings::default().source().unwrap().to_string(), DEFAULT_SOURCE);
    }

    #[test]
    fn a_source_is_a_url_or_a_file() {
        let folder = std::path::Path::new("/maps");
        assert_eq!(Source::parse("a/map.json", folder).unwrap(), Source::File(folder.join("a/map.json")));
        assert!(matches!(Source::parse("http://127.0.0.1:9/map.json", folder).unwrap(), Source::Url(_)));
        assert!(Source::parse("ftp://host/map.json", folder).is_err());
        assert!(Source::parse(" ", folder).is_err());
    }
}
