//! What is asked for while a sync goes on. If this fails, a click is lost, an old source's map is promoted after another
//! one was chosen, or a proxy is never synced again after a defect.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use border::{Answer, Border, answer};
use chrono::TimeDelta;
use costmap::Revision;
use engine::controller::{Happening, SyncOrder, SyncReport};
use engine::run::{Outcome, Receipt, SyncRun, Trigger};
use engine::settings::SettingsEdit;
use engine::{Engine, ErrorCode, Result};
use stage::{Stage, WITHIN, check, order, runs, when};
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

fn ask(engine: &Engine, order: SyncOrder) -> JoinHandle<Result<SyncReport>> {
    let engine = engine.handle();
    tokio::spawn(async move { engine.sync(order).await })
}

fn force(proxies: &[&str]) -> SyncOrder {
    SyncOrder { force: true, ..order(proxies) }
}

async fn ended(job: JoinHandle<Result<SyncReport>>) -> SyncReport {
    tokio::time::timeout(WITHIN, job).await.unwrap().unwrap().unwrap()
}

/// Says nothing until the gate opens, and is no LiteLLM after that.
async fn gated(gate: &CancellationToken) -> Border {
    let gate = gate.clone();
    let say = move |_, _: &border::Request| {
        if gate.is_cancelled() { answer("404 Not Found", "", "") } else { Answer::Until(gate.clone()) }
    };
    Border::start(say).await
}

/// Who was told of how many runs.
fn began(happenings: &mut Receiver<Happening>) -> usize {
    std::iter::from_fn(|| happenings.try_recv().ok())
        .filter(|told| matches!(told, Happening::RunStarted { .. }))
        .count()
}

