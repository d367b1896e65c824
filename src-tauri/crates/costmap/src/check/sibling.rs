//! Prices that a model lacks while its siblings have them: the same model under a dated name, in a region, or the other
//! half of a tier. Review; real cases stood for many releases (`_priority` of `gpt-4o-2024-08-06`, the cache prices of
//! Azure's regions).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hashbrown::DefaultHashBuilder;
use rust_decimal::Decimal;

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::{Model, Pair};
use crate::check::region::base_names;
use crate::check::words::quoted;
use crate::leaf::Leaf;
use crate::map::{CostMap, Entry};
use crate::path::{PathId, Step};
use crate::people::{label, plain_name};

pub(crate) const PRICE_MISSING: Rule = Rule::review(
    "sibling.price_missing",
    "A model without a price that the same model has under another date or without its region.",
)
.many("{subject}: {n} models lack a price that the same model has elsewhere");
pub(crate) const HALF_A_TIER: Rule =
    Rule::review("sibling.half_a_tier", "A tier with a price for input or output, but not for both.")
        .many("{subject}: {n} models have half of a tier's prices");

/// Members of one family that are looked at: real ones have up to 10; a hostile map costs no more than that.
const MOST: usize = 32;
/// How far a region's price for input may be from its price for output, in relation to the plain model's: otherwise it is
/// priced in its own way, and its fields need not be the same.
const APART: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// Prices of an entry by their path, those above 0 that are fields of the entry itself.
type Prices = Vec<(PathId, Decimal)>;

/// Looks at the families of the changed models.
pub(crate) fn check(pair: &Pair<'_>, changed: &[Model<'_, '_>], out: &mut Findings) {
    let mut found: BTreeMap<(u32, String), (BTreeSet<String>, String)> = BTreeMap::new();
    twins(pair, changed, &mut found);
    regions(pair, changed, &mut found);
    for ((order, name), (missing, sibling)) in found {
        let Some(entry) = pair.new.get(&name) else { continue };
        let provider = entry.provider();
        let about = About { order, model: Some(&name), subject: provider.as_deref(), ..About::default() };
        out.add(PRICE_MISSING, about, || {
            let labels: Vec<String> =
                missing.iter().take(4).map(|field| in_a_list(&label(field).to_lowercase())).collect();
            let rest = if missing.len() > 4 { format!(" and {} more", missing.len() - 4) } else { String::new() };
            format!(
                "{} has no price for {}{rest}; {}, the same model at the same prices, does.",
                quoted(&name),
                quoted(&labels.join(", ")),
                quoted(&sibling)
            )
        });
    }
    for model in changed {
        half_a_tier(model, out);
    }
}

type Found = BTreeMap<(u32, String), (BTreeSet<String>, String)>;

/// "input, batch" among others as "input (batch)".
fn in_a_list(label: &str) -> String {
    label.split_once(", ").map_or_else(|| label.to_owned(), |(what, when)| format!("{what} ({when})"))
}

/// The same model under other dates: same provider, same name but for the date, same prices.
fn twins(pair: &Pair<'_>, changed: &[Model<'_, '_>], found: &mut Found) {
    let mut families: HashMap<String, Vec<Entry<'_>>, DefaultHashBuilder> = HashMap::default();
    for entry in pair.new.models() {
        if let Some(family) = without_date(&entry.name())
            && Model::has_own_values(&entry)
        {
            let members = families.entry(family).or_default();
            if members.len() < MOST {
                members.push(entry);
            }
        }
    }
    let is_changed = |entry: &Entry<'_>| changed.binary_search_by_key(&entry.order(), |model| model.order).is_ok();
    for (family, mut members) in families {
        members.extend(pair.new.get(&family).filter(|entry| !entry.is_reserved() && Model::has_own_values(entry)));
        if members.len() < 2 || !members.iter().any(is_changed) {
            continue;
        }
        let priced: Vec<(Entry<'_>, Prices)> = members.iter().map(|entry| (*entry, prices(entry))).collect();
        for (lacking, own) in &priced {
            for (sibling, theirs) in priced.iter().filter(|(other, _)| other.order() != lacking.order()) {
                let base = |prices: &Prices| [price(prices, pair.input), price(prices, pair.output)];
                let same =
                    base(own)[0].is_some() && base(own) == base(theirs) && lacking.provider() == sibling.provider();
                if same && (is_changed(lacking) || is_changed(sibling)) {
                    add(pair, lacking, own, sibling, theirs, &|_| true, found);
                }
            }
        }
    }
}

/// The same model without its region: same relation of input to output.
fn regions(pair: &Pair<'_>, changed: &[Model<'_, '_>], found: &mut Found) {
    for model in changed {
        let Some(base) = base_names(&model.name).into_iter().find_map(|name| pair.new.get(&name)) else { continue };
        let (own, theirs) = (prices(&model.entry), prices(&base));
        let ratio = |path: Option<PathId>| price(&own, path)?.checked_div(price(&theirs, path)?);
        let (Some(input), Some(output)) = (ratio(pair.input), ratio(pair.output)) else { continue };
        let near = |ratio: Decimal| (Decimal::new(8, 1)..Decimal::new(14, 1)).contains(&ratio);
        if (input - output).abs() > APART || !near(input) {
            continue;
        }
        // Batches and priority are often not on offer in a region.
        add(pair, &model.entry, &own, &base, &theirs, &|field| plain_name(field) == field, found);
    }
}

fn add(
    pair: &Pair<'_>,
    lacking: &Entry<'_>,
    own: &Prices,
    sibling: &Entry<'_>,
    theirs: &Prices,
    counts: &dyn Fn(&str) -> bool,
    found: &mut Found,
) {
    // What it lacked beside the same sibling before is no news.
    let was_so = |path: PathId| {
        let had = |entry: &Entry<'_>| {
            let before = pair.old?.get(&entry.name())?;
            Some(pair.in_old(path).and_then(|path| before.leaf(path)).is_some_and(|leaf| leaf.is_price()))
        };
        had(lacking) == Some(false) && had(sibling) == Some(true)
    };
    let lacks = |path: PathId| !own.iter().any(|(known, _)| *known == path);
    let missing = theirs.iter().filter(|(path, _)| lacks(*path) && !was_so(*path));
    let missing: Vec<String> =
        missing.map(|(path, _)| pair.new.path(*path).to_string()).filter(|field| counts(field)).collect();
    if missing.is_empty() {
        return;
    }
    let key = (lacking.order(), lacking.name().into_owned());
    let (fields, _) = found.entry(key).or_insert_with(|| (BTreeSet::new(), sibling.name().into_owned()));
    fields.extend(missing);
}

