//! Calls that a proxy booked at $0 although they used tokens: why, and what to do about it. A model that is free by its
//! entry, or that nobody sells and its operator set to 0, is none of these.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use costmap::{CostMap, near};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::StatusContext;
use super::used::{EntryPrice, PriceList, UsedModels, is_priced_by_operator};
use crate::diagnosis::Diagnosis;
use crate::ledger::Ledger;
use crate::proxy::{Database, Deployment, ProxyClient, ProxyFacts, ZeroCount, ZeroDay};
use crate::settings::Proxy;
use crate::sync::parsed;
use crate::{Error, ErrorCode, Result};

/// How far back it is looked, in days, today included.
pub const ZERO_DAYS: u32 = 7;

/// A proxy is asked no more often than this.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// How a proxy is waits no longer for this.
const PATIENCE: Duration = Duration::from_secs(20);

/// So many near names are told for a model.
const NEAR: usize = 3;

/// So many models are named; the others are counted.
const NAMED: usize = 100;

/// Why calls of a model were booked at $0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroCause {
    /// Nothing prices it.
    NoPrice,
    /// It has a price, and the proxy booked $0 all the same.
    NotApplied,
    /// It has a price, and the proxy's own configuration of the deployment sets 0.
    SetToZero,
}

/// The calls of one model that were booked at $0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroModel {
    /// What users call.
    pub model: String,
    /// Why.
    pub cause: ZeroCause,
    /// Calls that were answered, on days on which all calls of the model were booked at $0; where only the proxy's counter
    /// knows of them, all since the proxy started.
    pub calls: u64,
    /// Tokens that they used; null where only the proxy's counter knows of them.
    pub tokens: Option<u64>,
    /// The entry of the cost map that prices it or, where nothing does, would price it.
    pub entry: String,
    /// The proxy's own word for why, from `litellm_zero_cost_requests_total`, where it offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What one proxy booked at $0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroCost {
    /// The first day that was looked at, in UTC.
    pub since: NaiveDate,
    /// The last one.
    pub until: NaiveDate,
    /// Those that nothing prices first, within a cause the most tokens first; at most 100.
    pub models: Vec<ZeroModel>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: usize,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none(more: &usize) -> bool {
    *more == 0
}

/// A model that can be called and that nothing prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpriced {
    /// What users call.
    pub model: String,
    /// What its deployment asks for: an entry of this name would price it.
    pub entry: String,
    /// Names in the promoted map that may have been meant, the likeliest first.
    pub near: Vec<String>,
}

/// `autosync zero --json`, for one proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroReport {
    /// The proxy.
    pub proxy: String,
    /// What it booked at $0.
    #[serde(flatten)]
    pub cost: ZeroCost,
    /// Models that can be called and that nothing prices, called or not; at most 100.
    pub unpriced: Vec<Unpriced>,
}

/// Asks these proxies for what they booked at $0 within so many days, today included, and for what nothing prices there.
///
/// # Errors
/// The ledger's. A proxy that cannot be asked has an error of its own.
pub async fn zero_reports(context: StatusContext<'_>, proxies: &[Proxy], days: u32) -> Result<Vec<ZeroReport>> {
    let promotion = match context.ledger {
        Some(ledger) => ledger.promoted().await?,
        None => None,
    };
    let map = match (context.ledger, promotion) {
        (Some(ledger), Some(promotion)) => parsed(ledger, &promotion.billed(context.settings.gate.direct)).await?,
        _ => None,
    };
    let prices = map.as_deref().map(PriceList::of);
    let reports = proxies.iter().map(async |proxy| {
        let asked = report(context, proxy, map.as_deref(), prices.as_ref(), days).await;
        asked.unwrap_or_else(|error| ZeroReport {
            proxy: proxy.name.to_string(),
            cost: ZeroCost { error: Some(error), ..ZeroCost::looked_at(context.clock.now(), days) },
            unpriced: Vec::new(),
        })
    });
    Ok(join_all(reports).await)
}

