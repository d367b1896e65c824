//! Prices and limits that are no usable numbers, and entries without a provider: each concerns its own entry. Only what
//! breaks a whole proxy is a Hold: a number that Python reads as infinite makes its live map answer 500.
//!
//! This is the one pass that looks at every leaf of every entry, changed or not, so plain numbers take a short way.

use crate::check::findings::{About, Findings, Rule};
use crate::check::form::Forms;
use crate::check::model::Form;
use crate::check::structure;
use crate::check::words::{field, quoted};
use crate::field::FieldClass;
use crate::leaf::Leaf;
use crate::map::{CostMap, Entry, LeafKind};
use crate::path::{PathId, Step};
use crate::versions::is_known_field;

pub(crate) const NOT_FINITE: Rule =
    Rule::hold("value.not_finite", "NaN or Infinity: a proxy takes it, and its live map then answers 500.")
        .many("{n} models have NaN or Infinity as a number; a proxy's live map would answer 500");
pub(crate) const OUT_OF_RANGE: Rule = Rule::review(
    "value.out_of_range",
    "A price or limit that is too small, or has too many digits, to be kept exactly. No real one does.",
)
.many("{subject}: {n} models have a price or limit with more digits than any real one");
pub(crate) const PRICE_NOT_A_NUMBER: Rule = Rule::broken("value.price_not_a_number", "A price that isn't a number.")
    .many("{subject}: {n} models have a price that isn't a number");
pub(crate) const PRICE_NEGATIVE: Rule =
    Rule::broken("value.price_negative", "A price below 0.").many("{subject}: {n} models have a price below 0");
pub(crate) const WRONG_SHAPE: Rule = Rule::broken(
    "value.price_wrong_shape",
    "An object or list where other models have a number, or a number where they have an object.",
)
.many("{n} models have {subject} in a different form from the others");
pub(crate) const LIMIT_NOT_A_NUMBER: Rule = Rule::broken("value.limit_not_a_number", "A limit that isn't a number.")
    .many("{subject}: {n} models have a limit that isn't a number");
pub(crate) const LIMIT_NEGATIVE: Rule =
    Rule::broken("value.limit_negative", "A limit below 0.").many("{subject}: {n} models have a limit below 0");
pub(crate) const LIMIT_NOT_INTEGRAL: Rule = Rule::broken("value.limit_not_integral", "A limit with a fraction.")
    .many("{subject}: {n} models have a limit with a fraction");
pub(crate) const NO_PROVIDER: Rule =
    Rule::broken("value.no_provider", "A model that names no provider (litellm_provider).")
        .many("{n} models name no provider");

/// Looks at every entry that counts (of a name given twice the last one, as in Python).
pub(crate) fn check(map: &CostMap, out: &mut Findings) {
    let provider = map.field_id("litellm_provider");
    let mut shapes = Shapes::new(map);
    let mut forms = Forms::default();
    for (order, entry) in map.loaded() {
        if entry.is_reserved() {
            reserved(order, entry, out);
            continue;
        }
        if !structure::entry(order, entry, out) {
            continue;
        }
        let mut has_provider = false;
        for leaf in entry.leaves() {
            shapes.count(order, &leaf);
            match leaf.kind() {
                LeafKind::Number => number(order, entry, leaf, out),
                LeafKind::NotFinite => add(NOT_FINITE, order, entry, leaf, "a number", out),
                LeafKind::String | LeafKind::EscapedString if Some(leaf.path_id()) == provider => {
                    has_provider = !leaf.text().trim().is_empty();
                }
                _ => no_number(order, entry, leaf, out),
            }
        }
        if !has_provider {
            match Form::of(&entry) {
                Form::Alias => {}
                Form::Unknown => forms.unknown_row(order, &entry),
                Form::Model => {
                    let name = entry.name();
                    out.add(NO_PROVIDER, About { order, model: Some(&name), ..About::default() }, || {
                        format!("{}: litellm_provider is missing; every model should name one.", quoted(&name))
                    });
                }
            }
        }
    }
    shapes.report(map, out);
    forms.report(out);
}

