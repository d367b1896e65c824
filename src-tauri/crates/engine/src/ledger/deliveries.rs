//! What webhooks are sent, and how far each has got: an alert is written here with the news that it was made of, each try
//! before it is made, and its end after it. So a crash loses nothing, and what may be a repeat is known to be one.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, Pending, damaged, from_micros, outbox, set_text, to_json, to_micros};
use crate::alerts::Alert;
use crate::{Error, Result};

/// What was delivered or given up is kept as long, for who wonders.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The state that names this home in the ids of what is sent.
const HOME_ID: &str = "home_id";

/// One alert on its way to one webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its row: grows, and is the order in which a webhook is told.
    pub row: i64,
    /// What it is known by outside, the same at every try: `3f2a9c1b-17`.
    pub id: String,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// What is told.
    pub alert: Alert,
    /// Tries that were begun.
    pub attempts: u32,
    /// One of them may have arrived without our knowing.
    pub unsure: bool,
    /// Not before this.
    pub next_try: Option<DateTime<Utc>>,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Tried {
    /// It arrived.
    Arrived,
    /// It did not, and is tried again.
    Again {
        /// Why.
        error: Error,
        /// When.
        at: DateTime<Utc>,
        /// It may have arrived all the same.
        unsure: bool,
    },
    /// It is not tried any more.
    GivenUp {
        /// Why.
        error: Error,
    },
}

/// How far a webhook has got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WebhookState {
    /// Alerts that wait to be sent.
    pub waiting: usize,
    /// When the last one arrived.
    pub last_delivered: Option<DateTime<Utc>>,
    /// Why the oldest one that waits has not arrived yet.
    pub error: Option<Error>,
    /// Since when nothing arrives: the first try of what waits.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_try: Option<DateTime<Utc>>,
    /// Alerts of the last 30 days that were given up, since they were refused or too old.
    pub given_up: usize,
}

