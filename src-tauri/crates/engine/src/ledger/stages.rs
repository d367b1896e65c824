//! Where a map has got on its way from testing to production. Nothing here is ever changed or removed: the last row of a
//! stage counts.

use chrono::{DateTime, Utc};
use costmap::Revision;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::prices::{Prices, follow};
use super::promotions::{Promotion, REST, joined, promotion};
use super::{Ledger, damaged, from_micros, stored, to_micros};
use crate::Result;
use crate::gate::Stage;

/// Why a stage is held at its promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// It had this one when promotion by stages began for it.
    Began,
    /// The stage before it had it, proved, for as long as `gate.stage_soak` says.
    Rule,
    /// A person said so.
    Person,
    /// A person went back to it: what comes next waits for a person too.
    Rollback,
}

impl Moved {
    const ALL: [(&'static str, Self); 4] =
        [("began", Self::Began), ("rule", Self::Rule), ("person", Self::Person), ("rollback", Self::Rollback)];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, moved)| *moved == self).map_or("began", |(word, _)| word)
    }
}

/// A stage that does not get what is promoted at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub stage: Stage,
    /// What its proxies are meant to have.
    pub promotion: Promotion,
    /// The number of that in the ledger; newer ones are higher.
    pub number: i64,
    /// Why.
    pub why: Moved,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The stages that do not get what is promoted at once. The others are meant to have the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// Each of them, testing before production.
    pub held: Vec<Held>,
}

impl Stages {
    /// What this stage is held at.
    pub fn of(&self, stage: Stage) -> Option<&Held> {
        self.held.iter().find(|held| held.stage == stage)
    }

    /// What the proxies of this stage are meant to have, where `newest` was promoted last.
    pub fn promotion<'a>(&'a self, stage: Stage, newest: Option<&'a Promotion>) -> Option<&'a Promotion> {
        self.of(stage).map(|held| &held.promotion).or(newest)
    }

    /// Whether this map of the source has not reached the stage yet: a proxy of it that reads the source is not reloaded.
    pub fn keeps(&self, stage: Stage, upstream: &Revision) -> bool {
        self.of(stage).is_some_and(|held| held.promotion.upstream != *upstream)
    }
}

/// A stage gets another promotion, or follows the newest from now on (`number` is none).
#[derive(Clone, Debug)]
pub struct StageMove {
    /// Which.
    pub stage: Stage,
    /// The promotion, by its number.
    pub number: Option<i64>,
    /// Why.
    pub why: Moved,
}

impl Ledger {
    /// The stages that are held.
    pub async fn stages(&self) -> Result<Stages> {
        self.call(|connection| read(connection)).await
    }

    /// Moves stages, all of them or none. `prices` are those of what production gets, where that changes.
    pub async fn move_stages(&self, moves: Vec<StageMove>, prices: Option<Prices>, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            for StageMove { stage, number, why } in moves {
                set(&step, stage, number, why, at)?;
            }
            if let Some(prices) = &prices {
                let sql = format!("SELECT upstream FROM promotions WHERE id = {}", of_stage("'production'"));
                let upstream: String = step.query_row(&sql, [], |row| row.get(0))?;
                follow(&step, prices, &upstream.parse().map_err(|cause| damaged(&cause))?, at)?;
            }
            step.commit()?;
            Ok(())
        })
        .await
    }
}

/// In SQL, the number of the promotion that a stage is meant to have; `stage` is an expression.
pub(super) fn of_stage(stage: &str) -> String {
    format!(
        "coalesce((SELECT promotion FROM stages WHERE stage = {stage} ORDER BY id DESC LIMIT 1),
            (SELECT max(id) FROM promotions))"
    )
}