/// Once the engine has taken in what was asked of it by now.
async fn taken_in(engine: &Engine) {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    engine.resume().await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_run_during_which_the_settings_changed_is_not_taken_for_told() {
    let stage = Stage::new();
    let gate = CancellationToken::new();
    let proxy = Border::start({
        let gate = gate.clone();
        move |_, _| Answer::Until(gate.clone())
    })
    .await;
    stage.engine_with_promoted(&[("eu", &proxy.url)]).await.shutdown().await;
    let engine = stage.start(Arc::new(|name: &str| (name == "KEY").then(|| "sk-1".to_owned())), true).await;
    let run = ask(&engine, order(&["eu"]));
    when(&engine, |snapshot| runs(snapshot, "eu")).await;
    proxy.asked.notified().await;
    engine.edit(SettingsEdit::SetApp { theme: None, close: None, updates: None }).await.unwrap();
    taken_in(&engine).await;
    assert_eq!(engine.snapshot().borrow().proxies[0].last_run, None, "what goes on is no last run");
    gate.cancel();
    let failed = ended(run).await.runs.remove(0);
    assert_eq!(failed.error.unwrap().code, ErrorCode::ProxyUnreachable);
    let retry = stage.clock.now() + TimeDelta::minutes(1);
    when(&engine, |snapshot| snapshot.proxies[0].next_run == Some(retry)).await;
    engine.shutdown().await;
}

#[tokio::test]
async fn who_forces_a_sync_gets_one_that_was_forced_and_many_clicks_are_still_one() {
    let stage = Stage::new();
    let gate = CancellationToken::new();
    let proxy = gated(&gate).await;
    let engine = stage.engine_with_promoted(&[("eu", &proxy.url)]).await;
    let mut happenings = engine.happenings();
    let plain = ask(&engine, order(&["eu"]));
    proxy.asked.notified().await;
    let joins = ask(&engine, order(&["eu"]));
    let forced: Vec<_> = (0..5).map(|_| ask(&engine, force(&["eu"]))).collect();
    taken_in(&engine).await;
    gate.cancel();
    let first = ended(plain).await.runs[0].id;
    assert_eq!(ended(joins).await.runs[0].id, first, "the same was asked");
    let mut ids = Vec::new();
    for job in forced {
        ids.push(ended(job).await.runs[0].id);
    }
    assert_eq!(ids, [first + 1; 5], "one more run, for all of them");
    assert_eq!(began(&mut happenings), 2);
    engine.shutdown().await;
}

#[tokio::test]
async fn who_cancels_cancels_what_waits_too() {
    let stage = Stage::new();
    let proxy = Border::start(|_, _| Answer::Silence).await;
    let engine = stage.engine_with_promoted(&[("eu", &proxy.url)]).await;
    let mut happenings = engine.happenings();
    let plain = ask(&engine, order(&["eu"]));
    proxy.asked.notified().await;
    let forced = ask(&engine, force(&["eu"]));
    taken_in(&engine).await;
    engine.cancel(Some("eu".into()));
    assert_eq!(ended(plain).await.runs[0].outcome, Outcome::Interrupted);
    let waited = tokio::time::timeout(WITHIN, forced).await.unwrap().unwrap();
    let never_begun = &waited.unwrap().runs[0];
    assert_eq!((never_begun.id, never_begun.outcome), (0, Outcome::Interrupted), "those beside it would go on");
    assert_eq!(began(&mut happenings), 1);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_sync_after_the_source_was_changed_takes_the_new_one_and_the_old_one_is_not_promoted() {
    let stage = Stage::new();
    let kept = stage.map(1);
    let gate = CancellationToken::new();
    // Honest changes, so that nothing but the change of the source keeps the old one from being promoted.
    let with = |model: &str| Stage::text(1).replacen('{', &format!("{{\"{model}\": {{\"mode\": \"chat\"}},"), 1);
    let (old, opened) = (with("old"), gate.clone());
    let unwanted = Revision::of(old.as_bytes());
    let source = Border::start(move |_, _| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", old.len());
        Answer::After(opened.clone(), [head.as_bytes(), old.as_bytes()].concat())
    })
    .await;
    let proxy = Border::start(|_, _| answer("404 Not Found", "", "")).await;
    let engine = stage.engine_with_promoted(&[("eu", &proxy.url)]).await;
    engine.edit(SettingsEdit::SetSource { source: Some(format!("{}/map.json", source.url)) }).await.unwrap();
    let first = ask(&engine, order(&["eu"]));
    source.asked.notified().await;
    // While the old one is still read.
    let wanted = stage.put(&with("new"));
    engine.edit(SettingsEdit::SetSource { source: Some(stage.source().display().to_string()) }).await.unwrap();
    let second = ask(&engine, order(&["eu"]));
    taken_in(&engine).await;
    gate.cancel();
    let first = ended(first).await.runs.remove(0);
    assert_eq!((first.outcome, first.to), (Outcome::Interrupted, None));
    let second = ended(second).await.runs.remove(0);
    assert_eq!((second.id, second.to), (first.id + 1, Some(wanted)), "a run of its own, of the new source");
    let upstream: Vec<_> = engine.ledger().promotions(9).await.unwrap().iter().map(|map| map.upstream).collect();
    assert_eq!(upstream.last(), Some(&kept));
    assert_eq!((upstream.first(), upstream.contains(&unwanted)), (Some(&wanted), false));
    let snapshot = engine.snapshot().borrow().clone();
    assert_eq!(snapshot.source.as_ref().unwrap().revision, Some(wanted));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_dry_run_blocks_no_sync() {
    let stage = Stage::new();
    stage.map(1);
    let source = Border::start(|number, _| match number {
        0 => Answer::Silence,
        _ => answer("200 OK", "", "{}"),
    })
    .await;
    let engine = stage.engine_with_promoted(&[]).await;
    engine.edit(SettingsEdit::SetSource { source: Some(format!("{}/map.json", source.url)) }).await.unwrap();
    let dry = ask(&engine, SyncOrder { dry_run: true, ..order(&[]) });
    source.asked.notified().await;
    let checked = tokio::time::timeout(Duration::from_secs(5), engine.check_source()).await;
    assert!(checked.is_ok(), "it waited for somebody who only looks");
    assert!(!dry.is_finished());
    engine.cancel(None);
    dry.await.unwrap().unwrap();
    engine.shutdown().await;
}

#[tokio::test]
async fn checks_of_a_source_that_hangs_do_not_pile_up() {
    let stage = Stage::new();
    stage.map(1);
    let source = Border::start(|_, _| Answer::Silence).await;
    let engine = stage.engine_with_promoted(&[]).await;
    engine.edit(SettingsEdit::SetSource { source: Some(format!("{}/map.json", source.url)) }).await.unwrap();
    let ask = |engine: &Engine| {
        let engine = engine.handle();
        tokio::spawn(async move { engine.check_source().await })
    };
    let checks: Vec<_> = (0..20).map(|_| ask(&engine)).collect();
    source.asked.notified().await;
    taken_in(&engine).await;
    // Another source is another question, and one of those is enough too.
    engine.edit(SettingsEdit::SetSource { source: Some(stage.source().display().to_string()) }).await.unwrap();
    let again: Vec<_> = (0..20).map(|_| ask(&engine)).collect();
    taken_in(&engine).await;
    engine.cancel(None);
    for check in checks {
        let report = tokio::time::timeout(WITHIN, check).await.unwrap().unwrap().unwrap();
        assert_eq!(report.source.error.unwrap().code, ErrorCode::Cancelled);
    }
    for check in again {
        assert_eq!(tokio::time::timeout(WITHIN, check).await.unwrap().unwrap().unwrap_err().code, ErrorCode::Cancelled);
    }
    assert_eq!(source.requests().len(), 1);
    assert!(check(&engine).await.error.is_none(), "the next one works");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_job_with_a_defect_ends_and_the_next_one_works() {
    let stage = Stage::new();
    stage.map(1);
    let proxy = Border::start(|_, _| answer("404 Not Found", "", "")).await;
    stage.engine(&[("eu", &proxy.url)], false).await.shutdown().await;
    let is_broken = Arc::new(AtomicBool::new(true));
    let broken = is_broken.clone();
    // Nothing was promoted yet: the job itself asks the proxy for what it holds, and needs its key for that.
    let environment = Arc::new(move |name: &str| {
        assert!(name != "KEY" || !broken.load(Ordering::Relaxed), "a defect");
        (name == "KEY").then(|| "sk-1".to_owned())
    });
    let engine = stage.start(environment, false).await;
    let told = tokio::time::timeout(WITHIN, ask(&engine, order(&["eu"]))).await.expect("it ends").unwrap();
    assert_eq!(told.unwrap_err().code, ErrorCode::Internal);
    when(&engine, |snapshot| snapshot.proxies[0].running.is_none() && snapshot.proxies[0].last_run.is_some()).await;
    let last = engine.snapshot().borrow().proxies[0].last_run.clone().unwrap();
    assert_eq!((last.outcome, last.error.as_ref().unwrap().code), (Outcome::Failed, ErrorCode::Internal));
    assert_eq!(engine.ledger().run(last.id).await.unwrap(), *last, "it is written down");
    is_broken.store(false, Ordering::Relaxed);
    let next = ended(ask(&engine, order(&["eu"]))).await.runs.remove(0);
    assert!(next.id > last.id && next.error.unwrap().code != ErrorCode::Internal);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_run_whose_end_cannot_be_written_down_is_told_as_failed_and_the_proxy_is_free() {
    let stage = Stage::new();
    let gate = CancellationToken::new();
    let proxy = gated(&gate).await;
    let engine = stage.engine_with_promoted(&[("eu", &proxy.url)]).await;
    let run = ask(&engine, order(&["eu"]));
    proxy.asked.notified().await;
    let connection = rusqlite::Connection::open(stage.home().ledger()).unwrap();
    connection
        .execute_batch("CREATE TRIGGER full BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'disk'); END")
        .unwrap();
    gate.cancel();
    let failed = ended(run).await.runs.remove(0);
    assert_eq!((failed.outcome, failed.error.unwrap().code), (Outcome::Failed, ErrorCode::Ledger));
    connection.execute_batch("DROP TRIGGER full").unwrap();
    let last = engine.snapshot().borrow().proxies[0].clone();
    assert_eq!((last.running, last.last_run.unwrap().id), (None, failed.id));
    let next = ended(ask(&engine, order(&["eu"]))).await.runs.remove(0);
    assert_ne!(next.error.unwrap().code, ErrorCode::Ledger);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_proxy_is_meant_however_its_name_is_spelled() {
    let stage = Stage::new();
    let proxy = Border::start(|_, _| Answer::Silence).await;
    let engine = stage.engine_with_promoted(&[("EU-west", &proxy.url)]).await;
    let run = ask(&engine, order(&["eu-West"]));
    proxy.asked.notified().await;
    engine.cancel(Some("eu-west".into()));
    let run = ended(run).await.runs.remove(0);
    assert_eq!((run.proxy.as_str(), run.outcome), ("EU-west", Outcome::Interrupted));
    assert!(!engine.snapshot().borrow().proxies[0].awaits_first_sync, "it was asked for under this name");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_held_run_says_what_is_live() {
    let stage = Stage::new();
    let map = stage.map(1);
    let proxy = Border::start(|_, _| answer("404 Not Found", "", "")).await;
    let engine = stage.engine_with_promoted(&[("eu", &proxy.url)]).await;
    // The last proof, as a run left it.
    let now = stage.clock.now();
    let id = engine.ledger().start_run("eu", Trigger::Manual, now).await.unwrap();
    let proof = SyncRun {
        outcome: Outcome::Succeeded,
        finished: Some(now),
        receipt: Some(receipt(map, now)),
        ..engine.ledger().run(id).await.unwrap()
    };
    engine.ledger().finish_run(&proof).await.unwrap();
    engine.shutdown().await;
    let engine = stage.start(Arc::new(|name: &str| (name == "KEY").then(|| "sk-1".to_owned())), false).await;
    for held in ["<html>sign in</html>", "{\"one\": {\"mode\": \"chat\"}}"] {
        stage.put(held);
        let run = ended(ask(&engine, order(&["eu"]))).await.runs.remove(0);
        assert_eq!((run.outcome, run.from), (Outcome::Held, Some(map)), "{held}");
    }
    engine.shutdown().await;
}

fn receipt(revision: Revision, read_back_at: chrono::DateTime<chrono::Utc>) -> Receipt {
    Receipt {
        revision,
        bytes: 1,
        models: 60,
        proxy_version: None,
        proxy_revision: None,
        proxy_models: None,
        loaded_at: None,
        compared_models: 60,
        compared_fields: 60,
        overrides: vec![],
        sampled_models: vec![],
        read_back_at,
        url: None,
    }
}
