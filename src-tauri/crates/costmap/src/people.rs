//! Prices and fields as people read them: USD per million tokens (LiteLLM's own unit is one token), and words for paths.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::Unit;

/// Decimal places beyond which a price is noise of a float (1.5000000000000002e-07 is 0.15 per million tokens).
const PLACES: u32 = 10;

/// A price in USD per unit as people read it, without its unit: `2.50`. Two decimals, more only where needed.
pub fn amount(price: Decimal, unit: Unit) -> String {
    let mut shown = scaled(price, unit).round_dp(PLACES).normalize();
    // A price so small that rounding hides it is shown whole.
    if shown.is_zero() && !price.is_zero() {
        shown = scaled(price, unit);
    }
    if shown.scale() < 2 {
        shown.rescale(2);
    }
    shown.to_string()
}

/// A price with its unit, in a sentence: `$2.50 per 1M tokens`, `$20,000.00 per 1M tokens`.
pub fn money(price: Decimal, unit: Unit) -> String {
    format!("${} {}", grouped(&amount(price, unit)), unit.for_people().1)
}

/// A count: `1,234`.
pub fn thousands(number: impl TryInto<u64>) -> String {
    grouped(&number.try_into().unwrap_or(u64::MAX).to_string())
}

/// Groups the digits before the point by three.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut out = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// A price in the unit that people read, with every digit.
pub fn scaled(price: Decimal, unit: Unit) -> Decimal {
    let (power, _) = unit.for_people();
    10_i64.checked_pow(power).and_then(|scale| price.checked_mul(scale.into())).unwrap_or(price).normalize()
}

/// The price that a value of the contract holds: decimal text.
pub fn price(value: &Value) -> Option<Decimal> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// Words for whole names, and for what names begin with; the first that fits counts.
const NAMES: &[(&str, &str)] = &[
    ("cache_read_input_audio_token_cost", "Cached audio input"),
    ("cache_read_input_token_cost", "Cached input"),
    ("cache_creation_input_audio_token_cost", "Audio cache write"),
    ("cache_creation_input_token_cost", "Cache write"),
    ("input_cost_per_audio_token", "Audio input"),
    ("output_cost_per_audio_token", "Audio output"),
    ("input_cost_per_image_token", "Image input"),
    ("output_cost_per_image_token", "Image output"),
    ("output_cost_per_reasoning_token", "Reasoning output"),
    ("input_cost_per_", "Input"),
    ("output_cost_per_", "Output"),
    ("search_context_cost_per_query", "Web search"),
    ("code_interpreter_cost_per_session", "Code interpreter"),
    ("file_search_cost_per_", "File search"),
    ("ocr_cost_per_page", "OCR"),
    ("annotation_cost_per_page", "Annotation"),
    ("max_input_tokens", "Context"),
    ("max_output_tokens", "Longest output"),
    ("max_tokens", "Most tokens"),
    ("litellm_provider", "Provider"),
    ("mode", "Mode"),
    ("deprecation_date", "Deprecation"),
];

/// What a name says besides: when the price applies.
const QUALIFIERS: &[(&str, &str)] = &[("_batches", "batch"), ("_priority", "priority"), ("_flex", "flex")];

/// Words for the path of a field: "Input, over 200k" for `input_cost_per_token_above_200k_tokens`.
pub fn label(path: &str) -> String {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or(path);
    let (first, index) = indexed(first);
    let mut words = Vec::new();
    let mut rest: Vec<&str> = parts.collect();
    // A list of tiers: the price in it is the fact, the place the qualifier.
    let named = if index.is_some() && !rest.is_empty() { rest.remove(0) } else { first };
    words.push(name(named));
    words.extend(named.split("_above_").skip(1).map(|above| {
        let above = above.split('_').next().unwrap_or(above);
        format!("over {above}")
    }));
    words.extend(QUALIFIERS.iter().filter(|(end, _)| named.contains(end)).map(|(_, word)| (*word).to_owned()));
    words.extend(index.map(|index| format!("tier {}", index + 1)));
    words.extend(rest.into_iter().map(|part| spaced(part.trim_start_matches("search_context_size_"))));
    words.join(", ")
}

fn name(name: &str) -> String {
    match NAMES.iter().find(|(known, _)| name.starts_with(known)) {
        Some((_, words)) => (*words).to_owned(),
        None => capitalised(&spaced(name.split("_above_").next().unwrap_or(name).trim_start_matches("supports_"))),
    }
}

fn indexed(part: &str) -> (&str, Option<usize>) {
    let Some((name, index)) = part.strip_suffix(']').and_then(|part| part.split_once('[')) else { return (part, None) };
    (name, index.parse().ok())
}

fn spaced(name: &str) -> String {
    name.replace("_cost", "").replace('_', " ").trim().to_owned()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_told_in_the_unit_that_people_read() {
        let price = |text: &str| text.parse::<Decimal>().unwrap();
        for (value, unit, shown) in [
            ("0.0000025", Unit::Token, "2.50"),
            ("0.00000015000000000000002", Unit::Token, "0.15"),
            ("0.04", Unit::Image, "0.04"),
            ("0.0000000000004", Unit::Second, "0.0000000000004"),
        ] {
            assert_eq!(amount(price(value), unit), shown);
        }
        assert_eq!(amount(Decimal::MAX, Unit::Token), Decimal::MAX.to_string());
    }

    #[test]
    fn a_path_has_words() {
        for (path, words) in [
            ("input_cost_per_token", "Input"),
            ("output_cost_per_token_above_200k_tokens", "Output, over 200k"),
            ("cache_read_input_token_cost_priority", "Cached input, priority"),
            ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "Cache write, over 1hr, over 200k"),
            ("input_cost_per_token_batches", "Input, batch"),
            ("tiered_pricing[1].input_cost_per_token", "Input, tier 2"),
            ("search_context_cost_per_query.search_context_size_high", "Web search, high"),
            ("max_input_tokens", "Context"),
            ("supports_vision", "Vision"),
            ("", ""),
        ] {
            assert_eq!(label(path), words, "{path}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let told = [0, 7, 999, 1000, 12_345, 1_234_567].map(thousands);
        assert_eq!(told, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        let price = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(money(price("0.0000025"), Unit::Token), "$2.50 per 1M tokens");
        assert_eq!(money(price("0.02"), Unit::Token), "$20,000.00 per 1M tokens");
        assert_eq!(money(price("30"), Unit::Query), "$30.00 per query");
        assert!(money(Decimal::MAX, Unit::Token).ends_with(" per 1M tokens"));
    }
}
