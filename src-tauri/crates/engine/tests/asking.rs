//! A scheduled engine asks its proxies how they are. If this fails, a proxy that went away looks well for hours.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;
mod replay;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use border::{Answer, Border, answer};
use chrono::TimeDelta;
use engine::controller::{EngineOptions, FirstSyncs, Happening, Pause, ProxySnapshot, Snapshot};
use engine::home::{Home, HomeLock};
use engine::settings::{ProxyDocument, SettingsEdit, SettingsFile};
use engine::status::Health;
use engine::{Clock, Engine};
use replay::{MASTER, Recorded, reply};
use tempfile::TempDir;

/// No answer on loopback takes longer.
const WITHIN: Duration = Duration::from_secs(20);

/// What LiteLLM 1.102.4 answered, or nothing at all while `is_away`.
async fn proxy(is_away: Arc<AtomicBool>) -> Border {
    let recorded = ["model-hub-info", "readiness", "status-before", "source", "m-v1-models", "m-v1-model-info"]
        .map(|case| Recorded::read("1.102.4", case));
    Border::start(move |_, request| {
        if is_away.load(Ordering::Relaxed) {
            return answer("503 Service Unavailable", "", "");
        }
        match recorded.iter().find(|recorded| recorded.line == request.line) {
            Some(recorded) => reply(&recorded.status, &recorded.body),
            None => answer("404 Not Found", "", ""),
        }
    })
    .await
}

/// An engine whose schedule runs, with a source that is away, so that no sync gets as far as a proxy.
async fn engine(folder: &TempDir, clock: &Clock, proxies: &[(&str, &str)]) -> Engine {
    let home = Home::resolve(Some(folder.path().join("home")), &|_| None).unwrap();
    home.create().unwrap();
    let proxy = |(name, url): &(&str, &str)| {
        format!("[[proxy]]\nname = \"{name}\"\nurl = \"{url}\"\nrole = \"staging\"\nkey = \"env:KEY\"\n")
    };
    let proxies: String = proxies.iter().map(proxy).collect();
    let away = folder.path().join("map.json");
    let text = format!("schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n{proxies}", away.display());
    std::fs::write(home.settings(), text).unwrap();
    let lock = HomeLock::acquire(&home, Duration::ZERO).unwrap();
    let settings = SettingsFile::load(&home.settings()).unwrap();
    let environment = Arc::new(|name: &str| (name == "KEY").then(|| MASTER.to_owned()));
    Engine::start(EngineOptions {
        home,
        lock,
        settings,
        environment,
        clock: clock.clone(),
        scheduled: true,
        first_syncs: FirstSyncs::Start,
    })
    .await
    .unwrap()
}

fn clock() -> Clock {
    Clock::manual("2026-11-23T12:00:00Z".parse().unwrap())
}

/// The snapshot as soon as it fits.
async fn when(engine: &Engine, fits: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let mut snapshot = engine.snapshot();
    let found = tokio::time::timeout(WITHIN, snapshot.wait_for(|snapshot| fits(snapshot))).await;
    let found = found.unwrap_or_else(|_| panic!("it did not come: {:#?}", engine.snapshot().borrow()));
    found.unwrap().as_ref().clone()
}

fn health(proxy: &ProxySnapshot) -> Option<Health> {
    proxy.status.as_ref().map(|status| status.health)
}

#[tokio::test]
async fn each_proxy_is_asked_at_start_and_one_that_hangs_delays_no_other() {
    let (folder, clock) = (TempDir::new().unwrap(), clock());
    let up = proxy(Arc::default()).await;
    let hangs = Border::start(|_, _| Answer::Silence).await;
    let engine = engine(&folder, &clock, &[("hangs", &hangs.url), ("up", &up.url)]).await;
    // Paused or not makes no difference to asking.
    engine.pause(Pause::Indefinitely).await.unwrap();
    let snapshot = when(&engine, |snapshot| snapshot.proxies[1].status.is_some()).await;
    let [waiting, asked] = &snapshot.proxies[..] else { panic!("{snapshot:#?}") };
    assert!(waiting.is_asking && waiting.status.is_none() && waiting.asked_at.is_none(), "{waiting:#?}");
    assert_eq!((asked.role.as_str(), asked.asked_at, asked.down_since), ("staging", Some(clock.now()), None));
    let status = asked.status.as_ref().unwrap();
    assert_eq!((status.health, status.callable_models), (Health::Up, Some(4)), "{status:#?}");
    assert_eq!(status.used_models, ["claude-sonnet-4-5", "gpt-4o", "gpt-4o-mini"]);
    assert_eq!(status.unpriced_models, Vec::<String>::new());
    let begun = std::time::Instant::now();
    engine.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "the end waited for the proxy that hangs");
}

