//! The engine itself, as the tray and the terminal use it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::controller::{EngineOptions, FirstSyncs, Happening, Snapshot, SyncOrder, SyncReport};
use engine::home::{Home, HomeLock};
use engine::run::{Outcome, Trigger};
use engine::settings::SettingsFile;
use engine::status::SyncState;
use engine::sync::Step;
use engine::{Clock, Engine};
use system_tests::{Client, Stage};
use tempfile::TempDir;

use crate::{MAIN, OLDER};

/// A home that knows `proxies`, by their names and addresses, and the source of a stage.
pub(crate) struct Desk<'a> {
    folder: &'a TempDir,
    source: String,
    key: String,
    proxies: &'a [(&'a str, &'a str)],
    /// More tables of the settings.
    pub(crate) more: &'a str,
    pub(crate) clock: Clock,
    /// Run the schedule and the watch.
    pub(crate) scheduled: bool,
    pub(crate) first_syncs: FirstSyncs,
}

impl<'a> Desk<'a> {
    pub(crate) fn of(stage: &Stage, folder: &'a TempDir, proxies: &'a [(&'a str, &'a str)]) -> Self {
        let (source, key) = (stage.upstream.url(), stage.proxy.key.clone());
        Self {
            folder,
            source,
            key,
            proxies,
            more: "",
            clock: Clock::system(),
            scheduled: false,
            first_syncs: FirstSyncs::Start,
        }
    }

    pub(crate) async fn engine(self) -> Engine {
        let Self { folder, source, key, proxies, more, clock, scheduled, first_syncs } = self;
        let home = Home::resolve(Some(folder.path().join("home")), &|_| None).unwrap();
        home.create().unwrap();
        let proxy = |(name, url): &(&str, &str)| {
            format!("[[proxy]]\nname = \"{name}\"\nurl = \"{url}\"\nkey = \"env:PROXY_KEY\"\n")
        };
        let proxies: String = proxies.iter().map(proxy).collect();
        let text = format!("schema = 1\n[source]\nurl = \"{source}\"\n{more}{proxies}");
        std::fs::write(home.settings(), text).unwrap();
        let lock = HomeLock::acquire(&home, Duration::ZERO).unwrap();
        let settings = SettingsFile::load(&home.settings()).unwrap();
        let environment = Arc::new(move |name: &str| (name == "PROXY_KEY").then(|| key.clone()));
        Engine::start(EngineOptions { home, lock, settings, environment, clock, scheduled, first_syncs }).await.unwrap()
    }
}

pub(crate) fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

pub(crate) fn all() -> SyncOrder {
    SyncOrder { proxies: Vec::new(), force: false, dry_run: false, trigger: Trigger::Manual }
}

pub(crate) fn only_run(report: &SyncReport) -> &engine::run::SyncRun {
    assert_eq!(report.runs.len(), 1);
    &report.runs[0]
}

#[test]
fn fifty_clicks_are_one_run_and_its_receipt_names_every_field() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        let engine = Desk::of(&stage, &folder, &[("local", &stage.proxy.url)]).engine().await;
        stage.upstream.serve(&stage.new);
        let mut happenings = engine.happenings();

        let engine = Arc::new(engine);
        let clicks = (0..50).map(|_| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move { engine.sync(all()).await.unwrap() })
        });
        let mut reports = Vec::new();
        for click in clicks.collect::<Vec<_>>() {
            reports.push(click.await.unwrap());
        }

        let run = only_run(&reports[0]);
        assert_eq!(run.outcome, Outcome::Succeeded, "{run:?}");
        assert!(reports.iter().all(|report| only_run(report).id == run.id));
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
        let receipt = run.receipt.as_ref().unwrap();
        let new = costmap::CostMap::parse(stage.new.as_slice()).unwrap();
        assert_eq!((receipt.revision, receipt.proxy_revision), (new.revision(), Some(new.revision())));
        assert_eq!((receipt.compared_models, receipt.models), (new.len(), new.len()));
        assert!(receipt.compared_fields > 10 * new.len());
        let old = costmap::CostMap::parse(stage.old.as_slice()).unwrap();
        let set = costmap::diff(&old, &new);
        assert_eq!((run.new_models.len(), run.pricing_changes), (set.new_models.len(), set.counts.pricing_changes));
        assert_eq!((run.models_before, run.models_after), (Some(old.len()), Some(new.len())));

        let mut steps = Vec::new();
        while let Ok(happening) = happenings.try_recv() {
            if let Happening::RunStep { step, .. } = happening {
                steps.push(step);
            }
        }
        assert_eq!(steps, Step::ALL);

        let again = engine.sync(all()).await.unwrap();
        assert_eq!(only_run(&again).outcome, Outcome::Unchanged, "{again:?}");
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1, "no second reload");
        let snapshot = engine.snapshot().borrow().clone();
        assert_eq!(snapshot.proxies[0].proved, Some(new.revision()));
        Arc::into_inner(engine).unwrap().shutdown().await;
    });
}

#[test]
fn a_proxy_that_was_just_synced_is_not_called_behind_until_it_is_asked_again() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        let engine = Desk::of(&stage, &folder, &[("local", &stage.proxy.url)]).engine().await;
        stage.upstream.serve(&stage.new);
        engine.check_source().await.unwrap();
        engine.ask_proxies(Vec::new());
        let mut snapshots = engine.snapshot();
        let sync_of = |snapshot: &Snapshot| snapshot.proxies[0].status.as_ref().map(|status| status.sync);
        snapshots.wait_for(|snapshot| sync_of(snapshot) == Some(SyncState::Behind)).await.unwrap();

        // This engine asks nobody by itself.
        let report = engine.sync(all()).await.unwrap();
        assert_eq!(only_run(&report).outcome, Outcome::Succeeded);
        let snapshot = engine.snapshot().borrow().clone();
        assert_eq!(sync_of(&snapshot), Some(SyncState::Synced), "{snapshot:#?}");
        let live = snapshot.proxies[0].status.as_ref().unwrap().live.as_ref().unwrap();
        assert_eq!(live.revision, only_run(&report).to);
        engine.shutdown().await;
    });
}

