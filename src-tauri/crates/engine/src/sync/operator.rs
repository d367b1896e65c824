//! What a proxy's operator configured: models and prices of their own, which differ from the map on purpose.

use std::collections::{HashMap, HashSet};

use costmap::FieldChange;
use serde_json::Value;

use crate::proxy::Deployment;

/// Models and prices that the proxy's own configuration sets.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// Names under which a deployment may stand in the live map.
    names: HashSet<String>,
    /// Prices and limits that a deployment sets itself, by those names.
    set: HashMap<String, HashMap<String, f64>>,
}

impl Operator {
    /// From the proxy's deployments (`/model/info`).
    pub fn of(deployments: &[Deployment]) -> Self {
        let mut operator = Self::default();
        for deployment in deployments {
            for name in names(deployment) {
                let set = operator.set.entry(name.clone()).or_default();
                set.extend(deployment.configured.iter().map(|(field, value)| (field.clone(), *value)));
                operator.names.insert(name);
            }
        }
        operator
    }

    /// Whether any deployment has a price or limit of its own.
    pub fn sets_something(&self) -> bool {
        self.set.values().any(|fields| !fields.is_empty())
    }

    /// The names under which its deployments may stand in a map.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether a model of the live map is the proxy's own and from no file: configured, or a deployment's 64-digit id.
    pub fn is_own(&self, model: &str) -> bool {
        self.names.contains(model) || is_deployment_id(model)
    }

    /// Whether a live value differs because the operator set it. Where the revision proves that the bytes are the ones we
    /// meant (`bytes_proved`), any difference in a configured model is one: LiteLLM registers such models over the map.
    /// Otherwise only a value that the configuration itself gives counts, since a stale price would look the same.
    pub fn is_override(&self, change: &FieldChange, bytes_proved: bool) -> bool {
        if bytes_proved && self.names.contains(&change.model) {
            return true;
        }
        let configured = self.set.get(&change.model).and_then(|set| set.get(&change.field));
        configured.is_some_and(|value| number(change.before.as_ref()) == Some(*value))
    }
}

/// A deployment may be registered as it is called, as its provider's model with and without the provider, and by its id.
fn names(deployment: &Deployment) -> Vec<String> {
    let mut names = vec![deployment.name.clone()];
    names.extend(deployment.id.clone());
    names.extend(deployment.key.clone());
    if let Some(model) = &deployment.model {
        names.extend(model.split_once('/').map(|(_, bare)| bare.to_owned()));
        names.push(model.clone());
    }
    names
}

fn is_deployment_id(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// A live value as a number; prices come as decimal text.
fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(model: &str, live: &str) -> FieldChange {
        FieldChange {
            model: model.into(),
            field: "input_cost_per_token".into(),
            before: Some(live.into()),
            after: Some("0.000001".into()),
            ratio: None,
        }
    }

    fn operator() -> Operator {
        Operator::of(&[Deployment {
            name: "cheap".into(),
            id: Some("f".repeat(64)),
            model: Some("openai/gpt-4o-mini".into()),
            key: None,
            configured: [("input_cost_per_token".to_owned(), 0.5)].into(),
            has_map_price: false,
        }])
    }

    #[test]
    fn a_stale_price_is_no_override_unless_the_bytes_are_proved() {
        assert!(operator().is_override(&change("gpt-4o-mini", "0.5"), false));
        assert!(!operator().is_override(&change("gpt-4o-mini", "0.4"), false));
        assert!(operator().is_override(&change("gpt-4o-mini", "0.4"), true));
        assert!(!operator().is_override(&change("gpt-4o", "0.5"), true));
    }

    #[test]
    fn configured_models_and_deployment_ids_are_no_models_that_vanished() {
        assert!(operator().is_own("cheap") && operator().is_own(&"0123456789abcdef".repeat(4)));
        assert!(!operator().is_own("gpt-4o"));
    }
}
