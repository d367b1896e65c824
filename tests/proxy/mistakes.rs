//! Every fault and every kind of mistake that real maps had (HISTORY), at the source of a proxy that reads the gateway: no bad
//! value ever reaches it, and everything else does.

use serde_json::{Value, json};
use system_tests::{broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::gateway::{MODEL, PRICE, Through};
use crate::{MAIN, MIDDLE, OLDER};

/// One mistake in one entry: what is wrong, the model, and the map with it.
struct Mistake {
    what: &'static str,
    model: &'static str,
    map: Vec<u8>,
}

fn mistakes(newest: &[u8]) -> Vec<Mistake> {
    let field = |what, model, field, value: Value| Mistake {
        what,
        model,
        map: broken::with_field(newest, model, field, value),
    };
    let entry =
        |what, model: &'static str, text: &str| Mistake { what, model, map: broken::with_entry(newest, model, text) };
    vec![
        field("a per-token price of $0.001", MODEL, PRICE, json!(0.001)),
        field("a price ten times what it was", MODEL, PRICE, json!(2.6e-5)),
        field("a price that falls to nothing", MODEL, PRICE, json!(0)),
        field("output cheaper than input", MODEL, "output_cost_per_token", json!(1e-7)),
        field("a cached read dearer than input", MODEL, "cache_read_input_token_cost", json!(1e-4)),
        field("a price as text", MODEL, PRICE, json!("0.0000025")),
        field("a negative price", MODEL, PRICE, json!(-2.5e-6)),
        field("no provider", MODEL, "litellm_provider", Value::Null),
        field("a batch price above the plain one", MODEL, "input_cost_per_token_batches", json!(9e-6)),
        field("a priority price below the plain one", MODEL, "input_cost_per_token_priority", json!(1e-9)),
        field("an image for a dollar and more", "amazon.titan-image-generator-v1", "input_cost_per_image", json!(4.0)),
        field("a region far from its model", "azure/eu/gpt-4o-2024-11-20", PRICE, json!(2.5e-4)),
        field("a multiplier of nothing", MODEL, "regional_processing_uplift_multiplier_eu", json!(0)),
        field("a cached price that is gone", MODEL, "cache_read_input_token_cost", Value::Null),
        Mistake {
            what: "many models gone at once",
            model: "azure/eu/gpt-4o-2024-11-20",
            map: without_azure_eu_and_us(newest),
        },
        entry(
            "a new paid chat model for nothing",
            "openai/gpt-6.9-nano",
            r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0, "max_tokens": 8192}"#,
        ),
        entry(
            "a new model at a thousand times its peers",
            "azure_ai/gpt-4o",
            r#"{"litellm_provider": "azure_ai", "mode": "chat", "input_cost_per_token": 0.0025, "output_cost_per_token": 0.01, "max_tokens": 8192}"#,
        ),
    ]
}

/// A hundred models of two regions and more: below what holds the whole map, and more than ever went for a good reason.
fn without_azure_eu_and_us(map: &[u8]) -> Vec<u8> {
    let entries: serde_json::Map<String, Value> = serde_json::from_slice(map).unwrap();
    let of = |name: &&String| {
        ["azure/eu/", "azure/us/", "azure/global", "eu.", "us."].iter().any(|head| name.starts_with(head))
    };
    let gone: Vec<&str> = entries.keys().filter(of).map(String::as_str).collect();
    assert!(gone.len() > 100, "{}", gone.len());
    broken::without(map, &gone)
}

/// What is no map at all, or lost most of one.
fn faults(newest: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let price = |price: &str| {
        let text = format!(r#"{{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": {price}}}"#);
        broken::with_entry(newest, "zz-new", &text)
    };
    vec![
        ("a login page", broken::CAPTIVE_PORTAL.to_vec()),
        ("half a map", broken::half(newest)),
        ("nothing", Vec::new()),
        ("an empty object", b"{}".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a fifth of the models", broken::shrunk(newest, 20)),
        ("a byte order mark", broken::with_bom(newest)),
        ("NaN as a price", price("NaN")),
        ("an entry that is text", broken::with_entry(newest, "zz-new", "\"soon\"")),
    ]
}

fn none_reaches_the_proxy(version: &str) {
    let through = Through::start(version);
    through.begin();
    let newest = maps::load(NEWEST_PROXY);
    through.upstream.serve(&newest);
    through.run_after(1);
    let good = through.proxy.live_map();

    for (what, map) in faults(&newest) {
        through.upstream.serve(&map);
        through.sync();
        assert_eq!(through.proxy.live_map(), good, "{what}");
    }
    for Mistake { what, model, map } in mistakes(&newest) {
        // Something good comes with it.
        let fresh = format!("fresh-{}", what.len());
        let text = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06, "max_tokens": 8192}"#;
        through.upstream.serve(&broken::with_entry(&map, &fresh, text));
        let (exit, run) = through.sync();
        assert_eq!((exit, run["receipt"].is_null()), (0, false), "{what}: {run:#}");
        let live = through.proxy.live_map();
        assert_eq!(live[model], good[model], "{what} reached the proxy");
        assert!(live[&fresh].is_object(), "{what}: the rest did not come");
        let (_, review) = through.autosync.json(&["review"]);
        let asked = review["models"].as_array().unwrap().iter().any(|one| one["model"] == model);
        assert!(asked, "{what}: nobody is asked: {review:#}");
        // And a reload of the proxy's own brings nothing else.
        assert_eq!(through.proxy.post("/reload/model_cost_map").status, 200);
        assert_eq!(through.proxy.live_map()[model], good[model], "{what}, after its own reload");
    }
}

#[test]
fn no_mistake_of_history_reaches_the_main_proxy() {
    none_reaches_the_proxy(MAIN);
}

#[test]
fn no_mistake_of_history_reaches_the_middle_proxy() {
    none_reaches_the_proxy(MIDDLE);
}

#[test]
fn no_mistake_of_history_reaches_the_older_proxy() {
    none_reaches_the_proxy(OLDER);
}
