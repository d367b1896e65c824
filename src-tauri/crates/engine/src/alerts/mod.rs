//! Alerts: what is news, in words, one a cause. Toasts and webhooks tell the same: "3 proxies could not be synced" instead
//! of three lines. What is told is made of the ledger's outbox when it is sent, so that what came together is told together.

mod digest;
mod gather;
mod watch;
mod words;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use digest::DigestNews;
pub use gather::{Gathered, gather};
pub(crate) use watch::{note_proxy, note_rate, note_retiring};

use crate::Result;
use crate::error::bounded;
use crate::ledger::{Ledger, Pending};
use crate::settings::AlertKind;

/// Characters of a title, and of a line.
pub(crate) const TITLE: usize = 120;
pub(crate) const LINE: usize = 400;

/// Lines of an alert: nobody reads more in a chat.
const LINES: usize = 14;

/// How a time is told where it is read: local in a toast, UTC in a message that others read too.
pub type Zone<'a> = &'a (dyn Fn(DateTime<Utc>) -> String + Sync);

/// One alert, ready to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Of which kinds it is, as the settings name them.
    pub alerts: Vec<String>,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The fact, with counts.
    pub title: String,
    /// What else there is to say, the most important first.
    pub lines: Vec<String>,
    /// The same for programs. Prices are decimal texts in USD a unit.
    pub facts: Value,
    /// The run that it is about, where that is one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
}

impl Alert {
    fn new(kinds: &[AlertKind], at: DateTime<Utc>, title: &str, lines: &[String], facts: Value) -> Self {
        let more = lines.len().saturating_sub(LINES);
        let mut lines: Vec<String> = lines.iter().take(LINES).map(|line| bounded(line, LINE)).collect();
        if more > 0 {
            lines.push(format!("And {more} more."));
        }
        let alerts = kinds.iter().map(ToString::to_string).collect();
        Self { alerts, at, title: bounded(title, TITLE), lines, facts, run: None }
    }

    /// What a test of a webhook sends.
    pub fn test(at: DateTime<Utc>) -> Self {
        let line = "A person asked for it. Alerts of LiteLLM Auto-Sync will look like this.".to_owned();
        Self { alerts: vec!["test".to_owned()], ..Self::new(&[], at, "This is a test", &[line], Value::Null) }
    }
}

/// The alerts that this news makes for who wants these kinds, in order. News that cannot be read any more is left out.
pub(crate) async fn compose(
    ledger: &Ledger,
    pending: &[Pending],
    wants: &[AlertKind],
    now: DateTime<Utc>,
) -> Result<Vec<Alert>> {
    let utc = |at: DateTime<Utc>| words::utc(at, now);
    let mut alerts = Vec::new();
    for gathered in gather(ledger, pending).await? {
        let alert = match &gathered {
            Gathered::Digest(news) => digest::alert(ledger, news, wants).await?,
            other if wants.contains(&other.kind()) => other.alert(now, &utc),
            _ => None,
        };
        alerts.extend(alert);
    }
    Ok(alerts)
}
