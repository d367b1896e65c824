//! Two real processes on one home: one writes until it is killed, the other reads, and takes over.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use costmap::{Revision, Verdict};
use engine::home::{Home, HomeLock};
use engine::ledger::{Ledger, Promotion, RunFilter};
use engine::run::{Outcome, Trigger};
use engine::{Clock, ErrorCode};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn home(path: impl AsRef<Path>) -> Home {
    Home::resolve(Some(path.as_ref().to_owned()), &|_| None).unwrap()
}

fn map(number: u64) -> Vec<u8> {
    format!("{{\"model-{number}\": {{}}}}").repeat(50).into_bytes()
}

/// A process that writes, and tells each thing once the ledger has reported it.
struct Writer {
    child: Child,
    told: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(home: &Home) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child_that_writes"])
            .env("AUTOSYNC_HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, told }
    }

    /// The next run that it has finished; what the test harness prints is passed over.
    fn next_run(&mut self) -> u64 {
        self.told.find_map(|line| line.unwrap().strip_prefix("finished ")?.parse().ok()).unwrap()
    }

    /// Kills it (SIGKILL) and gives the runs that it had told until then.
    fn kill(mut self) -> Vec<u64> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.told.by_ref().filter_map(|line| line.ok()?.strip_prefix("finished ")?.parse().ok()).collect()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
#[ignore = "started by the tests below, and killed by them"]
async fn child_that_writes() {
    let home = Home::resolve(None, &|name| std::env::var_os(name)).unwrap();
    let _lock = HomeLock::acquire(&home, Duration::ZERO).unwrap();
    let (ledger, _) = Ledger::open(&home.ledger(), &Clock::manual(at("2026-01-01T00:00:00Z"))).await.unwrap();
    let now = at("2026-01-01T00:00:00Z");
    // Ends by being killed, or when nobody reads what it tells.
    loop {
        let id = ledger.start_run("local", Trigger::Manual, now).await.unwrap();
        let bytes = map(id);
        let revision = Revision::of(&bytes);
        ledger.put_map(&revision, bytes.into(), "test", now, 1, Verdict::Accepted).await.unwrap();
        let promotion = Promotion {
            revision,
            upstream: revision,
            models: 1,
            promoted_at: now,
            held_models: vec![],
            baseline: None,
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        ledger.promote(promotion).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        run.outcome = Outcome::Succeeded;
        run.finished = Some(now);
        run.to = Some(revision);
        ledger.finish_run(&run).await.unwrap();
        let mut told = std::io::stdout().lock();
        writeln!(told, "finished {id}").unwrap();
        told.flush().unwrap();
    }
}

#[tokio::test]
async fn killed_at_any_moment_nothing_that_was_reported_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let mut told = Vec::new();
    for round in 0..6 {
        let mut writer = Writer::start(&home);
        // Another moment in each round.
        for _ in 0..=(round * 7) {
            told.push(writer.next_run());
        }
        told.extend(writer.kill());

        let (ledger, interrupted) =
            Ledger::open(&home.ledger(), &Clock::manual(at("2026-01-02T00:00:00Z"))).await.unwrap();
        assert!(interrupted <= 1, "one process has one run under way");
        for id in &told {
            let run = ledger.run(*id).await.unwrap();
            assert_eq!(run.outcome, Outcome::Succeeded, "run {id}");
            assert_eq!(ledger.map(&run.to.unwrap()).await.unwrap(), Some(map(*id)));
        }
        let all = ledger.runs(RunFilter { limit: usize::MAX, ..RunFilter::default() }).await.unwrap();
        assert!(all.iter().all(|run| run.finished.is_some() && run.outcome != Outcome::Running));
        assert!(all.len() >= told.len());
        let promoted = ledger.promoted().await.unwrap().unwrap();
        assert!(ledger.map(&promoted.revision).await.unwrap().is_some(), "what is promoted can be served");
    }
    assert!(told.windows(2).all(|two| two[0] < two[1]), "no number is given twice: {told:?}");
}

/// What the disk may hold when the power goes: everything that was there when the last commit was told, and of what was
/// written after it any sectors in any order. [`each_commit_waits_for_the_disk`](engine::ledger) holds the first half.
fn after_the_power_cut(told: &[u8], later: &[u8], dice: &mut fastrand::Rng) -> Vec<u8> {
    const SECTOR: usize = 512;
    let mut disk = told.to_vec();
    let reached = if dice.bool() { later.len() } else { dice.usize(told.len()..=later.len()) };
    // Often the disk was just done.
    let harm = if dice.bool() { 0 } else { 2 };
    disk.resize(reached, 0);
    for start in (told.len()..reached).step_by(SECTOR) {
        let sector = start..reached.min(start + SECTOR);
        match dice.u8(0..8).checked_sub(harm) {
            Some(_) => disk[sector.clone()].copy_from_slice(&later[sector]),
            None if dice.bool() => disk[sector].fill_with(|| dice.u8(..)),
            None => {}
        }
    }
    disk
}

#[tokio::test]
async fn a_power_cut_loses_nothing_that_was_reported() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let clock = Clock::manual(at("2026-01-01T00:00:00Z"));
    let (ledger, _) = Ledger::open(&home.ledger(), &clock).await.unwrap();
    let wal = home.ledger().with_extension("db-wal");
    let mut dice = fastrand::Rng::with_seed(11);
    let (mut kept, mut lost) = (0, 0);
    let mut told = Vec::new();
    for number in 0..60 {
        // A run that begins is told; then it ends, and the power goes before anyone hears of it.
        let started = at("2026-01-01T00:00:00Z");
        let id = ledger.start_run("local", Trigger::Manual, started).await.unwrap();
        told.push(id);
        let disk = (std::fs::read(home.ledger()).unwrap(), std::fs::read(&wal).unwrap());
        let mut run = ledger.run(id).await.unwrap();
        (run.outcome, run.finished) = (Outcome::Succeeded, Some(started));
        ledger.finish_run(&run).await.unwrap();
        let later = (std::fs::read(home.ledger()).unwrap(), std::fs::read(&wal).unwrap());
        // Where the log was written back meanwhile, the disk was waited for more than once.
        if later.0 != disk.0 || !later.1.starts_with(&disk.1) {
            continue;
        }
        let cut = dir.path().join(format!("cut-{number}"));
        std::fs::create_dir(&cut).unwrap();
        std::fs::write(cut.join("ledger.db"), &disk.0).unwrap();
        std::fs::write(cut.join("ledger.db-wal"), after_the_power_cut(&disk.1, &later.1, &mut dice)).unwrap();
        let (after, interrupted) = Ledger::open(&cut.join("ledger.db"), &clock).await.unwrap();
        for known in &told {
            let run = after.run(*known).await.unwrap();
            let ended = if *known == id { Outcome::Interrupted } else { Outcome::Succeeded };
            assert!(run.outcome == ended || run.outcome == Outcome::Succeeded, "run {known} of {id}: {run:#?}");
        }
        if interrupted == 0 { kept += 1 } else { lost += 1 }
    }
    assert!(kept > 0 && lost > 5, "the power went before and after the last words: {kept} kept, {lost} lost");
}

