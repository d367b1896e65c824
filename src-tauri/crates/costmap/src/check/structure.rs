//! Is it a map at all, and would a proxy's reload survive it? Hold: 0 hits in two years of real updates.

use crate::check::findings::{About, Findings, Rule};
use crate::check::words::quoted;
use crate::malformed::{Malformed, MalformedKind};
use crate::map::Entry;

pub(crate) const BYTE_ORDER_MARK: Rule =
    Rule::hold("structure.byte_order_mark", "A byte order mark before the JSON: strict readers refuse it.");
pub(crate) const NOT_UTF8: Rule = Rule::hold("structure.not_utf8", "The bytes are not UTF-8 text.");
pub(crate) const HTML: Rule = Rule::hold("structure.html", "An HTML page arrived instead of the map.");
pub(crate) const TRUNCATED: Rule = Rule::hold("structure.truncated", "The text is cut off.");
pub(crate) const NOT_JSON: Rule = Rule::hold("structure.not_json", "The text is not valid JSON.");
pub(crate) const NOT_AN_OBJECT: Rule =
    Rule::hold("structure.not_an_object", "Valid JSON, but not an object with one entry per model.");
pub(crate) const TOO_DEEP: Rule = Rule::hold("structure.too_deep", "More than 64 levels of nesting.");
pub(crate) const TOO_LARGE: Rule = Rule::hold("structure.too_large", "Larger than any map should be.");
pub(crate) const ENTRY_NOT_AN_OBJECT: Rule =
    Rule::hold("structure.entry_not_an_object", "An entry that isn't an object makes a proxy's reload fail.")
        .many("{n} entries aren't objects; a proxy's reload would fail");
pub(crate) const NAME_TOO_LONG: Rule = Rule::review("structure.name_too_long", "A model name of over 1,000 bytes.")
    .many("{n} models have a name of over 1,000 bytes");

/// Real names stay under 130 bytes.
const NAME_BYTES: usize = 1_000;

/// Bytes that are no map.
pub(crate) fn malformed(fault: &Malformed, out: &mut Findings) {
    let rule = match fault.kind {
        MalformedKind::ByteOrderMark => BYTE_ORDER_MARK,
        MalformedKind::NotUtf8 => NOT_UTF8,
        MalformedKind::Html => HTML,
        MalformedKind::Truncated => TRUNCATED,
        MalformedKind::NotJson => NOT_JSON,
        MalformedKind::NotAnObject => NOT_AN_OBJECT,
        MalformedKind::TooDeep => TOO_DEEP,
        MalformedKind::TooLarge => TOO_LARGE,
    };
    out.add(rule, About::default(), || {
        format!("What arrived isn't a cost map: {fault}. Expected a JSON object with one entry per model.")
    });
}

/// A name that no finding repeats: it would be in each of them.
pub(crate) fn has_long_name(entry: &Entry<'_>) -> bool {
    entry.name().len() > NAME_BYTES
}

/// Whether an entry can be looked at by the other rules.
pub(crate) fn entry(order: u32, entry: Entry<'_>, out: &mut Findings) -> bool {
    let name = entry.name();
    if has_long_name(&entry) {
        let shown = quoted(&name);
        let about = About { order, model: Some(&shown), whole_name: Some(&name), ..About::default() };
        out.add(NAME_TOO_LONG, about, || {
            format!("The model name that begins with {shown} has {} bytes; expected at most {NAME_BYTES}.", name.len())
        });
        return false;
    }
    if !entry.is_object() {
        let about = About { order, model: Some(&name), value: Some(entry.raw()), ..About::default() };
        out.add(ENTRY_NOT_AN_OBJECT, about, || {
            format!(
                "{}: the entry is {}; expected an object with the model's fields.",
                quoted(&name),
                quoted(entry.raw())
            )
        });
        return false;
    }
    true
}
