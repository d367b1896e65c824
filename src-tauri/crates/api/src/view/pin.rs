//! Pins, rollbacks and the maps that proxies can go back to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ChangeRow;

/// A pin that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PinView {
    /// The proxy; null: all.
    pub proxy: Option<String>,
    /// What is served to them.
    pub revision: String,
    /// The source's map that it was made from.
    pub upstream: String,
    /// When the source was first seen with that.
    pub seen_at: Option<DateTime<Utc>>,
    /// Since when they are held.
    pub since: DateTime<Utc>,
    /// It ends by itself with the source's next good map.
    pub resumes: bool,
    /// The source has another map than this, which is not used.
    pub is_behind: bool,
}

/// A map that was promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PromotionRow {
    /// What is or was served.
    pub revision: String,
    /// The source's map that it was made from.
    pub upstream: String,
    /// When.
    pub promoted_at: DateTime<Utc>,
    /// Its models.
    pub models: usize,
    /// It is what is promoted now.
    pub is_now: bool,
    /// The source's map is marked as bad.
    pub is_bad: bool,
    /// It has entries of the user's own in it.
    pub has_own: bool,
    /// Models that kept their old entry in it.
    pub held: usize,
}

/// What a pin or a rollback would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PinPreview {
    /// What is promoted for these proxies now.
    pub from: PromotionRow,
    /// What they will be held at.
    pub to: PromotionRow,
    /// The source's map that will be marked as bad.
    pub bad: Option<String>,
    /// Models that come back, at most 200.
    pub come_back: Vec<String>,
    /// How many those are.
    pub come_back_count: usize,
    /// Models that go, at most 200.
    pub go: Vec<String>,
    /// How many those are.
    pub go_count: usize,
    /// Prices that change, mine first, at most 500.
    pub rows: Vec<ChangeRow>,
    /// How many those are.
    pub row_count: usize,
    /// Everything else that changes, in fields.
    pub other_count: usize,
    /// The proxies that will be synced.
    pub proxies: Vec<String>,
    /// Proxies that read the source themselves: they can't be held at a map.
    pub direct: Vec<String>,
}
