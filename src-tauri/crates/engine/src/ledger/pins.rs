//! Which promotion proxies are held at, and which maps of the source a person marked as bad. Nothing here is ever changed
//! or removed: the last row counts.

use chrono::{DateTime, Utc};
use costmap::Revision;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::prices::{Prices, follow};
use super::promotions::{COLUMNS, Promotion, REST, UNASKED, add as add_promotion, joined, promotion};
use super::stages::{self, Moved};
use super::{Ledger, damaged, from_micros, stored, to_micros};
use crate::Result;

/// A proxy, or all of them, is held at a map that was promoted before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The proxy; none: all of them.
    pub proxy: Option<String>,
    /// What it is held at.
    pub promotion: Promotion,
    /// Since when.
    pub since: DateTime<Utc>,
    /// It was made by a rollback: it ends when the source has another good map.
    pub resumes: bool,
}

/// All pins that hold, and all marks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// All proxies are held at this. What was promoted last is this one then.
    pub all: Option<Pin>,
    /// Single proxies, by name.
    pub each: Vec<Pin>,
    /// Maps of the source that a person marked as bad: they are promoted no more.
    pub skips: Vec<Revision>,
}

impl Pins {
    /// The pin that counts for this proxy: its own, or that of all.
    pub fn of(&self, proxy: &str) -> Option<&Pin> {
        let own =
            self.each.iter().find(|pin| pin.proxy.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(proxy)));
        own.or(self.all.as_ref())
    }

    /// Whether a person marked this map of the source as bad.
    pub fn skips(&self, upstream: &Revision) -> bool {
        self.skips.contains(upstream)
    }

    /// Whether nothing is pinned or marked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a person wants held.
#[derive(Clone, Debug)]
pub struct Pinning {
    /// Which proxy; none: all.
    pub proxy: Option<String>,
    /// The promotion to hold it at, by its number.
    pub promotion: i64,
    /// It ends by itself when the source has another good map.
    pub resumes: bool,
    /// The source's map that is marked as bad.
    pub bad: Option<Revision>,
    /// The prices of the pinned map, where it holds for all.
    pub prices: Option<Prices>,
}

/// `proxy` of a pin that holds all of them.
const ALL: &str = "";

impl Ledger {
    /// The pins and marks that hold.
    pub async fn pins(&self) -> Result<Pins> {
        self.call(|connection| read(connection)).await
    }

    /// A promotion that was made before, with its number: the newest one whose revision, or whose source's map, begins
    /// with this text.
    pub async fn promotion_named(&self, revision: &str) -> Result<Option<(i64, Promotion)>> {
        let like = format!("{}%", revision.to_ascii_lowercase());
        self.one_promotion("revision LIKE ?1 OR upstream LIKE ?1", like).await
    }

    /// The newest promotion of another map of the source than the one that holds, which nobody marked as bad.
    pub async fn promotion_before(&self, upstream: &Revision) -> Result<Option<(i64, Promotion)>> {
        let before = "upstream <> ?1 AND id < (SELECT max(id) FROM promotions WHERE upstream = ?1)
            AND coalesce((SELECT is_bad FROM marks WHERE marks.upstream = promotions.upstream ORDER BY marks.id DESC LIMIT 1), 0) = 0";
        self.one_promotion(before, upstream.to_string()).await
    }

    async fn one_promotion(&self, which: &str, key: String) -> Result<Option<(i64, Promotion)>> {
        let sql = format!("SELECT {COLUMNS}, {UNASKED}, id FROM promotions WHERE {which} ORDER BY id DESC LIMIT 1");
        self.call(move |connection| {
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query([key])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some((row.get(REST)?, promotion(row)?)))
        })
        .await
    }

    /// Holds a proxy, or all, at a map that was promoted before: all of it is written, or nothing. For all of them it
    /// becomes the one that is promoted.
    pub async fn pin(&self, pinning: Pinning, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            write(&step, &pinning, at)?;
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// Ends the pin of this proxy, or without one every pin, and then no map is marked as bad any more.
    pub async fn unpin(&self, proxy: Option<String>, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            let pins = read(&step)?;
            let ended = pins.each.iter().chain(&pins.all).map(|pin| pin.proxy.as_deref().unwrap_or(ALL));
            let is_meant = |name: &&str| proxy.as_deref().is_none_or(|proxy| name.eq_ignore_ascii_case(proxy));
            for name in ended.filter(is_meant) {
                end(&step, name, at)?;
            }
            if proxy.is_none() {
                for upstream in &pins.skips {
                    mark(&step, upstream, false, at)?;
                }
                stages::release(&step, at)?;
            }
            step.commit()?;
            Ok(())
        })
        .await
    }
}

