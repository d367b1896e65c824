//! The words of a digest: what a new map brought, by name.

use std::collections::{BTreeMap, BTreeSet};

use costmap::people::{amount, label, price, thousands};
use costmap::{ChangeSet, FieldChange, Unit};
use engine::error::bounded;
use engine::settings::{Notify, PriceNews};
use rust_decimal::Decimal;

use super::{BODY, TITLE};
use crate::today::{Family, percent};

/// New models that the body names beside the title's.
const ALSO_NEW: usize = 3;

/// Entries that wait for a person, and the worst cause.
pub(super) struct Review {
    pub(super) entries: usize,
    pub(super) cause: String,
}

/// Title and body of a digest: the models by name. `None` where the settings want to hear nothing of it.
pub(super) fn digest(
    set: &ChangeSet,
    families: &[Family],
    mine: &BTreeSet<String>,
    notify: &Notify,
    proved: usize,
    review: Option<&Review>,
) -> Option<(String, String)> {
    let mut prices: BTreeMap<&str, Vec<&FieldChange>> = BTreeMap::new();
    for change in &set.pricing_changes {
        prices.entry(&change.model).or_default().push(change);
    }
    let of_mine = prices.keys().filter(|model| mine.contains(**model)).count();
    let tells_prices = match notify.price_changes {
        PriceNews::All => !prices.is_empty(),
        PriceNews::Mine => of_mine > 0,
        PriceNews::Off => false,
    };
    let wanted = |(model, _): &(&&str, &Vec<&FieldChange>)| of_mine == 0 || mine.contains(**model);
    // The one that moved most.
    let example = prices
        .iter()
        .filter(wanted)
        .max_by_key(|(_, changes)| moved(changes).first().and_then(|it| percent(it)).map(|it| it.abs()));
    let example = example.filter(|_| tells_prices);
    let moved_alias = set.alias_changes.iter().find_map(|change| {
        let is_told = mine.contains(&change.model) && change.before.is_some() && tells_own_prices(notify);
        Some((change.model.as_str(), change.after.as_deref().filter(|_| is_told)?))
    });
    let fresh = families.first().filter(|_| notify.new_models);
    let price = example.map(|(model, changes)| price_fact(model, changes, prices.len(), of_mine));
    let alias = moved_alias.map(|(model, target)| format!("{model} now points to {target}"));
    let mut title = title(fresh, set.new_models.len(), price.as_deref().or(alias.as_deref()));
    if let (Some(review), None) = (review, &title) {
        let need = if review.entries == 1 { "entry needs" } else { "entries need" };
        title = Some(format!("{} {need} review", thousands(review.entries)));
    }
    let title = title?;
    let sentence = example.map(|(model, changes)| match moved(changes) {
        none if none.is_empty() => price_sentence(model, changes),
        moved => price_sentence(model, &moved),
    });
    let alias = alias.filter(|alias| !title.contains(alias.as_str())).map(|alias| bounded(&alias, 120) + ".");
    let named: Vec<&str> = families
        .iter()
        .map(|family| short(&family.model))
        .filter(|name| !title.contains(name))
        .take(ALSO_NEW)
        .collect();
    let is_told = notify.new_models && !named.is_empty();
    let fresh = is_told.then(|| {
        let is_first_told = families.first().is_some_and(|first| title.contains(short(&first.model)));
        format!("{}: {}.", if is_first_told { "Also new" } else { "New" }, bounded(&named.join(", "), 90))
    });
    let review = review.map(|review| bounded(&review.cause, 100));
    let proof = match proved {
        0 => None,
        1 => Some("Proved on 1 proxy.".to_owned()),
        more => Some(format!("Proved on {more} proxies.")),
    };
    Some((bounded(&title, TITLE), body(&[(1, sentence), (3, alias), (4, fresh), (2, review), (0, proof)])))
}

