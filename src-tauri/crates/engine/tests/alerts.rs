//! From what happens to what a team reads: real runs and real maps, told to a webhook. The receiver and the proxies are
//! stand-ins at the border.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod border;
mod stage;

use std::sync::Arc;

use border::{Border, answer, nobody};
use chrono::TimeDelta;
use engine::Engine;
use serde_json::{Value, json};
use stage::{Stage, check, order, passes};

/// A scheduled engine with these proxies and a webhook for everything.
async fn engine(stage: &Stage, receiver: &Border, proxies: &[(&str, String)]) -> Engine {
    let proxy =
        |(name, url): &(&str, String)| format!("[[proxy]]\nname = \"{name}\"\nurl = \"{url}\"\nkey = \"env:KEY\"\n");
    let proxies: String = proxies.iter().map(proxy).collect();
    let text = format!(
        "schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n[schedule]\npreset = \"off\"\non_change = false\n[[webhook]]\nname = \"team\"\nkind = \"json\"\nurl = \"env:HOOK\"\nalerts = [\"failures\", \"anomalies\", \"prices\", \"retiring\", \"fallback\", \"withdrawn\", \"new_models\"]\n{proxies}",
        stage.source().display()
    );
    std::fs::write(stage.home().settings(), text).unwrap();
    let url = receiver.url.clone();
    let environment = move |name: &str| match name {
        "HOOK" => Some(url.clone()),
        _ => (name == "KEY").then(|| "sk-1".to_owned()),
    };
    let engine = stage.start(Arc::new(environment), true).await;
    engine.ledger().follow_webhooks(vec!["team".into()]).await.unwrap();
    engine
}

/// What has been told, once nothing waits any more.
async fn told(engine: &Engine, stage: &Stage, receiver: &Border, at_least: usize) -> Vec<Value> {
    let is_told = |_: &_| receiver.requests().len() >= at_least;
    passes(engine, &stage.clock, TimeDelta::seconds(2), is_told).await;
    passes(engine, &stage.clock, TimeDelta::seconds(2), |team| team.state.waiting == 0).await;
    receiver.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn proxies_that_fail_together_are_one_alert_and_further_failures_none() {
    let stage = Stage::new();
    stage.map(1);
    let receiver = Border::start(|_, _| answer("204 No Content", "", "")).await;
    let (eu, us, ap) = (nobody().await, nobody().await, nobody().await);
    let engine = engine(&stage, &receiver, &[("eu", eu), ("us", us), ("ap", ap)]).await;
    let began = stage.clock.now();
    engine.sync(order(&[])).await.unwrap();
    engine.sync(order(&["eu"])).await.unwrap();
    engine.sync(order(&["us"])).await.unwrap();
    let bodies = told(&engine, &stage, &receiver, 1).await;
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    assert_eq!(bodies[0]["title"], "3 proxies could not be synced, 5 times since 12:00 UTC");
    let facts = &bodies[0]["facts"];
    assert_eq!((&facts["failures"], &facts["error"]["code"]), (&json!(5), &json!("proxy_unreachable")), "{facts:#}");
    assert_eq!(facts["since"], json!(began), "{facts:#}");
    engine.sync(order(&["eu"])).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(5));
    let bodies = told(&engine, &stage, &receiver, 1).await;
    assert_eq!(bodies.len(), 1, "that it goes on is obvious: {bodies:#?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_new_map_is_told_by_what_it_means_for_the_models_in_use() {
    let stage = Stage::new();
    let with = |price: &str, more: &str| {
        Stage::text(1).replacen(
            "\"input_cost_per_token\": 1e-06",
            &format!("\"input_cost_per_token\": {price}{more}"),
            1,
        )
    };
    stage.put(&with("1e-06", ""));
    let receiver = Border::start(|_, _| answer("200 OK", "", "ok")).await;
    let engine = engine(&stage, &receiver, &[("eu", nobody().await)]).await;
    check(&engine).await;
    engine.ledger().note_used("eu", &["model-0".into(), "model-2".into()]).await.unwrap();
    // Two of 60 models move; only one of them is in use, and it retires soon.
    let retires = r#", "deprecation_date": "2026-03-20", "successor_model": "model-1", "deprecation_source": "https://example.com/retirement""#;
    let text = with("8e-07", retires).replace(
        "\"model-9\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": 1e-06",
        "\"model-9\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": 2e-06",
    );
    stage.put(&text);
    check(&engine).await;
    let bodies = told(&engine, &stage, &receiver, 2).await;
    assert_eq!(bodies.len(), 2, "{bodies:#?}");
    assert_eq!((&bodies[0]["title"], &bodies[0]["alerts"]), (&json!("model-0 has new prices"), &json!(["prices"])));
    assert_eq!(bodies[0]["text"], "model-0: input 1.00 → 0.80 (−20%) per 1M tokens.");
    assert_eq!(
        bodies[0]["facts"]["repriced"],
        json!([{"model": "model-0", "field": "input_cost_per_token", "before": "0.000001", "after": "0.0000008"}])
    );
    assert_eq!(
        (&bodies[1]["title"], &bodies[1]["alerts"]),
        (&json!("model-0 retires in 16 days"), &json!(["retiring"]))
    );
    assert_eq!(
        bodies[1]["text"],
        "model-0 retires on 20 Mar. Successor model-1: input 1.00 per 1M tokens (now 0.80). https://example.com/retirement"
    );
    // The same look again, and a start of the program: nothing of it is news any more.
    check(&engine).await;
    engine.shutdown().await;
    assert_eq!(receiver.requests().len(), 2);
}
