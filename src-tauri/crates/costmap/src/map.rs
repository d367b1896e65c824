//! The cost map: its text as it came, and every entry and leaf in it.

mod entry;

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::Revision;
use crate::alias::{Aliases, Listed, Served};
use crate::known::Known;
use crate::leaf::Path;
use crate::malformed::Malformed;
use crate::path::{PathId, Paths, Step};
use crate::scan::{Scanned, scan};
use crate::text::unescape;
pub use entry::Entry;

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
    aliases: OnceLock<Aliases>,
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
            aliases: OnceLock::new(),
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

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
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
        self.entries()
            .filter(move |entry| !entry.is_reserved() && overridden.binary_search(&(entry.order() - 1)).is_err())
    }

    /// Every top-level member, reserved keys and overridden ones too, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..).zip(&self.entries).map(|(number, span)| Entry::new(self, span, number))
    }

    /// What a proxy prices by this map: its models, with what the proxy makes of alias rows and of `aliases` lists.
    pub fn served(&self, served: Served) -> impl Iterator<Item = Entry<'_>> {
        let rows = self.models().filter_map(move |entry| match served {
            Served::Rows => entry.priced(),
            Served::Bare | Served::Lists => Some(entry),
        });
        rows.chain(self.listed_aliases(served))
    }

    /// The names that stand only in `aliases` lists, each with its owner's values.
    pub(crate) fn listed_aliases(&self, served: Served) -> impl Iterator<Item = Entry<'_>> {
        let listed = if served == Served::Bare { &[][..] } else { self.aliases().listed() };
        listed.iter().filter_map(|listed| self.owner_of(listed))
    }

    /// The owner of the `aliases` list that has this name, under this name.
    pub(crate) fn listed_alias(&self, name: &str) -> Option<Entry<'_>> {
        self.owner_of(self.aliases().place_of(name)?)
    }

    fn owner_of(&self, listed: &Listed) -> Option<Entry<'_>> {
        Some(self.numbered(listed.owner)?.named(listed.key, listed.key_escaped))
    }

    /// What calls of this name are priced by, on LiteLLM 1.110 and later: the model itself, or what the alias stands for.
    /// `None` for reserved keys and for aliases that stand for nothing.
    pub fn priced(&self, name: &str) -> Option<Entry<'_>> {
        match self.get(name) {
            Some(entry) if entry.is_reserved() => None,
            Some(entry) => entry.priced(),
            None => self.listed_alias(name),
        }
    }

    /// Which rows and names are only other names. Worked out once, when first asked for.
    pub(crate) fn aliases(&self) -> &Aliases {
        self.aliases.get_or_init(|| Aliases::of(self))
    }

    pub(crate) fn numbered(&self, number: u32) -> Option<Entry<'_>> {
        Some(Entry::new(self, self.entries.get(number as usize)?, number))
    }

    /// How many entries, reserved keys and overridden ones too.
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// What a proxy loads, reserved keys too, each with its place in the file from 1.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = (u32, Entry<'_>)> {
        let mut overridden: Vec<u32> = self.overridden.clone();
        overridden.sort_unstable();
        let counts =
            move |entry: &Entry<'_>| overridden.is_empty() || overridden.binary_search(&(entry.order() - 1)).is_err();
        self.entries().filter(counts).map(|entry| (entry.order(), entry))
    }

    /// The entry of this name; a reserved key too.
    pub fn get(&self, name: &str) -> Option<Entry<'_>> {
        self.numbered(self.find(name)?)
    }

    /// Members whose name comes again further down: earlier values that Python drops.
    pub fn overridden(&self) -> impl Iterator<Item = Entry<'_>> {
        self.overridden.iter().filter_map(|number| self.numbered(*number))
    }

    /// Fields given twice inside one entry, with that entry.
    pub fn repeated_fields(&self) -> impl Iterator<Item = (Entry<'_>, Path<'_>)> {
        self.repeated_fields
            .iter()
            .filter_map(|(number, path)| Some((self.numbered(*number)?, Path { paths: &self.paths, id: *path })))
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
    text_of(text, entry.key, entry.key_escaped)
}

fn text_of(text: &str, span: Span, escaped: bool) -> Cow<'_, str> {
    let inner = span.of(text);
    if escaped { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) }
}
