//! Nothing is synced before a person said so, and a preview changes nothing. If this fails, adding a production proxy
//! reloads it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;
mod replay;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use border::{Border, answer};
use chrono::TimeDelta;
use engine::controller::{Draft, EngineOptions, FirstSyncs, Happening, Snapshot, SyncOrder};
use engine::home::{Home, HomeLock};
use engine::ledger::RunFilter;
use engine::run::{Outcome, Trigger};
use engine::settings::{Proxy, ProxyDocument, SettingsEdit, SettingsFile, Source};
use engine::{Clock, Engine, ErrorCode};
use replay::{MASTER, Recorded, reply};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

/// No answer on loopback takes longer.
const WITHIN: Duration = Duration::from_secs(20);

struct Stage {
    folder: TempDir,
    clock: Clock,
    proxy: Border,
}

impl Stage {
    /// A proxy that answers what LiteLLM 1.102.4 answered, and a source with a good map.
    async fn new() -> Self {
        let recorded = ["model-hub-info", "readiness", "status-before", "source", "m-v1-models", "m-v1-model-info"]
            .map(|case| Recorded::read("1.102.4", case));
        let proxy =
            Border::start(move |_, request| match recorded.iter().find(|recorded| recorded.line == request.line) {
                Some(recorded) => reply(&recorded.status, &recorded.body),
                None => answer("404 Not Found", "", ""),
            })
            .await;
        let clock = Clock::manual("2026-11-23T12:00:00Z".parse().unwrap());
        let stage = Self { folder: TempDir::new().unwrap(), clock, proxy };
        stage.serve(1);
        stage.home().create().unwrap();
        let text = format!(
            "schema = 1\n[source]\nfile = '{}'\n[[proxy]]\nname = \"local\"\nurl = \"{}\"\nkey = \"env:KEY\"\n",
            stage.folder.path().join("map.json").display(),
            stage.proxy.url
        );
        std::fs::write(stage.home().settings(), text).unwrap();
        stage
    }

    fn serve(&self, price: u32) {
        let entry = |number: u32| {
            format!(
                "\"model-{number}\": {{\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": {price}e-06}}"
            )
        };
        let entries: Vec<String> = (0..60).map(entry).collect();
        std::fs::write(self.folder.path().join("map.json"), format!("{{\n{}\n}}\n", entries.join(",\n"))).unwrap();
    }

    fn home(&self) -> Home {
        Home::resolve(Some(self.folder.path().join("home")), &|_| None).unwrap()
    }

    async fn engine(&self, scheduled: bool, first_syncs: FirstSyncs) -> Engine {
        let home = self.home();
        let lock = HomeLock::acquire(&home, Duration::from_secs(5)).unwrap();
        let settings = SettingsFile::load(&home.settings()).unwrap();
        let environment = Arc::new(|name: &str| (name == "KEY").then(|| MASTER.to_owned()));
        let clock = self.clock.clone();
        Engine::start(EngineOptions { home, lock, settings, environment, clock, scheduled, first_syncs }).await.unwrap()
    }

    /// Lets the scheduler look once after this long.
    async fn later(&self, engine: &Engine, happenings: &mut Receiver<Happening>, told: &mut Vec<Happening>) {
        self.clock.advance(TimeDelta::hours(13));
        engine.ask_proxies(Vec::new());
        until(happenings, told, |one| matches!(one, Happening::Resumed)).await;
    }

    /// Requests that are no questions.
    fn changes(&self) -> Vec<String> {
        let lines = self.proxy.requests().into_iter().map(|request| request.line);
        lines.filter(|line| !line.starts_with("GET ")).collect()
    }
}

fn manual(dry_run: bool) -> SyncOrder {
    SyncOrder { proxies: Vec::new(), force: false, dry_run, trigger: Trigger::Manual }
}

/// Collects what happens until one that fits.
async fn until(from: &mut Receiver<Happening>, told: &mut Vec<Happening>, fits: impl Fn(&Happening) -> bool) {
    let found = tokio::time::timeout(WITHIN, async {
        loop {
            let happening = from.recv().await.unwrap();
            let is_it = fits(&happening);
            told.push(happening);
            if is_it {
                return;
            }
        }
    });
    assert!(found.await.is_ok(), "it did not happen: {told:#?}");
}

async fn when(engine: &Engine, fits: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let mut snapshot = engine.snapshot();
    let found = tokio::time::timeout(WITHIN, snapshot.wait_for(|snapshot| fits(snapshot))).await;
    found.unwrap_or_else(|_| panic!("it did not come: {:#?}", engine.snapshot().borrow())).unwrap().as_ref().clone()
}

