//! News that somebody has to be told: written in the transaction that made it, and marked once it was told, so that a
//! restart loses nothing and repeats nothing.

use chrono::{DateTime, NaiveDate, Utc};
use costmap::Revision;
use rusqlite::{Connection, Rows, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, damaged, from_micros, to_json, to_micros};
use crate::{Error, Result};

/// News older than this is history, and no toast any more; it is kept as long, for who was away.
const KEPT_DAYS: i64 = 30;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// The source has another map.
    Digest {
        /// Which.
        revision: Revision,
        /// The upstream map that was promoted until then; none before a first one.
        before: Option<Revision>,
        /// Why the checks hold it, where they do.
        held_because: Option<String>,
        /// The entries that priced the user's proxies then: what the map no longer has prices nothing later.
        #[serde(default)]
        used: Vec<String>,
    },
    /// The source sends something that is no map, for the first time since it could be read. One that does not answer is no
    /// news: the state shows it.
    Source {
        /// Why.
        error: Error,
    },
    /// A proxy's sync failed, after one that worked.
    Failure {
        /// The run.
        run: u64,
    },
    /// A proxy's sync works again.
    Healed {
        /// The run.
        run: u64,
        /// When it first failed.
        since: DateTime<Utc>,
    },
    /// A proxy had lost its map or a schedule of its own, and has it again.
    PutRight {
        /// The run.
        run: u64,
    },
    /// A proxy's syncs work less often than the limit, in more than one stretch of failures.
    LowRate {
        /// The proxy.
        proxy: String,
        /// Over so many days.
        days: u32,
        /// Runs that worked.
        succeeded: u64,
        /// Runs that did not.
        failed: u64,
        /// The limit, in per cent.
        limit: u8,
    },
    /// A model in use retires soon.
    Retiring(Retirement),
    /// A proxy fell back to the map in its package.
    Fallback {
        /// The proxy.
        proxy: String,
        /// Why, as it says itself.
        reason: Option<String>,
        /// Models that it has now.
        models: Option<u64>,
    },
    /// A proxy runs a release that LiteLLM withdrew.
    Withdrawn {
        /// The proxy.
        proxy: String,
        /// Which release, why, and what to do.
        text: String,
    },
}

/// What the map says of a model that retires. Prices are decimal texts in USD a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// The model.
    pub model: String,
    /// `deprecation_date`.
    pub date: NaiveDate,
    /// `successor_model`.
    pub successor: Option<String>,
    /// What the model costs: input and output.
    pub prices: [Option<String>; 2],
    /// What the successor costs; nothing where the map does not have it.
    pub successor_prices: [Option<String>; 2],
    /// `deprecation_source`: where the provider says so.
    pub source: Option<String>,
}

/// News, and where it stands in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Its number: grows.
    pub id: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// What it is.
    pub news: News,
}

/// Adds news, within the transaction that makes it.
pub(super) fn add(connection: &Connection, at: DateTime<Utc>, news: &News) -> Result<()> {
    let at = to_micros(at);
    connection
        .prepare_cached("DELETE FROM outbox WHERE at < ?1")?
        .execute([at - KEPT_DAYS * 24 * 60 * 60 * 1_000_000])?;
    connection.prepare_cached("INSERT INTO outbox (at, news) VALUES (?1, ?2)")?.execute(params![at, to_json(news)?])?;
    Ok(())
}

/// The news in these rows of number, time and text. A kind that a newer program wrote is passed over.
pub(super) fn pending(rows: &mut Rows<'_>) -> Result<Vec<Pending>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, at) = (row.get(0)?, from_micros(row.get(1)?)?);
        if let Ok(news) = serde_json::from_str(&row.get::<_, String>(2)?) {
            found.push(Pending { id, at, news });
        }
    }
    Ok(found)
}

impl Ledger {
    /// What nobody was told yet, the oldest first. A kind that a newer program wrote is passed over.
    pub async fn untold(&self) -> Result<Vec<Pending>> {
        self.call(|connection| {
            let mut query =
                connection.prepare_cached("SELECT id, at, news FROM outbox WHERE told IS NULL ORDER BY id")?;
            pending(&mut query.query([])?)
        })
        .await
    }

