//! What is billed at $0: models that nothing prices, and models with a price that is not applied.

use std::collections::{BTreeMap, BTreeSet};

use costmap::people::{counted, thousands};
use engine::status::{NAMED_UNPRICED, ZERO_DAYS, ZeroCause};

use super::open;
use super::proxies::listed;
use crate::view::{Attention, Place, ProxyView, Tone, ZeroView};

/// One line for models without a price, on whichever proxies, and one for each cause of those with one.
pub(super) fn at_zero(proxies: &[ProxyView]) -> Vec<Attention> {
    let priced = [ZeroCause::NotApplied, ZeroCause::SetToZero].map(|cause| not_billed(proxies, cause));
    unpriced(proxies).into_iter().chain(priced.into_iter().flatten()).collect()
}

/// Callable models without a price.
fn unpriced(proxies: &[ProxyView]) -> Option<Attention> {
    let booked = booked(proxies, ZeroCause::NoPrice);
    let is_one = |proxy: &&ProxyView| {
        !proxy.unpriced.is_empty() || proxy.zero.iter().any(|zero| zero.cause == ZeroCause::NoPrice)
    };
    let having: Vec<&ProxyView> = proxies.iter().filter(is_one).collect();
    let called = booked.first();
    let first = called.map(|one| &one.model).or_else(|| having.first()?.unpriced.first())?;
    // What users call it prices nothing; an entry for what it asks for does.
    let asks_for = called.map(|one| &one.entry);
    let entry = asks_for.or_else(|| having.first()?.unpriced_entry.as_ref()).unwrap_or(first);
    let listed_ones = having.iter().flat_map(|proxy| &proxy.unpriced);
    let models: BTreeSet<&String> = listed_ones.chain(booked.iter().map(|one| &one.model)).collect();
    // A proxy names no more than these.
    let is_cut = having.iter().any(|proxy| proxy.unpriced.len() >= NAMED_UNPRICED);
    let (title, others) = match models.len() {
        count if is_cut => (format!("{count} or more callable models have no price."), "and others ".to_owned()),
        1 => ("1 callable model has no price.".to_owned(), String::new()),
        2 => ("2 callable models have no price.".to_owned(), "and 1 other ".to_owned()),
        more => (format!("{more} callable models have no price."), format!("and {} others ", more - 1)),
    };
    let names: Vec<String> = having.iter().map(|proxy| proxy.name.clone()).collect();
    let on = listed(&names);
    let text = match called {
        Some(one) if others.is_empty() => format!("{}, booked at $0 on {on} within {ZERO_DAYS} days.", used(one)),
        Some(one) => format!("{}, booked at $0 within {ZERO_DAYS} days; {others}on {on}.", used(one)),
        None => format!("{others}on {on} {} billed at $0.", if others.is_empty() { "is" } else { "are" }),
    };
    Some(Attention {
        id: format!("unpriced:{}", names.join(",")),
        tone: Tone::Warn,
        title,
        text,
        subject: Some(first.clone()),
        in_card: false,
        action: open("Add price", Place::Models { model: Some(entry.clone()) }),
    })
}

/// Models with a price that were booked at $0 all the same, of one cause.
fn not_billed(proxies: &[ProxyView], cause: ZeroCause) -> Option<Attention> {
    let booked = booked(proxies, cause);
    let first = booked.first()?;
    let has = |proxy: &&ProxyView| proxy.zero.iter().any(|zero| zero.cause == cause);
    let names: Vec<String> = proxies.iter().filter(has).map(|proxy| proxy.name.clone()).collect();
    let title = match booked.len() {
        1 => "1 model has a price and is still booked at $0.".to_owned(),
        more => format!("{more} models have a price and are still booked at $0."),
    };
    let others = match booked.len() {
        1 => String::new(),
        2 => "; and 1 other".to_owned(),
        more => format!("; and {} others", more - 1),
    };
    let on = listed(&names);
    Some(Attention {
        id: format!("zero:{}:{}", first.model, names.join(",")),
        // Somebody may mean it.
        tone: if cause == ZeroCause::SetToZero { Tone::Info } else { Tone::Warn },
        title,
        text: format!("{} {} on {on}: {}{others}. {}", used(first), since(first), first.why, first.remedy),
        subject: Some(first.model.clone()),
        in_card: false,
        action: open("Open model", Place::Models { model: Some(first.entry.clone()) }),
    })
}

