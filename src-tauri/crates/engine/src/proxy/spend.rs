//! What the proxy booked at $0 although tokens were used: from its daily sums, and from its own counter where that is on.

use chrono::NaiveDate;
use reqwest::StatusCode;
use serde::Deserialize;
use std::collections::HashMap;

use super::call::Call;
use super::client::ProxyClient;
use crate::Result;

/// So many models a day, and so many lines of the counter, are read: more than any proxy serves.
const MOST: usize = 5_000;

/// The counter of LiteLLM 1.110 and later: calls that have a price and were booked at $0 all the same.
const COUNTER: &str = "litellm_zero_cost_requests_total{";

/// The calls of one model on one day, all of which were booked at $0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroDay {
    /// What users call.
    pub model: String,
    /// The day, in UTC.
    pub day: NaiveDate,
    /// Calls that were answered.
    pub calls: u64,
    /// Tokens that these used; at least one.
    pub tokens: u64,
}

/// What the proxy itself counted for one model since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroCount {
    /// What users call.
    pub model: String,
    /// LiteLLM's word for why: `missing_pricing_key`, `pricing_not_applied`, `cost_calculation_error`.
    pub reason: String,
    /// Calls.
    pub calls: u64,
}

#[derive(Deserialize)]
struct Activity {
    results: Vec<Day>,
}

#[derive(Deserialize)]
struct Day {
    date: NaiveDate,
    breakdown: Breakdown,
}

#[derive(Deserialize)]
struct Breakdown {
    #[serde(default)]
    model_groups: HashMap<String, Group>,
}

#[derive(Deserialize)]
struct Group {
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default)]
    spend: f64,
    #[serde(default)]
    total_tokens: u64,
    #[serde(default)]
    successful_requests: u64,
}

impl ProxyClient {
    /// The models of which all calls of a day were booked at $0 although they used tokens, from `since` to `until`, both
    /// included. The proxy sums it up itself, with one query of its daily table: no single call is read, and nobody's key.
    ///
    /// Errors: `unsupported` (no such sums on this version), `no_database`, `unauthorised`, `proxy_failed`.
    pub async fn zero_days(&self, since: NaiveDate, until: NaiveDate) -> Result<Vec<ZeroDay>> {
        let what = "say what was spent";
        let query = vec![("start_date", since.to_string()), ("end_date", until.to_string())];
        let reply = self.keyed(Call { query, ..Call::get("user/daily/activity/aggregated").long() }).await?;
        if reply.status != StatusCode::OK {
            return Err(self.refusal(&reply, what));
        }
        let read: Activity = serde_json::from_slice(&reply.bytes).map_err(|_| self.odd_answer(&reply, what))?;
        let of_day = |day: Day| {
            let date = day.date;
            let zero = day.breakdown.model_groups.into_iter().filter(|(_, group)| {
                group.metrics.total_tokens > 0 && group.metrics.successful_requests > 0 && group.metrics.spend == 0.0
            });
            let one = move |(model, group): (String, Group)| ZeroDay {
                model,
                day: date,
                calls: group.metrics.successful_requests,
                tokens: group.metrics.total_tokens,
            };
            zero.map(one).take(MOST)
        };
        let asked = |day: &Day| day.date >= since && day.date <= until;
        Ok(read.results.into_iter().filter(asked).flat_map(of_day).collect())
    }

    /// What the proxy counted itself (`/metrics`); empty where it offers no such counter, or not to this key.
    ///
    /// Errors: `proxy_unreachable`, `proxy_failed` (more than any proxy says).
    pub async fn zero_counts(&self) -> Result<Vec<ZeroCount>> {
        // Without the slash it answers with a redirect, which is never followed.
        let reply = self.keyed(Call::get("metrics/").long()).await?;
        if reply.status != StatusCode::OK {
            return Ok(Vec::new());
        }
        let text = String::from_utf8_lossy(&reply.bytes);
        Ok(text.lines().filter_map(counted).take(MOST).collect())
    }
}

/// One line of the counter: `name{label="value",…} number`.
fn counted(line: &str) -> Option<ZeroCount> {
    let mut rest = line.strip_prefix(COUNTER)?;
    let mut labels: HashMap<&str, String> = HashMap::new();
    while !rest.starts_with('}') {
        let (name, value) = rest.split_once("=\"")?;
        let (value, length) = quoted(value)?;
        labels.insert(name.trim_matches([',', ' ']), value);
        rest = rest.get(name.len() + 2 + length + 1..)?.trim_start_matches([',', ' ']);
    }
    let number: f64 = rest.strip_prefix('}')?.split_whitespace().next()?.parse().ok()?;
    let mut label = |name: &str| labels.remove(name).filter(|value| !value.is_empty() && value != "None");
    let model = label("requested_model").or_else(|| label("model"))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats is bounded")]
    let calls = number as u64;
    Some(ZeroCount { model, reason: label("reason")?, calls }).filter(|count| count.calls > 0)
}

/// A value of the text format up to its closing quote, and how long it is written.
fn quoted(text: &str) -> Option<(String, usize)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return Some((value, at)),
            '\\' if !escaped => escaped = true,
            other => {
                value.push(if escaped && other == 'n' { '\n' } else { other });
                escaped = false;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_counter_is_read_whatever_its_labels_hold() {
        let of = |line: &str| counted(line).map(|count| (count.model, count.reason, count.calls));
        // As the real 1.110.2 said it after two calls of a model whose entry has only a price per image.
        let line = r#"litellm_zero_cost_requests_total{api_provider="openai",model="half-priced",model_id="019119ab92d8b71fac6edaccc2cbb0d90cabe8029f1e8cd769c22eb85a139459",reason="missing_pricing_key",requested_model="half"} 2.0"#;
        assert_eq!(of(line), Some(("half".into(), "missing_pricing_key".into(), 2)));
        let odd =
            r#"litellm_zero_cost_requests_total{reason="pricing_not_applied",requested_model="my, \"odd\" {one}"} 3"#;
        assert_eq!(of(odd), Some(("my, \"odd\" {one}".into(), "pricing_not_applied".into(), 3)));
        let without = r#"litellm_zero_cost_requests_total{model="gpt-x",reason="pricing_not_applied",requested_model="None"} 1e+03"#;
        assert_eq!(of(without), Some(("gpt-x".into(), "pricing_not_applied".into(), 1000)));
        for odd in [
            "# TYPE litellm_zero_cost_requests_total counter",
            "litellm_zero_cost_requests_total 3.0",
            r#"litellm_zero_cost_requests_total{model="gpt-x"#,
            r#"litellm_zero_cost_requests_total{model="gpt-x",reason="r"} NaN"#,
            r#"litellm_zero_cost_requests_total{model="gpt-x",reason="r"} 0.0"#,
            r#"litellm_zero_cost_requests_created{model="gpt-x",reason="r"} 1.7e+09"#,
            "litellm_zero_cost_requests_total{=\"\",}",
        ] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
