//! Looks at a real source over months, in simulated time. If this fails, findings vanish, a soak begins anew, a bad map
//! lets itself go, or a login page is taken for news.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::TimeDelta;
use costmap::{Revision, Verdict};
use engine::Clock;
use engine::ledger::{Ledger, News};
use engine::overlay::Overlay;
use engine::settings::GateMode;
use engine::source::{Fetcher, Source};
use engine::sync::{CheckOrder, SourceCheck, check_source};
use tempfile::TempDir;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

struct Look {
    folder: TempDir,
    ledger: Ledger,
    clock: Clock,
    fetcher: Fetcher,
    soak: TimeDelta,
}

impl Look {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Clock::manual("2026-01-01T00:00:00Z".parse().unwrap());
        let (ledger, _) = Ledger::open(&folder.path().join("ledger.db"), &clock).await.unwrap();
        Self { folder, ledger, clock, fetcher: Fetcher::new().unwrap(), soak: TimeDelta::zero() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("map.json")
    }

    async fn at(&self, bytes: &str) -> SourceCheck {
        std::fs::write(self.file(), bytes).unwrap();
        self.look(true).await
    }

    async fn look(&self, record: bool) -> SourceCheck {
        let current = RwLock::new(Some(Source::File(self.file())));
        let order = CheckOrder {
            fetcher: &self.fetcher,
            ledger: &self.ledger,
            clock: &self.clock,
            source: &Source::File(self.file()),
            gate: GateMode::Review,
            soak: self.soak,
            proxies: &[],
            overlay: &Overlay::default(),
            is_served: false,
            live: None,
            record: record.then_some(&current),
        };
        check_source(order, &CancellationToken::new()).await.unwrap()
    }

    async fn promoted(&self) -> Option<Revision> {
        self.ledger.promoted().await.unwrap().map(|promotion| promotion.upstream)
    }

    async fn untold(&self) -> Vec<News> {
        self.ledger.untold().await.unwrap().into_iter().map(|pending| pending.news).collect()
    }
}