impl Ledger {
    /// Lets these webhooks follow the outbox, from now on where they are new, and forgets all others with what waits for
    /// them.
    pub async fn follow_webhooks(&self, names: Vec<String>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            let mut known: Vec<String> = Vec::new();
            {
                let mut query = step.prepare_cached("SELECT name FROM webhooks")?;
                let mut rows = query.query([])?;
                while let Some(row) = rows.next()? {
                    known.push(row.get(0)?);
                }
            }
            let wanted: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            for gone in known.iter().filter(|name| !wanted.contains(name)) {
                forget(&step, gone)?;
            }
            for new in wanted.iter().filter(|name| !known.contains(name)) {
                begin(&step, new)?;
            }
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// Begins anew with a webhook: what waited for an earlier one of the same name is not for this one.
    pub async fn begin_webhook(&self, name: &str) -> Result<()> {
        let name = name.to_ascii_lowercase();
        self.call(move |connection| {
            let step = connection.transaction()?;
            forget(&step, &name)?;
            begin(&step, &name)?;
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// What a webhook was not asked about yet, the oldest first. A kind that a newer program wrote is passed over.
    pub async fn untold_to(&self, webhook: &str) -> Result<Vec<Pending>> {
        let webhook = webhook.to_ascii_lowercase();
        self.call(move |connection| {
            let mut query = connection.prepare_cached(
                "SELECT id, at, news FROM outbox WHERE id > (SELECT after FROM webhooks WHERE name = ?1) ORDER BY id",
            )?;
            outbox::pending(&mut query.query([webhook])?)
        })
        .await
    }

    /// Writes down what was made of the news up to `last`: all of it, or nothing.
    pub async fn keep_alerts(&self, webhook: &str, last: i64, alerts: Vec<Alert>, made: DateTime<Utc>) -> Result<()> {
        let webhook = webhook.to_ascii_lowercase();
        self.call(move |connection| {
            let step = connection.transaction()?;
            let moved = step
                .prepare_cached("UPDATE webhooks SET after = ?2 WHERE name = ?1 AND after < ?2")?
                .execute(params![webhook, last])?;
            // Gone, or made by another hand meanwhile.
            if moved == 0 {
                return Ok(());
            }
            for alert in &alerts {
                step.prepare_cached("INSERT INTO deliveries (webhook, made, alert) VALUES (?1, ?2, ?3)")?
                    .execute(params![webhook, to_micros(made), to_json(alert)?])?;
            }
            step.prepare_cached("DELETE FROM deliveries WHERE ended < ?1")?.execute([to_micros(made - KEPT)])?;
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// The oldest alert that waits for a webhook. It stays the first until it arrived or was given up.
    pub async fn next_delivery(&self, webhook: &str) -> Result<Option<Delivery>> {
        let webhook = webhook.to_ascii_lowercase();
        self.call(move |connection| {
            let home = home_id(connection)?;
            connection
                .prepare_cached(
                    "SELECT id, made, alert, attempts, unsure, next_try FROM deliveries
                        WHERE webhook = ?1 AND ended IS NULL ORDER BY id LIMIT 1",
                )?
                .query_row([webhook], |row| Ok(delivery(row, &home)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Notes that a try begins, before anything is sent: after a crash it counts as one that may have arrived.
    pub async fn begin_try(&self, row: i64, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE deliveries SET attempts = attempts + 1, unsure = 1, first_try = coalesce(first_try, ?2) WHERE id = ?1",
                )?
                .execute(params![row, to_micros(at)])?;
            Ok(())
        })
        .await
    }

    /// Notes how a try ended.
    pub async fn end_try(&self, row: i64, tried: Tried, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let at = to_micros(at);
            match tried {
                Tried::Arrived => connection
                    .prepare_cached("UPDATE deliveries SET ended = ?2, arrived = 1, error = NULL WHERE id = ?1")?
                    .execute(params![row, at])?,
                Tried::Again { error, at: next, unsure } => connection
                    .prepare_cached("UPDATE deliveries SET next_try = ?2, error = ?3, unsure = ?4 WHERE id = ?1")?
                    .execute(params![row, to_micros(next), to_json(&error)?, unsure])?,
                Tried::GivenUp { error } => connection
                    .prepare_cached("UPDATE deliveries SET ended = ?2, arrived = 0, error = ?3 WHERE id = ?1")?
                    .execute(params![row, at, to_json(&error)?])?,
            };
            Ok(())
        })
        .await
    }

    /// What waits for this webhook is tried at once: a person has just seen that it works.
    pub async fn try_now(&self, webhook: &str) -> Result<()> {
        let webhook = webhook.to_ascii_lowercase();
        self.call(move |connection| {
            connection
                .prepare_cached("UPDATE deliveries SET next_try = NULL WHERE webhook = ?1 AND ended IS NULL")?
                .execute([webhook])?;
            Ok(())
        })
        .await
    }

    /// How far a webhook has got with what was made for it.
    pub async fn webhook_state(&self, webhook: &str, now: DateTime<Utc>) -> Result<WebhookState> {
        let webhook = webhook.to_ascii_lowercase();
        self.call(move |connection| {
            let time = |micros: Option<i64>| micros.map(from_micros).transpose();
            let (waiting, last, given_up) = connection
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE ended IS NULL), max(ended) FILTER (WHERE arrived = 1),
                        count(*) FILTER (WHERE arrived = 0 AND ended >= ?2) FROM deliveries WHERE webhook = ?1",
                )?
                .query_row(params![webhook, to_micros(now - KEPT)], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
                })?;
            let first: Option<(Option<String>, Option<i64>, Option<i64>)> = connection
                .prepare_cached(
                    "SELECT error, first_try, next_try FROM deliveries WHERE webhook = ?1 AND ended IS NULL ORDER BY id LIMIT 1",
                )?
                .query_row([&webhook], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let (error, first_try, next_try) = first.unwrap_or_default();
            let error = error.map(|text| serde_json::from_str(&text).map_err(|cause| damaged(&cause))).transpose()?;
            Ok(WebhookState {
                waiting: usize::try_from(waiting).unwrap_or_default(),
                last_delivered: time(last)?,
                failing_since: time(first_try.filter(|_| Option::is_some(&error)))?,
                next_try: time(next_try)?,
                given_up: usize::try_from(given_up).unwrap_or_default(),
                error,
            })
        })
        .await
    }

    /// Forgets every webhook with what waits for it, and this home's name in what it sends: on another machine it is another
    /// one.
    pub(crate) async fn forget_webhooks(&self) -> Result<()> {
        self.call(|connection| {
            let step = connection.transaction()?;
            step.execute("DELETE FROM deliveries", [])?;
            step.execute("DELETE FROM webhooks", [])?;
            step.execute("DELETE FROM state WHERE key = ?1", [HOME_ID])?;
            step.commit()?;
            Ok(())
        })
        .await
    }
}

fn forget(step: &Connection, name: &str) -> Result<()> {
    step.prepare_cached("DELETE FROM deliveries WHERE webhook = ?1")?.execute([name])?;
    step.prepare_cached("DELETE FROM webhooks WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// What was news before a webhook was there is none for it.
fn begin(step: &Connection, name: &str) -> Result<()> {
    step.prepare_cached("INSERT INTO webhooks (name, after) SELECT ?1, coalesce(max(id), 0) FROM outbox")?
        .execute([name])?;
    Ok(())
}

fn delivery(row: &Row<'_>, home: &str) -> Result<Delivery> {
    let number: i64 = row.get(0)?;
    let alert: String = row.get(2)?;
    Ok(Delivery {
        row: number,
        id: format!("{home}-{number}"),
        made: from_micros(row.get(1)?)?,
        alert: serde_json::from_str(&alert).map_err(|cause| damaged(&cause))?,
        attempts: row.get(3)?,
        unsure: row.get(4)?,
        next_try: row.get::<_, Option<i64>>(5)?.map(from_micros).transpose()?,
    })
}

/// Two homes that post to one place are told apart by it.
fn home_id(connection: &Connection) -> Result<String> {
    let known: Option<String> = connection
        .prepare_cached("SELECT value FROM state WHERE key = ?1")?
        .query_row([HOME_ID], |row| row.get(0))
        .optional()?;
    if let Some(text) = known {
        return serde_json::from_str(&text).map_err(|cause| damaged(&cause));
    }
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|cause| damaged(&cause))?;
    let id = format!("{:08x}", u32::from_be_bytes(bytes));
    set_text(connection, HOME_ID, &to_json(&id)?)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger};
    use super::*;
    use crate::ErrorCode;
    use crate::ledger::News;

    fn gone(proxy: &str) -> News {
        News::Withdrawn { proxy: proxy.to_owned(), text: "LiteLLM 1.107.0 was withdrawn.".to_owned() }
    }

    fn alert(title: &str) -> Alert {
        Alert {
            alerts: vec![],
            at: at("2026-01-01T00:00:00Z"),
            title: title.into(),
            lines: vec![],
            facts: serde_json::Value::Null,
            run: None,
        }
    }

    #[tokio::test]
    async fn a_webhook_is_asked_about_what_came_after_it_and_once() {
        let (_dir, ledger) = ledger().await;
        let now = at("2026-01-01T00:00:00Z");
        let raise = async |proxy: &str| ledger.raise(proxy, vec![("x".to_owned(), gone(proxy))], now).await.unwrap();
        raise("before").await;
        ledger.follow_webhooks(vec!["Team".into()]).await.unwrap();
        raise("after").await;
        raise("after").await;
        let untold = ledger.untold_to("team").await.unwrap();
        assert_eq!(untold.iter().map(|one| one.news.clone()).collect::<Vec<_>>(), [gone("after")]);
        ledger.keep_alerts("team", untold[0].id, vec![alert("one"), alert("two")], now).await.unwrap();
        ledger.keep_alerts("team", untold[0].id, vec![alert("again")], now).await.unwrap();
        assert_eq!(ledger.untold_to("team").await.unwrap(), []);
        assert_eq!(ledger.webhook_state("team", now).await.unwrap().waiting, 2, "made once");
        ledger.follow_webhooks(vec!["team".into(), "other".into()]).await.unwrap();
        assert_eq!(ledger.webhook_state("team", now).await.unwrap().waiting, 2, "it goes on where it was");
        ledger.follow_webhooks(vec![]).await.unwrap();
        assert_eq!(ledger.next_delivery("team").await.unwrap(), None, "removed, with what waited");
    }

    #[tokio::test]
    async fn a_try_that_was_begun_and_not_ended_may_have_arrived() {
        let (_dir, ledger) = ledger().await;
        let now = at("2026-01-01T00:00:00Z");
        ledger.raise("p", vec![("x".to_owned(), gone("p"))], now).await.unwrap();
        ledger.follow_webhooks(vec!["team".into()]).await.unwrap();
        ledger.raise("q", vec![("x".to_owned(), gone("q"))], now).await.unwrap();
        ledger.keep_alerts("team", 2, vec![alert("one"), alert("two")], now).await.unwrap();
        let first = ledger.next_delivery("team").await.unwrap().unwrap();
        assert_eq!((first.attempts, first.unsure), (0, false));
        ledger.begin_try(first.row, now).await.unwrap();
        let begun = ledger.next_delivery("team").await.unwrap().unwrap();
        assert_eq!((begun.id.clone(), begun.attempts, begun.unsure), (first.id.clone(), 1, true));
        let error = Error::new(ErrorCode::WebhookFailed, "Nothing listens there.");
        let again = Tried::Again { error: error.clone(), at: at("2026-01-01T00:01:00Z"), unsure: false };
        ledger.end_try(first.row, again, now).await.unwrap();
        let state = ledger.webhook_state("team", now).await.unwrap();
        assert_eq!((state.waiting, state.error, state.failing_since), (2, Some(error), Some(now)));
        assert_eq!(state.next_try, Some(at("2026-01-01T00:01:00Z")));
        ledger.end_try(first.row, Tried::Arrived, now).await.unwrap();
        let next = ledger.next_delivery("team").await.unwrap().unwrap();
        assert!(next.row > first.row && next.alert.title == "two");
        ledger
            .end_try(next.row, Tried::GivenUp { error: Error::new(ErrorCode::WebhookFailed, "No.") }, now)
            .await
            .unwrap();
        let state = ledger.webhook_state("team", now).await.unwrap();
        assert_eq!((state.waiting, state.last_delivered, state.given_up), (0, Some(now), 1));
    }
}
