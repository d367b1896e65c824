//! What the proxy holds and prices.

use costmap::CostMap;
use engine::status::{PriceList, UsedModels};
use rstest::rstest;

use crate::border::{Answer, Border};
use crate::replay::{MASTER, Recorded, Replay, client, reply};

#[rstest]
#[case("1.75.5.post2")]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[tokio::test]
async fn callable_models_are_counted(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "m-v1-models"]).await;
    let client = proxy.client(MASTER);
    assert_eq!(client.models().await.unwrap(), ["gpt-4o", "claude", "my-custom", "gpt-4o-mini-override"]);
    assert_eq!(client.callable_models().await, Ok(4));
}

/// Recorded after a reload: on 1.90.7 the configured models are gone from the live map, and their prices still known here.
#[rstest]
#[case("1.90.7", None)]
#[case("1.102.4", Some("openai/my-finetune"))]
#[tokio::test]
async fn what_the_operator_configured_is_told_from_what_the_map_has(#[case] version: &str, #[case] key: Option<&str>) {
    let proxy = Replay::of(version, &["model-hub-info", "m-v1-model-info"]).await;
    let deployments = proxy.client(MASTER).deployments().await.unwrap();
    let [plain, _, custom, overridden] = &deployments[..] else { panic!("{deployments:?}") };
    assert_eq!((plain.name.as_str(), plain.configured.len()), ("gpt-4o", 0), "{plain:?}");
    assert_eq!((plain.model.as_deref(), plain.key.as_deref()), (Some("openai/gpt-4o"), Some("gpt-4o")));
    assert_eq!(custom.key.as_deref(), key);
    assert_eq!(custom.configured["input_cost_per_token"].to_string(), "0.000009");
    assert_eq!(custom.configured["max_input_tokens"].to_string(), "1234");
    let prices: Vec<_> = overridden.configured.iter().map(|(field, price)| format!("{field}={price}")).collect();
    assert_eq!(prices, ["input_cost_per_token=0.5", "output_cost_per_token=0.75"]);
    assert!(overridden.id.as_ref().is_some_and(|id| id.len() == 64));
}

/// On 1.102.4 the operator's own model has a key too, its own name: that is no entry of the map.
#[rstest]
#[case("1.90.7")]
#[case("1.102.4")]
#[tokio::test]
async fn what_deployments_are_priced_by_is_told_with_a_map_and_without(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "m-v1-model-info"]).await;
    let mut deployments = proxy.client(MASTER).deployments().await.unwrap();
    let map = CostMap::parse(r#"{"gpt-4o": {}, "claude-sonnet-4-5": {}, "gpt-4o-mini": {}, "other": {}}"#).unwrap();
    let map = PriceList::of(&map);
    for map in [Some(&map), None] {
        let told = UsedModels::of(&deployments, map, true);
        assert_eq!(told.used, ["claude-sonnet-4-5", "gpt-4o", "gpt-4o-mini"]);
        assert_eq!(told.unpriced, Vec::<String>::new());
    }
    // Without the prices of its own, nothing prices the operator's model.
    deployments[2].configured.clear();
    assert_eq!(UsedModels::of(&deployments, Some(&map), true).unpriced, ["my-custom"]);
}

/// Trap 10.
#[tokio::test]
async fn replicas_that_disagree_are_noticed() {
    let hub = Recorded::read("1.102.4", "model-hub-info");
    let (old, new) = (Recorded::read("1.102.4", "source"), Recorded::read("1.102.4", "source-after"));
    let again = Recorded::read("1.102.4", "source");
    let proxy = Replay::start(vec![hub, old, new, again]).await;
    let client = proxy.client(MASTER);
    let answers = client.source_info_sampled(4).await.unwrap();
    assert_eq!(answers.iter().map(|info| info.model_count).collect::<Vec<_>>(), [3921, 4557]);
    assert_eq!(client.source_info_sampled(3).await.unwrap().len(), 1, "now they agree");
}

/// A load balancer that picks a replica for each connection would show the same one to a client that keeps its own.
#[tokio::test]
async fn each_question_takes_a_connection_of_its_own() {
    let [hub, source] = ["model-hub-info", "source"].map(|case| Recorded::read("1.102.4", case).body);
    let border = Border::start(move |_, request| {
        let body = if request.line.ends_with("info") { &hub } else { &source };
        match reply("200 OK", body) {
            Answer::Bytes(bytes) => Answer::KeepAlive(bytes),
            other => other,
        }
    })
    .await;
    client(&border.url, MASTER).source_info_sampled(3).await.unwrap();
    let connections: Vec<_> = border.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1, 2, 3]);
}

#[tokio::test]
async fn an_old_proxy_knows_no_source() {
    let proxy = Replay::of("1.80.17", &["model-hub-info", "source"]).await;
    assert_eq!(proxy.client(MASTER).source_info_sampled(3).await, Ok(Vec::new()));
    assert_eq!(proxy.asked().len(), 2, "asked once is enough");
}
