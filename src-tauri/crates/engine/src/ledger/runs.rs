//! Sync runs: each is on disk before it begins, so that a crash cannot hide it.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::fold::{FOLDED_AFTER, folded};
use super::run_row::{Long, RunRow};
use super::{Ledger, News, damaged, from_micros, limit, outbox, to_json, to_micros};
use crate::run::{Outcome, SyncRun, Trigger};
use crate::{Error, ErrorCode, Result};

/// Which runs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFilter {
    /// Only of this proxy.
    pub proxy: Option<String>,
    /// Only those that ended so, or are under way.
    pub outcome: Option<Outcome>,
    /// At most so many.
    pub limit: usize,
    /// Only those older than this run: the way to the next page.
    pub before: Option<u64>,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self { proxy: None, outcome: None, limit: 20, before: None }
    }
}

/// How often a proxy's runs worked: (succeeded + unchanged) / (those + failed + unproven). Held and interrupted runs say
/// nothing about the proxy and are counted apart. CONTRACT, `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuccessRate {
    /// Over so many days back from now.
    pub days: u32,
    /// Runs that succeeded or found nothing to change.
    pub succeeded: u64,
    /// Runs that failed or were not proven.
    pub failed: u64,
    /// Runs that the checks held back.
    pub held: u64,
    /// Runs that were cancelled, or cut off by the end of the program.
    pub interrupted: u64,
}

impl SuccessRate {
    /// From 0 to 1, or `None` when no run counts.
    pub fn ratio(&self) -> Option<f64> {
        let all = self.succeeded + self.failed;
        (all > 0).then(|| self.succeeded as f64 / all as f64)
    }
}

impl Ledger {
    /// Records that a run begins, and gives it its number, which no other run of this home ever has.
    pub async fn start_run(&self, proxy: &str, trigger: Trigger, started: DateTime<Utc>) -> Result<u64> {
        let run = SyncRun::started(0, proxy.to_owned(), trigger, started);
        let (proxy, trigger) = (proxy.to_owned(), name(&trigger)?);
        self.call(move |connection| {
            let RunRow { document, .. } = RunRow::keep(connection, run)?;
            connection
                .prepare_cached(
                    "INSERT INTO runs (proxy, trigger, started, outcome, document) VALUES (?1, ?2, ?3, 'running', ?4)",
                )?
                .execute(params![proxy, trigger, to_micros(started), document])?;
            u64::try_from(connection.last_insert_rowid()).map_err(|cause| damaged(&cause))
        })
        .await
    }

    /// Records how a run ended. A run ends once: what was recorded then is never changed.
    ///
    /// Fails with `not_found` when no such run is under way, and with `internal` when the run has no end yet.
    pub async fn finish_run(&self, run: &SyncRun) -> Result<()> {
        let (id, outcome, run) = (row_id(run.id)?, name(&run.outcome)?, run.clone());
        let (Some(finished), true) = (run.finished, run.outcome != Outcome::Running) else {
            return Err(Error::new(
                ErrorCode::Internal,
                format!("Run {} has not ended, so its end was not recorded.", run.id),
            ));
        };
        self.call(move |connection| {
            let step = connection.transaction()?;
            if let Some(news) = news(&step, &run)? {
                outbox::add(&step, finished, &news)?;
            }
            let RunRow { document, changes, findings } = RunRow::keep(&step, run)?;
            let changed = step
                .prepare_cached(
                    "UPDATE runs SET finished = ?2, outcome = ?3, document = ?4, changes = ?5, findings = ?6
                        WHERE id = ?1 AND outcome = 'running'",
                )?
                .execute(params![id, to_micros(finished), outcome, document, changes, findings])?;
            if changed == 0 {
                return Err(Error::new(
                    ErrorCode::NotFound,
                    format!("Run {id} is not in progress, so its end was not recorded."),
                ));
            }
            step.commit()?;
            Ok(())
        })
        .await?;
        self.news.notify_one();
        Ok(())
    }

