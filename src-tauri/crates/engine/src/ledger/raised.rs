//! What is so for a while and was told when it began: it is told again only after it has ended.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Ledger, News, outbox, to_micros};
use crate::Result;

impl Ledger {
    /// What is so now within `scope`, by a key each: what is new becomes news, in the same transaction that remembers it, and
    /// what has ended is forgotten.
    pub async fn raise(&self, scope: &str, now_so: Vec<(String, News)>, at: DateTime<Utc>) -> Result<()> {
        let scope = scope.to_owned();
        self.call(move |connection| {
            let step = connection.transaction()?;
            let mut known: Vec<String> = Vec::new();
            {
                let mut query = step.prepare_cached("SELECT key FROM raised WHERE scope = ?1")?;
                let mut rows = query.query([&scope])?;
                while let Some(row) = rows.next()? {
                    known.push(row.get(0)?);
                }
            }
            for (key, news) in now_so.iter().filter(|(key, _)| !known.contains(key)) {
                step.prepare_cached("INSERT INTO raised (scope, key, at) VALUES (?1, ?2, ?3)")?.execute(params![
                    scope,
                    key,
                    to_micros(at)
                ])?;
                outbox::add(&step, at, news)?;
            }
            for ended in known.iter().filter(|key| !now_so.iter().any(|(so, _)| so == *key)) {
                step.prepare_cached("DELETE FROM raised WHERE scope = ?1 AND key = ?2")?.execute([&scope, ended])?;
            }
            step.commit()?;
            Ok(())
        })
        .await?;
        self.news.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger};
    use super::*;

    #[tokio::test]
    async fn what_goes_on_is_told_once_and_what_comes_back_again() {
        let (_dir, ledger) = ledger().await;
        let news = |proxy: &str| News::Fallback { proxy: proxy.to_owned(), reason: None, models: Some(9) };
        let now = at("2026-01-01T00:00:00Z");
        let told = async |so: Vec<(String, News)>| {
            ledger.raise("fallback:eu", so, now).await.unwrap();
            ledger.untold().await.unwrap().len()
        };
        let so = || vec![("eu".to_owned(), news("eu"))];
        assert_eq!(told(so()).await, 1);
        assert_eq!(told(so()).await, 1, "it goes on");
        ledger.raise("fallback:us", vec![], now).await.unwrap();
        assert_eq!(told(so()).await, 1, "another scope ends nothing here");
        assert_eq!(told(vec![]).await, 1, "its end is no news");
        assert_eq!(told(so()).await, 2);
    }
}
