//! One model that is new or changed, as the rules look at it.

use std::borrow::Cow;
use std::cell::OnceCell;

use rust_decimal::Decimal;

use crate::check::findings::About;
use crate::check::structure;
use crate::field::Unit;
use crate::leaf::Leaf;
use crate::map::{CostMap, Entry};
use crate::path::{PathId, Step};
use crate::versions::is_known_field;

/// What is worked out once for a pair of maps.
pub(crate) struct Pair<'a> {
    pub(crate) new: &'a CostMap,
    pub(crate) old: Option<&'a CostMap>,
    /// For each path of the old map the same path in the new one.
    in_new: Vec<Option<PathId>>,
    /// The other way.
    in_old: OnceCell<Vec<Option<PathId>>>,
    /// For each path of the new map what a price there is for.
    units: OnceCell<Vec<Unit>>,
    pub(crate) mode: Option<PathId>,
    pub(crate) input: Option<PathId>,
    pub(crate) output: Option<PathId>,
    pub(crate) cache_read: Option<PathId>,
    pub(crate) aliases: Option<PathId>,
    pub(crate) alias_of: Option<PathId>,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(new: &'a CostMap, old: Option<&'a CostMap>) -> Self {
        Self {
            new,
            old,
            in_new: old.map(|old| old.paths().translate(new.paths())).unwrap_or_default(),
            in_old: OnceCell::new(),
            units: OnceCell::new(),
            mode: new.field_id("mode"),
            input: new.field_id("input_cost_per_token"),
            output: new.field_id("output_cost_per_token"),
            cache_read: new.field_id("cache_read_input_token_cost"),
            aliases: new.field_id("aliases"),
            alias_of: new.field_id("alias_of"),
        }
    }

    /// The path of the new map that is this one of the old map.
    pub(crate) fn in_new(&self, path: PathId) -> Option<PathId> {
        self.in_new.get(path.index()).copied().flatten()
    }

    /// The path of the old map that is this one of the new map.
    pub(crate) fn in_old(&self, path: PathId) -> Option<PathId> {
        let translate = || self.old.map(|old| self.new.paths().translate(old.paths())).unwrap_or_default();
        self.in_old.get_or_init(translate).get(path.index()).copied().flatten()
    }

    /// What a price at this path of the new map is for. The name nearest to the value that holds `cost` says it.
    pub(crate) fn unit(&self, path: PathId) -> Unit {
        let units = self.units.get_or_init(|| {
            let paths = self.new.paths();
            let mut units: Vec<Unit> = Vec::with_capacity(paths.len());
            for path in paths.ids() {
                units.push(match paths.step(path) {
                    Step::Field(name) if name.contains("cost") => Unit::of_path(name),
                    Step::Root => Unit::Other,
                    _ => units.get(paths.parent(path).index()).copied().unwrap_or(Unit::Other),
                });
            }
            units
        });
        units.get(path.index()).copied().unwrap_or(Unit::Other)
    }

    /// The models that are new or whose bytes differ, in the map's order; without an old map all of them.
    pub(crate) fn changed(&self) -> impl Iterator<Item = Model<'_, 'a>> {
        self.new.models().filter_map(|entry| {
            let old = match self.old.and_then(|old| entry.before(old)) {
                Some((_, true)) => return None,
                old => old.map(|(old, _)| old),
            };
            if !entry.is_object() || structure::has_long_name(&entry) {
                return None;
            }
            let prices = entry.leaves().filter(Leaf::is_price);
            Some(Model {
                pair: self,
                order: entry.order(),
                name: entry.name(),
                provider: entry.provider(),
                form: Form::of(&entry),
                entry,
                old,
                prices: prices.filter_map(|leaf| Some((leaf.path_id(), leaf, leaf.decimal()?))).collect(),
                now: Fields::of(entry, Some),
                was: old.map(|old| Fields::of(old, |path| self.in_new(path))).unwrap_or_default(),
            })
        })
    }
}

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A model with its own values.
    Model,
    /// Another name for a model.
    Alias,
    /// Something that no release up to the newest known had: it names no provider, and has no field that models have.
    Unknown,
}

impl Form {
    pub(crate) fn of(entry: &Entry<'_>) -> Self {
        if entry.alias_of().is_some() {
            return Self::Alias;
        }
        let is_known = |leaf: Leaf<'_>| matches!(leaf.path().top(), Step::Field(name) if is_known_field(name));
        if entry.leaves().any(is_known) { Self::Model } else { Self::Unknown }
    }
}

