//! One price that moved far in one update. Review where the user would pay more or nothing is booked; down is information,
//! and so is a repair: most far moves undo an earlier mistake.

use std::cmp::Reverse;

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::{Form, Model};
use crate::check::peer::Peers;
use crate::check::price::{at_least, bound};
use crate::check::region;
use crate::check::words::{field, quoted, times};
use crate::field::Unit;
use crate::finding::{CheckReport, Severity, Verdict};
use crate::leaf::Leaf;
use crate::map::CostMap;
use crate::number::Number;
use crate::path::PathId;
use crate::people::money;

pub(crate) const TO_ZERO: Rule =
    Rule::review("jump.to_zero", "A price that dropped to 0: usage would be billed as free.")
        .many("{subject}: {n} models have a price that dropped to 0");
pub(crate) const UP: Rule = Rule::review("jump.up", "A price that rose at least tenfold.")
    .many("{subject}: {n} models have a price that rose at least tenfold");
pub(crate) const DOWN: Rule = Rule::info("jump.down", "A price that fell to a tenth or less.")
    .many("{subject}: {n} models have a price that fell to a tenth or less");
pub(crate) const REPAIRED: Rule = Rule::info(
    "jump.repaired",
    "A price that was far off and is now plausible: close to its peers, to the model without the region, or to what it cost before.",
)
.many("{subject}: {n} models had a price that was far off and is now corrected");

/// From 10 times on (HISTORY: 28 fields in 95 updates; at 2 times it would be 817).
const FAR: u32 = 10;

/// One price that moved far.
struct Jump<'a> {
    path: PathId,
    leaf: Leaf<'a>,
    before: Decimal,
    now: Decimal,
}

/// Whether any price of a model moved far; then its peers are worth looking at.
pub(crate) fn is_far(model: &Model<'_, '_>) -> bool {
    jumps(model).next().is_some()
}

fn jumps<'m, 'a>(model: &'m Model<'_, 'a>) -> impl Iterator<Item = Jump<'a>> + use<'m, 'a> {
    let known = model.old.is_some() && model.form == Form::Model;
    let prices = if known { &model.prices[..] } else { &[] };
    prices.iter().filter_map(|&(path, leaf, now)| {
        let before = model.old_price(path).filter(|before| *before > Decimal::ZERO && *before != now)?;
        let far = now.is_zero() || at_least(now, FAR, before) || at_least(before, FAR, now);
        far.then_some(Jump { path, leaf, before, now })
    })
}

pub(crate) fn check<'a>(model: &Model<'_, 'a>, peers: &Peers<'a>, out: &mut Findings) {
    for jump in jumps(model) {
        let unit = model.pair.unit(jump.path);
        let name = quoted(&model.name);
        let moved = || {
            format!(
                "{name}: {} went from {} to {}",
                field(jump.leaf.path()),
                money(jump.before, unit),
                money(jump.now, unit)
            )
        };
        if jump.now.is_zero() {
            out.add(TO_ZERO, model.about(&jump.leaf), || format!("{}; a paid model should keep its price.", moved()));
        } else if let Some(why) = repair(model, &jump, unit, peers) {
            out.add(REPAIRED, model.about(&jump.leaf), || format!("{}. This is a correction: {why}.", moved()));
        } else if jump.now > jump.before {
            out.add(UP, model.about(&jump.leaf), || {
                format!("{}, {} times as much; expected less than {FAR} times.", moved(), times(jump.now, jump.before))
            });
        } else {
            out.add(DOWN, model.about(&jump.leaf), || {
                format!("{}, {} times less.", moved(), times(jump.before, jump.now))
            });
        }
    }
}

/// Why a price is where it belongs now, and was not before.
fn repair<'a>(model: &Model<'_, 'a>, jump: &Jump<'a>, unit: Unit, peers: &Peers<'a>) -> Option<String> {
    let near = |price: Decimal, other: Decimal| !beyond(price, other, 2);
    if let Some((median, count)) = peers.median(model, jump.path)
        && near(jump.now, median)
        && beyond(jump.before, median, 5)
    {
        return Some(format!(
            "the median of {count} models with that name at other providers is {}",
            money(median, unit)
        ));
    }
    if let Some((base, price)) = region::base_price(model, jump.path)
        && near(jump.now, price)
        && beyond(jump.before, price, 5)
    {
        return Some(format!("{base} costs {}", money(price, unit)));
    }
    if let Some(bound) = bound(unit)
        && jump.before >= bound
        && jump.now < bound
    {
        return Some(format!("no real price is {} or more", money(bound, unit)));
    }
    // An output that was cheaper than the input, and is not any more.
    let input = model.pair.input.and_then(|path| Some((model.old_price(path)?, model.price(Some(path))?)));
    if let Some((old_input, input)) = input
        && Some(jump.path) == model.pair.output
        && jump.before < old_input
        && jump.now >= input
    {
        return Some(format!("output was cheaper than input, {}", money(old_input, unit)));
    }
    None
}

/// A price that moved far and is again what it was in one of these earlier maps was wrong in between: its finding becomes a
/// repair, and the model no longer has to be reviewed for it.
pub fn repaired_by_history(report: &mut CheckReport, earlier: &[CostMap]) {
    let mut repaired: Vec<String> = Vec::new();
    for finding in &mut report.findings {
        if finding.rule != UP.id && finding.rule != DOWN.id {
            continue;
        }
        let (Some(model), Some(path), Some(value)) = (&finding.model, &finding.field, &finding.value) else { continue };
        let price = Number::new(value).decimal();
        let was_there = |map: &CostMap| {
            let leaf = map.get(model).and_then(|entry| entry.leaves().find(|leaf| leaf.path().to_string() == *path));
            price.is_some() && leaf.is_some_and(|leaf| leaf.decimal() == price)
        };
        if !earlier.iter().any(was_there) {
            continue;
        }
        let moved = finding.message.split(", ").next().unwrap_or_default();
        finding.message = format!("{moved}. This is a correction: it restores an earlier price.");
        if finding.severity == Severity::Review {
            repaired.push(model.clone());
        }
        (finding.rule, finding.severity) = (REPAIRED.id.into(), REPAIRED.severity);
    }
    let still_reviewed = |model: &String| {
        report.findings.iter().any(|one| one.severity == Severity::Review && one.model.as_ref() == Some(model))
    };
    repaired.retain(|model| !still_reviewed(model));
    report.reviewed_models.retain(|model| !repaired.contains(model));
    report.findings.sort_by_key(|finding| Reverse(finding.severity));
    report.verdict = Verdict::of(&report.findings);
}

/// Whether any finding is about a price that moved far, so that looking at earlier maps may say more.
#[must_use]
pub fn has_far_move(report: &CheckReport) -> bool {
    report.findings.iter().any(|finding| finding.rule == UP.id || finding.rule == DOWN.id)
}

/// Whether one price is more than so many times the other, either way.
fn beyond(one: Decimal, other: Decimal, times: u32) -> bool {
    let over = |one: Decimal, other: Decimal| other.checked_mul(times.into()).is_some_and(|bound| one > bound);
    over(one, other) || over(other, one)
}
