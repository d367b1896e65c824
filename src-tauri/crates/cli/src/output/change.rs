//! Prices and changes of them as people read them: USD per million tokens, both values, and the change in per cent.

use costmap::people::{amount, price, scaled};
use costmap::{FieldChange, Unit};
use rust_decimal::Decimal;
use serde_json::Value;

use super::tone::Tone;

/// A change of one field, ready to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The old value, or "—".
    pub(crate) before: String,
    /// The new value, or "—".
    pub(crate) after: String,
    /// `▲ +20.0%`, `gone`, …
    pub(crate) change: String,
    /// Up or down.
    pub(crate) tone: Tone,
    /// What a price is for: `per 1M tokens`; empty for other fields.
    pub(crate) per: &'static str,
}

/// A price field.
pub(crate) fn of_price(change: &FieldChange) -> Shown {
    let unit = Unit::of_path(&change.field);
    let (before, after) = (change.before.as_ref().and_then(price), change.after.as_ref().and_then(price));
    let (mut shown_before, mut shown_after) =
        (text_of(change.before.as_ref(), before, unit), text_of(change.after.as_ref(), after, unit));
    if shown_before == shown_after {
        let exact = |price: Option<Decimal>| price.map_or("—".to_owned(), |price| scaled(price, unit).to_string());
        (shown_before, shown_after) = (exact(before), exact(after));
    }
    let (change, tone) = match (&change.before, &change.after) {
        (None, _) => ("added".to_owned(), Tone::Rise),
        (_, None) => ("gone".to_owned(), Tone::Warn),
        _ => match (before, after) {
            (Some(before), Some(after)) => relation(before, after),
            _ => ("changed".to_owned(), Tone::Warn),
        },
    };
    Shown { before: shown_before, after: shown_after, change, tone, per: unit.for_people().1 }
}

/// Any other field: a limit, a mode, a capability.
pub(crate) fn of_field(change: &FieldChange) -> Shown {
    let value = |value: &Option<Value>| value.as_ref().map_or("—".to_owned(), plain);
    let relation = match (&change.before, &change.after, change.ratio) {
        (None, _, _) => "added".to_owned(),
        (_, None, _) => "gone".to_owned(),
        (_, _, Some(ratio)) => format!("×{}", factor(ratio)),
        _ => String::new(),
    };
    Shown { before: value(&change.before), after: value(&change.after), change: relation, tone: Tone::Plain, per: "" }
}

fn text_of(value: Option<&Value>, price: Option<Decimal>, unit: Unit) -> String {
    match (value, price) {
        (None, _) => "—".to_owned(),
        (Some(_), Some(price)) => amount(price, unit),
        (Some(value), None) => plain(value),
    }
}

fn relation(before: Decimal, after: Decimal) -> (String, Tone) {
    if before.is_zero() {
        return ("new price".to_owned(), Tone::Rise);
    }
    let rise = after > before;
    let (mark, tone) = if rise { ("▲", Tone::Rise) } else { ("▼", Tone::Fall) };
    let ratio = after.checked_div(before);
    if let Some(times) = ratio.filter(|ratio| *ratio >= Decimal::TEN) {
        return (format!("{mark} ×{}", grouped(times.round())), tone);
    }
    let percent = ratio.and_then(|ratio| (ratio - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED));
    let Some(percent) = percent else { return (mark.to_owned(), tone) };
    let sign = if rise { '+' } else { '−' };
    (format!("{mark} {sign}{:.1}%", percent.abs().round_dp(1)), tone)
}

fn factor(ratio: f64) -> String {
    let text = format!("{ratio:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn grouped(number: Decimal) -> String {
    usize::try_from(number).map_or_else(|_| number.to_string(), costmap::people::thousands)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => engine::error::bounded(text, 60),
        Value::Number(number) => {
            let whole = number.as_u64().and_then(|number| usize::try_from(number).ok());
            whole.map_or_else(|| number.to_string(), costmap::people::thousands)
        }
        other => engine::error::bounded(&other.to_string(), 60),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(field: &str, before: Value, after: Value) -> FieldChange {
        let given = |value: Value| (!value.is_null()).then_some(value);
        FieldChange { model: "m".into(), field: field.into(), before: given(before), after: given(after), ratio: None }
    }

    fn shown(field: &str, before: Value, after: Value) -> String {
        let Shown { before, after, change, per, .. } = of_price(&change(field, before, after));
        format!("{before} → {after} {per} {change}")
    }

    #[test]
    fn a_price_change_shows_both_values_in_the_unit_that_people_read() {
        let token = "input_cost_per_token";
        for (field, before, after, expected) in [
            (token, json!("0.0000025"), json!("0.000003"), "2.50 → 3.00 per 1M tokens ▲ +20.0%"),
            (token, json!("0.000003"), json!("0.0000024"), "3.00 → 2.40 per 1M tokens ▼ −20.0%"),
            (token, json!("0.0000004"), json!("0.0004"), "0.40 → 400.00 per 1M tokens ▲ ×1,000"),
            (token, json!("0"), json!("0.000003"), "0.00 → 3.00 per 1M tokens new price"),
            (token, json!(null), json!("0.000003"), "— → 3.00 per 1M tokens added"),
            (token, json!("0.00001"), json!(null), "10.00 → — per 1M tokens gone"),
            ("output_cost_per_image", json!("0.04"), json!("0.042"), "0.04 → 0.042 per image ▲ +5.0%"),
            (token, json!("free"), json!("0.00000175"), "free → 1.75 per 1M tokens changed"),
        ] {
            assert_eq!(shown(field, before, after), expected);
        }
    }

    #[test]
    fn the_noise_of_a_float_is_hidden_unless_it_is_the_change() {
        let noisy: Decimal = "0.00000015000000000000002".parse().unwrap();
        assert_eq!(amount(noisy, Unit::Token), "0.15");
        let shown = shown("input_cost_per_token", json!("0.00000015"), json!("0.00000015000000000000002"));
        assert_eq!(shown, "0.15 → 0.15000000000000002 per 1M tokens ▲ +0.0%");
    }

    #[test]
    fn a_limit_shows_its_factor() {
        let mut limit = change("max_tokens", json!(4096), json!(8192));
        limit.ratio = Some(2.0);
        let Shown { before, after, change, per, tone } = of_field(&limit);
        assert_eq!([&*before, &after, &change, per], ["4,096", "8,192", "×2", ""]);
        assert_eq!(tone, Tone::Plain);
    }
}
