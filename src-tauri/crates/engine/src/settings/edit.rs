//! Every change that a person can make to the settings, as data: what the window, the terminal and the door send.
//!
//! Values are texts, numbers and flags as a form or a command line has them; they are read by the same parsers as the
//! file, so that everybody gets the same error with the same `field`.

use serde::{Deserialize, Serialize};

use super::Hours;
use super::{
    App, Gate, Network, Notify, Period, Proxy, ProxyUrl, Publish, PublishTarget, SettingsFile, Source, SourceChoice,
    Webhook, WebhookDocument, invalid, read,
};
use crate::clock::local_offset;
use crate::schedule::{QuietHours, Windows};
use crate::{Error, Result};

/// What of `gate` is to change; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateEdit {
    /// `review`, `hold` or `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// `tell` or `wait`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<String>,
    /// `0m`, `2h`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<String>,
    /// `off`, `rule` or `hand`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<String>,
    /// `1h`, `0m`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_soak: Option<String>,
}

/// One change. In JSON `{"edit": "set_gate", "mode": "hold"}`; what is left out of a section stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum SettingsEdit {
    /// Adds a proxy.
    AddProxy {
        /// The whole of it.
        proxy: ProxyDocument,
    },
    /// Changes a proxy. Its name is the identity of its history and stays.
    SetProxy {
        /// Which one.
        name: String,
        /// The whole of it, as it is to be.
        proxy: ProxyDocument,
    },
    /// Removes a proxy. Its key, in the system's key store, is the caller's to remove.
    RemoveProxy {
        /// Which one.
        name: String,
    },
    /// Adds a webhook. Its address, in the system's key store, is the caller's to put there.
    AddWebhook {
        /// The whole of it.
        webhook: WebhookDocument,
    },
    /// Changes a webhook. Its name is the identity of what waits for it and stays.
    SetWebhook {
        /// The whole of it, as it is to be.
        webhook: WebhookDocument,
    },
    /// Removes a webhook, with what waits for it. Its address, in the system's key store, is the caller's to remove.
    RemoveWebhook {
        /// Which one.
        name: String,
    },
    /// Chooses where maps come from.
    SetSource {
        /// An address or a file; null: the default.
        source: Option<String>,
    },
    /// Chooses how often the source is watched.
    SetWatch {
        /// `5m`, or `off`.
        watch: String,
    },
    /// Chooses when proxies are synced.
    SetSchedule {
        /// `production`, `development`, `testing`, `custom` or `off`.
        preset: String,
        /// The interval of `custom`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<String>,
    },
    /// Chooses whether a new map at the source is synced at once.
    SetOnChange {
        /// It is, within windows, pauses and soak.
        on_change: bool,
    },
    /// Chooses when scheduled syncs may run.
    SetWindows {
        /// `allow Mon-Fri 02:00-05:00`, …
        windows: Vec<String>,
    },
    /// Chooses what the checks may do, and how a map gets from stage to stage.
    SetGate(GateEdit),
    /// Turns the gateway on or off.
    SetGateway {
        /// `127.0.0.1:4401`, or `off`.
        listen: String,
    },
    /// Chooses where the promoted map is put for others.
    SetPublish {
        /// A folder or a file by its whole path, `s3://bucket/key`, or `off`.
        to: String,
        /// The address at which proxies read it, where that is another one; empty is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Chooses what the user is told.
    SetNotify {
        /// New models.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new_models: Option<bool>,
        /// `mine`, `all` or `off`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_changes: Option<String>,
        /// Runs that failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failures: Option<bool>,
        /// The success rate, in per cent, under which a proxy is told; 0: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        success_rate: Option<u8>,
        /// `22:00-07:00`, or empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quiet: Option<String>,
    },
    /// Chooses how the window looks and closes, and whether updates are looked for.
    SetApp {
        /// `system`, `light` or `dark`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theme: Option<String>,
        /// `tray` or `quit`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        close: Option<String>,
        /// `daily` or `off`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        updates: Option<String>,
    },
    /// Chooses the way out to the source.
    SetNetwork {
        /// `system`, `none` or `http://host:port`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<String>,
        /// A PEM file of authorities to trust beside the system's store, or empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_file: Option<String>,
    },
}

/// A proxy as a form or a command line has it. Never the key itself, only where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyDocument {
    /// What the user calls it.
    pub name: String,
    /// Its base address.
    pub url: String,
    /// `production`, `staging`, `testing` or `development`.
    #[serde(default = "default_role")]
    pub role: String,
    /// `keyring`, or `env:` and the name of a variable.
    #[serde(default = "default_key")]
    pub key: String,
    /// The header that carries the key: `Authorization`, or the proxy's `litellm_key_header_name`.
    #[serde(default = "default_key_header")]
    pub key_header: String,
    /// Whether the key may go over plain HTTP to a public address.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// A PEM file of authorities to trust for it beside the system's store, by its whole path; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca_file: String,
    /// The command that restarts it, with its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<String>,
    /// The map file in its installation, by its whole path; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub local_file: String,
    /// How often it reloads its map by itself, `6h`; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub own_schedule: String,
    /// How often it reloads its Anthropic beta headers by itself, `24h`; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub beta_headers: String,
}