/// Whether production is held, so that what is promoted is not billed yet.
pub(super) fn holds_production(connection: &Connection) -> Result<bool> {
    let sql = "SELECT promotion IS NOT NULL FROM stages WHERE stage = 'production' ORDER BY id DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Every held stage gets this promotion, within the transaction of a pin or its end.
pub(super) fn set_all(step: &Connection, number: i64, why: Moved, at: DateTime<Utc>) -> Result<()> {
    for held in read(step)?.held {
        set(step, held.stage, Some(number), why, at)?;
    }
    Ok(())
}

/// What waited for a person since a rollback waits no more.
pub(super) fn release(step: &Connection, at: DateTime<Utc>) -> Result<()> {
    for held in read(step)?.held.into_iter().filter(|held| held.why == Moved::Rollback) {
        set(step, held.stage, Some(held.number), Moved::Person, at)?;
    }
    Ok(())
}

fn set(step: &Connection, stage: Stage, number: Option<i64>, why: Moved, at: DateTime<Utc>) -> Result<()> {
    step.prepare_cached("INSERT INTO stages (stage, promotion, why, since) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![stage.as_str(), number, why.word(), to_micros(stored(at))])?;
    Ok(())
}

fn read(connection: &Connection) -> Result<Stages> {
    let sql = format!(
        "SELECT {}, promotions.id, one.stage, one.why, one.since
            FROM stages AS one JOIN promotions ON promotions.id = one.promotion
            WHERE one.id = (SELECT max(id) FROM stages AS other WHERE other.stage = one.stage)",
        joined()
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        let word: String = row.get(REST + 2)?;
        held.push(Held {
            stage: row.get::<_, String>(REST + 1)?.parse().map_err(|cause| damaged(&cause))?,
            promotion: promotion(row)?,
            number: row.get(REST)?,
            why: Moved::ALL.iter().find(|(known, _)| *known == word).map_or(Moved::Began, |(_, moved)| *moved),
            since: from_micros(row.get(REST + 3)?)?,
        });
    }
    held.sort_by_key(|held| held.stage);
    Ok(Stages { held })
}

#[cfg(test)]
mod tests {
    use super::super::Pinning;
    use super::super::tests::{at, ledger, promoted};
    use super::*;

    fn to(stage: Stage, number: i64, why: Moved) -> StageMove {
        StageMove { stage, number: Some(number), why }
    }

    #[tokio::test]
    async fn what_is_promoted_is_what_production_has() {
        let (_dir, ledger) = ledger().await;
        let one = promoted(&ledger, "one", "2026-01-01T00:00:00Z").await;
        let moves = vec![to(Stage::Staging, 1, Moved::Began), to(Stage::Production, 1, Moved::Began)];
        ledger.move_stages(moves, None, at("2026-01-01T01:00:00Z")).await.unwrap();
        let two = promoted(&ledger, "two", "2026-01-02T00:00:00Z").await;
        let of = async |stage| ledger.promoted_for("eu", stage).await.unwrap().unwrap().revision;
        let served = async |stage| ledger.served(Some(("eu", stage))).await.unwrap().unwrap();
        assert_eq!((of(Stage::Testing).await, served(Stage::Testing).await), (two.revision, two.revision));
        assert_eq!((of(Stage::Staging).await, served(Stage::Production).await), (one.revision, one.revision));
        assert_eq!(ledger.promoted().await.unwrap().unwrap().revision, one.revision);
        assert_eq!(ledger.served(None).await.unwrap(), Some(one.revision));
        assert_eq!(
            ledger.newest().await.unwrap().map(|(number, newest)| (number, newest.revision)),
            Some((2, two.revision))
        );

        let moves = vec![to(Stage::Production, 2, Moved::Rule)];
        ledger.move_stages(moves, None, at("2026-01-03T00:00:00Z")).await.unwrap();
        assert_eq!(ledger.promoted().await.unwrap().unwrap().revision, two.revision);
        let on = async |when| ledger.promotion_at(at(when)).await.unwrap().unwrap().revision;
        assert_eq!(on("2026-01-02T12:00:00Z").await, one.revision, "it had reached testing only");
        assert_eq!(on("2026-01-03T12:00:00Z").await, two.revision);

        ledger
            .move_stages(
                vec![StageMove { stage: Stage::Staging, number: None, why: Moved::Person }],
                None,
                at("2026-01-04T00:00:00Z"),
            )
            .await
            .unwrap();
        assert_eq!(ledger.stages().await.unwrap().held.len(), 1, "staging follows the newest again");
    }

    #[tokio::test]
    async fn a_rollback_goes_back_everywhere_and_what_comes_next_waits_for_a_person() {
        let (_dir, ledger) = ledger().await;
        let one = promoted(&ledger, "one", "2026-01-01T00:00:00Z").await;
        ledger
            .move_stages(vec![to(Stage::Production, 1, Moved::Began)], None, at("2026-01-01T01:00:00Z"))
            .await
            .unwrap();
        let two = promoted(&ledger, "two", "2026-01-02T00:00:00Z").await;
        ledger
            .move_stages(vec![to(Stage::Production, 2, Moved::Rule)], None, at("2026-01-02T01:00:00Z"))
            .await
            .unwrap();
        let back = Pinning { proxy: None, promotion: 1, resumes: true, bad: Some(two.upstream), prices: None };
        ledger.pin(back, at("2026-01-03T00:00:00Z")).await.unwrap();
        let held = ledger.stages().await.unwrap().held.remove(0);
        assert_eq!((held.promotion.revision, held.number, held.why), (one.revision, 3, Moved::Rollback));
        assert_eq!(ledger.promoted().await.unwrap().unwrap().revision, one.revision);
        ledger.unpin(None, at("2026-01-04T00:00:00Z")).await.unwrap();
        assert_eq!(ledger.stages().await.unwrap().held[0].why, Moved::Person);
    }
}