#[tokio::test]
async fn one_reads_while_another_writes() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    assert!(Ledger::open_read(&home.ledger()).await.unwrap().is_none(), "nothing was recorded yet");
    let mut writer = Writer::start(&home);
    let first = writer.next_run();
    let reader = Ledger::open_read(&home.ledger()).await.unwrap().unwrap();
    assert_eq!(reader.run(first).await.unwrap().outcome, Outcome::Succeeded);
    for _ in 0..20 {
        let id = writer.next_run();
        assert_eq!(
            reader.run(id).await.unwrap().outcome,
            Outcome::Succeeded,
            "run {id} was reported, so it can be read"
        );
        let again = Ledger::open_read(&home.ledger()).await.unwrap().unwrap();
        assert!(again.promoted().await.unwrap().is_some());
    }
    writer.kill();
    assert!(
        reader.last_success("local", "http://127.0.0.1:4000").await.unwrap().is_some(),
        "the writer's end does not disturb a reader"
    );
}

#[test]
fn a_home_is_free_again_when_its_writer_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let mut writer = Writer::start(&home);
    writer.next_run();
    let error = HomeLock::acquire(&home, Duration::from_millis(80)).unwrap_err();
    assert_eq!(error.code, ErrorCode::HomeBusy);
    assert_eq!(error.detail, Some(writer.child.id().to_string()));
    writer.kill();
    HomeLock::acquire(&home, Duration::ZERO).unwrap();
}