/// 80 models; `price` of all, and `first` of the first one.
fn map(price: &str, first: &str) -> String {
    let mut text = String::from("{");
    for number in 0..80 {
        let price = if number == 0 { first } else { price };
        writeln!(
            text,
            r#""model-{number}": {{"litellm_provider": "p{}", "mode": "chat", "max_tokens": 4096, "input_cost_per_token": {price}, "output_cost_per_token": 4e-06}},"#,
            number % 5
        )
        .unwrap();
    }
    text.push_str(r#""last": {"litellm_provider": "p0", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}}"#);
    text
}

fn revision(map: &str) -> Revision {
    Revision::of(map.as_bytes())
}

#[tokio::test]
async fn findings_of_a_promoted_map_stay_when_it_is_looked_at_again() {
    let look = Look::new().await;
    look.at(&map("1e-6", "1e-6")).await;
    // A price that rises a thousandfold is a question.
    let odd = map("1e-6", "1e-3");
    let first = look.at(&odd).await;
    assert_eq!(first.report.verdict, Verdict::Review);
    let promotion = look.ledger.promoted().await.unwrap().unwrap();
    assert_eq!((promotion.upstream, &promotion.held_models[..]), (revision(&odd), &["model-0".to_owned()][..]));
    for _ in 0..3 {
        look.clock.advance(TimeDelta::hours(6));
        let again = look.look(true).await;
        assert_eq!((again.is_new, again.report.verdict), (false, Verdict::Review));
        assert_eq!(again.report.findings, first.report.findings);
        assert_eq!(look.ledger.revision(&revision(&odd)).await.unwrap().unwrap().verdict, Verdict::Review);
        assert_eq!(look.ledger.latest_findings(&revision(&odd)).await.unwrap().as_ref(), Some(&first.report.findings));
        assert_eq!(look.ledger.promoted().await.unwrap().unwrap(), promotion, "and nothing is promoted anew");
    }
}

#[tokio::test]
async fn what_was_promoted_before_comes_back_without_a_soak() {
    let mut look = Look::new().await;
    let (one, two) = (map("1e-6", "1e-6"), map("1e-6", "1.1e-6"));
    look.at(&one).await;
    look.soak = TimeDelta::hours(2);
    let waits = look.at(&two).await;
    assert!(waits.candidate.unwrap().soaks_until.is_some());
    assert_eq!(look.promoted().await, Some(revision(&one)));
    look.clock.advance(TimeDelta::hours(3));
    look.at(&two).await;
    assert_eq!(look.promoted().await, Some(revision(&two)));
    let back = look.at(&one).await;
    assert_eq!(back.candidate.unwrap().soaks_until, None, "it was promoted before");
    assert_eq!(look.promoted().await, Some(revision(&one)));
}

#[tokio::test]
async fn a_source_that_ships_more_often_than_the_soak_lasts_is_followed_all_the_same() {
    let mut look = Look::new().await;
    // One model more each hour, from a source that is looked at each hour.
    let with_models = |hours: usize| {
        let mut text = map("1e-6", "1e-6");
        for hour in 0..hours {
            let model = format!(
                r#"{{"hour-{hour}": {{"litellm_provider": "p0", "mode": "chat", "input_cost_per_token": 2e-06}}, "#
            );
            text.replace_range(..1, &model);
        }
        text
    };
    let maps: Vec<String> = (0..6).map(with_models).collect();
    look.at(&maps[0]).await;
    look.soak = TimeDelta::hours(2);
    let mut promoted = Vec::new();
    for map in &maps[1..] {
        look.clock.advance(TimeDelta::hours(1));
        look.at(map).await;
        let now = look.promoted().await;
        promoted.push(maps.iter().position(|map| Some(revision(map)) == now).unwrap());
    }
    assert_eq!(promoted, [0, 0, 1, 2, 3]);
    // Asleep for an hour and a half: the newest that soaked, not each in turn; and the last one when it has.
    look.clock.advance(TimeDelta::minutes(90));
    look.look(true).await;
    assert_eq!(look.promoted().await, Some(revision(&maps[4])));
    look.clock.advance(TimeDelta::minutes(30));
    look.look(true).await;
    assert_eq!(look.promoted().await, Some(revision(&maps[5])));

    // What upstream takes back within the soak never reaches a proxy.
    let (wrong, mended) = (maps[5].replacen("4e-06", "9e-06", 1), maps[5].replacen("4e-06", "5e-06", 1));
    look.at(&wrong).await;
    for _ in 0..2 {
        look.clock.advance(TimeDelta::minutes(70));
        look.at(&mended).await;
        assert_eq!(look.promoted().await, Some(revision(&maps[5])));
    }
    look.clock.advance(TimeDelta::minutes(70));
    look.look(true).await;
    assert_eq!(look.promoted().await, Some(revision(&mended)));
}

#[tokio::test]
async fn a_held_repricing_never_lets_itself_go() {
    let look = Look::new().await;
    let sound = map("1e-6", "1e-6");
    look.at(&sound).await;
    for day in 0..45 {
        look.clock.advance(TimeDelta::days(1));
        // Each day another map, and all of them with the mistake.
        let check = look.at(&map("1.4e-6", &format!("1.{}e-6", 400 + day))).await;
        assert_eq!(check.report.verdict, Verdict::Held, "day {day}");
    }
    assert_eq!(look.promoted().await, Some(revision(&sound)));

    // Who was away for two months gets the honest changes of two months.
    let away = Look::new().await;
    away.at(&sound).await;
    away.clock.advance(TimeDelta::days(60));
    let check = away.at(&map("1.4e-6", "1.4e-6")).await;
    assert_eq!(check.report.verdict, Verdict::Review);
}

#[tokio::test]
async fn a_login_page_is_a_source_that_cannot_be_read_and_no_new_map() {
    let mut look = Look::new().await;
    look.soak = TimeDelta::hours(2);
    let sound = map("1e-6", "1e-6");
    let known = look.at(&sound).await.state;
    let before = look.untold().await.len();
    for nonce in 0..4 {
        look.clock.advance(TimeDelta::minutes(5));
        let check = look.at(&format!("<!doctype html><p>Sign in, {nonce}")).await;
        assert!(!check.is_new && check.candidate.is_none());
        assert_eq!((check.state.revision, check.state.seen_at), (known.revision, known.seen_at));
        assert!(check.state.error.as_ref().unwrap().message.contains("isn't a cost map"), "{:?}", check.state.error);
    }
    assert_eq!(look.untold().await.len(), before + 1, "told once");
    look.clock.advance(TimeDelta::hours(2));
    let well = look.at(&sound).await;
    assert_eq!((well.is_new, well.state.error), (false, None));
    assert_eq!(look.promoted().await, Some(revision(&sound)), "its soak went on meanwhile");
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let look = Look::new().await;
    std::fs::write(look.file(), map("1e-6", "1e-6")).unwrap();
    look.look(false).await;
    assert_eq!((look.promoted().await, look.untold().await), (None, vec![]));
    assert!(look.ledger.revisions(9).await.unwrap().is_empty());
}
