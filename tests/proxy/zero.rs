//! Calls that the genuine proxy books at $0: real calls through it, to a stand-in for a provider of models.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::model_server::{ANSWER_TOKENS, PROMPT_TOKENS};
use system_tests::{ModelServer, ProxyOptions, RealProxy, Stage, broken};

use crate::{MAIN, OLDER};

/// LiteLLM writes what was spent every so many seconds, and up to five more.
const BATCH_SECONDS: &str = "1";

#[test]
fn what_was_called_and_booked_at_nothing_is_told_with_its_cause_and_what_is_free_is_not() {
    for version in [OLDER, MAIN] {
        let models = ModelServer::start();
        let deployments = [
            "unknown=openai/nobody-knows-this",
            "quiet=openai/nobody-knows-that",
            "set-to-zero=openai/gpt-4o-mini=0",
            "my-own-llama=openai/my-own-llama=0",
            "paid=openai/gpt-4o",
            "free=openai/free-of-charge",
        ];
        let stage = Stage::start(version, |options| {
            options.serving(&models.url(), &deployments).env("PROXY_BATCH_WRITE_AT", BATCH_SECONDS)
        });
        let free =
            r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0}"#;
        let map = broken::with_entry(&stage.old, "free-of-charge", free);
        stage.upstream.serve(&map);
        let autosync = stage.autosync();
        autosync.ok(&["sync", "--force"]);

        let calls = [("unknown", 3), ("set-to-zero", 2), ("my-own-llama", 1), ("paid", 1), ("free", 1)];
        for (model, times) in calls {
            for time in 0..times {
                call(&stage.proxy, model, time % 2 == 1);
            }
        }
        // What was booked is written in batches.
        let report = until(&stage.proxy, || {
            let (exit, answer) = autosync.json(&["zero"]);
            assert_eq!(exit, 0, "{version}: {answer:#}");
            let report = answer["proxies"][0].clone();
            let seen: u64 = report["models"].as_array().unwrap().iter().filter_map(|one| one["calls"].as_u64()).sum();
            (seen >= if version == OLDER { 3 } else { 5 }).then_some(report)
        });
        let each = PROMPT_TOKENS + ANSWER_TOKENS;
        let told: Vec<Value> = report["models"].as_array().unwrap().clone();
        let of = |at: usize| [&told[at]["model"], &told[at]["cause"], &told[at]["calls"], &told[at]["tokens"]];
        // On the older one a reload drops what an operator set (until 1.96): those calls are booked at the map's price.
        assert_eq!(told.len(), if version == OLDER { 1 } else { 2 }, "{version}: {report:#}");
        assert_eq!(of(0), [&json!("unknown"), &json!("no_price"), &json!(3), &json!(3 * each)], "{report:#}");
        assert_eq!(told[0]["entry"], "openai/nobody-knows-this");
        if version != OLDER {
            assert_eq!(
                of(1),
                [&json!("set-to-zero"), &json!("set_to_zero"), &json!(2), &json!(2 * each)],
                "{report:#}"
            );
        }
        let unpriced: Vec<&str> =
            report["unpriced"].as_array().unwrap().iter().filter_map(|one| one["model"].as_str()).collect();
        assert_eq!(unpriced, ["nobody-prices-it", "quiet", "unknown"], "called or not: {report:#}");

        let text = autosync.ok(&["zero", "--days", "1"]);
        assert!(
            text.contains("no price")
                && text.contains("sets 0") == (version != OLDER)
                && !text.contains("my-own-llama"),
            "{text}"
        );
        let doctor = autosync.run(&["doctor", "--json"]);
        let doctor: Value = serde_json::from_str(&doctor.stdout).unwrap();
        let items = doctor["items"].as_array().unwrap();
        let spend = items.iter().find(|item| item["about"] == "spend").unwrap();
        assert_eq!(spend["cause"], "price.none", "{spend:#}");
        assert!(
            spend["evidence"].as_str().is_some_and(|text| text.contains("unknown: 3 calls, 3,600 tokens")),
            "{spend:#}"
        );
    }
}

#[test]
fn a_proxy_without_a_database_says_so_and_its_models_without_a_price_are_told_all_the_same() {
    let stage = Stage::start(MAIN, ProxyOptions::without_database);
    let autosync = stage.autosync();
    // The map is promoted, and the proxy cannot be reloaded.
    autosync.run(&["sync"]);
    let (exit, answer) = autosync.json(&["zero"]);
    let report = &answer["proxies"][0];
    assert_eq!((exit, &report["error"]["code"]), (0, &json!("no_database")), "{answer:#}");
    assert_eq!(report["unpriced"][0]["model"], "nobody-prices-it", "{answer:#}");
}

/// One call of a model, as a stream or at once.
fn call(proxy: &RealProxy, model: &str, stream: bool) {
    let body = json!({
        "model": model, "stream": stream, "stream_options": stream.then(|| json!({ "include_usage": true })),
        "messages": [{ "role": "user", "content": "Say hello." }],
    });
    let reply = proxy.post_json("/v1/chat/completions", &body.to_string());
    assert_eq!(reply.status, 200, "{model}: {}\n{}", String::from_utf8_lossy(&reply.body), proxy.log());
}

fn until<T>(proxy: &RealProxy, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it was not written:\n{}", proxy.log());
        std::thread::sleep(Duration::from_secs(1));
    }
}
