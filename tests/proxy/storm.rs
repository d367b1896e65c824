//! kill -9 at any moment: nothing that was recorded is lost, and nothing stays half done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::{Autosync, Stage, long};

use crate::MAIN;

/// Every recorded run: its number, and how it ended.
fn runs(autosync: &Autosync) -> BTreeMap<u64, String> {
    let (exit, answer) = autosync.json(&["history", "--limit", "1000"]);
    assert_eq!(exit, 0, "{answer:#}");
    let runs = answer["runs"].as_array().unwrap();
    let run = |run: &Value| (run["id"].as_u64().unwrap(), run["outcome"].as_str().unwrap().to_owned());
    let all: BTreeMap<u64, String> = runs.iter().map(run).collect();
    assert_eq!(all.len(), runs.len(), "a number was given twice");
    all
}

#[test]
fn killed_syncs_lose_no_run_and_leave_none_running() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let started = Instant::now();
    autosync.ok(&["sync", "--force"]);
    let whole = started.elapsed();
    let mut known = runs(&autosync);
    let mut kills_inside = 0;
    for turn in 0..if long() { 200 } else { 20 } {
        // Each turn has something to do: the map alternates.
        stage.upstream.serve(if turn % 2 == 0 { &stage.new } else { &stage.old });
        let sync = autosync.spawn(&["sync", "--force"]);
        std::thread::sleep(moment(turn, whole)); // the moment of the kill is what this test varies
        sync.kill();
        let now = runs(&autosync);
        for (id, outcome) in &known {
            let still = now.get(id);
            let may_differ = outcome == "running"; // which the next sync calls interrupted
            assert!(still == Some(outcome) || may_differ && still.is_some(), "run {id} was {outcome}, is {still:?}");
        }
        kills_inside += usize::from(now.values().any(|outcome| outcome == "running"));
        known = now;
    }
    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!(exit, 0, "{answer:#}");
    let after = runs(&autosync);
    assert!(after.values().all(|outcome| outcome != "running"), "{after:?}");
    assert!(known.keys().all(|id| after.contains_key(id)), "{known:?}\n{after:?}");
    assert!(kills_inside > 0, "no kill met a running sync: the test shows nothing");
}

/// Spread over the whole of a sync, in an order without a pattern (the golden ratio), the same each time.
fn moment(turn: u32, whole: Duration) -> Duration {
    whole.mul_f64((f64::from(turn) * 0.618_033_988_75).fract())
}
