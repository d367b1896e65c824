//! Every way in which the host of the map fails: held or unreachable, and neither the promoted nor the live map moves.

use std::sync::Arc;

use serde_json::{Value, json};
use system_tests::{Answer, Autosync, Client, MapServer, Stage, broken, long, maps};

use crate::{MAIN, code, live};

/// Bytes that arrive, but are no map to be trusted.
fn broken_maps(old: &[u8], map: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let chat = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": "#;
    let entry = |price: &str| broken::with_entry(map, "zz-new", &format!("{chat}{price}}}"));
    vec![
        ("a captive portal's page", broken::CAPTIVE_PORTAL.to_vec()),
        ("half a map", broken::half(map)),
        ("nothing", Vec::new()),
        ("an empty object", b"{}".to_vec()),
        ("a list", b"[]".to_vec()),
        ("an extra comma", br#"{"gpt-4o": {"input_cost_per_token": 1e-6,,}}"#.to_vec()),
        ("most models gone", broken::shrunk(map, 40)),
        ("a fifth of the models gone", broken::shrunk(old, 80)),
        ("a byte order mark", broken::with_bom(map)),
        ("NaN as a price", entry("NaN")),
        ("an entry that is text", broken::with_entry(map, "zz-new", "\"soon\"")),
        ("an entry that is null", broken::with_entry(map, "zz-new", "null")),
    ]
}

/// What is wrong with one entry, and cannot be priced at all.
fn broken_entries() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("a price as text", "input_cost_per_token", json!("0.000001")),
        ("a negative price", "input_cost_per_token", json!(-1)),
        ("no provider", "litellm_provider", Value::Null),
        ("a limit with a fraction", "max_input_tokens", json!(1.5)),
    ]
}

#[test]
fn a_broken_entry_keeps_only_those_proxies_back_that_it_prices() {
    let stage = Stage::shared(MAIN);
    for (what, field, value) in broken_entries() {
        // One of the proxy's own deployments, and a model that nobody here uses.
        for (model, is_used) in [("gpt-4o", true), ("gpt-4o-2024-08-06", false)] {
            stage.set_back();
            let autosync = stage.autosync();
            assert_eq!(autosync.json(&["sync"]).0, 0);
            stage.upstream.forget_hits();
            let before = live(&stage);
            stage.upstream.serve(&broken::with_field(&stage.old, model, field, value.clone()));
            let (exit, answer) = autosync.json(&["sync"]);
            let run = &answer["runs"][0];
            let finding = &run["findings"][0];
            assert_eq!((&finding["model"], &finding["broken"]), (&model.into(), &true.into()), "{what}: {run:#}");
            assert_eq!(run["held_models"], json!([model]), "{what}: it keeps its old entry here: {run:#}");
            if is_used {
                assert_eq!((exit, &run["outcome"]), (3, &"held".into()), "{what}: {run:#}");
                assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "{what}: the proxy was asked to reload");
                assert_eq!(live(&stage), before, "{what}");
            } else {
                assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{what}: {run:#}");
            }
        }
    }
}

#[test]
fn a_broken_map_is_held_and_nothing_moves() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    let (_, status) = autosync.json(&["status"]);
    let promoted = status["promoted"]["revision"].clone();
    assert_eq!(promoted.as_str(), Some(&*maps::revision(&stage.old)));
    let before = live(&stage);
    stage.upstream.forget_hits();
    for (what, bytes) in broken_maps(&stage.old, &stage.new) {
        stage.upstream.serve(&bytes);
        for args in [&["sync"][..], &["sync", "--force"]] {
            let (exit, answer) = autosync.json(args);
            assert_eq!(exit, 3, "{what} {args:?}: {answer:#}");
            assert_eq!(answer["runs"][0]["outcome"], "held", "{what}: {answer:#}");
            let findings = answer["runs"][0]["findings"].as_array().unwrap();
            assert!(findings.iter().any(|finding| finding["severity"] == "hold"), "{what}: {answer:#}");
        }
        let (_, status) = autosync.json(&["status"]);
        assert_eq!(status["promoted"]["revision"], promoted, "{what} was promoted");
    }
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to load a held map");
    assert_eq!(live(&stage), before);

    // The host is well again, and so is everything.
    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (0, &"succeeded".into()), "{answer:#}");
}

/// Bytes that do not arrive.
fn failing_hosts(map: &[u8]) -> Vec<(&'static str, Answer, &'static str)> {
    let map: Arc<[u8]> = map.into();
    let mut hosts = vec![
        ("not found", Answer::Status(404), "source_status"),
        ("forbidden", Answer::Status(403), "source_status"),
        ("a failing server", Answer::Status(500), "source_status"),
        ("too many requests", Answer::Status(429), "source_status"),
        ("too many requests, with a time", Answer::TooMany(1), "source_status"),
        ("a connection that ends at once", Answer::Drop, "source_unreachable"),
        ("a connection that ends in the middle", Answer::CutShort(map), "source_unreachable"),
        ("a body that unpacks to 100 MiB", Answer::GzipBomb(100), "source_too_large"),
        ("a redirect to a file", Answer::Redirect("file:///etc/hostname".into()), "source_redirect"),
    ];
    if long() {
        hosts.push(("a body that drips", Answer::Drip, "source_unreachable")); // 3 minutes, until the whole fetch is over
    }
    hosts
}

#[test]
fn a_host_that_fails_is_unreachable_and_the_map_stays() {
    let map = maps::load(MAIN);
    // Each in its own home and all at once: most of their time is waiting between attempts.
    std::thread::scope(|scope| {
        for (what, answer, expected) in failing_hosts(&map) {
            let map = &map;
            scope.spawn(move || {
                let upstream = MapServer::start(map);
                let autosync = Autosync::new();
                autosync.ok(&["source", "set", &upstream.url()]);
                autosync.ok(&["sync"]);
                let promoted = |status: &Value| status["promoted"].clone();
                let (_, before) = autosync.json(&["status"]);
                assert_eq!(promoted(&before)["upstream"].as_str(), Some(&*maps::revision(map)), "{what}");
                upstream.answer(answer);
                let (exit, answer) = autosync.json(&["sync"]);
                assert_eq!((exit, code(&answer)), (4, expected), "{what}: {answer:#}");
                let (_, after) = autosync.json(&["status"]);
                assert_eq!(promoted(&after), promoted(&before), "{what}");
                assert_eq!(after["source"]["error"]["code"], expected, "{what}: {after:#}");
            });
        }
    });
}

#[test]
fn a_failing_host_leaves_the_proxy_alone() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    let before = live(&stage);
    stage.upstream.forget_hits();
    stage.upstream.answer(Answer::Status(404));
    let (exit, answer) = autosync.json(&["sync", "--force"]);
    assert_eq!((exit, code(&answer)), (4, "source_status"), "{answer:#}");
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty());
    assert_eq!(live(&stage), before);
}

#[test]
fn too_many_requests_is_tried_again_and_then_works() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.answer_only(Client::Autosync, Answer::TooMany(1));
    let syncing = autosync.spawn(&["sync", "--json"]);
    stage.upstream.wait_for_hits(1);
    stage.upstream.serve(&stage.new);
    let finished = syncing.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

#[test]
fn a_map_that_did_not_change_is_not_sent_again() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    stage.upstream.forget_hits();
    autosync.ok(&["sync"]);
    let hits = stage.upstream.hits_of(Client::Autosync);
    let etag = format!("W/\"{}\"", maps::revision(&stage.old));
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].header("if-none-match"), Some(&*etag));
}
