//! What differs between two maps, field by field.

use rust_decimal::Decimal;
use rust_decimal::prelude::RoundingStrategy;

use crate::alias::Served;
use crate::changes::{AliasChange, ChangeCounts, ChangeSet, FieldChange};
use crate::field::FieldClass;
use crate::leaf::{Leaf, Path};
use crate::map::{CostMap, Entry, LeafKind};
use crate::names::{self, OtherNames};
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
/// `served` says what the proxy makes of other names.
pub fn diff_from_live(live: &CostMap, new: &CostMap, served: Served, is_own: &dyn Fn(&str) -> bool) -> ChangeSet {
    let mut set = Comparing::new(live, new, &Terms { live: Some(served), is_own }).run();
    notice::fold(&mut set, live);
    set
}

/// How values are compared and what is left out.
pub(crate) struct Terms<'a> {
    /// The old side was read back from a proxy: numbers were rounded to f64, fields were added, and other names were made
    /// into what this says. Between files other names are compared as such.
    pub(crate) live: Option<Served>,
    /// Old models that are not from a file.
    pub(crate) is_own: &'a dyn Fn(&str) -> bool,
}

const FILES: Terms<'static> = Terms { live: None, is_own: &|_| false };

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
    /// Counts the entries that were compared, so that what was seen of one is not taken for another's.
    round: usize,
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
    multiplier_changes: Vec<FieldChange>,
    alias_changes: Vec<AliasChange>,
    hours_changes: Vec<FieldChange>,
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

impl Differing<'_> {
    /// It is told as the JSON of its path, not as one leaf.
    fn is_whole(&self) -> bool {
        self.old_leaf.is_none() && self.new_leaf.is_none()
    }

    fn is_number(&self) -> bool {
        [self.old_leaf, self.new_leaf].iter().flatten().any(|leaf| leaf.kind() == LeafKind::Number)
    }
}

impl<'a> Comparing<'a> {
    pub(crate) fn new(old: &'a CostMap, new: &'a CostMap, terms: &'a Terms<'a>) -> Self {
        Self {
            in_old: new.paths().translate(old.paths()),
            in_new: old.paths().translate(new.paths()),
            seen: vec![Seen { entry: 0, leaf: None }; old.paths().len()],
            round: 0,
            old,
            new,
            terms,
        }
    }

    pub(crate) fn run(mut self) -> ChangeSet {
        let (old, new) = (self.old, self.new);
        let mut set = Told::default();
        let mut stays = vec![false; old.entry_count()];
        match self.terms.live {
            None => self.files(&mut set, &mut stays),
            Some(served) => self.live(served, &mut set, &mut stays),
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
                // What only the proxy itself has is no part of the map.
                models_before: match self.terms.live {
                    None => old.len(),
                    Some(_) => stays.iter().filter(|stays| **stays).count() + set.removed_models.len(),
                },
                models_after: new.len(),
                new_models: set.new_models.len(),
                removed_models: set.removed_models.len(),
                changed_models: set.changed_models,
                pricing_changes: set.pricing_changes.len(),
                multiplier_changes: set.multiplier_changes.len(),
                alias_changes: set.alias_changes.len(),
                hours_changes: set.hours_changes.len(),
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
            multiplier_changes: set.multiplier_changes,
            alias_changes: set.alias_changes,
            hours_changes: set.hours_changes,
            limit_changes: set.limit_changes,
            provider_changes: set.provider_changes,
            mode_changes: set.mode_changes,
            capability_changes: set.capability_changes,
            deprecation_changes: set.deprecation_changes,
            other_changes: set.other_changes,
            notices: Vec::new(),
        }
    }

    /// Two files: rows as they stand, other names by what they stand for.
    fn files(&mut self, set: &mut Told, stays: &mut [bool]) {
        let (old, new) = (self.old, self.new);
        let names = OtherNames::of(old, new);
        for after in new.models() {
            let before = after.before(old);
            if let Some((before, _)) = before {
                stays[before.number()] = true;
            }
            match before {
                Some((_, true)) => {}
                _ if names.concern(&after, before.map(|(before, _)| before)) => {}
                None => set.new_models.push(after.name().into_owned()),
                Some((before, false)) => self.compare(before, after, set),
            }
        }
        for (name, before, after) in names.moved() {
            // A row that became another name, or was one, neither came nor went.
            if let Some(row) = old.find(&name) {
                stays[row as usize] = true;
            }
            let effects = match (before.and_then(|entry| entry.priced()), after.and_then(|entry| entry.priced())) {
                (Some(before), Some(after)) => self.effects(before, after),
                _ => Vec::new(),
            };
            let target = |entry: Option<Entry<'_>>| entry.and_then(|entry| names::target(&entry)).map(Into::into);
            let (before, after) = (target(before), target(after));
            set.alias_changes.push(AliasChange { before, after, effects, model: name.into_owned() });
        }
    }