    /// Notes that this news, and the older ones that it makes old, were told.
    pub async fn told(&self, ids: Vec<i64>, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            for id in ids {
                let changed = step
                    .prepare_cached("UPDATE outbox SET told = ?2 WHERE id = ?1 AND told IS NULL")?
                    .execute(params![id, to_micros(at)])?;
                if changed > 1 {
                    return Err(damaged(&format!("news {id} is there twice")));
                }
            }
            step.commit()?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger};
    use super::super::{Look, SeenMap};
    use super::*;
    use crate::ErrorCode;
    use crate::run::{Outcome, Trigger};
    use costmap::Verdict;

    async fn end(ledger: &Ledger, proxy: &str, outcome: Outcome, when: &str) -> u64 {
        let id = ledger.start_run(proxy, Trigger::Schedule, at(when)).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        (run.outcome, run.finished) = (outcome, Some(at(when)));
        ledger.finish_run(&run).await.unwrap();
        id
    }

    #[tokio::test]
    async fn the_first_failure_is_news_and_then_that_it_works_again() {
        let (_dir, ledger) = ledger().await;
        end(&ledger, "a", Outcome::Succeeded, "2026-01-01T00:00:00Z").await;
        let first = end(&ledger, "a", Outcome::Failed, "2026-01-01T01:00:00Z").await;
        end(&ledger, "a", Outcome::Held, "2026-01-01T01:30:00Z").await;
        end(&ledger, "a", Outcome::Unproven, "2026-01-01T02:00:00Z").await;
        let other = end(&ledger, "b", Outcome::Failed, "2026-01-01T02:10:00Z").await;
        end(&ledger, "a", Outcome::Interrupted, "2026-01-01T02:30:00Z").await;
        let well = end(&ledger, "a", Outcome::Unchanged, "2026-01-01T03:00:00Z").await;
        end(&ledger, "a", Outcome::Unchanged, "2026-01-01T04:00:00Z").await;
        let untold = ledger.untold().await.unwrap();
        let news: Vec<News> = untold.iter().map(|pending| pending.news.clone()).collect();
        let healed = News::Healed { run: well, since: at("2026-01-01T01:00:00Z") };
        assert_eq!(news, [News::Failure { run: first }, News::Failure { run: other }, healed]);
        ledger.told(vec![untold[0].id, untold[2].id], at("2026-01-01T05:00:00Z")).await.unwrap();
        assert_eq!(ledger.untold().await.unwrap(), [untold[1].clone()], "what was told is not told again");
    }

    #[tokio::test]
    async fn a_look_that_cannot_be_written_leaves_nothing() {
        let (_dir, ledger) = ledger().await;
        let map = |bytes: &[u8], revision: &[u8]| SeenMap {
            revision: Revision::of(revision),
            bytes: bytes.into(),
            source: "test".to_owned(),
            seen_at: at("2026-01-01T00:00:00Z"),
            models: 1,
            verdict: Verdict::Accepted,
        };
        let news =
            || Some(News::Digest { revision: Revision::of(b"one"), before: None, held_because: None, used: vec![] });
        let broken = Look { maps: vec![map(b"one", b"one"), map(b"two", b"three")], news: news(), ..Look::default() };
        let error = ledger.record(broken, at("2026-01-01T00:00:00Z"), "source", "state").await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
        assert_eq!(ledger.map(&Revision::of(b"one")).await.unwrap(), None);
        assert_eq!(
            (ledger.untold().await.unwrap(), ledger.get_state::<String>("source").await.unwrap()),
            (vec![], None)
        );
        let whole = Look { maps: vec![map(b"one", b"one")], news: news(), ..Look::default() };
        ledger.record(whole, at("2026-01-01T00:00:00Z"), "source", "state").await.unwrap();
        assert_eq!(ledger.untold().await.unwrap().len(), 1);
        assert_eq!(ledger.get_state::<String>("source").await.unwrap().as_deref(), Some("state"));
    }
}
