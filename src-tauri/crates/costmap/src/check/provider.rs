//! A provider whose models vanish. Review: it was real once (openrouter lost all 496 in 1.106.3), and a mistake otherwise.

use std::borrow::Cow;
use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;

use crate::check::findings::{About, Findings, Rule};
use crate::check::words::quoted;
use crate::map::{CostMap, Entry};

pub(crate) const VANISHED: Rule =
    Rule::review("provider.vanished", "A provider with at least 10 models lost all of them.")
        .many("{subject}: all {n} models are gone");
pub(crate) const LOST_MOST: Rule =
    Rule::review("provider.lost_most", "A provider with at least 20 models lost over half of them.")
        .many("{subject}: {n} models are gone, over half of them");

const VANISHES_FROM: usize = 10;
const LOSES_FROM: usize = 20;

struct Provider<'a> {
    before: usize,
    after: usize,
    gone: Vec<(u32, Entry<'a>)>,
}

/// What became of a model.
#[derive(Clone, Copy)]
enum Now {
    Gone,
    Same,
    Changed,
}

/// Each model that is gone is one finding, so that each keeps its old entry until a person approves. Gives back the models
/// that are gone otherwise.
pub(crate) fn check<'o>(new: &CostMap, old: &'o CostMap, out: &mut Findings) -> Vec<Entry<'o>> {
    let mut providers: HashMap<Cow<'_, str>, Provider<'_>, DefaultHashBuilder> = HashMap::default();
    let (old_field, new_field) = (old.field_id("litellm_provider"), new.field_id("litellm_provider"));
    let mut now = vec![Now::Gone; old.entry_count()];
    let mut changed = Vec::new();
    for entry in new.models() {
        match entry.before(old) {
            Some((before, true)) => now[before.number()] = Now::Same,
            other => {
                changed.push(entry);
                if let Some((before, _)) = other {
                    now[before.number()] = Now::Changed;
                }
            }
        }
    }
    let mut others = Vec::new();
    for entry in old.models() {
        let Some(name) = old_field.and_then(|field| entry.leaf(field)?.as_str()) else {
            // An alias that goes is told as such.
            if matches!(now[entry.number()], Now::Gone) && entry.alias_of().is_none() {
                others.push(entry);
            }
            continue;
        };
        let provider = providers.entry(name).or_insert(Provider { before: 0, after: 0, gone: Vec::new() });
        provider.before += 1;
        match now[entry.number()] {
            Now::Gone => provider.gone.push((entry.order(), entry)),
            Now::Same => provider.after += 1,
            // Counted below, with the provider that it names now.
            Now::Changed => {}
        }
    }
    for entry in changed {
        let name = new_field.and_then(|field| entry.leaf(field)?.as_str());
        if let Some(provider) = name.and_then(|name| providers.get_mut(&*name)) {
            provider.after += 1;
        }
    }
    let mut lost = Vec::new();
    for (name, provider) in providers {
        match rule(&provider) {
            Some(rule) => lost.push((rule, name, provider)),
            None => others.extend(provider.gone.into_iter().map(|(_, entry)| entry)),
        }
    }
    lost.sort_by(|(_, one, _), (_, other, _)| one.cmp(other));
    for (rule, name, provider) in lost {
        report(rule, &name, &provider, out);
    }
    others.sort_by_key(Entry::order);
    others
}

fn rule(provider: &Provider<'_>) -> Option<Rule> {
    if provider.before >= VANISHES_FROM && provider.after == 0 {
        Some(VANISHED)
    } else if provider.before >= LOSES_FROM && provider.after * 2 < provider.before {
        Some(LOST_MOST)
    } else {
        None
    }
}

fn report(rule: Rule, provider_name: &str, provider: &Provider<'_>, out: &mut Findings) {
    for (order, entry) in &provider.gone {
        let name = entry.name();
        let about = About { order: *order, model: Some(&name), subject: Some(provider_name), ..About::default() };
        out.add(rule, about, || {
            format!(
                "{}: the model is gone; provider {} went from {} to {} models at once.",
                quoted(&name),
                quoted(provider_name),
                provider.before,
                provider.after
            )
        });
    }
}
