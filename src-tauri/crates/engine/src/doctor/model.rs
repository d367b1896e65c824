//! Why a proxy does not have a model, or not at this price: what the source says against what the proxy says, and the
//! first thing in the chain that explains the difference.
//!
//! The chain: the proxy can be asked → the name is in the source's map → the checks and people let its entry through →
//! the proxy reads that map, loaded it, and prices by it → calls of the name reach a deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use costmap::people::{amount, label};
use costmap::{CostMap, Entry, Leaf};

use super::item::MODEL;
use super::kept::Kept;
use super::proxies::{Looked, Seen, is_in_the_way};
use super::{CheckState, DoctorContext, DoctorItem, gate, names, remedy, source};
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::gate::Route;
use crate::overlay::OwnEntry;
use crate::proxy::Deployment;
use crate::settings::DirectMode;

/// Fields that are shown as evidence: input, output, and what else differs first.
const SHOWN: usize = 4;

/// One answer for each proxy; without proxies one about the source and what is promoted.
pub(super) async fn answers(
    context: DoctorContext<'_>,
    kept: &Kept,
    source: &source::Looked,
    proxies: &[Looked],
    model: &str,
) -> Vec<DoctorItem> {
    let mut answers = Vec::new();
    for looked in proxies {
        let promoted = match looked.seen.as_ref().and_then(|seen| seen.promoted.as_ref()) {
            Some(promotion) => kept.map(&promotion.revision).await,
            None => None,
        };
        let question = Question { context, kept, source, promoted, looked: Some(looked), asked: model };
        answers.push(question.answer().await.of_proxy(&looked.name));
    }
    if proxies.is_empty() {
        let promoted = match &kept.promoted {
            Some(promotion) => kept.map(&promotion.revision).await,
            None => None,
        };
        answers.push(Question { context, kept, source, promoted, looked: None, asked: model }.answer().await);
    }
    answers
}

pub(super) struct Question<'a> {
    pub(super) context: DoctorContext<'a>,
    pub(super) kept: &'a Kept,
    pub(super) source: &'a source::Looked,
    /// The map that is promoted for this proxy.
    pub(super) promoted: Option<Arc<CostMap>>,
    pub(super) looked: Option<&'a Looked>,
    /// As it was typed.
    pub(super) asked: &'a str,
}

/// What the question is about, once names are resolved.
pub(super) struct Subject<'a> {
    /// As people may see what was asked.
    pub(super) shown: String,
    /// The deployment that is called so.
    pub(super) deployment: Option<&'a Deployment>,
    /// What LiteLLM looks up in the map: the name itself, or the model of the deployment.
    pub(super) wanted: &'a str,
}

