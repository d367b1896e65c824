//! The schedules inside a proxy that a person wants there: given back where the proxy lost one, ended where nobody wants it
//! any more. One that somebody else set is left alone.

use serde::{Deserialize, Serialize};

use super::proxy_run::RunOrder;
use crate::Result;
use crate::ledger::Ledger;
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

/// Where the ledger keeps what was set in a proxy, for the resource.
fn key(proxy: &str, resource: Resource) -> String {
    let what = match resource {
        Resource::CostMap => "map",
        Resource::BetaHeaders => "headers",
    };
    format!("own_schedule.{what}:{}", proxy.to_lowercase())
}

/// Notes what a person had set in a proxy: it is given back from then on, and ended when they want none any more.
async fn note_schedule(ledger: &Ledger, proxy: &str, resource: Resource, hours: Option<u32>) -> Result<()> {
    ledger.set_state(&key(proxy, resource), &hours).await
}

/// Puts right what is not as it is wanted, and says what. One that cannot be put right keeps no map from the proxy.
///
/// # Errors
/// The ledger's.
pub(super) async fn keep(order: &RunOrder<'_>, facts: &ProxyFacts) -> Result<Vec<ScheduleSet>> {
    let mut set = Vec::new();
    for (resource, wanted) in order.own_schedules {
        let known: Option<u32> = order.ledger.get_state::<Option<u32>>(&key(&order.name, resource)).await?.flatten();
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
            note_schedule(order.ledger, &order.name, resource, now).await?;
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
