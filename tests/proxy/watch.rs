//! The engine headless: `autosync watch`.

use std::time::Duration;

use system_tests::{Autosync, MapServer, Stage, maps};

use crate::MAIN;

/// A person waits no longer for the first screen.
const READY: Duration = Duration::from_secs(5);

#[test]
fn with_nothing_reachable_it_says_what_to_do_next_and_ends_well() {
    let autosync = Autosync::new();
    let gone = MapServer::start(b"{}").url(); // whose server ends here
    autosync.ok(&["source", "set", &gone]);
    let mut watch = autosync.spawn(&["watch"]);
    let opening = watch.wait_for_line("ready", READY);
    assert!(opening.ends_with("\nready\n"), "{opening}");
    for wanted in ["source", "autosync proxy add"] {
        assert!(opening.contains(wanted), "{wanted} is not named:\n{opening}");
    }
    watch.interrupt();
    let finished = watch.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

#[test]
fn a_second_watch_is_told_who_holds_the_home_and_other_commands_go_on() {
    let autosync = Autosync::new();
    let gone = MapServer::start(b"{}").url();
    autosync.ok(&["source", "set", &gone]);
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("ready", READY);
    autosync.ok(&["status"]);
    autosync.ok(&["history"]);
    autosync.ok(&["pause", "1h"]);
    let (exit, answer) = autosync.json(&["watch"]);
    assert_eq!((exit, crate::code(&answer)), (1, "home_busy"), "{answer:#}");
    assert!(answer["error"].to_string().contains(&watch.pid().to_string()), "{answer:#}");
    watch.interrupt();
    assert_eq!(watch.finish().code, Some(0));
}

#[test]
fn a_sync_goes_through_the_watch_with_its_receipt() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.ok(&["schedule", "clear"]);
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("ready", READY);
    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = &answer["runs"][0];
    assert_eq!((exit, &run["outcome"], &run["trigger"]), (0, &"succeeded".into(), &"manual".into()), "{answer:#}");
    assert_eq!(run["receipt"]["revision"].as_str(), Some(&*maps::revision(&stage.new)), "{answer:#}");
    watch.wait_for_line("succeeded", READY);
    assert_eq!(autosync.json(&["show", &run["id"].to_string()]), (0, run.clone()));
    watch.interrupt();
    assert_eq!(watch.finish().code, Some(0));
}

#[test]
fn a_proxy_is_synced_at_once_and_something_new_at_the_source_is_told() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.configure("source", "watch = \"2s\"");
    autosync.configure("schedule", "on_change = false");
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("ready", READY);
    watch.wait_for_line("unchanged", Duration::from_secs(30));
    stage.upstream.serve(&stage.new);
    let revision = maps::revision(&stage.new);
    watch.wait_for_line(&format!("new revision {}", &revision[..7]), Duration::from_secs(30));
    watch.interrupt();
    let finished = watch.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let (_, history) = autosync.json(&["history"]);
    assert_eq!(history["runs"][0]["trigger"], "schedule", "{history:#}");
    let (_, status) = autosync.json(&["status"]);
    assert_eq!(status["source"]["revision"].as_str(), Some(&*revision), "{status:#}");
    assert_eq!(status["proxies"][0]["sync"], "behind", "{status:#}");
}

#[test]
fn a_new_map_is_synced_at_once_and_once() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.configure("source", "watch = \"1s\"");
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("run 1 unchanged", Duration::from_secs(30));
    stage.upstream.serve(&stage.new);
    watch.wait_for_line("run 2 succeeded", Duration::from_secs(30));
    stage.upstream.serve(&stage.old);
    watch.wait_for_line("run 3 succeeded", Duration::from_secs(30));
    watch.interrupt();
    assert_eq!(watch.finish().code, Some(0));
    let (_, history) = autosync.json(&["history"]);
    let runs: Vec<_> = history["runs"].as_array().unwrap().iter().map(|run| run["trigger"].clone()).collect();
    assert_eq!(runs, ["change", "change", "schedule"], "{history:#}");
}

#[test]
fn the_first_map_is_promoted_and_taken_with_nobody_asking_for_it() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    let revision = maps::revision(&stage.new);
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line(&format!("new revision {}", &revision[..7]), Duration::from_secs(30));
    watch.wait_for_line("run 1 succeeded", Duration::from_mins(1));
    watch.interrupt();
    let finished = watch.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(!finished.stdout.contains("local  up"), "a proxy that is well from the start is no news: {finished:#?}");
    let (_, status) = autosync.json(&["status"]);
    assert_eq!(status["promoted"]["upstream"].as_str(), Some(&*revision), "{status:#}");
    assert_eq!(status["proxies"][0]["sync"], "synced", "{status:#}");
    assert_eq!(stage.proxy.get("/model/cost_map/source").json()["source_revision"].as_str(), Some(&*revision));
}

#[test]
fn a_proxy_that_is_away_is_told_in_one_line() {
    let upstream = MapServer::start(&maps::load(MAIN));
    let autosync = Autosync::knowing(&upstream.url(), "http://127.0.0.1:9", "sk-1234");
    let mut watch = autosync.spawn(&["watch"]);
    // Asked at the start and after the run that fails, and told once; which of the two is told first is open.
    if !watch.wait_for_line("run 1 failed", Duration::from_secs(30)).contains("local  down") {
        watch.wait_for_line("local  down", Duration::from_secs(30));
    }
    watch.interrupt();
    let finished = watch.finish();
    assert_eq!(finished.stdout.matches("local  down").count(), 1, "{finished:#?}");
}

#[test]
#[ignore = "`cargo xtask test --long` runs it: a proxy is asked once a minute"]
fn a_proxy_that_goes_away_is_noticed_within_a_minute() {
    let stage = Stage::start(MAIN, |options| options);
    let autosync = stage.autosync();
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("unchanged", Duration::from_secs(30));
    let Stage { proxy, .. } = stage;
    drop(proxy);
    watch.wait_for_line("local  down", Duration::from_secs(75));
    watch.interrupt();
    assert_eq!(watch.finish().code, Some(0));
}