async fn report(
    context: StatusContext<'_>,
    proxy: &Proxy,
    map: Option<&CostMap>,
    prices: Option<&PriceList>,
    days: u32,
) -> Result<ZeroReport> {
    let key = context.secrets.key_for(proxy, &**context.environment).await?;
    let client = ProxyClient::of(proxy, Some(key))?;
    let facts = client.probe().await?;
    if let Some(cause) = Diagnosis::of_key("The proxy", facts.key) {
        return Err(cause.error());
    }
    let deployments = client.deployments().await?;
    let serves_alias_rows = facts.capabilities.serves_alias_rows;
    let known = Known { deployments: &deployments, prices, serves_alias_rows, ledger: context.ledger };
    let spend = Spend::ask(&client, &facts, days, None, context.clock.now()).await;
    let unpriced = |model: String| {
        let deployment = deployments.iter().find(|one| one.name == model);
        let entry = deployment.and_then(|one| one.model.clone()).unwrap_or_else(|| model.clone());
        let near = map.map(|map| near(map, &entry, NEAR)).unwrap_or_default();
        Unpriced { near: near.into_iter().map(|near| near.name).collect(), model, entry }
    };
    Ok(ZeroReport {
        proxy: proxy.name.to_string(),
        cost: spend.explain(known).await?,
        unpriced: UsedModels::of(&deployments, prices, serves_alias_rows).unpriced.into_iter().map(unpriced).collect(),
    })
}

/// What a proxy said of its spend, as it is kept until it is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// When it was asked.
    at: DateTime<Utc>,
    since: NaiveDate,
    until: NaiveDate,
    days: Vec<ZeroDay>,
    counts: Vec<Count>,
    error: Option<Error>,
}

/// What the proxy's counter says of a model since the proxy started, and when it was last seen to grow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Count {
    model: String,
    reason: String,
    calls: u64,
    grew: DateTime<Utc>,
}

/// A counter that has not grown for so long tells of what is over: it never goes back before the proxy starts again.
const OVER: TimeDelta = TimeDelta::days(1);

/// One for each model: the counter has one for each of its deployments and reasons.
fn by_model(counts: Vec<ZeroCount>, before: Option<&Spend>, now: DateTime<Utc>) -> Vec<Count> {
    let mut all: BTreeMap<String, Count> = BTreeMap::new();
    for ZeroCount { model, reason, calls } in counts {
        let known = all.entry(model.clone()).or_insert(Count { model, reason, calls: 0, grew: now });
        known.calls += calls;
    }
    for (model, count) in &mut all {
        let was = before.and_then(|before| before.counts.iter().find(|one| one.model == *model));
        // Fewer than before: the proxy started anew.
        count.grew = was.filter(|was| was.calls == count.calls).map_or(now, |was| was.grew);
    }
    all.into_values().collect()
}

impl Spend {
    /// What is known already, while it is new enough; else what the proxy says now.
    pub(crate) async fn kept(
        before: Option<Arc<Self>>,
        client: &ProxyClient,
        facts: &ProxyFacts,
        now: DateTime<Utc>,
    ) -> Arc<Self> {
        if let Some(before) = before.as_ref().filter(|before| now - before.at < AGAIN && now >= before.at) {
            return Arc::clone(before);
        }
        let asked = tokio::time::timeout(PATIENCE, Self::ask(client, facts, ZERO_DAYS, before.as_deref(), now)).await;
        Arc::new(asked.unwrap_or_else(|_| {
            let message = format!("The proxy did not say within {} s what was spent.", PATIENCE.as_secs());
            let counts = before.map(|before| before.counts.clone()).unwrap_or_default();
            Self { counts, ..Self::unread(now, Error::new(ErrorCode::ProxyUnreachable, message)) }
        }))
    }

    fn unread(at: DateTime<Utc>, error: Error) -> Self {
        let ZeroCost { since, until, .. } = ZeroCost::looked_at(at, ZERO_DAYS);
        Self { at, since, until, days: Vec::new(), counts: Vec::new(), error: Some(error) }
    }