fn prices(entry: &Entry<'_>) -> Prices {
    let own = |leaf: &Leaf<'_>| leaf.is_price() && leaf.path().depth() == 1;
    let price = |leaf: Leaf<'_>| Some((leaf.path_id(), leaf.decimal().filter(|price| !price.is_zero())?));
    entry.leaves().filter(own).filter_map(price).collect()
}

fn price(prices: &Prices, path: Option<PathId>) -> Option<Decimal> {
    prices.iter().find(|(known, _)| Some(*known) == path).map(|(_, price)| *price)
}

/// `gpt-4o` of `gpt-4o-2024-08-06`, `claude-sonnet-4-5` of `claude-sonnet-4-5@20250929`: a date is 8 digits, with or
/// without dashes, that stand apart.
fn without_date(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes.get(from..from + count).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    for at in 0..bytes.len() {
        if !matches!(bytes[at], b'-' | b'@') || !bytes[at + 1..].starts_with(b"20") {
            continue;
        }
        let dashed = digits(at + 1, 4)
            && bytes.get(at + 5) == Some(&b'-')
            && digits(at + 6, 2)
            && bytes.get(at + 8) == Some(&b'-')
            && digits(at + 9, 2);
        let length = if dashed {
            11
        } else if digits(at + 1, 8) {
            9
        } else {
            continue;
        };
        if bytes.get(at + length).is_none_or(|next| matches!(next, b'-' | b':' | b'@')) {
            return Some(format!("{}{}", &name[..at], &name[at + length..]));
        }
    }
    None
}

/// What is no tier for both: a cached hit is input only.
const ONE_SIDED: [&str; 2] = ["_cache_hit", "_decisions"];

fn half_a_tier(model: &Model<'_, '_>, out: &mut Findings) {
    let pair = model.pair;
    if model.price(pair.input).is_none_or(|price| price.is_zero())
        || model.price(pair.output).is_none_or(|price| price.is_zero())
    {
        return;
    }
    let names = ["input_cost_per_token", "output_cost_per_token"];
    for &(path, leaf, price) in &model.prices {
        let Step::Field(name) = pair.new.paths().step(path) else { continue };
        if pair.new.paths().parent(path) != PathId::ROOT || price.is_zero() {
            continue;
        }
        let Some((at, suffix)) = names.iter().enumerate().find_map(|(at, base)| Some((at, name.strip_prefix(base)?)))
        else {
            continue;
        };
        if suffix.is_empty() || ONE_SIDED.iter().any(|end| suffix.starts_with(end)) {
            continue;
        }
        let other = format!("{}{suffix}", names[1 - at]);
        let has = |map: Option<&CostMap>, entry: Option<Entry<'_>>| {
            let leaf = map.and_then(|map| map.field_id(&other)).and_then(|path| entry?.leaf(path));
            leaf.is_some_and(|leaf| leaf.is_price())
        };
        let was_so = model.was(path).is_some() && !has(pair.old, model.old);
        if has(Some(pair.new), Some(model.entry)) || was_so {
            continue;
        }
        out.add(HALF_A_TIER, model.about(&leaf), || {
            let words = |field: &str| in_a_list(&label(field).to_lowercase());
            let (own, other) = (words(name), words(&other));
            format!("{} has a price for {}, but none for {}.", quoted(&model.name), quoted(&own), quoted(&other))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::without_date;

    #[test]
    fn a_dated_name_belongs_to_its_family() {
        for (name, family) in [
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("azure/us/gpt-4o-2024-11-20", "azure/us/gpt-4o"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-v1:0"),
        ] {
            assert_eq!(without_date(name).as_deref(), Some(family), "{name}");
        }
        for name in ["grok-code-fast-1-0825", "llama-20249999x", "x-20", ""] {
            assert_eq!(without_date(name), None, "{name}");
        }
    }
}
