//! The ledger: everything that happened, in one SQLite file. Maps by their revision, what the checks said about them,
//! sync runs with their receipts, promotions, prices over time, news to tell and whom it was
//! told, and small pieces of state.
//!
//! One thread owns the connection; [`Ledger`] sends it work and awaits the answer. What a call has returned is on disk:
//! a crash at any later instant loses nothing of it. A call that is dropped before it answers is still carried out.

mod decisions;
mod deliveries;
mod details;
mod fold;
mod foreign;
mod frames;
mod outbox;
mod pins;
mod prices;
mod promotions;
mod raised;
mod record;
mod revisions;
mod run_row;
mod runs;
mod schema;
mod stages;
mod upgrade;
mod used;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};

use chrono::{DateTime, SubsecRound, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, oneshot};

use crate::{Clock, Error, ErrorCode, Result};

pub use deliveries::{Delivery, Tried, WebhookState};
pub use fold::{FOLDED_AFTER, Folded};
pub(crate) use foreign::examine;
pub use outbox::{News, Pending, Retirement};
pub use pins::{Pin, Pinning, Pins};
pub use prices::{PriceInterval, Prices};
pub use promotions::Promotion;
pub use record::{Findings, Look, Promoting};
pub use revisions::{SeenMap, StoredRevision};
pub use runs::{RunFilter, SuccessRate};
pub use stages::{Held, Moved, StageMove, Stages};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle on the ledger. Cheap to clone; the file is closed when the last handle is gone.
#[derive(Clone, Debug)]
pub struct Ledger {
    jobs: mpsc::Sender<Job>,
    /// Told when news was added.
    news: Arc<Notify>,
}

impl Ledger {
    /// Opens the ledger for writing, creating or upgrading it where needed. The caller holds the home's lock.
    ///
    /// Runs that a crash left `running` become `interrupted`, with `clock`'s time as their end; the number says how many.
    /// Fails with `ledger_too_new` when a newer program wrote the file; the file is not touched then.
    pub async fn open(path: &Path, clock: &Clock) -> Result<(Self, usize)> {
        let (path, now) = (path.to_owned(), clock.now());
        Self::start(move || {
            let mut connection = schema::open_for_writing(&path)?;
            let interrupted = runs::mark_interrupted(&mut connection, now)?;
            Ok(Some((connection, interrupted)))
        })
        .await?
        .ok_or_else(stopped)
    }

    /// Opens the ledger for one change of a command that runs no engine. The caller holds the home's lock. Runs that a crash
    /// left are the next engine's to end, which also logs them.
    pub async fn open_for_change(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let opened = Self::start(move || Ok(Some((schema::open_for_writing(&path)?, ())))).await?;
        opened.map(|(ledger, ())| ledger).ok_or_else(stopped)
    }

    /// Opens the ledger for reading, also while another process writes it. `None` when nothing was ever recorded.
    pub async fn open_read(path: &Path) -> Result<Option<Self>> {
        let path = path.to_owned();
        let opened =
            Self::start(move || Ok(schema::open_for_reading(&path)?.map(|connection| (connection, ())))).await?;
        Ok(opened.map(|(ledger, ())| ledger))
    }

    /// Starts the thread, which opens the connection itself: opening may wait for the disk too.
    async fn start<T: Send + 'static>(
        open: impl FnOnce() -> Result<Option<(Connection, T)>> + Send + 'static,
    ) -> Result<Option<(Self, T)>> {
        let (jobs, work) = mpsc::channel::<Job>();
        let (opened, answer) = oneshot::channel();
        let thread = move || match open() {
            Ok(Some((mut connection, extra))) => {
                // A caller that went away while the file was opened drops the sender: the loop below ends at once.
                drop(opened.send(Ok(Some(extra))));
                while let Ok(job) = work.recv() {
                    job(&mut connection);
                }
            }
            Ok(None) => drop(opened.send(Ok(None))),
            Err(error) => drop(opened.send(Err(error))),
        };
        std::thread::Builder::new().name("ledger".to_owned()).spawn(thread).map_err(|cause| stopped().detail(cause))?;
        Ok(answer.await.map_err(|_| stopped())??.map(|extra| (Self { jobs, news: Arc::default() }, extra)))
    }

    /// Runs `job` on the ledger's thread.
    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A defect in one question ends that question: a transaction that it had open is rolled back.
            let answer = catch_unwind(AssertUnwindSafe(|| job(connection)));
            // The receiver is gone when the caller was cancelled: the work is done, only nobody listens.
            drop(reply.send(answer.unwrap_or_else(|_| Err(defect()))));
        });
        self.jobs.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// When news may have been added since this was last asked. One asks at a time.
    pub(crate) async fn more_news(&self) {
        self.news.notified().await;
    }

    /// A copy of everything at one instant, in a file of its own.
    pub async fn copy_to(&self, path: &Path) -> Result<()> {
        let path = path.to_string_lossy().into_owned();
        self.call(move |connection| {
            connection.execute("VACUUM INTO ?1", [path])?;
            Ok(())
        })
        .await
    }

    /// Puts everything into the one file, so that it can be moved; no other connection may be open.
    pub(crate) async fn settle(self) -> Result<()> {
        self.call(|connection| {
            connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
            Ok(())
        })
        .await
    }

    /// A small piece of state by its name, or `None` when it was never set.
    pub async fn get_state<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let key = key.to_owned();
        let text: Option<String> = self
            .call(move |connection| {
                connection
                    .prepare_cached("SELECT value FROM state WHERE key = ?1")?
                    .query_row([key], |row| row.get(0))
                    .optional()
                    .map_err(Error::from)
            })
            .await?;
        text.map(|text| serde_json::from_str(&text).map_err(|cause| damaged(&cause))).transpose()
    }

    /// Sets a small piece of state; `None::<T>` reads back as `Some(null)`, so use an `Option` type for both.
    pub async fn set_state<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let (key, text) = (key.to_owned(), to_json(value)?);
        self.call(move |connection| set_text(connection, &key, &text)).await
    }
}

