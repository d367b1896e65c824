//! Many equal changes told as one. Information.

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::Pair;
use crate::check::words::field;
use crate::map::{CostMap, Entry};
use crate::path::PathId;

pub(crate) const FIELD_DROPPED: Rule = Rule::info(
    "schema.field_dropped",
    "A field that at least 20 models had and over half of them lost: the map's format changed.",
);
pub(crate) const FIRST_MAP: Rule =
    Rule::info("check.first_map", "No earlier map to compare with: only errors within the map itself were looked for.");

const FEWEST: usize = 20;

pub(crate) fn first_map(out: &mut Findings) {
    out.add(FIRST_MAP, About::default(), || {
        "This is the first map, so there is no earlier one to compare it with: shrinking, repricing and price jumps could not be checked.".to_owned()
    });
}

/// For each top field of the old map: from how many models it went, of how many that had it. Time is linear in both maps.
pub(crate) struct Dropped<'p, 'a> {
    pair: &'p Pair<'a>,
    old: &'a CostMap,
    /// For each path of the old map the top field that it stands in.
    tops: Vec<PathId>,
    kept_by: Vec<u32>,
    counted_for: Vec<u32>,
    models: Vec<usize>,
    /// For each path of the old map whether its loss is a change of the format; known once it was reported.
    schema: Vec<bool>,
}

impl<'p, 'a> Dropped<'p, 'a> {
    pub(crate) fn new(pair: &'p Pair<'a>, old: &'a CostMap) -> Self {
        let paths = old.paths();
        let mut tops: Vec<PathId> = Vec::with_capacity(paths.len());
        for path in paths.ids() {
            let parent = paths.parent(path);
            tops.push(if parent == PathId::ROOT { path } else { tops[parent.index()] });
        }
        let count = paths.len();
        Self {
            pair,
            old,
            tops,
            kept_by: vec![0; count],
            counted_for: vec![0; count],
            models: vec![0; count],
            schema: vec![false; count],
        }
    }

    /// Counts what one model lost.
    pub(crate) fn count(&mut self, before: Entry<'_>, after: Entry<'_>) {
        let order = after.order();
        for leaf in after.leaves() {
            if let Some(path) = self.pair.in_old(leaf.path_id()) {
                self.kept_by[self.tops[path.index()].index()] = order;
            }
        }
        for leaf in before.leaves() {
            let top = self.tops[leaf.path_id().index()].index();
            if self.kept_by[top] != order && self.counted_for[top] != order {
                self.counted_for[top] = order;
                self.models[top] += 1;
            }
        }
    }

    /// Whether the field at this path of the old map, or what it stands in, went from so many models that the map's format
    /// changed.
    pub(crate) fn is_schema(&self, path: PathId) -> bool {
        self.schema.get(self.tops[path.index()].index()).copied().unwrap_or_default()
    }

    pub(crate) fn report(&mut self, out: &mut Findings) {
        if !self.models.iter().any(|models| models * 2 > FEWEST) {
            return;
        }
        let mut had = vec![0_usize; self.tops.len()];
        self.counted_for.fill(0);
        for (number, entry) in (1..).zip(self.old.models()) {
            for leaf in entry.leaves() {
                let top = self.tops[leaf.path_id().index()].index();
                if self.counted_for[top] != number {
                    self.counted_for[top] = number;
                    had[top] += 1;
                }
            }
        }
        for path in self.old.paths().ids() {
            let (lost, of) = (self.models[path.index()], had[path.index()]);
            if of >= FEWEST && lost * 2 > of {
                self.schema[path.index()] = true;
                let path = self.old.path(path);
                out.add(FIELD_DROPPED, About { field: Some(path), ..About::default() }, || {
                    format!(
                        "{} was dropped from {lost} of the {of} models that had it: the map's format changed.",
                        field(path)
                    )
                });
            }
        }
    }
}