fn write(step: &Transaction<'_>, pinning: &Pinning, at: DateTime<Utc>) -> Result<()> {
    let Pinning { proxy, promotion: number, resumes, bad, prices } = pinning;
    let sql = format!("SELECT {COLUMNS}, {UNASKED} FROM promotions WHERE id = ?1");
    let earlier = step.prepare_cached(&sql)?.query_row([number], |row| Ok(promotion(row)))??;
    if let Some(bad) = bad {
        mark(step, bad, true, at)?;
    }
    // Who wants this very map means that it is good.
    mark_good(step, &earlier.upstream, at)?;
    let newest: i64 = step.query_row("SELECT max(id) FROM promotions", [], |row| row.get(0))?;
    let number = if proxy.is_none() && *number != newest {
        add_promotion(step, &Promotion { promoted_at: at, ..earlier.clone() })?
    } else {
        *number
    };
    if let (None, Some(prices)) = (proxy, prices) {
        follow(step, prices, &earlier.upstream, at)?;
    }
    if proxy.is_none() {
        stages::set_all(step, number, if *resumes { Moved::Rollback } else { Moved::Person }, at)?;
    }
    step.prepare_cached("INSERT INTO pins (proxy, promotion, resumes, since) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![proxy.as_deref().unwrap_or(ALL), number, resumes, to_micros(stored(at))])?;
    Ok(())
}

fn mark_good(step: &Connection, upstream: &Revision, at: DateTime<Utc>) -> Result<()> {
    if marked(step)?.contains(upstream) { mark(step, upstream, false, at) } else { Ok(()) }
}

fn mark(step: &Connection, upstream: &Revision, is_bad: bool, at: DateTime<Utc>) -> Result<()> {
    step.prepare_cached("INSERT INTO marks (upstream, is_bad, marked_at) VALUES (?1, ?2, ?3)")?.execute(params![
        upstream.to_string(),
        is_bad,
        to_micros(at)
    ])?;
    Ok(())
}

/// Ends a pin: that of all, where the name is empty.
fn end(step: &Connection, name: &str, at: DateTime<Utc>) -> Result<()> {
    step.prepare_cached("INSERT INTO pins (proxy, promotion, resumes, since) VALUES (?1, NULL, 0, ?2)")?
        .execute(params![name, to_micros(at)])?;
    Ok(())
}

/// Ends the pins that a rollback made, within the transaction that promotes another good map.
pub(super) fn resume(step: &Connection, at: DateTime<Utc>) -> Result<()> {
    let pins = read(step)?;
    for pin in pins.each.iter().chain(&pins.all).filter(|pin| pin.resumes) {
        end(step, pin.proxy.as_deref().unwrap_or(ALL), at)?;
    }
    Ok(())
}

fn marked(connection: &Connection) -> Result<Vec<Revision>> {
    let mut query = connection.prepare_cached(
        "SELECT upstream FROM marks AS one WHERE is_bad AND id = (
            SELECT max(id) FROM marks AS other WHERE other.upstream = one.upstream) ORDER BY id",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row.get::<_, String>(0)?.parse().map_err(|cause| damaged(&cause))?);
    }
    Ok(found)
}

pub(super) fn read(connection: &Connection) -> Result<Pins> {
    let mut pins = Pins { skips: marked(connection)?, ..Pins::default() };
    let sql = format!(
        "SELECT {}, proxy, since, resumes FROM pins AS one JOIN promotions ON promotions.id = promotion
            WHERE one.id = (SELECT max(id) FROM pins AS other WHERE other.proxy = one.proxy COLLATE NOCASE) ORDER BY proxy",
        joined()
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(REST)?;
        let pin = Pin {
            proxy: Some(name).filter(|name| name != ALL),
            promotion: promotion(row)?,
            since: from_micros(row.get(REST + 1)?)?,
            resumes: row.get(REST + 2)?,
        };
        if pin.proxy.is_some() { pins.each.push(pin) } else { pins.all = Some(pin) }
    }
    Ok(pins)
}