    /// Asks for the last so many days. What cannot be read is told, never an error.
    pub(crate) async fn ask(
        client: &ProxyClient,
        facts: &ProxyFacts,
        days: u32,
        before: Option<&Self>,
        now: DateTime<Utc>,
    ) -> Self {
        let ZeroCost { since, until, .. } = ZeroCost::looked_at(now, days);
        let counts = by_model(client.zero_counts().await.unwrap_or_default(), before, now);
        let read = match facts.database {
            Database::No => {
                let message = "The proxy has no database, so it keeps no record of what was spent.";
                Err(Error::new(ErrorCode::NoDatabase, message))
            }
            _ => client.zero_days(since, until).await,
        };
        let (days, error) = match read {
            Ok(days) => (days, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Self { at: now, since, until, days, counts, error }
    }

    /// Why each of them was booked at $0, by what is configured and priced now.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn explain(&self, known: Known<'_>) -> Result<ZeroCost> {
        let mut all: BTreeMap<&str, Vec<&ZeroDay>> = BTreeMap::new();
        for day in &self.days {
            all.entry(&day.model).or_default().push(day);
        }
        let mut models = Vec::new();
        for (model, days) in all {
            let Some((cause, entry)) = known.why(model) else { continue };
            let mut counted = Vec::new();
            for day in days {
                // What was called before it had a price is no longer wrong.
                if cause != ZeroCause::NotApplied || known.was_paid(&entry, day.day).await? {
                    counted.push(day);
                }
            }
            if counted.is_empty() {
                continue;
            }
            models.push(ZeroModel {
                model: model.to_owned(),
                cause,
                calls: counted.iter().map(|day| day.calls).sum(),
                tokens: Some(counted.iter().map(|day| day.tokens).sum()),
                entry,
                reason: None,
            });
        }
        for count in self.counts.iter().filter(|count| self.at - count.grew < OVER) {
            let reason = Some(count.reason.clone());
            if let Some(found) = models.iter_mut().find(|found| found.model == count.model) {
                found.reason = reason;
                continue;
            }
            // The counter is about models with a price alone, whatever the map here says.
            let entry = known.why(&count.model).map_or_else(|| count.model.clone(), |(_, entry)| entry);
            let (model, cause, calls) = (count.model.clone(), ZeroCause::NotApplied, count.calls);
            models.push(ZeroModel { model, cause, calls, tokens: None, entry, reason });
        }
        models.sort_by_key(|one| (one.cause, std::cmp::Reverse(one.tokens), std::cmp::Reverse(one.calls)));
        let more = models.len().saturating_sub(NAMED);
        models.truncate(NAMED);
        Ok(ZeroCost { since: self.since, until: self.until, models, more, error: self.error.clone() })
    }
}

/// By what calls of a proxy are priced.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) deployments: &'a [Deployment],
    pub(crate) prices: Option<&'a PriceList>,
    pub(crate) serves_alias_rows: bool,
    pub(crate) ledger: Option<&'a Ledger>,
}

