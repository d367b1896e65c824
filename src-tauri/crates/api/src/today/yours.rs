//! What changed for the models that my proxies use, one sentence a model.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use costmap::people::{amount, counted, label, price, scaling, thousands};
use costmap::{AliasChange, ChangeSet, CostMap, Entry, FieldChange, Unit};
use rust_decimal::Decimal;

use crate::handlers::changes::token_price;
use crate::view::{TodayChange, TodayKind, TodayPrice};

const INPUT: &str = "input_cost_per_token";
const OUTPUT: &str = "output_cost_per_token";

/// Prices that tell a change.
const PRICES: usize = 2;

/// What is news of one's own models: their changes, and which of them retire within so many days. The worst first.
pub(super) fn changes(
    set: &ChangeSet,
    new: &CostMap,
    mine: &BTreeSet<String>,
    held: &[String],
    today: NaiveDate,
    within: i64,
) -> Vec<TodayChange> {
    let mut prices: BTreeMap<&str, Vec<&FieldChange>> = BTreeMap::new();
    for change in set.pricing_changes.iter().chain(&set.multiplier_changes).chain(&set.hours_changes) {
        prices.entry(&change.model).or_default().push(change);
    }
    let mut all = Vec::new();
    for model in mine {
        let entry = new.priced(model);
        if set.removed_models.contains(model) {
            all.push((Decimal::ZERO, gone(model)));
        } else if let Some(moved) = set.alias_changes.iter().find(|change| change.model == *model) {
            all.extend(alias(moved, entry.as_ref()));
        } else if let Some(found) = entry {
            // An alias that stands for the same model as before costs what that one does.
            let subject = found.stands_for().unwrap_or_else(|| found.name());
            let changes =
                prices.get(&*subject).filter(|_| !held.contains(model) && !held.iter().any(|it| **it == *subject));
            all.extend(changes.map(|changes| repriced(model, &found, changes)));
        }
        let retiring = entry.and_then(|entry| retires(model, &entry, new, today)).filter(|(days, _)| *days <= within);
        all.extend(retiring.map(|(days, told)| ((-days).into(), told)));
    }
    // The worst kind, within it the most.
    all.sort_by_key(|(much, change): &(Decimal, TodayChange)| (change.kind, -*much));
    all.into_iter().map(|(_, change)| change).collect()
}

/// One's own models of which anything differs.
pub(super) fn changed<'a>(set: &ChangeSet, new: &CostMap, mine: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    let fields = [
        &set.pricing_changes,
        &set.multiplier_changes,
        &set.hours_changes,
        &set.limit_changes,
        &set.provider_changes,
        &set.mode_changes,
        &set.capability_changes,
        &set.deprecation_changes,
        &set.other_changes,
    ];
    let mut all: BTreeSet<&str> = fields.iter().flat_map(|list| list.iter()).map(|change| &*change.model).collect();
    all.extend(set.alias_changes.iter().map(|change| &*change.model));
    all.extend(set.removed_models.iter().map(String::as_str));
    let target = |model: &str| new.priced(model).and_then(|entry| entry.stands_for().map(Cow::into_owned));
    mine.iter()
        .map(String::as_str)
        .filter(|model| all.contains(model) || target(model).is_some_and(|target| all.contains(&*target)))
        .collect()
}

fn sentence(model: &str, kind: TodayKind, says: impl Into<String>) -> TodayChange {
    TodayChange {
        model: model.to_owned(),
        kind,
        says: says.into(),
        target: None,
        note: None,
        prices: Vec::new(),
        more: None,
        in_source: false,
    }
}

fn gone(model: &str) -> TodayChange {
    let note = Some("A proxy that loads this map bills its calls as $0.".to_owned());
    TodayChange { note, ..sentence(model, TodayKind::Gone, "is gone from the map") }
}

