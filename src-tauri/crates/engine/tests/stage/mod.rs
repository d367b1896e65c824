//! A home, a source file that a test writes, and an engine on them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use costmap::{Revision, Verdict};
use engine::controller::{EngineOptions, Environment, FirstSyncs, Snapshot, SyncOrder};
use engine::home::{Home, HomeLock};
use engine::run::Trigger;
use engine::settings::SettingsFile;
use engine::sync::SourceState;
use engine::webhooks::WebhookStatus;
use engine::{Clock, Engine};
use tempfile::TempDir;

pub(crate) const WITHIN: Duration = Duration::from_secs(20);

pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) clock: Clock,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage =
            Self { folder: TempDir::new().unwrap(), clock: Clock::manual("2026-03-04T12:00:00Z".parse().unwrap()) };
        stage.home().create().unwrap();
        stage
    }

    pub(crate) fn home(&self) -> Home {
        Home::resolve(Some(self.folder.path().join("home")), &|_| None).unwrap()
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("map.json")
    }

    /// Sixty models, the price of each in millionths of a dollar.
    pub(crate) fn map(&self, price: u32) -> Revision {
        self.put(&Self::text(price))
    }

    pub(crate) fn text(price: u32) -> String {
        let mut text = String::from("{");
        for number in 0..60 {
            let comma = if number == 0 { "" } else { "," };
            write!(text, "{comma}\n\"model-{number}\": {{\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": {price}e-06}}").unwrap();
        }
        text.push_str("\n}\n");
        text
    }

    pub(crate) fn put(&self, text: &str) -> Revision {
        std::fs::write(self.source(), text).unwrap();
        Revision::of(text.as_bytes())
    }

    pub(crate) async fn engine(&self, proxies: &[(&str, &str)], scheduled: bool) -> Engine {
        let home = self.home();
        let proxy = |(name, url): &(&str, &str)| {
            format!("[[proxy]]\nname = \"{name}\"\nurl = \"{url}\"\nrole = \"staging\"\nkey = \"env:KEY\"\n")
        };
        let proxies: String = proxies.iter().map(proxy).collect();
        let text = format!("schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n{proxies}", self.source().display());
        std::fs::write(home.settings(), text).unwrap();
        self.start(Arc::new(|name: &str| (name == "KEY").then(|| "sk-1".to_owned())), scheduled).await
    }

    /// With the settings that are there.
    pub(crate) async fn start(&self, environment: Environment, scheduled: bool) -> Engine {
        self.start_at(self.home(), environment, scheduled).await
    }

    /// In a home that is not the stage's.
    pub(crate) async fn start_at(&self, home: Home, environment: Environment, scheduled: bool) -> Engine {
        let lock = HomeLock::acquire(&home, Duration::from_secs(5)).unwrap();
        let settings = SettingsFile::load(&home.settings()).unwrap();
        Engine::start(EngineOptions {
            home,
            lock,
            settings,
            environment,
            clock: self.clock.clone(),
            scheduled,
            first_syncs: FirstSyncs::Asked,
        })
        .await
        .unwrap()
    }

    /// With a map that was promoted before, so that no proxy is asked for a first one.
    pub(crate) async fn engine_with_promoted(&self, proxies: &[(&str, &str)]) -> Engine {
        self.map(1);
        let first = self.engine(&[], false).await;
        assert_eq!(check(&first).await.verdict, Some(Verdict::Accepted));
        first.shutdown().await;
        self.engine(proxies, false).await
    }
}

pub(crate) async fn check(engine: &Engine) -> SourceState {
    engine.check_source().await.unwrap().source
}

pub(crate) fn order(proxies: &[&str]) -> SyncOrder {
    let proxies = proxies.iter().map(|name| (*name).to_owned()).collect();
    SyncOrder { proxies, force: false, dry_run: false, trigger: Trigger::Manual }
}

/// As soon as the snapshot fits.
pub(crate) async fn when(engine: &Engine, fits: impl Fn(&Snapshot) -> bool) {
    let mut snapshot = engine.snapshot();
    let found = tokio::time::timeout(WITHIN, snapshot.wait_for(|snapshot| fits(snapshot))).await;
    assert!(found.is_ok(), "it did not come: {:#?}", engine.snapshot().borrow());
}

pub(crate) fn runs(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.proxies.iter().any(|proxy| proxy.name == name && proxy.running.is_some())
}

/// Time goes on until the first webhook's state fits; while something waits its task looks each second of real time.
pub(crate) async fn passes(engine: &Engine, clock: &Clock, step: TimeDelta, fits: impl Fn(&WebhookStatus) -> bool) {
    let found = tokio::time::timeout(WITHIN, async {
        let mut snapshots = engine.snapshot();
        loop {
            if snapshots.borrow_and_update().webhooks.first().is_some_and(&fits) {
                return;
            }
            clock.advance(step);
            tokio::time::timeout(Duration::from_millis(300), snapshots.changed()).await.ok();
        }
    });
    assert!(found.await.is_ok(), "it did not come: {:#?}", engine.snapshot().borrow().webhooks);
}