impl Question<'_> {
    fn seen(&self) -> Option<&Seen> {
        self.looked?.seen.as_ref()
    }

    async fn answer(&self) -> DoctorItem {
        let shown = bounded(self.asked, 160);
        if let Some(looked) = self.looked.filter(|looked| looked.seen.is_none()) {
            return unasked(looked, &shown);
        }
        let deployments = self.seen().map_or(&[][..], |seen| &seen.deployments);
        let deployment =
            deployments.iter().find(|deployment| deployment.name == self.asked && !is_wildcard(deployment));
        let wanted = deployment.and_then(|deployment| deployment.model.as_deref()).unwrap_or(self.asked);
        let subject = Subject { shown, deployment, wanted };
        if let Some(answer) = operators_price(&subject) {
            return answer;
        }
        // What the source has now; while it cannot be read, what was last promoted of it.
        let upstream = self.source.map.as_ref().or(self.promoted.as_ref());
        let Some(meant) = upstream.and_then(|map| lookup(map, subject.wanted)) else {
            return names::unknown(self, &subject).await;
        };
        self.compared(&subject, meant)
    }

    fn compared(&self, subject: &Subject<'_>, meant: Entry<'_>) -> DoctorItem {
        let name = bounded(&meant.name(), 160);
        let promoted = self.promoted.as_ref().and_then(|map| lookup(map, subject.wanted));
        let own = self.own(&meant.name());
        let live = self.seen().and_then(|seen| seen.live.as_ref()).and_then(|live| lookup_live(live, &meant));
        let sides = Sides { meant, promoted, live, has_live: self.seen().is_some_and(|seen| seen.live.is_some()) };
        // Without a proxy the promoted map is what is compared.
        let holds = if self.looked.is_some() { live } else { promoted };
        let is_known = if self.looked.is_some() { sides.has_live } else { self.promoted.is_some() };
        if is_known && holds.is_some_and(|holds| has_prices_of(&holds, &meant)) {
            return self.fine(subject, &sides);
        }
        let what = match (is_known, holds) {
            (false, _) => format!("It is not known at which price {name} is billed"),
            (true, None) => format!("{name} is not there"),
            (true, Some(_)) => format!("{name} has another price than the source's"),
        };
        let found = self
            .kept_back(&sides, own)
            .or_else(|| self.of_this_version(&sides))
            .or_else(|| self.of_the_operator(&sides))
            .or_else(|| self.in_the_way())
            .unwrap_or_else(|| self.last_resort(&sides));
        let evidence =
            [Some(sides.shown()), found.evidence.clone()].into_iter().flatten().filter(|text| !text.is_empty());
        let evidence = evidence.collect::<Vec<_>>().join("; ");
        let message = format!("{what}. {}", found.message);
        let cause = found.cause.unwrap_or(Cause::Behind);
        let item = if matches!(cause, Cause::Overlay | Cause::Operator) {
            DoctorItem::warn(MODEL, cause, message)
        } else {
            DoctorItem::fail(MODEL, cause, message)
        };
        DoctorItem { remedy: found.remedy, code: found.code.or(item.code), ..item }.evidence(evidence)
    }

    fn own(&self, name: &str) -> Option<&OwnEntry> {
        self.kept.own.iter().find(|own| own.model == name && own.problem.is_none())
    }

    /// The entry of the source is not what was promoted, and that is on purpose.
    fn kept_back(&self, sides: &Sides<'_>, own: Option<&OwnEntry>) -> Option<DoctorItem> {
        let name = sides.meant.name();
        if sides.promoted.is_some_and(|promoted| has_prices_of(&promoted, &sides.meant)) {
            return None;
        }
        if let Some(own) = own {
            let fields =
                own.fields.iter().take(SHOWN).map(|field| format!("{} = {}", field.field, bounded(&field.value, 40)));
            let message = "You set a price of your own for it, which counts in place of the source's.";
            let remedy = format!("`autosync overlay remove {name}` follows the source again.");
            let fields = fields.collect::<Vec<_>>().join(", ");
            return Some(DoctorItem::warn(MODEL, Cause::Overlay, message).evidence(fields).remedy(remedy));
        }
        let newest = self.kept.source.as_ref().and_then(|source| source.revision);
        let is_newest = self.source.map.as_ref().map(|map| map.revision()) == newest;
        let state = self.kept.source.as_ref().filter(|_| is_newest);
        if let Some(because) = state.and_then(|state| state.held_because.as_ref()) {
            let message = "The checks hold the source's newest map, which has it.";
            return Some(DoctorItem::fail(MODEL, Cause::Held, message).evidence(because.clone()).remedy(remedy::HELD));
        }
        if self.source.is_broken {
            let item = DoctorItem::fail(MODEL, Cause::Held, "The checks would hold the map that the source sends now.");
            return Some(item.remedy(remedy::HELD));
        }
        if newest.is_some_and(|newest| self.kept.pins.skips(&newest)) {
            return Some(gate::marked_bad(newest));
        }
        let proxy = self.looked.map(|looked| looked.name.as_str());
        if let Some(pin) = proxy.map_or(self.kept.pins.all.as_ref(), |proxy| self.kept.pins.of(proxy)) {
            let revision = pin.promotion.revision.short();
            let command = pin
                .proxy
                .as_ref()
                .map_or_else(|| "autosync unpin".to_owned(), |proxy| format!("autosync unpin --proxy {proxy}"));
            let message = format!("A pin holds the proxy at the earlier map {revision}.");
            let item = DoctorItem::fail(MODEL, Cause::Pinned, message)
                .evidence(format!("pinned since {}", pin.since.format("%F %H:%M UTC")));
            return Some(item.remedy(format!("`{command}` lets it follow the source again.")));
        }
        let promotion = self.seen().and_then(|seen| seen.promoted.as_ref()).or(self.kept.promoted.as_ref());
        // One that reads the source by itself waits for no review, unless the settings say so.
        let waits = self.seen().is_none_or(|seen| {
            seen.desired.route != Route::Direct || self.context.settings.gate.direct == DirectMode::Wait
        });
        if let Some(promotion) = promotion.filter(|_| waits) {
            if promotion.rejected.iter().any(|model| *model == name) {
                let message = "A person rejected the source's new values, so it keeps its old entry.";
                let item = DoctorItem::fail(MODEL, Cause::Rejected, message);
                return Some(item.remedy(format!("`autosync approve {name}` lets them through after all.")));
            }
            if promotion.held_models.iter().any(|model| *model == name) {
                let message = "Its new values look wrong and wait for a person; until then it keeps its old entry.";
                let item = DoctorItem::fail(MODEL, Cause::Review, message);
                return Some(item.remedy(format!(
                    "`autosync review` shows them; then `autosync approve {name}` or `autosync reject {name}`."
                )));
            }
        }
        state.and_then(|state| state.soaks_until).map(gate::soak)
    }

    /// The bare row of an alias, which the version does not know.
    fn of_this_version(&self, sides: &Sides<'_>) -> Option<DoctorItem> {
        let seen = self.seen()?;
        let target = sides.meant.stands_for()?;
        let is_bare = sides.live.is_some_and(|live| live.leaves().all(|leaf| !leaf.is_price()));
        if seen.facts.capabilities.serves_alias_rows || !is_bare {
            return None;
        }
        let message = format!(
            "It is an alias of {}, and this version of LiteLLM knows no alias rows: it books calls of that name at $0.",
            bounded(&target, 160)
        );
        let item = DoctorItem::fail(MODEL, Cause::AliasRow, message);
        Some(item.remedy("Let the proxy read the gateway, which resolves aliases (`autosync gateway on`), or update LiteLLM to 1.110 or newer."))
    }

    /// A price of the live map that the proxy's own configuration put there.
    fn of_the_operator(&self, sides: &Sides<'_>) -> Option<DoctorItem> {
        let (seen, live) = (self.seen()?, sides.live?);
        let operator = crate::sync::Operator::of(&seen.deployments);
        let differing = differing(&live, &sides.meant);
        let is_its = |field: &String| {
            let change = costmap::FieldChange {
                model: live.name().into_owned(),
                field: field.clone(),
                before: live.leaves().find(|leaf| leaf.path().to_string() == *field).map(|leaf| leaf.contract_json()),
                after: None,
                ratio: None,
            };
            operator.is_override(&change, seen.bytes_proved)
        };
        (!differing.is_empty() && differing.iter().all(is_its)).then(|| {
            let message = "The proxy's own configuration sets another price for it.";
            let remedy = "If the map's price should count, take the cost fields out of the proxy's configuration.";
            DoctorItem::warn(MODEL, Cause::Operator, message).remedy(remedy)
        })
    }

    /// What keeps the proxy from the map, or us from knowing what it holds.
    fn in_the_way(&self) -> Option<DoctorItem> {
        let item = self.looked?.items.iter().find(|item| is_in_the_way(item))?;
        Some(item.clone())
    }

    fn last_resort(&self, sides: &Sides<'_>) -> DoctorItem {
        let sync = self
            .looked
            .map_or_else(|| "`autosync sync`".to_owned(), |looked| format!("`autosync sync --proxy {}`", looked.name));
        let is_newer = self.source.map.as_ref().map(|map| map.revision())
            != self.kept.source.as_ref().and_then(|source| source.revision);
        if self.looked.is_none() || is_newer || !sides.has_live {
            if self.kept.source.is_none() {
                let message = "The source was never looked at here.";
                return DoctorItem::fail(MODEL, Cause::FirstSync, message).remedy(format!("{sync} does it."));
            }
            let message = "The source has a newer map than the one that was last looked at here.";
            if self.kept.paused.is_some() {
                let message = format!("{message} The schedule is paused, so it waits.");
                return DoctorItem::fail(MODEL, Cause::Paused, message)
                    .remedy(format!("`autosync resume` lets it go on; {sync} does it once."));
            }
            return DoctorItem::fail(MODEL, Cause::Behind, message).remedy(format!("{sync} brings it."));
        }
        let message = "The proxy says that it holds the map that it is meant to have, and prices by something else.";
        DoctorItem::fail(MODEL, Cause::Drift, message)
            .remedy(format!("{sync} --force has it load the map anew and proves it, or says what differs."))
    }

    /// It is there at the source's price. Can it be called?
    fn fine(&self, subject: &Subject<'_>, sides: &Sides<'_>) -> DoctorItem {
        let (shown, name) = (&subject.shown, sides.meant.name());
        let resolved = if [subject.wanted, self.asked].contains(&&*name) {
            String::new()
        } else {
            format!(", which LiteLLM looks up as {}", bounded(&name, 160))
        };
        let evidence = sides.shown();
        if sides.meant.leaves().all(|leaf| !leaf.is_price()) {
            let message = format!("{shown} is in the map{resolved}, and without a price: its calls are billed at $0.");
            let item = DoctorItem::warn(MODEL, Cause::NoPrice, message);
            return item.remedy(format!(
                "`autosync overlay set {name} input_cost_per_token=1.00/1M output_cost_per_token=4.00/1M` gives it one."
            ));
        }
        let Some(seen) = self.seen() else {
            return DoctorItem::ok(MODEL, format!("The promoted map has the source's price for {shown}{resolved}."))
                .evidence(evidence);
        };
        let good = format!("{shown} is there at the source's price{resolved}");
        let Some(callable) = &seen.callable else {
            return DoctorItem::ok(MODEL, format!("{good}. It is not known whether it can be called."))
                .evidence(evidence);
        };
        if callable.iter().any(|model| model == self.asked) {
            return DoctorItem::ok(MODEL, format!("{good}, and can be called.")).evidence(evidence);
        }
        if let Some(wildcard) = serving(&seen.deployments, self.asked) {
            let message = format!("{good}, and can be called through the wildcard {}.", bounded(&wildcard.name, 100));
            return DoctorItem::ok(MODEL, message).evidence(evidence);
        }
        // A live map also has the names under which deployments were registered, so the file's is asked.
        let map = self.source.map.as_ref().or(self.promoted.as_ref());
        let serves = |deployment: &&Deployment| {
            let asked = deployment.model.as_deref().unwrap_or(&deployment.name);
            map.and_then(|map| lookup(map, asked)).is_some_and(|entry| entry.name() == name)
        };
        if let Some(deployment) = seen.deployments.iter().filter(|one| !is_wildcard(one)).find(serves) {
            let called = bounded(&deployment.name, 160);
            let message = format!("{good}, but calls have to name it {called}: a deployment of that name serves it.");
            let item = DoctorItem::warn(MODEL, Cause::OtherName, message).evidence(evidence);
            return item
                .remedy(format!("Call it {called}, or add a deployment named {shown} to the proxy's model_list."));
        }
        let message = format!(
            "{good}, but it cannot be called with this key: priced is not callable, and no deployment serves it."
        );
        let item = DoctorItem::warn(MODEL, Cause::NotCallable, message).evidence(evidence);
        item.remedy(
            "Add it to the proxy's model_list (or on its Models page). Where it is there, the key may not use it.",
        )
    }
}

