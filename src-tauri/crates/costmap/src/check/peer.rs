//! A new model priced far above models of the same name at other providers. Review; it found most of the unit mistakes
//! that LiteLLM shipped (prices per 1K or per 1M tokens entered as per token).

use std::borrow::Cow;
use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;
use rust_decimal::Decimal;

use crate::check::findings::{Findings, Rule};
use crate::check::model::{Model, Pair};
use crate::check::price::at_least;
use crate::check::words::{field, quoted, times};
use crate::field::Unit;
use crate::map::Entry;
use crate::path::PathId;
use crate::people::money;

pub(crate) const FAR_ABOVE_PEERS: Rule = Rule::review(
    "peer.far_above_peers",
    "A new model that costs at least 20 times the median price of two or more models with that name at other providers.",
)
.many("{subject}: {n} new models cost at least 20 times as much as models with that name elsewhere");

const FAR: u32 = 20;
const FEWEST: usize = 2;
/// Peers of one name that are looked at: real maps have up to 40; this keeps a hostile map from costing more than linear time.
const MOST: usize = 64;

/// A model and its provider.
type Peer<'a> = (Option<Cow<'a, str>>, Entry<'a>);

/// Models by the last part of their name.
pub(crate) struct Peers<'a> {
    by_name: HashMap<String, Vec<Peer<'a>>, DefaultHashBuilder>,
}

impl<'a> Peers<'a> {
    /// Of all models those with one of the wanted names.
    pub(crate) fn of(pair: &Pair<'a>, wanted: impl Iterator<Item = String>) -> Self {
        let mut by_name: HashMap<String, Vec<_>, _> = wanted.map(|name| (name, Vec::new())).collect();
        let provider = pair.new.field_id("litellm_provider");
        let mut own = String::new();
        for entry in pair.new.models() {
            write_own_name(&entry.name(), &mut own);
            if let Some(peers) = by_name.get_mut(&own)
                && peers.len() < MOST
            {
                peers.push((provider.and_then(|field| entry.leaf(field)?.as_str()), entry));
            }
        }
        Self { by_name }
    }

    pub(crate) fn check(&self, model: &Model<'_, 'a>, out: &mut Findings) {
        for path in [model.pair.input, model.pair.output].into_iter().flatten() {
            let (Some(leaf), Some(price)) = (model.now(path), model.price(Some(path))) else { continue };
            let Some((median, count)) = self.median(model, path).filter(|(median, _)| at_least(price, FAR, *median))
            else {
                continue;
            };
            out.add(FAR_ABOVE_PEERS, model.about(&leaf), || {
                format!(
                    "{}: {} is {}, {} times the {} median of {count} models with that name at other providers; expected less than {FAR} times.",
                    quoted(&model.name),
                    field(leaf.path()),
                    money(price, Unit::Token),
                    times(price, median),
                    money(median, Unit::Token)
                )
            });
        }
    }

    /// What models of that name at other providers ask at a path in the middle, and how many there are.
    pub(crate) fn median(&self, model: &Model<'_, 'a>, path: PathId) -> Option<(Decimal, usize)> {
        let same_name = self.by_name.get(&own_name(&model.name))?;
        let others: Vec<Entry<'_>> =
            same_name.iter().filter(|(other, _)| *other != model.provider).map(|(_, entry)| *entry).collect();
        median(&others, path)
    }
}

/// What a model is called wherever it runs: `llama3370binstruct` of `watsonx/meta-llama/llama-3-3-70b-instruct` and of
/// `wandb/meta-llama/Llama-3.3-70B-Instruct`.
pub(crate) fn own_name(name: &str) -> String {
    let mut own = String::new();
    write_own_name(name, &mut own);
    own
}

/// [`own_name`] instead of what is in `into`.
fn write_own_name(name: &str, into: &mut String) {
    into.clear();
    let own = name.rsplit('/').next().unwrap_or(name);
    if own.is_ascii() {
        into.push_str(own);
        into.make_ascii_lowercase();
        into.retain(|character| character.is_ascii_alphanumeric());
    } else {
        into.extend(own.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase));
    }
}

/// The median of the peers' prices above 0 at this path, and how many there are.
fn median(peers: &[Entry<'_>], path: PathId) -> Option<(Decimal, usize)> {
    let price = |entry: &Entry<'_>| entry.leaf(path).filter(crate::leaf::Leaf::is_price)?.decimal();
    let mut prices: Vec<Decimal> = peers.iter().filter_map(price).filter(|price| *price > Decimal::ZERO).collect();
    prices.sort_unstable();
    let count = prices.len();
    if count < FEWEST {
        return None;
    }
    let (low, high) = (*prices.get((count - 1) / 2)?, *prices.get(count / 2)?);
    Some((low.checked_add(high)?.checked_div(Decimal::TWO)?, count))
}
