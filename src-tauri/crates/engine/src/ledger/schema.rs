//! The tables, how they came to be, and who may open them.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::home::open_private_append;
use crate::{Error, ErrorCode, Result};

/// One step a version of the schema; a step that has been released is never edited again.
///
/// Blobs stand last in their row, so that listing a table does not read them.
const STEPS: &[M<'_>] = &[M::up(
    "CREATE TABLE revisions (
        revision   TEXT PRIMARY KEY,
        first_seen INTEGER NOT NULL,
        last_seen  INTEGER NOT NULL,
        source     TEXT NOT NULL,
        models     INTEGER NOT NULL,
        verdict    TEXT NOT NULL,
        bytes      INTEGER NOT NULL,
        zstd       BLOB NOT NULL
    ) STRICT;
    CREATE INDEX revisions_first_seen ON revisions (first_seen);

    CREATE TABLE checks (
        revision TEXT NOT NULL REFERENCES revisions (revision),
        baseline TEXT NOT NULL,
        findings TEXT NOT NULL,
        PRIMARY KEY (revision, baseline)
    ) STRICT;

    CREATE TABLE promotions (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        revision    TEXT NOT NULL REFERENCES revisions (revision),
        upstream    TEXT NOT NULL,
        models      INTEGER NOT NULL,
        held_models TEXT NOT NULL,
        promoted_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE runs (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        proxy    TEXT NOT NULL,
        trigger  TEXT NOT NULL,
        started  INTEGER NOT NULL,
        finished INTEGER,
        outcome  TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_proxy ON runs (proxy, id);
    CREATE INDEX runs_unfinished ON runs (id) WHERE finished IS NULL;

    CREATE TABLE state (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;",
)];

const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);

/// How long a statement waits for another process: a reader never blocks the writer, but a checkpoint or a backup may.
const BUSY: Duration = Duration::from_secs(10);

pub(super) fn open_for_writing(path: &Path) -> Result<Connection> {
    // SQLite would create the file readable by others; its `-wal` and `-shm` take the rights of this one.
    drop(open_private_append(path).map_err(|cause| {
        Error::new(
            ErrorCode::HomeUnusable,
            format!(
                "The file {} cannot be opened for writing; nothing was changed. Check its permissions.",
                path.display()
            ),
        )
        .detail(cause)
    })?);
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    refuse_newer(&connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // FULL: each commit is on disk before the call returns. fullfsync is what macOS needs for that.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    MIGRATIONS.to_latest(&mut connection).map_err(|cause| {
        Error::new(
            ErrorCode::Ledger,
            "The file ledger.db could not be brought to the present form; it was left as it was.",
        )
        .detail(cause)
    })?;
    Ok(connection)
}

pub(super) fn open_for_reading(path: &Path) -> Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    refuse_newer(&connection)?;
    match version(&connection)? {
        // The very first writer has created the file and is not further yet.
        0 => Ok(None),
        found if found < latest() => Err(Error::new(
            ErrorCode::Ledger,
            "The file ledger.db is of an older version of this program. Run `autosync sync` (or start the app) once: it brings it up to date.",
        )),
        _ => Ok(Some(connection)),
    }
}

fn latest() -> i64 {
    super::count(STEPS.len())
}

fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// An older program must not write into, or misread, what a newer one has made.
fn refuse_newer(connection: &Connection) -> Result<()> {
    let found = version(connection)?;
    if found <= latest() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::LedgerTooNew,
        format!(
            "The file ledger.db was written by a newer version of this program (its form is {found}, this program knows {}). It was not touched. Update this program, or name another folder with --home.",
            latest()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_can_be_taken() {
        MIGRATIONS.validate().unwrap();
    }

    #[test]
    fn a_newer_ledger_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        open_for_writing(&path).unwrap().pragma_update(None, "user_version", latest() + 1).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert_eq!(open_for_writing(&path).unwrap_err().code, ErrorCode::LedgerTooNew);
        assert_eq!(open_for_reading(&path).unwrap_err().code, ErrorCode::LedgerTooNew);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn what_a_commit_reported_survives_a_power_cut() {
        let dir = tempfile::tempdir().unwrap();
        let connection = open_for_writing(&dir.path().join("ledger.db")).unwrap();
        let ask = |pragma| {
            connection.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
        };
        assert_eq!(ask("journal_mode"), "wal".to_owned().into());
        assert_eq!(ask("synchronous"), 2.into());
        assert_eq!(ask("foreign_keys"), 1.into());
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_read_the_ledger() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let _open = open_for_writing(&dir.path().join("ledger.db")).unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        }
    }

    #[test]
    fn a_file_that_is_no_ledger_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        std::fs::write(&path, "this is not a database, and it is long enough to be looked at").unwrap();
        assert_eq!(open_for_writing(&path).unwrap_err().code, ErrorCode::Ledger);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is not"));
        assert!(open_for_reading(&dir.path().join("missing.db")).unwrap().is_none());
        assert!(!dir.path().join("missing.db").exists());
    }
}
