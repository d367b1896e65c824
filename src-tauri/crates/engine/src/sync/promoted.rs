//! Proxies that get what is promoted here: from the gateway, from where it is published, or as their own file. Which map that
//! is for one of them, and whether it can have it.

use std::sync::Arc;

use costmap::{CostMap, Revision, resolve_aliases};
use tokio::task::spawn_blocking;

use super::candidate::parsed;
use super::proxy_run::RunOrder;
use super::{OwnGateway, Step};
use crate::local_file::LocalFile;
use crate::proxy::ProxyFacts;
use crate::publish::known_publish;
use crate::run::SyncRun;
use crate::{Error, ErrorCode, Result};

/// The facts of a proxy that reads our gateway, and the map that it gets there; `None` where it does not. What the checks
/// hold back is in no promoted map, so nothing else is asked of it.
pub(super) async fn through_gateway(
    order: &RunOrder<'_>,
    run: &mut SyncRun,
) -> Result<Option<(ProxyFacts, Arc<CostMap>)>> {
    let own = OwnGateway { address: order.gateway, proxy: &order.name, came: order.came, publish: order.publish };
    if order.gateway.is_none() && order.publish.is_none() && order.local_file.is_none() {
        return Ok(None);
    }
    (order.on_step)(Step::ReadLive);
    // One that cannot be asked is told as that by the same question a moment later.
    let Ok(facts) = order.client.probe().await else { return Ok(None) };
    let is_bucket = own.is_bucket(facts.source.as_ref());
    if !own.is_read(facts.source.as_ref()) && !is_bucket && !is_local(order, &facts) {
        return Ok(None);
    }
    // What is published is one map for all of its readers.
    let promoted = if is_bucket {
        order.ledger.promoted().await?
    } else {
        order.ledger.promoted_for(&order.name, order.stage).await?
    };
    run.upstream = promoted.as_ref().map(|promotion| promotion.upstream);
    let map = match &promoted {
        Some(promotion) => parsed(order.ledger, &promotion.revision).await?,
        None => None,
    };
    let Some(map) = map else {
        return Err(Error::new(
            ErrorCode::Held,
            "Nothing has been promoted yet, so the gateway has no map for this proxy. It keeps its current map.",
        ));
    };
    if is_bucket {
        is_published(order, &map).await?;
    }
    let target = if facts.capabilities.serves_alias_rows || is_bucket { map } else { resolved(map).await? };
    (run.to, run.models_after) = (Some(target.revision()), Some(target.len()));
    Ok(Some((facts, target)))
}

/// Whether the proxy reads only the file in its installation, and that is written here.
pub(super) fn is_local(order: &RunOrder<'_>, facts: &ProxyFacts) -> bool {
    order.local_file.is_some() && facts.source.as_ref().is_some_and(|source| source.is_env_forced)
}

/// A reload would bring what is published, so that has to be the promoted map.
async fn is_published(order: &RunOrder<'_>, map: &CostMap) -> Result<()> {
    let state = known_publish(Some(order.ledger), order.publish).await?;
    if state.revision == Some(map.revision()) && state.error.is_none() {
        return Ok(());
    }
    let not_yet = || Error::new(ErrorCode::PublishFailed, "The promoted map is not published yet.");
    let error = state.error.unwrap_or_else(not_yet);
    let message = format!("{} The proxy was not reloaded and keeps its map.", error.message);
    Err(Error { message, ..error })
}

/// What the gateway sends to a LiteLLM that knows no alias rows.
async fn resolved(map: Arc<CostMap>) -> Result<Arc<CostMap>> {
    let made = spawn_blocking(move || match resolve_aliases(&map) {
        None => Ok(map),
        Some(bytes) => CostMap::parse(bytes).map(Arc::new),
    });
    let defect = |detail: String| Error::new(ErrorCode::Internal, "The aliases could not be resolved.").detail(detail);
    made.await.map_err(|error| defect(error.to_string()))?.map_err(|fault| defect(fault.to_string()))
}

/// Where the ledger keeps what was written into proxies' own files.
const WRITTEN_KEY: &str = "local_file.written";

/// So many are remembered: more than there are proxies with a file of their own.
const WRITTEN: usize = 64;

/// Writes the map into the proxy's own file. What was written is remembered before it is, so that after a crash at any
/// instant no map of ours is taken for the original.
pub(super) async fn write_local(order: &RunOrder<'_>, file: &LocalFile, map: &CostMap) -> Result<()> {
    let there = file.revision().await?;
    let mut written: Vec<Revision> = order.ledger.get_state(WRITTEN_KEY).await?.unwrap_or_default();
    let is_ours = written.contains(&there) || order.ledger.revision(&there).await?.is_some();
    let wanted = map.revision();
    if !written.contains(&wanted) {
        written.push(wanted);
        let over = written.len().saturating_sub(WRITTEN);
        written.drain(..over);
        order.ledger.set_state(WRITTEN_KEY, &written).await?;
    }
    file.write(map.text().as_bytes().to_vec(), is_ours).await
}