    /// What a proxy holds, against what it would make of the file: other names are entries like all others.
    fn live(&mut self, served: Served, set: &mut Told, stays: &mut [bool]) {
        for after in self.new.served(served) {
            let name = after.name();
            let before = self.old.get(&name);
            if let Some(before) = before {
                stays[before.number()] = true;
            }
            let target = names::target(&after);
            let was = before.and_then(|before| before.alias_of());
            match (before, target) {
                // New under that name, or a bare row that stands for something else.
                (None, Some(target)) => set.alias_changes.push(alias_change(&name, None, &target)),
                (Some(_), Some(target)) if was.is_some() && was.as_ref() != Some(&target) => {
                    set.alias_changes.push(alias_change(&name, was.as_deref(), &target));
                }
                (None, None) => set.new_models.push(name.into_owned()),
                (Some(before), _) => self.compare(before, after, set),
            }
        }
    }

    fn compare(&mut self, before: Entry<'a>, after: Entry<'a>, set: &mut Told) {
        let name = after.name();
        let found = self.differing(before, after);
        if found.is_empty() {
            return;
        }
        set.changed_models += 1;
        if found.len() > MAX_FIELDS {
            set.other_changes.push(too_many(&name, found.len()));
            return;
        }
        for differing in &found {
            let class = self.class(differing);
            list_of(set, class, differing).push(self.change(&name, before, after, differing));
        }
    }

    /// What differs in money and limits between what a name stood for and what it stands for now.
    fn effects(&mut self, before: Entry<'a>, after: Entry<'a>) -> Vec<FieldChange> {
        let found = self.differing(before, after);
        let counts =
            |class| matches!(class, FieldClass::Price | FieldClass::Multiplier | FieldClass::Limit | FieldClass::Hours);
        let told = found.iter().filter(|differing| counts(self.class(differing))).take(MAX_FIELDS);
        told.map(|differing| self.change(&after.name(), before, after, differing)).collect()
    }

    fn differing(&mut self, before: Entry<'a>, after: Entry<'a>) -> Vec<Differing<'a>> {
        self.round += 1;
        let mut found = Vec::new();
        self.entry(self.round, before, after, &mut found);
        found
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
                // Other names are compared as such, and a proxy takes the lists out.
                _ if is_top(&new_leaf, &["aliases"]) => {}
                _ => self.push(found, old_leaf, Some(new_leaf)),
            }
        }
        for old_leaf in before.leaves() {
            // `take` above left those that the new entry lacks.
            let seen = &mut self.seen[old_leaf.path_id().index()];
            let left = seen.entry == number && seen.leaf.take().is_some();
            let added_by_proxy = || old_leaf.kind() == LeafKind::Null || is_top(&old_leaf, &ADDED_BY_PROXY);
            if left && !(self.is_live() && added_by_proxy()) && !is_top(&old_leaf, &["aliases"]) {
                self.push(found, Some(old_leaf), None);
            }
        }
    }

    fn same(&self, old: &Leaf<'_>, new: &Leaf<'_>) -> bool {
        if self.is_live() { new.same_once_loaded(old) } else { new.same_as(old) }
    }

    fn is_live(&self) -> bool {
        self.terms.live.is_some()
    }

    fn push(&self, found: &mut Vec<Differing<'a>>, old_leaf: Option<Leaf<'a>>, new_leaf: Option<Leaf<'a>>) {
        let Some(leaf) = new_leaf.or(old_leaf) else { return };
        let mut path = leaf.path();
        // Lists of plain values are told whole: one more item would otherwise shift all that follow. Prices are not.
        if leaf.class() != FieldClass::Price {
            let is_hours = leaf.class() == FieldClass::Hours;
            // Windows of hours are one thing to people, however they are written.
            let deep = |path: Path<'_>| matches!(path.last(), Step::Item(_)) || (is_hours && path.depth() > 2);
            while deep(path) {
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
            // Also where a list stands now for what was one value: what the field was and is, is told whole.
            Some(other) if folded || other.is_whole() => (other.old_leaf, other.new_leaf) = (None, None),
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

fn alias_change(model: &str, before: Option<&str>, after: &str) -> AliasChange {
    let (before, after) = (before.map(str::to_owned), Some(after.to_owned()));
    AliasChange { model: model.to_owned(), before, after, effects: Vec::new() }
}

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

fn list_of<'t>(set: &'t mut Told, class: FieldClass, differing: &Differing<'_>) -> &'t mut Vec<FieldChange> {
    match class {
        FieldClass::Price => &mut set.pricing_changes,
        FieldClass::Multiplier if differing.is_number() => &mut set.multiplier_changes,
        FieldClass::Hours => &mut set.hours_changes,
        FieldClass::Limit => &mut set.limit_changes,
        FieldClass::Provider => &mut set.provider_changes,
        FieldClass::Mode => &mut set.mode_changes,
        FieldClass::Capability => &mut set.capability_changes,
        FieldClass::Deprecation => &mut set.deprecation_changes,
        FieldClass::Multiplier | FieldClass::Alias | FieldClass::Other => &mut set.other_changes,
    }
}

/// after / before to six significant digits.
fn ratio(before: Option<Decimal>, after: Option<Decimal>) -> Option<f64> {
    let ratio = after?.checked_div(before?)?;
    plain(ratio.round_sf_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)?).parse().ok()
}