    /// Runs, the newest first.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<SyncRun>> {
        let before = filter.before.map_or(Ok(i64::MAX), row_id)?;
        let outcome = filter.outcome.as_ref().map(name).transpose()?;
        self.query_runs(
            "SELECT id, document, changes, findings FROM runs WHERE (?1 IS NULL OR proxy = ?1) AND (?2 IS NULL OR outcome = ?2) AND id < ?3 ORDER BY id DESC LIMIT ?4",
            vec![filter.proxy.into(), outcome.into(), before.into(), limit(filter.limit).into()],
        )
        .await
    }

    /// One run by its number. Fails with `not_found`.
    pub async fn run(&self, id: u64) -> Result<SyncRun> {
        let found = self
            .query_runs("SELECT id, document, changes, findings FROM runs WHERE id = ?1", vec![row_id(id)?.into()])
            .await?
            .pop();
        found.ok_or_else(|| {
            Error::new(ErrorCode::NotFound, format!("There is no run {id}. `autosync history` lists the runs."))
        })
    }

    /// The last run that proved that the proxy at this address has the map it should have. A proof of another address
    /// under the same name is none.
    pub async fn last_success(&self, proxy: &str, url: &str) -> Result<Option<SyncRun>> {
        let sql = "SELECT id, document, changes, findings FROM runs WHERE proxy = ?1 AND outcome IN ('succeeded', 'unchanged') ORDER BY id DESC LIMIT 1";
        let is_here = |run: &SyncRun| run.receipt.as_ref().is_none_or(|receipt| receipt.is_of(url));
        Ok(self.query_runs(sql, vec![proxy.to_owned().into()]).await?.pop().filter(is_here))
    }

    /// The newest runs of a proxy in short: number, outcome, start. Reads no document, so that a card costs nothing.
    pub async fn outcomes(&self, proxy: &str, at_most: usize) -> Result<Vec<(u64, Outcome, DateTime<Utc>)>> {
        let (proxy, at_most) = (proxy.to_owned(), limit(at_most));
        self.call(move |connection| {
            let mut query = connection
                .prepare_cached("SELECT outcome, id, started FROM runs WHERE proxy = ?1 ORDER BY id DESC LIMIT ?2")?;
            let mut rows = query.query(params![proxy, at_most])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let id = u64::try_from(row.get::<_, i64>(1)?).map_err(|cause| damaged(&cause))?;
                found.push((id, outcome(row)?, from_micros(row.get(2)?)?));
            }
            Ok(found)
        })
        .await
    }

    /// How often the runs of a proxy worked that were started in the last `days` days before `now`.
    pub async fn success_rate(&self, proxy: &str, days: u32, now: DateTime<Utc>) -> Result<SuccessRate> {
        let since = now.checked_sub_signed(TimeDelta::days(i64::from(days))).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let (proxy, since) = (proxy.to_owned(), to_micros(since));
        self.call(move |connection| {
            let mut query = connection.prepare_cached(
                "SELECT outcome, count(*) FROM runs WHERE proxy = ?1 AND started >= ?2 GROUP BY outcome",
            )?;
            let mut rows = query.query(params![proxy, since])?;
            let mut rate = SuccessRate { days, ..SuccessRate::default() };
            // What was folded is older than that, and worked.
            if i64::from(days) > FOLDED_AFTER.num_days() {
                rate.succeeded += folded(connection)?.of(Some(&proxy));
            }
            while let Some(row) = rows.next()? {
                let runs = u64::try_from(row.get::<_, i64>(1)?).map_err(|cause| damaged(&cause))?;
                match outcome(row)? {
                    Outcome::Succeeded | Outcome::Unchanged => rate.succeeded += runs,
                    Outcome::Failed | Outcome::Unproven => rate.failed += runs,
                    Outcome::Held => rate.held += runs,
                    Outcome::Interrupted => rate.interrupted += runs,
                    Outcome::Running | Outcome::Planned => {}
                }
            }
            Ok(rate)
        })
        .await
    }

    /// How often the runs of a proxy worked in the last `days` days before `now`, and in how many stretches they did not.
    pub async fn stretches(&self, proxy: &str, days: u32, now: DateTime<Utc>) -> Result<(SuccessRate, usize)> {
        let since = now.checked_sub_signed(TimeDelta::days(i64::from(days))).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let (proxy, since) = (proxy.to_owned(), to_micros(since));
        self.call(move |connection| {
            let mut query =
                connection.prepare_cached("SELECT outcome FROM runs WHERE proxy = ?1 AND started >= ?2 ORDER BY id")?;
            let mut rows = query.query(params![proxy, since])?;
            let (mut rate, mut stretches, mut fails) = (SuccessRate { days, ..SuccessRate::default() }, 0, false);
            while let Some(row) = rows.next()? {
                let failed = match outcome(row)? {
                    Outcome::Succeeded | Outcome::Unchanged => false,
                    Outcome::Failed | Outcome::Unproven => true,
                    _ => continue,
                };
                stretches += usize::from(failed && !fails);
                fails = failed;
                *(if failed { &mut rate.failed } else { &mut rate.succeeded }) += 1;
            }
            Ok((rate, stretches))
        })
        .await
    }

    /// How often a proxy failed from this run on, until it worked again.
    pub async fn failures_from(&self, proxy: &str, first: u64) -> Result<u64> {
        let (proxy, first) = (proxy.to_owned(), row_id(first)?);
        self.call(move |connection| {
            let failures: i64 = connection
                .prepare_cached(
                    "SELECT count(*) FROM runs WHERE proxy = ?1 AND id >= ?2 AND outcome IN ('failed', 'unproven') AND id <
                        coalesce((SELECT min(id) FROM runs WHERE proxy = ?1 AND id > ?2 AND outcome IN ('succeeded', 'unchanged')), ?3)",
                )?
                .query_row(params![proxy, first, i64::MAX], |row| row.get(0))?;
            u64::try_from(failures).map_err(|cause| damaged(&cause))
        })
        .await
    }

    async fn query_runs(&self, sql: &'static str, keys: Vec<Value>) -> Result<Vec<SyncRun>> {
        self.call(move |connection| {
            let mut query = connection.prepare_cached(sql)?;
            let mut rows = query.query(params_from_iter(keys))?;
            let mut found = Vec::new();
            let mut long = Long::default();
            while let Some(row) = rows.next()? {
                found.push(long.run(connection, row)?);
            }
            Ok(found)
        })
        .await
    }
}