/// The operator's own price of the deployment that is called so: nobody's map counts for it.
fn operators_price(subject: &Subject<'_>) -> Option<DoctorItem> {
    let deployment = subject.deployment?;
    let prices = deployment.configured.iter().filter(|(field, _)| field.contains("cost"));
    let told: Vec<String> = prices.take(SHOWN).map(|(field, price)| format!("{field} = {price:e}")).collect();
    if told.is_empty() {
        return None;
    }
    let message = format!("The proxy's own configuration sets the price of {}, so no map changes it.", subject.shown);
    let remedy =
        "If the map's price should count, take the cost fields of this deployment out of the proxy's configuration.";
    Some(DoctorItem::warn(MODEL, Cause::Operator, message).evidence(told.join(", ")).remedy(remedy))
}

/// The proxy could not be asked: that is the cause, whatever else there is.
fn unasked(looked: &Looked, shown: &str) -> DoctorItem {
    let found = looked.items.iter().find(|item| is_in_the_way(item)).or_else(|| looked.items.last());
    let Some(found) = found else { return DoctorItem::unknown(MODEL, format!("Nothing is known of {shown}.")) };
    let message = format!("It is not known whether {shown} is there. {}", found.message);
    DoctorItem { about: MODEL.to_owned(), message, ok: false, state: CheckState::Fail, ..found.clone() }
}

