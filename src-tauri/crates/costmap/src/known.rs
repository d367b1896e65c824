//! What a map that was read before lends to the reading of another one.

use crate::map::{EntrySpan, LeafSpan};
use crate::path::{PathId, Paths};

/// An earlier scan whose entries may come again unchanged.
pub(crate) struct Known<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) entries: &'a [EntrySpan],
    pub(crate) leaves: &'a [LeafSpan],
    pub(crate) paths: &'a Paths,
    /// In the order of the entries.
    pub(crate) repeated_fields: &'a [(u32, PathId)],
    /// The entry of this name (still quoted, without escapes), if there is one.
    pub(crate) find: &'a dyn Fn(&str) -> Option<u32>,
    /// Whether no entry's name comes again further down.
    pub(crate) all_count: bool,
}