fn set_text(connection: &Connection, key: &str, text: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO state (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key, text])?;
    Ok(())
}

/// Times are stored as microseconds since 1970, UTC, so that they sort as numbers.
fn to_micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn from_micros(micros: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| damaged(&format!("{micros} is no time")))
}

/// A time as it will be read back.
fn stored(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|cause| {
        Error::new(
            ErrorCode::Internal,
            "A record could not be turned into JSON and was not stored. This is a bug in this program.",
        )
        .detail(cause)
    })
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn stopped() -> Error {
    Error::new(ErrorCode::Ledger, "The ledger has stopped, so nothing more can be recorded. Restart the program.")
}

fn defect() -> Error {
    Error::new(
        ErrorCode::Internal,
        "The ledger met a defect in this program, so this was not recorded; see the app log.",
    )
}

fn damaged(cause: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Ledger,
        "A record in ledger.db is damaged and was not used. Nothing was changed. Move ledger.db aside to start a new history, and keep it if you want it examined.",
    )
    .detail(cause)
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Sqlite;
        let message = match cause.sqlite_error_code() {
            Some(Sqlite::DiskFull) => {
                "The disk is full: ledger.db could not be written, and the change was not made. Free some space and try again."
            }
            Some(Sqlite::DatabaseBusy | Sqlite::DatabaseLocked) => {
                "Another program keeps ledger.db busy; nothing was changed. Close whatever has it open and try again."
            }
            Some(Sqlite::NotADatabase | Sqlite::DatabaseCorrupt) => {
                "The file ledger.db is damaged. It was not changed. Move it aside (settings and keys are stored elsewhere) and restart."
            }
            Some(Sqlite::ReadOnly | Sqlite::CannotOpen | Sqlite::PermissionDenied) => {
                "The file ledger.db cannot be opened or written; nothing was changed. Check who owns it and its permissions."
            }
            _ => "The file ledger.db could not be read or written; the change was not made.",
        };
        Self::new(ErrorCode::Ledger, message).detail(cause)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use costmap::{Revision, Verdict};

    use super::*;

    /// A time to the second.
    pub(crate) fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A new ledger in a folder of its own.
    pub(crate) async fn ledger() -> (tempfile::TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, interrupted) =
            Ledger::open(&dir.path().join("ledger.db"), &Clock::manual(at("2026-01-02T03:04:05Z"))).await.unwrap();
        assert_eq!(interrupted, 0);
        (dir, ledger)
    }

    /// A promotion of this map, as the source has it.
    pub(crate) fn promotion(revision: Revision, promoted_at: DateTime<Utc>) -> Promotion {
        Promotion {
            revision,
            upstream: revision,
            models: 9,
            promoted_at,
            held_models: vec![],
            rejected: vec![],
            base: None,
            overlay: None,
            baseline: None,
            taken: None,
            is_served: false,
        }
    }

    /// The same, of a map that is put into the ledger.
    pub(crate) async fn promoted(ledger: &Ledger, bytes: &str, when: &str) -> Promotion {
        let made = promotion(Revision::of(bytes.as_bytes()), at(when));
        let bytes = bytes.as_bytes().into();
        ledger.put_map(&made.revision, bytes, "file", made.promoted_at, 9, Verdict::Review).await.unwrap();
        ledger.promote(made.clone()).await.unwrap();
        made
    }

    #[tokio::test]
    async fn state_is_there_again_after_reopening() {
        let (dir, ledger) = ledger().await;
        assert_eq!(ledger.get_state::<String>("pin").await.unwrap(), None);
        ledger.set_state("pin", "first").await.unwrap();
        ledger.set_state("pin", "second").await.unwrap();
        drop(ledger);
        let again = Ledger::open_read(&dir.path().join("ledger.db")).await.unwrap().unwrap();
        assert_eq!(again.get_state::<String>("pin").await.unwrap().as_deref(), Some("second"));
        let error = again.get_state::<i32>("pin").await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Ledger, "a value of another shape is an error, not a panic");
    }

    #[tokio::test]
    async fn a_home_can_lie_deep_and_have_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let deep = (0..9).fold(dir.path().to_owned(), |path, _| path.join("Prüfung ключ 価格 of a long name"));
        std::fs::create_dir_all(&deep).unwrap();
        let path = deep.join("ledger.db");
        assert!(path.to_string_lossy().chars().count() > 260);
        let (ledger, _) = Ledger::open(&path, &Clock::system()).await.unwrap();
        ledger.set_state("pin", "deep").await.unwrap();
        drop(ledger);
        let again = Ledger::open_read(&path).await.unwrap().unwrap();
        assert_eq!(again.get_state::<String>("pin").await.unwrap().as_deref(), Some("deep"));
    }

    #[tokio::test]
    async fn a_question_with_a_defect_changes_nothing_and_the_next_one_is_answered() {
        let (_dir, ledger) = ledger().await;
        ledger.set_state("kept", &1).await.unwrap();
        let broken = ledger.call(|connection| -> Result<()> {
            let step = connection.transaction()?;
            step.execute("DELETE FROM state", [])?;
            panic!("a defect");
        });
        assert_eq!(broken.await.unwrap_err().code, ErrorCode::Internal);
        assert_eq!(ledger.get_state("kept").await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (dir, _writer) = ledger().await;
        let reader = Ledger::open_read(&dir.path().join("ledger.db")).await.unwrap().unwrap();
        assert_eq!(reader.set_state("a", &1).await.unwrap_err().code, ErrorCode::Ledger);
    }
}
