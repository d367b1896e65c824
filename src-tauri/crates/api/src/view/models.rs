//! All entries of the promoted map, and one of them in depth.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{FindingView, OwnEntryView};

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelRow {
    /// Its name.
    pub name: String,
    /// The model that it is another name for; its values are that one's.
    pub alias_of: Option<String>,
    /// Its provider.
    pub provider: Option<String>,
    /// Its mode.
    pub mode: Option<String>,
    /// Its input price in USD per million tokens, as people read it.
    pub input: Option<String>,
    /// Its output price in USD per million tokens.
    pub output: Option<String>,
    /// Another price where it has none for tokens: "0.04 per image".
    pub other_price: Option<String>,
    /// Its context window in tokens.
    pub context: Option<u64>,
    /// What it can put out in tokens.
    pub max_output: Option<u64>,
    /// What it can do: places in [`ModelList::capabilities`].
    pub can: Vec<usize>,
    /// When its provider retires it: `2026-10-01`.
    pub deprecation: Option<String>,
    /// The proxies that use it: places in [`ModelList::proxies`].
    pub on: Vec<usize>,
    /// The checks hold its newest entry back.
    pub held: bool,
    /// The user has an own entry for it; what is shown is what proxies bill by, with or without it.
    pub own: Option<OwnEntryView>,
}

/// All entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelList {
    /// Which map; `None` when nothing is promoted yet.
    pub revision: Option<String>,
    /// The names of all capabilities: `vision`.
    pub capabilities: Vec<String>,
    /// The names of all proxies.
    pub proxies: Vec<String>,
    /// The entries, by name.
    pub rows: Vec<ModelRow>,
}

/// One field of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldView {
    /// Its path.
    pub path: String,
    /// Its value as it stands in the map, bounded in length.
    pub value: String,
    /// A price as people read it: "15.00 per 1M tokens".
    pub price: Option<String>,
}

/// Prices since a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PricePoint {
    /// The revision that brought them.
    pub revision: String,
    /// When that was first seen here.
    pub at: DateTime<Utc>,
    /// Input in USD per million tokens; `None`: no price, or no such entry.
    pub input: Option<String>,
    /// Output in USD per million tokens.
    pub output: Option<String>,
    /// Whether the map had the entry.
    pub is_there: bool,
}

/// One entry in depth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelDetail {
    /// Its name.
    pub name: String,
    /// The model that it is another name for; its values are that one's.
    pub alias_of: Option<String>,
    /// Its provider.
    pub provider: Option<String>,
    /// Its mode.
    pub mode: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// When its provider retires it.
    pub deprecation: Option<String>,
    /// The proxies that use it.
    pub proxies: Vec<String>,
    /// Every field.
    pub fields: Vec<FieldView>,
    /// Its prices over the maps kept here, the oldest first; only where something changed.
    pub history: Vec<PricePoint>,
    /// Why its newest entry is held back.
    pub findings: Vec<FindingView>,
    /// The user's own entry for it.
    pub own: Option<OwnEntryView>,
}

/// One field, side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerifiedRow {
    /// The field's path.
    pub field: String,
    /// The field for people.
    pub label: String,
    /// What a price is for: "per 1M tokens"; empty for what is no price.
    pub unit: String,
    /// At the source now, as people read it.
    pub source: Option<String>,
    /// In the promoted map.
    pub promoted: Option<String>,
    /// In the proxy.
    pub live: Option<String>,
    /// `agree`, `override`, `drift` or `missing`.
    pub verdict: String,
}

/// A model's prices at the source, promoted and live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerifyView {
    /// The model.
    pub model: String,
    /// The proxy; `None` where there is none.
    pub proxy: Option<String>,
    /// Whether every field agrees or is an operator's own.
    pub agree: bool,
    /// Each price field.
    pub rows: Vec<VerifiedRow>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}
