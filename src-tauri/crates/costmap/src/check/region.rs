//! A cloud region's price far from the price of the same model without a region. Review.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::{Fields, Model};
use crate::check::words::{field, quoted, times};
use crate::leaf::Leaf;
use crate::path::PathId;
use crate::people::money;

pub(crate) const FAR_FROM_BASE: Rule = Rule::review(
    "region.far_from_base",
    "A regional price below half or above twice that of the same model without the region.",
)
.many("{subject}: {n} regional models cost less than half or more than twice what they cost elsewhere");

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    let Some(base) = Base::of(model) else { return };
    for &(path, leaf, price) in &model.prices {
        let Some(base_price) = base.price(path) else { continue };
        if price <= Decimal::ZERO || base_price <= Decimal::ZERO || !model.is_new_value(path) {
            continue;
        }
        let double = |price: Decimal| price.checked_mul(Decimal::TWO).unwrap_or(Decimal::MAX);
        if price > double(base_price) || double(price) < base_price {
            let unit = model.pair.unit(path);
            out.add(FAR_FROM_BASE, model.about(&leaf), || {
                format!(
                    "{}: {} is {}, {} times the {} of {}; expected half to twice that for a region.",
                    quoted(&model.name),
                    field(leaf.path()),
                    money(price, unit),
                    times(price, base_price),
                    money(base_price, unit),
                    base.name()
                )
            });
        }
    }
}

/// What the model without its region asks at a path, and which model that is.
pub(crate) fn base_price(model: &Model<'_, '_>, path: PathId) -> Option<(String, Decimal)> {
    let base = Base::of(model)?;
    let price = base.price(path).filter(|price| *price > Decimal::ZERO)?;
    Some((base.name(), price))
}

/// What a region's prices are compared with.
struct Base<'a> {
    /// The model; of other regions the name without any.
    name: Cow<'a, str>,
    entries: Vec<Fields<'a>>,
    is_one: bool,
}

impl<'a> Base<'a> {
    /// The same model without the region; where there is none, at least two other regions of it.
    fn of(model: &Model<'_, 'a>) -> Option<Self> {
        let new = model.pair.new;
        if let Some(base) = base_names(&model.name).into_iter().find_map(|name| new.get(&name)) {
            return Some(Self { name: base.name(), entries: vec![Fields::of(base, Some)], is_one: true });
        }
        let (before, rest) = dotted_region(&model.name)?;
        let others = AREAS.iter().map(|area| format!("{before}{area}.{rest}")).filter(|name| **name != *model.name);
        let entries: Vec<_> = others.filter_map(|name| new.get(&name)).map(|entry| Fields::of(entry, Some)).collect();
        (entries.len() >= 2).then(|| Self { name: Cow::Owned(rest.to_owned()), entries, is_one: false })
    }

    fn name(&self) -> String {
        let name = quoted(&self.name);
        if self.is_one { name } else { name + " in other regions" }
    }

    /// The price of the base, or the middle one of the other regions.
    fn price(&self, path: PathId) -> Option<Decimal> {
        let price = |fields: &Fields<'_>| fields.get(path).filter(Leaf::is_price)?.decimal();
        let mut prices: Vec<Decimal> = self.entries.iter().filter_map(price).collect();
        prices.sort_unstable();
        prices.get(prices.len().checked_sub(1)? / 2).copied()
    }
}

/// `bedrock/` and `anthropic.claude-v1` of `bedrock/us.anthropic.claude-v1`.
fn dotted_region(name: &str) -> Option<(&str, &str)> {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let (region, rest) = name[start..].split_once('.')?;
    is_region(region).then_some((&name[..start], rest))
}

/// The names that this model may have without its region, likeliest first; none where it names no region.
pub(crate) fn base_names(name: &str) -> Vec<String> {
    let mut names = Vec::new();
    if !name.split(['/', '.']).take(PARTS).any(is_region) {
        return names; // as most names do
    }
    let parts: Vec<&str> = name.split('/').take(PARTS).collect();
    // azure/eu/gpt-4o is azure/gpt-4o; bedrock/us-east-1/anthropic.claude-v1 is anthropic.claude-v1.
    if let Some(place) = parts.iter().position(|part| is_region(part)) {
        let without = |skip: &[usize]| {
            let kept: Vec<&str> =
                parts.iter().enumerate().filter(|(at, _)| !skip.contains(at)).map(|(_, part)| *part).collect();
            kept.join("/")
        };
        names.push(without(&[place]));
        if place == 1 {
            names.push(without(&[0, place]));
        }
    }
    // us.anthropic.claude-v1 and bedrock/us.anthropic.claude-v1 are anthropic.claude-v1.
    if let Some((before, rest)) = dotted_region(name) {
        names.push(format!("{before}{rest}"));
        names.push(rest.to_owned());
    }
    names.retain(|base| base != name);
    names
}

/// So many parts of a name are looked at.
const PARTS: usize = 8;

/// The wider areas that Bedrock and Azure name.
const AREAS: [&str; 11] = ["us", "eu", "apac", "ap", "jp", "au", "ca", "uk", "us-gov", "global", "global-standard"];

/// `us-east-1`, `us-gov-west-1`, or one of [`AREAS`].
fn is_region(part: &str) -> bool {
    let [words @ .., b'-', b'0'..=b'9'] = part.as_bytes() else { return AREAS.contains(&part) };
    let is_word = |word: &[u8]| word.len() >= 2 && word.iter().all(u8::is_ascii_lowercase);
    let mut words = words.split(|byte| *byte == b'-');
    let count = words.clone().count();
    (2..=3).contains(&count) && words.all(is_word)
}

#[cfg(test)]
mod tests {
    use super::base_names;

    #[test]
    fn the_base_of_a_region_is_the_name_without_it() {
        for (name, base) in [
            ("azure/eu/gpt-4o", "azure/gpt-4o"),
            ("bedrock/us-east-1/anthropic.claude-v1", "anthropic.claude-v1"),
            ("bedrock/us-gov-west-1/amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
            ("jp.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("bedrock/us.anthropic.claude-v1", "anthropic.claude-v1"),
        ] {
            assert!(base_names(name).iter().any(|found| found == base), "{name}: {:?}", base_names(name));
        }
        for name in ["gpt-4o", "mistral.mistral-large", "vertex_ai/claude-3-5", "phi-4.1"] {
            assert!(base_names(name).is_empty(), "{name}");
        }
    }
}
