//! Why bytes are no map, and where that shows.

/// Objects and lists inside each other, the map itself counted. Real maps reach 4; anything deeper is an attack or a
/// broken generator (HISTORY: "nesting over 64").
pub const MAX_DEPTH: u32 = 64;

/// Why bytes are no map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedKind {
    /// A byte order mark stands before the text.
    ByteOrderMark,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// An HTML page: a captive portal, a proxy's error page.
    Html,
    /// The text ends in the middle.
    Truncated,
    /// The text is not JSON.
    NotJson,
    /// Valid JSON, but not an object.
    NotAnObject,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More bytes than the 4 GiB that positions can name.
    TooLarge,
}

/// Bytes that are no map, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct Malformed {
    /// What is wrong.
    pub kind: MalformedKind,
    /// What was expected, in a plain phrase.
    pub message: &'static str,
    /// Byte offset of the fault.
    pub offset: usize,
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault in bytes, from 1.
    pub column: usize,
}

impl Malformed {
    pub(crate) fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Self {
        Self::at(bytes, MalformedKind::NotUtf8, "invalid UTF-8", valid_up_to)
    }

    pub(crate) fn at(bytes: &[u8], kind: MalformedKind, message: &'static str, offset: usize) -> Self {
        let before = &bytes[..offset];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = offset - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
        Self { kind, message, offset, line, column }
    }
}
