//! A map that lost too much, or whose prices changed too widely at once. Hold: 0 hits in 95 real updates.

use crate::check::findings::{About, Findings, Rule};
use crate::map::CostMap;
use crate::people::thousands;

pub(crate) const TOO_FEW_MODELS: Rule =
    Rule::hold("shrink.too_few_models", "Fewer than 50 models: proxies refuse such a map, or lose nearly all prices.");
pub(crate) const TOO_MANY_GONE: Rule =
    Rule::hold("shrink.too_many_gone", "Over 15 % fewer models than before; the most that was ever real is 6 %.");
pub(crate) const MASS_REPRICING: Rule =
    Rule::hold("shrink.mass_repricing", "Over 10 % of the models that stayed had a price changed or dropped at once.");

/// LiteLLM itself refuses fewer (LITELLM, trap 11).
pub(crate) const FEWEST: usize = 50;

pub(crate) fn check(new: &CostMap, old: Option<&CostMap>, out: &mut Findings) {
    let about = About::default();
    if new.len() < FEWEST {
        out.add(TOO_FEW_MODELS, about, || {
            format!("The map has {} models; at least {FEWEST} were expected.", new.len())
        });
    }
    let Some(old) = old else { return };
    let gone = old.len().saturating_sub(new.len());
    if gone * 100 > old.len() * 15 {
        out.add(TOO_MANY_GONE, about, || {
            format!(
                "The map went from {} to {} models, {} fewer; at most 15 % ({}) were expected to go at once.",
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
                "{} of the {} models that stayed have another price than before; at most 10 % ({}) were expected at once.",
                thousands(repriced),
                thousands(stayed),
                thousands(stayed / 10)
            )
        });
    }
}
