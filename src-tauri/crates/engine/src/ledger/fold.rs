//! Old runs that found nothing new are folded: of each proxy and day the first and the last stay, the others are counted.
//! What succeeded, failed, was held, unproven or cut off stays for ever, and so does every map, the first proof of it on a
//! proxy, and what put a schedule right.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, damaged, set_text, stored, to_json, to_micros};
use crate::Result;

/// Runs that are younger than this are all there.
pub const FOLDED_AFTER: TimeDelta = TimeDelta::days(90);

/// Where the ledger counts them.
const FOLDED: &str = "folded_runs";

/// A file that is smaller than this is not made smaller.
const WORTH_IT: i64 = 4 << 20;

/// How many runs were folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Folded(BTreeMap<String, u64>);

impl Folded {
    /// Of this proxy, or of all.
    pub fn of(&self, proxy: Option<&str>) -> u64 {
        match proxy {
            Some(proxy) => self.0.get(proxy).copied().unwrap_or_default(),
            None => self.0.values().sum(),
        }
    }
}

impl Ledger {
    /// Folds what is old enough by now, in one transaction, and says how many runs that were.
    pub async fn fold_runs(&self, now: DateTime<Utc>) -> Result<u64> {
        let before = to_micros(stored(now - FOLDED_AFTER));
        self.call(move |connection| {
            let step = connection.transaction()?;
            let mut folded = folded(&step)?;
            let mut found = 0;
            {
                // A day is one of UTC, so that a journey folds nothing twice.
                let mut query = step.prepare_cached(
                    "DELETE FROM runs WHERE id IN (
                        SELECT id FROM (
                            SELECT id, is_new, schedules,
                                row_number() OVER (PARTITION BY proxy, started / 86400000000 ORDER BY id) AS place,
                                row_number() OVER (PARTITION BY proxy, started / 86400000000 ORDER BY id DESC) AS rest
                            FROM (
                                SELECT id, proxy, started, outcome, schedules,
                                    meant IS NOT lag(meant) OVER (PARTITION BY proxy ORDER BY id) AS is_new
                                FROM (
                                    SELECT id, proxy, started, outcome,
                                        iif(json_valid(document), document ->> 'to', NULL) AS meant,
                                        iif(json_valid(document), document ->> 'schedules_set', NULL) AS schedules
                                    FROM runs WHERE started < ?1
                                )
                            ) WHERE outcome = 'unchanged'
                        ) WHERE place > 1 AND rest > 1 AND NOT is_new AND coalesce(schedules, '[]') = '[]'
                    ) RETURNING proxy",
                )?;
                let mut rows = query.query([before])?;
                while let Some(row) = rows.next()? {
                    *folded.0.entry(row.get(0)?).or_default() += 1;
                    found += 1;
                }
            }
            if found > 0 {
                set_text(&step, FOLDED, &to_json(&folded)?)?;
            }
            step.commit()?;
            if found > 0 {
                shrink(connection)?;
            }
            Ok(found)
        })
        .await
    }

    /// How many runs were folded so far.
    pub async fn folded_runs(&self) -> Result<Folded> {
        self.call(|connection| folded(connection)).await
    }
}

pub(super) fn folded(connection: &Connection) -> Result<Folded> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM state WHERE key = ?1")?
        .query_row(params![FOLDED], |row| row.get(0))
        .optional()?;
    text.map_or_else(|| Ok(Folded::default()), |text| serde_json::from_str(&text).map_err(|cause| damaged(&cause)))
}