fn default_key_header() -> String {
    super::KeyHeader::default().to_string()
}

fn default_role() -> String {
    super::Role::default().to_string()
}

fn default_key() -> String {
    super::KeyPlace::default().to_string()
}

impl From<&Proxy> for ProxyDocument {
    fn from(proxy: &Proxy) -> Self {
        Self {
            name: proxy.name.to_string(),
            url: proxy.url.to_string(),
            role: proxy.role.to_string(),
            key: proxy.key.to_string(),
            key_header: proxy.key_header.to_string(),
            allow_plain_http: proxy.allow_plain_http,
            ca_file: proxy.ca_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            restart: proxy.restart.clone(),
            local_file: proxy.local_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            own_schedule: proxy.own_schedule.map(|hours| hours.to_string()).unwrap_or_default(),
            beta_headers: proxy.beta_headers.map(|hours| hours.to_string()).unwrap_or_default(),
        }
    }
}

impl TryFrom<&ProxyDocument> for Proxy {
    type Error = Error;

    /// Fails as the fields do; `field` is `name`, `url`, `role`, `key`, `key_header` or `ca_file`.
    fn try_from(document: &ProxyDocument) -> Result<Self> {
        Ok(Self {
            name: document.name.parse()?,
            url: ProxyUrl::parse(&document.url, document.allow_plain_http)?,
            role: parsed(&document.role, "role")?,
            key: parsed(&document.key, "key")?,
            key_header: parsed(&document.key_header, "key_header")?,
            allow_plain_http: document.allow_plain_http,
            ca_file: read::usable_ca_file(&document.ca_file)?,
            restart: document.restart.clone(),
            local_file: read::local_file(&document.local_file)?,
            own_schedule: hours(&document.own_schedule, "own_schedule")?,
            beta_headers: hours(&document.beta_headers, "beta_headers")?,
        })
    }
}

/// Empty is none.
fn hours(text: &str, field: &'static str) -> Result<Option<Hours>> {
    if text.is_empty() { Ok(None) } else { parsed(text, field).map(Some) }
}

