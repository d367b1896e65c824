//! `logs/sync.jsonl`: CONTRACT, "The log".

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use costmap::Revision;
use serde::{Deserialize, Serialize};

use super::files::{KEPT, Rotated, read_or_empty};
use crate::home::Home;
use crate::run::{Outcome, SyncRun, Trigger};
use crate::{Error, ErrorCode, Result};

/// How a run ended, in the log's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStatus {
    /// The proxy took the map, and the read-back proved it.
    Success,
    /// The proxy had it already.
    Unchanged,
    /// The checks hold the map back.
    Held,
    /// It did not work.
    Failed,
    /// The proxy said yes, but its live map does not show it.
    Unproven,
    /// Cancelled, or the program ended during the run.
    Interrupted,
}

/// One line of the log. The order of the fields is that of the contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncLogLine {
    /// When the run ended.
    pub timestamp: DateTime<Utc>,
    /// Always `model_cost_map_reload`.
    pub action: String,
    /// How it ended.
    pub status: LogStatus,
    /// Entries that this run added to or changed in the proxy's live map; 0 unless it succeeded.
    pub models_updated: usize,
    /// Models that this run brought to the proxy.
    pub new_models: Vec<String>,
    /// Price fields that this run changed.
    pub pricing_changes: usize,
    /// The proxy's name.
    pub proxy: String,
    /// Why the run was started.
    pub trigger: Trigger,
    /// The live revision before.
    pub from: Option<Revision>,
    /// The revision that the proxy was meant to take.
    pub to: Option<Revision>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The number of the run: `autosync show RUN`.
    pub run: u64,
    /// Why an unproven run is not proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

impl SyncLogLine {
    /// The line of a run that has ended; `None` for one that runs, or that was only planned.
    pub fn from_run(run: &SyncRun) -> Option<Self> {
        let status = match run.outcome {
            Outcome::Succeeded => LogStatus::Success,
            Outcome::Unchanged => LogStatus::Unchanged,
            Outcome::Held => LogStatus::Held,
            Outcome::Failed => LogStatus::Failed,
            Outcome::Unproven => LogStatus::Unproven,
            Outcome::Interrupted => LogStatus::Interrupted,
            Outcome::Running | Outcome::Planned => return None,
        };
        let timestamp = run.finished?;
        // What was found but not taken by the proxy is not an update; the run itself keeps it.
        let taken = status == LogStatus::Success;
        Some(Self {
            timestamp,
            action: "model_cost_map_reload".to_owned(),
            status,
            models_updated: if taken { run.models_updated } else { 0 },
            new_models: if taken { run.new_models.clone() } else { Vec::new() },
            pricing_changes: if taken { run.pricing_changes } else { 0 },
            proxy: run.proxy.clone(),
            trigger: run.trigger,
            from: run.from,
            to: run.to,
            duration_ms: (timestamp - run.started).num_milliseconds().try_into().unwrap_or(0),
            run: run.id,
            reason: run.reason.clone(),
            error: run.error.clone(),
        })
    }
}

/// The log of one home. Blocks for the disk: a few milliseconds a line.
#[derive(Clone, Debug)]
pub struct SyncLog {
    pub(super) files: Rotated,
    /// Jobs run beside each other, and a full file moves on once.
    writing: Arc<Mutex<()>>,
}

impl SyncLog {
    /// The log of this home. Nothing is created before the first line.
    pub fn new(home: &Home) -> Self {
        Self::of(Rotated::new(home.sync_log()))
    }

    pub(super) fn of(files: Rotated) -> Self {
        Self { files, writing: Arc::default() }
    }

    /// Adds a line; when this returns it is on the disk, whole. The caller holds the home's lock, and everyone in its program
    /// writes through clones of one log.
    pub fn append(&self, line: &SyncLogLine) -> Result<()> {
        let text = serde_json::to_string(line).map_err(|cause| {
            Error::new(ErrorCode::Internal, "A run could not be turned into a log line. The run itself is recorded.")
                .detail(cause)
        })?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.files.append(&text).map_err(|cause| unusable(&cause))
    }

    /// The last `at_most` lines, the oldest first. Text that is no line of this log is passed over.
    pub fn tail(&self, at_most: usize) -> Result<Vec<SyncLogLine>> {
        let mut files = Vec::new();
        let mut found = 0;
        for number in 0..=KEPT {
            let bytes = read_or_empty(&self.files.earlier(number)).map_err(|cause| unusable(&cause))?;
            let lines = lines(&bytes);
            found += lines.len();
            files.push(lines);
            if found >= at_most {
                break;
            }
        }
        Ok(files.into_iter().rev().flatten().skip(found.saturating_sub(at_most)).collect())
    }
}

/// The lines in these bytes.
pub(super) fn lines(bytes: &[u8]) -> Vec<SyncLogLine> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

