//! What the user may ask of the gate: to wait, and to let nothing pass that a person has not seen.

use chrono::TimeDelta;
use engine::Clock;
use engine::run::Outcome;
use serde_json::Value;
use system_tests::{Autosync, Client, Stage, broken};
use tempfile::TempDir;

use crate::engine::{Desk, all, block_on, only_run as run_of};
use crate::{MAIN, live, only_run};

/// The old map with one price that rose to twenty times: a Review finding about one model.
fn to_be_reviewed(stage: &Stage) -> Vec<u8> {
    broken::with_field(&stage.old, "gpt-4o", "input_cost_per_token", 0.00005.into())
}

/// A home whose promoted map is the old one, with the map to be reviewed at the source.
fn behind(stage: &Stage, gate: &str) -> Autosync {
    let autosync = stage.autosync();
    autosync.configure("gate", gate);
    autosync.ok(&["source", "show"]); // says so where the settings cannot be read
    assert_eq!(autosync.json(&["sync"]).0, 0);
    stage.upstream.serve(&to_be_reviewed(stage));
    stage.upstream.forget_hits();
    autosync
}

fn promoted(autosync: &Autosync) -> Value {
    autosync.json(&["status"]).1["promoted"]["upstream"].clone()
}

#[test]
fn in_mode_hold_a_review_finding_holds_the_whole_map() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    // A first map is held as well: the real ones all have Review findings.
    assert_eq!(autosync.json(&["sync"]).0, 0);
    autosync.configure("gate", "mode = \"hold\"");
    let (known, before) = (promoted(&autosync), live(&stage));
    stage.upstream.serve(&to_be_reviewed(&stage));
    stage.upstream.forget_hits();
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (3, &"held".into()), "{run:#}");
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to reload");
    assert_eq!((promoted(&autosync), live(&stage)), (known, before));
    assert_eq!(autosync.json(&["status"]).1["proxies"][0]["sync"], "held");
}

#[test]
fn a_proxy_that_reads_the_source_itself_waits_for_the_review_or_is_told_of_it() {
    let stage = Stage::shared(MAIN);
    let autosync = behind(&stage, "direct = \"wait\"");
    let before = live(&stage);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (3, &"held".into()), "{run:#}");
    assert_eq!(run["held_models"], serde_json::json!(["gpt-4o"]), "{run:#}");
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to reload");
    assert_eq!(live(&stage), before);

    stage.set_back();
    let autosync = behind(&stage, "direct = \"tell\"");
    let finished = autosync.run(&["sync"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stdout.contains("gpt-4o") && finished.stdout.contains("jump.up"), "told loudly: {finished:#?}");
    assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
    assert_eq!(stage.proxy.live_map()["gpt-4o"]["input_cost_per_token"], 0.00005);
    let (_, status) = autosync.json(&["status"]);
    assert_eq!(status["promoted"]["held_models"], serde_json::json!(["gpt-4o"]), "its own old entry stays promoted");
}

#[test]
fn a_fresh_revision_reaches_no_proxy_before_it_has_soaked() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    let clock = Clock::manual("2026-11-23T12:00:00Z".parse().unwrap());
    block_on(async {
        let proxies = [("local", stage.proxy.url.as_str())];
        let mut desk = Desk::of(&stage, &folder, &proxies);
        (desk.more, desk.clock) = ("[gate]\nsoak = \"1h\"\n", clock.clone());
        let engine = desk.engine().await;
        let promoted =
            async || engine.ledger().promoted().await.unwrap().map(|promotion| promotion.upstream.to_string());

        for revision in [&stage.old, &stage.new] {
            stage.upstream.serve(revision);
            let before = promoted().await;
            for minutes in [0, 59] {
                clock.advance(TimeDelta::minutes(minutes));
                let report = engine.sync(all()).await.unwrap();
                let run = run_of(&report);
                assert_eq!(run.outcome, Outcome::Held, "after {minutes} min: {run:?}");
                assert!(run.error.as_ref().unwrap().message.contains("13:00") || before.is_some(), "{run:?}");
                assert_eq!(promoted().await, before, "after {minutes} min");
            }
            assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to reload");
            clock.advance(TimeDelta::minutes(1));
            let report = engine.sync(all()).await.unwrap();
            assert!(matches!(run_of(&report).outcome, Outcome::Succeeded | Outcome::Unchanged), "{report:?}");
            assert_eq!(promoted().await, Some(system_tests::maps::revision(revision)));
        }
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
        engine.shutdown().await;
    });
}
