//! Killed (SIGKILL) at any moment of a look, a promotion, a decision, a rollback, its end or a change of own entries: what is
//! served afterwards is one whole promoted map, what was reported as decided is decided, and nothing is half pinned.
//! `AUTOSYNC_TEST_LONG=1` kills 500 times.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use costmap::{CostMap, Revision};
use engine::Clock;
use engine::gate::{Decisions, Ruling};
use engine::home::Home;
use engine::local_file::LocalFile;
use engine::overlay::OverlayEdit;
use engine::pin::PinOrder;
use engine::review::questions;
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
    let home = Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    let engine = stage.start_at(home, Arc::new(|_: &str| None), false).await;
    loop {
        std::fs::write(folder.join("map.json"), text(number)).unwrap();
        check(&engine).await;
        engine.decide(vec!["model-0".into()], Some(ruling(number)), None).await.unwrap();
        let mut told = std::io::stdout().lock();
        writeln!(told, "decided {number}").unwrap();
        told.flush().unwrap();
        drop(told);
        step(&engine, &folder, number).await;
        println!("stepped {number}");
        number += 1;
    }
}

/// What is done besides, by the number.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Own,
    Rollback,
    Unpin,
    File,
}

fn kind(number: u32) -> Step {
    [Step::Own, Step::Rollback, Step::Unpin, Step::File][number as usize % 4]
}

async fn step(engine: &engine::Engine, folder: &Path, number: u32) {
    match kind(number) {
        Step::Own => {
            let fields = format!("{{\"input_cost_per_token\": 2.{number:05}e-06}}");
            let edit = OverlayEdit::Set { model: "model-1".into(), fields, whole: true };
            engine.overlay(edit).await.unwrap();
        }
        Step::Rollback => {
            engine.pin(PinOrder { rollback: true, ..PinOrder::default() }).await.unwrap();
        }
        // The next good map may have ended it by itself, and its mark is still there.
        Step::Unpin => drop(engine.unpin(None).await),
        // What a run does for a proxy that reads only its own file.
        Step::File => local_file(folder).write(text(number).into_bytes(), number > 3).await.unwrap(),
    }
}

/// What was in the file before this program ever wrote it.
const ORIGINAL: &str = "the map of the package";

fn local_file(folder: &Path) -> LocalFile {
    LocalFile::new("crash", &folder.join("package.json"), folder)
}

/// What others read is one whole map at any instant, and the original of a proxy's file is kept from before it is written.
async fn what_others_read_is_whole(engine: &engine::Engine, folder: &Path) {
    if let Ok(bytes) = std::fs::read(folder.join("published.json")) {
        assert!(engine.ledger().revision(&Revision::of(&bytes)).await.unwrap().is_some(), "a map that was promoted");
    }
    let package = std::fs::read_to_string(folder.join("package.json")).unwrap();
    if package != ORIGINAL {
        assert_eq!(CostMap::parse(package).unwrap().len(), 60, "one whole map");
        assert_eq!(std::fs::read_to_string(folder.join("local-crash.json")).unwrap(), ORIGINAL);
    }
}

/// Pins, marks and own entries are whole: what was told holds, unless the next step was begun, and then that one may.
async fn nothing_is_half_there(engine: &engine::Engine, home: &Home, stepped: Option<u32>) {
    let ledger = engine.ledger();
    let (pins, promoted) = (ledger.pins().await.unwrap(), ledger.promoted().await.unwrap().unwrap());
    if let Some(pin) = &pins.all {
        assert_eq!(pin.promotion.revision, promoted.revision, "what is pinned is what is promoted");
        assert!(pin.resumes && !pins.skips.is_empty() && !pins.skips(&promoted.upstream), "{pins:?}");
    }
    let own = std::fs::read_to_string(home.overlay()).unwrap_or_default();
    let entries = if own.is_empty() { None } else { Some(CostMap::parse(own.clone()).unwrap()) };
    let Some(last) = stepped else { return };
    match kind(last) {
        Step::Own => {
            let price = entries.unwrap().get("model-1").unwrap().raw().to_owned();
            assert!(price.contains(&format!("2.{last:05}e-06")), "{last}: {own}");
        }
        Step::Rollback => {
            let bad = Revision::of(text(last).as_bytes());
            assert!(pins.skips(&bad) || pins.is_empty(), "{last}: {pins:?}");
        }
        Step::Unpin | Step::File => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_one_whole_map_is_served_and_every_told_decision_holds() {
    let kills = if std::env::var_os("AUTOSYNC_TEST_LONG").is_some() { 500 } else { 30 };
    let outer = TempDir::new().unwrap();
    let folder = outer.path().to_owned();
    let home = Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    home.create().unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let map = folder.join("map.json");
    let settings = format!(
        "schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n[gateway]\nlisten = \"{listen}\"\n[publish]\nto = '{}'\n",
        map.display(),
        folder.join("published.json").display()
    );
    std::fs::write(folder.join("package.json"), ORIGINAL).unwrap();
    std::fs::write(home.settings(), settings).unwrap();
    std::fs::write(folder.join("map.json"), Stage::text(1)).unwrap();
    let stage = stage_in(folder.clone());
    let engine = stage.start_at(home.clone(), Arc::new(|_: &str| None), false).await;
    check(&engine).await;
    engine.shutdown().await;

    let mut dice = fastrand::Rng::with_seed(12);
    let (mut next, mut told, mut steps) = (1, Vec::new(), 0);
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
        let lines: Vec<String> = heard.into_iter().chain(lines).map_while(Result::ok).collect();
        let numbers = |what: &str| -> Vec<u32> {
            lines.iter().filter_map(|line| line.strip_prefix(what)?.parse().ok()).collect()
        };
        told.extend(numbers("decided "));
        let stepped = numbers("stepped ");
        steps += stepped.len();
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
        nothing_is_half_there(&engine, &home, stepped.last().copied()).await;
        what_others_read_is_whole(&engine, &folder).await;
        let promotion = ledger.promoted().await.unwrap().unwrap();
        let bytes = ledger.map(&promotion.revision).await.unwrap().unwrap();
        assert_eq!(Revision::of(&bytes), promotion.revision);
        assert_eq!(CostMap::parse(bytes.clone()).unwrap().len(), 60, "one whole map");
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
        engine.shutdown().await;
    }
    assert!(told.len() >= kills / 4, "the child got somewhere: {}", told.len());
    assert!(steps >= kills / 5, "and did something besides: {steps}");
    println!("killed {kills} times, {} decisions and {steps} other steps were told", told.len());
}
