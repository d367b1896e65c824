//! Prices that cannot be right in themselves, or beside the other prices of the same model. Review.

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::Model;
use crate::check::words::{field, quoted};
use crate::field::Unit;
use crate::leaf::Leaf;
use crate::path::Step;
use crate::people::money;

pub(crate) const PER_TOKEN_TOO_HIGH: Rule =
    Rule::review("price.per_token_too_high", "A price of $0.001 or more per token ($1,000 per 1M).")
        .many("{subject}: {n} models cost $1,000 or more per 1M tokens");
pub(crate) const PER_UNIT_TOO_HIGH: Rule =
    Rule::review("price.per_unit_too_high", "A price of $1 or more per query, image or page.")
        .many("{subject}: {n} models cost $1 or more per query, image or page");
pub(crate) const OUTPUT_BELOW_INPUT: Rule =
    Rule::review("price.output_below_input", "A chat model whose output is cheaper than its input.")
        .many("{subject}: the output of {n} chat models is cheaper than their input");
pub(crate) const CACHE_READ_ABOVE_INPUT: Rule =
    Rule::review("price.cache_read_above_input", "Cached input that costs more than uncached input.")
        .many("{subject}: {n} models charge more for cached input than for input");

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    too_high(model, out);
    output_below_input(model, out);
    cache_read_above_input(model, out);
}

fn too_high(model: &Model<'_, '_>, out: &mut Findings) {
    for &(path, leaf, price) in &model.prices {
        let unit = model.pair.unit(path);
        if is_in_provider_units(&leaf) {
            continue;
        }
        let Some(bound) = bound(unit) else { continue };
        let rule = match unit {
            Unit::Token | Unit::ThousandTokens => PER_TOKEN_TOO_HIGH,
            _ => PER_UNIT_TOO_HIGH,
        };
        if price >= bound && model.is_new_value(path) {
            out.add(rule, model.about(&leaf), || {
                format!(
                    "{}: {} is {}; expected less than {}.",
                    quoted(&model.name),
                    field(leaf.path()),
                    money(price, unit),
                    money(bound, unit)
                )
            });
        }
    }
}

/// What no real price for one of these reaches.
pub(crate) fn bound(unit: Unit) -> Option<Decimal> {
    match unit {
        Unit::Token => Some(Decimal::new(1, 3)),
        Unit::ThousandTokens | Unit::Query | Unit::Image | Unit::Page => Some(Decimal::ONE),
        _ => None,
    }
}

/// Databricks also gives its prices in its own units (DBU), which are no dollars.
fn is_in_provider_units(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.path().last(), Step::Field(name) if name.contains("_dbu_"))
}

fn output_below_input(model: &Model<'_, '_>, out: &mut Findings) {
    let (Some(input_path), Some(output_path)) = (model.pair.input, model.pair.output) else { return };
    let (Some(input), Some(output)) = (model.price(Some(input_path)), model.price(Some(output_path))) else { return };
    let is_new = model.is_new_value(input_path) || model.is_new_value(output_path);
    // Models that answer with a label or a score are real at 0 for output.
    if output.is_zero() || output >= input || !is_new || model.mode().as_deref() != Some("chat") {
        return;
    }
    let Some(leaf) = model.now(output_path) else { return };
    out.add(OUTPUT_BELOW_INPUT, model.about(&leaf), || {
        format!(
            "{}: output_cost_per_token is {}, less than the input's {}; output usually costs at least as much.",
            quoted(&model.name),
            money(output, Unit::Token),
            money(input, Unit::Token)
        )
    });
}

fn cache_read_above_input(model: &Model<'_, '_>, out: &mut Findings) {
    let (Some(input_path), Some(read_path)) = (model.pair.input, model.pair.cache_read) else { return };
    let (Some(input), Some(read)) = (model.price(Some(input_path)), model.price(Some(read_path))) else { return };
    // Some providers' prices are rounded apart in the last digits.
    let bound = input.checked_mul(Decimal::new(1_001, 3)).unwrap_or(Decimal::MAX);
    if read <= bound || !(model.is_new_value(input_path) || model.is_new_value(read_path)) {
        return;
    }
    let Some(leaf) = model.now(read_path) else { return };
    out.add(CACHE_READ_ABOVE_INPUT, model.about(&leaf), || {
        format!(
            "{}: cache_read_input_token_cost is {}, more than the input's {}; cached input usually costs less.",
            quoted(&model.name),
            money(read, Unit::Token),
            money(input, Unit::Token)
        )
    });
}

/// `one >= times * two`, exactly; where that is beyond the decimal type, `one` is not.
pub(crate) fn at_least(one: Decimal, times: u32, two: Decimal) -> bool {
    two.checked_mul(Decimal::from(times)).is_some_and(|bound| one >= bound)
}
