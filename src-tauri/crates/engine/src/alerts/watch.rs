//! What is so for a while: it becomes news when it begins, once.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use costmap::{CostMap, Entry};
use url::Url;

use crate::Result;
use crate::ledger::{Ledger, News, Retirement};
use crate::status::{ProxyStatus, RATE_DAYS, Reads};

/// A model is told when it retires within so many days, and once more when it is close.
const STAGES: [i64; 2] = [7, 30];

/// Fewer runs than this say nothing about a rate.
const ENOUGH: u64 = 5;

/// What a proxy says of itself: that it fell back to the map in its package, that its release was withdrawn. What it does
/// not tell this time is as it was. `is_healed`: a fallback is put right at once, which is told instead.
pub(crate) async fn note_proxy(
    ledger: &Ledger,
    status: &ProxyStatus,
    is_healed: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let proxy = &status.name;
    if let Some(live) = status.live.as_ref().filter(|live| !is_healed || live.fallback_reason.is_none()) {
        // One that is forced to its file does not fall back: that is where it reads.
        let fell_back = live.source == "local" && status.reads != Reads::LocalFile && live.fallback_reason.is_some();
        let news =
            || News::Fallback { proxy: proxy.clone(), reason: live.fallback_reason.clone(), models: live.models };
        let so = fell_back.then(|| (proxy.clone(), news()));
        ledger.raise(&format!("fallback:{proxy}"), so.into_iter().collect(), now).await?;
    }
    if status.version.is_some() {
        let news = |text: &String| (text.clone(), News::Withdrawn { proxy: proxy.clone(), text: text.clone() });
        let so = status.withdrawn.as_ref().map(news);
        ledger.raise(&format!("withdrawn:{proxy}"), so.into_iter().collect(), now).await?;
    }
    Ok(())
}

/// Whether a proxy's syncs work less often than the limit. One stretch of failures, however long, is told as that.
pub(crate) async fn note_rate(ledger: &Ledger, proxy: &str, limit: u8, now: DateTime<Utc>) -> Result<()> {
    let (rate, stretches) = ledger.stretches(proxy, RATE_DAYS, now).await?;
    let all = rate.succeeded + rate.failed;
    let is_low = all >= ENOUGH && stretches > 1 && rate.succeeded * 100 < u64::from(limit) * all;
    // A rate that hovers about the limit is no news each time that it passes it.
    let is_well = all < ENOUGH || rate.succeeded * 200 >= u64::from(limit) * all + 100 * all || limit == 0;
    if !is_low && !is_well {
        return Ok(());
    }
    let (succeeded, failed) = (rate.succeeded, rate.failed);
    let news = News::LowRate { proxy: proxy.to_owned(), days: RATE_DAYS, succeeded, failed, limit };
    let so = is_low.then(|| (proxy.to_owned(), news));
    ledger.raise(&format!("rate:{proxy}"), so.into_iter().collect(), now).await
}

/// Which models in use retire soon, by the map that proxies bill by. Told at 30 days, and again at 7.
pub(crate) async fn note_retiring(ledger: &Ledger, map: &CostMap, used: &[String], now: DateTime<Utc>) -> Result<()> {
    let today = now.date_naive();
    let so = used.iter().filter_map(|model| {
        let entry = map.priced(model)?;
        let retirement = retirement(model, &entry, map)?;
        let days = (retirement.date - today).num_days();
        // What is over was told, or nobody missed it: many go on for years.
        let stage = STAGES.into_iter().find(|stage| (0..=*stage).contains(&days))?;
        Some((format!("{model} {} {stage}", retirement.date), News::Retiring(retirement)))
    });
    ledger.raise("retiring", so.collect(), now).await
}

fn retirement(model: &str, entry: &Entry<'_>, map: &CostMap) -> Option<Retirement> {
    let text = |name: &str| entry.field(name).and_then(|leaf| leaf.as_str().map(Cow::into_owned));
    let date: NaiveDate = text("deprecation_date")?.parse().ok()?;
    let successor = text("successor_model");
    let prices = |entry: &Entry<'_>| {
        ["input_cost_per_token", "output_cost_per_token"]
            .map(|field| entry.field(field).and_then(|leaf| leaf.decimal()).map(|price| price.normalize().to_string()))
    };
    let next = successor.as_ref().and_then(|name| map.priced(name));
    Some(Retirement {
        model: model.to_owned(),
        date,
        prices: prices(entry),
        successor_prices: next.map(|entry| prices(&entry)).unwrap_or_default(),
        successor,
        source: text("deprecation_source").and_then(|text| link(&text)),
    })
}