/// Gives back the room, where it is a quarter of the file or more; less than that is used again soon.
fn shrink(connection: &Connection) -> Result<()> {
    let ask = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (free, pages) = (ask("freelist_count")?, ask("page_count")?);
    if free > pages / 4 && pages * ask("page_size")? > WORTH_IT {
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunFilter;
    use crate::ledger::tests::{at, ledger};
    use crate::run::{Outcome, Trigger};
    use crate::sync::ScheduleSet;

    async fn record(ledger: &Ledger, proxy: &str, started: DateTime<Utc>, outcome: Outcome) -> u64 {
        let id = ledger.start_run(proxy, Trigger::Schedule, started).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        (run.outcome, run.finished) = (outcome, Some(started + TimeDelta::seconds(1)));
        ledger.finish_run(&run).await.unwrap();
        id
    }

    async fn numbers(ledger: &Ledger) -> Vec<u64> {
        let all = RunFilter { limit: usize::MAX, ..RunFilter::default() };
        let mut ids: Vec<u64> = ledger.runs(all).await.unwrap().iter().map(|run| run.id).collect();
        ids.reverse();
        ids
    }

    #[tokio::test]
    async fn only_old_runs_that_found_nothing_new_are_folded_and_they_are_counted() {
        let (_dir, ledger) = ledger().await;
        let (now, old) = (at("2026-06-01T12:00:00Z"), at("2026-01-05T00:00:00Z"));
        let mut kept = Vec::new();
        for hour in 0..24 {
            let when = old + TimeDelta::hours(hour);
            let outcome = match hour {
                5 => Outcome::Failed,
                6 => Outcome::Succeeded,
                7 => Outcome::Held,
                8 => Outcome::Unproven,
                9 => Outcome::Interrupted,
                _ => Outcome::Unchanged,
            };
            let id = record(&ledger, "local", when, outcome).await;
            kept.extend((outcome != Outcome::Unchanged || hour == 0 || hour == 23).then_some(id));
        }
        kept.push(record(&ledger, "other", old, Outcome::Unchanged).await);
        for minute in 0..4 {
            let when = now - FOLDED_AFTER + TimeDelta::minutes(minute);
            kept.push(record(&ledger, "local", when, Outcome::Unchanged).await);
        }
        let whole = ledger.success_rate("local", u32::MAX, now).await.unwrap();
        assert_eq!(ledger.fold_runs(now).await.unwrap(), 17);
        assert_eq!(numbers(&ledger).await, kept);
        let folded = ledger.folded_runs().await.unwrap();
        assert_eq!((folded.of(Some("local")), folded.of(Some("other")), folded.of(None)), (17, 0, 17));
        assert_eq!(ledger.success_rate("local", u32::MAX, now).await.unwrap(), whole, "the rate stays true");
        assert_eq!(ledger.fold_runs(now).await.unwrap(), 0, "once");
        let later = record(&ledger, "local", now, Outcome::Unchanged).await;
        assert!(later > *kept.last().unwrap(), "no number is given twice");
    }

    #[tokio::test]
    async fn the_first_proof_of_a_map_and_what_put_a_schedule_right_are_not_folded() {
        let (_dir, ledger) = ledger().await;
        let now = at("2026-06-01T12:00:00Z");
        let revision = |text: &str| Some(costmap::Revision::of(text.as_bytes()));
        let mut kept = Vec::new();
        for minute in 0..9 {
            let when = at("2026-01-01T00:00:00Z") + TimeDelta::minutes(minute);
            let id = ledger.start_run("local", Trigger::Schedule, when).await.unwrap();
            let mut run = ledger.run(id).await.unwrap();
            (run.outcome, run.finished) = (Outcome::Unchanged, Some(when));
            run.to = revision(if minute < 4 { "old" } else { "new" });
            if minute == 6 {
                let resource = crate::proxy::Resource::CostMap;
                run.schedules_set = vec![ScheduleSet { resource, interval_hours: Some(6), was_lost: true }];
            }
            ledger.finish_run(&run).await.unwrap();
            if [0, 4, 6, 8].contains(&minute) {
                kept.push(id);
            }
        }
        assert_eq!(ledger.fold_runs(now).await.unwrap(), 5);
        assert_eq!(numbers(&ledger).await, kept);
    }

    #[tokio::test]
    async fn the_file_shrinks_when_much_of_it_was_folded() {
        let (dir, ledger) = ledger().await;
        let now = at("2026-06-01T12:00:00Z");
        ledger
            .call(|connection| {
                let step = connection.transaction()?;
                let document = "x".repeat(2_000);
                for minute in 0..5_000_i64 {
                    let started = 1_767_225_600_000_000 + minute * 60_000_000;
                    step.prepare_cached(
                        "INSERT INTO runs (proxy, trigger, started, finished, outcome, document)
                            VALUES ('local', 'schedule', ?1, ?1, 'unchanged', ?2)",
                    )?
                    .execute(params![started, document])?;
                }
                step.commit()?;
                Ok(())
            })
            .await
            .unwrap();
        let size = async || {
            ledger
                .call(|connection| Ok(connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))?))
                .await
                .unwrap()
        };
        let before = size().await;
        assert_eq!(ledger.fold_runs(now).await.unwrap(), 5_000 - 2 * 4);
        let after = size().await;
        assert!(after * 10 < before, "{before} pages became {after} in {}", dir.path().display());
    }
}
