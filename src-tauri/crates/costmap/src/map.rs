//! The cost map: its text as it came, and every entry and leaf in it.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use hashbrown::{DefaultHashBuilder, HashTable};
use serde_json::Value;

use crate::Revision;
use crate::known::Known;
use crate::leaf::{Leaf, Path};
use crate::malformed::Malformed;
use crate::path::{PathId, Paths, Step};
use crate::scan::{Scanned, scan};
use crate::text::unescape;

/// Top-level keys that are no models (LITELLM, "The map's shape").
pub const RESERVED_KEYS: [&str; 3] = ["sample_spec", "fallback_generalizations", "_metadata"];

/// A range of bytes in the text. 32 bits, since a map is at most 64 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    pub(crate) fn of_bytes(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// One top-level member of the map.
#[derive(Clone, Debug)]
pub(crate) struct EntrySpan {
    /// Between the quotes.
    pub(crate) key: Span,
    pub(crate) key_escaped: bool,
    pub(crate) value: Span,
    pub(crate) leaves: Range<u32>,
    pub(crate) is_object: bool,
    /// The entry of the same name and bytes in the map that this one was read against, if that is known to count there.
    pub(crate) same: Option<u32>,
}

/// What kind of value a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafKind {
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number in JSON's grammar.
    Number,
    /// `NaN`, `Infinity` or `-Infinity`: no JSON, but Python reads it.
    NotFinite,
    /// A string without escapes.
    String,
    /// A string with at least one escape.
    EscapedString,
    /// `{}`.
    EmptyObject,
    /// `[]`.
    EmptyList,
}

/// A value that holds no other value. For strings the range is what stands between the quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafSpan {
    pub(crate) path: PathId,
    pub(crate) kind: LeafKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The bytes of a map that is still to be read.
pub struct Unread {
    bytes: Vec<u8>,
    revision: OnceLock<Revision>,
}

impl Unread {
    /// With the revision, computed now: where another thread reads a file, it is known before the map is.
    pub fn with_revision(bytes: Vec<u8>) -> Self {
        Self { revision: Revision::of(&bytes).into(), bytes }
    }

    /// The git blob id of the bytes.
    pub(crate) fn revision(&self) -> Revision {
        *self.revision.get_or_init(|| Revision::of(&self.bytes))
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl<T: Into<Vec<u8>>> From<T> for Unread {
    fn from(bytes: T) -> Self {
        Self { bytes: bytes.into(), revision: OnceLock::new() }
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unread").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// A parsed cost map. Keeps the bytes as they came; entries and values are ranges of them.
pub struct CostMap {
    text: String,
    entries: Vec<EntrySpan>,
    leaves: Vec<LeafSpan>,
    paths: Paths,
    repeated_fields: Vec<(u32, PathId)>,
    /// Of a name given twice the last one counts, as in Python.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Entries whose name comes again further down.
    overridden: Vec<u32>,
    models: usize,
    revision: OnceLock<Revision>,
    /// Equal to nothing but itself; says which map another was read against.
    identity: Arc<()>,
    against: Option<Arc<()>>,
}

impl CostMap {
    /// Reads a map. A `Vec` is kept as it is, a slice is copied.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are not a JSON object in UTF-8.
    pub fn parse(bytes: impl Into<Unread>) -> Result<Self, Malformed> {
        Self::read(bytes.into(), None).map_err(|(fault, _)| fault)
    }

    /// Reads a map that is mostly like `known`: an entry whose bytes stand there too is not read again.
    ///
    /// # Errors
    /// As [`CostMap::parse`].
    pub fn parse_against(bytes: impl Into<Unread>, known: &Self) -> Result<Self, Malformed> {
        Self::read(bytes.into(), Some(known)).map_err(|(fault, _)| fault)
    }

    /// Where the bytes are no map, they come back with the reason.
    pub(crate) fn read(from: Unread, known: Option<&Self>) -> Result<Self, (Malformed, Unread)> {
        let Unread { bytes, revision } = from;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let fault = Malformed::not_utf8(error.as_bytes(), error.utf8_error().valid_up_to());
                return Err((fault, Unread { bytes: error.into_bytes(), revision }));
            }
        };
        let scanned = match known {
            None => scan(&text, None),
            Some(known) => scan(
                &text,
                Some(&Known {
                    text: known.text.as_bytes(),
                    entries: &known.entries,
                    leaves: &known.leaves,
                    paths: &known.paths,
                    repeated_fields: &known.repeated_fields,
                    find: &|name| known.find(name),
                    all_count: known.overridden.is_empty(),
                }),
            ),
        };
        let Scanned { entries, leaves, paths, repeated_fields } = match scanned {
            Ok(scanned) => scanned,
            Err(fault) => return Err((fault, Unread { bytes: text.into_bytes(), revision })),
        };
        let hasher = DefaultHashBuilder::default();
        let mut map = Self {
            text,
            index: HashTable::with_capacity(entries.len()),
            entries,
            leaves,
            paths,
            repeated_fields,
            hasher,
            overridden: Vec::new(),
            models: 0,
            revision,
            identity: Arc::new(()),
            against: known.map(|known| Arc::clone(&known.identity)),
        };
        map.build_index();
        Ok(map)
    }

    fn build_index(&mut self) {
        let Self { text, entries, index, hasher, overridden, .. } = self;
        let name = |number: u32| key_of(text, &entries[number as usize]);
        for number in 0..u32::try_from(entries.len()).unwrap_or(u32::MAX) {
            let key = name(number);
            let hash = hasher.hash_one(&*key);
            match index.find_mut(hash, |other| name(*other) == key) {
                Some(slot) => overridden.push(std::mem::replace(slot, number)),
                None => {
                    index.insert_unique(hash, number, |other| hasher.hash_one(&*name(*other)));
                }
            }
        }
        let reserved = RESERVED_KEYS.iter().filter(|key| self.find(key).is_some()).count();
        self.models = self.index.len() - reserved;
    }

    fn find(&self, name: &str) -> Option<u32> {
        let is = |number: &u32| *key_of(&self.text, &self.entries[*number as usize]) == *name;
        self.index.find(self.hasher.hash_one(name), is).copied()
    }

    /// The git blob id of the bytes. Computed once, when first asked for.
    pub fn revision(&self) -> Revision {
        *self.revision.get_or_init(|| Revision::of(self.text.as_bytes()))
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many models: reserved keys are not counted, a name given twice counts once.
    pub fn len(&self) -> usize {
        self.models
    }

    /// Whether there is no model at all.
    pub fn is_empty(&self) -> bool {
        self.models == 0
    }

    /// The models in the order of the file. Of a name given twice only the last one, as in Python.
    pub fn models(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut overridden: Vec<u32> = self.overridden.clone();
        overridden.sort_unstable();
        self.entries().filter(move |entry| !entry.is_reserved() && overridden.binary_search(&entry.number).is_err())
    }

    /// Every top-level member, reserved keys and overridden ones too, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..).zip(&self.entries).map(|(number, span)| Entry { map: self, span, number })
    }

    /// How many entries, reserved keys and overridden ones too.
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// What a proxy loads, reserved keys too, each with its place in the file from 1.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = (u32, Entry<'_>)> {
        let mut overridden: Vec<u32> = self.overridden.clone();
        overridden.sort_unstable();
        let counts = move |entry: &Entry<'_>| overridden.is_empty() || overridden.binary_search(&entry.number).is_err();
        self.entries().filter(counts).map(|entry| (entry.order(), entry))
    }

    /// The entry of this name; a reserved key too.
    pub fn get(&self, name: &str) -> Option<Entry<'_>> {
        let number = self.find(name)?;
        Some(Entry { map: self, span: self.entries.get(number as usize)?, number })
    }

