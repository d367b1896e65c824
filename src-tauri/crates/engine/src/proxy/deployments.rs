//! What the proxy's operator configured: the deployments, with the prices and limits of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answers::text;
use super::call::Call;
use super::client::ProxyClient;
use crate::Result;

/// One configured model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// What users call.
    pub name: String,
    /// The deployment's id. The live map has an entry of this name, 64 hexadecimal digits, with the operator's prices.
    pub id: Option<String>,
    /// What LiteLLM calls in turn: `openai/gpt-4o`.
    pub model: Option<String>,
    /// The entry of the live map that it is priced by, as the proxy itself says.
    pub key: Option<String>,
    /// Numbers that the operator set, by their field: prices and limits that differ from the map on purpose.
    pub configured: BTreeMap<String, f64>,
    /// Whether the proxy shows a price above zero for it that nobody configured: one of its cost map.
    #[serde(default)]
    pub has_map_price: bool,
}

impl ProxyClient {
    /// The configured models (`/v1/model/info`).
    pub async fn deployments(&self) -> Result<Vec<Deployment>> {
        let what = "list its deployments";
        let reply = self.keyed(Call::get("v1/model/info")).await?;
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, what));
        }
        let list =
            reply.json().and_then(|json| json.get("data")?.as_array()).ok_or_else(|| self.odd_answer(&reply, what))?;
        Ok(list.iter().filter_map(deployment).collect())
    }
}

fn deployment(json: &Value) -> Option<Deployment> {
    let empty = Map::new();
    let object = |field| json.get(field).and_then(Value::as_object).unwrap_or(&empty);
    let (info, params) = (object("model_info"), object("litellm_params"));
    let priced = params.iter().filter(|(field, _)| field.contains("cost"));
    let mut configured = BTreeMap::new();
    for (field, value) in priced.chain(of_the_operator(info)) {
        collect(field, value, &mut configured);
    }
    Some(Deployment {
        name: text(json, "model_name")?,
        id: json.get("model_info").and_then(|info| text(info, "id")),
        model: json.get("litellm_params").and_then(|params| text(params, "model")),
        key: json.get("model_info").and_then(|info| text(info, "key")),
        configured,
        has_map_price: has_price(info.iter().skip_while(|(field, _)| *field != "key")),
    })
}

fn has_price<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>) -> bool {
    let mut prices = BTreeMap::new();
    for (field, value) in fields {
        collect(field, value, &mut prices);
    }
    prices.iter().any(|(field, price)| field.contains("cost") && *price > 0.0)
}

/// The operator's own fields of `model_info`. LiteLLM writes those first and then adds what the map has, which begins
/// with `key`; where there is no `key`, nothing was added (seen on 1.75.5 to 1.109.1).
fn of_the_operator(info: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    info.iter().take_while(|(field, _)| *field != "key")
}

/// Numbers by their path, nested ones too: `search_context_cost_per_query.search_context_size_high`, `tiered_pricing[1].x`.
fn collect(path: &str, value: &Value, into: &mut BTreeMap<String, f64>) {
    match value {
        Value::Number(number) => {
            into.extend(number.as_f64().map(|number| (path.to_owned(), number)));
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                collect(&format!("{path}.{field}"), value, into);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(&format!("{path}[{index}]"), value, into);
            }
        }
        _ => {}
    }
}
