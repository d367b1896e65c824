//! What each model cost when: intervals, so that "what did it cost on 3 March" is one look-up and no map is read.
//!
//! They follow the source's maps as they were promoted, which is what a proxy that reads the source bills by as soon as it takes it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use costmap::{CostMap, Revision, Served};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, damaged, from_micros, stored, to_micros};
use crate::Result;

/// A price and how long it was so. As in `price --history --json`, one of `values`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInterval {
    /// The field's path.
    #[serde(skip)]
    pub field: String,
    /// USD per unit, as decimal text.
    pub value: String,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; null while it is so.
    pub to: Option<DateTime<Utc>>,
    /// The map that brought it.
    pub revision: Revision,
}

/// The prices of a map: those of each model by the field's path, other names with what they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(HashMap<String, Vec<(String, String)>>);

impl Prices {
    /// Of this map.
    pub fn of(map: &CostMap) -> Self {
        let entries = map.served(Served::Rows).filter(|entry| !entry.is_reserved());
        Self(
            entries
                .map(|entry| {
                    let prices = entry.leaves().filter(costmap::Leaf::is_price);
                    let text = |leaf: &costmap::Leaf<'_>| {
                        leaf.decimal().map_or_else(|| leaf.text().to_owned(), |price| price.normalize().to_string())
                    };
                    let prices = prices.map(|leaf| (leaf.path().to_string(), text(&leaf))).collect();
                    (entry.name().into_owned(), prices)
                })
                .collect(),
        )
    }
}

/// Ends the intervals that `prices` no longer has, and begins those that it brings.
pub(super) fn follow(connection: &Connection, prices: &Prices, revision: &Revision, at: DateTime<Utc>) -> Result<()> {
    let at = to_micros(stored(at));
    let mut open: HashMap<(String, String), (i64, i64, String)> = HashMap::new();
    let sql = "SELECT models.name, fields.path, prices.model, prices.field, prices.value FROM prices
        JOIN models ON models.id = prices.model JOIN fields ON fields.id = prices.field WHERE prices.until IS NULL";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        open.insert((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?, row.get(4)?));
    }
    let end = |model: i64, field: i64| -> Result<()> {
        // What began at this very moment was never so.
        connection
            .prepare_cached("DELETE FROM prices WHERE model = ?1 AND field = ?2 AND until IS NULL AND since >= ?3")?
            .execute(params![model, field, at])?;
        connection
            .prepare_cached("UPDATE prices SET until = ?3 WHERE model = ?1 AND field = ?2 AND until IS NULL")?
            .execute(params![model, field, at])?;
        Ok(())
    };
    for (model, fields) in &prices.0 {
        for (path, value) in fields {
            let key = (model.clone(), path.clone());
            match open.remove(&key) {
                Some((_, _, known)) if known == *value => continue,
                Some((model, field, _)) => end(model, field)?,
                None => {}
            }
            let (model, field) = (named(connection, Named::Model, model)?, named(connection, Named::Field, path)?);
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO prices (model, field, since, value, revision) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![model, field, at, value, revision.to_string()])?;
        }
    }
    for (model, field, _) in open.into_values() {
        end(model, field)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Named {
    Model,
    Field,
}

/// The number of a name; a new one where it has none yet.
fn named(connection: &Connection, kind: Named, name: &str) -> Result<i64> {
    let (find, add) = match kind {
        Named::Model => ("SELECT id FROM models WHERE name = ?1", "INSERT INTO models (name) VALUES (?1)"),
        Named::Field => ("SELECT id FROM fields WHERE path = ?1", "INSERT INTO fields (path) VALUES (?1)"),
    };
    let known: Option<i64> = connection.prepare_cached(find)?.query_row([name], |row| row.get(0)).optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    connection.prepare_cached(add)?.execute([name])?;
    Ok(connection.last_insert_rowid())
}

impl Ledger {
    /// Every price that a model ever had, by field, the oldest first; empty for a model that was never known.
    pub async fn price_history(&self, model: &str) -> Result<Vec<PriceInterval>> {
        self.intervals(model, None).await
    }

    /// What a model cost at this time; empty where it was not known then.
    pub async fn prices_at(&self, model: &str, at: DateTime<Utc>) -> Result<Vec<PriceInterval>> {
        self.intervals(model, Some(at)).await
    }

    async fn intervals(&self, model: &str, at: Option<DateTime<Utc>>) -> Result<Vec<PriceInterval>> {
        let (model, at) = (model.to_owned(), at.map(|at| to_micros(stored(at))));
        self.call(move |connection| {
            let sql = "SELECT fields.path, value, since, until, revision FROM prices
                JOIN models ON models.id = prices.model JOIN fields ON fields.id = prices.field
                WHERE models.name = ?1 AND (?2 IS NULL OR since <= ?2 AND (until IS NULL OR until > ?2))
                ORDER BY prices.field, since";
            let mut query = connection.prepare_cached(sql)?;
            let mut rows = query.query(params![model, at])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(PriceInterval {
                    field: row.get(0)?,
                    value: row.get(1)?,
                    from: from_micros(row.get(2)?)?,
                    to: row.get::<_, Option<i64>>(3)?.map(from_micros).transpose()?,
                    revision: row.get::<_, String>(4)?.parse().map_err(|cause| damaged(&cause))?,
                });
            }
            Ok(found)
        })
        .await
    }
}
