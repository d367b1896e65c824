//! Which entries price each proxy's deployments, as they were when it was last asked or synced: one that goes is a question.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};

use super::{Ledger, damaged, set_text, to_json};
use crate::Result;

const KEY: &str = "used_models";

impl Ledger {
    /// The entries by proxy.
    pub async fn used_models(&self) -> Result<BTreeMap<String, Vec<String>>> {
        self.call(|connection| read(connection)).await
    }

    /// The entries that any of these proxies uses, each once and sorted.
    pub async fn used_by(&self, proxies: &[String]) -> Result<Vec<String>> {
        let used = self.used_models().await?.into_iter().filter(|(proxy, _)| proxies.contains(proxy));
        let used: BTreeSet<String> = used.flat_map(|(_, used)| used).collect();
        Ok(used.into_iter().collect())
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
