//! What differs between two maps, field by field.

use rust_decimal::Decimal;
use rust_decimal::prelude::RoundingStrategy;

use crate::changes::{ChangeCounts, ChangeSet, FieldChange};
use crate::field::FieldClass;
use crate::leaf::Leaf;
use crate::map::{CostMap, Entry, LeafKind};
use crate::notice;
use crate::number::plain;
use crate::path::{PathId, Step};

/// The whole change set from `old` to `new`. Numbers are equal by value (`1e-06` is `0.000001`), unchanged entries are
/// skipped by their bytes. A list of plain values is one field; many equal changes are folded into notices.
pub fn diff(old: &CostMap, new: &CostMap) -> ChangeSet {
    let mut set = Comparing::new(old, new, &FILES).run();
    notice::fold(&mut set, old);
    set
}

/// The change set from what a proxy holds to a map that it is to take. What a proxy adds on its own is ignored: null
/// fields, `key`, `supported_openai_params`, and the models for which `is_own` says that the proxy's operator made them.
pub fn diff_from_live(live: &CostMap, new: &CostMap, is_own: &dyn Fn(&str) -> bool) -> ChangeSet {
    let mut set = Comparing::new(live, new, &Terms { loaded: true, is_own }).run();
    notice::fold(&mut set, live);
    set
}

/// How values are compared and what is left out.
pub(crate) struct Terms<'a> {
    /// The old side was read back from a proxy: numbers were rounded to f64, and fields were added.
    pub(crate) loaded: bool,
    /// Old models that are not from a file.
    pub(crate) is_own: &'a dyn Fn(&str) -> bool,
}

const FILES: Terms<'static> = Terms { loaded: false, is_own: &|_| false };

/// Fields that LiteLLM adds to entries that were used (LITELLM, trap 7).
const ADDED_BY_PROXY: [&str; 2] = ["key", "supported_openai_params"];

pub(crate) struct Comparing<'a> {
    old: &'a CostMap,
    new: &'a CostMap,
    terms: &'a Terms<'a>,
    /// For each path of `new` the same path in `old`.
    in_old: Vec<Option<PathId>>,
    /// For each path of `old` the same path in `new`.
    in_new: Vec<Option<PathId>>,
    /// For each path of `old`: the last entry that had a leaf there, and whether `new` has it too.
    seen: Vec<Seen<'a>>,
}

#[derive(Clone, Copy)]
struct Seen<'a> {
    entry: usize,
    leaf: Option<Leaf<'a>>,
}

/// What was found so far.
#[derive(Default)]
struct Told {
    new_models: Vec<String>,
    removed_models: Vec<String>,
    changed_models: usize,
    pricing_changes: Vec<FieldChange>,
    limit_changes: Vec<FieldChange>,
    provider_changes: Vec<FieldChange>,
    mode_changes: Vec<FieldChange>,
    capability_changes: Vec<FieldChange>,
    deprecation_changes: Vec<FieldChange>,
    other_changes: Vec<FieldChange>,
}

/// A field as it is reported: its path in each map, and the value where it is a single leaf.
#[derive(Clone, Copy)]
struct Differing<'a> {
    old_path: Option<PathId>,
    new_path: Option<PathId>,
    old_leaf: Option<Leaf<'a>>,
    new_leaf: Option<Leaf<'a>>,
}

impl<'a> Comparing<'a> {
    pub(crate) fn new(old: &'a CostMap, new: &'a CostMap, terms: &'a Terms<'a>) -> Self {
        Self {
            in_old: new.paths().translate(old.paths()),
            in_new: old.paths().translate(new.paths()),
            seen: vec![Seen { entry: 0, leaf: None }; old.paths().len()],
            old,
            new,
            terms,
        }
    }