/// `sample_spec` has words where models have numbers; but `NaN` breaks the live map wherever it stands.
fn reserved(order: u32, entry: Entry<'_>, out: &mut Findings) {
    for leaf in entry.leaves() {
        match leaf.kind() {
            LeafKind::Number => {
                overflows(order, entry, leaf, out);
            }
            LeafKind::NotFinite => add(NOT_FINITE, order, entry, leaf, "a number", out),
            _ => {}
        }
    }
}

fn number(order: u32, entry: Entry<'_>, leaf: Leaf<'_>, out: &mut Findings) {
    let plain = Plain::of(leaf.text());
    let class = leaf.class();
    if plain == Plain::Whole || (plain == Plain::Fraction && class != FieldClass::Limit) {
        return;
    }
    if overflows(order, entry, leaf, out) {
        return;
    }
    let Some(value) = leaf.number() else { return };
    let is_amount = matches!(class, FieldClass::Price | FieldClass::Limit | FieldClass::Multiplier);
    if is_amount && !value.in_range() {
        add(OUT_OF_RANGE, order, entry, leaf, "a number with at most 28 digits", out);
    }
    let rule = match class {
        FieldClass::Price if value.is_negative() => PRICE_NEGATIVE,
        FieldClass::Limit if value.is_negative() => LIMIT_NEGATIVE,
        FieldClass::Limit if value.in_range() && !value.is_integral() && !is_duration(&leaf) => LIMIT_NOT_INTEGRAL,
        _ => return,
    };
    let expected = match class {
        FieldClass::Price => "a price of 0 or more",
        _ => "a whole number of 0 or more",
    };
    add(rule, order, entry, leaf, expected, out);
}

/// `max_audio_length_hours` is 8.4 in real maps: time is the one limit that may have a fraction.
fn is_duration(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.path().last(), Step::Field(name)
        if ["hours", "minutes", "seconds"].iter().any(|unit| name.ends_with(unit)))
}

/// A number that Python reads as infinite breaks the live map wherever it stands.
fn overflows(order: u32, entry: Entry<'_>, leaf: Leaf<'_>, out: &mut Findings) -> bool {
    let overflows = leaf.number().is_some_and(|number| !number.f64().is_finite());
    if overflows {
        add(NOT_FINITE, order, entry, leaf, "a finite number", out);
    }
    overflows
}

fn no_number(order: u32, entry: Entry<'_>, leaf: Leaf<'_>, out: &mut Findings) {
    match leaf.class() {
        FieldClass::Price | FieldClass::Limit if !is_amount_itself(&leaf) => {}
        FieldClass::Price => add(PRICE_NOT_A_NUMBER, order, entry, leaf, "a price as a number", out),
        FieldClass::Limit => add(LIMIT_NOT_A_NUMBER, order, entry, leaf, "a whole number", out),
        _ => {}
    }
}

/// Whether the field is by its own name a price or a limit that is known, and not something inside one: words in an object
/// of prices say what the prices are for, and the object itself is told by its shape.
fn is_amount_itself(leaf: &Leaf<'_>) -> bool {
    let path = leaf.path();
    let is_own = match path.last() {
        Step::Field(name) => path.depth() == 1 || name.contains("cost"),
        Step::Item(_) | Step::Root => false,
    };
    is_own && matches!(path.top(), Step::Field(name) if is_known_field(name))
}

fn add(rule: Rule, order: u32, entry: Entry<'_>, leaf: Leaf<'_>, expected: &str, out: &mut Findings) {
    let (name, provider) = (entry.name(), entry.provider());
    let subject = provider.as_deref();
    add_about(rule, About { order, model: Some(&name), subject, ..About::default() }, leaf, expected, out);
}