fn begun(told: &[Happening]) -> Vec<Trigger> {
    let trigger = |happening: &Happening| match happening {
        Happening::RunStarted { trigger, .. } => Some(*trigger),
        _ => None,
    };
    told.iter().filter_map(trigger).collect()
}

async fn runs(engine: &Engine) -> usize {
    engine.ledger().runs(RunFilter::default()).await.unwrap().len()
}

#[tokio::test]
async fn a_new_proxy_is_left_alone_until_a_person_syncs_it_and_so_is_one_with_a_new_address() {
    let stage = Stage::new().await;
    let engine = stage.engine(true, FirstSyncs::Asked).await;
    let (mut happenings, mut told) = (engine.happenings(), Vec::new());
    // Several intervals, a new map at the source, and waking up each time.
    for price in 2..5 {
        stage.later(&engine, &mut happenings, &mut told).await;
        stage.serve(price);
        engine.check_source().await.unwrap();
    }
    stage.later(&engine, &mut happenings, &mut told).await;
    assert_eq!((begun(&told), runs(&engine).await, stage.changes()), (vec![], 0, vec![]));
    let proxy = engine.snapshot().borrow().proxies[0].clone();
    assert!(proxy.awaits_first_sync && proxy.next_run.is_none(), "{proxy:#?}");

    engine.sync(manual(false)).await.unwrap();
    until(&mut happenings, &mut told, |one| matches!(one, Happening::RunFinished { .. })).await;
    let proxy = when(&engine, |snapshot| !snapshot.proxies[0].awaits_first_sync).await.proxies[0].clone();
    assert!(proxy.next_run.is_some(), "the schedule follows: {proxy:#?}");
    stage.later(&engine, &mut happenings, &mut told).await;
    until(&mut happenings, &mut told, |one| matches!(one, Happening::RunStarted { .. })).await;
    assert_eq!(begun(&told), [Trigger::Manual, Trigger::Resume]);

    // What was agreed for one address says nothing about another one.
    let known = SettingsFile::load(&stage.home().settings()).unwrap().settings().proxies[0].clone();
    let proxy = ProxyDocument { url: "http://127.0.0.1:9".into(), ..ProxyDocument::from(&known) };
    let elsewhere = SettingsEdit::SetProxy { name: known.name.to_string(), proxy };
    when(&engine, |snapshot| snapshot.proxies[0].running.is_none()).await;
    engine.edit(elsewhere).await.unwrap();
    let proxy = engine.snapshot().borrow().proxies[0].clone();
    assert!(proxy.awaits_first_sync && proxy.next_run.is_none(), "{proxy:#?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn what_a_person_asked_for_outlives_the_program_and_a_watch_in_a_terminal_asks_for_all() {
    let stage = Stage::new().await;
    let one_command = stage.engine(false, FirstSyncs::Asked).await;
    one_command.sync(manual(true)).await.unwrap();
    assert!(one_command.snapshot().borrow().proxies[0].awaits_first_sync, "a dry run asks for nothing");
    one_command.shutdown().await;

    let watch = stage.engine(true, FirstSyncs::Start).await;
    when(&watch, |snapshot| snapshot.proxies[0].last_run.is_some()).await;
    watch.shutdown().await;

    let app = stage.engine(true, FirstSyncs::Asked).await;
    let proxy = app.snapshot().borrow().proxies[0].clone();
    assert!(!proxy.awaits_first_sync && proxy.next_run.is_some(), "{proxy:#?}");
    app.shutdown().await;
}

#[tokio::test]
async fn a_home_with_runs_of_an_earlier_version_goes_on_as_before() {
    let stage = Stage::new().await;
    let (ledger, _) = engine::ledger::Ledger::open(&stage.home().ledger(), &stage.clock).await.unwrap();
    let id = ledger.start_run("local", Trigger::Schedule, stage.clock.now()).await.unwrap();
    let run = engine::run::SyncRun::started(id, "local".into(), Trigger::Schedule, stage.clock.now());
    let run = engine::run::SyncRun { outcome: Outcome::Failed, finished: Some(stage.clock.now()), ..run };
    ledger.finish_run(&run).await.unwrap();
    drop(ledger);
    let engine = stage.engine(true, FirstSyncs::Asked).await;
    let proxy = engine.snapshot().borrow().proxies[0].clone();
    assert!(!proxy.awaits_first_sync && proxy.next_run.is_some(), "{proxy:#?}");
    engine.shutdown().await;
}

/// Everything that a look could leave behind: the state that is shown, the schedule in it, the ledger, and every file.
async fn traces(engine: &Engine, home: &Path) -> (serde_json::Value, String, Vec<(String, Vec<u8>)>) {
    let snapshot = serde_json::to_value(engine.snapshot().borrow().as_ref()).unwrap();
    let ledger = engine.ledger();
    let kept = format!(
        "{:?} {:?} {:?} {:?}",
        ledger.runs(RunFilter::default()).await.unwrap(),
        ledger.revisions(100).await.unwrap(),
        ledger.promotions(100).await.unwrap(),
        ledger.get_state::<serde_json::Value>("source").await.unwrap(),
    );
    let mut files = Vec::new();
    // Readers of SQLite leave marks in its shared memory.
    let is_kept = |path: &Path| path.is_file() && !path.to_string_lossy().ends_with("-shm");
    for entry in std::fs::read_dir(home).unwrap().flatten().filter(|entry| is_kept(&entry.path())) {
        files.push((entry.file_name().display().to_string(), std::fs::read(entry.path()).unwrap()));
    }
    if let Ok(logs) = std::fs::read_dir(home.join("logs")) {
        files.extend(
            logs.flatten().map(|log| (log.file_name().display().to_string(), std::fs::read(log.path()).unwrap())),
        );
    }
    files.sort();
    (snapshot, kept, files)
}

#[tokio::test]
async fn a_preview_and_a_dry_run_leave_no_trace() {
    let stage = Stage::new().await;
    let engine = stage.engine(true, FirstSyncs::Asked).await;
    let settled = |snapshot: &Snapshot| {
        let proxy = &snapshot.proxies[0];
        snapshot.source.is_some() && proxy.status.is_some() && !proxy.is_asking
    };
    when(&engine, settled).await;
    // Time has gone by, and the source has something new or is away: each is what a look could tell to others.
    stage.clock.advance(TimeDelta::seconds(20));
    for is_away in [false, true] {
        stage.serve(7);
        if is_away {
            std::fs::remove_file(stage.folder.path().join("map.json")).unwrap();
        }
        let mut happenings = engine.happenings();
        let before = traces(&engine, &stage.folder.path().join("home")).await;

        let report = engine.sync(manual(true)).await.unwrap();
        assert_eq!(report.runs[0].id, 0, "{report:#?}");
        assert_eq!(report.source.error.is_some(), is_away);
        let proxy = engine_proxy(&stage);
        let draft = Draft { proxy, key: Some(MASTER.into()), source: None };
        let looked = engine.preview(draft).await.unwrap();
        assert_eq!((looked.runs[0].id, looked.runs[0].outcome), (0, report.runs[0].outcome), "{looked:#?}");

        assert_eq!(traces(&engine, &stage.folder.path().join("home")).await, before, "away: {is_away}");
        while let Ok(happening) = happenings.try_recv() {
            // Who asked at the door is told of their own dry run, which has the number 0; a draft is told to nobody.
            let is_own = match &happening {
                Happening::RunStarted { id, proxy, .. } | Happening::RunStep { id, proxy, .. } => {
                    *id == 0 && proxy == "local"
                }
                Happening::RunFinished { run } => run.id == 0 && run.proxy == "local",
                _ => false,
            };
            assert!(is_own, "{happening:#?}");
        }
    }
    assert_eq!(stage.changes(), Vec::<String>::new());
    engine.shutdown().await;
}

fn engine_proxy(stage: &Stage) -> Proxy {
    let settings = SettingsFile::load(&stage.home().settings()).unwrap();
    Proxy { name: "typed".parse().unwrap(), key: "keyring".parse().unwrap(), ..settings.settings().proxies[0].clone() }
}

#[tokio::test]
async fn a_draft_is_looked_at_with_its_own_key_and_source() {
    let stage = Stage::new().await;
    let engine = stage.engine(false, FirstSyncs::Asked).await;
    let seen = |key: &str| stage.proxy.requests().iter().any(|request| request.head.contains(key));
    let gone = Source::parse("nowhere.json", stage.folder.path()).unwrap();
    let draft = Draft { proxy: engine_proxy(&stage), key: Some("sk-typed".into()), source: Some(gone) };
    let report = engine.preview(draft).await.unwrap();
    assert_eq!(report.runs[0].error.as_ref().map(|error| error.code), Some(ErrorCode::SourceFile));
    assert!(report.source.url.ends_with("nowhere.json"), "{}", report.source.url);

    engine.preview(Draft { proxy: engine_proxy(&stage), key: Some("sk-typed".into()), source: None }).await.unwrap();
    assert!(seen("sk-typed") && !seen(MASTER));
    engine.shutdown().await;
}