/// An entry at the source, in what is promoted, and in the proxy.
struct Sides<'a> {
    meant: Entry<'a>,
    promoted: Option<Entry<'a>>,
    live: Option<Entry<'a>>,
    has_live: bool,
}

impl Sides<'_> {
    /// Prices side by side; where all are the same, only what they are.
    fn shown(&self) -> String {
        let mut fields: Vec<Leaf<'_>> = self.meant.leaves().filter(Leaf::is_price).collect();
        let differs =
            |leaf: &Leaf<'_>| [self.promoted, self.live].into_iter().flatten().any(|entry| !has(&entry, leaf));
        // What people look for first comes first.
        let place = |leaf: &Leaf<'_>| match leaf.path().to_string().as_str() {
            "input_cost_per_token" => 0,
            "output_cost_per_token" => 1,
            _ => 2,
        };
        fields.sort_by_key(|leaf| (!differs(leaf), place(leaf)));
        let one = |leaf: &Leaf<'_>| {
            let of = |entry: Option<Entry<'_>>| {
                let found = entry.and_then(|entry| same_path(&entry, leaf).map(|leaf| price(&leaf)));
                found.unwrap_or_else(|| "nothing".to_owned())
            };
            let mut sides = vec![format!("{} at the source", price(leaf))];
            sides.extend(self.promoted.map(|entry| format!("{} promoted", of(Some(entry)))));
            sides.extend(self.has_live.then(|| format!("{} in the proxy", of(self.live))));
            format!("{}: {} ({})", label(&leaf.path().to_string()), sides.join(", "), leaf.unit().for_people().1)
        };
        fields.iter().take(SHOWN).map(one).collect::<Vec<_>>().join("; ")
    }
}

