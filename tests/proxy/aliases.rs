//! The map of 1.110.2, with its 98 rows that are only other names, on the genuine proxies: proved on each, and what a
//! version would book at $0 is named on it.

use serde_json::{Value, json};
use system_tests::{Autosync, MapServer, ProxyOptions, RealProxy, Stage, broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::{MAIN, MIDDLE, OLDER, only_run};

/// A row of the map of 1.110.2 that a deployment of these tests asks for.
const ALIAS: &str = "claude-opus-latest";

/// A proxy of this version with one deployment more, of an alias; it holds the map before alias rows, and the map of today
/// is at hand.
fn stage(version: &str) -> Stage {
    let old = maps::load(maps::BEFORE_NEWEST);
    let upstream = MapServer::start(&old);
    let options = ProxyOptions::new(version, &upstream.url()).also(&format!("anthropic/{ALIAS}"));
    let proxy = RealProxy::start(&options);
    let new = maps::load(NEWEST_PROXY);
    Stage { proxy, upstream, version: version.into(), old, new }
}

fn entry(map: &[u8], name: &str) -> Value {
    serde_json::from_slice::<Value>(map).unwrap()[name].clone()
}

/// The rows of the map that are only other names, with what they stand for.
fn alias_rows(map: &[u8]) -> Vec<(String, String)> {
    let map: serde_json::Map<String, Value> = serde_json::from_slice(map).unwrap();
    map.iter().filter_map(|(name, row)| Some((name.clone(), row["alias_of"].as_str()?.to_owned()))).collect()
}

#[test]
fn the_map_of_today_is_taken_and_proved_by_each_version_and_aliases_are_what_that_serves() {
    for version in [OLDER, MIDDLE, MAIN] {
        let stage = stage(version);
        let autosync = stage.autosync();
        // From the map before: the proxy has it already.
        assert_eq!(only_run(&autosync.json(&["sync"]).1)["outcome"], "unchanged", "{version}");
        stage.upstream.serve(&stage.new);
        let (exit, answer) = autosync.json(&["sync"]);
        let run = only_run(&answer);
        assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{version}: {}", run["error"]);
        let rows = alias_rows(&stage.new);
        assert_eq!((rows.len(), run["alias_changes"].as_array().map(Vec::len)), (98, Some(98)), "{version}");
        let told = &run["alias_changes"][0];
        assert!(told["before"].is_null() && told["after"].is_string(), "{told}");

        // What the proxy serves: the target's entry from 1.110 on, the bare row before.
        let live = stage.proxy.live_map();
        let knows = version == MAIN;
        for (alias, target) in &rows {
            let served = &live[alias];
            let price = "input_cost_per_token";
            if knows {
                assert_eq!(served[price], live[target][price], "{version}: {alias} is not served as {target}");
                assert!(served["alias_of"].is_null());
            } else {
                assert_eq!(served["alias_of"].as_str(), Some(&**target), "{version}");
                assert!(served[price].is_null(), "{version}");
            }
        }
        // The receipt counts what was compared: on 1.110 every alias with all of its target's fields.
        let receipt = &run["receipt"];
        assert_eq!(receipt["revision"].as_str(), Some(&*maps::revision(&stage.new)), "{version}");
        let fields = |name: &str| entry(&stage.new, name).as_object().map_or(0, serde_json::Map::len) as u64;
        let of_targets: u64 = rows.iter().map(|(_, target)| fields(target)).sum();
        let compared = receipt["compared_fields"].as_u64().unwrap();
        println!("{version}: {compared} fields compared, at least {of_targets} of them under other names: {knows}");

        booked_at_nothing(version, run, &rows, knows);
        what_the_alias_costs(&stage, &autosync, knows);
    }
}

/// Older versions book calls of these names at $0: all of them are named on that proxy, its own first.
fn booked_at_nothing(version: &str, run: &Value, rows: &[(String, String)], knows: bool) {
    let of_rule = |finding: &&Value| finding["rule"] == "compat.alias_unpriced";
    let found: Vec<&Value> = run["findings"].as_array().unwrap().iter().filter(of_rule).collect();
    if knows {
        assert_eq!(found.len(), 0, "{version}: {found:?}");
        return;
    }
    assert_eq!(found.len(), rows.len(), "{version}");
    assert_eq!((&found[0]["model"], &found[0]["severity"]), (&ALIAS.into(), &"review".into()), "its own first");
    assert!(found[1..].iter().all(|finding| finding["severity"] == "info"));
    assert_eq!(found[0]["subject"].as_str(), Some(&*format!("LiteLLM {version}")));
}

/// The same name in `models`, `price`, `verify` and `status`, and what LiteLLM itself would charge.
fn what_the_alias_costs(stage: &Stage, autosync: &Autosync, knows: bool) {
    let target = entry(&stage.new, ALIAS)["alias_of"].as_str().unwrap().to_owned();
    let price = entry(&stage.new, &target)["input_cost_per_token"].as_f64().unwrap();
    let (_, models) = autosync.json(&["models", "--search", ALIAS]);
    // Other names carry this one in theirs, a provider's before it.
    let row = models["models"].as_array().unwrap().iter().find(|row| row["model"] == ALIAS).unwrap();
    assert_eq!((&row["model"], &row["alias_of"]), (&ALIAS.into(), &target.as_str().into()), "{models:#}");
    let told: f64 = row["prices"]["input_cost_per_token"].as_str().unwrap().parse().unwrap();
    assert!((told - price).abs() < f64::EPSILON);
    let (exit, priced) = autosync.json(&["price", ALIAS]);
    assert_eq!((exit, &priced["alias_of"]), (0, &target.as_str().into()), "{priced:#}");

    let (_, status) = autosync.json(&["status"]);
    let proxy = &status["proxies"][0];
    let names = |list: &Value, name: &str| list.as_array().unwrap().iter().any(|one| one == name);
    let (exit, verified) = autosync.json(&["verify", ALIAS]);
    let cost = charge_of_a_thousand_tokens(stage);
    if knows {
        assert_eq!((exit, &verified["agree"]), (0, &true.into()), "{verified:#}");
        assert_eq!(verified["stands_for"].as_str(), Some(&*target));
        assert!(names(&proxy["used_models"], ALIAS) && names(&proxy["used_models"], &target), "{proxy:#}");
        assert!(!names(&proxy["unpriced_models"], ALIAS), "{proxy:#}");
        assert!((cost - 1000.0 * price).abs() < 1e-9, "LiteLLM charges {cost}");
    } else {
        // What is shown is what is billed: nothing.
        assert_eq!((exit, &verified["agree"]), (1, &false.into()), "{verified:#}");
        assert!(names(&proxy["unpriced_models"], ALIAS), "{proxy:#}");
        assert!(cost.abs() < f64::EPSILON, "LiteLLM charges {cost}");
    }
}

fn charge_of_a_thousand_tokens(stage: &Stage) -> f64 {
    let answer = json!({
        "id": "x", "object": "chat.completion", "created": 0, "model": format!("anthropic/{ALIAS}"),
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ""}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000},
    });
    let reply = stage.proxy.post_json("/spend/calculate", &json!({"completion_response": answer}).to_string());
    reply.json()["cost"].as_f64().unwrap_or_default()
}

