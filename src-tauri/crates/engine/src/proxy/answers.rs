//! What the proxy answers, read with forgiveness: a field may be missing, null or odd on some version.

use chrono::{DateTime, NaiveDateTime, Utc};
use costmap::Revision;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::error::bounded;
use crate::net::shown_text;

/// `/model/cost_map/source`: what the proxy says that it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// `remote` or `local`.
    pub source: String,
    /// Where it reads from; null when it is forced to its own file. Compared as it is, shown without what may be secret.
    #[serde(serialize_with = "without_secrets")]
    pub url: Option<String>,
    /// `LITELLM_LOCAL_MODEL_COST_MAP=True`: it reads only the file inside its installation (trap 9).
    pub is_env_forced: bool,
    /// Why it uses the copy in its package.
    pub fallback_reason: Option<String>,
    /// Its own count: configured models, `sample_spec` and expanded aliases included.
    pub model_count: u64,
    /// When it loaded the map (1.102).
    pub loaded_at: Option<DateTime<Utc>>,
    /// The git blob id of the file's bytes (1.102). Not yet proof that these bytes are live (trap 6).
    pub source_revision: Option<Revision>,
    /// The ETag that came with the file (1.102).
    pub etag: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn without_secrets<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(shown_text).serialize(serializer)
}

impl SourceInfo {
    pub(crate) fn of(json: &Value) -> Option<Self> {
        Some(Self {
            source: text(json, "source")?,
            url: text(json, "url"),
            is_env_forced: json.get("is_env_forced") == Some(&Value::Bool(true)),
            fallback_reason: text(json, "fallback_reason"),
            model_count: json.get("model_count")?.as_u64()?,
            loaded_at: time(json, "loaded_at"),
            source_revision: revision(json),
            etag: text(json, "etag"),
        })
    }

    /// Whether two answers tell of the same map: by revision where both know one, else by everything else that is not a
    /// time. Replicas load the same map at different times.
    pub fn agrees_with(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (self.source_revision, other.source_revision) {
            return one == two && self.url == other.url && self.source == other.source;
        }
        let told = |info: &Self| Self { loaded_at: None, etag: None, ..info.clone() };
        told(self) == told(other)
    }
}

/// What a reload answered. It proves nothing (trap 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadAnswer {
    /// Counts `sample_spec` and expanded aliases.
    pub models_count: Option<u64>,
    /// The proxy's clock.
    pub timestamp: Option<DateTime<Utc>>,
    /// The git blob id of what it fetched (1.102).
    pub source_revision: Option<Revision>,
}

impl ReloadAnswer {
    pub(super) fn of(json: &Value) -> Option<Self> {
        (text(json, "status")? == "success").then(|| Self {
            models_count: json.get("models_count").and_then(Value::as_u64),
            timestamp: time(json, "timestamp"),
            source_revision: revision(json),
        })
    }
}

/// The proxy's own schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleStatus {
    /// Whether there is one.
    pub scheduled: bool,
    /// Hours between reloads; null where there is none, or an absurd one that the proxy accepted.
    pub interval_hours: Option<u32>,
    /// The last reload that the proxy remembers; it stays where later ones failed (trap 5).
    pub last_run: Option<DateTime<Utc>>,
    /// Null where the schedule never ran or is overdue, which on old versions means that it never fires (trap 4).
    pub next_run: Option<DateTime<Utc>>,
}

impl ScheduleStatus {
    pub(super) fn of(json: &Value) -> Option<Self> {
        Some(Self {
            scheduled: json.get("scheduled")?.as_bool()?,
            interval_hours: json.get("interval_hours").and_then(Value::as_u64).and_then(|hours| hours.try_into().ok()),
            last_run: time(json, "last_run"),
            next_run: time(json, "next_run"),
        })
    }

    /// Whether this is also the answer of a proxy without a database.
    pub(super) fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

/// A text field, harmless and bounded. Addresses longer than this are not compared, only shown.
pub(super) fn text(json: &Value, field: &str) -> Option<String> {
    json.get(field)?.as_str().map(|text| bounded(text, 2000))
}

fn revision(json: &Value) -> Option<Revision> {
    json.get("source_revision")?.as_str()?.parse().ok()
}

/// A time with its offset, or without one: then it is UTC (trap 12).
fn time(json: &Value, field: &str) -> Option<DateTime<Utc>> {
    let text = json.get(field)?.as_str()?;
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    zoned.or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc())).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_naive_time_is_utc() {
        let expected = "2026-11-22T07:29:50.917108Z".parse().ok();
        for text in
            ["2026-11-22T07:29:50.917108", "2026-11-22T07:29:50.917108+00:00", "2026-11-22T09:29:50.917108+02:00"]
        {
            assert_eq!(time(&json!({"at": text}), "at"), expected, "{text}");
        }
        assert_eq!(time(&json!({"at": "yesterday"}), "at"), None);
    }

    #[test]
    fn replicas_that_loaded_the_same_map_at_different_times_agree() {
        let info = |revision: &str, count: u64, at: &str| {
            SourceInfo::of(&json!({"source": "remote", "url": "http://x/m", "model_count": count, "loaded_at": at,
                "source_revision": revision}))
            .unwrap()
        };
        let (one, two) = ("a".repeat(40), "b".repeat(40));
        assert!(info(&one, 5, "2026-01-01T00:00:00Z").agrees_with(&info(&one, 6, "2026-01-02T00:00:00Z")));
        assert!(!info(&one, 5, "2026-01-01T00:00:00Z").agrees_with(&info(&two, 5, "2026-01-01T00:00:00Z")));
        assert!(!info("", 5, "x").agrees_with(&info("", 6, "x")), "without revisions the count tells");
    }
}
