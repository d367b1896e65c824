//! Which map proxies were meant to have, and since when. Nothing here is ever changed or removed.

use chrono::{DateTime, Utc};
use costmap::Revision;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::{Deserialize, Serialize};

use super::pins::own_promotion;
use super::stages::of_stage;
use super::{Ledger, count, damaged, from_micros, limit, stored, to_json, to_micros};
use crate::Result;
use crate::gate::Stage;
use crate::settings::DirectMode;

/// A map became the one that proxies are meant to have. As in `status --json`, `promoted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// The map that the gateway serves: upstream's, less the entries that wait for a review.
    pub revision: Revision,
    /// The upstream map that it was made from; the same, unless entries are held back or overlaid.
    pub upstream: Revision,
    /// How many models it has.
    pub models: usize,
    /// When, to the microsecond.
    pub promoted_at: DateTime<Utc>,
    /// Models that keep their old entry until a person approves.
    pub held_models: Vec<String>,
    /// Those of them that keep it because a person said so: nobody is asked about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<String>,
    /// The same without the user's own entries, which the next candidate is judged against; none where there are no own
    /// entries in it.
    #[serde(skip)]
    pub base: Option<Revision>,
    /// The overlay that it was made with, as [`crate::overlay`] has it; none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Revision>,
    /// The map that it was judged against; none for a first one. Nobody outside has to know.
    #[serde(skip)]
    pub baseline: Option<Revision>,
    /// The newest upstream map that proxies took or were free to take: promoted with nothing held back, or proved on one.
    /// The ledger finds it; what is promoted anew knows none.
    #[serde(skip)]
    pub taken: Option<Revision>,
    /// Every run that was proved since took what was put together here, through the gateway, and none upstream's own map.
    #[serde(skip)]
    pub is_served: bool,
}

impl Promotion {
    /// What the next candidate is compared with: the user's own entries are in no map of the source, and would be found as
    /// changes in each.
    pub fn without_overlay(&self) -> Revision {
        self.base.unwrap_or(self.revision)
    }

    /// The models that wait for a person.
    pub fn waiting(&self) -> impl Iterator<Item = &String> {
        self.held_models.iter().filter(|model| !self.rejected.contains(model))
    }

    /// The map by which proxies bill. Those that read the gateway have what was promoted. Those that read the source
    /// themselves have the source's own map: entries that wait for a review are in it. Where `gate.direct` lets them wait
    /// for the review, it is the map that they had before.
    pub fn billed(&self, direct: DirectMode) -> Revision {
        if self.is_served {
            self.revision
        } else if self.waits(direct) {
            self.taken.unwrap_or(self.upstream)
        } else {
            self.upstream
        }
    }

    /// Whether proxies that read the source themselves are not reloaded, since models wait for a review.
    pub fn waits(&self, direct: DirectMode) -> bool {
        direct == DirectMode::Wait && !self.held_models.is_empty() && !self.is_served
    }
}

pub(super) const COLUMNS: &str =
    "revision, upstream, models, promoted_at, held_models, rejected, baseline, base, overlay";

/// `taken` and `is_served`: what a run proved ended after it was promoted. Only asked for one promotion at a time, since it
/// looks at every run since.
const PROVED: &str = "(
    SELECT older.upstream FROM promotions AS older
    WHERE older.id <= promotions.id AND (older.held_models = '[]' OR EXISTS (
        SELECT 1 FROM runs WHERE finished >= older.promoted_at AND outcome IN ('succeeded', 'unchanged')
            AND json_extract(document, '$.to') = older.upstream))
    ORDER BY older.id DESC LIMIT 1), (
    revision <> upstream AND (
        SELECT count(*) > 0 AND count(*) FILTER (WHERE json_extract(document, '$.to') = upstream) = 0 FROM runs
        WHERE finished >= promoted_at AND outcome IN ('succeeded', 'unchanged')))";

/// The first column behind [`COLUMNS`] and what was proved.
pub(super) const REST: usize = 11;

/// [`COLUMNS`] of a promotion that another table refers to, and nothing of what was proved.
pub(super) fn joined() -> String {
    let columns: Vec<String> = COLUMNS.split(", ").map(|column| format!("promotions.{column}")).collect();
    format!("{}, {UNASKED}", columns.join(", "))
}

/// In place of [`PROVED`].
pub(super) const UNASKED: &str = "NULL, 0";

impl Ledger {
    /// Records that a map is the desired one from now on. Its bytes must have been put first: a promoted map that could
    /// not be served would be worse than the old one.
    pub async fn promote(&self, promotion: Promotion) -> Result<()> {
        self.call(move |connection| add(connection, &promotion).map(drop)).await
    }

