//! The proof: every field of every entry of a map, compared with what a proxy really holds.

use crate::alias::Served;
use crate::changes::{AliasChange, FieldChange};
use crate::diff::{Comparing, Terms};
use crate::map::CostMap;

/// What a read-back shows.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveComparison {
    /// Entries that were compared.
    pub models: usize,
    /// Fields that were compared.
    pub fields: usize,
    /// Entries that the live map lacks.
    pub missing: Vec<String>,
    /// Fields whose live value differs: `before` is live, `after` is what the map says.
    pub drift: Vec<FieldChange>,
    /// Fields that differ because the proxy's operator overrides them.
    pub overrides: Vec<FieldChange>,
}

impl LiveComparison {
    /// Whether the proxy holds the map.
    pub fn is_proof(&self) -> bool {
        self.missing.is_empty() && self.drift.is_empty()
    }

    /// The models with an override, each once.
    pub fn overridden_models(&self) -> Vec<String> {
        let mut models: Vec<String> = self.overrides.iter().map(|change| change.model.clone()).collect();
        models.dedup();
        models
    }
}

/// Compares as LITELLM trap 7 says: every upstream field of every upstream entry must equal the live one once both
/// numbers are rounded to f64; what the proxy has beyond that is ignored. `served` says what this proxy makes of other
/// names: where it serves an alias row as its target, the row must equal the target. `is_override(model, field)` tells
/// fields that the proxy's operator sets on purpose.
pub fn compare_live(
    desired: &CostMap,
    live: &CostMap,
    served: Served,
    is_override: &dyn Fn(&FieldChange) -> bool,
) -> LiveComparison {
    let set = Comparing::new(live, desired, &Terms { live: Some(served), is_own: &|_| true }).run();
    let changes = [
        set.pricing_changes,
        set.multiplier_changes,
        set.hours_changes,
        set.limit_changes,
        set.provider_changes,
        set.mode_changes,
        set.capability_changes,
        set.deprecation_changes,
        set.other_changes,
    ];
    let (missing_names, moved): (Vec<AliasChange>, Vec<AliasChange>) =
        set.alias_changes.into_iter().partition(|change| change.before.is_none());
    let moved = moved.into_iter().map(|AliasChange { model, before, after, .. }| FieldChange {
        model,
        field: "alias_of".to_owned(),
        before: before.map(Into::into),
        after: after.map(Into::into),
        ratio: None,
    });
    // A field that only the live entry has is the proxy's own.
    let differing = changes.into_iter().flatten().filter(|change| change.after.is_some()).chain(moved);
    let (overrides, drift) = differing.partition(|change| is_override(change));
    let (mut models, mut fields) = (0, 0);
    for entry in desired.served(served) {
        models += 1;
        fields += entry.leaves().len();
    }
    LiveComparison {
        models,
        fields,
        missing: set.new_models.into_iter().chain(missing_names.into_iter().map(|change| change.model)).collect(),
        drift,
        overrides,
    }
}
