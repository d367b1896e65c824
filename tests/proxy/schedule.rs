//! The schedule inside a proxy: set, confirmed, shown, cleared, and never lost by a sync.

use serde_json::Value;
use system_tests::Stage;

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