/// The promotion that holds for this proxy: what it is pinned at, or the newest.
pub(super) fn own_promotion(connection: &Connection, proxy: &str) -> Result<Option<Promotion>> {
    // The pin of all is the newest promotion itself.
    let is_pinned = connection
        .prepare_cached("SELECT 1 FROM pins WHERE proxy = ?1 COLLATE NOCASE LIMIT 1")?
        .query_row([proxy], |_| Ok(()))
        .optional()?;
    if is_pinned.is_none() {
        return Ok(None);
    }
    Ok(read(connection)?
        .each
        .into_iter()
        .find(|pin| pin.proxy.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(proxy)))
        .map(|pin| pin.promotion))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger, promoted};
    use super::*;
    use crate::gate::Stage;

    fn pinning(proxy: Option<&str>, number: i64, bad: Option<Revision>) -> Pinning {
        let resumes = bad.is_some();
        Pinning { proxy: proxy.map(str::to_owned), promotion: number, resumes, bad, prices: None }
    }

    #[tokio::test]
    async fn a_pin_of_all_is_what_is_promoted_and_one_of_a_proxy_is_its_own() {
        let (_dir, ledger) = ledger().await;
        let one = promoted(&ledger, "one", "2026-01-01T00:00:00Z").await;
        let two = promoted(&ledger, "two", "2026-01-02T00:00:00Z").await;
        let three = promoted(&ledger, "three", "2026-01-03T00:00:00Z").await;
        assert!(ledger.pins().await.unwrap().is_empty());
        let (number, found) = ledger.promotion_named(&one.revision.to_string()[..6]).await.unwrap().unwrap();
        assert_eq!((number, &found), (1, &one));
        assert_eq!(ledger.promotion_before(&three.upstream).await.unwrap(), Some((2, two.clone())));

        ledger.pin(pinning(Some("eu"), 1, None), at("2026-01-04T00:00:00Z")).await.unwrap();
        let now = async || Promotion { taken: None, ..ledger.promoted().await.unwrap().unwrap() };
        let own = async |proxy| Promotion {
            taken: None,
            ..ledger.promoted_for(proxy, Stage::Production).await.unwrap().unwrap()
        };
        assert_eq!(now().await, three, "a pin of one proxy is no promotion");
        assert_eq!(own("EU").await, one);
        assert_eq!(own("us").await, three);

        ledger.pin(pinning(None, 2, Some(three.upstream)), at("2026-01-05T00:00:00Z")).await.unwrap();
        let again = Promotion { promoted_at: at("2026-01-05T00:00:00Z"), ..two.clone() };
        assert_eq!(now().await, again);
        let pins = ledger.pins().await.unwrap();
        assert_eq!(pins.of("us").map(|pin| (&pin.promotion, pin.resumes)), Some((&again, true)));
        assert_eq!(pins.of("eu").map(|pin| &pin.promotion), Some(&one), "its own counts first");
        assert!(pins.skips(&three.upstream) && !pins.skips(&two.upstream));
        assert_eq!(
            ledger.promotion_before(&two.upstream).await.unwrap(),
            Some((1, one)),
            "what is marked is passed over"
        );

        ledger.unpin(Some("eu".to_owned()), at("2026-01-06T00:00:00Z")).await.unwrap();
        assert_eq!(own("eu").await, again);
        assert!(ledger.pins().await.unwrap().all.is_some());
        ledger.unpin(None, at("2026-01-07T00:00:00Z")).await.unwrap();
        assert!(ledger.pins().await.unwrap().is_empty());
        assert_eq!(now().await, again, "the next look promotes what the source has");
    }

    #[tokio::test]
    async fn who_pins_a_map_that_was_marked_means_that_it_is_good() {
        let (_dir, ledger) = ledger().await;
        let one = promoted(&ledger, "one", "2026-01-01T00:00:00Z").await;
        let two = promoted(&ledger, "two", "2026-01-02T00:00:00Z").await;
        ledger.pin(pinning(None, 1, Some(two.upstream)), at("2026-01-03T00:00:00Z")).await.unwrap();
        ledger.pin(pinning(None, 2, None), at("2026-01-04T00:00:00Z")).await.unwrap();
        let pins = ledger.pins().await.unwrap();
        assert_eq!((pins.skips(&two.upstream), pins.skips(&one.upstream)), (false, false));
        assert_eq!(ledger.promoted().await.unwrap().unwrap().revision, two.revision);
    }
}