/// Gives every run that a crash cut off its end: the outcome is not known, and saying so is all that can be said.
pub(super) fn mark_interrupted(connection: &mut Connection, now: DateTime<Utc>) -> Result<usize> {
    let step = connection.transaction()?;
    let mut cut_off = Vec::new();
    {
        let mut query = step.prepare("SELECT id, document, changes, findings FROM runs WHERE finished IS NULL")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            cut_off.push(Long::default().run(&step, row)?);
        }
    }
    let count = cut_off.len();
    for mut run in cut_off {
        run.outcome = Outcome::Interrupted;
        run.finished = Some(now.max(run.started));
        run.error = Some(Error::new(
            ErrorCode::Interrupted,
            "The program ended during this run. Whether the proxy loaded the map is unknown; the next sync finds out.",
        ));
        let (id, finished, outcome) = (row_id(run.id)?, to_micros(now.max(run.started)), name(&run.outcome)?);
        let RunRow { document, .. } = RunRow::keep(&step, run)?;
        step.execute(
            "UPDATE runs SET finished = ?2, outcome = ?3, document = ?4 WHERE id = ?1",
            params![id, finished, outcome, document],
        )?;
    }
    step.commit()?;
    Ok(count)
}

/// Brings the runs of the first form of the ledger into the second.
pub(super) fn shorten_all(step: &Connection) -> Result<()> {
    let mut ids = step.prepare("SELECT id FROM runs WHERE finished IS NOT NULL ORDER BY id")?;
    let ids: Vec<i64> = ids.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for id in ids {
        let text: String = step.query_row("SELECT document FROM runs WHERE id = ?1", [id], |row| row.get(0))?;
        // A run that cannot be read stays what it is: told when it is wanted, and no reason to lose everything else.
        let Ok(run) = serde_json::from_str::<SyncRun>(&text) else { continue };
        let RunRow { document, changes, findings } = RunRow::keep(step, run)?;
        step.prepare_cached("UPDATE runs SET document = ?2, changes = ?3, findings = ?4 WHERE id = ?1")?
            .execute(params![id, document, changes, findings])?;
    }
    Ok(())
}

/// Whether it gave back what the proxy had lost: the map that was proved last, or a schedule of its own.
fn has_put_right(connection: &Connection, run: &SyncRun, last_good: i64) -> Result<bool> {
    if run.schedules_set.iter().any(|set| set.was_lost) {
        return Ok(true);
    }
    if run.trigger != Trigger::Heal || run.outcome != Outcome::Succeeded {
        return Ok(false);
    }
    let before: Option<String> = connection
        .prepare_cached("SELECT json_extract(document, '$.to') FROM runs WHERE id = ?1")?
        .query_row([last_good], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(before.is_some() && before == run.to.map(|to| to.to_string()))
}

/// What has to be told of a run: the first failure after what worked, and the first success after what failed. What was
/// held or cut off says nothing about either.
fn news(connection: &Connection, run: &SyncRun) -> Result<Option<News>> {
    let is_failure = matches!(run.outcome, Outcome::Failed | Outcome::Unproven);
    if !is_failure && !matches!(run.outcome, Outcome::Succeeded | Outcome::Unchanged) {
        return Ok(None);
    }
    let last_good: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(id), 0) FROM runs WHERE proxy = ?1 AND id < ?2 AND outcome IN ('succeeded', 'unchanged')",
        )?
        .query_row(params![run.proxy, row_id(run.id)?], |row| row.get(0))?;
    let first_failure: Option<i64> = connection
        .prepare_cached(
            "SELECT started FROM runs WHERE proxy = ?1 AND id > ?2 AND id < ?3 AND outcome IN ('failed', 'unproven')
                ORDER BY id LIMIT 1",
        )?
        .query_row(params![run.proxy, last_good, row_id(run.id)?], |row| row.get(0))
        .optional()?;
    Ok(match (is_failure, first_failure) {
        (true, None) => Some(News::Failure { run: run.id }),
        (false, Some(since)) => Some(News::Healed { run: run.id, since: from_micros(since)? }),
        (false, None) if has_put_right(connection, run, last_good)? => Some(News::PutRight { run: run.id }),
        _ => None,
    })
}

