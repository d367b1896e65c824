//! Which entries of the cost map a proxy's deployments are priced by, and which deployments have no price at all.

use std::collections::{BTreeSet, HashMap};

use costmap::{CostMap, Revision};

use crate::proxy::Deployment;

/// How many used models are named: more than any proxy configures, so that one that answers nonsense fills no memory.
const NAMED_USED: usize = 5000;

/// How many models without a price are named.
pub const NAMED_UNPRICED: usize = 100;

/// The names of one map with their providers: all of it that it takes to look a deployment up.
#[derive(Clone, Debug)]
pub struct PriceList {
    revision: Revision,
    providers: HashMap<String, Option<String>>,
}

impl PriceList {
    /// Of this map.
    pub fn of(map: &CostMap) -> Self {
        let entry =
            |entry: costmap::Entry<'_>| (entry.name().into_owned(), entry.provider().map(std::borrow::Cow::into_owned));
        Self { revision: map.revision(), providers: map.models().map(entry).collect() }
    }

    /// The map that it was made of.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The entry that prices `model`, as LiteLLM looks it up: the name as it is, then without the provider in front, if
    /// the entry is that provider's. `bedrock/…` is also found at `bedrock_converse`, `vertex_ai/…` at its families.
    fn resolve<'m>(&self, model: &'m str) -> Option<&'m str> {
        if self.providers.contains_key(model) {
            return Some(model);
        }
        let (provider, bare) = model.split_once('/')?;
        let known = self.providers.get(bare)?.as_deref();
        known.is_none_or(|known| known.starts_with(provider)).then_some(bare)
    }
}

/// What a proxy's deployments are priced by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedModels {
    /// Entries of the cost map, sorted, at most 5,000.
    pub used: Vec<String>,
    /// What users call and LiteLLM bills as $0, since nothing prices it; sorted, at most 100.
    pub unpriced: Vec<String>,
}

impl UsedModels {
    /// From the proxy's deployments, and the map that proxies are meant to have where one is known.
    ///
    /// A `key` alone is no price: since 1.97 LiteLLM registers a deployment that no map knows under its own name, and
    /// then names that as its key. Without a map only a price that the proxy itself shows counts. Wildcards
    /// (`openai/*`) are priced by what is called through them, and so are neither used nor unpriced; 1.102.4 lists such a
    /// deployment once for each model that it may stand for, all with its one id.
    pub fn of(deployments: &[Deployment], map: Option<&PriceList>) -> Self {
        let mut listed: HashMap<&str, usize> = HashMap::new();
        for id in deployments.iter().filter_map(|deployment| deployment.id.as_deref()) {
            *listed.entry(id).or_default() += 1;
        }
        let is_one_of_many = |deployment: &Deployment| deployment.id.as_deref().is_some_and(|id| listed[id] > 1);
        let (mut used, mut unpriced) = (BTreeSet::new(), BTreeSet::new());
        for deployment in
            deployments.iter().filter(|deployment| !is_wildcard(deployment) && !is_one_of_many(deployment))
        {
            let key = deployment.key.as_deref();
            let in_map = [key, deployment.model.as_deref()].into_iter().flatten().find_map(|name| map?.resolve(name));
            if let Some(name) = in_map.or(key.filter(|_| deployment.has_map_price)) {
                used.insert(name);
            } else if !is_priced_by_operator(deployment) && (map.is_some() || key.is_none()) {
                unpriced.insert(deployment.name.as_str());
            }
        }
        let first = |names: BTreeSet<&str>, limit| names.into_iter().take(limit).map(str::to_owned).collect();
        Self { used: first(used, NAMED_USED), unpriced: first(unpriced, NAMED_UNPRICED) }
    }
}

fn is_wildcard(deployment: &Deployment) -> bool {
    deployment.name.contains('*') || deployment.model.as_ref().is_some_and(|model| model.contains('*'))
}

fn is_priced_by_operator(deployment: &Deployment) -> bool {
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
        let UsedModels { used, unpriced } = UsedModels::of(&[deployment], map);
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
        let told = UsedModels::of(&listed, Some(&map()));
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
    fn names_are_sorted_distinct_and_bounded() {
        let map = map();
        let same = [deployment("b", "gpt-4o", None), deployment("a", "openai/gpt-4o", None)];
        assert_eq!(UsedModels::of(&same, Some(&map)).used, ["gpt-4o"]);
        let many: Vec<Deployment> =
            (0..6000).map(|n| deployment(&format!("m{n:04}"), &format!("none/{n}"), None)).collect();
        let unpriced = UsedModels::of(&many, Some(&map)).unpriced;
        assert_eq!((unpriced.len(), unpriced[0].as_str(), unpriced[99].as_str()), (100, "m0000", "m0099"));
        let priced = many.into_iter().map(|one| Deployment { key: one.model.clone(), has_map_price: true, ..one });
        assert_eq!(UsedModels::of(&priced.collect::<Vec<_>>(), None).used.len(), 5000);
    }
}
