//! Checks a candidate before any proxy is made to load it. One file a family of rules; each rule has a stable id.
//!
//! Hold rules look at every entry, whether it changed or not. Review rules look at what is new: an entry whose bytes
//! stand in the earlier map too needs no second look, and a value that stood there before is not reported again.

mod alias;
mod compat;
mod entry;
mod findings;
mod jump;
mod model;
mod multiplier;
mod names;
mod notice;
mod peer;
mod price;
mod provider;
mod region;
mod rules;
mod shrink;
mod structure;
mod tier;
mod value;
mod words;

pub use compat::{ProxyVersionFacts, check_compatibility};
pub use findings::Rule;
pub use rules::RULES;
pub use words::quoted;

use crate::Revision;
use crate::check::findings::{Findings, Found};
use crate::check::model::{Model, Pair};
use crate::check::peer::Peers;
use crate::check::tier::Tiers;
use crate::finding::{CheckReport, Verdict};
use crate::map::{CostMap, Unread};

/// Checks bytes that arrived. Bytes that are no map are held, with 0 models and one finding, and no map comes back.
/// With `against` an entry whose bytes stand there too is not read again. A `Vec` is kept as it is, a slice is copied.
pub fn check_bytes(bytes: impl Into<Unread>, against: Option<&CostMap>) -> (CheckReport, Option<CostMap>) {
    match CostMap::read(bytes.into(), against) {
        Ok(map) => (check(&map, against), Some(map)),
        Err((fault, bytes)) => {
            let mut out = Findings::default();
            structure::malformed(&fault, &mut out);
            (report(bytes.revision(), bytes.len(), 0, out.finish()), None)
        }
    }
}

/// Checks a candidate against the map that it would replace. Without one only what is wrong in itself is found.
pub fn check(candidate: &CostMap, against: Option<&CostMap>) -> CheckReport {
    let mut out = Findings::default();
    shrink::check(candidate, against, &mut out);
    value::check(candidate, &mut out);
    let pair = Pair::new(candidate, against);
    names::check(&pair, &mut out);
    match against {
        Some(old) => compared(&pair, old, &mut out),
        None => first(&pair, &mut out),
    }
    report(candidate.revision(), candidate.text().len(), candidate.len(), out.finish())
}

/// The models that keep their old entry until a person approves: those of all Review findings, listed or
/// only counted, each once, in the map's order.
pub fn held_models(report: &CheckReport) -> Vec<String> {
    report.reviewed_models.clone()
}

/// Rules for a map with nothing before it.
fn first(pair: &Pair<'_>, out: &mut Findings) {
    notice::first_map(out);
    let tiers = Tiers::of(pair);
    for model in pair.changed() {
        in_itself(&model, &tiers, out);
    }
    names::differ_by_case(pair.new, &|_| true, out);
}

/// Rules for a map that follows another.
fn compared(pair: &Pair<'_>, old: &CostMap, out: &mut Findings) {
    let mut tiers = None;
    let mut dropped = notice::Dropped::new(pair, old);
    let mut new_models: Vec<Model<'_, '_>> = Vec::new();
    let (mut changed, mut repriced) = (0, 0);
    for model in pair.changed() {
        in_itself(&model, tiers.get_or_insert_with(|| Tiers::of(pair)), out);
        match model.old {
            None => new_models.push(model),
            Some(before) => {
                changed += 1;
                jump::check(&model, out);
                dropped.count(before, model.entry);
                repriced += usize::from(model.is_repriced());
            }
        }
    }
    let stayed = pair.new.len() - new_models.len();
    shrink::repricing(repriced, stayed, out);
    dropped.report(out);
    if changed > 0 || old.len() > stayed {
        provider::check(pair.new, old, out);
    }
    if new_models.is_empty() {
        return;
    }
    let peers = Peers::of(pair, new_models.iter().map(|model| peer::own_name(&model.name)));
    for model in &new_models {
        peers.check(model, out);
    }
    // In the map's order, so that a place is found by halving.
    let is_new = |order: u32| new_models.binary_search_by_key(&order, |model| model.order).is_ok();
    names::differ_by_case(pair.new, &is_new, out);
}

/// Rules that look at one model, new or changed.
fn in_itself(model: &Model<'_, '_>, tiers: &Tiers, out: &mut Findings) {
    entry::check(model, out);
    price::check(model, out);
    tiers.check(model, out);
    region::check(model, out);
    multiplier::check(model, out);
    alias::check(model, out);
}

fn report(revision: Revision, bytes: usize, models: usize, found: Found) -> CheckReport {
    let Found { findings, reviewed } = found;
    CheckReport { revision, bytes, models, verdict: Verdict::of(&findings), findings, reviewed_models: reviewed }
}
