//! The promoted map in a bucket: the genuine proxy reads it there by itself, and several machines publish to one place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Autosync, MASTER_KEY, MapServer, ProxyOptions, RealProxy, broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::gateway::{MODEL, PRICE};
use crate::s3::{BUCKET, S3};
use crate::{MAIN, code, only_run};

const OBJECT: &str = "litellm/model_prices.json";

fn target() -> String {
    format!("s3://{BUCKET}/{OBJECT}")
}

/// A home that publishes to the bucket.
fn machine(s3: &S3, upstream: &MapServer) -> Autosync {
    let with_keys = s3.variables().iter().fold(Autosync::new(), |home, (name, value)| home.env(name, value));
    let autosync = with_keys.env(KEY_VARIABLE, MASTER_KEY);
    autosync.ok(&["source", "set", &upstream.url()]);
    autosync
}

fn there(s3: &S3) -> String {
    maps::revision(&s3.object(OBJECT).unwrap())
}

#[test]
fn the_genuine_proxy_reads_what_is_published_and_never_a_bad_price() {
    let s3 = S3::start();
    let old = maps::load(maps::BEFORE_NEWEST);
    let upstream = MapServer::start(&old);
    let autosync = machine(&s3, &upstream);
    autosync.ok(&["sync"]);
    let (exit, state) = autosync.json(&["publish", "--to", &target()]);
    assert_eq!((exit, state["revision"].as_str()), (0, Some(&*maps::revision(&old))), "{state:#}");
    assert!(state["etag"].is_string() && state["published_at"].is_string(), "{state:#}");
    assert_eq!(there(&s3), maps::revision(&old), "byte for byte");

    let options = ProxyOptions::new(MAIN, &target());
    let proxy =
        RealProxy::start(&s3.variables().iter().fold(options, |options, (name, value)| options.env(name, value)));
    autosync.ok(&["proxy", "add", "cluster", &proxy.url, "--key-env", KEY_VARIABLE]);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, only_run(&answer)["receipt"].is_null()), (0, false), "{answer:#}");
    let (_, status) = autosync.json(&["status"]);
    let shown = &status["proxies"][0];
    assert_eq!((&shown["reads"], &shown["sync"]), (&"bucket".into(), &"synced".into()), "{shown:#}");
    let price = |model: &str| proxy.live_map()[model][PRICE].clone();
    let good = price(MODEL);

    // Upstream's mistake stays there; the rest is published, loaded and proved.
    let newest = maps::load(NEWEST_PROXY);
    let wrong = broken::with_field(&newest, MODEL, PRICE, json!(0.0025));
    upstream.serve(&wrong);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(run["upstream"].as_str(), Some(&*maps::revision(&wrong)), "{run:#}");
    assert_eq!(run["to"].as_str(), Some(&*there(&s3)), "what is published is what was proved: {run:#}");
    assert_eq!(price(MODEL), good);
    assert!(!price("gpt-6-cyber").is_null());

    // A person's decision, an own price and a rollback get there the same way, without any gateway.
    let proved = |args: &[&str]| {
        let (exit, answer) = autosync.json(args);
        assert_eq!((exit, only_run(&answer)["receipt"].is_null()), (0, false), "{args:?}: {answer:#}");
        assert_eq!(only_run(&answer)["to"].as_str(), Some(&*there(&s3)), "{args:?}: {answer:#}");
    };
    proved(&["approve", MODEL]);
    assert_eq!(price(MODEL), json!(0.0025));
    proved(&["overlay", "set", MODEL, "input_cost_per_token=1.80/1M"]);
    assert_eq!(price(MODEL), json!(1.8e-6));
    proved(&["rollback"]);
    assert!(price("gpt-6-cyber").is_null());
    proved(&["unpin"]);
    assert!(!price("gpt-6-cyber").is_null());

    // Another machine replaces it knowingly: ours is told, and the proxy is not made to load something else.
    let behind = MapServer::start(&old);
    let other = machine(&s3, &behind);
    other.ok(&["sync"]);
    let (exit, state) = other.json(&["publish", "--to", &target()]);
    assert_eq!((exit, &state["error"]["code"]), (1, &Value::from("published_elsewhere")), "{state:#}");
    let (exit, state) = other.json(&["publish", "--replace"]);
    assert_eq!((exit, state["error"].is_null()), (0, true), "{state:#}");
    let (exit, answer) = autosync.json(&["overlay", "remove", MODEL]);
    assert_eq!((exit, code(&answer)), (1, "published_elsewhere"), "{answer:#}");
    assert_eq!(price(MODEL), json!(1.8e-6), "it keeps its map");
    assert_eq!(there(&s3), maps::revision(&old), "nothing is overwritten unseen");
    let (exit, state) = autosync.json(&["publish", "--replace"]);
    assert_eq!((exit, state["error"].is_null()), (0, true), "{state:#}");
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(price(MODEL), json!(0.0025));
}