fn outcome(row: &Row<'_>) -> Result<Outcome> {
    let text: String = row.get(0)?;
    serde_json::from_value(text.into()).map_err(|cause| damaged(&cause))
}

/// The name of a trigger or an outcome, as in JSON.
fn name<T: Serialize>(value: &T) -> Result<String> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn row_id(id: u64) -> Result<i64> {
    i64::try_from(id).map_err(|_| Error::new(ErrorCode::NotFound, format!("There is no run {id}.")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger};
    use super::*;
    use crate::Clock;

    /// Starts a run and ends it so.
    async fn record(ledger: &Ledger, proxy: &str, started: &str, outcome: Outcome) -> SyncRun {
        let id = ledger.start_run(proxy, Trigger::Manual, at(started)).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        run.outcome = outcome;
        run.finished = Some(at(started) + TimeDelta::seconds(2));
        run.new_models = vec!["new".to_owned()];
        ledger.finish_run(&run).await.unwrap();
        run
    }

    #[tokio::test]
    async fn a_run_is_known_from_its_start_and_ends_once() {
        let (_dir, ledger) = ledger().await;
        let id = ledger.start_run("local", Trigger::Schedule, at("2026-01-01T00:00:00Z")).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        assert_eq!(
            (run.id, run.proxy.as_str(), run.trigger, run.outcome),
            (id, "local", Trigger::Schedule, Outcome::Running)
        );
        assert_eq!(ledger.finish_run(&run).await.unwrap_err().code, ErrorCode::Internal, "it has no end yet");
        run.outcome = Outcome::Succeeded;
        run.finished = Some(at("2026-01-01T00:00:09Z"));
        run.held_models = vec!["a\"b".to_owned()];
        ledger.finish_run(&run).await.unwrap();
        assert_eq!(ledger.run(id).await.unwrap(), run);
        let again = SyncRun { outcome: Outcome::Failed, ..run.clone() };
        assert_eq!(ledger.finish_run(&again).await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(ledger.run(id).await.unwrap(), run);
        for unknown in [id + 1, u64::MAX] {
            assert_eq!(ledger.run(unknown).await.unwrap_err().code, ErrorCode::NotFound);
        }
    }

    #[tokio::test]
    async fn a_run_that_the_program_left_behind_becomes_interrupted_once() {
        let (dir, ledger) = ledger().await;
        let done = record(&ledger, "local", "2026-01-01T00:00:00Z", Outcome::Succeeded).await;
        let id = ledger.start_run("local", Trigger::Manual, at("2026-01-01T01:00:00Z")).await.unwrap();
        drop(ledger);
        let (path, clock) = (dir.path().join("ledger.db"), Clock::manual(at("2026-01-01T02:00:00Z")));
        let (ledger, interrupted) = Ledger::open(&path, &clock).await.unwrap();
        assert_eq!(interrupted, 1);
        let run = ledger.run(id).await.unwrap();
        assert_eq!((run.outcome, run.finished), (Outcome::Interrupted, Some(clock.now())));
        assert_eq!(run.error.unwrap().code, ErrorCode::Interrupted);
        assert_eq!(ledger.run(done.id).await.unwrap(), done);
        drop(ledger);
        assert_eq!(Ledger::open(&path, &clock).await.unwrap().1, 0);
    }

    #[tokio::test]
    async fn history_is_paged_from_the_newest_and_by_proxy() {
        let (_dir, ledger) = ledger().await;
        let mut ids = Vec::new();
        for n in 0..7 {
            let proxy = if n % 2 == 0 { "even" } else { "odd" };
            ids.push(record(&ledger, proxy, "2026-01-01T00:00:00Z", Outcome::Unchanged).await.id);
        }
        let page = async |proxy: Option<&str>, limit, before| {
            let filter = RunFilter { proxy: proxy.map(str::to_owned), limit, before, ..RunFilter::default() };
            ledger.runs(filter).await.unwrap().into_iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(page(None, 3, None).await, [ids[6], ids[5], ids[4]]);
        assert_eq!(page(None, 3, Some(ids[4])).await, [ids[3], ids[2], ids[1]]);
        assert_eq!(page(Some("even"), 10, Some(ids[6])).await, [ids[4], ids[2], ids[0]]);
        assert_eq!(page(Some("none"), 10, None).await, [0; 0]);
        let short = ledger.outcomes("odd", 2).await.unwrap();
        let start = at("2026-01-01T00:00:00Z");
        assert_eq!(short, [(ids[5], Outcome::Unchanged, start), (ids[3], Outcome::Unchanged, start)]);
        let failed = record(&ledger, "odd", "2026-01-01T00:00:00Z", Outcome::Failed).await.id;
        record(&ledger, "even", "2026-01-01T00:00:00Z", Outcome::Unchanged).await;
        let filter = RunFilter { outcome: Some(Outcome::Failed), limit: 1, ..RunFilter::default() };
        let found = ledger.runs(filter).await.unwrap();
        assert_eq!(found.iter().map(|run| run.id).collect::<Vec<_>>(), [failed], "far back it is found too");
    }

    #[tokio::test]
    async fn held_and_interrupted_runs_do_not_count_against_a_proxy() {
        let (_dir, ledger) = ledger().await;
        let now = at("2026-02-01T00:00:00Z");
        assert_eq!(ledger.success_rate("local", 30, now).await.unwrap().ratio(), None);
        for (outcome, runs) in [
            (Outcome::Succeeded, 4),
            (Outcome::Unchanged, 2),
            (Outcome::Failed, 1),
            (Outcome::Unproven, 1),
            (Outcome::Held, 3),
            (Outcome::Interrupted, 5),
        ] {
            for _ in 0..runs {
                record(&ledger, "local", "2026-01-31T00:00:00Z", outcome).await;
            }
        }
        record(&ledger, "local", "2025-01-01T00:00:00Z", Outcome::Failed).await;
        record(&ledger, "other", "2026-01-31T00:00:00Z", Outcome::Failed).await;
        ledger.start_run("local", Trigger::Manual, now).await.unwrap();
        let rate = ledger.success_rate("local", 30, now).await.unwrap();
        assert_eq!(rate, SuccessRate { days: 30, succeeded: 6, failed: 2, held: 3, interrupted: 5 });
        assert_eq!(rate.ratio(), Some(0.75));
        assert_eq!(ledger.success_rate("local", u32::MAX, now).await.unwrap().failed, 3, "all of time");
    }

    #[tokio::test]
    async fn the_last_success_skips_what_did_not_work() {
        let (_dir, ledger) = ledger().await;
        assert_eq!(ledger.last_success("local", "http://127.0.0.1:4000").await.unwrap(), None);
        let good = record(&ledger, "local", "2026-01-01T00:00:00Z", Outcome::Unchanged).await;
        record(&ledger, "local", "2026-01-02T00:00:00Z", Outcome::Unproven).await;
        record(&ledger, "other", "2026-01-03T00:00:00Z", Outcome::Succeeded).await;
        assert_eq!(ledger.last_success("local", "http://127.0.0.1:4000").await.unwrap(), Some(good));
    }

    #[tokio::test]
    async fn what_was_proved_at_one_address_says_nothing_of_another() {
        let (_dir, ledger) = ledger().await;
        let started = at("2026-01-01T00:00:00Z");
        let id = ledger.start_run("local", Trigger::Manual, started).await.unwrap();
        let mut run = SyncRun::started(id, "local".to_owned(), Trigger::Manual, started);
        (run.outcome, run.finished) = (Outcome::Succeeded, Some(started));
        run.receipt = Some(crate::run::Receipt {
            revision: costmap::Revision::of(b"map"),
            bytes: 3,
            models: 1,
            proxy_version: None,
            proxy_revision: None,
            proxy_models: None,
            loaded_at: None,
            compared_models: 1,
            compared_fields: 1,
            overrides: Vec::new(),
            sampled_models: Vec::new(),
            read_back_at: run.started,
            url: Some("http://127.0.0.1:4000".to_owned()),
        });
        ledger.finish_run(&run).await.unwrap();
        assert_eq!(ledger.last_success("local", "http://127.0.0.1:4000").await.unwrap(), Some(run));
        assert_eq!(ledger.last_success("local", "http://10.0.0.7:4000").await.unwrap(), None);
    }
}
