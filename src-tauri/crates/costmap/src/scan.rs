//! One pass over the text of a map: checks the JSON grammar and writes down every leaf with its path.
//!
//! Own code rather than a JSON library, because the checks need what a library drops: the exact text of each number,
//! keys that are given twice, NaN where Python would take it, and the place of each entry in the file, so that an entry
//! whose bytes did not change needs no second look.

use crate::known::Known;
use crate::malformed::{MAX_DEPTH, Malformed, MalformedKind};
use crate::map::{EntrySpan, LeafKind, LeafSpan, Span};
use crate::path::{PathId, Paths};
use crate::text::{plain_run, unescape};

/// What a scan found out.
pub(crate) struct Scanned {
    pub(crate) entries: Vec<EntrySpan>,
    pub(crate) leaves: Vec<LeafSpan>,
    pub(crate) paths: Paths,
    /// Keys given twice inside one entry: entry and path.
    pub(crate) repeated_fields: Vec<(u32, PathId)>,
}

/// Scans a whole map.
pub(crate) fn scan(text: &str, known: Option<&Known<'_>>) -> Result<Scanned, Malformed> {
    let bytes = text.as_bytes();
    let fault = |kind, message, offset| Malformed::at(bytes, kind, message, offset);
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(fault(MalformedKind::ByteOrderMark, "there is a byte order mark before the JSON", 0));
    }
    if u32::try_from(bytes.len()).is_err() {
        return Err(fault(MalformedKind::TooLarge, "the file is larger than 4 GiB", 0));
    }
    let mut scanner = Scanner {
        text,
        bytes,
        at: 0,
        entry: 0,
        repeats_in_entry: false,
        marks: Vec::new(),
        out: Scanned {
            // Real maps have 670 bytes an entry and 47 a leaf. Room that is not used is never touched.
            entries: Vec::with_capacity(known.map_or(bytes.len() / 512, |k| k.entries.len()) + 64),
            leaves: Vec::with_capacity(known.map_or(bytes.len() / 40, |k| k.leaves.len()) + 1024),
            paths: known.map_or_else(Paths::default, |k| k.paths.clone()),
            repeated_fields: Vec::new(),
        },
    };
    match scanner.whole(known) {
        Ok(()) => Ok(scanner.out),
        Err((kind, message)) => {
            let start = text.trim_start();
            let html = start.starts_with('<');
            let cut = scanner.at >= bytes.len() && !start.is_empty();
            let kind = match kind {
                MalformedKind::NotJson if html => MalformedKind::Html,
                MalformedKind::NotJson if cut => MalformedKind::Truncated,
                other => other,
            };
            let message = match kind {
                MalformedKind::Html => "an HTML page, not JSON",
                MalformedKind::Truncated => "the text is cut off",
                _ => message,
            };
            Err(fault(kind, message, scanner.at.min(bytes.len())))
        }
    }
}

