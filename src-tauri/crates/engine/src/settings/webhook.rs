//! Webhooks in the settings: where alerts go besides toasts. The address is a secret, since who knows it can post there:
//! it is kept like a key, and only where it is kept stands here.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml_edit::{Array, Item, Table, TableLike, Value};

use super::file::{is_named, tables};
use super::read::Reader;
use super::write::set;
use super::{AlertKind, KeyPlace, ProxyName, SettingsFile, WebhookKind, invalid};
use crate::{Error, ErrorCode, Result};

/// The table in the file: `[[webhook]]`.
pub(super) const TABLE: &str = "webhook";

/// More than this is no team's list.
const MOST: usize = 50;

/// Where alerts are posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// What the user calls it.
    pub name: ProxyName,
    /// What is posted.
    pub kind: WebhookKind,
    /// Where its address is.
    pub url: KeyPlace,
    /// Which alerts it gets, in the order of the documentation.
    pub alerts: Vec<AlertKind>,
    /// Whether anything is posted. An import switches it off.
    pub enabled: bool,
}

impl Webhook {
    /// The alerts of a webhook that says nothing of them: new models alone are news for people who look for it.
    pub fn default_alerts() -> Vec<AlertKind> {
        AlertKind::ALL.iter().copied().filter(|kind| *kind != AlertKind::NewModels).collect()
    }
}

/// A webhook as a form or a command line has it. Never the address itself, only where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDocument {
    /// What the user calls it.
    pub name: String,
    /// `slack` or `json`.
    pub kind: String,
    /// `keyring`, or `env:` and the name of a variable.
    #[serde(default = "default_url")]
    pub url: String,
    /// Which alerts; null: the default ones.
    #[serde(default)]
    pub alerts: Option<Vec<String>>,
    /// Whether anything is posted.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn default_url() -> String {
    KeyPlace::default().to_string()
}

fn yes() -> bool {
    true
}

impl From<&Webhook> for WebhookDocument {
    fn from(webhook: &Webhook) -> Self {
        Self {
            name: webhook.name.to_string(),
            kind: webhook.kind.to_string(),
            url: webhook.url.to_string(),
            alerts: Some(webhook.alerts.iter().map(ToString::to_string).collect()),
            enabled: webhook.enabled,
        }
    }
}

impl TryFrom<&WebhookDocument> for Webhook {
    type Error = Error;

    /// Fails as the fields do; `field` is `name`, `kind`, `url` or `alerts`.
    fn try_from(document: &WebhookDocument) -> Result<Self> {
        let alerts = match &document.alerts {
            None => Self::default_alerts(),
            Some(words) => {
                let read: Result<Vec<AlertKind>> = words.iter().map(|word| word.parse()).collect();
                in_order(&read.map_err(|error| error.field("alerts"))?)
            }
        };
        Ok(Self {
            name: name(&document.name)?,
            kind: document.kind.parse().map_err(|error: Error| error.field("kind"))?,
            url: place(&document.url).map_err(|error| error.field("url"))?,
            alerts,
            enabled: document.enabled,
        })
    }
}

/// Each once, in the order of the documentation.
fn in_order(alerts: &[AlertKind]) -> Vec<AlertKind> {
    AlertKind::ALL.iter().copied().filter(|kind| alerts.contains(kind)).collect()
}

fn name(text: &str) -> Result<ProxyName> {
    ProxyName::from_str(text).map_err(|_| {
        invalid("A webhook's name must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit.")
            .field("name")
    })
}

/// Where the address is. What stands there may be the address itself: it is never repeated.
fn place(text: &str) -> Result<KeyPlace> {
    text.parse().map_err(|_| {
        invalid("Write \"keyring\", or \"env:\" and the name of an environment variable. Do not enter the address itself here.")
    })
}

pub(super) fn no_webhook(name: &str) -> Error {
    let name = crate::error::bounded(name, 80);
    let message = format!("There is no webhook named {name}. See Settings or `autosync webhook list` for the names.");
    Error::new(ErrorCode::NotFound, message).field("name")
}