    pub(crate) fn run(mut self) -> ChangeSet {
        let (old, new) = (self.old, self.new);
        let mut set = Told::default();
        let mut found = Vec::new();
        let mut stays = vec![false; old.entry_count()];
        for (number, after) in new.models().enumerate() {
            let Some((before, same)) = after.before(old) else {
                set.new_models.push(after.name().into_owned());
                continue;
            };
            stays[before.number()] = true;
            if same {
                continue;
            }
            let name = after.name();
            found.clear();
            self.entry(number + 1, before, after, &mut found);
            if !found.is_empty() {
                set.changed_models += 1;
            }
            if found.len() > MAX_FIELDS {
                set.other_changes.push(too_many(&name, found.len()));
                continue;
            }
            for differing in &found {
                list_of(&mut set, self.class(differing)).push(self.change(&name, before, after, differing));
            }
        }
        for before in old.models().filter(|before| !stays[before.number()]) {
            let name = before.name();
            if !(self.terms.is_own)(&name) {
                set.removed_models.push(name.into_owned());
            }
        }
        ChangeSet {
            // Last, since another thread may still be computing them.
            from: old.revision(),
            to: new.revision(),
            counts: ChangeCounts {
                models_before: old.len(),
                models_after: new.len(),
                new_models: set.new_models.len(),
                removed_models: set.removed_models.len(),
                changed_models: set.changed_models,
                pricing_changes: set.pricing_changes.len(),
                limit_changes: set.limit_changes.len(),
                provider_changes: set.provider_changes.len(),
                mode_changes: set.mode_changes.len(),
                capability_changes: set.capability_changes.len(),
                deprecation_changes: set.deprecation_changes.len(),
                other_changes: set.other_changes.len(),
            },
            new_models: set.new_models,
            removed_models: set.removed_models,
            pricing_changes: set.pricing_changes,
            limit_changes: set.limit_changes,
            provider_changes: set.provider_changes,
            mode_changes: set.mode_changes,
            capability_changes: set.capability_changes,
            deprecation_changes: set.deprecation_changes,
            other_changes: set.other_changes,
            notices: Vec::new(),
        }
    }

    fn entry(&mut self, number: usize, before: Entry<'a>, after: Entry<'a>, found: &mut Vec<Differing<'a>>) {
        for leaf in before.leaves() {
            self.seen[leaf.path_id().index()] = Seen { entry: number, leaf: Some(leaf) };
        }
        for new_leaf in after.leaves() {
            let old_path = self.in_old[new_leaf.path_id().index()];
            let old_leaf = old_path.and_then(|path| {
                let seen = &mut self.seen[path.index()];
                if seen.entry == number { seen.leaf.take() } else { None }
            });
            match old_leaf {
                Some(old_leaf) if self.same(&old_leaf, &new_leaf) => {}
                _ if self.terms.loaded && is_top(&new_leaf, &["aliases"]) => {}
                _ => self.push(found, old_leaf, Some(new_leaf)),
            }
        }
        for old_leaf in before.leaves() {
            // `take` above left those that the new entry lacks.
            let seen = &mut self.seen[old_leaf.path_id().index()];
            let left = seen.entry == number && seen.leaf.take().is_some();
            let added_by_proxy = || old_leaf.kind() == LeafKind::Null || is_top(&old_leaf, &ADDED_BY_PROXY);
            if left && !(self.terms.loaded && added_by_proxy()) {
                self.push(found, Some(old_leaf), None);
            }
        }
    }

    fn same(&self, old: &Leaf<'_>, new: &Leaf<'_>) -> bool {
        if self.terms.loaded { new.same_once_loaded(old) } else { new.same_as(old) }
    }