/// What was booked for one cause, by model over all proxies, the most tokens first.
fn booked(proxies: &[ProxyView], cause: ZeroCause) -> Vec<ZeroView> {
    let mut all: BTreeMap<&str, ZeroView> = BTreeMap::new();
    for zero in proxies.iter().flat_map(|proxy| &proxy.zero).filter(|zero| zero.cause == cause) {
        match all.get_mut(zero.model.as_str()) {
            Some(known) => {
                known.calls += zero.calls;
                known.tokens = known.tokens.into_iter().chain(zero.tokens).reduce(|sum, more| sum + more);
            }
            None => {
                all.insert(&zero.model, zero.clone());
            }
        }
    }
    let mut all: Vec<ZeroView> = all.into_values().collect();
    all.sort_by_key(|one| (std::cmp::Reverse(one.tokens), std::cmp::Reverse(one.calls)));
    all
}

/// The time that the number is about. What the proxy's own counter alone knows has no days.
fn since(one: &ZeroView) -> String {
    if one.tokens.is_some() { format!("within {ZERO_DAYS} days") } else { "since the proxy started".to_owned() }
}

/// "124 calls, 1.2M tokens".
fn used(one: &ZeroView) -> String {
    let calls = counted(usize::try_from(one.calls).unwrap_or(usize::MAX), "call", "calls");
    one.tokens.map_or_else(|| calls.clone(), |tokens| format!("{calls}, {} tokens", short(tokens)))
}

/// 950, 12,400, 1.2M, 3.4B.
fn short(number: u64) -> String {
    let cut = |of: u64, letter: char| {
        let tenths = number / (of / 10);
        match tenths % 10 {
            0 => format!("{}{letter}", thousands(tenths / 10)),
            rest => format!("{}.{rest}{letter}", thousands(tenths / 10)),
        }
    };
    match number {
        0..1_000_000 => thousands(number),
        1_000_000..1_000_000_000 => cut(1_000_000, 'M'),
        _ => cut(1_000_000_000, 'B'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::proxy;

    fn zero(model: &str, cause: ZeroCause, tokens: u64) -> ZeroView {
        ZeroView {
            model: model.into(),
            cause,
            calls: 124,
            tokens: Some(tokens),
            entry: format!("openai/{model}"),
            why: "the configuration of its deployment sets 0".into(),
            remedy: "Take it out.".into(),
        }
    }

    fn with(name: &str, unpriced: &[&str], zero: Vec<ZeroView>) -> ProxyView {
        let unpriced = unpriced.iter().map(|model| (*model).to_owned()).collect();
        ProxyView { unpriced, zero, ..proxy(name) }
    }

    #[test]
    fn what_was_called_without_a_price_is_told_with_what_it_used() {
        let proxies = [
            with("a", &["claude-x", "quiet"], vec![zero("claude-x", ZeroCause::NoPrice, 1_234_567)]),
            with("b", &["claude-x"], vec![zero("claude-x", ZeroCause::NoPrice, 3)]),
        ];
        let all = at_zero(&proxies);
        let [one] = &all[..] else { panic!("{all:#?}") };
        assert_eq!(
            (one.title.as_str(), one.subject.as_deref()),
            ("2 callable models have no price.", Some("claude-x"))
        );
        assert_eq!(one.text, "248 calls, 1.2M tokens, booked at $0 within 7 days; and 1 other on a and b.");
        assert_eq!(one.action, open("Add price", Place::Models { model: Some("openai/claude-x".into()) }));
    }

    #[test]
    fn a_price_that_is_not_applied_is_another_line_with_its_cause() {
        let all = at_zero(&[with("a", &[], vec![zero("own", ZeroCause::SetToZero, 950)])]);
        let [one] = &all[..] else { panic!("{all:#?}") };
        assert_eq!((one.title.as_str(), one.tone), ("1 model has a price and is still booked at $0.", Tone::Info));
        let text = "124 calls, 950 tokens within 7 days on a: the configuration of its deployment sets 0. Take it out.";
        assert_eq!(one.text, text);
        assert_eq!(at_zero(&[with("a", &[], vec![])]), []);
    }

    #[test]
    fn tokens_are_short() {
        let numbers =
            [(7, "7"), (12_400, "12,400"), (1_000_000, "1M"), (999_999_999, "999.9M"), (3_400_000_000, "3.4B")];
        for (number, text) in numbers {
            assert_eq!(short(number), text);
        }
    }
}