fn alias(change: &AliasChange, entry: Option<&Entry<'_>>) -> Vec<(Decimal, TodayChange)> {
    let model = &change.model;
    if entry.is_none() {
        return vec![(Decimal::ZERO, gone(model))];
    }
    // A name that came is no news of a model that was used before.
    let Some(before) = &change.before else { return Vec::new() };
    let effects: Vec<&FieldChange> = change.effects.iter().filter(|change| is_price(change)).collect();
    let much = effects.iter().filter_map(|change| percent(change)).max().unwrap_or_default();
    let mut told = match &change.after {
        Some(target) => {
            TodayChange { target: Some(target.clone()), ..sentence(model, TodayKind::Moved, "now points to") }
        }
        None => sentence(model, TodayKind::Moved, "has its own prices now"),
    };
    told.prices = shown(&effects).iter().map(|change| values(change)).collect();
    let same = if effects.is_empty() { ", at the same price" } else { "" };
    told.note = Some(format!("was {before}{same}"));
    vec![(much, told)]
}

/// "is 20.0% cheaper", with both values.
fn repriced(model: &str, entry: &Entry<'_>, changes: &[&FieldChange]) -> (Decimal, TodayChange) {
    let moved: Vec<&FieldChange> =
        changes.iter().copied().filter(|change| change.before.is_some() && change.after.is_some()).collect();
    let percents: Vec<Decimal> = moved.iter().filter_map(|change| percent(change)).collect();
    let shown = shown(if moved.is_empty() { changes } else { &moved });
    let (kind, says) = match (percents.iter().min(), percents.iter().max()) {
        _ if moved.is_empty() => (TodayKind::Repriced, came_or_went(changes)),
        (Some(least), Some(most))
            if percents.len() == moved.len() && least.is_sign_negative() == most.is_sign_negative() =>
        {
            let kind = if most.is_sign_negative() { TodayKind::Fall } else { TodayKind::Rise };
            let is_alike = (*most - *least).abs() <= Decimal::ONE;
            let far = if most.is_sign_negative() { *least } else { *most };
            (kind, format!("is {}{}", how_far(far, is_alike), of_what(entry, &moved)))
        }
        _ if moved.iter().all(|change| is_free(change.before.as_ref()) && is_price(change)) => {
            (TodayKind::Rise, "is no longer free".to_owned())
        }
        _ => (TodayKind::Repriced, "has new prices".to_owned()),
    };
    let first = shown.first().and_then(|change| percent(change));
    let rest: Vec<&FieldChange> =
        moved.iter().copied().filter(|change| !shown.iter().any(|it| it.field == change.field)).collect();
    let is_like = |change: &FieldChange| {
        percent(change).zip(first).is_some_and(|(its, first)| (its - first).abs() <= Decimal::ONE)
    };
    let more = if rest.is_empty() {
        None
    } else if rest.iter().all(|change| is_like(change)) {
        let is_tier = rest.iter().all(|change| change.field.contains("_above_") || change.field.contains('['));
        let (one, many) = if is_tier { ("tier", "tiers") } else { ("other price", "other prices") };
        Some(format!("and {} by the same amount", counted(rest.len(), one, many)))
    } else {
        Some(format!("and {}", counted(rest.len(), "other price", "other prices")))
    };
    let much = percents.iter().map(Decimal::abs).max().unwrap_or_default();
    let prices = shown.iter().map(|change| values(change)).collect();
    (much, TodayChange { prices, more, ..sentence(model, kind, says) })
}

/// "20.0% cheaper", "up to 20.0% more expensive", "10 times as expensive".
fn how_far(percent: Decimal, is_alike: bool) -> String {
    let up_to = if is_alike { "" } else { "up to " };
    let times = percent / Decimal::ONE_HUNDRED + Decimal::ONE;
    if times >= Decimal::TEN {
        return format!(
            "{up_to}{} times as expensive",
            thousands(u64::try_from(times.round_dp(0)).unwrap_or(u64::MAX))
        );
    }
    let word = if percent.is_sign_negative() { "cheaper" } else { "more expensive" };
    format!("{up_to}{:.1}% {word}", percent.abs().round_dp(1))
}

/// Nothing where the whole model moved; else " for cached input".
fn of_what(entry: &Entry<'_>, moved: &[&FieldChange]) -> String {
    let has_moved = |field: &str| moved.iter().any(|change| change.field == field);
    let is_whole = [INPUT, OUTPUT].iter().all(|field| has_moved(field) || token_price(entry, field).is_none());
    let labels: Vec<String> = moved.iter().map(|change| label(&change.field).to_lowercase()).collect();
    match &labels[..] {
        _ if is_whole => String::new(),
        [only] => format!(" for {only}"),
        [one, other] => format!(" for {one} and {other}"),
        more => format!(" for {} of its prices", more.len()),
    }
}

