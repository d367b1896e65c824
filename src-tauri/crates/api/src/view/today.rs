//! What is new today: the first thing on the overview.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What changed today and was not looked at yet. A quiet day has neither `yours` nor `fresh`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Today {
    /// The map that it is compared with: where *All changes* starts.
    pub from: String,
    /// The newest promoted map of the source.
    pub to: String,
    /// Since when this is all that is new: the older map was promoted then, or the changes were looked at then.
    pub since: DateTime<Utc>,
    /// New models.
    pub models: usize,
    /// Models with another price.
    pub prices: usize,
    /// Models of my proxies that changed in any way: the badge.
    pub mine: usize,
    /// Changed models that no proxy of mine uses.
    pub elsewhere: usize,
    /// What has proved the new map: "prod-gateway", or "3 proxies".
    pub proved_on: Option<String>,
    /// When that was.
    pub proved_at: Option<DateTime<Utc>>,
    /// One sentence a change of my models, the worst first.
    pub yours: Vec<TodayChange>,
    /// How many more there are.
    pub yours_more: usize,
    /// New models, one line a provider.
    pub fresh: Vec<TodayModel>,
    /// How many new models are in none of these lines.
    pub fresh_more: usize,
}

/// What kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TodayKind {
    /// The model is gone.
    Gone,
    /// It costs more.
    Rise,
    /// Another name stands for another model.
    Moved,
    /// Prices differ, and not all in one direction.
    Repriced,
    /// It is about to retire.
    Retires,
    /// It costs less.
    Fall,
}

/// One change of a model that a proxy uses, as a sentence: model, `says`, `target`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TodayChange {
    /// The model.
    pub model: String,
    /// Which kind.
    pub kind: TodayKind,
    /// "is 20.0% cheaper", "now points to".
    pub says: String,
    /// The model that the sentence ends with.
    pub target: Option<String>,
    /// Said before the prices: "was claude-opus-5-5".
    pub note: Option<String>,
    /// Prices that tell it, at most two.
    pub prices: Vec<TodayPrice>,
    /// What else moved: "and 6 tiers by the same amount".
    pub more: Option<String>,
    /// No proxy that uses the model has proved the map with this change.
    pub in_source: bool,
}

/// A price with both values, as people read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TodayPrice {
    /// "In", "Out", "Cached input".
    pub label: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// New models of one provider: one of them, and how many more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TodayModel {
    /// "Anthropic".
    pub provider: String,
    /// The one that is shown.
    pub model: String,
    /// Who else hosts it: "Bedrock", "Azure".
    pub also: Vec<String>,
    /// How many more of this provider are new; copies of one model count once.
    pub more: usize,
    /// Its input price per million tokens.
    pub input: Option<String>,
    /// Its output price per million tokens.
    pub output: Option<String>,
    /// Its context window in tokens.
    pub context: Option<u64>,
}
