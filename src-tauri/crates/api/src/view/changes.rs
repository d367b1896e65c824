//! What differs between two maps, ready to show: prices per million tokens, with both values and the change in per cent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A map that the ledger keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RevisionRow {
    /// Which, 40 hex digits.
    pub revision: String,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// Its models.
    pub models: usize,
    /// `accepted`, `review` or `held`.
    pub verdict: String,
    /// When it, or what was made from it, became the promoted map.
    pub promoted_at: Option<DateTime<Utc>>,
    /// Models of it that keep their old entry.
    pub held: usize,
    /// Put together here from upstream's map less its held models.
    pub is_composed: bool,
}

/// How many changes of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeSummary {
    /// The old map.
    pub from: String,
    /// The new map.
    pub to: String,
    /// New models.
    pub new_models: usize,
    /// Models that are gone.
    pub removed_models: usize,
    /// Models with another price.
    pub repriced_models: usize,
    /// Of these, models that a proxy uses.
    pub repriced_mine: usize,
    /// Other names that came, went or stand for another model.
    pub aliases: usize,
    /// Models with another limit.
    pub limits: usize,
    /// Models of which anything else differs.
    pub other: usize,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A price, what scales it, or when it applies differs.
    Repriced,
    /// Another name came, went or stands for another model.
    Alias,
    /// A new model.
    New,
    /// A model that is gone.
    Removed,
    /// A limit differs.
    Limits,
    /// A capability differs.
    Capabilities,
    /// Provider or mode differ.
    Provider,
    /// A deprecation date or a successor differs.
    Deprecation,
    /// Anything else.
    Other,
}

/// Whether a price rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It costs more.
    Rise,
    /// It costs less.
    Fall,
    /// Neither: no price, or a new one.
    None,
}

/// One row of the diff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ChangeRow {
    /// The model.
    pub model: String,
    /// Its provider.
    pub provider: Option<String>,
    /// Its mode.
    pub mode: Option<String>,
    /// The field's path; empty for a model that is new or gone.
    pub field: String,
    /// The field for people: "Input", "Cached input, over 200k".
    pub label: String,
    /// The old value as people read it: prices scaled to `unit`. `None`: it was not there.
    pub before: Option<String>,
    /// The new value.
    pub after: Option<String>,
    /// What a price is for where it is not a million tokens: "per image". `None` for tokens and for what is no price.
    pub unit: Option<String>,
    /// The change in per cent, where both are numbers and the old one is not 0.
    pub percent: Option<f64>,
    /// after / before.
    pub ratio: Option<f64>,
    /// Whether a price rises.
    pub direction: Direction,
    /// The proxies that use this model.
    pub proxies: Vec<String>,
    /// For a new or removed model: its input price per million tokens.
    pub input: Option<String>,
    /// For a new or removed model: its output price per million tokens.
    pub output: Option<String>,
    /// For a new or removed model: its context window in tokens.
    pub context: Option<u64>,
    /// The checks hold this model's entry back.
    pub held: bool,
}

/// All changes of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ChangeGroup {
    /// Which kind.
    pub kind: ChangeKind,
    /// How many models it concerns.
    pub models: usize,
    /// Of these, models that a proxy uses.
    pub mine: usize,
    /// Of the prices, how many rise.
    pub rises: usize,
    /// Of the prices, how many fall.
    pub falls: usize,
    /// Each of them.
    pub rows: Vec<ChangeRow>,
}

/// Many equal changes told as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoticeView {
    /// The rule's id.
    pub rule: String,
    /// How many models it concerns.
    pub models: usize,
    /// A plain sentence.
    pub message: String,
}

/// What a check said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindingView {
    /// The rule's id.
    pub rule: String,
    /// `hold`, `review` or `info`.
    pub severity: String,
    /// The model.
    pub model: Option<String>,
    /// The field's path.
    pub field: Option<String>,
    /// A plain sentence.
    pub message: String,
}

/// What the checks said, one line a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CauseView {
    /// The rule's id.
    pub rule: String,
    /// `hold`, `review` or `info`.
    pub severity: String,
    /// Its entries cannot be priced at all.
    pub broken: bool,
    /// One sentence for all of it.
    pub message: String,
    /// The models concerned, mine first; at most 500.
    pub models: Vec<String>,
    /// How many models are concerned; 0 for the map as a whole.
    pub count: usize,
    /// How many of the named models a proxy uses.
    pub mine: usize,
}

/// Everything that differs between two maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Changes {
    /// The old map.
    pub from: RevisionRow,
    /// The new map.
    pub to: RevisionRow,
    /// How many revisions lie between them, the new one included.
    pub revisions: usize,
    /// How many of each kind.
    pub summary: ChangeSummary,
    /// The changes, the most important kind first; kinds without a change are left out.
    pub groups: Vec<ChangeGroup>,
    /// Many equal changes told as one; these are not in `groups`.
    pub notices: Vec<NoticeView>,
    /// What the checks said of the new map: holds, reviews and repairs, one line a cause, the worst first.
    pub causes: Vec<CauseView>,
    /// How many entries of the new map are to be reviewed, those whose findings are not listed included.
    pub to_review: usize,
}