/// An address that a person may click: plain https, and nothing that ends it early in a message.
fn link(text: &str) -> Option<String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none())?;
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '`');
    (url.as_str().len() <= 300 && url.as_str().chars().all(is_plain)).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Outcome, Trigger};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    async fn ledger() -> (tempfile::TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let (ledger, _) = Ledger::open(&path, &crate::Clock::manual(at("2026-01-01T00:00:00Z"))).await.unwrap();
        (dir, ledger)
    }

    #[tokio::test]
    async fn a_model_in_use_is_told_thirty_days_before_and_again_at_seven() {
        let (_dir, ledger) = ledger().await;
        let map = CostMap::parse(
            r#"{"mine": {"litellm_provider": "a", "deprecation_date": "2026-03-31", "successor_model": "next", "input_cost_per_token": 3e-06,
                "deprecation_source": "javascript:alert(1)"},
               "next": {"litellm_provider": "a", "input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05},
               "theirs": {"litellm_provider": "a", "deprecation_date": "2026-03-31"},
               "odd": {"litellm_provider": "a", "deprecation_date": "soon"}}"#,
        )
        .unwrap();
        let used = ["mine", "odd", "gone"].map(str::to_owned);
        let mut told = Vec::new();
        for day in ["2026-02-20", "2026-03-01", "2026-03-02", "2026-03-24", "2026-03-30", "2026-04-01"] {
            note_retiring(&ledger, &map, &used, at(&format!("{day}T12:00:00Z"))).await.unwrap();
            told.push(ledger.untold().await.unwrap().len());
        }
        assert_eq!(told, [0, 1, 1, 2, 2, 2]);
        let News::Retiring(one) = ledger.untold().await.unwrap()[0].news.clone() else { panic!() };
        assert_eq!(one.successor_prices, [Some("0.000002".to_owned()), Some("0.00001".to_owned())]);
        assert_eq!(
            (one.successor.as_deref(), one.source),
            (Some("next"), None),
            "a link that is none is not passed on"
        );
    }

    async fn runs(ledger: &Ledger, outcomes: &[Outcome]) -> usize {
        let now = at("2026-01-02T00:00:00Z");
        for outcome in outcomes {
            let id = ledger.start_run("eu", Trigger::Schedule, now).await.unwrap();
            let mut run = ledger.run(id).await.unwrap();
            (run.outcome, run.finished) = (*outcome, Some(now));
            ledger.finish_run(&run).await.unwrap();
            note_rate(ledger, "eu", 80, now).await.unwrap();
        }
        let is_rate = |one: &&crate::ledger::Pending| matches!(one.news, News::LowRate { .. });
        ledger.untold().await.unwrap().iter().filter(is_rate).count()
    }

    #[tokio::test]
    async fn a_proxy_that_fails_now_and_then_is_told_once_and_one_long_failure_only_as_that() {
        use Outcome::{Failed, Succeeded, Unchanged};
        let (_dir, ledger) = ledger().await;
        assert_eq!(
            runs(&ledger, &[Succeeded, Failed, Failed, Failed, Failed, Failed, Unchanged]).await,
            0,
            "one stretch"
        );
        assert_eq!(runs(&ledger, &[Failed]).await, 1, "again: 2 of 8 worked");
        assert_eq!(runs(&ledger, &[Succeeded, Failed, Succeeded]).await, 1, "it goes on");
        assert_eq!(runs(&ledger, &[Succeeded; 100]).await, 1, "it is well again, which is no news");
        assert_eq!(runs(&ledger, &[Failed; 1]).await, 1);
    }

    #[tokio::test]
    async fn a_fallback_and_a_withdrawn_release_are_told_once_and_silence_ends_neither() {
        let (_dir, ledger) = ledger().await;
        let now = at("2026-01-02T00:00:00Z");
        let live = |source: &str, reason: Option<&str>| crate::status::LiveState {
            source: source.into(),
            url: None,
            revision: None,
            models: Some(9),
            loaded_at: None,
            fallback_reason: reason.map(str::to_owned),
        };
        let mut status = ProxyStatus::unknown("eu", "http://127.0.0.1:4000", "production");
        let told = async |status: &ProxyStatus| {
            note_proxy(&ledger, status, false, now).await.unwrap();
            ledger.untold().await.unwrap().len()
        };
        assert_eq!(told(&status).await, 0);
        status.live = Some(live("local", Some("timed out")));
        (status.version, status.withdrawn) = (Some("1.107.0".into()), Some("LiteLLM 1.107.0 was withdrawn.".into()));
        assert_eq!(told(&status).await, 2);
        let silent = ProxyStatus::unknown("eu", "http://127.0.0.1:4000", "production");
        assert_eq!((told(&silent).await, told(&status).await), (2, 2), "it was only away");
        status.live = Some(live("remote", None));
        assert_eq!(told(&status).await, 2);
        status.live = Some(live("local", Some("timed out")));
        assert_eq!(told(&status).await, 3, "another time");
        (status.reads, status.live) = (Reads::LocalFile, Some(live("local", None)));
        assert_eq!(told(&status).await, 3, "it is meant to read its file");
    }
}
