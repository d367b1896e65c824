//! Forms that this program does not know: rows and fields that no release up to the newest known had. They are no error:
//! they are passed on, compared and proved like everything else, and told once. Information.

use std::collections::BTreeMap;

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::{Model, Pair};
use crate::check::words::quoted;
use crate::field::FieldClass;
use crate::map::{CostMap, Entry};
use crate::path::{PathId, Step};
use crate::people::{counted, thousands};
use crate::versions::is_known_field;

pub(crate) const UNKNOWN_ROW: Rule = Rule::info(
    "form.unknown_row",
    "Rows in a form that this program does not recognise: no provider, and none of the fields that models have.",
);
pub(crate) const NEW_FIELDS: Rule =
    Rule::info("form.new_fields", "Fields that are new to the map and unknown to this program.");

/// Forms that are told one by one.
const FORMS: usize = 20;
/// Names that a sentence gives.
const NAMED: usize = 5;
/// Fields that tell one form from another.
const SIGNATURE: usize = 4;

/// Rows of unknown forms, by the fields that they have.
#[derive(Default)]
pub(crate) struct Forms(BTreeMap<String, (u32, usize, String)>);

impl Forms {
    pub(crate) fn unknown_row(&mut self, order: u32, entry: &Entry<'_>) {
        let mut fields: Vec<String> = Vec::new();
        for leaf in entry.leaves() {
            let path = leaf.path();
            let Step::Field(name) = path.top() else { continue };
            if fields.len() < SIGNATURE && !fields.iter().any(|known| **known == **name) {
                fields.push(name.to_string());
            }
        }
        fields.sort_unstable();
        let signature = if fields.is_empty() { "no fields".to_owned() } else { fields.join(", ") };
        let (_, rows, _) = self.0.entry(signature).or_insert_with(|| (order, 0, quoted(&entry.name())));
        *rows += 1;
    }

    pub(crate) fn report(self, out: &mut Findings) {
        for (at, (signature, (order, rows, example))) in self.0.into_iter().enumerate() {
            let about =
                About { order: if at < FORMS { order } else { 0 }, subject: Some(&signature), ..About::default() };
            out.add(UNKNOWN_ROW, about, || {
                format!(
                    "{} {} a form that this version does not recognise ({}), for example {example}. They are passed on and compared unchanged.",
                    counted(rows, "row", "rows"),
                    if rows == 1 { "has" } else { "have" },
                    quoted(&signature)
                )
            });
        }
    }
}

/// Fields of models that are new in this map and that this program does not know.
pub(crate) fn new_fields(pair: &Pair<'_>, out: &mut Findings) {
    let is_new = |path: PathId| {
        let Step::Field(name) = pair.new.paths().step(path) else { return false };
        let is_own = pair.new.paths().parent(path) == PathId::ROOT && pair.in_old(path).is_none();
        is_own && pair.new.paths().class(path) != FieldClass::Alias && !is_known_field(name)
    };
    let unknown: Vec<PathId> = pair.new.paths().ids().filter(|path| *path != PathId::ROOT && is_new(*path)).collect();
    if unknown.is_empty() {
        return;
    }
    let found = models_having(pair.new, &unknown);
    let Some((first, _)) = found.first() else { return };
    let first = quoted(first);
    out.add(NEW_FIELDS, About { subject: Some(&first), ..About::default() }, || {
        let named = found.iter().take(NAMED);
        let named: Vec<String> =
            named.map(|(name, models)| format!("{} ({})", quoted(name), counted(*models, "model", "models"))).collect();
        let rest = match found.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {} more", thousands(more)),
        };
        let fields = counted(found.len(), "field is", "fields are");
        format!("{fields} new to this version: {}{rest}. They are passed on and compared unchanged.", named.join(", "))
    });
}

/// The names of these fields, each with how many models have it, the most common first.
fn models_having(map: &CostMap, fields: &[PathId]) -> Vec<(String, usize)> {
    let mut place = vec![None; map.paths().len()];
    for (at, field) in fields.iter().enumerate() {
        place[field.index()] = Some(at);
    }
    for path in map.paths().ids().filter(|path| *path != PathId::ROOT) {
        place[path.index()] = place[path.index()].or(place[map.paths().parent(path).index()]);
    }
    let mut models = vec![(0_usize, 0_u32); fields.len()];
    for entry in map.models().filter(Model::has_own_values) {
        for at in entry.leaves().filter_map(|leaf| place[leaf.path_id().index()]) {
            if models[at].1 != entry.order() {
                models[at] = (models[at].0 + 1, entry.order());
            }
        }
    }
    let name = |field: PathId| map.path(field).to_string();
    let mut found: Vec<(String, usize)> = fields
        .iter()
        .zip(&models)
        .filter(|(_, (count, _))| *count > 0)
        .map(|(field, (count, _))| (name(*field), *count))
        .collect();
    found.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    found
}
