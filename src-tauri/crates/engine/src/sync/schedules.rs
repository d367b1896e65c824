//! The schedules inside a proxy that a person wants there: given back where the proxy lost one, ended where nobody wants it
//! any more. One that somebody else set is left alone.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::proxy_run::RunOrder;
use crate::Result;
use crate::proxy::{Database, ProxyFacts, Resource, ScheduleStatus};
use crate::settings::{Hours, Proxy};

/// A schedule that a run put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSet {
    /// Of what.
    pub resource: Resource,
    /// How often it reloads now; null where it no longer does.
    pub interval_hours: Option<u32>,
    /// The proxy had lost it; else a person had chosen another.
    pub was_lost: bool,
}

/// How often a person wants this proxy to reload this by itself.
pub(crate) fn wanted(proxy: &Proxy, resource: Resource) -> Option<Hours> {
    match resource {
        Resource::CostMap => proxy.own_schedule,
        Resource::BetaHeaders => proxy.beta_headers,
    }
}

/// Whether a proxy has another schedule than is wanted of it. Where it says nothing, nothing is known.
pub(crate) fn is_lost(wanted: Option<Hours>, status: Option<&ScheduleStatus>) -> bool {
    let (Some(wanted), Some(status)) = (wanted, status) else { return false };
    !status.scheduled || status.interval_hours != Some(wanted.get())
}

/// How the schedule fares by which a person wants a proxy to reload its map by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnSchedule {
    /// The proxy reloads by it, and nothing else is scheduled.
    Leads,
    /// The proxy shows another one, or none: it is given back.
    Lost,
    /// The proxy has no database to keep one in.
    NoDatabase,
    /// It is overdue: the proxy does not do what it says (LITELLM, traps 4 and 5).
    Overdue,
}

/// A reload that is so late does not come.
const OVERDUE: TimeDelta = TimeDelta::minutes(10);

impl OwnSchedule {
    /// By what a proxy that was reached said; none where no schedule of its own is wanted.
    pub(crate) fn of(
        proxy: &Proxy,
        facts: &ProxyFacts,
        status: Option<&ScheduleStatus>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let wanted = proxy.own_schedule?;
        if facts.database == Database::No {
            return Some(Self::NoDatabase);
        }
        // What could not be asked this time is no loss.
        let status = status?;
        if is_lost(Some(wanted), Some(status)) {
            return Some(Self::Lost);
        }
        // What it says of the next one is empty as soon as that is due, and before the first, which comes at once.
        let due = status.next_run.or(status.last_run.map(|last| last + TimeDelta::hours(wanted.get().into())));
        let is_overdue = match due {
            Some(due) => now - due > OVERDUE,
            None => facts.capabilities.schedule_needs_store_model_in_db,
        };
        Some(if is_overdue { Self::Overdue } else { Self::Leads })
    }
}

/// Whether a proxy reloads by itself, as a person wants it. One that was not reached is believed to.
pub(crate) fn leads(proxy: &Proxy, known: Option<OwnSchedule>) -> bool {
    proxy.own_schedule.is_some() && known.is_none_or(|known| known == OwnSchedule::Leads)
}

/// Where the ledger keeps what was set in a proxy at this address, for the resource. Another address is another proxy, whose
/// schedule somebody else may have set.
fn key(proxy: &str, url: &str, resource: Resource) -> String {
    let what = match resource {
        Resource::CostMap => "map",
        Resource::BetaHeaders => "headers",
    };
    format!("own_schedule.{what}:{}@{url}", proxy.to_lowercase())
}

/// Puts right what is not as it is wanted, and says what. One that cannot be put right keeps no map from the proxy.
///
/// # Errors
/// The ledger's.
pub(super) async fn keep(order: &RunOrder<'_>, facts: &ProxyFacts) -> Result<Vec<ScheduleSet>> {
    let mut set = Vec::new();
    for (resource, wanted) in order.own_schedules {
        let key = key(&order.name, &order.url, resource);
        let known: Option<u32> = order.ledger.get_state::<Option<u32>>(&key).await?.flatten();
        if (wanted.is_none() && known.is_none()) || facts.database == Database::No {
            continue;
        }
        match put_right(order, resource, wanted, known).await {
            Ok(changed) => set.extend(changed),
            Err(error) => {
                tracing::warn!(proxy = %order.name, %error, "a schedule inside the proxy could not be kept");
                continue;
            }
        }
        let now = wanted.map(Hours::get);
        if now != known {
            // It is given back from then on, and ended when nobody wants it any more.
            order.ledger.set_state(&key, &now).await?;
        }
    }
    Ok(set)
}

async fn put_right(
    order: &RunOrder<'_>,
    resource: Resource,
    wanted: Option<Hours>,
    known: Option<u32>,
) -> Result<Option<ScheduleSet>> {
    let status = order.client.schedule_status(resource).await?;
    match wanted {
        Some(hours) if is_lost(Some(hours), Some(&status)) => {
            order.client.schedule_set(resource, hours).await?;
            let (interval_hours, was_lost) = (Some(hours.get()), known == Some(hours.get()));
            Ok(Some(ScheduleSet { resource, interval_hours, was_lost }))
        }
        None if status.scheduled && status.interval_hours == known => {
            order.client.schedule_clear(resource).await?;
            Ok(Some(ScheduleSet { resource, interval_hours: None, was_lost: false }))
        }
        _ => Ok(None),
    }
}
