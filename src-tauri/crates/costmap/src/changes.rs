//! The shape of a change set: `autosync diff --json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Revision;

/// One field of one surviving model that differs. Prices are decimal strings in USD per unit; other values are as in
/// the map. `None` (JSON null) means that the field was not there: added or removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The model.
    pub model: String,
    /// The path: `tiered_pricing[1].input_cost_per_token`.
    pub field: String,
    /// The value before, or null when the field was added.
    pub before: Option<Value>,
    /// The value after, or null when the field was removed.
    pub after: Option<Value>,
    /// after / before for numbers, where both are there and before is not 0. For showing, never for money.
    pub ratio: Option<f64>,
}

/// Another name for a model that came, went or moved: `claude-opus-latest` of `{"alias_of": "claude-opus-6"}`, or a name
/// in an `aliases` list. What it costs changes with what it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AliasChange {
    /// The other name.
    pub model: String,
    /// What it stood for; null where it was no other name, or is new.
    pub before: Option<String>,
    /// What it stands for now; null where it is no other name any more, or gone.
    pub after: Option<String>,
    /// What that does to prices, multipliers and limits: as the field changes of a model, from what it was priced by before
    /// to what it is priced by now. Empty where there was nothing before, or is nothing now.
    #[serde(default)]
    pub effects: Vec<FieldChange>,
}

/// How many of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    /// Models in the old map.
    pub models_before: usize,
    /// Models in the new map.
    pub models_after: usize,
    /// Models only in the new map.
    pub new_models: usize,
    /// Models only in the old map.
    pub removed_models: usize,
    /// Models in both with at least one differing field.
    pub changed_models: usize,
    /// Price fields that differ in surviving models.
    pub pricing_changes: usize,
    /// Numbers that scale prices and differ.
    #[serde(default)]
    pub multiplier_changes: usize,
    /// Other names that came, went or moved.
    #[serde(default)]
    pub alias_changes: usize,
    /// Off-peak hours that differ.
    #[serde(default)]
    pub hours_changes: usize,
    /// Token and other limits that differ.
    pub limit_changes: usize,
    /// Providers that differ.
    pub provider_changes: usize,
    /// Modes that differ.
    pub mode_changes: usize,
    /// `supports_…` and other capability fields that differ.
    pub capability_changes: usize,
    /// Deprecation dates, their sources and successors that differ.
    pub deprecation_changes: usize,
    /// All other fields that differ.
    pub other_changes: usize,
}

/// Many equal changes told as one: a field dropped from over half of at least 20 models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A stable id: `schema.field_dropped`.
    pub rule: String,
    /// The field.
    pub subject: String,
    /// How many models it concerns.
    pub models: usize,
    /// A plain sentence.
    pub message: String,
}

/// What differs between two maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// The old map.
    pub from: Revision,
    /// The new map.
    pub to: Revision,
    /// How many of each kind.
    pub counts: ChangeCounts,
    /// In the new map's order.
    pub new_models: Vec<String>,
    /// In the old map's order.
    pub removed_models: Vec<String>,
    /// Price fields: numeric leaves whose path contains `cost`, as they stand in the file. An alias row has none of its own.
    pub pricing_changes: Vec<FieldChange>,
    /// `*_multiplier` and the numbers in `provider_specific_entry`: they scale prices.
    #[serde(default)]
    pub multiplier_changes: Vec<FieldChange>,
    /// Other names that came, went or moved. They are no new or removed models.
    #[serde(default)]
    pub alias_changes: Vec<AliasChange>,
    /// When off-peak prices apply.
    #[serde(default)]
    pub hours_changes: Vec<FieldChange>,
    /// `max_…_tokens` and the like.
    pub limit_changes: Vec<FieldChange>,
    /// `litellm_provider`.
    pub provider_changes: Vec<FieldChange>,
    /// `mode`.
    pub mode_changes: Vec<FieldChange>,
    /// `supports_…`, supported parameters and modalities.
    pub capability_changes: Vec<FieldChange>,
    /// `deprecation_date`, `deprecation_source` and `successor_model`.
    pub deprecation_changes: Vec<FieldChange>,
    /// Everything else.
    pub other_changes: Vec<FieldChange>,
    /// Many equal changes, folded. What a notice folds is counted in `counts` but not listed one by one.
    pub notices: Vec<Notice>,
}