    /// Whether this upstream map was ever promoted.
    pub async fn was_promoted(&self, upstream: &Revision) -> Result<bool> {
        let upstream = upstream.to_string();
        self.call(move |connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM promotions WHERE upstream = ?1)";
            Ok(connection.prepare_cached(sql)?.query_row([upstream], |row| row.get(0))?)
        })
        .await
    }

    /// The promotion that holds now: what production is meant to have, by which calls are billed.
    pub async fn promoted(&self) -> Result<Option<Promotion>> {
        self.promoted_to(Stage::Production).await
    }

    /// The promotion that the proxies of this stage are meant to have.
    pub async fn promoted_to(&self, stage: Stage) -> Result<Option<Promotion>> {
        let sql = format!("SELECT {COLUMNS}, {PROVED} FROM promotions WHERE id = {}", of_stage("?1"));
        Ok(self.query_promotions(sql, stage.as_str()).await?.pop())
    }

    /// The newest promotion with its number, whichever stage it has reached: what the next candidate is judged against.
    pub async fn newest(&self) -> Result<Option<(i64, Promotion)>> {
        self.call(|connection| {
            let sql = format!("SELECT {COLUMNS}, {PROVED}, id FROM promotions ORDER BY id DESC LIMIT 1");
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some((row.get(REST)?, promotion(row)?)))
        })
        .await
    }

    /// One promotion by its number.
    pub async fn promotion(&self, number: i64) -> Result<Option<Promotion>> {
        let sql = format!("SELECT {COLUMNS}, {PROVED} FROM promotions WHERE id = ?1");
        Ok(self.query_promotions(sql, number).await?.pop())
    }

    /// The promotion that holds for this proxy: what it is pinned at, or what its stage is meant to have.
    pub async fn promoted_for(&self, proxy: &str, stage: Stage) -> Result<Option<Promotion>> {
        let proxy = proxy.to_owned();
        match self.call(move |connection| own_promotion(connection, &proxy)).await? {
            Some(pinned) => Ok(Some(pinned)),
            None => self.promoted_to(stage).await,
        }
    }

    /// The map that this proxy of this stage, or without one production, is meant to have: quick, since it is asked with
    /// each request to the gateway.
    pub async fn served(&self, proxy: Option<(&str, Stage)>) -> Result<Option<Revision>> {
        let stage = proxy.map_or(Stage::Production, |(_, stage)| stage);
        let proxy = proxy.map(|(name, _)| name.to_owned());
        self.call(move |connection| {
            if let Some(proxy) = &proxy
                && let Some(pinned) = own_promotion(connection, proxy)?
            {
                return Ok(Some(pinned.revision));
            }
            let sql = format!("SELECT revision FROM promotions WHERE id = {}", of_stage("?1"));
            let mut query = connection.prepare_cached(&sql)?;
            let served: Option<String> = query.query_row([stage.as_str()], |row| row.get(0)).optional()?;
            served.map(|text| text.parse().map_err(|cause| damaged(&cause))).transpose()
        })
        .await
    }

    /// The promotions, the newest first. What was taken of them is not looked up.
    pub async fn promotions(&self, at_most: usize) -> Result<Vec<Promotion>> {
        let sql = format!("SELECT {COLUMNS}, {UNASKED} FROM promotions ORDER BY id DESC LIMIT ?1");
        self.query_promotions(sql, limit(at_most)).await
    }

    /// The promotion that held at this time, for production.
    pub async fn promotion_at(&self, date: DateTime<Utc>) -> Result<Option<Promotion>> {
        let sql = format!(
            "SELECT {COLUMNS}, {PROVED} FROM promotions WHERE id = coalesce(
                (SELECT promotion FROM stages WHERE stage = 'production' AND since <= ?1 ORDER BY id DESC LIMIT 1),
                (SELECT max(id) FROM promotions WHERE promoted_at <= ?1))"
        );
        Ok(self.query_promotions(sql, to_micros(date)).await?.pop())
    }

    async fn query_promotions(&self, sql: String, key: impl ToSql + Send + 'static) -> Result<Vec<Promotion>> {
        self.call(move |connection| {
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query([key])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(promotion(row)?);
            }
            Ok(found)
        })
        .await
    }
}

/// Records a promotion, within the transaction that makes it.
pub(super) fn add(connection: &Connection, promotion: &Promotion) -> Result<i64> {
    let Promotion { revision, upstream, models, promoted_at, held_models, rejected, baseline, base, overlay, .. } =
        promotion;
    connection
        .prepare_cached(
            "INSERT INTO promotions (
                    revision, upstream, models, held_models, promoted_at, baseline, rejected, base, overlay)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            revision.to_string(),
            upstream.to_string(),
            count(*models),
            to_json(held_models)?,
            to_micros(stored(*promoted_at)),
            baseline.map(|baseline| baseline.to_string()),
            to_json(rejected)?,
            base.map(|base| base.to_string()),
            overlay.map(|overlay| overlay.to_string()),
        ])?;
    Ok(connection.last_insert_rowid())
}

