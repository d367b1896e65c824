//! The tables, how they came to be, and who may open them.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction};
use rusqlite_migration::{HookError, M, Migrations};

use super::upgrade;
use crate::home::open_private_append;
use crate::{Error, ErrorCode, Result};

/// One step a version of the schema; a step that has been released is never edited again.
///
/// Blobs stand last in their row, so that listing a table does not read them.
fn steps() -> Vec<M<'static>> {
    let fill = |step: &Transaction<'_>| upgrade::fill(step).map_err(|cause| HookError::Hook(cause.to_string()));
    vec![M::up(FIRST), M::up_with_hook(SECOND, fill), M::up(THIRD), M::up(FOURTH), M::up(FIFTH), M::up(SIXTH)]
}

/// Maps whole, runs whole.
pub(super) const FIRST: &str = "CREATE TABLE revisions (
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
    ) STRICT;";

/// For ten years: maps as differences, long lists kept once, prices as intervals, news until it was told. What was there is
/// moved over by [`upgrade::fill`].
const SECOND: &str = "CREATE TABLE frames (
        revision TEXT PRIMARY KEY REFERENCES revisions (revision),
        base     TEXT REFERENCES frames (revision),
        depth    INTEGER NOT NULL,
        zstd     BLOB NOT NULL
    ) STRICT;
    CREATE INDEX frames_depth ON frames (depth);

    CREATE TABLE details (
        id    INTEGER PRIMARY KEY,
        key   TEXT NOT NULL UNIQUE,
        bytes INTEGER NOT NULL,
        zstd  BLOB NOT NULL
    ) STRICT;
    ALTER TABLE runs ADD COLUMN changes INTEGER REFERENCES details (id);
    ALTER TABLE runs ADD COLUMN findings INTEGER REFERENCES details (id);
    CREATE INDEX runs_finished ON runs (finished);
    ALTER TABLE checks RENAME TO old_checks;
    CREATE TABLE checks (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        revision TEXT NOT NULL REFERENCES revisions (revision),
        baseline TEXT NOT NULL,
        findings INTEGER NOT NULL REFERENCES details (id),
        UNIQUE (revision, baseline)
    ) STRICT;

    ALTER TABLE promotions ADD COLUMN ring TEXT NOT NULL DEFAULT 'production';
    ALTER TABLE promotions ADD COLUMN baseline TEXT;
    CREATE INDEX promotions_upstream ON promotions (upstream);

    CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE fields (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE prices (
        model    INTEGER NOT NULL REFERENCES models (id),
        field    INTEGER NOT NULL REFERENCES fields (id),
        since    INTEGER NOT NULL,
        until    INTEGER,
        value    TEXT NOT NULL,
        revision TEXT NOT NULL,
        PRIMARY KEY (model, field, since)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX prices_open ON prices (model, field) WHERE until IS NULL;

    CREATE TABLE outbox (
        id   INTEGER PRIMARY KEY AUTOINCREMENT,
        at   INTEGER NOT NULL,
        told INTEGER,
        news TEXT NOT NULL
    ) STRICT;
    CREATE INDEX outbox_untold ON outbox (id) WHERE told IS NULL;";

/// What people decided, and which models a promotion leaves out because of it.
const THIRD: &str = "CREATE TABLE decisions (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        model      TEXT NOT NULL,
        rule       TEXT NOT NULL,
        field      TEXT NOT NULL,
        value      TEXT NOT NULL,
        ruling     TEXT,
        decided_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX decisions_matter ON decisions (model, rule, field, value, id);
    ALTER TABLE promotions ADD COLUMN rejected TEXT NOT NULL DEFAULT '[]';";

/// Pins and maps that a person marked as bad (the last row counts, nothing is removed), and what of a promotion is the
/// user's own.
const FOURTH: &str = "CREATE TABLE pins (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        proxy     TEXT NOT NULL,
        promotion INTEGER REFERENCES promotions (id),
        resumes   INTEGER NOT NULL,
        since     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX pins_proxy ON pins (proxy, id);
    CREATE TABLE marks (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        upstream  TEXT NOT NULL,
        is_bad    INTEGER NOT NULL,
        marked_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX marks_upstream ON marks (upstream, id);
    ALTER TABLE promotions ADD COLUMN base TEXT;
    ALTER TABLE promotions ADD COLUMN overlay TEXT;";

/// How far each webhook has got in the outbox, what was made for it, and what is so for a while and was told.
const FIFTH: &str = "CREATE TABLE webhooks (
        name  TEXT PRIMARY KEY,
        after INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE deliveries (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook   TEXT NOT NULL REFERENCES webhooks (name),
        made      INTEGER NOT NULL,
        attempts  INTEGER NOT NULL DEFAULT 0,
        unsure    INTEGER NOT NULL DEFAULT 0,
        first_try INTEGER,
        next_try  INTEGER,
        ended     INTEGER,
        arrived   INTEGER,
        error     TEXT,
        alert     TEXT NOT NULL
    ) STRICT;
    CREATE INDEX deliveries_webhook ON deliveries (webhook, ended, id);
    CREATE TABLE raised (
        scope TEXT NOT NULL,
        key   TEXT NOT NULL,
        at    INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;";

/// What each stage on the way to production is held at: the last row counts, and without a promotion it follows the newest.
const SIXTH: &str = "CREATE TABLE stages (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        stage     TEXT NOT NULL,
        promotion INTEGER REFERENCES promotions (id),
        why       TEXT NOT NULL,
        since     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX stages_stage ON stages (stage, id);";

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| Migrations::new(steps()));

/// The form of the file that this program writes.
const FORM: i64 = 6;

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
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY)?;
    refuse_newer(&connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // FULL: each commit is on disk before the call returns. fullfsync is what macOS needs for that.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    MIGRATIONS.to_latest(&mut connection).map_err(|cause| {
        Error::new(ErrorCode::Ledger, "The file ledger.db could not be upgraded; it was left unchanged.").detail(cause)
    })?;
    compact(&connection)?;
    Ok(connection)
}

