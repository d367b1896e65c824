//! Other names in two files: which came, went or moved.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::alias::Served;
use crate::map::{CostMap, Entry};

/// A name, and what stands under it in the older and in the newer file.
type Moved<'a> = (Cow<'a, str>, Option<Entry<'a>>, Option<Entry<'a>>);

/// The names that are another name in at least one of two files.
pub(crate) struct OtherNames<'a> {
    old: &'a CostMap,
    new: &'a CostMap,
    /// Neither file has any: the common case until LiteLLM 1.110.
    none: bool,
}

impl<'a> OtherNames<'a> {
    pub(crate) fn of(old: &'a CostMap, new: &'a CostMap) -> Self {
        Self { old, new, none: old.aliases().is_empty() && new.aliases().is_empty() }
    }

    /// Whether a row of the newer file is told by [`OtherNames::moved`], if at all, and not as a model.
    pub(crate) fn concern(&self, after: &Entry<'_>, before: Option<Entry<'_>>) -> bool {
        if self.none {
            return false;
        }
        let was_listed = || before.is_none() && self.old.listed_alias(&after.name()).is_some();
        after.alias_of().is_some() || before.is_some_and(|before| before.alias_of().is_some()) || was_listed()
    }

    /// Every name that stands for something else than before, in the order of the newer file, then those that are gone.
    pub(crate) fn moved(&self) -> impl Iterator<Item = Moved<'a>> {
        let mut found: Vec<Moved<'a>> = Vec::new();
        if !self.none {
            let mut seen = HashSet::new();
            for entry in others(self.new).chain(others(self.old)) {
                let name = entry.name();
                if !seen.insert(name.clone()) {
                    continue;
                }
                let (before, after) = (under(self.old, &name), under(self.new, &name));
                if before.and_then(|entry| target(&entry)) != after.and_then(|entry| target(&entry)) {
                    found.push((name, before, after));
                }
            }
        }
        found.into_iter()
    }
}

/// What an entry stands for: of a row the name that it gives, of a listed name its owner.
pub(crate) fn target<'a>(entry: &Entry<'a>) -> Option<Cow<'a, str>> {
    entry.alias_of().or_else(|| entry.stands_for())
}

/// The rows and listed names that are other names.
fn others(map: &CostMap) -> impl Iterator<Item = Entry<'_>> {
    map.models().filter(|entry| entry.alias_of().is_some()).chain(map.listed_aliases(Served::Rows))
}

/// What stands under a name: its row as it is, or the owner of the list that has it.
fn under<'a>(map: &'a CostMap, name: &str) -> Option<Entry<'a>> {
    map.get(name).or_else(|| map.listed_alias(name))
}
