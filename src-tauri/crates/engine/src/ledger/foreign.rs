//! A ledger that comes from elsewhere.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{Error, ErrorCode, Result};

/// Whether the file is a whole database with nothing in it that runs by itself. Nothing of it is changed.
///
/// # Errors
/// `usage` with what is wrong.
pub(crate) fn examine(path: &Path) -> Result<()> {
    let refused = |why: &str| {
        Error::new(ErrorCode::Usage, format!("The history in this file {why}. Nothing was imported.")).field("file")
    };
    let looked = (|| {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        let active: u32 = connection.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'",
            [],
            |row| row.get(0),
        )?;
        let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>((active, whole))
    })();
    match looked {
        Ok((0, whole)) if whole == "ok" => Ok(()),
        Ok((0, whole)) => Err(refused("is damaged").detail(whole)),
        Ok(_) => Err(refused("has triggers or views in it, which no ledger of this program has")),
        Err(cause) => Err(refused("can't be read").detail(cause)),
    }
}