fn came_or_went(changes: &[&FieldChange]) -> String {
    let count = changes.len();
    if changes.iter().all(|change| change.before.is_none()) {
        format!("has {}", counted(count, "more price", "more prices"))
    } else if changes.iter().all(|change| change.after.is_none()) {
        format!("has {}", counted(count, "fewer price", "fewer prices"))
    } else {
        "has new prices".to_owned()
    }
}

fn retires(model: &str, entry: &Entry<'_>, new: &CostMap, today: NaiveDate) -> Option<(i64, TodayChange)> {
    let date: NaiveDate = entry.field("deprecation_date")?.as_str()?.parse().ok()?;
    let days = (date - today).num_days();
    let says = match days {
        0 => "retires today".to_owned(),
        1 => "retires tomorrow".to_owned(),
        2.. => format!("retires in {days} days"),
        _ => return None,
    };
    let note = entry.field("successor_model").and_then(|leaf| leaf.as_str().map(|name| successor(&name, entry, new)));
    Some((days, TodayChange { note, ..sentence(model, TodayKind::Retires, says) }))
}

/// "Successor claude-sonnet-5-5: 2.00 / 10.00, 33% less".
fn successor(name: &str, entry: &Entry<'_>, new: &CostMap) -> String {
    let Some(next) = new.priced(name) else { return format!("Successor {name}, which the map does not have") };
    let decimal = |entry: &Entry<'_>, field: &str| entry.field(field).and_then(|leaf| leaf.decimal());
    let shown = |field: &str| token_price(&next, field);
    let prices = match (shown(INPUT), shown(OUTPUT)) {
        (Some(input), Some(output)) => format!("{input} / {output}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return format!("Successor {name}"),
    };
    let ratio = |field| decimal(&next, field)?.checked_div(decimal(entry, field)?);
    let relation = match (ratio(INPUT), ratio(OUTPUT)) {
        (Some(input), Some(output)) if (input - output).abs() > Decimal::new(1, 2) => {
            format!(", in {}, out {}", compared(input), compared(output))
        }
        (Some(ratio), _) | (None, Some(ratio)) => format!(", {}", compared(ratio)),
        (None, None) => String::new(),
    };
    format!("Successor {name}: {prices}{relation}")
}

fn compared(ratio: Decimal) -> String {
    let percent = ((ratio - Decimal::ONE) * Decimal::ONE_HUNDRED).round_dp(0).normalize();
    match percent {
        same if same.is_zero() => "the same price".to_owned(),
        less if less.is_sign_negative() => format!("{}% less", less.abs()),
        more => format!("{more}% more"),
    }
}

/// Input and output where they moved; else the first.
fn shown<'a>(changes: &[&'a FieldChange]) -> Vec<&'a FieldChange> {
    let main = [INPUT, OUTPUT].into_iter().filter_map(|field| changes.iter().find(|change| change.field == field));
    let main: Vec<&FieldChange> = main.copied().collect();
    if main.is_empty() { changes.iter().take(PRICES).copied().collect() } else { main }
}

fn values(change: &FieldChange) -> TodayPrice {
    let unit = Unit::of_path(&change.field);
    let shown = |value: &Option<serde_json::Value>| {
        let value = value.as_ref()?;
        Some(price(value).map_or_else(|| scaling(&change.field, value), |price| amount(price, unit)))
    };
    let label = match change.field.as_str() {
        INPUT => "In".to_owned(),
        OUTPUT => "Out".to_owned(),
        field => label(field),
    };
    TodayPrice { label, before: shown(&change.before), after: shown(&change.after) }
}

fn is_price(change: &FieldChange) -> bool {
    [&change.before, &change.after].into_iter().flatten().any(|value| price(value).is_some())
}

fn is_free(value: Option<&serde_json::Value>) -> bool {
    value.and_then(price).is_some_and(|price| price.is_zero())
}