    /// Members whose name comes again further down: earlier values that Python drops.
    pub fn overridden(&self) -> impl Iterator<Item = Entry<'_>> {
        self.overridden
            .iter()
            .filter_map(|number| Some(Entry { map: self, span: self.entries.get(*number as usize)?, number: *number }))
    }

    /// Fields given twice inside one entry, with that entry.
    pub fn repeated_fields(&self) -> impl Iterator<Item = (Entry<'_>, Path<'_>)> {
        self.repeated_fields.iter().filter_map(|(number, path)| {
            let span = self.entries.get(*number as usize)?;
            Some((Entry { map: self, span, number: *number }, Path { paths: &self.paths, id: *path }))
        })
    }

    /// The id of the path with these steps: `&[Step::Field("mode".into())]`. For rules that look at one field of many.
    pub fn path_id(&self, steps: &[Step]) -> Option<PathId> {
        self.paths.find(steps)
    }

    /// The id of a field of the entry itself.
    pub fn field_id(&self, name: &str) -> Option<PathId> {
        self.paths.find([&Step::Field(name.into())])
    }

    pub(crate) fn path(&self, id: PathId) -> Path<'_> {
        Path { paths: &self.paths, id }
    }

    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }
}

impl fmt::Debug for CostMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CostMap").field("models", &self.models).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

fn key_of<'t>(text: &'t str, entry: &EntrySpan) -> Cow<'t, str> {
    let key = entry.key.of(text);
    if entry.key_escaped { Cow::Owned(unescape(key)) } else { Cow::Borrowed(key) }
}

/// One entry of a map.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    map: &'a CostMap,
    span: &'a EntrySpan,
    number: u32,
}

impl<'a> Entry<'a> {
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
            return Some((Entry { map: old, span, number }, true));
        }
        let before = old.get(&self.name())?;
        Some((before, before.raw() == self.raw()))
    }

    /// The model's name.
    pub fn name(&self) -> Cow<'a, str> {
        key_of(&self.map.text, self.span)
    }

    /// Whether it is one of [`RESERVED_KEYS`], and so no model.
    pub fn is_reserved(&self) -> bool {
        RESERVED_KEYS.contains(&&*self.name())
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
