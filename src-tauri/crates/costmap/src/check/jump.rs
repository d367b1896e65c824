//! One price that moved far in one update. Review where the user would pay more or nothing is booked; down is information.

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::Model;
use crate::check::price::at_least;
use crate::check::words::{field, quoted, times};
use crate::people::money;

pub(crate) const TO_ZERO: Rule = Rule::review("jump.to_zero", "A price that became 0: use would be booked as free.");
pub(crate) const UP: Rule = Rule::review("jump.up", "A price that rose to 10 times or more.");
pub(crate) const DOWN: Rule = Rule::info("jump.down", "A price that fell to a tenth or less; mostly a repair.");

/// From 10 times on (HISTORY: 28 fields in 95 updates; at 2 times it would be 817).
const FAR: u32 = 10;

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    if model.old.is_none() {
        return;
    }
    for &(path, leaf, price) in &model.prices {
        let Some(before) = model.old_price(path).filter(|before| *before > Decimal::ZERO && *before != price) else {
            continue;
        };
        let unit = model.pair.unit(path);
        let name = quoted(&model.name);
        if price.is_zero() {
            out.add(TO_ZERO, model.about(&leaf), || {
                format!(
                    "{name}: {} went from {} to 0; a model that costs something is expected to keep a price.",
                    field(leaf.path()),
                    money(before, unit)
                )
            });
            continue;
        }
        let (rule, how) = if at_least(price, FAR, before) {
            (UP, "times as much; less than 10 times was expected")
        } else if price > Decimal::ZERO && at_least(before, FAR, price) {
            (DOWN, "of what it was")
        } else {
            continue;
        };
        out.add(rule, model.about(&leaf), || {
            format!(
                "{name}: {} went from {} to {}, {} {how}.",
                field(leaf.path()),
                money(before, unit),
                money(price, unit),
                times(price, before)
            )
        });
    }
}