fn price(leaf: &Leaf<'_>) -> String {
    leaf.decimal().map_or_else(|| bounded(leaf.text(), 40), |price| amount(price, leaf.unit()))
}

fn same_path<'a>(entry: &Entry<'a>, leaf: &Leaf<'_>) -> Option<Leaf<'a>> {
    let path = leaf.path().to_string();
    entry.leaves().find(|other| other.path().to_string() == path)
}

fn has(entry: &Entry<'_>, leaf: &Leaf<'_>) -> bool {
    same_path(entry, leaf).is_some_and(|other| leaf.same_once_loaded(&other))
}

/// Whether `entry` has every price of `meant`, as a proxy rounds them.
fn has_prices_of(entry: &Entry<'_>, meant: &Entry<'_>) -> bool {
    differing(entry, meant).is_empty()
}

fn differing(entry: &Entry<'_>, meant: &Entry<'_>) -> Vec<String> {
    let there: BTreeMap<String, Leaf<'_>> = entry.leaves().map(|leaf| (leaf.path().to_string(), leaf)).collect();
    let differs =
        |leaf: &Leaf<'_>| !there.get(&leaf.path().to_string()).is_some_and(|other| leaf.same_once_loaded(other));
    meant.leaves().filter(|leaf| leaf.is_price() && differs(leaf)).map(|leaf| leaf.path().to_string()).collect()
}

