//! The user's own entries.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ErrorView;

/// All own entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OverlayView {
    /// The entries, by name.
    pub entries: Vec<OwnEntryView>,
    /// Why the file is not used as it is.
    pub error: Option<ErrorView>,
    /// The file, which can also be edited by hand.
    pub path: String,
    /// Own entries count: there is a gateway from which proxies can read them.
    pub counts: bool,
    /// Proxies that read the source themselves, and so do not bill by own entries.
    pub direct: Vec<String>,
}

/// One own entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnEntryView {
    /// The model.
    pub model: String,
    /// Upstream has no such model, other values, or the same now.
    #[ts(type = "'absent' | 'differs' | 'same'")]
    pub upstream: String,
    /// Upstream changed since it was saved.
    pub moved: bool,
    /// Why it is not used.
    pub problem: Option<String>,
    /// Each field.
    pub fields: Vec<OwnFieldView>,
    /// The entry as JSON text.
    pub json: String,
    /// The proxies that use it.
    pub proxies: Vec<String>,
}

/// One field, the user's beside upstream's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnFieldView {
    /// Its path.
    pub field: String,
    /// For people: "Input".
    pub label: String,
    /// What a price is for: "per 1M tokens"; empty for what is no price.
    pub unit: String,
    /// The value as people read it.
    pub value: String,
    /// Upstream's; null where it has none.
    pub upstream: Option<String>,
}

/// What the form begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnDraft {
    /// The model.
    pub model: String,
    /// Upstream has it.
    pub is_known: bool,
    /// There is an own entry already.
    pub is_own: bool,
    /// Its prices, and the usual ones where it has none.
    pub fields: Vec<DraftField>,
    /// Upstream has no price for it: the model from which the values are suggested.
    pub relative: Option<String>,
    /// What a new entry also needs, suggested from that model: `litellm_provider` and `mode` as JSON values.
    pub other: Vec<DraftValue>,
    /// The own entry as JSON text; `{}` without one.
    pub json: String,
}

/// One price in the form. All values are decimals in USD per unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftField {
    /// Its path: `input_cost_per_token`.
    pub field: String,
    /// For people: "Input".
    pub label: String,
    /// What it is for as people read it: "per 1M tokens".
    pub per: String,
    /// People read the value times ten to this: 6 for a price per token.
    pub power: u32,
    /// What it is for as it is stored: "per token".
    pub stored_per: String,
    /// The user's own value.
    pub own: Option<String>,
    /// Upstream's.
    pub upstream: Option<String>,
    /// The relative's.
    pub suggested: Option<String>,
}

/// Another field that a new entry needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftValue {
    /// Its path.
    pub field: String,
    /// A JSON value as text.
    pub value: String,
}

/// What the checks say of what is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnCheck {
    /// Why it cannot be saved.
    pub problem: Option<String>,
    /// What looks odd; it can be saved all the same.
    pub warnings: Vec<String>,
}