#[tokio::test]
async fn a_proxy_that_goes_away_and_comes_back_is_told_once_each() {
    let (folder, clock, away) = (TempDir::new().unwrap(), clock(), Arc::new(AtomicBool::new(false)));
    let border = proxy(Arc::clone(&away)).await;
    let engine = engine(&folder, &clock, &[("local", &border.url)]).await;
    let mut happenings = engine.happenings();
    when(&engine, |snapshot| health(&snapshot.proxies[0]) == Some(Health::Up)).await;

    away.store(true, Ordering::Relaxed);
    clock.advance(TimeDelta::seconds(7));
    let gone = clock.now();
    engine.ask_proxies(vec!["local".into()]);
    when(&engine, |snapshot| health(&snapshot.proxies[0]) == Some(Health::Down)).await;
    clock.advance(TimeDelta::seconds(7));
    engine.ask_proxies(Vec::new());
    let still = when(&engine, |snapshot| snapshot.proxies[0].asked_at == Some(clock.now())).await;
    assert_eq!(still.proxies[0].down_since, Some(gone), "since it first did not answer");
    away.store(false, Ordering::Relaxed);
    engine.ask_proxies(Vec::new());
    let back = when(&engine, |snapshot| health(&snapshot.proxies[0]) == Some(Health::Up)).await;
    assert_eq!(back.proxies[0].down_since, None);

    let mut told = Vec::new();
    while let Ok(happening) = happenings.try_recv() {
        if let Happening::ProxyAsked { health, was, error, .. } = happening {
            assert_eq!(error.is_some(), health == Health::Down);
            told.push((was, health));
        }
    }
    let (up, down) = (Health::Up, Health::Down);
    assert_eq!(told, [(None, up), (Some(up), down), (Some(down), up)]);
    engine.shutdown().await;
}

#[tokio::test]
async fn fifty_questions_at_once_are_one_and_one_more() {
    let (folder, clock) = (TempDir::new().unwrap(), clock());
    let border = proxy(Arc::default()).await;
    let engine = engine(&folder, &clock, &[("local", &border.url)]).await;
    let settled = |snapshot: &Snapshot| snapshot.proxies[0].status.is_some() && !snapshot.proxies[0].is_asking;
    // The run that the schedule starts fails at the source, and has the proxy asked once more.
    when(&engine, |snapshot| settled(snapshot) && snapshot.proxies[0].last_run.is_some()).await;
    let asked = || border.requests().iter().filter(|request| request.line == "GET /v1/model/info").count();
    let before = asked();
    for _ in 0..50 {
        engine.ask_proxies(vec!["local".into()]);
    }
    when(&engine, |snapshot| asked() > before && settled(snapshot)).await;
    assert!((1..=2).contains(&(asked() - before)), "{}", asked() - before);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_proxy_whose_address_changed_is_asked_anew_and_the_old_answer_forgotten() {
    let (folder, clock) = (TempDir::new().unwrap(), clock());
    let border = proxy(Arc::default()).await;
    let engine = engine(&folder, &clock, &[("local", &border.url)]).await;
    when(&engine, |snapshot| health(&snapshot.proxies[0]) == Some(Health::Up)).await;
    let known = SettingsFile::load(&folder.path().join("home/settings.toml")).unwrap().settings().proxies[0].clone();
    let proxy = ProxyDocument { url: "http://127.0.0.1:9".into(), ..ProxyDocument::from(&known) };
    engine.edit(SettingsEdit::SetProxy { name: "local".into(), proxy }).await.unwrap();
    let now = engine.snapshot().borrow().proxies[0].clone();
    assert_ne!(health(&now), Some(Health::Up), "{now:#?}");
    when(&engine, |snapshot| health(&snapshot.proxies[0]) == Some(Health::Down)).await;
    engine.shutdown().await;
}
