//! Fifty proxies for a day: what that asks of them and of this machine. A figure of docs/PERFORMANCE.md, measured, printed and
//! judged only where something was not done at all.
//!
//! The engine is the real one, over loopback, with a clock that is moved by hand: each minute of the day one after the other,
//! as soon as the one before is done. The proxies are stand-ins that give the answers recorded from LiteLLM 1.102.4, and the
//! whole live map.
#![expect(clippy::unwrap_used, reason = "these are tests; clippy knows only functions with #[test]")]

mod proxies;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use engine::controller::{EngineOptions, FirstSyncs};
use engine::home::{Home, HomeLock};
use engine::run::Outcome;
use engine::settings::SettingsFile;
use engine::usage::Usage;
use engine::{Clock, Engine};
use proxies::{Proxies, processor};
use system_tests::{MapServer, maps};

/// How many proxies.
const PROXIES: usize = 50;

/// A day.
const MINUTES: i64 = 24 * 60;

/// Somebody looks at the dashboard in these hours of it.
const LOOKED_AT: std::ops::Range<i64> = 9..17;

/// The stand-ins hold this map, and the source has it.
const MAP: &str = "1.102.4";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures a simulated day: `cargo xtask bench fleet`"]
async fn fifty_proxies_for_a_day() {
    let map = maps::load(MAP);
    let source = MapServer::start(&map);
    let stand_ins = Proxies::start(PROXIES, &map, &source.url());
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual("2026-03-02T00:00:00Z".parse().unwrap());
    let home = Home::resolve(Some(folder.path().join("home")), &|_| None).unwrap();
    let engine = engine(&home, &clock, &source.url(), &stand_ins.urls).await;

    // The first syncs of all, which everybody does once, are no part of a day.
    when(&engine, || format!("first syncs: {}", synced(&engine)), || synced(&engine) == PROXIES).await;
    stand_ins.forget();
    let (begun, before) = (Instant::now(), processor());
    let mut looks = 0;
    for minute in 1..=MINUTES {
        let is_looked_at = LOOKED_AT.contains(&(minute / 60));
        for _ in 0..if is_looked_at { 2 } else { 1 } {
            clock.advance(TimeDelta::seconds(if is_looked_at { 30 } else { 60 }));
            if is_looked_at {
                engine.look();
                looks += 1;
            }
            // The engine sleeps by a real clock. Any event has it look at the time again, also one about nobody.
            engine.ask_proxies(vec!["nobody".to_owned()]);
            let now = clock.now();
            when(&engine, || format!("{now}: {} asked", asked(&engine, now)), || asked(&engine, now) == PROXIES).await;
        }
    }
    let (real, used) = (begun.elapsed(), processor() - before);
    let requests = stand_ins.requests();
    let runs = engine.ledger().success_rate("p0", 2, clock.now()).await.unwrap();
    let usage = Usage::of(&home);
    let kinds = stand_ins.kinds();
    println!(
        "{PROXIES} proxies, 24 h, looked at for {} h ({looks} looks); simulated in {:.0} s",
        LOOKED_AT.end - LOOKED_AT.start,
        real.as_secs_f64()
    );
    println!(
        "requests                {requests:>9}, {:.0} a proxy, {:.1} a proxy and minute",
        per(requests, 1),
        per(requests, MINUTES)
    );
    for (kind, count) in kinds {
        println!("    {kind:<40} {count:>9}");
    }
    println!("syncs of a proxy        {:>9}, {} failed", runs.succeeded, runs.failed);
    println!(
        "processor               {:>9.1} s, {:.0} ms a proxy, {:.2} % of one core over the day",
        used,
        used * 1e3 / PROXIES as f64,
        used / 864.0
    );
    println!("memory, peak            {:>9.1} MiB, with the stand-ins", peak() / 1_048_576.0);
    println!(
        "disk                    {:>9.1} MB, of that the ledger {:.1}",
        usage.total() as f64 / 1e6,
        usage.ledger as f64 / 1e6
    );
    assert_eq!((runs.failed, source.hits().is_empty()), (0, false), "{:#?}", engine.snapshot().borrow().proxies[0]);
    engine.shutdown().await;
}

fn per(requests: usize, minutes: i64) -> f64 {
    requests as f64 / PROXIES as f64 / minutes as f64
}

async fn engine(home: &Home, clock: &Clock, source: &str, urls: &[String]) -> Engine {
    home.create().unwrap();
    let one = |(number, url): (usize, &String)| {
        format!("[[proxy]]\nname = \"p{number}\"\nurl = \"{url}\"\nrole = \"production\"\nkey = \"env:KEY\"\n")
    };
    let proxies: String = urls.iter().enumerate().map(one).collect();
    std::fs::write(home.settings(), format!("schema = 1\n[source]\nurl = \"{source}\"\n{proxies}")).unwrap();
    Engine::start(EngineOptions {
        home: home.clone(),
        lock: HomeLock::acquire(home, Duration::ZERO).unwrap(),
        settings: SettingsFile::load(&home.settings()).unwrap(),
        environment: Arc::new(|name: &str| (name == "KEY").then(|| "sk-master-1234".to_owned())),
        clock: clock.clone(),
        scheduled: true,
        first_syncs: FirstSyncs::Start,
    })
    .await
    .unwrap()
}

/// Proxies whose last run proved the map.
fn synced(engine: &Engine) -> usize {
    let is = |outcome: Outcome| matches!(outcome, Outcome::Succeeded | Outcome::Unchanged);
    let snapshot = engine.snapshot().borrow().clone();
    snapshot.proxies.iter().filter(|proxy| proxy.last_run.as_ref().is_some_and(|run| is(run.outcome))).count()
}

/// Proxies that were asked at this time or later, and of which no run goes on.
fn asked(engine: &Engine, now: DateTime<Utc>) -> usize {
    let snapshot = engine.snapshot().borrow().clone();
    let is = |at: DateTime<Utc>| at >= now;
    snapshot.proxies.iter().filter(|proxy| proxy.asked_at.is_some_and(is) && proxy.running.is_none()).count()
}

/// Waits for something to be so, which it is at the latest with the next state.
async fn when(engine: &Engine, what: impl Fn() -> String, is: impl Fn() -> bool) {
    let mut snapshot = engine.snapshot();
    let waited = tokio::time::timeout(Duration::from_mins(3), async {
        while !is() {
            drop(tokio::time::timeout(Duration::from_millis(200), snapshot.changed()).await);
        }
    });
    assert!(waited.await.is_ok(), "{}: {:#?}", what(), engine.snapshot().borrow().proxies.first());
}

/// The most memory that this process ever had, in bytes.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() * 1024.0
}
