//! Day zero: how long it takes from a change at the source to the proof, beyond the period of the watch itself.

use std::sync::Arc;
use std::time::Duration;

use engine::controller::Happening;
use engine::run::{Outcome, SyncRun, Trigger};
use system_tests::{Client, Stage, broken, long, maps};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

use crate::MAIN;
use crate::engine::{Desk, block_on};

/// Changes that are made; with `--long` as many as the figure in docs/PERFORMANCE.md was taken from.
fn changes() -> u32 {
    if long() { 40 } else { 3 }
}

async fn next(happenings: &mut Receiver<Happening>) -> Arc<SyncRun> {
    loop {
        if let Ok(Happening::RunFinished { run }) = happenings.recv().await {
            return run;
        }
    }
}

#[test]
fn a_change_at_the_source_is_proved_at_once() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        let proxies = [("local", stage.proxy.url.as_str())];
        let mut desk = Desk::of(&stage, &folder, &proxies);
        (desk.more, desk.scheduled) = ("watch = \"1s\"\n", true);
        let engine = desk.engine().await;
        let mut happenings = engine.happenings();
        let first = next(&mut happenings).await;
        assert_eq!(first.outcome, Outcome::Unchanged, "{first:?}");
        let (mut took, mut served) = (Vec::new(), Vec::new());
        for number in 1..=changes() {
            let price = f64::from(number) / 1e6;
            let entry = format!(
                r#"{{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": {price:e}, "output_cost_per_token": {price:e}}}"#
            );
            stage.upstream.forget_hits();
            served = broken::with_entry(&stage.new, "zz-day-zero", &entry);
            stage.upstream.serve(&served);
            let run = tokio::time::timeout(Duration::from_mins(1), next(&mut happenings)).await.unwrap();
            assert_eq!((run.trigger, run.outcome), (Trigger::Change, Outcome::Succeeded), "{run:?}");
            assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1, "one reload for one map");
            // What comes before our first look is the period of the watch itself.
            let looked = stage.upstream.hits_of(Client::Autosync)[0].at;
            took.push(looked.elapsed());
        }
        took.sort_unstable();
        let (middle, worst) = (took[took.len() / 2], took[took.len() - 1]);
        println!(
            "{} changes: from the beginning of the look that saw it to the proof {middle:?} in the middle, {worst:?} at worst",
            took.len()
        );
        // Nothing changes any more: each look names what it has, and is answered 304, without a body.
        stage.upstream.forget_hits();
        tokio::time::sleep(Duration::from_secs(4)).await;
        let looks = stage.upstream.hits_of(Client::Autosync);
        let known = format!("W/\"{}\"", maps::revision(&served));
        assert!(looks.len() >= 2, "a watch of 1 s looked {} times in 4 s", looks.len());
        assert!(looks.iter().all(|look| look.header("if-none-match") == Some(&*known)), "{looks:?}");
        assert!(stage.upstream.hits_of(Client::Proxy).is_empty());
        engine.shutdown().await;
    });
}