impl SettingsEdit {
    /// Makes the change in the file, which is read again first.
    ///
    /// # Errors
    /// What is wrong with a value, with its `field`; those of the file. Nothing was changed then.
    pub fn apply(&self, file: &mut SettingsFile) -> Result<()> {
        // What is left out of a section stays as it is now, not as it was when the file was last read.
        file.reload()?;
        match self {
            Self::AddProxy { proxy } => file.add_proxy(&proxy.try_into()?),
            Self::SetProxy { name, proxy } => file.set_proxy(&of_the_same_name(file, name, proxy)?),
            Self::RemoveProxy { name } => file.remove_proxy(name),
            Self::AddWebhook { webhook } => file.add_webhook(&webhook.try_into()?),
            Self::SetWebhook { webhook } => {
                let webhook = Webhook::try_from(webhook)?;
                // Case is kept: what waits is found by the name.
                let name = file.settings().webhook(webhook.name.as_str()).map(|known| known.name.clone());
                file.set_webhook(&Webhook { name: name.unwrap_or_else(|_| webhook.name.clone()), ..webhook })
            }
            Self::RemoveWebhook { name } => file.remove_webhook(name),
            Self::SetSource { source } => {
                let chosen = source.as_deref().map(|text| Source::parse(text, file.folder())).transpose()?;
                file.set_source(chosen)
            }
            Self::SetWatch { watch } => file.set_watch(of("source.watch", read::off_or(watch, read::positive))?),
            Self::SetSchedule { preset, every } => {
                let every = every.as_deref().map(|text| of("schedule.every", read::positive(text))).transpose()?;
                file.set_schedule(parsed(preset, "schedule.preset")?, every)
            }
            Self::SetOnChange { on_change } => file.set_on_change(*on_change),
            Self::SetWindows { windows } => {
                of("schedule.windows", checked_windows(windows))?;
                file.set_windows(windows.clone())
            }
            Self::SetGate(GateEdit { mode, direct, soak, stages, stage_soak }) => {
                let now = file.settings().gate;
                file.set_gate(Gate {
                    mode: parsed_or(mode.as_deref(), "gate.mode", now.mode)?,
                    direct: parsed_or(direct.as_deref(), "gate.direct", now.direct)?,
                    soak: parsed_or::<Period>(soak.as_deref(), "gate.soak", now.soak)?,
                    stages: parsed_or(stages.as_deref(), "gate.stages", now.stages)?,
                    stage_soak: parsed_or::<Period>(stage_soak.as_deref(), "gate.stage_soak", now.stage_soak)?,
                })
            }
            Self::SetGateway { listen } => file.set_gateway(of("gateway.listen", read::off_or(listen, read::listen))?),
            Self::SetPublish { to, url } => {
                let to = of("publish.to", read::off_or(to, str::parse::<PublishTarget>))?;
                let now = file.settings().publish.as_ref().and_then(|publish| publish.url.clone());
                let url = url.as_deref().map_or(Ok(now), |text| of("publish.url", super::publish::read_url(text)))?;
                file.set_publish(to.map(|to| Publish { to, url }))
            }
            Self::SetNotify { new_models, price_changes, failures, success_rate, quiet } => {
                let now = file.settings().notify.clone();
                if let Some(quiet) = quiet.as_deref().filter(|quiet| !quiet.is_empty()) {
                    of("notify.quiet", quiet.parse::<QuietHours>())?;
                }
                file.set_notify(Notify {
                    new_models: new_models.unwrap_or(now.new_models),
                    price_changes: parsed_or(price_changes.as_deref(), "notify.price_changes", now.price_changes)?,
                    failures: failures.unwrap_or(now.failures),
                    success_rate: of(
                        "notify.success_rate",
                        success_rate.map_or(Ok(now.success_rate), |percent| read::percent(percent.into())),
                    )?,
                    quiet: quiet.clone().unwrap_or(now.quiet),
                })
            }
            Self::SetApp { theme, close, updates } => {
                let now = file.settings().app;
                file.set_app(App {
                    theme: parsed_or(theme.as_deref(), "app.theme", now.theme)?,
                    close: parsed_or(close.as_deref(), "app.close", now.close)?,
                    updates: parsed_or(updates.as_deref(), "app.updates", now.updates)?,
                })
            }
            Self::SetNetwork { proxy, ca_file } => {
                let now = file.settings().network.clone();
                file.set_network(Network {
                    proxy: parsed_or(proxy.as_deref(), "network.proxy", now.proxy)?,
                    ca_file: ca_file.as_deref().map_or(now.ca_file, |text| read::ca_file(text, file.folder())),
                })
            }
        }
    }

    /// The change that chooses this source.
    ///
    /// # Errors
    /// `invalid_setting` where the file's path is no Unicode text.
    pub fn set_source(source: &SourceChoice) -> Result<Self> {
        let source = match source {
            SourceChoice::Default => None,
            SourceChoice::Refused(error) => return Err(error.clone()),
            SourceChoice::Chosen(Source::Url(url)) => Some(url.as_str().to_owned()),
            SourceChoice::Chosen(Source::File(path)) => {
                let text = path.to_str().ok_or_else(|| invalid("The file's path isn't valid Unicode.").field("source"));
                Some(text?.to_owned())
            }
        };
        Ok(Self::SetSource { source })
    }
}

/// The proxy as it is to be, under the name that it has: its runs and its key are found by that.
fn of_the_same_name(file: &SettingsFile, name: &str, document: &ProxyDocument) -> Result<Proxy> {
    let proxy = Proxy::try_from(document)?;
    if !proxy.name.is(name) {
        let name = crate::error::bounded(name, 80);
        let message = format!(
            "A proxy cannot be renamed, because its history and key belong to its name. {name} was not changed; to use another name, remove it and add it again."
        );
        return Err(invalid(message).field("name"));
    }
    // Case is kept too: the history tells names apart by it.
    Ok(match file.settings().proxy(name) {
        Ok(known) => Proxy { name: known.name.clone(), ..proxy },
        Err(_) => proxy,
    })
}

/// As many and as long as the file may have them, each of them a window.
fn checked_windows(windows: &[String]) -> Result<()> {
    if windows.len() > read::MANY || windows.iter().any(|window| window.len() > read::MANY) {
        return Err(invalid(format!("At most {} windows are allowed. Nothing was changed.", read::MANY)));
    }
    Windows::parse(windows.iter().map(String::as_str), local_offset).map(drop)
}

fn parsed<T: std::str::FromStr<Err = Error>>(text: &str, field: &str) -> Result<T> {
    of(field, text.parse())
}

fn parsed_or<T: std::str::FromStr<Err = Error>>(text: Option<&str>, field: &str, now: T) -> Result<T> {
    text.map_or(Ok(now), |text| parsed(text, field))
}

fn of<T>(field: &str, value: Result<T>) -> Result<T> {
    value.map_err(|error| error.field(field))
}
