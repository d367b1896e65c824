//! Which entries price each proxy's deployments, as they were when it was last asked or synced: one that goes is a question.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use super::{Ledger, damaged, set_text, to_json};
use crate::Result;

const KEY: &str = "used_models";

impl Ledger {
    /// The entries by proxy.
    pub async fn used_models(&self) -> Result<BTreeMap<String, Vec<String>>> {
        self.call(|connection| read(connection)).await
    }

    /// Writes down which entries price a proxy's deployments. None at all says that it could not be asked.
    pub async fn note_used(&self, proxy: &str, used: &[String]) -> Result<()> {
        if used.is_empty() {
            return Ok(());
        }
        let (proxy, used) = (proxy.to_owned(), used.to_vec());
        self.call(move |connection| {
            let mut all = read(connection)?;
            if all.get(&proxy) == Some(&used) {
                return Ok(());
            }
            all.insert(proxy, used);
            set_text(connection, KEY, &to_json(&all)?)
        })
        .await
    }
}

fn read(connection: &Connection) -> Result<BTreeMap<String, Vec<String>>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM state WHERE key = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    text.map_or_else(|| Ok(BTreeMap::new()), |text| serde_json::from_str(&text).map_err(|cause| damaged(&cause)))
}
