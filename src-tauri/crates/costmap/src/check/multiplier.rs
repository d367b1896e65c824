//! Numbers that scale prices: `*multiplier*` fields and `provider_specific_entry`. Review.

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::Model;
use crate::check::price::at_least;
use crate::check::words::{field, quoted, times};
use crate::field::FieldClass;
use crate::leaf::Leaf;
use crate::map::LeafKind;
use crate::number::plain;
use crate::path::Step;

pub(crate) const OUT_OF_RANGE: Rule =
    Rule::review("multiplier.out_of_range", "A price multiplier that is 0, negative or above 10.")
        .many("{subject}: {n} models have a multiplier of 0 or less, or above 10");
pub(crate) const JUMP: Rule = Rule::review("multiplier.jump", "A price multiplier that at least doubled or halved.")
    .many("{subject}: {n} models have a multiplier that at least doubled or halved");
pub(crate) const NOT_A_NUMBER: Rule =
    Rule::review("multiplier.not_a_number", "A price multiplier that isn't a number.")
        .many("{subject}: {n} models have a multiplier that isn't a number");

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    for leaf in model.leaves().filter(|leaf| leaf.class() == FieldClass::Multiplier) {
        let path = leaf.path_id();
        if !model.is_new_value(path) {
            continue;
        }
        let name = quoted(&model.name);
        if leaf.kind() != LeafKind::Number {
            // provider_specific_entry has words of all kinds in it.
            if is_named_multiplier(&leaf) {
                out.add(NOT_A_NUMBER, model.about(&leaf), || {
                    format!("{name}: {} is {}; expected a number.", field(leaf.path()), quoted(leaf.text()))
                });
            }
            continue;
        }
        let Some(value) = leaf.decimal() else { continue };
        if value <= Decimal::ZERO || value > Decimal::TEN {
            out.add(OUT_OF_RANGE, model.about(&leaf), || {
                format!("{name}: {} is {}; expected above 0 and at most 10.", field(leaf.path()), plain(value))
            });
        }
        let before = model.was(path).and_then(|leaf| leaf.decimal()).filter(|before| *before > Decimal::ZERO);
        if let Some(before) = before
            && value > Decimal::ZERO
            && (at_least(value, 2, before) || at_least(before, 2, value))
        {
            out.add(JUMP, model.about(&leaf), || {
                format!(
                    "{name}: {} went from {} to {}, {} times; expected less than a doubling or halving.",
                    field(leaf.path()),
                    plain(before),
                    plain(value),
                    times(value, before)
                )
            });
        }
    }
}

fn is_named_multiplier(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.path().last(), Step::Field(name) if name.contains("multiplier"))
}
