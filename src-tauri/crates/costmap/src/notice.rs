//! Thousands of equal changes told as one sentence.

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::changes::{ChangeSet, FieldChange, Notice};
use crate::map::CostMap;

/// A field must be on at least this many models for its loss to be a change of the schema (HISTORY, "Information only").
const SCHEMA_MODELS: usize = 20;

/// Folds fields that over half of at least 20 models lost into notices. Prices are never folded: each one is money.
/// Counts stay as they were.
pub(crate) fn fold(set: &mut ChangeSet, old: &CostMap) {
    let mut notices = Vec::new();
    let having = LazyCell::new(|| models_having(old));
    for list in
        [&mut set.limit_changes, &mut set.capability_changes, &mut set.deprecation_changes, &mut set.other_changes]
    {
        fold_list(list, &|field| old.field_id(field).map_or(0, |path| having[path.index()]), &mut notices);
    }
    set.notices.extend(notices);
}

/// For each path how many models have a value there.
fn models_having(map: &CostMap) -> Vec<usize> {
    let mut models = vec![0; map.paths().len()];
    // No entry has two values at one path.
    for leaf in map.models().flat_map(|entry| entry.leaves()) {
        models[leaf.path_id().index()] += 1;
    }
    models
}

fn fold_list(list: &mut Vec<FieldChange>, models_having: &dyn Fn(&str) -> usize, notices: &mut Vec<Notice>) {
    let mut dropped: HashMap<&str, usize> = HashMap::new();
    for change in list.iter().filter(|change| change.after.is_none()) {
        *dropped.entry(&change.field).or_default() += 1;
    }
    dropped.retain(|_, models| *models * 2 > SCHEMA_MODELS);
    let mut folded: Vec<(String, usize)> = dropped
        .into_iter()
        .filter(|(field, models)| {
            let had = models_having(field);
            had >= SCHEMA_MODELS && models * 2 > had
        })
        .map(|(field, models)| (field.to_owned(), models))
        .collect();
    folded.sort_unstable();
    for (field, models) in folded {
        list.retain(|change| change.after.is_some() || change.field != field);
        notices.push(Notice {
            rule: "schema.field_dropped".to_owned(),
            message: format!("The field {field} was dropped from {models} models; the map's format changed."),
            subject: field,
            models,
        });
    }
}