impl Known<'_> {
    /// Why calls of `model` are booked at $0, and the entry that it is about; `None` where that is right.
    fn why(self, model: &str) -> Option<(ZeroCause, String)> {
        let of: Vec<Deployment> = self.deployments.iter().filter(|one| one.name == model).cloned().collect();
        if of.is_empty() {
            // What a wildcard stands for is called by its own name; else the deployment is gone.
            self.deployments.iter().find(|one| one.name.contains('*'))?;
            return match self.prices?.price_of(model) {
                None | Some((_, EntryPrice::None)) => Some((ZeroCause::NoPrice, model.to_owned())),
                Some((_, EntryPrice::Free)) => None,
                Some((entry, EntryPrice::Paid)) => Some((ZeroCause::NotApplied, entry.to_owned())),
            };
        }
        of.iter().filter_map(|one| self.why_of(one)).min()
    }

    fn why_of(self, deployment: &Deployment) -> Option<(ZeroCause, String)> {
        let asks_for = || deployment.model.clone().unwrap_or_else(|| deployment.name.clone());
        let names = [deployment.key.as_deref(), deployment.model.as_deref()];
        let in_map = names.into_iter().flatten().find_map(|name| self.prices?.price_of(name));
        if is_priced_by_operator(deployment) {
            let is_zero = |(field, price): (&String, &f64)| !field.contains("cost") || *price == 0.0;
            return match in_map {
                // What an operator runs himself may cost him nothing.
                None | Some((_, EntryPrice::None | EntryPrice::Free)) if deployment.configured.iter().all(is_zero) => {
                    None
                }
                Some((entry, _)) if deployment.configured.iter().all(is_zero) => {
                    Some((ZeroCause::SetToZero, entry.to_owned()))
                }
                // Its own price is in no history here: since when it is so is not known.
                _ => None,
            };
        }
        let used = UsedModels::of(std::slice::from_ref(deployment), self.prices, self.serves_alias_rows);
        if !used.unpriced.is_empty() {
            return Some((ZeroCause::NoPrice, asks_for()));
        }
        match in_map? {
            (_, EntryPrice::Free) => None,
            (entry, EntryPrice::None) => Some((ZeroCause::NoPrice, entry.to_owned())),
            (entry, EntryPrice::Paid) => Some((ZeroCause::NotApplied, entry.to_owned())),
        }
    }

    /// Whether the promoted maps had a price for this entry when the day began.
    async fn was_paid(self, entry: &str, day: NaiveDate) -> Result<bool> {
        let Some(ledger) = self.ledger else { return Ok(false) };
        let prices = ledger.prices_at(entry, day.and_time(NaiveTime::MIN).and_utc()).await?;
        Ok(prices.iter().any(|price| price.value != "0"))
    }
}

impl ZeroCost {
    /// Of so many days, today included, before anything is known.
    fn looked_at(now: DateTime<Utc>, days: u32) -> Self {
        let until = now.date_naive();
        let since = until.checked_sub_days(Days::new(u64::from(days.saturating_sub(1)))).unwrap_or(until);
        Self { since, until, ..Self::default() }
    }
}

impl ZeroModel {
    /// Why it was booked at $0, completing "… booked at $0: ".
    pub fn why(&self) -> &'static str {
        match (self.cause, self.reason.as_deref()) {
            (ZeroCause::NoPrice, _) => "no price",
            (ZeroCause::SetToZero, _) => "the configuration of its deployment sets 0",
            (_, Some("missing_pricing_key")) => "its price has no rate for what was used",
            (_, Some("cost_calculation_error")) => "the proxy failed to calculate the cost",
            _ => "the proxy did not apply its price",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        let entry = &self.entry;
        match (self.cause, self.reason.as_deref()) {
            (ZeroCause::NoPrice, _) => format!(
                "Give {entry} a price of your own (`autosync overlay set {entry} FIELD=VALUE`), or call a model that the map has."
            ),
            (ZeroCause::SetToZero, _) => {
                "Take the price out of model_info and litellm_params of the deployment, unless it is meant to be free."
                    .to_owned()
            }
            (_, Some("missing_pricing_key")) => format!("Complete the price of {entry} with an entry of your own."),
            (_, Some("cost_calculation_error")) => "Look for the model in the proxy's log.".to_owned(),
            _ => format!(
                "Ask why {} is not at its price. Answers from the proxy's own cache cost nothing, and are no fault.",
                self.model
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_of_a_model_is_summed_and_what_is_over_is_no_news() {
        let one = |model: &str, reason: &str, calls| ZeroCount { model: model.into(), reason: reason.into(), calls };
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let first = by_model(vec![one("a", "x", 2), one("b", "x", 1), one("a", "y", 5)], None, now);
        let shown: Vec<(&str, u64)> = first.iter().map(|count| (count.model.as_str(), count.calls)).collect();
        assert_eq!(shown, [("a", 7), ("b", 1)]);
        let spend = Spend { counts: first, ..Spend::unread(now, Error::new(ErrorCode::NoDatabase, "")) };
        let later = now + TimeDelta::days(2);
        let second = by_model(vec![one("a", "x", 7), one("b", "x", 2)], Some(&spend), later);
        assert_eq!(second.iter().map(|count| count.grew).collect::<Vec<_>>(), [now, later]);
    }
}
