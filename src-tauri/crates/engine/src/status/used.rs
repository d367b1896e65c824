//! Which entries of the cost map a proxy's deployments are priced by, and which deployments have no price at all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use costmap::{CostMap, Revision, Served};

use crate::proxy::Deployment;

/// How many used models are named: more than any proxy configures, so that one that answers nonsense fills no memory.
const NAMED_USED: usize = 5000;

/// How many models without a price are named.
pub const NAMED_UNPRICED: usize = 100;

/// The names of one map with their providers: all of it that it takes to look a deployment up.
#[derive(Clone, Debug)]
pub struct PriceList {
    revision: Revision,
    entries: HashMap<String, Listed>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
struct Listed {
    provider: Option<String>,
    /// The entry whose prices it has, where that is another one.
    target: Option<String>,
    /// A row that prices nothing where alias rows are not known.
    is_alias_row: bool,
    price: EntryPrice,
}

/// What an entry says that calls cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryPrice {
    /// It has no price at all.
    None,
    /// Every price is 0: the model is free.
    Free,
    /// Something costs something.
    Paid,
}

impl EntryPrice {
    fn of(entry: &costmap::Entry<'_>) -> Self {
        let mut found = Self::None;
        for leaf in entry.leaves().filter(costmap::Leaf::is_price) {
            match leaf.decimal() {
                Some(price) if price.is_zero() => found = Self::Free,
                _ => return Self::Paid,
            }
        }
        found
    }
}

impl PriceList {
    /// Of this map.
    pub fn of(map: &CostMap) -> Self {
        let entry = |entry: costmap::Entry<'_>| {
            let name = entry.name().into_owned();
            let listed = Listed {
                provider: entry.provider().map(Cow::into_owned),
                target: entry.stands_for().map(Cow::into_owned),
                is_alias_row: map.get(&name).is_some_and(|row| row.alias_of().is_some()),
                price: EntryPrice::of(&entry),
            };
            (name, listed)
        };
        // A row that stands for nothing is no entry on any version that knows it, and prices nothing on the others.
        Self { revision: map.revision(), entries: map.served(Served::Rows).map(entry).collect() }
    }

    /// The map that it was made of.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The entry that prices `model`, and what it says that calls cost.
    pub(super) fn price_of<'m>(&self, model: &'m str) -> Option<(&'m str, EntryPrice)> {
        self.resolve(model).map(|(name, listed)| (name, listed.price))
    }

    /// The entry that prices `model`, as LiteLLM looks it up: the name as it is, then without the provider in front, if
    /// the entry is that provider's. `bedrock/…` is also found at `bedrock_converse`, `vertex_ai/…` at its families.
    fn resolve<'m>(&self, model: &'m str) -> Option<(&'m str, &Listed)> {
        if let Some(listed) = self.entries.get(model) {
            return Some((model, listed));
        }
        let (provider, bare) = model.split_once('/')?;
        let listed = self.entries.get(bare)?;
        listed.provider.as_deref().is_none_or(|known| known.starts_with(provider)).then_some((bare, listed))
    }
}

/// What a proxy's deployments are priced by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedModels {
    /// Entries of the cost map, sorted, at most 5,000. Of an alias both its own name and the model that it stands for:
    /// a change of either concerns the proxy.
    pub used: Vec<String>,
    /// Entries that deployments ask for and that price nothing on this version: alias rows where those are not known.
    pub unpriced_entries: Vec<String>,
    /// What users call and LiteLLM bills as $0, since nothing prices it; sorted, at most 100.
    pub unpriced: Vec<String>,
    /// The entry that would price the first of these: what its deployment asks for.
    pub first_unpriced_entry: Option<String>,
}