    fn push(&self, found: &mut Vec<Differing<'a>>, old_leaf: Option<Leaf<'a>>, new_leaf: Option<Leaf<'a>>) {
        let Some(leaf) = new_leaf.or(old_leaf) else { return };
        let mut path = leaf.path();
        // Lists of plain values are told whole: one more item would otherwise shift all that follow. Prices are not.
        if leaf.class() != FieldClass::Price {
            while matches!(path.last(), Step::Item(_)) {
                path = path.parent();
            }
        }
        let (old_path, new_path) = if new_leaf.is_some() {
            (self.in_old[path.id().index()], Some(path.id()))
        } else {
            (Some(path.id()), self.in_new[path.id().index()])
        };
        let folded = path.id() != leaf.path_id();
        let same_field = |other: &Differing<'_>| {
            (new_path.is_some() && other.new_path == new_path) || (old_path.is_some() && other.old_path == old_path)
        };
        match found.iter_mut().rev().take(FOLD_WINDOW).find(|other| same_field(other)) {
            Some(other) if folded => (other.old_leaf, other.new_leaf) = (None, None),
            Some(other) => {
                other.old_leaf = other.old_leaf.or(old_leaf);
                other.new_leaf = other.new_leaf.or(new_leaf);
            }
            None if folded => found.push(Differing { old_path, new_path, old_leaf: None, new_leaf: None }),
            None => found.push(Differing { old_path, new_path, old_leaf, new_leaf }),
        }
    }

    fn class(&self, differing: &Differing<'_>) -> FieldClass {
        let leaves = [differing.old_leaf, differing.new_leaf];
        let path_class = match (differing.new_path, differing.old_path) {
            (Some(path), _) => self.new.paths().class(path),
            (None, Some(path)) => self.old.paths().class(path),
            (None, None) => FieldClass::Other,
        };
        match path_class {
            FieldClass::Price if !leaves.iter().flatten().any(Leaf::is_price) => FieldClass::Other,
            class => class,
        }
    }

    fn change(&self, model: &str, before: Entry<'a>, after: Entry<'a>, differing: &Differing<'a>) -> FieldChange {
        let Differing { old_path, new_path, old_leaf, new_leaf } = *differing;
        let field = match (new_path, old_path) {
            (Some(path), _) => self.new.paths().show(path).to_string(),
            (None, Some(path)) => self.old.paths().show(path).to_string(),
            (None, None) => String::new(),
        };
        let value = |leaf: Option<Leaf<'_>>, entry: Entry<'_>, path: Option<PathId>| match leaf {
            Some(leaf) => Some(leaf.contract_json()),
            None => entry.json_at(path?),
        };
        let before_value =
            if new_leaf.is_some() && old_leaf.is_none() { None } else { value(old_leaf, before, old_path) };
        let after_value =
            if old_leaf.is_some() && new_leaf.is_none() { None } else { value(new_leaf, after, new_path) };
        FieldChange {
            model: model.to_owned(),
            field,
            before: before_value,
            after: after_value,
            ratio: ratio(old_leaf.and_then(|leaf| leaf.decimal()), new_leaf.and_then(|leaf| leaf.decimal())),
        }
    }
}

/// How far back a folded list is looked for: its items come one after another, removed ones after all the rest.
const FOLD_WINDOW: usize = 256;

/// Real entries have at most a few dozen fields. One that differs in more than this is told as one change, so that a
/// hostile entry with millions of lists costs no more than reading it.
const MAX_FIELDS: usize = 2_000;

fn too_many(model: &str, fields: usize) -> FieldChange {
    FieldChange {
        model: model.to_owned(),
        field: String::new(),
        before: Some("another entry".into()),
        after: Some(format!("{fields} fields differ").into()),
        ratio: None,
    }
}

fn is_top(leaf: &Leaf<'_>, names: &[&str]) -> bool {
    matches!(leaf.path().top(), Step::Field(name) if names.contains(&&**name))
}

fn list_of(set: &mut Told, class: FieldClass) -> &mut Vec<FieldChange> {
    match class {
        FieldClass::Price => &mut set.pricing_changes,
        FieldClass::Limit => &mut set.limit_changes,
        FieldClass::Provider => &mut set.provider_changes,
        FieldClass::Mode => &mut set.mode_changes,
        FieldClass::Capability => &mut set.capability_changes,
        FieldClass::Deprecation => &mut set.deprecation_changes,
        FieldClass::Multiplier | FieldClass::Other => &mut set.other_changes,
    }
}

/// after / before to six significant digits.
fn ratio(before: Option<Decimal>, after: Option<Decimal>) -> Option<f64> {
    let ratio = after?.checked_div(before?)?;
    plain(ratio.round_sf_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)?).parse().ok()
}