#[test]
fn odd_alias_rows_are_questions_about_themselves_and_a_moved_alias_is_told_with_its_effect() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    assert_eq!(autosync.json(&["sync"]).0, 0);
    let mut odd = stage.new.clone();
    let list = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06, "aliases": ["zz-listed"]}"#;
    for (name, row) in [
        ("zz-dangling", r#"{"alias_of": "nowhere"}"#),
        ("zz-chain", r#"{"alias_of": "claude-opus-latest"}"#),
        ("zz-self", r#"{"alias_of": "zz-self"}"#),
        ("zz-extra", r#"{"alias_of": "gpt-4o", "input_cost_per_token": 1}"#),
        ("zz-list", list),
    ] {
        odd = broken::with_entry(&odd, name, row);
    }
    odd = broken::with_field(&odd, ALIAS, "alias_of", "claude-haiku-4-5".into());
    stage.upstream.serve(&odd);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}");
    let findings = run["findings"].as_array().unwrap();
    let rules: Vec<&str> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();
    for rule in ["alias.dangling", "alias.chained", "alias.to_itself"] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    let changes = run["alias_changes"].as_array().unwrap();
    let of = |name: &str| changes.iter().find(|change| change["model"] == name).unwrap();
    assert_eq!(of("zz-listed")["after"], "zz-list");
    let moved = of(ALIAS);
    assert_eq!(moved["after"], "claude-haiku-4-5");
    assert!(moved["before"].is_string());
    let effects = moved["effects"].as_array().unwrap();
    for field in ["input_cost_per_token", "output_cost_per_token"] {
        assert!(effects.iter().any(|effect| effect["field"] == field), "{moved:#}");
    }
}

#[test]
fn a_key_in_another_header_opens_the_proxy() {
    for version in [MIDDLE, MAIN] {
        let upstream = MapServer::start(&maps::load(maps::BEFORE_NEWEST));
        let proxy = RealProxy::start(&ProxyOptions::new(version, &upstream.url()).key_header("X-Gate-Key"));
        let autosync = Autosync::new().env("PROXY_KEY", &proxy.key);
        autosync.ok(&["source", "set", &upstream.url()]);
        let add = ["proxy", "add", "local", &proxy.url, "--key-env", "PROXY_KEY", "--key-header", "X-Gate-Key"];
        autosync.ok(&add);
        let (exit, answer) = autosync.json(&["sync", "--force"]);
        assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"succeeded".into()), "{version}: {answer:#}");
    }
}

#[test]
fn a_proxy_in_offline_mode_reads_its_own_file_and_says_so() {
    let stage = Stage::start(MAIN, |options| options.env("LITELLM_OFFLINE_MODE", "true"));
    let autosync = stage.autosync();
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["error"]["code"]), (6, &"local_file".into()), "{run:#}");
    assert!(run["error"]["message"].to_string().contains("LITELLM_OFFLINE_MODE"), "{run:#}");
}
