//! Prices for long prompts and priority below the plain price, or for batches and flex above it. Review.

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::{Model, Pair};
use crate::check::words::{field, quoted};
use crate::field::FieldClass;
use crate::leaf::Leaf;
use crate::path::{PathId, Step};
use crate::people::money;

pub(crate) const SURCHARGE_BELOW_BASE: Rule = Rule::review(
    "tier.surcharge_below_base",
    "A price above N tokens, or with priority, that is below the base price.",
)
.many("{subject}: {n} models cost less above N tokens, or with priority, than at the base price");
pub(crate) const DISCOUNT_ABOVE_BASE: Rule =
    Rule::review("tier.discount_above_base", "A price for batches or flex that is above the base price.")
        .many("{subject}: {n} models cost more in batches or with flex than at the base price");

/// How a price with a suffix relates to the one without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Surcharge,
    Discount,
}

/// For each price field with a suffix the same field without, worked out once for all models.
pub(crate) struct Tiers {
    /// By path.
    bases: Vec<Vec<(PathId, Kind)>>,
}

impl Tiers {
    pub(crate) fn of(pair: &Pair<'_>) -> Self {
        let paths = pair.new.paths();
        let mut bases: Vec<Vec<(PathId, Kind)>> = vec![Vec::new(); paths.len()];
        for path in paths.ids().filter(|path| paths.class(*path) == FieldClass::Price) {
            let Step::Field(name) = paths.step(path) else { continue };
            let parent = paths.parent(path);
            for (base, kind) in plain_names(name) {
                if let Some(base) = paths.find_child(parent, &Step::Field(base.into())) {
                    bases[path.index()].push((base, kind));
                }
            }
        }
        Self { bases }
    }

    pub(crate) fn check(&self, model: &Model<'_, '_>, out: &mut Findings) {
        for &(path, leaf, price) in &model.prices {
            for (base_path, kind) in &self.bases[path.index()] {
                let Some(base) = model.price(Some(*base_path)) else { continue };
                let wrong = match kind {
                    Kind::Surcharge => price < base,
                    Kind::Discount => price > base,
                };
                if !wrong || !(model.is_new_value(path) || model.is_new_value(*base_path)) {
                    continue;
                }
                if let Some(base_leaf) = model.now(*base_path) {
                    add(model, (&leaf, price), (&base_leaf, base), *kind, out);
                }
            }
        }
    }
}

fn add(
    model: &Model<'_, '_>,
    (leaf, price): (&Leaf<'_>, Decimal),
    base: (&Leaf<'_>, Decimal),
    kind: Kind,
    out: &mut Findings,
) {
    let (rule, expected) = match kind {
        Kind::Surcharge => (SURCHARGE_BELOW_BASE, "at least that"),
        Kind::Discount => (DISCOUNT_ABOVE_BASE, "at most that"),
    };
    let unit = model.pair.unit(leaf.path_id());
    out.add(rule, model.about(leaf), || {
        format!(
            "{}: {} is {}, while {} is {}; expected {expected}.",
            quoted(&model.name),
            field(leaf.path()),
            money(price, unit),
            field(base.0.path()),
            money(base.1, unit)
        )
    });
}

/// The names that this one has with one suffix less: `…_above_272k_tokens_priority` is a surcharge on both
/// `…_above_272k_tokens` and `…_priority`.
fn plain_names(name: &str) -> Vec<(String, Kind)> {
    let mut found = Vec::new();
    for (suffix, kind) in [("_priority", Kind::Surcharge), ("_batches", Kind::Discount), ("_flex", Kind::Discount)] {
        if let Some(base) = name.strip_suffix(suffix) {
            found.push((base.to_owned(), kind));
        }
    }
    if let Some((before, after)) = name.split_once("_above_")
        && let Some((amount, rest)) = after.split_once("k_tokens")
        && !amount.is_empty()
        && amount.bytes().all(|byte| byte.is_ascii_digit())
    {
        found.push((format!("{before}{rest}"), Kind::Surcharge));
    }
    found
}