impl UsedModels {
    /// From the proxy's deployments, and the map that proxies are meant to have where one is known.
    ///
    /// A `key` alone is no price: since 1.97 LiteLLM registers a deployment that no map knows under its own name, and
    /// then names that as its key. Without a map only a price that the proxy itself shows counts. Wildcards
    /// (`openai/*`) are priced by what is called through them, and so are neither used nor unpriced; 1.102.4 lists such a
    /// deployment once for each model that it may stand for, all with its one id.
    ///
    /// `serves_alias_rows`: whether this version prices a row that is only another name.
    pub fn of(deployments: &[Deployment], map: Option<&PriceList>, serves_alias_rows: bool) -> Self {
        let mut listed: HashMap<&str, usize> = HashMap::new();
        for id in deployments.iter().filter_map(|deployment| deployment.id.as_deref()) {
            *listed.entry(id).or_default() += 1;
        }
        let is_one_of_many = |deployment: &Deployment| deployment.id.as_deref().is_some_and(|id| listed[id] > 1);
        let (mut used, mut unpriced_entries) = (BTreeSet::new(), BTreeSet::new());
        let mut unpriced = BTreeMap::new();
        for deployment in
            deployments.iter().filter(|deployment| !is_wildcard(deployment) && !is_one_of_many(deployment))
        {
            let key = deployment.key.as_deref();
            let in_map = [key, deployment.model.as_deref()].into_iter().flatten().find_map(|name| map?.resolve(name));
            if let Some((name, _)) = in_map.filter(|(_, listed)| listed.is_alias_row && !serves_alias_rows) {
                unpriced_entries.insert(name);
                // What it stands for is no price here, but an operator's own is.
                if !is_priced_by_operator(deployment) {
                    unpriced.insert(deployment.name.as_str(), deployment.model.as_deref().unwrap_or(&deployment.name));
                }
            } else if let Some((name, listed)) = in_map {
                used.insert(name);
                used.extend(listed.target.as_deref());
                // 1.110 names the target as the key; it was asked for by the other name.
                let asked = deployment.model.as_deref().and_then(|model| map?.resolve(model));
                used.extend(asked.filter(|(_, asked)| asked.target.as_deref() == Some(name)).map(|(alias, _)| alias));
            } else if let Some(name) = key.filter(|_| deployment.has_map_price) {
                used.insert(name);
            } else if !is_priced_by_operator(deployment) && (map.is_some() || key.is_none()) {
                unpriced.insert(deployment.name.as_str(), deployment.model.as_deref().unwrap_or(&deployment.name));
            }
        }
        let first = |names: BTreeSet<&str>, limit| names.into_iter().take(limit).map(str::to_owned).collect();
        Self {
            used: first(used, NAMED_USED),
            unpriced_entries: first(unpriced_entries, NAMED_USED),
            first_unpriced_entry: unpriced.first_key_value().map(|(_, entry)| (*entry).to_owned()),
            unpriced: unpriced.into_keys().take(NAMED_UNPRICED).map(str::to_owned).collect(),
        }
    }
}

fn is_wildcard(deployment: &Deployment) -> bool {
    deployment.name.contains('*') || deployment.model.as_ref().is_some_and(|model| model.contains('*'))
}

