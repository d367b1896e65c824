//! What waits for a person, ready to show.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ChangeRow, FindingView, PricePoint};

/// Everything that is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewView {
    /// The source's map that is asked about.
    pub revision: Option<String>,
    /// The gateway is on: what waits here is kept from the proxies that read it.
    pub gateway: bool,
    /// Proxies that read the source themselves, and so bill these values already.
    pub direct: Vec<String>,
    /// The models, those that wait first, and of these mine.
    pub items: Vec<ReviewItem>,
}

/// One model that is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewItem {
    /// Its name.
    pub model: String,
    /// Its provider.
    pub provider: Option<String>,
    /// The proxies that use it.
    pub proxies: Vec<String>,
    /// `open`, `approved` or `rejected`.
    #[ts(type = "'open' | 'approved' | 'rejected'")]
    pub standing: String,
    /// It was not there before.
    pub is_new: bool,
    /// It is not there any more.
    pub is_gone: bool,
    /// The prices that differ, the one that moved most first.
    pub rows: Vec<ChangeRow>,
    /// Why it is asked about.
    pub findings: Vec<FindingView>,
}

/// Which of the values on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// What the model costs now.
    Now,
    /// What a like model costs.
    Peer,
    /// What it would cost.
    Proposed,
}

/// One value on the scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScalePoint {
    /// Whose.
    pub model: String,
    /// The price for people.
    pub shown: String,
    /// The same as a number, for its place on the scale.
    pub value: f64,
    /// Which.
    pub kind: ScaleKind,
}

/// One model that is asked about, in depth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewDetail {
    /// Its name.
    pub model: String,
    /// The price that is compared with its peers': "Input". `None` where none moved.
    pub label: Option<String>,
    /// What it is for where it is not a million tokens: "per image".
    pub unit: Option<String>,
    /// It now, like models, and what is proposed.
    pub scale: Vec<ScalePoint>,
    /// The prices that it had, the oldest first.
    pub history: Vec<PricePoint>,
}
