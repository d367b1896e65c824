//! Other names: rows that hold only `alias_of`, and `aliases` lists. What a version makes of them is `compat`.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::alias::AliasFault;
use crate::check::findings::{About, Findings, Rule};
use crate::check::model::{Model, Pair};
use crate::check::price::at_least;
use crate::check::words::{field, quoted, times};
use crate::field::Unit;
use crate::leaf::Leaf;
use crate::map::{Entry, LeafKind};
use crate::people::money;

pub(crate) const DANGLING: Rule = Rule::review(
    "alias.dangling",
    "An alias that points to a model that isn't in the map: LiteLLM 1.110 and later do not serve it.",
)
.many("{n} aliases point to models that aren't in the map");
pub(crate) const CHAINED: Rule = Rule::review(
    "alias.chained",
    "An alias that points to another alias: LiteLLM follows only one step and does not serve it.",
)
.many("{n} aliases point to another alias");
pub(crate) const TO_ITSELF: Rule =
    Rule::review("alias.to_itself", "An alias that points to itself: LiteLLM does not serve it.")
        .many("{n} aliases point to themselves");
pub(crate) const NOT_TEXT: Rule =
    Rule::review("alias.not_text", "An alias_of that isn't a string: LiteLLM ignores it and prices the row as it is.")
        .many("{n} rows have an alias_of that isn't a string");
pub(crate) const FAR_PRICE: Rule = Rule::review(
    "alias.far_price",
    "An alias that moved to a model costing at least 10 times as much, or to one without a price: its calls are billed that way from now on.",
)
.many("{n} aliases moved to a model with a very different price");
pub(crate) const EXPANDED: Rule =
    Rule::info("alias.expanded", "A model with aliases, each of which becomes an entry of its own.")
        .many("{subject}: {n} models have aliases");
pub(crate) const NOT_A_LIST: Rule = Rule::info("alias.not_a_list", "Aliases that aren't a list: LiteLLM ignores them.")
    .many("{subject}: {n} models have aliases that aren't a list");
pub(crate) const NAME_TAKEN: Rule =
    Rule::info("alias.name_taken", "An alias that is also a model: LiteLLM keeps the model and ignores the alias.")
        .many("{subject}: {n} models have an alias that is also a model");

/// From 10 times on, as for a model's own price.
const FAR: u32 = 10;

/// Looks at every alias row, since one may point nowhere without having changed: its target went.
pub(crate) fn rows(pair: &Pair<'_>, out: &mut Findings) {
    if pair.alias_of.is_none() {
        return; // no row has it
    }
    for row in pair.new.models() {
        let Some(target) = row.alias_of() else { continue };
        let name = row.name();
        let before = pair.old.and_then(|old| old.get(&name));
        let about = About { order: row.order(), model: Some(&name), ..About::default() };
        match row.alias_fault() {
            Some(found) if before.and_then(|before| before.alias_fault()) != Some(found) => {
                points_nowhere(found, about, &target, out);
            }
            Some(_) => {}
            None => far_price(&name, before, row, pair, about, out),
        }
    }
}

fn points_nowhere(fault: AliasFault, about: About<'_>, target: &str, out: &mut Findings) {
    let (name, shown) = (about.model.map(quoted).unwrap_or_default(), quoted(target));
    let (rule, why) = match fault {
        AliasFault::Dangling => (DANGLING, format!("stands for {shown}, which isn't in the map")),
        AliasFault::Chained => (CHAINED, format!("stands for {shown}, which is itself an alias")),
        AliasFault::ToItself => (TO_ITSELF, "stands for itself".to_owned()),
    };
    out.add(rule, About { value: Some(target), ..about }, || {
        format!("{name} {why}: LiteLLM 1.110 and later do not serve it, and its calls have no price.")
    });
}

/// A model's own price that moves that far is looked at; so is an alias that moves to such a price.
fn far_price(
    name: &str,
    before: Option<Entry<'_>>,
    row: Entry<'_>,
    pair: &Pair<'_>,
    about: About<'_>,
    out: &mut Findings,
) {
    let (Some(was), Some(now)) = (before.and_then(|before| before.priced()), row.priced()) else { return };
    let (old_target, target) = (values_of(&was), values_of(&now));
    // The same model: its own price has its own finding.
    if old_target == target {
        return;
    }
    for path in [pair.input, pair.output].into_iter().flatten() {
        let price = |leaf: Option<Leaf<'_>>| leaf.filter(Leaf::is_price).and_then(|leaf| leaf.decimal());
        let (leaf, old) = (now.leaf(path), pair.old.and_then(|_| was.field(&field(pair.new.path(path)))));
        let (old, new) = (price(old).unwrap_or_default(), price(leaf).unwrap_or_default());
        let far = old > Decimal::ZERO && (new.is_zero() || at_least(new, FAR, old));
        if !far {
            continue;
        }
        out.add(FAR_PRICE, About { field: Some(pair.new.path(path)), ..about }, || {
            let how = if new.is_zero() {
                "no price".to_owned()
            } else {
                format!("{} ({} times)", money(new, Unit::Token), times(new, old))
            };
            format!(
                "{} now stands for {} instead of {}: {} went from {} to {how}.",
                quoted(name),
                quoted(&target),
                quoted(&old_target),
                field(pair.new.path(path)),
                money(old, Unit::Token)
            )
        });
    }
}

/// The name that an entry's values stand under.
fn values_of<'a>(entry: &Entry<'a>) -> Cow<'a, str> {
    entry.stands_for().unwrap_or_else(|| entry.name())
}

/// What one new or changed model says of its own other names.
pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    let name = || quoted(&model.name);
    if let Some(leaf) = model.pair.alias_of.and_then(|field| model.now(field)).filter(|leaf| leaf.as_str().is_none())
        && model.is_new_value(leaf.path_id())
    {
        out.add(NOT_TEXT, model.about(&leaf), || {
            format!(
                "{}: alias_of is {}, not a model name; LiteLLM ignores it and prices the row as it is.",
                name(),
                quoted(leaf.text())
            )
        });
    }
    let Some(field) = model.pair.aliases else { return };
    if let Some(leaf) = model.now(field).filter(|leaf| !matches!(leaf.kind(), LeafKind::EmptyList | LeafKind::Null)) {
        out.add(NOT_A_LIST, model.about(&leaf), || {
            let text = quoted(leaf.text());
            format!("{}: aliases is {text}; LiteLLM expects a list and ignores anything else.", name())
        });
        return;
    }
    let mut expanded = 0_usize;
    for leaf in model.leaves().filter(|leaf| leaf.path().parent().id() == field) {
        let Some(alias) = leaf.as_str() else { continue };
        if model.pair.new.get(&alias).is_some_and(|row| row.alias_of().is_none()) {
            out.add(NAME_TAKEN, model.about(&leaf), || {
                let alias = quoted(&alias);
                format!("{}: the alias {alias} is also a model; LiteLLM keeps the model and ignores the alias.", name())
            });
        } else {
            expanded += 1;
        }
    }
    if expanded > 0 {
        out.add(EXPANDED, model.as_a_whole(), || {
            format!("{}: {expanded} aliases become entries with the same prices.", name())
        });
    }
}
