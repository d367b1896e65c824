//! The bytes of maps, small enough to keep for ten years: most are kept as their difference from another one.
//!
//! A map stands at one of three depths: whole, a difference from a whole one, or a difference from that. So no map is
//! ever more than two steps away from a whole one, however many are kept, and none depends on more than two others.

use std::io::{Read, Write};

use costmap::Revision;
use rusqlite::{Connection, OptionalExtension, params};

use super::damaged;
use crate::{Error, ErrorCode, Result};

/// zstd's default: a 3 MB map becomes about 150 kB in a few milliseconds.
const LEVEL: i32 = 3;

/// References reach 16 MiB back: a map of today's size, and the one that it differs from, several times over.
const WINDOW_LOG: u32 = 24;

/// Decompression refuses frames that want more memory than this (128 MiB), whatever stands in the file.
const WINDOW_LOG_MAX: u32 = 27;

/// So many maps follow one at depth 0, and one at depth 1, before the next of that depth is made. Measured with real maps
/// (docs/PERFORMANCE.md): a step between two commits is about 1 kB, and grows with the distance.
const FOLLOWERS: [i64; 2] = [64, 8];

/// A difference that saves less than half is no relative: kept whole, later ones can be compared with it.
const WORTH_IT: usize = 2;

/// Keeps the bytes of a map whose row in `revisions` is there already.
pub(super) fn store(connection: &Connection, revision: &Revision, bytes: &[u8]) -> Result<()> {
    let whole = || pack(bytes, &[]);
    // One that cannot be read any more is no reason to keep no other: the next one is kept whole.
    let base = base(connection)?.and_then(|(base, depth)| Some((base, depth, load(connection, &base).ok()??)));
    let (base, depth, zstd) = match base {
        None => (None, 0, whole()?),
        Some((base, depth, known)) => {
            let delta = pack(bytes, &known)?;
            // Only a large one can be of another kind; a whole one costs as much to make as the difference.
            let alone = if delta.len() * 16 > bytes.len() { Some(whole()?) } else { None };
            match alone.filter(|alone| delta.len() * WORTH_IT > alone.len()) {
                Some(alone) => (None, 0, alone),
                None => (Some(base), depth, delta),
            }
        }
    };
    connection
        .prepare_cached("INSERT INTO frames (revision, base, depth, zstd) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![revision.to_string(), base.map(|base| base.to_string()), depth, zstd])?;
    Ok(())
}

/// Keeps the bytes of a map that are damaged, as they are.
pub(super) fn store_damaged(connection: &Connection, revision: &Revision, zstd: &[u8]) -> Result<()> {
    // Nothing is compared with it: no depth leads here.
    connection
        .prepare_cached("INSERT INTO frames (revision, base, depth, zstd) VALUES (?1, NULL, 3, ?2)")?
        .execute(params![revision.to_string(), zstd])?;
    Ok(())
}

/// What the next map is compared with, and the depth at which it then stands; nothing: it is kept whole.
fn base(connection: &Connection) -> Result<Option<(Revision, i64)>> {
    let newest = |depth: i64| -> Result<Option<(i64, String)>> {
        let sql = "SELECT rowid, revision FROM frames WHERE depth = ?1 ORDER BY rowid DESC LIMIT 1";
        let found = connection.prepare_cached(sql)?.query_row([depth], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    };
    let followers = |row: i64| -> Result<i64> {
        let sql = "SELECT count(*) FROM frames WHERE rowid > ?1";
        Ok(connection.prepare_cached(sql)?.query_row([row], |row| row.get(0))?)
    };
    let Some((whole_row, whole)) = newest(0)? else { return Ok(None) };
    if followers(whole_row)? >= FOLLOWERS[0] {
        return Ok(None);
    }
    let between = newest(1)?.filter(|(row, _)| *row > whole_row);
    let (row, base, depth) = match between {
        Some((row, base)) => (row, base, 2),
        None => (whole_row, whole.clone(), 2),
    };
    let (base, depth) = if followers(row)? >= FOLLOWERS[1] { (whole, 1) } else { (base, depth) };
    Ok(Some((base.parse().map_err(|cause| damaged(&cause))?, depth)))
}

/// The bytes of a map, or `None` when it is not kept. Fails when they are not what the revision says they are.
pub(super) fn load(connection: &Connection, revision: &Revision) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT frames.base, revisions.bytes, frames.zstd FROM frames JOIN revisions USING (revision) WHERE revision = ?1";
    let mut steps: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut next = Some(revision.to_string());
    while let Some(name) = next.take() {
        let row: Option<(Option<String>, i64, Vec<u8>)> = connection
            .prepare_cached(sql)?
            .query_row([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((base, length, zstd)) = row else {
            return if steps.is_empty() { Ok(None) } else { Err(damaged(&format!("map {name} is gone"))) };
        };
        // Two differences and a whole one: more would be a circle.
        if steps.len() > FOLLOWERS.len() {
            return Err(damaged(&format!("map {revision} differs from itself")));
        }
        steps.push((usize::try_from(length).map_err(|cause| damaged(&cause))?, zstd));
        next = base;
    }
    let mut bytes = Vec::new();
    while let Some((length, zstd)) = steps.pop() {
        bytes = unpack(&zstd, &bytes, length).map_err(|cause| damaged(&format!("map {revision}: {cause}")))?;
    }
    if Revision::of(&bytes) != *revision {
        return Err(damaged(&format!("the bytes stored for map {revision} belong to another map")));
    }
    Ok(Some(bytes))
}

fn pack(bytes: &[u8], base: &[u8]) -> Result<Vec<u8>> {
    let packed = || -> std::io::Result<Vec<u8>> {
        let mut packer = zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), LEVEL, base)?;
        packer.window_log(WINDOW_LOG)?;
        packer.long_distance_matching(!base.is_empty())?;
        packer.set_pledged_src_size(Some(bytes.len() as u64))?;
        packer.write_all(bytes)?;
        packer.finish()
    };
    packed().map_err(|cause| {
        Error::new(ErrorCode::Ledger, "A map could not be compressed, and was not stored.").detail(cause)
    })
}

/// As long as the row says and no longer, whatever the frame says of itself.
fn unpack(zstd: &[u8], base: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    let mut unpacker = zstd::stream::read::Decoder::with_ref_prefix(zstd, base)?;
    unpacker.window_log_max(WINDOW_LOG_MAX)?;
    let mut bytes = Vec::with_capacity(length);
    unpacker.take(length as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use costmap::Verdict;

    use super::super::tests::{at, ledger};
    use super::*;

    /// A map of so many models; `commit` changes a few of them, as upstream does.
    fn map(models: usize, commit: usize) -> Vec<u8> {
        let mut text = String::from("{");
        for model in 0..models {
            let price = if model % 150 <= commit { model % 150 } else { 0 };
            let id = model.wrapping_mul(2_654_435_761) % 4_294_967_291;
            writeln!(text, "\"model-{model:04}\": {{\"input_cost_per_token\": {price}e-9, \"id\": \"{id:08x}\"}},")
                .unwrap();
        }
        text.push_str("\"last\": {}}");
        text.into_bytes()
    }

    #[tokio::test]
    async fn a_map_that_rots_takes_none_of_the_later_ones_with_it() {
        let (_dir, ledger) = ledger().await;
        let put = async |commit: usize| {
            let bytes = map(200, commit);
            let revision = Revision::of(&bytes);
            ledger
                .put_map(&revision, bytes.clone().into(), "file", at("2026-01-01T00:00:00Z"), 1, Verdict::Accepted)
                .await
                .unwrap();
            (revision, bytes)
        };
        let (first, _) = put(0).await;
        ledger.call(|connection| Ok(connection.execute("UPDATE frames SET zstd = x'00'", [])?)).await.unwrap();
        assert!(ledger.map(&first).await.is_err(), "the damage is told");
        for commit in 1..4 {
            let (revision, bytes) = put(commit).await;
            assert_eq!(ledger.map(&revision).await.unwrap(), Some(bytes), "{commit}");
        }
    }

    #[tokio::test]
    async fn a_hundred_and_fifty_maps_take_little_room_and_none_is_far_from_a_whole_one() {
        let (_dir, ledger) = ledger().await;
        let mut kept = Vec::new();
        for commit in 0..150 {
            let bytes = map(3000, commit);
            let revision = Revision::of(&bytes);
            ledger
                .put_map(
                    &revision,
                    bytes.as_slice().into(),
                    "test",
                    at("2026-01-02T00:00:00Z"),
                    3000,
                    Verdict::Accepted,
                )
                .await
                .unwrap();
            kept.push((revision, bytes));
        }
        // Of another kind: it is kept whole, and the next one finds its own kind again.
        let other: Vec<u8> = (0..60_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        kept.push((Revision::of(&other), other.clone()));
        let revision = Revision::of(&other);
        let put = ledger.put_map(&revision, other.into(), "test", at("2026-01-02T00:00:00Z"), 0, Verdict::Held);
        put.await.unwrap();
        for (revision, bytes) in &kept {
            assert_eq!(ledger.map(revision).await.unwrap().as_ref(), Some(bytes), "{revision}");
        }
        let asked = ledger.call(|connection| {
            let sql = "SELECT depth, count(*), sum(length(zstd)) FROM frames WHERE revision != ?1 GROUP BY depth ORDER BY depth";
            let newest: String =
                connection.query_row("SELECT revision FROM frames ORDER BY rowid DESC LIMIT 1", [], |row| row.get(0))?;
            let mut query = connection.prepare(sql)?;
            let rows = query.query_map([newest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<Vec<(i64, i64, i64)>>>()?)
        });
        let depths = asked.await.unwrap();
        let [(0, whole, whole_bytes), (1, _, _), (2, steps, step_bytes)] = depths[..] else { panic!("{depths:?}") };
        assert!(whole <= 3 && steps > 100, "{depths:?}");
        assert!(step_bytes / steps * 3 < whole_bytes / whole, "a step is small beside a whole map: {depths:?}");
    }
}