/// A model that is new or changed.
pub(crate) struct Model<'p, 'a> {
    pub(crate) pair: &'p Pair<'a>,
    pub(crate) order: u32,
    pub(crate) name: Cow<'a, str>,
    pub(crate) provider: Option<Cow<'a, str>>,
    pub(crate) form: Form,
    pub(crate) entry: Entry<'a>,
    pub(crate) old: Option<Entry<'a>>,
    /// Every price that the decimal type holds (the others have findings of their own), in the order of the file.
    pub(crate) prices: Vec<(PathId, Leaf<'a>, Decimal)>,
    now: Fields<'a>,
    was: Fields<'a>,
}

impl<'a> Model<'_, 'a> {
    /// Whether a row is a model with values of its own, and not another name or a form that nobody knows.
    pub(crate) fn has_own_values(entry: &Entry<'_>) -> bool {
        Form::of(entry) == Form::Model
    }

    /// The leaf at a path.
    pub(crate) fn now(&self, path: PathId) -> Option<Leaf<'a>> {
        self.now.get(path)
    }

    /// What stood at this path of the new map before.
    pub(crate) fn was(&self, path: PathId) -> Option<Leaf<'a>> {
        self.was.get(path)
    }

    /// The price at a path.
    pub(crate) fn price(&self, path: Option<PathId>) -> Option<Decimal> {
        self.now(path?).filter(Leaf::is_price)?.decimal()
    }

    /// The price that stood at this path of the new map before.
    pub(crate) fn old_price(&self, path: PathId) -> Option<Decimal> {
        self.was(path).filter(Leaf::is_price)?.decimal()
    }

    /// Every leaf, in the order of the file.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = Leaf<'a>> {
        self.entry.leaves()
    }

    /// Whether another value (or none) stood at this path before.
    pub(crate) fn is_new_value(&self, path: PathId) -> bool {
        match (self.now(path), self.was(path)) {
            (Some(now), Some(was)) => !now.same_as(&was),
            (now, was) => now.is_some() != was.is_some(),
        }
    }

    /// `mode`, where it is text.
    pub(crate) fn mode(&self) -> Option<Cow<'a, str>> {
        self.now(self.pair.mode?)?.as_str()
    }

    /// Whether a price that was there before is another number now.
    pub(crate) fn is_repriced(&self) -> bool {
        let is_other = |(path, was): (PathId, Leaf<'a>)| {
            was.is_price() && self.now(path).is_some_and(|now| now.is_price() && !now.same_as(&was))
        };
        self.was.iter().any(is_other)
    }

    /// Whether it had prices before and has none now.
    pub(crate) fn lost_all_prices(&self) -> bool {
        self.prices.is_empty() && self.old.is_some_and(|old| old.leaves().any(|leaf| leaf.is_price()))
    }

    pub(crate) fn about<'b>(&'b self, leaf: &Leaf<'b>) -> About<'b> {
        About { field: Some(leaf.path()), value: Some(leaf.text()), ..self.as_a_whole() }
    }

    pub(crate) fn as_a_whole(&self) -> About<'_> {
        About { order: self.order, model: Some(&self.name), subject: self.provider.as_deref(), ..About::default() }
    }
}

/// The leaves of one entry by path, so that an entry of any size is looked up in quickly. Thousands of models are kept at
/// once: 8 bytes a leaf.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    entry: Option<Entry<'a>>,
    /// Sorted: the path, and which leaf of the entry it is.
    places: Vec<(PathId, u32)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(entry: Entry<'a>, path: impl Fn(PathId) -> Option<PathId>) -> Self {
        let leaves = (0..).zip(entry.leaves());
        let mut places: Vec<_> = leaves.filter_map(|(place, leaf)| Some((path(leaf.path_id())?, place))).collect();
        places.sort_unstable();
        Self { entry: Some(entry), places }
    }

    pub(crate) fn get(&self, path: PathId) -> Option<Leaf<'a>> {
        let place = self.places.binary_search_by_key(&path, |(path, _)| *path).ok()?;
        self.at(place).map(|(_, leaf)| leaf)
    }

    fn iter(&self) -> impl Iterator<Item = (PathId, Leaf<'a>)> {
        (0..self.places.len()).filter_map(|place| self.at(place))
    }

    fn at(&self, place: usize) -> Option<(PathId, Leaf<'a>)> {
        let (path, leaf) = self.places.get(place)?;
        Some((*path, self.entry?.nth_leaf(*leaf as usize)?))
    }
}