pub(super) fn promotion(row: &Row<'_>) -> Result<Promotion> {
    Ok(Promotion {
        revision: row.get::<_, String>(0)?.parse().map_err(|cause| damaged(&cause))?,
        upstream: row.get::<_, String>(1)?.parse().map_err(|cause| damaged(&cause))?,
        models: usize::try_from(row.get::<_, i64>(2)?).map_err(|cause| damaged(&cause))?,
        promoted_at: from_micros(row.get(3)?)?,
        held_models: serde_json::from_str(&row.get::<_, String>(4)?).map_err(|cause| damaged(&cause))?,
        rejected: serde_json::from_str(&row.get::<_, String>(5)?).map_err(|cause| damaged(&cause))?,
        baseline: revision(row, 6)?,
        base: revision(row, 7)?,
        overlay: revision(row, 8)?,
        taken: revision(row, 9)?,
        is_served: row.get(10)?,
    })
}

fn revision(row: &Row<'_>, column: usize) -> Result<Option<Revision>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|cause| damaged(&cause))).transpose()
}

#[cfg(test)]
mod tests {
    use costmap::Verdict;

    use super::super::tests::{at, ledger};
    use super::*;
    use crate::ErrorCode;
    use crate::run::{Outcome, SyncRun, Trigger};

    #[tokio::test]
    async fn every_promotion_stays_known_with_its_time() {
        let (_dir, ledger) = ledger().await;
        assert_eq!(ledger.promoted().await.unwrap(), None);
        let mut made = Vec::new();
        for (bytes, when) in
            [("one", "2026-01-01T00:00:00Z"), ("two", "2026-02-01T00:00:00.123456Z"), ("one", "2026-03-01T00:00:00Z")]
        {
            let revision = Revision::of(bytes.as_bytes());
            ledger.put_map(&revision, bytes.as_bytes().into(), "file", at(when), 9, Verdict::Review).await.unwrap();
            let held_models = vec!["a/b".to_owned()];
            made.push(Promotion {
                revision,
                upstream: Revision::of(b"up"),
                models: 9,
                promoted_at: at(when),
                held_models,
                baseline: None,
                rejected: Vec::new(),
                taken: None,
                base: None,
                overlay: None,
                is_served: false,
            });
            ledger.promote(made.last().unwrap().clone()).await.unwrap();
        }
        assert_eq!(ledger.promoted().await.unwrap().as_ref(), made.last());
        assert_eq!(ledger.promotion_at(at("2026-02-10T00:00:00Z")).await.unwrap().as_ref(), Some(&made[1]));
        assert_eq!(ledger.promotion_at(at("2025-12-31T00:00:00Z")).await.unwrap(), None);
        assert_eq!(ledger.promotions(2).await.unwrap(), [made[2].clone(), made[1].clone()]);
    }

    #[tokio::test]
    async fn where_proxies_wait_for_a_review_they_bill_what_they_had() {
        let (_dir, ledger) = ledger().await;
        let promote = async |bytes: &str, when: &str, held: &[&str]| {
            let revision = Revision::of(bytes.as_bytes());
            ledger.put_map(&revision, bytes.as_bytes().into(), "file", at(when), 9, Verdict::Review).await.unwrap();
            let held_models = held.iter().map(|&held| held.to_owned()).collect();
            let (models, promoted_at) = (9, at(when));
            let made = Promotion {
                revision,
                upstream: revision,
                models,
                promoted_at,
                held_models,
                baseline: None,
                rejected: Vec::new(),
                taken: None,
                base: None,
                overlay: None,
                is_served: false,
            };
            ledger.promote(made).await.unwrap();
            revision
        };
        let billed = async |direct| ledger.promoted().await.unwrap().unwrap().billed(direct);
        let whole = promote("whole", "2026-01-01T00:00:00Z", &[]).await;
        assert_eq!(billed(DirectMode::Wait).await, whole);
        let held = promote("held", "2026-01-02T00:00:00Z", &["gpt"]).await;
        assert_eq!((billed(DirectMode::Tell).await, billed(DirectMode::Wait).await), (held, whole));
        // A proxy took it before the setting was changed.
        let mut run = SyncRun::started(0, "prod".into(), Trigger::Manual, at("2026-01-01T23:59:00Z"));
        run.id = ledger.start_run("prod", Trigger::Manual, at("2026-01-01T23:59:00Z")).await.unwrap();
        (run.to, run.outcome, run.finished) = (Some(held), Outcome::Succeeded, Some(at("2026-01-02T00:01:00Z")));
        ledger.finish_run(&run).await.unwrap();
        assert_eq!(billed(DirectMode::Wait).await, held);
        promote("held too", "2026-01-03T00:00:00Z", &["gpt"]).await;
        assert_eq!(billed(DirectMode::Wait).await, held, "the one that was taken, not the one that waits");
    }

    #[tokio::test]
    async fn a_map_that_could_not_be_served_is_not_promoted() {
        let (_dir, ledger) = ledger().await;
        let revision = Revision::of(b"never put");
        let promotion = Promotion {
            revision,
            upstream: revision,
            models: 1,
            promoted_at: at("2026-01-01T00:00:00Z"),
            held_models: vec![],
            baseline: None,
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        assert_eq!(ledger.promote(promotion).await.unwrap_err().code, ErrorCode::Ledger);
        assert_eq!(ledger.promoted().await.unwrap(), None);
    }
}