fn add_about<'a>(rule: Rule, about: About<'a>, leaf: Leaf<'a>, expected: &str, out: &mut Findings) {
    let name = about.model.unwrap_or_default();
    let about = About { field: Some(leaf.path()), value: Some(leaf.text()), ..about };
    out.add(rule, about, || {
        let value = match leaf.kind() {
            LeafKind::String | LeafKind::EscapedString => format!("the string \"{}\"", quoted(leaf.text())),
            _ => quoted(leaf.text()),
        };
        format!("{}: {} is {value}; expected {expected}.", quoted(name), field(leaf.path()))
    });
}

/// A number that needs no closer look: short, not negative, well inside f64 and the decimal type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// Digits only.
    Whole,
    /// Digits with a point, or with a small negative exponent.
    Fraction,
    /// Everything else.
    No,
}

impl Plain {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.len() > 18 {
            return Self::No;
        }
        let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
        match (&bytes[..end], &bytes[end..]) {
            ([], _) => Self::No,
            (_, []) => Self::Whole,
            (_, [b'.', rest @ ..]) => Self::after_point(rest),
            (_, [b'e' | b'E', exponent @ ..]) => Self::exponent(exponent),
            _ => Self::No,
        }
    }

    fn after_point(rest: &[u8]) -> Self {
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        match &rest[end..] {
            [] => Self::Fraction,
            [b'e' | b'E', exponent @ ..] => Self::exponent(exponent),
            _ => Self::No,
        }
    }

    /// `e-1` to `e-09`: with at most 18 characters before it the scale stays under 28.
    fn exponent(exponent: &[u8]) -> Self {
        match exponent {
            [b'-', b'0'..=b'9'] | [b'-', b'0', b'0'..=b'9'] => Self::Fraction,
            _ => Self::No,
        }
    }
}

/// Where the same price or limit is a number in some models and an object or list in others. LiteLLM reads a field in
/// one way only, so the smaller side is damaged.
struct Shapes {
    numbers: Vec<u32>,
    nested: Vec<u32>,
    last: Vec<u32>,
}

impl Shapes {
    fn new(map: &CostMap) -> Self {
        let paths = map.paths().len();
        Self { numbers: vec![0; paths], nested: vec![0; paths], last: vec![u32::MAX; paths] }
    }

    fn count(&mut self, order: u32, leaf: &Leaf<'_>) {
        let path = leaf.path_id();
        self.numbers[path.index()] += 1;
        let parent = leaf.path().parent().id();
        if parent != PathId::ROOT && self.last[parent.index()] != order {
            self.last[parent.index()] = order;
            self.nested[parent.index()] += 1;
        }
    }

    fn report(&self, map: &CostMap, out: &mut Findings) {
        let paths = map.paths();
        let is_amount = |path: PathId| matches!(paths.class(path), FieldClass::Price | FieldClass::Limit);
        let mixed = |path: PathId| {
            path != PathId::ROOT && self.nested[path.index()] > 0 && self.numbers[path.index()] > 0 && is_amount(path)
        };
        if !paths.ids().any(mixed) {
            return;
        }
        for (order, entry) in map.loaded().filter(|(_, entry)| !entry.is_reserved() && entry.is_object()) {
            for leaf in entry.leaves() {
                let (path, parent) = (leaf.path(), leaf.path().parent());
                let few_nested = |path: PathId| self.nested[path.index()] <= self.numbers[path.index()];
                let (expected, odd) = if mixed(parent.id()) && few_nested(parent.id()) {
                    ("one number here, as in other models", parent)
                } else if mixed(path.id()) && !few_nested(path.id()) {
                    ("an object here, as in other models", path)
                } else {
                    continue;
                };
                let (name, subject) = (entry.name(), field(odd));
                let about = About { order, model: Some(&name), subject: Some(&subject), ..About::default() };
                add_about(WRONG_SHAPE, about, leaf, expected, out);
            }
        }
    }
}
