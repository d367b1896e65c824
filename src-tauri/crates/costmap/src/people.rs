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

/// A count with its noun: `1 model`, `1,234 models`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A number with the digits before its point grouped by three: `20,000.00`.
pub fn grouped(number: &str) -> String {
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

/// What scales a price, or says when it applies, as people read it: `×1.1 (+10%)`,
/// `Mon–Fri 00:00–01:00, 04:00–06:00; Sat–Sun all day (UTC)`.
pub fn scaling(path: &str, value: &Value) -> String {
    if path.starts_with("off_peak_pricing") {
        return hours(value).unwrap_or_else(|| value.to_string());
    }
    let number = value.as_f64().and_then(|number| Decimal::try_from(number).ok());
    let Some(factor) = number else { return value.as_str().map_or_else(|| value.to_string(), str::to_owned) };
    let percent =
        (factor - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED).map(|percent| percent.round_dp(1).normalize());
    match percent {
        Some(percent) if percent.is_zero() => "×1".to_owned(),
        Some(percent) => {
            let sign = if percent.is_sign_negative() { '−' } else { '+' };
            format!("×{} ({sign}{}%)", factor.normalize(), percent.abs())
        }
        None => format!("×{}", factor.normalize()),
    }
}

/// The windows of `off_peak_pricing`. `hours_utc` is a list in some entries and a text in others.
fn hours(windows: &Value) -> Option<String> {
    let told = windows.as_array()?.iter().map(|window| {
        let spans = match window.get("hours_utc")? {
            Value::String(text) => vec![text.as_str()],
            Value::Array(spans) => spans.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
            _ => return None,
        };
        let spans: Vec<String> = spans.into_iter().map(span).collect();
        let days = window.get("weekdays").and_then(Value::as_array).and_then(|days| weekdays(days));
        Some(days.map(|days| format!("{days} ")).unwrap_or_default() + &spans.join(", "))
    });
    let told: Vec<String> = told.collect::<Option<_>>()?;
    Some(format!("{} (UTC)", told.join("; ")))
}

/// `00:00-00:00` is the whole day; a span that ends at midnight ends at 24:00.
fn span(text: &str) -> String {
    match text.split_once('-') {
        Some(("00:00", "00:00")) => "all day".to_owned(),
        Some((from, "00:00")) => format!("{from}–24:00"),
        Some((from, to)) => format!("{from}–{to}"),
        None => text.to_owned(),
    }
}

/// `Mon–Fri` of 1 to 5; days that do not follow each other are listed.
fn weekdays(days: &[Value]) -> Option<String> {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let days: Vec<usize> =
        days.iter().map(|day| usize::try_from(day.as_u64()?).ok()?.checked_sub(1)).collect::<Option<_>>()?;
    let names: Vec<&str> = days.iter().map(|day| NAMES.get(*day).copied()).collect::<Option<_>>()?;
    let follow = days.windows(2).all(|pair| pair[1] == pair[0] + 1);
    match &names[..] {
        [] => None,
        [first, .., last] if follow && names.len() > 2 => Some(format!("{first}–{last}")),
        [first, last] if follow => Some(format!("{first}–{last}")),
        names => Some(names.join(", ")),
    }
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
    ("fedramp_uplift_multiplier", "FedRAMP uplift"),
    ("regional_processing_uplift_multiplier_eu", "EU processing uplift"),
    ("regional_processing_uplift_multiplier_us", "US processing uplift"),
    ("regional_endpoint_uplift_multiplier", "Regional endpoint uplift"),
    ("google_maps_grounding_cost_per_query", "Google Maps grounding"),
    ("explicit_cache_read_input_token_cost", "Explicitly cached input"),
    ("max_input_tokens", "Context"),
    ("max_output_tokens", "Max output"),
    ("max_tokens", "Max tokens"),
    ("litellm_provider", "Provider"),
    ("mode", "Mode"),
    ("deprecation_date", "Retires"),
    ("deprecation_source", "Retirement announced"),
    ("successor_model", "Successor"),
];

/// What a name says besides: when the price applies.
const QUALIFIERS: &[(&str, &str)] = &[
    ("_batches", "batch"),
    ("_priority", "priority"),
    ("_flex", "flex"),
    ("_ultrafast", "ultrafast"),
    ("_balanced", "balanced"),
    ("_decisions", "decisions"),
];

/// A field's name without what says when its price applies: `input_cost_per_token` of
/// `input_cost_per_token_above_200k_tokens_priority`.
pub fn plain_name(name: &str) -> &str {
    let end = name.find("_above_").unwrap_or(name.len());
    let mut plain = &name[..end];
    while let Some(shorter) = QUALIFIERS.iter().find_map(|(end, _)| plain.strip_suffix(end)) {
        plain = shorter;
    }
    plain
}

/// Words for the path of a field: "Input, over 200k" for `input_cost_per_token_above_200k_tokens`.
pub fn label(path: &str) -> String {
    if let Some(inner) = path.strip_prefix("off_peak_pricing.") {
        return if inner.starts_with("windows") { "Off-peak hours".to_owned() } else { label(inner) + ", off-peak" };
    }
    if let Some(kind) = path.strip_prefix("provider_specific_entry.") {
        return format!("Multiplier, {}", spaced(kind));
    }
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or(path);
    let (first, index) = indexed(first);
    let mut words = Vec::new();
    let mut rest: Vec<&str> = parts.collect();
    // A list of tiers: the price in it is the fact, the place the qualifier.
    let named = if index.is_some() && !rest.is_empty() { rest.remove(0) } else { first };
    words.push(name(named));
    words.extend(named.split("_above_").skip(1).map(|above| above_what(above.split('_').next().unwrap_or(above))));
    words.extend(QUALIFIERS.iter().filter(|(end, _)| named.contains(end)).map(|(_, word)| (*word).to_owned()));
    words.extend(index.map(|index| format!("tier {}", index + 1)));
    words.extend(rest.into_iter().map(|part| spaced(part.trim_start_matches("search_context_size_"))));
    words.join(", ")
}

/// `200k` is a number of tokens; `1hr` is how long a cache keeps what it was given; `15s` is the length of a video.
fn above_what(above: &str) -> String {
    match above.strip_suffix("hr") {
        Some(hours) => format!("kept {hours} h"),
        None => format!("over {above}"),
    }
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
            ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "Cache write, kept 1 h, over 200k"),
            ("input_cost_per_token_batches", "Input, batch"),
            ("tiered_pricing[1].input_cost_per_token", "Input, tier 2"),
            ("search_context_cost_per_query.search_context_size_high", "Web search, high"),
            ("max_input_tokens", "Context"),
            ("input_cost_per_token_above_256k_tokens_priority", "Input, over 256k, priority"),
            ("cache_creation_input_token_cost_above_12hr", "Cache write, kept 12 h"),
            ("off_peak_pricing.output_cost_per_token", "Output, off-peak"),
            ("off_peak_pricing.windows", "Off-peak hours"),
            ("fedramp_uplift_multiplier", "FedRAMP uplift"),
            ("provider_specific_entry.fast", "Multiplier, fast"),
            ("successor_model", "Successor"),
            ("supports_vision", "Vision"),
            ("", ""),
        ] {
            assert_eq!(label(path), words, "{path}");
        }
    }

    #[test]
    fn what_scales_a_price_and_when_it_applies_reads_like_a_sentence() {
        use serde_json::json;
        for (value, told) in
            [(json!(1.1), "×1.1 (+10%)"), (json!(2), "×2 (+100%)"), (json!(0.5), "×0.5 (−50%)"), (json!(1), "×1")]
        {
            assert_eq!(scaling("fedramp_uplift_multiplier", &value), told);
        }
        // As deepseek's models have it: a list in one window, a text in the other.
        let windows = json!([
            {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
            {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}
        ]);
        assert_eq!(
            scaling("off_peak_pricing.windows", &windows),
            "Mon–Fri 00:00–01:00, 04:00–06:00, 10:00–24:00; Sat–Sun all day (UTC)"
        );
        let odd = json!([{"hours_utc": 5}]);
        assert_eq!(
            scaling("off_peak_pricing.windows", &odd),
            odd.to_string(),
            "a form that is not known is shown as it is"
        );
        assert_eq!(scaling("off_peak_pricing.windows", &json!([{"hours_utc": "x", "weekdays": [1, 3, 9]}])), "x (UTC)");
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
