//! Checks a candidate before any proxy is made to load it. One file a family of rules; each rule has a stable id.
//!
//! Hold is for a file that would break a proxy or lose most of the map. What is wrong with one entry concerns that entry:
//! Review, *broken* where it cannot be priced at all. A form that is not known is no error: information, once.
//!
//! Hold rules and those for broken entries look at every entry, whether it changed or not. The others look at what is new:
//! an entry whose bytes stand in the earlier map too needs no second look, and a value that stood there before is not
//! reported again.

mod alias;
mod compat;
mod entry;
mod findings;
mod form;
mod free;
mod gone;
mod in_use;
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
mod sibling;
mod structure;
mod tier;
mod value;
mod words;

pub use compat::{ProxyVersionFacts, check_compatibility};
pub use findings::Rule;
pub use in_use::in_use_gone;
pub use jump::{has_far_move, repaired_by_history};
pub use rules::RULES;
pub use words::quoted;

use crate::Revision;
use crate::check::findings::{Findings, Found};
use crate::check::model::{Form, Model, Pair};
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
    alias::rows(pair, out);
    form::new_fields(pair, out);
    names::differ_by_case(pair.new, &|_| true, out);
}

/// Rules for a map that follows another.
fn compared(pair: &Pair<'_>, old: &CostMap, out: &mut Findings) {
    let mut tiers = None;
    let mut dropped = notice::Dropped::new(pair, old);
    // In the map's order, so that a place is found by halving.
    let mut changed: Vec<Model<'_, '_>> = Vec::new();
    let (mut repriced, mut unpriced) = (0, 0);
    for model in pair.changed() {
        in_itself(&model, tiers.get_or_insert_with(|| Tiers::of(pair)), out);
        if let Some(before) = model.old {
            dropped.count(before, model.entry);
            repriced += usize::from(model.is_repriced());
            unpriced += usize::from(model.form != Form::Alias && model.lost_all_prices());
        }
        changed.push(model);
    }
    let is_new = |order: u32| {
        let place = changed.binary_search_by_key(&order, |model| model.order);
        place.is_ok_and(|place| changed[place].old.is_none())
    };
    let new_models: Vec<&Model<'_, '_>> = changed.iter().filter(|model| model.old.is_none()).collect();
    let stayed = pair.new.len() - new_models.len();
    shrink::repricing(repriced, stayed, out);
    shrink::prices_gone(unpriced, old, out);
    dropped.report(out);
    gone::check(&changed, &dropped, out);
    if changed.len() > new_models.len() || old.len() > stayed {
        let others = provider::check(pair.new, old, out);
        shrink::many_gone(&others, old, out);
    }
    alias::rows(pair, out);
    if changed.is_empty() {
        return;
    }
    form::new_fields(pair, out);
    sibling::check(pair, &changed, out);
    let jumped: Vec<&Model<'_, '_>> = changed.iter().filter(|model| jump::is_far(model)).collect();
    if !new_models.is_empty() || !jumped.is_empty() {
        let wanted = new_models.iter().chain(&jumped).map(|model| peer::own_name(&model.name));
        let peers = Peers::of(pair, wanted);
        for model in &new_models {
            peers.check(model, out);
        }
        for model in jumped {
            jump::check(model, &peers, out);
        }
    }
    if !new_models.is_empty() {
        free::check(pair, &new_models, out);
        names::differ_by_case(pair.new, &is_new, out);
    }
}

/// Rules that look at one model, new or changed.
fn in_itself(model: &Model<'_, '_>, tiers: &Tiers, out: &mut Findings) {
    alias::check(model, out);
    // Another name has no values of its own that count, and what is not known cannot be wrong.
    if model.form != Form::Model {
        return;
    }
    entry::check(model, out);
    price::check(model, out);
    tiers.check(model, out);
    region::check(model, out);
    multiplier::check(model, out);
}

fn report(revision: Revision, bytes: usize, models: usize, found: Found) -> CheckReport {
    let Found { findings, reviewed } = found;
    CheckReport { revision, bytes, models, verdict: Verdict::of(&findings), findings, reviewed_models: reviewed }
}
