//! A map that lost too much, or whose prices changed too widely at once. Hold: 0 hits in two years of real updates. Many
//! models that go at once, but fewer than that, are a question.

use crate::check::findings::{About, Findings, Rule};
use crate::check::words::quoted;
use crate::map::{CostMap, Entry};
use crate::people::thousands;

pub(crate) const TOO_FEW_MODELS: Rule =
    Rule::hold("shrink.too_few_models", "Fewer than 50 models: proxies refuse such a map, or lose nearly all prices.");
pub(crate) const TOO_MANY_GONE: Rule =
    Rule::hold("shrink.too_many_gone", "Over 15 % fewer models than before; the largest real drop so far was 6 %.");
pub(crate) const MASS_REPRICING: Rule =
    Rule::hold("shrink.mass_repricing", "Over 10 % of the remaining models changed price at once.");
pub(crate) const PRICES_GONE: Rule =
    Rule::hold("shrink.prices_gone", "Over half of the models that had a price lost all their prices.");
pub(crate) const MANY_GONE: Rule = Rule::review(
    "shrink.many_gone",
    "At least 50 models, and 2 % of the map, disappeared at once, not counting providers that left entirely.",
)
.many("{n} models disappeared at once");

/// LiteLLM itself refuses fewer (LITELLM, trap 11).
pub(crate) const FEWEST: usize = 50;

/// From so many models on that went at once it is a question. In two years that were 3 updates.
const MANY: usize = 50;

pub(crate) fn check(new: &CostMap, old: Option<&CostMap>, out: &mut Findings) {
    let about = About::default();
    if new.len() < FEWEST {
        out.add(TOO_FEW_MODELS, about, || format!("The map has {} models; expected at least {FEWEST}.", new.len()));
    }
    let Some(old) = old else { return };
    let gone = old.len().saturating_sub(new.len());
    if gone * 100 > old.len() * 15 {
        out.add(TOO_MANY_GONE, about, || {
            format!(
                "The map went from {} to {} models, {} fewer; expected at most 15 % ({}) fewer.",
                thousands(old.len()),
                thousands(new.len()),
                thousands(gone),
                thousands(old.len() * 15 / 100)
            )
        });
    }
}

/// `repriced` of the `stayed` models that both maps have.
pub(crate) fn repricing(repriced: usize, stayed: usize, out: &mut Findings) {
    if repriced * 10 > stayed {
        out.add(MASS_REPRICING, About::default(), || {
            format!(
                "{} of the {} remaining models changed price at once; expected at most 10 % ({}).",
                thousands(repriced),
                thousands(stayed),
                thousands(stayed / 10)
            )
        });
    }
}

/// `unpriced` models had prices before and have none now.
pub(crate) fn prices_gone(unpriced: usize, old: &CostMap, out: &mut Findings) {
    // Counting takes a look at the whole old map, so it is done only where it can matter.
    if unpriced * 2 <= FEWEST {
        return;
    }
    let priced = old.models().filter(|entry| entry.leaves().any(|leaf| leaf.is_price())).count();
    if unpriced * 2 > priced {
        out.add(PRICES_GONE, About::default(), || {
            format!(
                "{} of the {} models that had a price no longer have one; calls to them would be billed at $0.",
                thousands(unpriced),
                thousands(priced)
            )
        });
    }
}

/// Models that went, without those of a provider that left: each is one finding, so that each keeps its old entry until a
/// person approves.
pub(crate) fn many_gone(gone: &[Entry<'_>], old: &CostMap, out: &mut Findings) {
    if gone.len() < MANY || gone.len() * 50 < old.len() {
        return;
    }
    for entry in gone {
        let name = entry.name();
        let about = About { order: entry.order(), model: Some(&name), ..About::default() };
        out.add(MANY_GONE, about, || {
            let (gone, of) = (thousands(gone.len()), thousands(old.len()));
            format!("{}: the model is gone, one of {gone} (of {of}) that disappeared at once.", quoted(&name))
        });
    }
}