pub(super) fn is_priced_by_operator(deployment: &Deployment) -> bool {
    deployment.configured.keys().any(|field| field.contains("cost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> PriceList {
        let entry = |name: &str, provider: &str| format!(r#""{name}": {{"litellm_provider": "{provider}"}}"#);
        let entries = [
            entry("gpt-4o", "openai"),
            entry("free", "openai"),
            entry("azure/gpt-4o", "azure"),
            entry("anthropic.claude-v9", "bedrock_converse"),
        ];
        PriceList::of(&CostMap::parse(format!("{{{}}}", entries.join(","))).unwrap())
    }

    fn deployment(name: &str, model: &str, key: Option<&str>) -> Deployment {
        Deployment {
            name: name.into(),
            id: None,
            model: Some(model.into()),
            key: key.map(str::to_owned),
            configured: [].into(),
            has_map_price: false,
        }
    }

    fn used(deployment: Deployment, map: Option<&PriceList>) -> (Vec<String>, Vec<String>) {
        let UsedModels { used, unpriced, .. } = UsedModels::of(&[deployment], map, true);
        (used, unpriced)
    }

    #[test]
    fn a_model_is_found_by_its_key_as_it_is_and_without_its_provider() {
        let map = map();
        for (model, key, expected) in [
            ("azure/my-own", Some("azure/gpt-4o"), "azure/gpt-4o"),
            ("openai/gpt-4o", None, "gpt-4o"),
            ("azure/gpt-4o", None, "azure/gpt-4o"),
            ("bedrock/anthropic.claude-v9", None, "anthropic.claude-v9"),
            // Free in the map is a price.
            ("openai/free", Some("free"), "free"),
        ] {
            assert_eq!(used(deployment("x", model, key), Some(&map)), (vec![expected.into()], vec![]), "{model}");
        }
    }

    #[test]
    fn what_no_map_and_no_operator_prices_is_named_as_it_is_called() {
        let map = map();
        // Registered under its own name, of another provider, and unknown altogether.
        for (model, key) in
            [("openai/mine", Some("openai/mine")), ("mistral/gpt-4o", None), ("openai/nobody-knows", None)]
        {
            assert_eq!(used(deployment("called", model, key), Some(&map)), (vec![], vec!["called".into()]), "{model}");
        }
        let mut own = deployment("own", "openai/mine", Some("openai/mine"));
        own.configured.insert("input_cost_per_second".into(), 0.0);
        assert_eq!(used(own, Some(&map)), (vec![], vec![]), "the operator's price, even if it is nothing");
        assert_eq!(used(deployment("any", "openai/*", None), Some(&map)), (vec![], vec![]));
        assert_eq!(used(deployment("openai/*", "openai/x", None), Some(&map)), (vec![], vec![]));
    }

    #[test]
    fn what_a_wildcard_may_stand_for_is_not_used_for_that() {
        let one = |model: &str| Deployment { id: Some("e0".into()), ..deployment(model, model, Some(model)) };
        let own = Deployment { id: Some("f1".into()), ..deployment("mine", "openai/gpt-4o", None) };
        let listed = [one("free"), one("azure/gpt-4o"), one("unknown"), own];
        let told = UsedModels::of(&listed, Some(&map()), true);
        assert_eq!((told.used, told.unpriced), (vec!["gpt-4o".to_owned()], vec![]));
    }

    #[test]
    fn a_model_that_only_the_proxys_map_has_is_used_and_without_a_map_its_word_counts() {
        let priced = Deployment { has_map_price: true, ..deployment("x", "openai/old", Some("old")) };
        assert_eq!(used(priced.clone(), Some(&map())), (vec!["old".into()], vec![]));
        assert_eq!(used(priced, None), (vec!["old".into()], vec![]));
        let registered = deployment("x", "openai/mine", Some("openai/mine"));
        assert_eq!(used(registered, None), (vec![], vec![]), "it may be a free model");
        assert_eq!(used(deployment("x", "openai/mine", None), None), (vec![], vec!["x".into()]));
    }

    #[test]
    fn an_alias_is_priced_by_its_target_or_not_at_all_by_the_version() {
        let text = r#"{"opus-6": {"litellm_provider": "anthropic"}, "opus-latest": {"alias_of": "opus-6"},
            "lost-latest": {"alias_of": "nowhere"}}"#;
        let map = PriceList::of(&CostMap::parse(text).unwrap());
        let of = |model: &str, knows: bool| UsedModels::of(&[deployment("called", model, None)], Some(&map), knows);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(of("anthropic/opus-latest", true).used, names(&["opus-6", "opus-latest"]));
        let older = of("anthropic/opus-latest", false);
        assert_eq!((older.used, older.unpriced), (vec![], names(&["called"])), "booked at $0 by the bare row");
        assert_eq!(older.unpriced_entries, names(&["opus-latest"]));
        assert_eq!(of("anthropic/lost-latest", true).unpriced, names(&["called"]));
        assert_eq!(of("opus-6", false).used, names(&["opus-6"]));
        let keyed = deployment("called", "anthropic/opus-latest", Some("opus-6"));
        assert_eq!(UsedModels::of(&[keyed], Some(&map), true).used, names(&["opus-6", "opus-latest"]));
    }

    #[test]
    fn names_are_sorted_distinct_and_bounded() {
        let map = map();
        let same = [deployment("b", "gpt-4o", None), deployment("a", "openai/gpt-4o", None)];
        assert_eq!(UsedModels::of(&same, Some(&map), true).used, ["gpt-4o"]);
        let many: Vec<Deployment> =
            (0..6000).map(|n| deployment(&format!("m{n:04}"), &format!("none/{n}"), None)).collect();
        let UsedModels { unpriced, first_unpriced_entry, .. } = UsedModels::of(&many, Some(&map), true);
        assert_eq!(first_unpriced_entry.as_deref(), Some("none/0"), "what m0000 asks for");
        assert_eq!((unpriced.len(), unpriced[0].as_str(), unpriced[99].as_str()), (100, "m0000", "m0099"));
        let priced = many.into_iter().map(|one| Deployment { key: one.model.clone(), has_map_price: true, ..one });
        assert_eq!(UsedModels::of(&priced.collect::<Vec<_>>(), None, true).used.len(), 5000);
    }
}
