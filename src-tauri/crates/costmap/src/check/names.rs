//! Names and fields given twice, and names that differ only in upper and lower case. Review.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::Pair;
use crate::check::words::{field, quoted};
use crate::map::{CostMap, Entry};
use crate::path::PathId;

pub(crate) const GIVEN_TWICE: Rule =
    Rule::review("names.given_twice", "The same model appears in the file more than once; proxies use the last one.")
        .many("{n} models appear in the file more than once");
pub(crate) const FIELD_GIVEN_TWICE: Rule =
    Rule::review("names.field_given_twice", "A field appears in an entry more than once; proxies use the last one.")
        .many("{n} models have a field more than once");
pub(crate) const DIFFER_BY_CASE: Rule = Rule::review(
    "names.differ_by_case",
    "A new model whose name differs from an existing one only in upper and lower case.",
)
.many("{n} new models differ from existing ones only in upper and lower case");

pub(crate) fn check(pair: &Pair<'_>, out: &mut Findings) {
    given_twice(pair, out);
    field_given_twice(pair, out);
}

fn given_twice(pair: &Pair<'_>, out: &mut Findings) {
    let known: HashSet<(_, &str)> =
        pair.old.into_iter().flat_map(CostMap::overridden).map(|entry| (entry.name(), entry.raw())).collect();
    let mut places: HashMap<_, (usize, Entry<'_>)> = HashMap::new();
    for earlier in pair.new.overridden().filter(|entry| !entry.is_reserved()) {
        let is_known = known.contains(&(earlier.name(), earlier.raw()));
        let (times, _) = places.entry(earlier.name()).or_insert((1, earlier));
        *times += usize::from(!is_known);
    }
    for (name, (times, earlier)) in places.into_iter().filter(|(_, (times, _))| *times > 1) {
        let Some(last) = pair.new.get(&name) else { continue };
        let about = About { order: last.order(), model: Some(&name), ..About::default() };
        out.add(GIVEN_TWICE, about, || {
            let values = if earlier.raw() == last.raw() { "equal" } else { "different" };
            format!(
                "{}: the model appears in the file {times} times, with {values} values; proxies use the last one.",
                quoted(&name)
            )
        });
    }
}

fn field_given_twice(pair: &Pair<'_>, out: &mut Findings) {
    let known: HashSet<(_, Option<PathId>)> = pair
        .old
        .into_iter()
        .flat_map(CostMap::repeated_fields)
        .map(|(entry, path)| (entry.name(), pair.in_new(path.id())))
        .collect();
    for (entry, path) in pair.new.repeated_fields() {
        let name = entry.name();
        let counts = pair.new.get(&name).is_some_and(|last| last.order() == entry.order());
        if !counts || entry.is_reserved() || known.contains(&(entry.name(), Some(path.id()))) {
            continue;
        }
        let about = About { order: entry.order(), model: Some(&name), field: Some(path), ..About::default() };
        out.add(FIELD_GIVEN_TWICE, about, || {
            let (name, field) = (quoted(&name), field(path));
            format!("{name}: {field} appears in the entry twice; proxies use the last one.")
        });
    }
}

/// `is_new` tells by a model's place in the file whether the old map lacks it.
pub(crate) fn differ_by_case(map: &CostMap, is_new: &dyn Fn(u32) -> bool, out: &mut Findings) {
    let hasher = DefaultHashBuilder::default();
    let hash = |name: &str| hasher.hash_one(name.to_ascii_lowercase());
    let mut seen: HashTable<Entry<'_>> = HashTable::with_capacity(map.len());
    for entry in map.models() {
        let name = entry.name();
        let number = hash(&name);
        let Some(other) = seen.find(number, |other| other.name().eq_ignore_ascii_case(&name)).copied() else {
            seen.insert_unique(number, entry, |other| hash(&other.name()));
            continue;
        };
        let (model, other) = if is_new(entry.order()) { (entry, other) } else { (other, entry) };
        if !is_new(model.order()) {
            continue;
        }
        let name = model.name();
        let about = About { order: model.order(), model: Some(&name), ..About::default() };
        out.add(DIFFER_BY_CASE, about, || {
            format!(
                "{}: the name differs from {} only in upper and lower case; LiteLLM can also ignore case when it looks up a name, so it may use either price.",
                quoted(&name),
                quoted(&other.name())
            )
        });
    }
}
