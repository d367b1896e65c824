//! New chat models that cost nothing at a provider whose models cost something: their calls would be booked as free.
//! Review; `command-a-plus-05-2026` came that way.

use std::borrow::Cow;
use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;

use crate::check::findings::{Findings, Rule};
use crate::check::model::{Form, Model, Pair};
use crate::check::words::quoted;
use crate::leaf::Leaf;
use crate::map::Entry;

pub(crate) const NEW_AT_ZERO: Rule = Rule::review(
    "price.new_at_zero",
    "A new chat model that is free or has no price, from a provider that charges for nearly all its chat models.",
)
.many("{subject}: {n} new chat models are free or have no price");

/// A provider with fewer chat models says nothing about the next one.
const FEWEST: usize = 5;

/// How many chat models of a provider there are besides the new ones, and how many of them cost something.
#[derive(Clone, Copy, Default)]
struct Priced {
    all: usize,
    priced: usize,
}

pub(crate) fn check(pair: &Pair<'_>, new_models: &[&Model<'_, '_>], out: &mut Findings) {
    let free: Vec<&&Model<'_, '_>> = new_models.iter().filter(|model| is_free(model)).collect();
    if free.is_empty() {
        return;
    }
    let mut providers: HashMap<Cow<'_, str>, Priced, DefaultHashBuilder> =
        free.iter().filter_map(|model| Some((model.provider.clone()?, Priced::default()))).collect();
    let (provider, mode) = (pair.new.field_id("litellm_provider"), pair.new.field_id("mode"));
    let is_new = |entry: &Entry<'_>| new_models.binary_search_by_key(&entry.order(), |model| model.order).is_ok();
    for entry in pair.new.models() {
        let text = |field| entry.leaf(field?)?.as_str();
        if !text(mode).is_some_and(|mode| is_chat(&mode)) || is_new(&entry) {
            continue;
        }
        if let Some(known) = text(provider).and_then(|name| providers.get_mut(&name)) {
            known.all += 1;
            known.priced += usize::from(entry.leaves().any(costs));
        }
    }
    for model in free {
        let known = model.provider.as_ref().and_then(|name| providers.get(name)).copied().unwrap_or_default();
        if known.all < FEWEST || known.priced * 10 < known.all * 9 {
            continue;
        }
        out.add(NEW_AT_ZERO, model.as_a_whole(), || {
            let how = if model.prices.is_empty() { "has no price" } else { "costs 0" };
            format!(
                "{}: this new model {how}, while {} of the {} other chat models from {} are paid; its calls would be billed as free.",
                quoted(&model.name),
                known.priced,
                known.all,
                quoted(model.provider.as_deref().unwrap_or_default())
            )
        });
    }
}

fn is_free(model: &Model<'_, '_>) -> bool {
    // Some say that they are free: `openrouter/…:free`.
    let says_so = || {
        model
            .name
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|word| word.eq_ignore_ascii_case("free"))
    };
    model.form == Form::Model
        && model.mode().is_some_and(|mode| is_chat(&mode))
        && !model.entry.leaves().any(costs)
        && !says_so()
}

fn is_chat(mode: &str) -> bool {
    matches!(mode, "chat" | "completion" | "responses")
}

fn costs(leaf: Leaf<'_>) -> bool {
    leaf.is_price() && leaf.decimal().is_none_or(|price| !price.is_zero())
}
