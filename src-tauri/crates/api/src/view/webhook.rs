//! Webhooks: as they are in the settings, how far each has got, and the form for one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ErrorView, KeyForm};

/// A webhook in the settings. Its address goes in and never comes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WebhookSetting {
    /// Its name.
    pub name: String,
    /// `slack` or `json`.
    pub kind: String,
    /// The variable that holds its address; `None`: the system's key store.
    pub url_variable: Option<String>,
    /// Which alerts it gets.
    pub alerts: Vec<String>,
    /// Whether anything is posted.
    pub enabled: bool,
    /// How far it has got.
    pub state: WebhookStateView,
}

/// How far a webhook has got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WebhookStateView {
    /// Its name.
    pub name: String,
    /// Alerts that wait to be sent.
    pub waiting: usize,
    /// When the last one arrived.
    pub last_delivered: Option<DateTime<Utc>>,
    /// Why the oldest one that waits has not arrived.
    pub error: Option<ErrorView>,
    /// Since when nothing arrives.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_try: Option<DateTime<Utc>>,
    /// Alerts of the last 30 days that were given up.
    pub given_up: usize,
}

/// A webhook as a person types it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct WebhookForm {
    /// The webhook that is edited; `None` adds one.
    #[serde(default)]
    pub edits: Option<String>,
    /// Its name.
    pub name: String,
    /// `slack` or `json`.
    pub kind: String,
    /// Its address, which is kept like a key.
    pub url: KeyForm,
    /// Which alerts it gets.
    pub alerts: Vec<String>,
    /// Whether anything is posted.
    pub enabled: bool,
}

/// That a test message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WebhookTest {
    /// How long the answer took.
    pub milliseconds: u64,
}