pub(super) fn unusable(cause: &std::io::Error) -> Error {
    Error::new(
        ErrorCode::HomeUnusable,
        "The log logs/sync.jsonl cannot be read or written; the runs themselves are in the ledger. Check the logs folder's permissions and the free disk space.",
    )
    .detail(cause)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::log) fn home(dir: &tempfile::TempDir) -> Home {
        Home::resolve(Some(dir.path().to_owned()), &|_| None).unwrap()
    }

    pub(in crate::log) fn line(number: u64) -> SyncLogLine {
        SyncLogLine {
            timestamp: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            action: "model_cost_map_reload".to_owned(),
            status: LogStatus::Success,
            models_updated: 5,
            new_models: vec!["a/b".to_owned(), "two\nlines".to_owned()],
            pricing_changes: 12,
            proxy: "local".to_owned(),
            trigger: Trigger::Schedule,
            from: None,
            to: Some(Revision::of(b"")),
            duration_ms: 1500,
            run: number,
            reason: None,
            error: None,
        }
    }

    fn numbers(lines: &[SyncLogLine]) -> Vec<u64> {
        lines.iter().map(|line| line.run).collect()
    }

    #[test]
    fn a_line_is_what_the_contract_says_scripts_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let log = SyncLog::new(&home(&dir));
        log.append(&line(7)).unwrap();
        let expected = concat!(
            r#"{"timestamp":"2026-01-02T03:04:05.678Z","action":"model_cost_map_reload","status":"success","#,
            r#""models_updated":5,"new_models":["a/b","two\nlines"],"pricing_changes":12,"proxy":"local","#,
            r#""trigger":"schedule","from":null,"to":"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391","duration_ms":1500,"run":7}"#,
            "\n"
        );
        assert_eq!(std::fs::read_to_string(home(&dir).sync_log()).unwrap(), expected);
        assert_eq!(log.tail(9).unwrap(), [line(7)]);
    }

    #[test]
    fn the_tail_goes_back_into_earlier_files_and_passes_over_what_is_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let log = SyncLog::of(Rotated { path: home(&dir).sync_log(), full: 1200 });
        assert_eq!(log.tail(5).unwrap(), []);
        for number in 1..=9 {
            log.append(&line(number)).unwrap();
        }
        assert!(log.files.earlier(2).exists(), "the test needs several files");
        assert_eq!(numbers(&log.tail(1).unwrap()), [9]);
        assert_eq!(numbers(&log.tail(6).unwrap()), [4, 5, 6, 7, 8, 9]);
        assert_eq!(numbers(&log.tail(usize::MAX).unwrap()), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        log.files.append("{\"not\":\"ours\"}").unwrap();
        log.files.append("\u{fffd} garbage").unwrap();
        assert_eq!(numbers(&log.tail(2).unwrap()), [8, 9]);
    }

    #[test]
    fn jobs_beside_each_other_lose_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let log = SyncLog::of(Rotated { path: home(&dir).sync_log(), full: 8000 });
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let log = log.clone();
                scope.spawn(move || (0..10).for_each(|number| log.append(&line(thread * 10 + number)).unwrap()));
            }
        });
        assert!(log.files.earlier(2).exists(), "the test needs several files");
        let mut told = numbers(&log.tail(usize::MAX).unwrap());
        told.sort_unstable();
        assert_eq!(told, (0..80).collect::<Vec<_>>());
    }

    #[test]
    fn only_what_the_proxy_took_counts_as_updated() {
        let started = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut run = SyncRun {
            finished: Some("2026-01-01T00:00:02.500Z".parse().unwrap()),
            outcome: Outcome::Succeeded,
            to: Some(Revision::of(b"to")),
            new_models: vec!["new".to_owned()],
            pricing_changes: 4,
            models_updated: 6,
            ..SyncRun::started(3, "local".to_owned(), Trigger::Manual, started)
        };
        let line = SyncLogLine::from_run(&run).unwrap();
        assert_eq!((line.models_updated, line.new_models.len(), line.pricing_changes), (6, 1, 4));
        assert_eq!((line.status, line.duration_ms, line.run), (LogStatus::Success, 2500, 3));
        for (outcome, status) in [
            (Outcome::Unchanged, LogStatus::Unchanged),
            (Outcome::Held, LogStatus::Held),
            (Outcome::Failed, LogStatus::Failed),
            (Outcome::Unproven, LogStatus::Unproven),
            (Outcome::Interrupted, LogStatus::Interrupted),
        ] {
            run.outcome = outcome;
            let line = SyncLogLine::from_run(&run).unwrap();
            assert_eq!(line.status, status);
            assert_eq!((line.models_updated, line.new_models.len(), line.pricing_changes), (0, 0, 0));
        }
        for not_logged in [Outcome::Running, Outcome::Planned] {
            run.outcome = not_logged;
            assert_eq!(SyncLogLine::from_run(&run), None);
        }
    }
}