/// The entry that prices `model`, as LiteLLM looks it up: the name as it is, then without the provider in front, if the
/// entry is that provider's (`status::PriceList` does the same with names alone).
pub(super) fn lookup<'a>(map: &'a CostMap, model: &str) -> Option<Entry<'a>> {
    if let Some(entry) = map.priced(model) {
        return Some(entry);
    }
    let (provider, bare) = model.split_once('/')?;
    let entry = map.priced(bare)?;
    entry.provider().is_none_or(|known| known.starts_with(provider)).then_some(entry)
}

/// What a proxy serves under that name: it has made what it makes of aliases.
fn lookup_live<'a>(live: &'a CostMap, meant: &Entry<'_>) -> Option<Entry<'a>> {
    live.get(&meant.name()).filter(|entry| !entry.is_reserved())
}

pub(super) fn is_wildcard(deployment: &Deployment) -> bool {
    deployment.name.contains('*')
}

/// The wildcard deployment that takes calls of this name.
pub(super) fn serving<'a>(deployments: &'a [Deployment], asked: &str) -> Option<&'a Deployment> {
    let takes = |pattern: &str| match pattern.split_once('*') {
        Some((before, after)) => {
            asked.len() >= before.len() + after.len() && asked.starts_with(before) && asked.ends_with(after)
        }
        None => false,
    };
    deployments.iter().find(|deployment| takes(&deployment.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(name: &str) -> Deployment {
        Deployment { name: name.into(), id: None, model: None, key: None, configured: [].into(), has_map_price: false }
    }

    #[test]
    fn a_wildcard_takes_the_names_of_its_pattern_alone() {
        let deployments = [deployment("gpt-4o"), deployment("openai/*"), deployment("eu-*-chat")];
        let taken = |asked| serving(&deployments, asked).map(|one| one.name.as_str());
        assert_eq!(taken("openai/gpt-5"), Some("openai/*"));
        assert_eq!(taken("eu-gpt-chat"), Some("eu-*-chat"));
        for other in ["gpt-4o", "azure/gpt-5", "eu-chat", "eu-gpt"] {
            assert_eq!(taken(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_looked_up_as_litellm_does() {
        let map = CostMap::parse(r#"{"gpt": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}}"#).unwrap();
        let found = |name: &str| lookup(&map, name).map(|entry| entry.name().into_owned());
        assert_eq!(found("openai/gpt").as_deref(), Some("gpt"));
        assert_eq!(found("mistral/gpt"), None, "of another provider");
    }

    #[test]
    fn a_price_is_the_same_however_a_proxy_writes_it() {
        let map = |price: &str| {
            CostMap::parse(format!(r#"{{"gpt": {{"litellm_provider": "x", "input_cost_per_token": {price}}}}}"#))
                .unwrap()
        };
        let (meant, same, other) = (map("1e-06"), map("0.000001"), map("2e-06"));
        let of = |map: &CostMap| differing(&map.get("gpt").unwrap(), &meant.get("gpt").unwrap());
        assert_eq!((of(&same), of(&other)), (vec![], vec!["input_cost_per_token".to_owned()]));
    }
}