type Fault = (MalformedKind, &'static str);
type Step<T = ()> = Result<T, Fault>;

fn no_json<T>(message: &'static str) -> Step<T> {
    Err((MalformedKind::NotJson, message))
}

/// Where a path was last seen: in which entry, and before which leaf. Finds keys that are given twice in one object.
#[derive(Clone, Copy, Default)]
struct Mark {
    entry: u32,
    first_leaf: u32,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Number of the entry being read, from 1, so that a fresh [`Mark`] belongs to none.
    entry: u32,
    repeats_in_entry: bool,
    marks: Vec<Mark>,
    out: Scanned,
}

impl Scanner<'_> {
    fn whole(&mut self, known: Option<&Known<'_>>) -> Step {
        self.space();
        match self.peek() {
            Some(b'{') => self.at += 1,
            Some(_) => {
                // A fresh mark belongs to entry 0, so no field may be read as part of it.
                self.entry = 1;
                self.value(PathId::ROOT, 1)?;
                self.space();
                return match self.peek() {
                    None => Err((MalformedKind::NotAnObject, "JSON, but not an object of models")),
                    Some(_) => no_json("text after the end of the JSON"),
                };
            }
            None => return no_json("the text is empty"),
        }
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            // The entries of a newer map mostly stand in the order of the older one.
            let mut expected = 0;
            loop {
                self.entry(known, &mut expected)?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return no_json("a comma or } expected after an entry"),
                }
                self.space();
            }
        }
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { no_json("text after the end of the map") }
    }

    fn entry(&mut self, known: Option<&Known<'_>>, expected: &mut u32) -> Step {
        let (key, key_escaped) = self.string("a model name in quotes expected")?;
        self.colon()?;
        self.entry += 1;
        let first = self.leaf_count();
        let start = self.at;
        let mut same_as = None;
        if let Some(known) = known
            && !key_escaped
            && let Some((number, same)) = self.same_entry(known, key, *expected)
        {
            let shift = |position: u32| position - same.value.start + span_start(start);
            let copied = same.leaves.start as usize..same.leaves.end as usize;
            self.out.leaves.extend(known.leaves[copied].iter().map(|leaf| LeafSpan {
                start: shift(leaf.start),
                end: shift(leaf.end),
                ..*leaf
            }));
            self.at += same.value.len();
            *expected = number + 1;
            same_as = known.all_count.then_some(number);
        } else {
            self.repeats_in_entry = false;
            self.value(PathId::ROOT, 2)?;
            if self.repeats_in_entry {
                self.drop_overridden(first);
            }
        }
        self.out.entries.push(EntrySpan {
            key,
            key_escaped,
            value: self.span(start),
            leaves: first..self.leaf_count(),
            is_object: self.bytes[start] == b'{',
            same: same_as,
        });
        Ok(())
    }

    /// The known entry of this name, if its bytes stand here again and hold no key twice (those are reported anew).
    fn same_entry<'k>(&self, known: &Known<'k>, key: Span, expected: u32) -> Option<(u32, &'k EntrySpan)> {
        let name = key.of(self.text);
        let in_order = known
            .entries
            .get(expected as usize)
            .filter(|entry| !entry.key_escaped && entry.key.of_bytes(known.text) == name.as_bytes());
        let number = if in_order.is_some() { expected } else { (known.find)(name)? };
        let entry = known.entries.get(number as usize)?;
        let value = entry.value.of_bytes(known.text);
        // A number could go on where the known text ends; objects, lists and strings end with their own mark.
        let closed = matches!(value.last(), Some(b'}' | b']' | b'"'));
        let repeats = known.repeated_fields.binary_search_by_key(&number, |(entry, _)| *entry).is_ok();
        (closed && !repeats && self.bytes[self.at..].starts_with(value)).then_some((number, entry))
    }

    fn value(&mut self, path: PathId, depth: u32) -> Step {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => {
                if let Some(inner) = self.plain_string() {
                    self.leaf(path, LeafKind::String, inner);
                    return Ok(());
                }
                let (inner, escaped) = self.string("a value expected")?;
                let kind = if escaped { LeafKind::EscapedString } else { LeafKind::String };
                self.leaf(path, kind, inner);
                return Ok(());
            }
            Some(b'{') => return self.object(path, depth),
            Some(b'[') => return self.list(path, depth),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", LeafKind::True)?,
            Some(b'f') => self.word("false", LeafKind::False)?,
            Some(b'n') => self.word("null", LeafKind::Null)?,
            // Python's json takes these three, so a proxy would load them: they are read, and held by a check.
            Some(b'N') => self.word("NaN", LeafKind::NotFinite)?,
            Some(b'I') => self.word("Infinity", LeafKind::NotFinite)?,
            _ => return no_json("a value expected"),
        };
        let span = self.span(start);
        self.leaf(path, kind, span);
        Ok(())
    }

    fn object(&mut self, path: PathId, depth: u32) -> Step {
        if depth > MAX_DEPTH {
            return Err((MalformedKind::TooDeep, "more than 64 levels of nesting"));
        }
        let start = self.at;
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            let span = self.span(start);
            self.leaf(path, LeafKind::EmptyObject, span);
            return Ok(());
        }
        let mut last = PathId::ROOT;
        loop {
            let field = match self.out.paths.expected(path, last, &self.bytes[self.at..]) {
                Some((field, length)) => {
                    self.mark(field);
                    self.at += length;
                    self.space();
                    field
                }
                None => self.field(path, last)?,
            };
            last = field;
            self.value(field, depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return no_json("a comma or } expected after a field"),
            }
            self.space();
        }
    }

    /// Reads a name that was not expected here, and its colon.
    fn field(&mut self, path: PathId, last: PathId) -> Step<PathId> {
        let (key, escaped) = self.string("a field name in quotes expected")?;
        let field = if escaped {
            self.out.paths.field(path, &unescape(key.of(self.text)), last)
        } else {
            self.out.paths.field(path, key.of(self.text), last)
        };
        self.mark(field);
        self.colon()?;
        Ok(field)
    }

    fn list(&mut self, path: PathId, depth: u32) -> Step {
        if depth > MAX_DEPTH {
            return Err((MalformedKind::TooDeep, "more than 64 levels of nesting"));
        }
        let start = self.at;
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            let span = self.span(start);
            self.leaf(path, LeafKind::EmptyList, span);
            return Ok(());
        }
        let mut last = PathId::ROOT;
        for number in 0.. {
            last = self.out.paths.item(path, number, last);
            self.value(last, depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                _ => return no_json("a comma or ] expected in a list"),
            }
            self.space();
        }
        Ok(())
    }

    /// Reads a string without escapes, after its first quote was seen. Where it is none, nothing is read.
    #[inline]
    fn plain_string(&mut self) -> Option<Span> {
        let start = self.at + 1;
        let end = start + plain_run(&self.bytes[start..]);
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(Span { start: span_start(start), end: span_start(end) })
    }

    /// Reads a string; the span is what stands between the quotes.
    fn string(&mut self, expected: &'static str) -> Step<(Span, bool)> {
        if self.peek() != Some(b'"') {
            return no_json(expected);
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    let span = self.span(start);
                    self.at += 1;
                    return Ok((span, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return no_json("a control character in a string"),
                None => return no_json("a string is not closed"),
            }
        }
    }

    fn escape(&mut self) -> Step {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or(&[]);
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return no_json("four hexadecimal digits expected after \\u");
                }
                self.at += 6;
            }
            None => {
                self.at += 1;
                return no_json("a string is not closed");
            }
            Some(_) => return no_json("an unknown escape in a string"),
        }
        Ok(())
    }

    fn number(&mut self) -> Step<LeafKind> {
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return self.word("Infinity", LeafKind::NotFinite);
            }
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return no_json("a digit expected"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(LeafKind::Number)
    }

    fn some_digits(&mut self) -> Step {
        let start = self.at;
        self.digits();
        if self.at == start { no_json("a digit expected") } else { Ok(()) }
    }

    fn digits(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    }

    fn word(&mut self, word: &'static str, kind: LeafKind) -> Step<LeafKind> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(kind);
        }
        if word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
        }
        no_json("a value expected")
    }

    fn colon(&mut self) -> Step {
        self.space();
        if self.peek() != Some(b':') {
            return no_json("a colon expected");
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    #[inline]
    fn space(&mut self) {
        if let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.spaces();
        }
    }

    fn spaces(&mut self) {
        let mut at = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(at) {
            at += 1;
            while self.bytes.get(at..at + 8) == Some(b"        ") {
                at += 8;
            }
        }
        self.at = at;
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span { start: span_start(start), end: span_start(self.at) }
    }

    fn leaf(&mut self, path: PathId, kind: LeafKind, span: Span) {
        self.out.leaves.push(LeafSpan { path, kind, start: span.start, end: span.end });
    }

    fn leaf_count(&self) -> u32 {
        span_start(self.out.leaves.len())
    }

    #[inline]
    fn mark(&mut self, field: PathId) {
        let fresh = Mark { entry: self.entry, first_leaf: self.leaf_count() };
        match self.marks.get_mut(field.index()) {
            Some(mark) if mark.entry != fresh.entry => *mark = fresh,
            _ => self.mark_anew(field, fresh),
        }
    }

    /// A field that no entry had so far, or that this one had before.
    #[cold]
    fn mark_anew(&mut self, field: PathId, fresh: Mark) {
        let slot = field.index();
        if slot < self.marks.len() {
            self.repeats_in_entry = true;
            self.out.repeated_fields.push((self.entry - 1, field));
        } else {
            self.marks.resize((slot + 1).next_power_of_two(), Mark::default());
        }
        self.marks[slot] = fresh;
    }

    /// Of a key given twice the last one counts, as in Python: leaves under an earlier one go.
    fn drop_overridden(&mut self, first: u32) {
        let Self { out, marks, entry, .. } = self;
        let mut kept = first as usize;
        for position in first as usize..out.leaves.len() {
            let leaf = out.leaves[position];
            let overridden = out.paths.ancestors(leaf.path).any(|path| {
                marks.get(path.index()).is_some_and(|mark| mark.entry == *entry && mark.first_leaf as usize > position)
            });
            if !overridden {
                out.leaves[kept] = leaf;
                kept += 1;
            }
        }
        out.leaves.truncate(kept);
    }
}

/// Positions fit in 32 bits: [`scan`] refuses larger files.
fn span_start(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
