//! Killed (SIGKILL) at any moment of a look, a promotion or a decision: what is served afterwards is one whole promoted map,
//! and what was reported as decided is decided. `AUTOSYNC_TEST_LONG=1` kills 500 times.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use costmap::{CostMap, Revision};
use engine::Clock;
use engine::gate::{Decisions, Ruling};
use engine::review::questions;
use engine::settings::SettingsEdit;
use stage::{Stage, check};
use tempfile::TempDir;

const SOURCE: &str = "CRASH_TEST_FOLDER";
const FROM: &str = "CRASH_TEST_FROM";

/// The map whose first price is suspicious, another value for each number.
fn text(number: u32) -> String {
    Stage::text(1).replacen("1e-06", &format!("0.5{number:05}"), 1)
}

/// What follows from the number.
fn ruling(number: u32) -> Ruling {
    if number.is_multiple_of(3) { Ruling::Rejected } else { Ruling::Approved }
}

fn stage_in(folder: PathBuf) -> Stage {
    let folder = TempDir::with_prefix_in("unused", folder).unwrap();
    Stage { folder, clock: Clock::manual("2026-03-04T12:00:00Z".parse().unwrap()) }
}

#[tokio::test]
#[ignore = "started by the test below, and killed by it"]
async fn child_that_decides() {
    let folder = PathBuf::from(std::env::var_os(SOURCE).unwrap());
    let mut number: u32 = std::env::var(FROM).unwrap().parse().unwrap();
    let stage = stage_in(folder.clone());
    let home = engine::home::Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    let engine = stage.start_at(home, Arc::new(|_: &str| None), false).await;
    loop {
        std::fs::write(folder.join("map.json"), text(number)).unwrap();
        check(&engine).await;
        engine.decide(vec!["model-0".into()], Some(ruling(number)), None).await.unwrap();
        let mut told = std::io::stdout().lock();
        writeln!(told, "decided {number}").unwrap();
        told.flush().unwrap();
        number += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_one_whole_map_is_served_and_every_told_decision_holds() {
    let kills = if std::env::var_os("AUTOSYNC_TEST_LONG").is_some() { 500 } else { 30 };
    let outer = TempDir::new().unwrap();
    let folder = outer.path().to_owned();
    let home = engine::home::Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    home.create().unwrap();
    let settings = format!("schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n", folder.join("map.json").display());
    std::fs::write(home.settings(), settings).unwrap();
    std::fs::write(folder.join("map.json"), Stage::text(1)).unwrap();
    let stage = stage_in(folder.clone());
    let engine = stage.start_at(home.clone(), Arc::new(|_: &str| None), false).await;
    check(&engine).await;
    engine.shutdown().await;

    let mut dice = fastrand::Rng::with_seed(12);
    let (mut next, mut told) = (1, Vec::new());
    // How long one takes on this machine until it has decided something: it is killed within five times that.
    let mut span = Duration::from_mins(1);
    for round in 0..=kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child_that_decides"])
            .env(SOURCE, &folder)
            .env(FROM, next.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = Vec::new();
        if round == 0 {
            let begun = Instant::now();
            heard.extend(lines.by_ref().find(|line| line.as_ref().unwrap().starts_with("decided ")));
            span = begun.elapsed() * 5;
        } else {
            let most = u64::try_from(span.as_millis()).unwrap();
            std::thread::sleep(Duration::from_millis(dice.u64(10..most)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(
            heard.into_iter().chain(lines).filter_map(|line| line.ok()?.strip_prefix("decided ")?.parse::<u32>().ok()),
        );
        next = told.last().map_or(next, |last| last + 1) + 1;

        let engine = stage.start_at(home.clone(), Arc::new(|_: &str| None), false).await;
        let ledger = engine.ledger();
        let decisions: Decisions = ledger.decisions().await.unwrap();
        for number in &told {
            let value = format!("0.5{number:05}");
            let its: Vec<Ruling> =
                decisions.iter().filter(|(matter, _)| matter.value == value).map(|(_, ruling)| *ruling).collect();
            assert!(!its.is_empty() && its.iter().all(|known| *known == ruling(*number)), "{number}: {its:?}");
        }
        let promotion = ledger.promoted().await.unwrap().unwrap();
        let bytes = ledger.map(&promotion.revision).await.unwrap().unwrap();
        assert_eq!(Revision::of(&bytes), promotion.revision);
        assert_eq!(CostMap::parse(bytes.clone()).unwrap().len(), 60, "one whole map");
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        engine.edit(SettingsEdit::SetGateway { listen: listen.to_string() }).await.unwrap();
        let url = engine.snapshot().borrow().gateway.url.clone().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let served = client.get(url).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(Revision::of(&served), promotion.revision, "what is served is what was promoted");
        // The last thing that was told is in it, unless a later look came between.
        let last = told.last().copied();
        if let (Some(last), Some(found)) = (last, questions(ledger).await.unwrap())
            && found.upstream.text() == text(last)
        {
            let price = CostMap::parse(bytes).unwrap();
            let shown = price.get("model-0").unwrap().raw().to_owned();
            let is_new = shown.contains(&format!("0.5{last:05}"));
            assert_eq!(is_new, ruling(last) == Ruling::Approved, "{last}: {shown}");
        }
        engine.edit(SettingsEdit::SetGateway { listen: "off".into() }).await.unwrap();
        engine.shutdown().await;
    }
    assert!(told.len() >= kills / 4, "the child got somewhere: {}", told.len());
    println!("killed {kills} times, {} decisions were told", told.len());
}
