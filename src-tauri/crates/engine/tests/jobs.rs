//! Jobs beside each other, hand edits, and what a new map is compared with, on a real engine. If this fails, cancelling
//! one proxy stops others, a line that a person typed is lost, or old news is told anew.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;
mod stage;

use border::{Answer, Border, answer};
use chrono::TimeDelta;
use costmap::Verdict;
use engine::ErrorCode;
use engine::run::Outcome;
use engine::settings::{SettingsEdit, SettingsFile};
use stage::{Stage, WITHIN, check, order, runs, when};

#[tokio::test]
async fn cancelling_one_proxy_leaves_the_others_of_its_job_alone() {
    let stage = Stage::new();
    let (one, two) = (Border::start(|_, _| Answer::Silence).await, Border::start(|_, _| Answer::Silence).await);
    let engine = stage.engine_with_promoted(&[("one", &one.url), ("two", &two.url)]).await;
    let syncing = tokio::spawn({
        let engine = engine.handle();
        async move { engine.sync(order(&[])).await }
    });
    when(&engine, |snapshot| runs(snapshot, "one") && runs(snapshot, "two")).await;
    tokio::join!(one.asked.notified(), two.asked.notified());
    engine.cancel(Some("one".into()));
    when(&engine, |snapshot| !runs(snapshot, "one")).await;
    assert!(runs(&engine.snapshot().borrow(), "two"), "the other one goes on");
    engine.cancel(Some("two".into()));
    let report = tokio::time::timeout(WITHIN, syncing).await.unwrap().unwrap().unwrap();
    let ends: Vec<_> = report.runs.iter().map(|run| (run.proxy.as_str(), run.outcome)).collect();
    assert_eq!(ends, [("one", Outcome::Interrupted), ("two", Outcome::Interrupted)]);
    assert!(report.runs.iter().all(|run| run.error.as_ref().unwrap().code == ErrorCode::Cancelled));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_proxy_that_is_done_can_be_synced_again_while_another_one_hangs() {
    let stage = Stage::new();
    let hangs = Border::start(|_, _| Answer::Silence).await;
    let quick = Border::start(|_, _| answer("404 Not Found", "", "")).await;
    let engine = stage.engine_with_promoted(&[("hangs", &hangs.url), ("quick", &quick.url)]).await;
    let all = tokio::spawn({
        let engine = engine.handle();
        async move { engine.sync(order(&[])).await }
    });
    when(&engine, |snapshot| runs(snapshot, "hangs") && snapshot.proxies[1].last_run.is_some()).await;
    let again = tokio::time::timeout(WITHIN, engine.sync(order(&["quick"]))).await.unwrap().unwrap();
    assert!(runs(&engine.snapshot().borrow(), "hangs"), "it was not waited for");
    engine.cancel(None);
    let first = tokio::time::timeout(WITHIN, all).await.unwrap().unwrap().unwrap();
    let quick_of_all = first.runs.iter().find(|run| run.proxy == "quick").unwrap();
    assert_eq!((quick_of_all.outcome, again.runs[0].outcome), (Outcome::Failed, Outcome::Failed));
    assert!(again.runs[0].id > quick_of_all.id, "a run of its own");
    engine.shutdown().await;
}

#[tokio::test]
async fn what_a_person_typed_into_the_settings_stays_and_counts() {
    let stage = Stage::new();
    stage.map(1);
    let engine = stage.engine(&[], true).await;
    let path = stage.home().settings();
    let typed = std::fs::read_to_string(&path).unwrap() + "\n[notify]\nquiet = \"22:00-07:00\"\n";
    std::fs::write(&path, &typed).unwrap();
    // The file is looked at with the schedule.
    let edits = engine.snapshot().borrow().edits;
    stage.clock.advance(TimeDelta::minutes(2));
    engine.ask_proxies(Vec::new());
    when(&engine, |snapshot| snapshot.edits > edits).await;
    let typed = typed + "failures = false\n";
    std::fs::write(&path, typed).unwrap();
    let edit = SettingsEdit::SetNotify {
        new_models: Some(false),
        price_changes: None,
        failures: None,
        success_rate: None,
        quiet: None,
    };
    engine.edit(edit).await.unwrap();
    let kept = SettingsFile::load(&path).unwrap().settings().notify.clone();
    assert_eq!((kept.quiet.as_str(), kept.failures, kept.new_models), ("22:00-07:00", false, false));
    // Half typed it is no reason to forget anything.
    std::fs::write(&path, "schema = 1\n[notify\n").unwrap();
    let refused = engine.edit(SettingsEdit::SetSource { source: None }).await.unwrap_err();
    assert!(refused.code.exit_code() > 0, "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "schema = 1\n[notify\n");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_map_that_was_still_there_yesterday_is_no_old_baseline() {
    for (looked_meanwhile, verdict) in [(true, Verdict::Held), (false, Verdict::Review)] {
        let stage = Stage::new();
        stage.map(1);
        let engine = stage.engine(&[], false).await;
        check(&engine).await;
        stage.clock.advance(TimeDelta::days(40));
        if looked_meanwhile {
            check(&engine).await;
        }
        stage.clock.advance(TimeDelta::days(1));
        stage.map(3);
        assert_eq!(check(&engine).await.verdict, Some(verdict), "looked at meanwhile: {looked_meanwhile}");
        engine.shutdown().await;
    }
}

#[tokio::test]
async fn a_map_is_news_against_what_was_promoted_when_it_came() {
    let stage = Stage::new();
    let first = stage.map(1);
    let engine = stage.engine(&[], false).await;
    assert_eq!(check(&engine).await.before, None, "a first map");
    stage.put("{\"only-one\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\"}}");
    let held = check(&engine).await;
    assert_eq!((held.verdict, held.before), (Some(Verdict::Held), Some(first)));
    assert!(held.held_because.is_some());
    stage.put("<html>sign in</html>");
    let page = check(&engine).await;
    assert_eq!((page.revision, page.before), (held.revision, Some(first)), "it is no map, so no new one");
    assert!(page.error.unwrap().message.contains("HTML"), "it says what it was");
    stage.map(1);
    let back = check(&engine).await;
    assert_eq!((back.revision, back.before, back.held_because), (Some(first), Some(first), None), "no news");
    engine.shutdown().await;
}
