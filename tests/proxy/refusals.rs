//! What a proxy refuses: each told for what it is, with the live map left alone.

use serde_json::Value;
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Autosync, Client, MapServer, Stage};

use crate::{MAIN, OLDER, code, live, only_run};

#[test]
fn a_wrong_key_is_unauthorised() {
    for version in [OLDER, MAIN] {
        let stage = Stage::shared(version);
        stage.upstream.serve(&stage.new);
        let before = live(&stage);
        let autosync = stage.autosync_with_key("sk-wrong-key-1234");
        let (exit, answer) = autosync.json(&["sync"]);
        assert_eq!((exit, code(&answer)), (5, "unauthorised"), "{version}: {answer:#}");
        assert_eq!(live(&stage), before);
        assert!(!answer.to_string().contains("sk-wrong-key-1234"), "the key is shown: {answer:#}");
    }
}

#[test]
fn a_key_that_is_no_admins_may_not_sync() {
    let stage = Stage::shared(MAIN);
    stage.upstream.serve(&stage.new);
    let made = stage.proxy.post_json("/key/generate", "{}").json();
    let key = made["key"].as_str().unwrap_or_else(|| panic!("{made:#}\n{}", stage.proxy.log()));
    let before = live(&stage);
    let (exit, answer) = stage.autosync_with_key(key).json(&["sync"]);
    assert_eq!((exit, code(&answer)), (5, "unauthorised"), "{answer:#}");
    assert_eq!(live(&stage), before);
}

#[test]
fn without_a_database_the_reason_and_the_remedy_are_told() {
    for version in [OLDER, MAIN] {
        let stage = Stage::start(version, system_tests::ProxyOptions::without_database);
        let autosync = stage.autosync();
        stage.upstream.serve(&stage.new);
        stage.upstream.forget_hits();
        let (exit, answer) = autosync.json(&["sync"]);
        assert_eq!((exit, code(&answer)), (1, "no_database"), "{version}: {answer:#}");
        let message = only_run(&answer)["error"]["message"].as_str().unwrap_or_default().to_lowercase();
        assert!(message.contains("database"), "{message}");
        assert!(!message.contains("not scheduled"), "{message}");
        assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to reload all the same");

        let (_, status) = autosync.json(&["status"]);
        let proxy = &status["proxies"][0];
        assert_eq!(proxy["database"], Value::Bool(false), "{proxy:#}");
        assert!(proxy["proxy_schedule"].is_null(), "its answer \"not scheduled\" means unknown: {proxy:#}");

        let (exit, answer) = autosync.json(&["schedule", "set", "--every", "6h", "--on", "proxy"]);
        assert_eq!((exit, code(&answer)), (1, "no_database"), "{version}: {answer:#}");
    }
}

#[test]
fn a_proxy_that_reads_another_address_is_not_reloaded() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let elsewhere = MapServer::start(&stage.new);
    autosync.ok(&["source", "set", &elsewhere.url()]);
    for args in [&["sync"][..], &["sync", "--force"]] {
        let (exit, answer) = autosync.json(args);
        assert_eq!((exit, code(&answer)), (1, "source_mismatch"), "{answer:#}");
        let message = only_run(&answer)["error"]["message"].as_str().unwrap();
        assert!(message.contains(&stage.upstream.url()) && message.contains(&elsewhere.url()), "{message}");
    }
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty());
}

#[test]
fn a_proxy_that_is_forced_to_its_own_file_is_not_said_to_have_the_map() {
    let stage = Stage::start(MAIN, |options| options.env("LITELLM_LOCAL_MODEL_COST_MAP", "True"));
    let autosync = stage.autosync();
    stage.set_back(); // the first reload of a proxy registers its configured models anew
    // The map of its own file is the newest: the upstream has another one, which it never reads.
    let before = live(&stage);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"], code(&answer)), (6, &"unproven".into(), "local_file"), "{run:#}");
    let message = run["error"]["message"].as_str().unwrap();
    assert!(message.contains("LITELLM_LOCAL_MODEL_COST_MAP"), "{message}");
    assert!(run["receipt"].is_null(), "{run:#}");
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty());
    assert!(live(&stage) == before, "the live map changed");
    let (_, status) = autosync.json(&["status"]);
    let proxy = &status["proxies"][0];
    assert_eq!((&proxy["reads"], &proxy["sync"]), (&"local_file".into(), &"behind".into()), "{proxy:#}");
}

#[test]
fn nothing_there_and_something_else_there_are_unreachable() {
    let upstream = MapServer::start(&system_tests::maps::load(MAIN));
    let autosync = Autosync::knowing(&upstream.url(), "http://127.0.0.1:9", "sk-1234");
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, code(&answer)), (4, "proxy_unreachable"), "{answer:#}");

    // A web server that is no LiteLLM is not added, and never sees the key.
    let other = MapServer::start(b"{}");
    let url = other.url().replace("/model_prices_and_context_window.json", "");
    let (exit, answer) = autosync.json(&["proxy", "add", "other", &url, "--key-env", KEY_VARIABLE]);
    assert_eq!((exit, code(&answer)), (4, "not_litellm"), "{answer:#}");
    assert!(other.hits().iter().all(|hit| hit.header("authorization").is_none()), "{:?}", other.hits());
}
