//! The schedule inside a proxy: set, confirmed, shown, cleared, and never lost by a sync.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Autosync, MapServer, Stage};

use crate::{MAIN, OLDER, only_run};

fn scheduled_hours(stage: &Stage) -> Option<u64> {
    let status = stage.proxy.get("/schedule/model_cost_map_reload/status").json();
    status["interval_hours"].as_u64().filter(|_| status["scheduled"] == true)
}

#[test]
fn a_schedule_is_set_shown_and_cleared() {
    for version in [OLDER, MAIN] {
        let stage = Stage::shared(version);
        let autosync = stage.autosync();
        let (exit, answer) = autosync.json(&["schedule", "set", "--every", "6h", "--on", "proxy"]);
        assert_eq!(exit, 0, "{version}: {answer:#}");
        assert_eq!(scheduled_hours(&stage), Some(6), "{version}");
        let (_, status) = autosync.json(&["status"]);
        let shown = &status["proxies"][0]["proxy_schedule"];
        assert_eq!((&shown["scheduled"], &shown["interval_hours"]), (&true.into(), &6.into()), "{shown:#}");
        let (exit, answer) = autosync.json(&["schedule", "show"]);
        assert_eq!(exit, 0, "{answer:#}");
        assert!(answer.to_string().contains("\"interval_hours\":6"), "{answer:#}");

        let (exit, answer) = autosync.json(&["schedule", "clear", "--on", "proxy"]);
        assert_eq!(exit, 0, "{version}: {answer:#}");
        assert_eq!(scheduled_hours(&stage), None, "{version}");
        // Nothing to clear is no error.
        assert_eq!(autosync.json(&["schedule", "clear", "--on", "proxy"]).0, 0, "{version}");
    }
}

#[test]
fn people_are_warned_that_the_proxy_then_fetches_unchecked() {
    let stage = Stage::shared(MAIN);
    let finished = stage.autosync().run(&["schedule", "set", "--every", "1d", "--on", "proxy"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(scheduled_hours(&stage), Some(24));
    let text = format!("{}{}", finished.stdout, finished.stderr).to_lowercase();
    assert!(text.contains("check"), "{finished:#?}");
}

#[test]
fn hours_that_a_proxy_cannot_keep_are_refused_before_it_is_asked() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    for every in ["90m", "0h", "30s", "8761h", "400d", "99999999999999999999h", "soon", "-6h"] {
        let every = format!("--every={every}");
        let (exit, answer) = autosync.json(&["schedule", "set", &every, "--on", "proxy"]);
        assert_eq!(exit, 2, "{every}: {answer:#}");
        assert_eq!(scheduled_hours(&stage), None, "{every}");
    }
}

#[test]
fn a_sync_leaves_the_proxys_own_schedule_in_place() {
    for version in [OLDER, MAIN] {
        let stage = Stage::shared(version);
        keeps_its_schedule(&stage);
    }
}

/// Also asked of the versions whose reload erases it (LiteLLM up to 1.82.0).
pub(crate) fn keeps_its_schedule(stage: &Stage) {
    let autosync = stage.autosync();
    autosync.ok(&["schedule", "set", "--every", "12h", "--on", "proxy"]);
    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &Value::from("succeeded")), "{answer:#}");
    assert_eq!(scheduled_hours(stage), Some(12), "{}: the sync lost the schedule", stage.version);
}

/// A proxy is asked at the start, and each minute.
const GIVEN_BACK: Duration = Duration::from_secs(90);

/// The watch gives back what vanished, and the run that did it says so.
#[cfg(unix)] // Ctrl-C is a signal there
fn given_back(autosync: &Autosync) -> Value {
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("unchanged", GIVEN_BACK);
    watch.interrupt();
    watch.finish();
    let run = autosync.json(&["history", "--limit", "1"]).1["runs"][0].clone();
    assert_eq!((&run["trigger"], &run["outcome"]), (&"heal".into(), &"unchanged".into()), "{run:#}");
    run["schedules_set"].clone()
}

#[cfg(unix)]
#[test]
fn a_schedule_that_vanishes_is_given_back_and_one_that_nobody_wants_stays_away() {
    for version in [OLDER, MAIN] {
        let stage = Stage::shared(version);
        let autosync = stage.autosync();
        autosync.ok(&["schedule", "set", "--every", "6h", "--on", "proxy"]);
        autosync.ok(&["sync"]);
        let (_, status) = autosync.json(&["status"]);
        let proxy = &status["proxies"][0];
        assert_eq!((&proxy["own_schedule"], &proxy["next_run"]), (&"leads".into(), &Value::Null), "{proxy:#}");
        assert_eq!(stage.proxy.delete("/schedule/model_cost_map_reload").status, 200);
        let set = json!([{ "resource": "cost_map", "interval_hours": 6, "was_lost": true }]);
        assert_eq!(given_back(&autosync), set, "{version}");
        assert_eq!(scheduled_hours(&stage), Some(6), "{version}");

        autosync.ok(&["schedule", "clear", "--on", "proxy"]);
        autosync.ok(&["sync"]);
        assert_eq!(scheduled_hours(&stage), None, "{version}");
    }
}

#[cfg(unix)]
#[test]
fn the_list_of_beta_headers_is_reloaded_scheduled_and_kept_and_never_called_proved() {
    let list = json!({ "anthropic": { "a-beta": "a-beta" }, "bedrock": {}, "provider_aliases": {} }).to_string();
    let server = MapServer::start(list.as_bytes());
    let stage = Stage::start(MAIN, |options| options.env("LITELLM_ANTHROPIC_BETA_HEADERS_URL", &server.url()));
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    let (exit, answer) = autosync.json(&["proxy", "reload-headers", "local"]);
    assert_eq!((exit, &answer["providers"], &answer["proved"]), (0, &2.into(), &false.into()), "{answer:#}");
    assert!(!server.hits().is_empty(), "it was fetched");

    let set = ["schedule", "set", "--every", "24h", "--on", "proxy", "--of", "beta-headers"];
    assert!(autosync.run(&set).stderr.contains("can't be proved"));
    let hours = || stage.proxy.get("/schedule/anthropic_beta_headers_reload/status").json()["interval_hours"].clone();
    assert_eq!((hours(), scheduled_hours(&stage)), (24.into(), None), "the map's is another one");
    autosync.ok(&["sync"]);
    let (_, shown) = autosync.json(&["schedule", "show"]);
    assert_eq!(shown["proxies"][1]["of"], "beta_headers", "{shown:#}");
    assert_eq!(stage.proxy.delete("/schedule/anthropic_beta_headers_reload").status, 200);
    assert_eq!(given_back(&autosync)[0]["resource"], "beta_headers");
    assert_eq!(hours(), 24);
    autosync.ok(&["schedule", "clear", "--on", "proxy", "--of", "beta-headers"]);
    assert!(hours().is_null());
}