impl SettingsFile {
    /// Adds a webhook. Fails with `already_exists` when the name is taken, also by an entry that is not valid.
    pub fn add_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        self.change(|document, _| {
            let tables = tables(document, TABLE)?;
            if tables.iter().any(|table| is_named(table, webhook.name.as_str())) {
                let message = format!("There is already a webhook named {}. Nothing was changed.", webhook.name);
                return Err(Error::new(ErrorCode::AlreadyExists, message).field("name"));
            }
            if tables.len() >= MOST {
                return Err(invalid(format!("At most {MOST} webhooks are allowed. Nothing was changed.")).field("name"));
            }
            let mut table = Table::new();
            put(&mut table, webhook);
            tables.push(table);
            Ok(())
        })
    }

    /// Replaces the settings of the webhook of the same name. Fails with `not_found`.
    pub fn set_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        self.change(|document, _| {
            let name = webhook.name.as_str();
            let table = tables(document, TABLE)?.iter_mut().find(|table| is_named(table, name));
            put(table.ok_or_else(|| no_webhook(name))?, webhook);
            Ok(())
        })
    }

    /// Removes a webhook, also one whose other settings are not valid. Fails with `not_found`.
    pub fn remove_webhook(&mut self, name: &str) -> Result<()> {
        self.change(|document, _| {
            let tables = tables(document, TABLE)?;
            let before = tables.len();
            tables.retain(|table| !is_named(table, name));
            if tables.len() == before { Err(no_webhook(name)) } else { Ok(()) }
        })
    }
}

/// Puts a webhook into its table; what else is in there stays.
fn put(table: &mut dyn TableLike, webhook: &Webhook) {
    set(table, "name", webhook.name.as_str().into());
    set(table, "kind", webhook.kind.as_str().into());
    let mut optional = |key: &str, value: Value, is_default: bool| {
        if !is_default || table.contains_key(key) {
            set(table, key, value);
        }
    };
    optional("url", webhook.url.to_string().into(), webhook.url == KeyPlace::default());
    let alerts = Value::Array(webhook.alerts.iter().map(|kind| kind.as_str()).collect::<Array>());
    optional("alerts", alerts, webhook.alerts == Webhook::default_alerts());
    optional("enabled", webhook.enabled.into(), webhook.enabled);
}

impl Reader<'_> {
    /// Without a name there is no webhook; its other settings have defaults.
    pub(super) fn webhooks(&mut self) -> Vec<Webhook> {
        let mut webhooks: Vec<Webhook> = Vec::new();
        for (index, table) in self.tables_of(TABLE).into_iter().enumerate().take(MOST) {
            let at = |key: &str| format!("{TABLE}[{index}].{key}");
            let named = match table.get("name") {
                Some(item) => super::read::as_text(item).and_then(name),
                None => Err(invalid("A webhook needs a name.")),
            };
            let named = named.and_then(|name| match webhooks.iter().find(|known| known.name.is(name.as_str())) {
                Some(_) => Err(invalid(format!("There is already a webhook named {name}."))),
                None => Ok(name),
            });
            match named {
                Ok(name) => webhooks.push(self.webhook(name, table, &at)),
                Err(error) => {
                    let message = format!("{} This webhook is not used until it is corrected.", error.message);
                    self.problem(&at("name"), Error { message, ..error });
                }
            }
        }
        webhooks
    }

    fn webhook(&mut self, name: ProxyName, table: &dyn TableLike, at: &dyn Fn(&str) -> String) -> Webhook {
        let text = |key: &str| table.get(key).map(super::read::as_text);
        let kind = self.or_default(&at("kind"), text("kind").map(|text| text?.parse()));
        let url = self.or_default(&at("url"), text("url").map(|text| place(text?)));
        let enabled =
            table.get("enabled").map(|item| item.as_bool().ok_or_else(|| invalid("This must be true or false.")));
        let enabled = self.or_default(&at("enabled"), enabled);
        let alerts = match table.get("alerts").map(|item| self.alerts(item, &at("alerts"))) {
            Some(Some(alerts)) => alerts,
            None | Some(None) => Webhook::default_alerts(),
        };
        Webhook {
            name,
            kind: kind.unwrap_or_default(),
            url: url.unwrap_or_default(),
            alerts,
            enabled: enabled.unwrap_or(true),
        }
    }

    /// A word that is none takes no other with it.
    fn alerts(&mut self, item: &Item, field: &str) -> Option<Vec<AlertKind>> {
        let Some(array) = item.as_array().filter(|array| array.len() <= super::read::MANY) else {
            let error = invalid(
                "This must be a list of strings: [\"failures\", \"…\"]. Until it is corrected, the default applies.",
            );
            self.problem(field, error);
            return None;
        };
        let mut alerts = Vec::new();
        for value in array {
            match value.as_str().ok_or_else(|| invalid("This must be a string in quotes.")).and_then(str::parse) {
                Ok(kind) => alerts.push(kind),
                Err(error) => {
                    self.problem(field, Error { message: format!("{} This one is not used.", error.message), ..error });
                }
            }
        }
        Some(in_order(&alerts))
    }

    /// What was given where it is valid; the default applies where it is not, which is told.
    fn or_default<T>(&mut self, field: &str, given: Option<Result<T>>) -> Option<T> {
        given?
            .map_err(|error| {
                let message = format!("{} Until it is corrected, the default applies.", error.message);
                self.problem(field, Error { message, ..error });
            })
            .ok()
    }
}
