//! Maps, kept by their revision, and what the checks said about them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use costmap::{Finding, Revision, Verdict};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, count, damaged, details, frames, from_micros, limit, to_json, to_micros};
use crate::{Error, ErrorCode, Result};

/// A map that the ledger keeps, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRevision {
    /// Which map.
    pub revision: Revision,
    /// Its length in bytes.
    pub bytes: usize,
    /// How many models it has; 0 when the bytes are no map.
    pub models: usize,
    /// What the checks said when it was last put.
    pub verdict: Verdict,
    /// Where it came from when it was last put.
    pub source: String,
    /// When it was first put.
    pub first_seen: DateTime<Utc>,
    /// When it was last put.
    pub last_seen: DateTime<Utc>,
}

const COLUMNS: &str = "revision, bytes, models, verdict, source, first_seen, last_seen";

impl Ledger {
    /// Keeps a map. Putting the same one again only notes when and where it was last seen, and the latest verdict.
    ///
    /// Fails with `internal` when `revision` is not the id of `bytes`.
    pub async fn put_map(
        &self,
        revision: &Revision,
        bytes: Arc<[u8]>,
        source: &str,
        seen_at: DateTime<Utc>,
        models: usize,
        verdict: Verdict,
    ) -> Result<()> {
        let map = SeenMap { revision: *revision, bytes, source: source.to_owned(), seen_at, models, verdict };
        self.call(move |connection| {
            let step = connection.transaction()?;
            put(&step, &map)?;
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// The bytes of a map, or `None` when it is not kept. Fails when they are not what the revision says they are.
    pub async fn map(&self, revision: &Revision) -> Result<Option<Vec<u8>>> {
        let revision = *revision;
        self.call(move |connection| frames::load(connection, &revision)).await
    }

    /// The one revision that begins with these digits (at least 4).
    ///
    /// Fails with `usage` when they are no hexadecimal digits, too few, or fit several; with `not_found` when none fits.
    pub async fn find_revision(&self, prefix: &str) -> Result<Revision> {
        let prefix = prefix.trim().to_ascii_lowercase();
        if !(4..=40).contains(&prefix.len()) || !prefix.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Error::new(ErrorCode::Usage, "A revision is 40 hexadecimal digits, or at least the first 4."));
        }
        let pattern = format!("{prefix}*");
        let found: Vec<String> = self
            .call(move |connection| {
                let mut query =
                    connection.prepare_cached("SELECT revision FROM revisions WHERE revision GLOB ?1 LIMIT 5")?;
                let found = query.query_map([pattern], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                Ok(found)
            })
            .await?;
        match found.as_slice() {
            [] => Err(Error::new(ErrorCode::NotFound, format!("No stored revision begins with {prefix}."))),
            [one] => one.parse().map_err(|cause| damaged(&cause)),
            several => {
                Err(Error::new(ErrorCode::Usage, format!("Several revisions begin with {prefix}. Give more digits."))
                    .detail(several.join(", ")))
            }
        }
    }

    /// The maps that are kept, the one first seen last at the top.
    pub async fn revisions(&self, at_most: usize) -> Result<Vec<StoredRevision>> {
        self.call(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM revisions ORDER BY first_seen DESC, rowid DESC LIMIT ?1");
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query([limit(at_most)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(stored_revision(row)?);
            }
            Ok(found)
        })
        .await
    }

    /// What is kept about one map.
    pub async fn revision(&self, revision: &Revision) -> Result<Option<StoredRevision>> {
        let sql = format!("SELECT {COLUMNS} FROM revisions WHERE revision = ?1");
        let revision = revision.to_string();
        self.one_revision(sql, revision).await
    }

    async fn one_revision(
        &self,
        sql: String,
        key: impl rusqlite::ToSql + Send + 'static,
    ) -> Result<Option<StoredRevision>> {
        self.call(move |connection| {
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query([key])?;
            rows.next()?.map(stored_revision).transpose()
        })
        .await
    }

    /// What the checks said about a map against the newest baseline that it met, or `None` when it was never checked.
    pub async fn latest_findings(&self, revision: &Revision) -> Result<Option<Vec<Finding>>> {
        let revision = revision.to_string();
        self.call(move |connection| {
            let id: Option<i64> = connection
                .prepare_cached("SELECT findings FROM checks WHERE revision = ?1 ORDER BY id DESC LIMIT 1")?
                .query_row([revision], |row| row.get(0))
                .optional()?;
            id.map(|id| details::fetch(connection, id)).transpose()
        })
        .await
    }
}

/// A map as a look at the source found it, or as it was put together here.
#[derive(Clone, Debug)]
pub struct SeenMap {
    /// The git blob id of `bytes`.
    pub revision: Revision,
    /// All of it.
    pub bytes: Arc<[u8]>,
    /// Where it came from.
    pub source: String,
    /// When.
    pub seen_at: DateTime<Utc>,
    /// How many models it has.
    pub models: usize,
    /// What the checks said.
    pub verdict: Verdict,
}

/// Keeps a map, or notes that it was seen again.
pub(super) fn put(connection: &Connection, map: &SeenMap) -> Result<()> {
    let SeenMap { revision, bytes, source, seen_at, models, verdict } = map;
    let (at, verdict) = (to_micros(*seen_at), to_json(verdict)?);
    let known = connection
        .prepare_cached(
            "UPDATE revisions SET first_seen = min(first_seen, ?2), last_seen = max(last_seen, ?2),
                source = ?3, models = ?4, verdict = ?5 WHERE revision = ?1",
        )?
        .execute(params![revision.to_string(), at, source, count(*models), verdict])?;
    if known > 0 {
        return Ok(());
    }
    if Revision::of(bytes) != *revision {
        return Err(Error::new(ErrorCode::Internal, "A map's content did not match its revision; it was not stored."));
    }
    connection
        .prepare_cached(
            "INSERT INTO revisions (revision, first_seen, last_seen, source, models, verdict, bytes)
                VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![revision.to_string(), at, source, count(*models), verdict, count(bytes.len())])?;
    frames::store(connection, revision, bytes)
}

/// Keeps what the checks said about a map, compared with `baseline` (`None`: a first map, not compared).
pub(super) fn put_findings(
    connection: &Connection,
    revision: &Revision,
    baseline: Option<&Revision>,
    findings: &[Finding],
) -> Result<()> {
    let findings = details::keep(connection, findings)?;
    connection
        .prepare_cached(
            "INSERT INTO checks (revision, baseline, findings) VALUES (?1, ?2, ?3)
                ON CONFLICT (revision, baseline) DO UPDATE SET findings = excluded.findings",
        )?
        .execute(params![revision.to_string(), baseline_key(baseline), findings])?;
    Ok(())
}

/// SQL's NULL is never equal to itself, so "no baseline" is the empty text.
fn baseline_key(baseline: Option<&Revision>) -> String {
    baseline.map(Revision::to_string).unwrap_or_default()
}

fn stored_revision(row: &Row<'_>) -> Result<StoredRevision> {
    Ok(StoredRevision {
        revision: row.get::<_, String>(0)?.parse().map_err(|cause| damaged(&cause))?,
        bytes: usize::try_from(row.get::<_, i64>(1)?).map_err(|cause| damaged(&cause))?,
        models: usize::try_from(row.get::<_, i64>(2)?).map_err(|cause| damaged(&cause))?,
        verdict: serde_json::from_str(&row.get::<_, String>(3)?).map_err(|cause| damaged(&cause))?,
        source: row.get(4)?,
        first_seen: from_micros(row.get(5)?)?,
        last_seen: from_micros(row.get(6)?)?,
    })
}

#[cfg(test)]
mod tests {
    use costmap::Severity;

    use super::super::tests::{at, ledger};
    use super::*;

    async fn put(ledger: &Ledger, bytes: &[u8], seen: &str) -> Revision {
        let revision = Revision::of(bytes);
        ledger
            .put_map(&revision, bytes.into(), "https://example.test/map", at(seen), 3, Verdict::Accepted)
            .await
            .unwrap();
        revision
    }

    #[tokio::test]
    async fn a_map_comes_back_byte_for_byte_and_is_kept_once() {
        let (_dir, ledger) = ledger().await;
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let revision = put(&ledger, &bytes, "2026-01-02T00:00:00Z").await;
        put(&ledger, &bytes, "2026-01-01T00:00:00Z").await;
        put(&ledger, &bytes, "2026-01-03T00:00:00Z").await;
        assert_eq!(ledger.map(&revision).await.unwrap().unwrap(), bytes);
        let kept = ledger.revisions(10).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].first_seen, kept[0].last_seen), (at("2026-01-01T00:00:00Z"), at("2026-01-03T00:00:00Z")));
        assert_eq!((kept[0].bytes, kept[0].models), (bytes.len(), 3));
        assert_eq!(ledger.revision(&revision).await.unwrap().as_ref(), kept.first());
        assert_eq!(ledger.map(&Revision::of(b"another")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_empty_body_is_kept_as_what_it_is() {
        let (_dir, ledger) = ledger().await;
        let revision = put(&ledger, b"", "2026-01-02T00:00:00Z").await;
        assert_eq!(ledger.map(&revision).await.unwrap(), Some(Vec::new()));
    }

    #[tokio::test]
    async fn bytes_under_a_wrong_revision_are_refused() {
        let (_dir, ledger) = ledger().await;
        let wrong = Revision::of(b"one");
        let put = ledger
            .put_map(&wrong, b"two".as_slice().into(), "file", at("2026-01-02T00:00:00Z"), 0, Verdict::Held)
            .await;
        assert_eq!(put.unwrap_err().code, ErrorCode::Internal);
        assert_eq!(ledger.map(&wrong).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_damaged_map_is_never_handed_out() {
        let (_dir, ledger) = ledger().await;
        let one = put(&ledger, b"one map", "2026-01-02T00:00:00Z").await;
        let two = put(&ledger, b"two map", "2026-01-02T00:00:00Z").await;
        ledger
            .call(move |connection| {
                connection.execute("UPDATE frames SET zstd = x'00010203' WHERE revision = ?1", [one.to_string()])?;
                let zstd = zstd::bulk::compress(b"oops map", 3).unwrap();
                connection.execute(
                    "UPDATE frames SET zstd = ?2, base = NULL WHERE revision = ?1",
                    params![two.to_string(), zstd],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        for revision in [one, two] {
            let error = ledger.map(&revision).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::Ledger);
            assert!(error.detail.unwrap().contains(&revision.to_string()));
        }
    }

    #[tokio::test]
    async fn a_revision_is_found_by_its_first_digits() {
        let (_dir, ledger) = ledger().await;
        // Enough maps that some share their first digits.
        let mut kept = Vec::new();
        for n in 0..600 {
            kept.push(put(&ledger, format!("map {n}").as_bytes(), "2026-01-02T00:00:00Z").await.to_string());
        }
        let first = kept[0].clone();
        assert_eq!(ledger.find_revision(&first).await.unwrap().to_string(), first);
        assert_eq!(ledger.find_revision(&first[..12].to_uppercase()).await.unwrap().to_string(), first);
        for bad in ["abc", "xyzw", "ab%d", "", "*", &format!("{first}0")] {
            assert_eq!(ledger.find_revision(bad).await.unwrap_err().code, ErrorCode::Usage, "{bad}");
        }
        kept.sort();
        let two = kept.windows(2).find(|two| two[0][..4] == two[1][..4]).expect("two that share their first digits");
        assert_eq!(ledger.find_revision(&two[0][..4]).await.unwrap_err().code, ErrorCode::Usage);
        let free = (0..=0xffff)
            .map(|n| format!("{n:04x}"))
            .find(|prefix| !kept.iter().any(|r| r.starts_with(prefix)))
            .unwrap();
        assert_eq!(ledger.find_revision(&free).await.unwrap_err().code, ErrorCode::NotFound);
    }

    #[tokio::test]
    async fn findings_are_kept_for_each_baseline() {
        let (_dir, ledger) = ledger().await;
        let (old, new) =
            (put(&ledger, b"old", "2026-01-02T00:00:00Z").await, put(&ledger, b"new", "2026-01-03T00:00:00Z").await);
        let finding = Finding {
            rule: "price.zero".into(),
            severity: Severity::Review,
            broken: false,
            subject: None,
            model: Some("gpt-4o".to_owned()),
            field: None,
            value: None,
            message: "to 0".to_owned(),
        };
        let say = async |baseline: Option<Revision>, findings: Vec<Finding>| {
            let put = move |connection: &mut Connection| put_findings(connection, &new, baseline.as_ref(), &findings);
            ledger.call(put).await.unwrap();
        };
        say(None, vec![]).await;
        assert_eq!(ledger.latest_findings(&new).await.unwrap(), Some(vec![]));
        say(Some(old), vec![finding.clone()]).await;
        assert_eq!(ledger.latest_findings(&new).await.unwrap(), Some(vec![finding]));
        assert_eq!(ledger.latest_findings(&old).await.unwrap(), None);
    }
}