/// Opens a file that is there.
#[cfg(not(windows))]
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    Ok(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// Opens a file that is there. SQLite's usual way ends at 260 characters; the path of another begins with `\\?\`, as
/// `canonicalize` writes it.
#[cfg(windows)]
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok(Connection::open_with_flags_and_vfs(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX, c"win32-longpath")?)
}

/// Gives back the room that an upgrade left empty: pages that nothing uses are only ever many after one.
fn compact(connection: &Connection) -> Result<()> {
    let ask = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    if ask("freelist_count")? > ask("page_count")? / 2 {
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}

pub(super) fn open_for_reading(path: &Path) -> Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    refuse_newer(&connection)?;
    match version(&connection)? {
        // The very first writer has created the file and is not further yet.
        0 => Ok(None),
        found if found < FORM => Err(Error::new(
            ErrorCode::Ledger,
            "The file ledger.db is from an older version of this program. Run `autosync sync` (or start the app) once to upgrade it.",
        )),
        _ => Ok(Some(connection)),
    }
}

fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// An older program must not write into, or misread, what a newer one has made.
fn refuse_newer(connection: &Connection) -> Result<()> {
    let found = version(connection)?;
    if found <= FORM {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::LedgerTooNew,
        format!(
            "The file ledger.db was written by a newer version of this program (format {found}; this program knows {FORM}). It was not touched. Update this program, or choose another folder with --home."
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
        open_for_writing(&path).unwrap().pragma_update(None, "user_version", FORM + 1).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert_eq!(open_for_writing(&path).unwrap_err().code, ErrorCode::LedgerTooNew);
        assert_eq!(open_for_reading(&path).unwrap_err().code, ErrorCode::LedgerTooNew);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn each_commit_waits_for_the_disk() {
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