#[test]
fn two_machines_notice_each_other_and_nothing_older_comes_over_something_newer() {
    let s3 = S3::start();
    let map = maps::load(maps::BEFORE_NEWEST);
    let text = String::from_utf8(map).unwrap();
    // Each is one byte longer than the one before.
    let revisions: Vec<Vec<u8>> = (0..24).map(|n| format!("{text}{}", "\n".repeat(n)).into_bytes()).collect();
    let upstream = MapServer::start(&revisions[0]);
    let (one, two) = (machine(&s3, &upstream), machine(&s3, &upstream));
    one.ok(&["sync"]);
    two.ok(&["sync"]);
    one.ok(&["publish", "--to", &target()]);
    let (exit, state) = two.json(&["publish", "--to", &target()]);
    assert_eq!((exit, state["error"].is_null()), (0, true), "the same map is taken over: {state:#}");

    // One is ahead: the other leaves its map alone, and takes it over once it has it too.
    upstream.serve(&revisions[1]);
    one.ok(&["sync"]);
    assert_eq!(there(&s3), maps::revision(&revisions[1]));
    let (exit, state) = two.json(&["publish"]);
    assert_eq!((exit, &state["error"]["code"]), (1, &Value::from("published_elsewhere")), "{state:#}");
    assert_eq!(there(&s3), maps::revision(&revisions[1]), "nothing older over something newer");
    two.ok(&["sync"]);
    let (exit, state) = two.json(&["publish"]);
    assert_eq!((exit, state["error"].is_null()), (0, true), "{state:#}");

    // Both at once, while the source moves on.
    let known: Vec<String> = revisions.iter().map(|map| maps::revision(map)).collect();
    let over = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watcher = scope.spawn({
            let (over, known, s3) = (Arc::clone(&over), &known, &s3);
            move || {
                let mut newest = 0;
                while !over.load(Ordering::Relaxed) {
                    // The server of the tests replaces a file in one step.
                    if let Some(bytes) = s3.object(OBJECT).filter(|bytes| !bytes.is_empty()) {
                        let place = known.iter().position(|known| *known == maps::revision(&bytes));
                        let place = place.expect("one whole map");
                        assert!(place >= newest, "{place} came over {newest}");
                        newest = place;
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                newest
            }
        });
        for revision in &revisions[2..] {
            upstream.serve(revision);
            std::thread::scope(|both| {
                both.spawn(|| drop(one.json(&["sync"])));
                both.spawn(|| drop(two.json(&["sync"])));
            });
        }
        over.store(true, Ordering::Relaxed);
        let newest = watcher.join().unwrap();
        assert!(newest >= revisions.len() - 2, "{newest}");
    });
    assert_eq!(there(&s3), known[revisions.len() - 1]);
    for machine in [&one, &two] {
        let (exit, state) = machine.json(&["publish"]);
        assert_eq!((exit, state["error"].is_null()), (0, true), "{state:#}");
    }
}

#[test]
fn a_folder_has_the_map_in_one_step_and_wrong_keys_are_told() {
    let s3 = S3::start();
    let upstream = MapServer::start(&maps::load(maps::BEFORE_NEWEST));
    let autosync = machine(&s3, &upstream);
    autosync.ok(&["sync"]);
    let folder = autosync.home().join("www");
    std::fs::create_dir(&folder).unwrap();
    let (exit, state) =
        autosync.json(&["publish", "--to", folder.to_str().unwrap(), "--url", "https://prices.example/map.json"]);
    assert_eq!((exit, state["error"].is_null()), (0, true), "{state:#}");
    assert_eq!(state["url"], "https://prices.example/map.json", "{state:#}");
    let file = folder.join("model_prices_and_context_window.json");
    assert_eq!(maps::revision(&std::fs::read(&file).unwrap()), state["revision"].as_str().unwrap());

    let wrong = autosync.env("AWS_SECRET_ACCESS_KEY", "sk-wrong-secret");
    let (exit, state) = wrong.json(&["publish", "--to", &target()]);
    assert_eq!((exit, &state["error"]["code"]), (1, &Value::from("publish_failed")), "{state:#}");
    assert!(!state.to_string().contains("sk-wrong-secret"), "{state:#}");
    let (exit, answer) = wrong.json(&["publish", "--to", "s3://user:pw@prices/key"]);
    assert_eq!((exit, code(&answer)), (1, "invalid_setting"), "{answer:#}");
}