#[test]
fn what_was_proved_at_the_old_address_says_nothing_of_the_new_one() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        let engine = Desk::of(&stage, &folder, &[("local", &stage.proxy.url)]).engine().await;
        stage.upstream.serve(&stage.new);
        let mut happenings = engine.happenings();
        // The same proxy, but who could know that.
        let url = stage.proxy.url.replace("127.0.0.1", "localhost");
        assert_ne!(url, stage.proxy.url);
        let proxy = serde_json::json!({ "name": "local", "url": url, "key": "env:PROXY_KEY" });
        let moved = serde_json::json!({ "edit": "set_proxy", "name": "local", "proxy": proxy });
        let moving = async {
            while !matches!(happenings.recv().await.unwrap(), Happening::RunStep { .. }) {}
            engine.edit(serde_json::from_value(moved).unwrap()).await.unwrap();
        };
        let mut sync = Box::pin(engine.sync(all()));
        tokio::select! {
            () = moving => {}
            report = &mut sync => panic!("it ended before the address was edited: {report:?}"),
        }
        let report = sync.await.unwrap();
        let run = only_run(&report);
        assert_eq!(run.outcome, Outcome::Succeeded, "{run:?}");
        assert!(run.receipt.as_ref().unwrap().is_of(&stage.proxy.url), "{run:?}");
        let proved = |engine: &Engine| engine.snapshot().borrow().proxies[0].proved;
        assert_eq!(proved(&engine), None);

        let report = engine.sync(all()).await.unwrap();
        assert_eq!(proved(&engine), only_run(&report).receipt.as_ref().map(|receipt| receipt.revision));
        assert!(proved(&engine).is_some(), "{report:?}");
        engine.shutdown().await;
    });
}

#[test]
fn a_proxy_that_knows_no_revisions_is_proved_field_by_field() {
    let (stage, folder) = (Stage::shared(OLDER), TempDir::new().unwrap());
    block_on(async {
        let engine = Desk::of(&stage, &folder, &[("local", &stage.proxy.url)]).engine().await;
        stage.upstream.serve(&stage.new);

        let planned = engine.sync(SyncOrder { dry_run: true, ..all() }).await.unwrap();
        assert_eq!(only_run(&planned).outcome, Outcome::Planned, "{planned:?}");
        assert!(stage.upstream.hits_of(Client::Proxy).is_empty());
        assert!(engine.ledger().promoted().await.unwrap().is_none(), "a dry run promotes nothing");

        let report = engine.sync(all()).await.unwrap();
        let run = only_run(&report);
        assert_eq!(run.outcome, Outcome::Succeeded, "{run:?}");
        assert_eq!(run.receipt.as_ref().unwrap().proxy_revision, None);
        assert_eq!(run.new_models.len(), only_run(&planned).new_models.len());
        assert!(run.new_models.len() > 100 && run.from.is_none());
        let again = engine.sync(all()).await.unwrap();
        assert_eq!(only_run(&again).outcome, Outcome::Unchanged, "{again:?}");
        engine.shutdown().await;
    });
}

#[test]
fn one_proxy_that_is_down_does_not_hold_up_the_other() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        // Nothing listens on port 9 of loopback.
        let proxies = [("down", "http://127.0.0.1:9"), ("up", stage.proxy.url.as_str())];
        let engine = Desk::of(&stage, &folder, &proxies).engine().await;
        stage.upstream.serve(&stage.new);
        let report = engine.sync(all()).await.unwrap();
        let outcomes: Vec<_> = report.runs.iter().map(|run| (run.proxy.as_str(), run.outcome)).collect();
        assert_eq!(outcomes, [("down", Outcome::Failed), ("up", Outcome::Succeeded)]);
        assert_eq!(engine::run::worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code)), 4);
        engine.shutdown().await;
    });
}

#[test]
fn one_proxy_that_hangs_does_not_hold_up_the_other_even_with_the_first_map() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    // The system takes the connection, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs = format!("http://{}", silent.local_addr().unwrap());
    block_on(async {
        let proxies = [("hangs", hangs.as_str()), ("up", stage.proxy.url.as_str())];
        let engine = Desk::of(&stage, &folder, &proxies).engine().await;
        stage.upstream.serve(&stage.new);
        let mut happenings = engine.happenings();
        let begun = Instant::now();
        let first = async {
            loop {
                if let Happening::RunFinished { run } = happenings.recv().await.unwrap() {
                    return run;
                }
            }
        };
        let mut sync = Box::pin(engine.sync(all()));
        let run = tokio::select! {
            run = first => run,
            report = &mut sync => panic!("no run was told before all had ended: {report:?}"),
        };
        assert_eq!((run.proxy.as_str(), run.outcome), ("up", Outcome::Succeeded), "{run:?}");
        // A proxy that hangs is waited for 30 s.
        assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
        engine.cancel(None);
        let report = sync.as_mut().await.unwrap();
        drop(sync);
        assert_eq!(report.runs[0].outcome, Outcome::Interrupted, "{:?}", report.runs[0]);
        engine.shutdown().await;
    });
}
