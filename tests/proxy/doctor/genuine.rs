//! What is wrong with a proxy, or between it and its map, on genuine ones. Stages are shared, and set back before each.

use system_tests::turns::Turns;
use system_tests::{Answer, Autosync, Client, MapServer, Stage, broken};

use super::machine::PRICED;
use super::others::{EVERY_POLL, REPLICAS};
use super::{Planted, finds_nothing, shows};
use crate::{MAIN, MIDDLE, OLDER};

type SetUp = (&'static str, &'static str, fn(&mut Stage) -> Planted);

/// A model that a set-up brings anew.
const FRESH: &str = "brand-new-model";

pub(super) const SET_UPS: &[SetUp] = &[
    ("no key is known", "key.missing", |stage| {
        let autosync = Autosync::new();
        autosync.ok(&["source", "set", &stage.upstream.url()]);
        autosync.ok(&["proxy", "add", "local", &stage.proxy.url, "--key-env", "NOBODY_SET_IT"]);
        Planted::in_home(autosync)
    }),
    ("the key is wrong", "key.rejected", |stage| Planted::in_home(stage.autosync_with_key("sk-wrong-key-1234"))),
    ("the key is a user's", "key.not_admin", |stage| {
        let made = stage.proxy.post_json("/key/generate", "{}").json();
        Planted::in_home(stage.autosync_with_key(made["key"].as_str().unwrap()))
    }),
    ("the proxy reads another address", "reads.other_source", |stage| {
        let elsewhere = MapServer::start(&stage.old);
        let autosync = stage.autosync();
        autosync.ok(&["source", "set", &elsewhere.url()]);
        Planted::in_home(autosync).with(elsewhere)
    }),
    ("nobody has synced yet", "sync.first", |stage| Planted::in_home(stage.autosync())),
    ("nobody has synced yet, and a model is missing", "sync.first", |stage| {
        let autosync = stage.autosync();
        stage.upstream.serve(&broken::with_entry(&stage.old, FRESH, PRICED));
        Planted::in_home(autosync).asked(FRESH)
    }),
    ("the source has a newer map", "sync.behind", |stage| newer(stage).asked(FRESH)),
    ("a price has moved", "sync.behind", |stage| {
        let planted = synced(stage);
        stage.upstream.serve(&broken::with_field(&stage.old, "gpt-4.1", "output_cost_per_token", 9e-6.into()));
        planted.asked("gpt-4.1")
    }),
    ("the schedule is paused", "sync.paused", |stage| {
        let planted = synced(stage);
        planted.autosync.ok(&["pause"]);
        stage.upstream.serve(&broken::with_entry(&stage.old, FRESH, PRICED));
        planted.asked(FRESH)
    }),
    ("the proxy fetched an older copy by itself", "sync.behind", |stage| {
        let planted = newer(stage);
        planted.autosync.ok(&["sync"]);
        stage.upstream.answer_only(Client::Proxy, Answer::map(&stage.old));
        assert_eq!(stage.proxy.post("/reload/model_cost_map").status, 200);
        planted
    }),
    ("the checks hold the new map", "gate.held", |stage| {
        let planted = synced(stage);
        let shrunk = broken::shrunk(&stage.old, 70);
        stage.upstream.serve(&broken::with_entry(&shrunk, FRESH, PRICED));
        planted.autosync.run(&["sync"]);
        planted.asked(FRESH)
    }),
    ("a direct proxy waits for the review", "gate.review", |stage| {
        let planted = synced(stage);
        planted.autosync.configure("gate", "direct = \"wait\"");
        stage.upstream.serve(&broken::with_field(&stage.old, "gpt-4o", "input_cost_per_token", 5e-5.into()));
        planted.autosync.run(&["sync"]);
        planted.asked("gpt-4o")
    }),
    ("the live map cannot be read", "live.broken", |stage| {
        let planted = synced(stage);
        let nan = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": NaN}"#;
        stage.upstream.answer_only(Client::Proxy, Answer::map(&broken::with_entry(&stage.old, "zz-new", nan)));
        assert_eq!(stage.proxy.post("/reload/model_cost_map").status, 200);
        planted.asked("gpt-4o")
    }),
    ("an own model on a proxy that reads the source itself", "overlay.unread", |stage| {
        let planted = synced(stage);
        let file = planted.autosync.home().join("data/overlay.json");
        std::fs::write(file, format!(r#"{{"our-own-model": {PRICED}}}"#)).unwrap();
        planted.asked("our-own-model")
    }),
    ("the proxy reloads on its own schedule", "schedule.own", |stage| {
        let planted = synced(stage);
        planted.autosync.ok(&["schedule", "set", "--every", "6h", "--on", "proxy"]);
        planted
    }),
];

/// Of a home and a proxy that are in order, what is asked for is the matter: one home answers all.
pub(super) const QUESTIONS: &[(&str, &str, &str)] = &[
    ("the operator set the price of a deployment", "price.operator", "my-custom"),
    ("a deployment asks for what no map has", "name.unknown", "nobody-prices-it"),
    ("a name in other letters on a genuine proxy", "name.case", "CLAUDE-sonnet-4-5"),
    ("it is called by another name", "route.other_name", "claude-sonnet-4-5"),
    ("priced and not callable", "route.none", "gpt-4.1-mini"),
];

/// LiteLLM 1.102 knows no alias rows.
pub(super) const MIDDLE_SET_UPS: &[SetUp] = &[("the version knows no alias rows", "version.alias_row", |stage| {
    let map = broken::with_entry(&stage.old, "gpt-4o-newest", r#"{"alias_of": "gpt-4o"}"#);
    stage.upstream.serve(&map);
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    Planted::in_home(autosync).asked("gpt-4o-newest")
})];

/// LiteLLM 1.90 fires its schedule only with STORE_MODEL_IN_DB.
pub(super) const OLDER_SET_UPS: &[SetUp] = &[("its schedule never fires", "schedule.asleep", |stage| {
    let planted = synced(stage);
    planted.autosync.ok(&["schedule", "set", "--every", "1h", "--on", "proxy"]);
    (0..2).for_each(|_| stage.proxy.make_older());
    wait_until_overdue(stage);
    planted
})];

/// A home whose promoted map, its source's and the proxy's are one.
fn synced(stage: &Stage) -> Planted {
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    stage.upstream.forget_hits();
    Planted::in_home(autosync)
}

/// One to whose source a model came after that.
fn newer(stage: &Stage) -> Planted {
    let planted = synced(stage);
    stage.upstream.serve(&broken::with_entry(&stage.old, FRESH, PRICED));
    planted
}

/// The proxy ages when it reads the order.
fn wait_until_overdue(stage: &Stage) {
    let begun = std::time::Instant::now();
    while !stage.proxy.get("/schedule/model_cost_map_reload/status").json()["next_run"].is_null() {
        assert!(begun.elapsed().as_secs() < 30, "{}", stage.proxy.log());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn each(version: &'static str, set_ups: &[SetUp]) {
    let mut stage = Stage::shared(version);
    for (what, cause, plant) in set_ups {
        stage.set_back();
        let planted = plant(&mut stage);
        let before = (stage.proxy.get("/model/cost_map/source").json(), stage.upstream.hits_of(Client::Proxy).len());
        let report = planted.shows(what, cause);
        assert!(!report.to_string().contains(&stage.proxy.key), "{what}: the key is shown");
        // What polls by itself goes on; a look changes nothing.
        if !cause.starts_with("schedule.") {
            let after = (stage.proxy.get("/model/cost_map/source").json(), stage.upstream.hits_of(Client::Proxy).len());
            assert_eq!(before, after, "{what}: the look changed something at the proxy");
        }
    }
}

#[test]
fn each_cause_on_the_main_proxy_is_found() {
    each(MAIN, SET_UPS);
}

#[test]
fn each_cause_on_the_middle_proxy_is_found() {
    each(MIDDLE, MIDDLE_SET_UPS);
}

#[test]
fn each_cause_on_the_older_proxy_is_found() {
    each(OLDER, OLDER_SET_UPS);
}

#[test]
fn where_all_is_well_nothing_is_found_but_what_is_asked_for() {
    let stage = Stage::shared(MAIN);
    let planted = synced(&stage);
    // As the map names it, with its provider, and as a deployment is called.
    for args in [&[][..], &["gpt-4o"], &["claude"], &["gpt-4o", "--proxy", "LOCAL"]] {
        finds_nothing(&planted.autosync, args);
    }
    for (what, cause, model) in QUESTIONS {
        shows(&planted.autosync, &[model], what, cause);
    }
    let (exit, answer) = planted.autosync.json(&["doctor", "--proxy", "nobody"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"not_found".into()), "{answer:#}");
    // Of two proxies the one that is ill is named, and what is well is not.
    planted.autosync.ok(&["proxy", "add", "gone", "http://127.0.0.1:9", "--key-env", "PROXY_KEY"]);
    let (_, report) = planted.autosync.json(&["doctor", "gpt-4o"]);
    let named = (&report["cause"]["proxy"], &report["cause"]["cause"], report["causes"].as_array().unwrap().len());
    assert_eq!(named, (&"gone".into(), &"proxy.refused".into(), 1), "{report:#}");
}

#[test]
fn a_schedule_that_fails_at_every_poll_and_replicas_that_disagree() {
    let stage = Stage::shared(MAIN);
    let second = system_tests::RealProxy::start(&system_tests::ProxyOptions::new(MAIN, &stage.upstream.url()));
    let alone = Autosync::knowing(&stage.upstream.url(), &second.url, &second.key);
    alone.ok(&["sync"]);
    // Its schedule never ran, so it is due at once, and it cannot fetch.
    stage.upstream.answer_only(Client::Proxy, Answer::Status(404));
    alone.ok(&["schedule", "set", "--every", "6h", "--on", "proxy"]);
    stage.upstream.forget_hits();
    stage.upstream.wait_for_hits(2);
    shows(&alone, &[], EVERY_POLL.0, EVERY_POLL.1);
    alone.ok(&["schedule", "clear", "--on", "proxy"]);
    stage.upstream.serve(&stage.old);

    let door = Turns::start(&[&stage.proxy.url, &second.url]);
    let autosync = Autosync::knowing(&stage.upstream.url(), &door.url(), &stage.proxy.key);
    autosync.ok(&["sync", "--force"]);
    assert_eq!(second.post("/reload/model_cost_map").status, 200);
    stage.upstream.answer_only(Client::Proxy, Answer::map(&stage.new));
    assert_eq!(second.post("/reload/model_cost_map").status, 200);
    shows(&autosync, &[], REPLICAS.0, REPLICAS.1);
}