/// How far a price moved; `None` where it was not there, or free.
pub(crate) fn percent(change: &FieldChange) -> Option<Decimal> {
    let (before, after) = (price(change.before.as_ref()?)?, price(change.after.as_ref()?)?);
    (after.checked_div(before)? - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED)
}

#[cfg(test)]
mod tests {
    use costmap::diff;

    use super::*;

    fn told(old: &str, new: &str, mine: &[&str]) -> Vec<String> {
        let (old, new) = (CostMap::parse(old).unwrap(), CostMap::parse(new).unwrap());
        let mine: BTreeSet<String> = mine.iter().map(|name| (*name).to_owned()).collect();
        let held = ["held".to_owned()];
        let day = "2026-03-04".parse().unwrap();
        let price = |price: &TodayPrice| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
            format!("{} {} → {}", price.label, value(&price.before), value(&price.after))
        };
        let set = diff(&old, &new);
        let line = |change: TodayChange| {
            let prices: Vec<String> = change.prices.iter().map(price).collect();
            let parts = [
                Some(change.model),
                Some(change.says),
                change.target,
                change.note,
                Some(prices.join(", ")),
                change.more,
            ];
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
        };
        changes(&set, &new, &mine, &held, day, 30).into_iter().map(line).collect()
    }

    #[test]
    fn each_change_is_one_sentence_and_the_worst_comes_first() {
        let old = r#"{
            "gone": {"litellm_provider": "a"},
            "held": {"input_cost_per_token": 1e-06},
            "cheap": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1.25e-05, "input_cost_per_token_above_200k_tokens": 5e-06},
            "dear": {"input_cost_per_token": 1e-06, "cache_read_input_token_cost": 1e-07},
            "far": {"input_cost_per_token": 1e-09},
            "opus-5": {"input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05},
            "opus-6": {"input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05},
            "latest": {"alias_of": "opus-5"},
            "other": {"input_cost_per_token": 1e-06}
        }"#;
        let new = r#"{
            "held": {"input_cost_per_token": 1e-03},
            "cheap": {"input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05, "input_cost_per_token_above_200k_tokens": 4e-06},
            "dear": {"input_cost_per_token": 1e-06, "cache_read_input_token_cost": 1.5e-07},
            "far": {"input_cost_per_token": 1e-06},
            "opus-5": {"input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05, "deprecation_date": "2026-03-08", "successor_model": "opus-6"},
            "opus-6": {"input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05, "deprecation_date": "2026-04-08"},
            "latest": {"alias_of": "opus-6"},
            "other": {"input_cost_per_token": 2e-06}
        }"#;
        let mine = ["gone", "held", "cheap", "dear", "far", "latest", "opus-5", "opus-6"];
        assert_eq!(
            told(old, new, &mine),
            [
                "gone | is gone from the map | A proxy that loads this map bills its calls as $0.",
                "far | is 1,000 times as expensive | In 0.001 → 1.00",
                "dear | is 50.0% more expensive for cached input | Cached input 0.10 → 0.15",
                "latest | now points to | opus-6 | was opus-5 | In 4.00 → 5.00, Out 20.00 → 25.00",
                "opus-5 | retires in 4 days | Successor opus-6: 5.00 / 25.00, 25% more",
                "cheap | is 20.0% cheaper | In 2.50 → 2.00, Out 12.50 → 10.00 | and 1 tier by the same amount",
            ]
        );
    }

    #[test]
    fn an_alias_of_a_model_with_other_prices_is_told() {
        let map = |cost: &str| {
            format!(r#"{{"opus-6": {{"input_cost_per_token": {cost}}}, "latest": {{"alias_of": "opus-6"}}}}"#)
        };
        assert_eq!(told(&map("0"), &map("5e-06"), &["latest"]), ["latest | is no longer free | In 0.00 → 5.00"]);
        let (old, new) = (CostMap::parse(map("0")).unwrap(), CostMap::parse(map("5e-06")).unwrap());
        let mine = BTreeSet::from(["latest".to_owned(), "else".to_owned()]);
        assert_eq!(changed(&diff(&old, &new), &new, &mine), BTreeSet::from(["latest"]));
    }
}
