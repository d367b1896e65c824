//! The ledger over ten years: every real map there is, commit-sized steps between them, and two years of runs. If this
//! fails, a user's disk fills up, or an old map or price is gone.

use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::{CostMap, Revision, Verdict, diff};
use engine::Clock;
use engine::ledger::{Ledger, Look, Prices, Promoting, Promotion, SeenMap};
use engine::run::{Outcome, SyncRun, Trigger};

use crate::real_map;

/// Room for 10,000 maps (150 MB) and for two years of runs of five proxies (100 MB), for each of them.
const BYTES_A_MAP: u64 = 15_000;
const BYTES_OF_RUNS: u64 = 100_000_000;

/// A proxy that is synced every six hours and with each change is synced so often in two years.
const RUNS_A_PROXY: usize = 2 * 365 * 6;

fn is_long() -> bool {
    std::env::var_os("AUTOSYNC_TEST_LONG").is_some()
}

fn start() -> DateTime<Utc> {
    "2024-11-01T00:00:00Z".parse().unwrap()
}

/// The real maps, and between two of them steps of the size of a commit: models of the newer one, a few at a time. Each is
/// made when it is asked for, since all of them together are 20 GB.
struct Maps {
    real: Vec<Vec<u8>>,
    steps: usize,
    count: usize,
}

impl Maps {
    fn new(at_most: usize) -> Self {
        let real: Vec<Vec<u8>> =
            xtask::maps::releases(is_long()).unwrap().iter().map(|version| real_map(version)).collect();
        let steps = at_most.div_ceil(real.len()).max(1);
        let count = at_most.min((real.len() - 1) * steps);
        Self { real, steps, count }
    }

    fn get(&self, number: usize) -> Vec<u8> {
        let (pair, step) = (number / self.steps, number % self.steps);
        match step {
            0 => self.real[pair].clone(),
            step => between(&self.real[pair], &self.real[pair + 1], step, self.steps),
        }
    }
}

/// The old map up to this line, and the new one from there: what a commit changes lies together, as here.
fn between(old: &[u8], new: &[u8], step: usize, steps: usize) -> Vec<u8> {
    let cut = |map: &[u8]| {
        let at = map.len() * step / steps;
        at + map[at..].iter().position(|byte| *byte == b'\n').unwrap_or(0)
    };
    [&new[..cut(new)], &old[cut(old)..]].concat()
}

fn size(home: &Path) -> u64 {
    std::fs::read_dir(home).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// Its connection ends in a thread of its own, and only then is the write-ahead log folded into the file. A reader that
/// comes before keeps it there, and it would be counted.
async fn closed(ledger: Ledger, path: &Path) {
    drop(ledger);
    let log = path.with_extension("db-wal");
    for _ in 0..200 {
        if !log.exists() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the ledger was not closed within 10 s");
}

#[tokio::test]
async fn thousands_of_maps_take_little_room_and_each_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let (ledger, _) = Ledger::open(&path, &Clock::manual(start())).await.unwrap();
    let maps = Maps::new(if is_long() { 10_000 } else { 300 });
    let mut kept = Vec::new();
    for number in 0..maps.count {
        let bytes = maps.get(number);
        let revision = Revision::of(&bytes);
        let seen_at = start() + TimeDelta::hours(i64::try_from(number).unwrap());
        let put = ledger.put_map(&revision, bytes.into(), "test", seen_at, 1, Verdict::Accepted);
        put.await.unwrap();
        kept.push(revision);
    }
    closed(ledger, &path).await;
    let ledger = Ledger::open_read(&path).await.unwrap().unwrap();
    let mut slowest = (std::time::Duration::ZERO, 0);
    for (number, revision) in kept.iter().enumerate().step_by(7) {
        let began = Instant::now();
        let map = ledger.map(revision).await.unwrap().unwrap();
        slowest = slowest.max((began.elapsed(), number));
        assert_eq!(*revision, Revision::of(&map), "map {number}");
    }
    let each = size(home.path()) / maps.count as u64;
    println!(
        "{} maps: {each} bytes each, {} MB in all; the slowest came back in {:?} (map {})",
        maps.count,
        size(home.path()) / 1_000_000,
        slowest.0,
        slowest.1
    );
    assert!(each < BYTES_A_MAP, "{each} bytes a map");
}

#[tokio::test]
async fn two_years_of_runs_take_little_room_and_every_price_is_found() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let (ledger, _) = Ledger::open(&path, &Clock::manual(start())).await.unwrap();
    let releases = xtask::maps::releases(false).unwrap();
    let every = RUNS_A_PROXY / releases.len();
    let mut known: Option<CostMap> = None;
    let mut run = 0;
    for (number, version) in releases.iter().enumerate() {
        let map = CostMap::parse(real_map(version)).unwrap();
        let at = start() + TimeDelta::days(i64::try_from(number).unwrap() * 7);
        promote(&ledger, &map, known.as_ref(), at).await;
        let set = known.as_ref().map(|known| diff(known, &map));
        let findings = costmap::check(&map, known.as_ref()).findings;
        for step in 0..every {
            for proxy in ["a", "b", "c", "d", "e"] {
                let started = at + TimeDelta::hours(i64::try_from(step).unwrap());
                run = ledger.start_run(proxy, Trigger::Schedule, started).await.unwrap();
                let mut ended = SyncRun::started(run, proxy.to_owned(), Trigger::Schedule, started);
                (ended.finished, ended.to) = (Some(started), Some(map.revision()));
                ended.outcome = if step == 0 { Outcome::Succeeded } else { Outcome::Unchanged };
                ended.findings.clone_from(&findings);
                if let Some(set) = set.as_ref().filter(|_| step == 0) {
                    ended.price_changes.clone_from(&set.pricing_changes);
                    ended.new_models.clone_from(&set.new_models);
                }
                ledger.finish_run(&ended).await.unwrap();
            }
            // One check of the same map is as long as another.
            if step > 20 && !is_long() {
                break;
            }
        }
        known = Some(map);
    }
    let took = size(home.path());
    let began = Instant::now();
    let price = ledger.prices_at("gpt-4o", start() + TimeDelta::days(300)).await.unwrap();
    println!(
        "{run} runs of 5 proxies: {} MB with their maps; a price of a day in {:?}",
        took / 1_000_000,
        began.elapsed()
    );
    let input = price.iter().find(|price| price.field == "input_cost_per_token").unwrap();
    assert_eq!(input.value, "0.0000025");
    assert!(took < BYTES_OF_RUNS, "{took} bytes");
}

async fn promote(ledger: &Ledger, map: &CostMap, known: Option<&CostMap>, at: DateTime<Utc>) {
    let revision = map.revision();
    let look = Look {
        maps: vec![SeenMap {
            revision,
            bytes: map.text().as_bytes().into(),
            source: "test".to_owned(),
            seen_at: at,
            models: map.len(),
            verdict: Verdict::Accepted,
        }],
        promoting: Some(Promoting {
            promotion: Promotion {
                revision,
                upstream: revision,
                models: map.len(),
                promoted_at: at,
                held_models: vec![],
                baseline: known.map(CostMap::revision),
                rejected: Vec::new(),
                taken: None,
                base: None,
                overlay: None,
                is_served: false,
            },
            prices: Prices::of(map),
        }),
        ..Look::default()
    };
    ledger.record(look, at, "source", "test").await.unwrap();
}
