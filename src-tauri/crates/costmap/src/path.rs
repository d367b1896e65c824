//! Paths of fields, each stored once: `tiered_pricing[1].input_cost_per_token`.

use std::fmt;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::field::FieldClass;
use crate::text::plain_run;

/// A path within one [`crate::CostMap`]; ids of different maps do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(u32);

impl PathId {
    /// The entry itself.
    pub const ROOT: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The entry itself.
    Root,
    /// A field of an object.
    Field(Box<str>),
    /// A place in a list, from 0.
    Item(u32),
}

#[derive(Clone, Debug)]
struct Node {
    parent: PathId,
    step: Step,
    class: FieldClass,
    /// What followed this path the last two times: fields come in the same order in most entries.
    next: [PathId; 2],
    /// The field as it mostly stands in a map: quoted, with a colon and a blank. Empty where the name needs escapes.
    member: Box<[u8]>,
}

/// Every path of a map, as a tree of steps, so that a long name high up is stored once and not in every leaf below it.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    nodes: Vec<Node>,
    ids: HashTable<PathId>,
    hasher: DefaultHashBuilder,
}

impl Default for Paths {
    fn default() -> Self {
        let root = Node {
            parent: PathId::ROOT,
            step: Step::Root,
            class: FieldClass::Other,
            next: [PathId::ROOT; 2],
            member: Box::default(),
        };
        Self { nodes: vec![root], ids: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl Paths {
    /// A field that followed `last` before, if `text` goes on with just that field: its path, and the length of the
    /// name with its quotes, the colon and the blank. Most fields of most entries are read this way, at one comparison.
    #[inline]
    pub(crate) fn expected(&self, parent: PathId, last: PathId, text: &[u8]) -> Option<(PathId, usize)> {
        let hint = if last == PathId::ROOT { parent } else { last };
        self.nodes[hint.index()].next.into_iter().find_map(|guess| {
            let node = &self.nodes[guess.index()];
            let is = node.parent == parent && !node.member.is_empty() && text.starts_with(&node.member);
            is.then_some((guess, node.member.len()))
        })
    }

    /// The path of the field `name` under `parent`; `last` is the field before it, a hint that costs nothing if wrong.
    pub(crate) fn field(&mut self, parent: PathId, name: &str, last: PathId) -> PathId {
        self.child(
            parent,
            last,
            |step| matches!(step, Step::Field(known) if **known == *name),
            || Step::Field(name.into()),
            |hasher| hasher.hash_one((parent.0, name)),
        )
    }

    /// The path of place `number` in the list `parent`.
    pub(crate) fn item(&mut self, parent: PathId, number: u32, last: PathId) -> PathId {
        self.child(
            parent,
            last,
            |step| *step == Step::Item(number),
            || Step::Item(number),
            |hasher| hasher.hash_one((parent.0, number)),
        )
    }

    fn child(
        &mut self,
        parent: PathId,
        last: PathId,
        is: impl Fn(&Step) -> bool,
        make: impl FnOnce() -> Step,
        hash: impl FnOnce(&DefaultHashBuilder) -> u64,
    ) -> PathId {
        // Before the first field of an object `last` is the root; then the parent itself holds the hint.
        let hint = if last == PathId::ROOT { parent } else { last };
        let [guess, before] = self.nodes[hint.index()].next;
        let node = &self.nodes[guess.index()];
        if node.parent == parent && guess != PathId::ROOT && is(&node.step) {
            return guess;
        }
        let hash = hash(&self.hasher);
        let found = self
            .ids
            .find(hash, |id| {
                let node = &self.nodes[id.index()];
                node.parent == parent && is(&node.step)
            })
            .copied();
        let id = found.unwrap_or_else(|| {
            let id = PathId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
            let step = make();
            let class = FieldClass::below(self.nodes[parent.index()].class, parent == PathId::ROOT, &step);
            let member = member(&step);
            self.nodes.push(Node { parent, step, class, next: [PathId::ROOT; 2], member });
            let Self { nodes, ids, hasher } = self;
            ids.insert_unique(hash, id, |id| {
                let node = &nodes[id.index()];
                match &node.step {
                    Step::Root => 0,
                    Step::Field(name) => hasher.hash_one((node.parent.0, &**name)),
                    Step::Item(number) => hasher.hash_one((node.parent.0, *number)),
                }
            });
            id
        });
        self.nodes[hint.index()].next = if id == before { [before, guess] } else { [id, guess] };
        id
    }

    /// The path that these steps name, if any entry has it.
    pub(crate) fn find<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Option<PathId> {
        steps.into_iter().try_fold(PathId::ROOT, |parent, step| self.find_child(parent, step))
    }

    pub(crate) fn find_child(&self, parent: PathId, step: &Step) -> Option<PathId> {
        let hash = match step {
            Step::Root => return Some(PathId::ROOT),
            Step::Field(name) => self.hasher.hash_one((parent.0, &**name)),
            Step::Item(number) => self.hasher.hash_one((parent.0, *number)),
        };
        self.ids
            .find(hash, |id| {
                let node = &self.nodes[id.index()];
                node.parent == parent && node.step == *step
            })
            .copied()
    }

    pub(crate) fn class(&self, path: PathId) -> FieldClass {
        self.nodes[path.index()].class
    }

    pub(crate) fn step(&self, path: PathId) -> &Step {
        &self.nodes[path.index()].step
    }

    pub(crate) fn parent(&self, path: PathId) -> PathId {
        self.nodes[path.index()].parent
    }

    /// The path itself, then what it stands in, up to but without the root.
    pub(crate) fn ancestors(&self, path: PathId) -> impl Iterator<Item = PathId> {
        std::iter::successors(Some(path), |path| Some(self.parent(*path))).take_while(|path| *path != PathId::ROOT)
    }

    /// For each path of `self` the same path in `other`, if it has it.
    pub(crate) fn translate(&self, other: &Self) -> Vec<Option<PathId>> {
        let mut there: Vec<Option<PathId>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            // Parents come before their children.
            let found = match node.step {
                Step::Root => Some(PathId::ROOT),
                _ => there[node.parent.index()].and_then(|parent| other.find_child(parent, &node.step)),
            };
            there.push(found);
        }
        there
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Every path, parents before their children.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PathId> {
        (0..self.nodes.len()).map(|number| PathId(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    pub(crate) fn show(&self, path: PathId) -> ShowPath<'_> {
        ShowPath { paths: self, path }
    }
}

fn member(step: &Step) -> Box<[u8]> {
    match step {
        Step::Field(name) if plain_run(name.as_bytes()) == name.len() => format!("\"{name}\": ").into_bytes().into(),
        _ => Box::default(),
    }
}

/// A path as text.
pub(crate) struct ShowPath<'a> {
    paths: &'a Paths,
    path: PathId,
}

impl fmt::Display for ShowPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<PathId> = self.paths.ancestors(self.path).collect();
        for (depth, path) in steps.iter().rev().enumerate() {
            match self.paths.step(*path) {
                Step::Root => {}
                Step::Field(name) if depth == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}
