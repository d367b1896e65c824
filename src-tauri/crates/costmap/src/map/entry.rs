//! One entry of a map.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::{CostMap, EntrySpan, RESERVED_KEYS, Span, key_of, text_of};
use crate::alias::AliasFault;
use crate::leaf::Leaf;
use crate::path::{PathId, Step};

/// One entry of a map: a name, and the values that stand under it, or under the name that it stands for.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    map: &'a CostMap,
    /// The name that it is shown by: between the quotes.
    key: Span,
    key_escaped: bool,
    /// Where its values stand.
    span: &'a EntrySpan,
    /// The place of `span`.
    number: u32,
}

impl<'a> Entry<'a> {
    pub(super) fn new(map: &'a CostMap, span: &'a EntrySpan, number: u32) -> Self {
        Self { map, key: span.key, key_escaped: span.key_escaped, span, number }
    }

    /// The same values under another name.
    pub(super) fn named(self, key: Span, key_escaped: bool) -> Self {
        Self { key, key_escaped, ..self }
    }

    /// Its place in the file, from 0.
    pub(crate) fn number(&self) -> usize {
        self.number as usize
    }

    /// Its place in the file, from 1.
    pub(crate) fn order(&self) -> u32 {
        self.number + 1
    }

    /// The entry of this name in an earlier map, and whether its bytes are the same there. Where this map was read
    /// against that one, no byte is looked at again.
    pub(crate) fn before<'o>(&self, old: &'o CostMap) -> Option<(Entry<'o>, bool)> {
        if let (Some(number), Some(against)) = (self.span.same, &self.map.against)
            && Arc::ptr_eq(against, &old.identity)
            && let Some(span) = old.entries.get(number as usize)
        {
            return Some((Entry::new(old, span, number), true));
        }
        let before = old.get(&self.name())?;
        Some((before, before.raw() == self.raw()))
    }

    /// The model's name.
    pub fn name(&self) -> Cow<'a, str> {
        text_of(&self.map.text, self.key, self.key_escaped)
    }

    /// The name that an alias row gives: `claude-opus-6` of `{"alias_of": "claude-opus-6"}`. `None` for every other row;
    /// one whose `alias_of` is no text is a row like any other to LiteLLM.
    pub fn alias_of(&self) -> Option<Cow<'a, str>> {
        self.leaf(self.map.aliases().field()?)?.as_str()
    }

    /// What calls of this name are priced by (see [`CostMap::priced`]); `None` for an alias row that stands for nothing.
    pub fn priced(&self) -> Option<Self> {
        match self.map.aliases().target(self.number) {
            None => Some(*self),
            Some(target) => Some(self.map.numbered(target.ok()?)?.named(self.key, self.key_escaped)),
        }
    }

    /// Why an alias row stands for nothing; `None` for every other row.
    pub fn alias_fault(&self) -> Option<AliasFault> {
        self.map.aliases().target(self.number)?.err()
    }

    /// The name that its values stand under, where that is another one than its own.
    pub fn stands_for(&self) -> Option<Cow<'a, str>> {
        let own = self.key == self.span.key;
        (!own).then(|| key_of(&self.map.text, self.span))
    }

    /// Whether it is one of [`RESERVED_KEYS`], and so no model.
    pub fn is_reserved(&self) -> bool {
        // Nearly every name is of another length.
        let may_be = self.key_escaped || RESERVED_KEYS.iter().any(|key| key.len() == self.key.len());
        may_be && RESERVED_KEYS.contains(&&*self.name())
    }

    /// Whether its value is an object, as every model's should be.
    pub fn is_object(&self) -> bool {
        self.span.is_object
    }

    /// The value's exact text.
    pub fn raw(&self) -> &'a str {
        self.span.value.of(&self.map.text)
    }

    /// The range of the value in the map's text, in bytes.
    pub(crate) fn value_range(&self) -> Range<usize> {
        self.span.value.start as usize..self.span.value.end as usize
    }

    /// The range of the member in the map's text: from the opening quote of its name to the end of its value.
    pub(crate) fn member_range(&self) -> Range<usize> {
        self.span.key.start as usize - 1..self.span.value.end as usize
    }

    /// Every value in it that holds no other, in the order of the file.
    pub fn leaves(&self) -> impl DoubleEndedIterator<Item = Leaf<'a>> + ExactSizeIterator + use<'a> {
        let map = self.map;
        let range = self.span.leaves.start as usize..self.span.leaves.end as usize;
        map.leaves[range].iter().map(move |leaf| Leaf { map, leaf })
    }

    /// One of [`Entry::leaves`].
    pub(crate) fn nth_leaf(&self, place: usize) -> Option<Leaf<'a>> {
        let map = self.map;
        let range = self.span.leaves.start as usize..self.span.leaves.end as usize;
        map.leaves[range].get(place).map(|leaf| Leaf { map, leaf })
    }

    /// The leaf at a path of this map (see [`CostMap::field_id`]).
    pub fn leaf(&self, path: PathId) -> Option<Leaf<'a>> {
        self.leaves().rev().find(|leaf| leaf.leaf.path == path)
    }

    /// A field of the entry itself, where it is no object or list.
    pub fn field(&self, name: &str) -> Option<Leaf<'a>> {
        self.leaf(self.map.field_id(name)?)
    }

    /// `litellm_provider`, where it is text.
    pub fn provider(&self) -> Option<Cow<'a, str>> {
        self.field("litellm_provider")?.as_str()
    }

    /// `mode`, where it is text.
    pub fn mode(&self) -> Option<Cow<'a, str>> {
        self.field("mode")?.as_str()
    }

    /// What stands at `path` and below it, as JSON; numbers keep their value. `None` where nothing is there.
    pub fn json_at(&self, path: PathId) -> Option<Value> {
        let paths = &self.map.paths;
        let mut found: Option<Value> = None;
        for leaf in self.leaves() {
            let mut steps: Vec<PathId> = paths.ancestors(leaf.leaf.path).collect();
            if path != PathId::ROOT {
                let Some(depth) = steps.iter().position(|step| *step == path) else { continue };
                steps.truncate(depth);
            }
            let mut place = found.get_or_insert(Value::Null);
            for step in steps.iter().rev() {
                place = match paths.step(*step) {
                    Step::Root => place,
                    Step::Field(name) => {
                        if !place.is_object() {
                            *place = Value::Object(serde_json::Map::new());
                        }
                        let Value::Object(object) = place else { return None };
                        object.entry(name.to_string()).or_insert(Value::Null)
                    }
                    Step::Item(number) => {
                        if !place.is_array() {
                            *place = Value::Array(Vec::new());
                        }
                        let Value::Array(list) = place else { return None };
                        let number = *number as usize;
                        if list.len() <= number {
                            list.resize(number + 1, Value::Null);
                        }
                        &mut list[number]
                    }
                };
            }
            *place = leaf.json();
        }
        found
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({:?})", self.name())
    }
}