/// Whole sentences in this order, those of the least rank first where there is no room for all.
fn body(parts: &[(u8, Option<String>); 5]) -> String {
    let mut by_rank: Vec<(u8, &String)> =
        parts.iter().filter_map(|(rank, part)| Some((*rank, part.as_ref()?))).collect();
    by_rank.sort_unstable_by_key(|(rank, _)| *rank);
    let mut room = BODY;
    by_rank.retain(|(_, part)| {
        let length = part.chars().count() + 1;
        let fits = length <= room + 1;
        room = if fits { room.saturating_sub(length) } else { room };
        fits
    });
    let told = parts.iter().filter(|(rank, part)| part.is_some() && by_rank.iter().any(|(kept, _)| kept == rank));
    told.filter_map(|(_, part)| part.as_deref()).collect::<Vec<_>>().join(" ")
}

/// A name without the way to it: "gmi/openai/gpt-5.4-pro" is "gpt-5.4-pro".
fn short(model: &str) -> &str {
    model.rsplit_once('/').map_or(model, |(_, name)| name)
}

/// "claude-opus-6 and 3 more from Anthropic; gpt-6.1-sol −20% (yours)", with fewer names where those do not fit.
fn title(fresh: Option<&Family>, new_models: usize, price: Option<&str>) -> Option<String> {
    let named = fresh.map(|Family { model, provider, more, .. }| match more {
        0 => format!("{} from {provider}", short(model)),
        more => format!("{} and {} more from {provider}", short(model), thousands(*more)),
    });
    let (Some(named), Some(price)) = (&named, price) else { return named.or(price.map(str::to_owned)) };
    let short = fresh.map_or_else(String::new, |family| match new_models {
        1 => short(&family.model).to_owned(),
        more => format!("{} and {} more", short(&family.model), thousands(more - 1)),
    });
    let counted = count(new_models, "new model");
    let fits = |title: &String| title.chars().count() <= TITLE;
    let all = [format!("{named}; {price}"), format!("{short}; {price}"), format!("{price}; {counted}")];
    all.into_iter().find(fits).or_else(|| Some(price.to_owned()))
}

/// "gpt-6.1-sol −20% (yours)".
fn price_fact(model: &str, changes: &[&FieldChange], models: usize, of_mine: usize) -> String {
    if of_mine == 0 {
        return count(models, "price change");
    }
    let by = match moved(changes).first().and_then(|change| percent(change)) {
        Some(by) if by.is_sign_negative() => format!("−{}%", rounded(by)),
        Some(by) => format!("+{}%", rounded(by)),
        None => "has new prices".to_owned(),
    };
    match of_mine {
        1 => format!("{model} {by} (yours)"),
        more => format!("{model} {by} and {} more of yours", thousands(more - 1)),
    }
}

/// Whole percents. A price that is still there did not fall by all of it.
fn rounded(percent: Decimal) -> String {
    let whole = percent.abs().round_dp(0);
    let is_nearly_all = percent.is_sign_negative() && percent > -Decimal::ONE_HUNDRED && whole >= Decimal::ONE_HUNDRED;
    if is_nearly_all { "99.9".to_owned() } else { whole.normalize().to_string() }
}

/// Whether what changes the price of one's own models is told.
fn tells_own_prices(notify: &Notify) -> bool {
    notify.price_changes != PriceNews::Off
}

/// Of a price that was there before and after, one can say how it moved.
fn moved<'a>(changes: &[&'a FieldChange]) -> Vec<&'a FieldChange> {
    changes.iter().filter(|change| change.before.is_some() && change.after.is_some()).copied().collect()
}

