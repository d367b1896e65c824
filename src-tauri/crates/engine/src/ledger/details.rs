//! Long lists that runs and checks refer to: kept compressed, and once, however many runs say the same.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use costmap::Revision;

use super::{damaged, to_json};
use crate::{Error, ErrorCode, Result};

/// Lists of findings shrink to a twentieth; more effort gains little.
const LEVEL: i32 = 6;

/// A list that says more than this is no list of ours: 256 MiB.
const LONGEST: usize = 256 << 20;

/// Keeps a value, and gives the number by which it is found again. The same value has the same number.
pub(super) fn keep<T: Serialize + ?Sized>(connection: &Connection, value: &T) -> Result<i64> {
    let text = to_json(value)?;
    let key = Revision::of(text.as_bytes()).to_string();
    let known: Option<i64> = connection
        .prepare_cached("SELECT id FROM details WHERE key = ?1")?
        .query_row([&key], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let zstd = zstd::bulk::compress(text.as_bytes(), LEVEL).map_err(|cause| {
        Error::new(ErrorCode::Ledger, "A record could not be compressed, and was not stored.").detail(cause)
    })?;
    connection.prepare_cached("INSERT INTO details (key, bytes, zstd) VALUES (?1, ?2, ?3)")?.execute(params![
        key,
        super::count(text.len()),
        zstd
    ])?;
    Ok(connection.last_insert_rowid())
}

/// The value with this number.
pub(super) fn fetch<T: DeserializeOwned>(connection: &Connection, id: i64) -> Result<T> {
    let (length, zstd): (i64, Vec<u8>) = connection
        .prepare_cached("SELECT bytes, zstd FROM details WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| damaged(&format!("detail {id} is too long")))?;
    let text = zstd::bulk::decompress(&zstd, length).map_err(|cause| damaged(&format!("detail {id}: {cause}")))?;
    serde_json::from_slice(&text).map_err(|cause| damaged(&format!("detail {id}: {cause}")))
}
