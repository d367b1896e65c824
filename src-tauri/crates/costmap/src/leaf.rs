//! One value of an entry, and where it stands.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::field::{FieldClass, Unit};
use crate::map::{CostMap, LeafKind, LeafSpan, Span};
use crate::number::{Number, plain};
use crate::path::{PathId, Paths, Step};
use crate::text::unescape;

/// A value that holds no other value, and where it stands.
#[derive(Clone, Copy)]
pub struct Leaf<'a> {
    pub(crate) map: &'a CostMap,
    pub(crate) leaf: &'a LeafSpan,
}

impl<'a> Leaf<'a> {
    /// Where it stands.
    pub fn path(&self) -> Path<'a> {
        Path { paths: self.map.paths(), id: self.leaf.path }
    }

    /// The id of where it stands, within this map.
    pub fn path_id(&self) -> PathId {
        self.leaf.path
    }

    /// What the field means.
    pub fn class(&self) -> FieldClass {
        self.map.paths().class(self.leaf.path)
    }

    /// What kind of value it is.
    pub fn kind(&self) -> LeafKind {
        self.leaf.kind
    }

    /// The text as it stands in the map; for strings without the quotes, escapes not resolved.
    pub fn text(&self) -> &'a str {
        Span { start: self.leaf.start, end: self.leaf.end }.of(self.map.text())
    }

    /// The number, `NaN` and the infinities too.
    pub fn number(&self) -> Option<Number<'a>> {
        matches!(self.kind(), LeafKind::Number | LeafKind::NotFinite).then(|| Number::new(self.text()))
    }

    /// The exact value, where it is a number that the decimal type holds.
    pub fn decimal(&self) -> Option<Decimal> {
        self.number()?.decimal()
    }

    /// The text that a string stands for.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        match self.kind() {
            LeafKind::String => Some(Cow::Borrowed(self.text())),
            LeafKind::EscapedString => Some(Cow::Owned(unescape(self.text()))),
            _ => None,
        }
    }

    /// Whether it is a price: a number, and its path contains `cost`.
    pub fn is_price(&self) -> bool {
        self.class() == FieldClass::Price && self.kind() == LeafKind::Number
    }

    /// What a price here is for.
    pub fn unit(&self) -> Unit {
        Unit::of_path(&self.path().to_string())
    }

    /// The value as contract JSON: prices as decimal strings, all else as it is.
    pub fn contract_json(&self) -> Value {
        match self.decimal() {
            Some(price) if self.class() == FieldClass::Price => Value::String(plain(price)),
            _ => self.json(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        match self.kind() {
            LeafKind::Null => Value::Null,
            LeafKind::True => Value::Bool(true),
            LeafKind::False => Value::Bool(false),
            LeafKind::EmptyObject => Value::Object(serde_json::Map::new()),
            LeafKind::EmptyList => Value::Array(Vec::new()),
            LeafKind::NotFinite => Value::String(self.text().to_owned()),
            LeafKind::String | LeafKind::EscapedString => Value::String(self.as_str().unwrap_or_default().into_owned()),
            LeafKind::Number => {
                let integer = self.decimal().filter(|value| value.fract().is_zero());
                match integer.and_then(|value| i64::try_from(value).ok()) {
                    Some(whole) => Value::from(whole),
                    None => serde_json::Number::from_f64(self.number().map_or(f64::NAN, Number::f64))
                        .map_or_else(|| Value::String(self.text().to_owned()), Value::Number),
                }
            }
        }
    }

    /// The same value: numbers by what they are worth, strings by what they stand for.
    pub fn same_as(&self, other: &Leaf<'_>) -> bool {
        if self.kind() == other.kind() && self.text() == other.text() {
            return true;
        }
        match (self.number(), other.number()) {
            (Some(one), Some(two)) => one == two,
            (None, None) => matches!((self.as_str(), other.as_str()), (Some(one), Some(two)) if one == two),
            _ => false,
        }
    }

    /// The same value once a proxy has read both: numbers rounded to f64, as Python does.
    #[expect(clippy::float_cmp, reason = "both were rounded the same way; equal means the same double")]
    pub fn same_once_loaded(&self, live: &Leaf<'_>) -> bool {
        self.same_as(live) || matches!((self.number(), live.number()), (Some(one), Some(two)) if one.f64() == two.f64())
    }
}

impl fmt::Debug for Leaf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.path(), self.text())
    }
}

/// Where a value stands in its entry.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) id: PathId,
}

impl Path<'_> {
    /// The id, within its map.
    pub fn id(&self) -> PathId {
        self.id
    }

    /// The last step.
    pub fn last(&self) -> &Step {
        self.paths.step(self.id)
    }

    /// The first step: the field of the entry itself.
    pub fn top(&self) -> &Step {
        self.paths.ancestors(self.id).last().map_or(&Step::Root, |top| self.paths.step(top))
    }

    /// How many steps it has; a field of the entry itself has one.
    pub fn depth(&self) -> usize {
        self.paths.ancestors(self.id).count()
    }

    /// What this path stands in.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self { paths: self.paths, id: self.paths.parent(self.id) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.paths.show(self.id).fmt(f)
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