/// "claude-opus-5 fell 20%: input 12.00, output 60.00 per 1M."
fn price_sentence(model: &str, changes: &[&FieldChange]) -> String {
    if changes.iter().all(|change| change.after.is_none()) {
        return format!("{} no longer has {}.", bounded(model, 60), count(changes.len(), "price"));
    }
    let of = |value: &Option<serde_json::Value>| value.as_ref().and_then(price);
    let first = changes.first().and_then(|change| Some((of(&change.before)?, of(&change.after)?)));
    let verb = match first {
        Some((before, after)) if !before.is_zero() => {
            let percent = (after / before - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default();
            let verb = if percent.is_sign_negative() { "fell" } else { "rose" };
            format!("{verb} {}%", rounded(percent))
        }
        _ => "has new prices".to_owned(),
    };
    let shown = changes.iter().take(2).filter_map(|change| {
        let unit = Unit::of_path(&change.field);
        Some(format!("{} {}", label(&change.field).to_lowercase(), amount(of(&change.after)?, unit)))
    });
    let values: Vec<String> = shown.collect();
    let per = changes.first().map_or("", |change| Unit::of_path(&change.field).for_people().1);
    format!("{} {verb}: {} {}.", bounded(model, 60), values.join(", "), per.replace(" tokens", ""))
}

fn count(number: usize, what: &str) -> String {
    let grouped = thousands(number);
    if number == 1 { format!("{grouped} {what}") } else { format!("{grouped} {what}s") }
}

#[cfg(test)]
mod tests {
    use costmap::{CostMap, diff};

    use super::*;
    use crate::today::families;

    const OLD: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.5e-05, "output_cost_per_token": 7.5e-05}, "grok": {"litellm_provider": "x", "input_cost_per_token": 1e-06}}"#;
    const NEW: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.2e-05, "output_cost_per_token": 6e-05}, "grok": {"litellm_provider": "x", "input_cost_per_token": 2e-06}, "gpt": {"litellm_provider": "openai"}}"#;

    fn changes() -> ChangeSet {
        diff(&CostMap::parse(OLD).unwrap(), &CostMap::parse(NEW).unwrap())
    }

    fn fresh(mine: &[&str]) -> Vec<Family> {
        let mine = mine.iter().map(|name| (*name).to_owned()).collect();
        families(&changes().new_models, &CostMap::parse(NEW).unwrap(), &mine)
    }

    fn told(price_changes: PriceNews, mine: &[&str], proved: usize, held: usize) -> Option<(String, String)> {
        let notify = Notify { price_changes, ..Notify::default() };
        let review = (held > 0).then(|| review(held));
        digest(
            &changes(),
            &fresh(mine),
            &mine.iter().map(|name| (*name).to_owned()).collect(),
            &notify,
            proved,
            review.as_ref(),
        )
    }

    fn review(entries: usize) -> Review {
        Review { entries, cause: "openrouter: all 496 models are gone.".to_owned() }
    }

    #[test]
    fn a_digest_names_the_models_gives_one_example_and_the_proof() {
        let (title, body) = told(PriceNews::Mine, &["claude"], 2, 0).unwrap();
        assert_eq!(title, "gpt from OpenAI; claude −20% (yours)");
        assert_eq!(body, "claude fell 20%: input 12.00, output 60.00 per 1M. Proved on 2 proxies.");
    }

    #[test]
    fn where_there_is_no_room_for_all_whole_sentences_stay_and_the_proof_first() {
        let of = |length: usize, mark: char| Some(mark.to_string().repeat(length));
        let whole = body(&[(1, of(60, 'a')), (3, None), (4, of(60, 'b')), (2, of(60, 'c')), (0, of(17, 'p'))]);
        assert_eq!(whole.chars().count(), BODY, "{whole}");
        let told = body(&[(1, of(90, 'a')), (3, None), (4, of(60, 'b')), (2, of(90, 'c')), (0, of(18, 'p'))]);
        assert_eq!(told, format!("{} {} {}", "a".repeat(90), "c".repeat(90), "p".repeat(18)));
        assert_eq!(told.chars().count(), BODY);
    }

    #[test]
    fn a_price_that_is_still_there_did_not_fall_by_all_of_it() {
        assert_eq!(rounded("-99.97".parse().unwrap()), "99.9");
        assert_eq!(rounded("-100".parse().unwrap()), "100");
        assert_eq!(rounded("-19.6".parse().unwrap()), "20");
        assert_eq!(rounded("99999".parse().unwrap()), "99999");
    }

    #[test]
    fn prices_that_are_gone_are_counted() {
        let change = FieldChange {
            model: "claude".into(),
            field: "input_cost_per_token_above_200k_tokens".into(),
            before: Some("0.000006".into()),
            after: None,
            ratio: None,
        };
        assert_eq!(price_sentence("claude", &[&change]), "claude no longer has 1 price.");
    }

    #[test]
    fn prices_of_others_are_told_only_to_who_asked_for_all() {
        let (title, body) = told(PriceNews::Mine, &[], 1, 0).unwrap();
        assert_eq!((title.as_str(), body.as_str()), ("gpt from OpenAI", "Proved on 1 proxy."));
        assert_eq!(told(PriceNews::All, &[], 0, 0).unwrap().0, "gpt from OpenAI; 2 price changes");
        let nothing = Notify { new_models: false, price_changes: PriceNews::Off, ..Notify::default() };
        assert_eq!(digest(&changes(), &fresh(&[]), &BTreeSet::new(), &nothing, 1, None), None);
        let (title, body) = digest(&changes(), &fresh(&[]), &BTreeSet::new(), &nothing, 1, Some(&review(3))).unwrap();
        assert_eq!(title, "3 entries need review");
        assert_eq!(
            body, "openrouter: all 496 models are gone. Proved on 1 proxy.",
            "the worst cause, not the first row"
        );
    }

    #[test]
    fn an_alias_of_mine_that_moved_is_told() {
        let map = |target: &str| {
            let text = format!(
                r#"{{"opus-5": {{"litellm_provider": "a"}}, "opus-6": {{"litellm_provider": "a"}}, "opus-latest": {{"alias_of": "{target}"}}}}"#
            );
            CostMap::parse(text).unwrap()
        };
        let set = diff(&map("opus-5"), &map("opus-6"));
        let told = |mine: &[&str], price_changes| {
            let notify = Notify { price_changes, ..Notify::default() };
            digest(&set, &[], &mine.iter().map(|name| (*name).to_owned()).collect(), &notify, 1, None)
        };
        let (title, body) = told(&["opus-latest"], PriceNews::Mine).unwrap();
        assert_eq!(title, "opus-latest now points to opus-6");
        assert_eq!(body, "Proved on 1 proxy.");
        assert_eq!(told(&["opus-5"], PriceNews::Mine), None);
        assert_eq!(told(&["opus-latest"], PriceNews::Off), None);
    }

    #[test]
    fn a_title_names_what_fits() {
        let map = |names: &[&str]| {
            let models: Vec<String> =
                names.iter().map(|name| format!(r#""{name}": {{"litellm_provider": "anthropic"}}"#)).collect();
            CostMap::parse(format!("{{{}}}", models.join(", "))).unwrap()
        };
        let named = |names: &[&str], price: &str| {
            let names_of: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let families = families(&names_of, &map(names), &BTreeSet::new());
            title(families.first(), names.len(), (!price.is_empty()).then_some(price)).unwrap()
        };
        let four = ["opus-6", "haiku-6", "sonnet-6", "fable-6"];
        assert_eq!(named(&four, ""), "opus-6 and 3 more from Anthropic");
        assert_eq!(named(&four, "gpt-6 −20% (yours)"), "opus-6 and 3 more from Anthropic; gpt-6 −20% (yours)");
        assert_eq!(
            named(&four, "gpt-6.1-sol-2026-11-01 −20% (yours)"),
            "opus-6 and 3 more; gpt-6.1-sol-2026-11-01 −20% (yours)"
        );
        let long = "gpt-6.1-sol-with-a-long-name-2026 −20% (yours)";
        assert_eq!(named(&four, long), format!("{long}; 4 new models"));
    }
}
