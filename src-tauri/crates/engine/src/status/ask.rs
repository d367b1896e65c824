//! Asking one proxy how it is: what it says itself, and what the ledger knows of it.

use std::sync::Arc;

use costmap::Revision;
use secrecy::SecretString;

use super::used::{PriceList, UsedModels};
use super::zero::{Known, Spend};
use super::{Health, LiveState, ProxyStatus, RATE_DAYS, Reads, SyncState};
use crate::diagnosis::Diagnosis;
use crate::gate::Desired;
use crate::gateway::{GatewayAddress, Reader};
use crate::ledger::{Ledger, RunFilter};
use crate::net::shown_text;
use crate::proxy::{Database, ProxyClient, ProxyFacts, Resource, SourceInfo};
use crate::run::{Outcome, SyncRun};
use crate::settings::{Proxy, Publish};
use crate::sync::{OwnGateway, OwnSchedule, SourceState};
use crate::{Clock, Error, ErrorCode, Result};

/// Whether it is asked for calls that were booked at $0, too.
#[derive(Clone)]
pub(crate) enum Radar {
    /// No.
    Off,
    /// Unless what was said before is new enough.
    On(Option<Arc<Spend>>),
}

/// What it takes to ask.
#[derive(Clone)]
pub(crate) struct Asking<'a> {
    /// The ledger, if there is one yet.
    pub(crate) ledger: Option<&'a Ledger>,
    /// The time.
    pub(crate) clock: &'a Clock,
    /// The names of the promoted map, if there is one yet.
    pub(crate) prices: Option<&'a PriceList>,
    /// Our gateway, while it is on.
    pub(crate) gateway: Option<&'a GatewayAddress>,
    /// Who came for a map there.
    pub(crate) readers: &'a [Reader],
    /// What is published.
    pub(crate) publish: Option<&'a Publish>,
    /// Whether it is asked for what was booked at $0.
    pub(crate) radar: Radar,
}

/// What came of asking.
pub(crate) struct Asked {
    /// All but `sync` and `next_run`, which follow from the source and the schedule as they are when it is shown.
    pub(crate) status: ProxyStatus,
    /// The last run that ended.
    pub(crate) last_run: Option<SyncRun>,
    /// The revision that the last proof shows.
    pub(crate) proved: Option<Revision>,
}

impl Asking<'_> {
    /// Asks `proxy` with its key, and changes nothing there. One that does not answer is a state, not an error.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn ask(self, proxy: &Proxy, key: Result<SecretString>) -> Result<Asked> {
        let name = proxy.name.to_string();
        let mut status = ProxyStatus::unknown(&name, &proxy.url.to_string(), &proxy.role.to_string());
        let (mut last_run, mut proved) = (None, None);
        // Before the ledger: a run that ends while the proxy is asked is then known.
        if let Radar::On(before) = &self.radar {
            status.spend.clone_from(before);
        }
        if let Err(error) = self.fill_in(proxy, key, &mut status).await {
            status.health = match error.code {
                ErrorCode::Unauthorised | ErrorCode::NoKey | ErrorCode::NoSecretStore => Health::Unauthorised,
                _ => Health::Down,
            };
            status.error = Some(error);
        }
        if let Some(ledger) = self.ledger {
            last_run =
                ledger.runs(RunFilter { proxy: Some(name.clone()), limit: 1, ..RunFilter::default() }).await?.pop();
            status.last_run = last_run.as_ref().map(|run| run.started);
            let success = ledger.last_success(&name, &status.url).await?;
            status.last_success = success.as_ref().and_then(|run| run.finished);
            proved = success.and_then(|run| run.receipt).map(|receipt| receipt.revision);
            status.success_rate = ledger.success_rate(&name, RATE_DAYS, self.clock.now()).await?;
        }
        Ok(Asked { status, last_run, proved })
    }

    /// Fills in what the proxy says. What was learned before a failure stays.
    async fn fill_in(&self, proxy: &Proxy, key: Result<SecretString>, status: &mut ProxyStatus) -> Result<()> {
        let (key, no_key) = match key {
            Ok(key) => (Some(key), None),
            Err(error) => (None, Some(error)),
        };
        let client = ProxyClient::of(proxy, key)?;
        let facts: ProxyFacts = client.probe().await?;
        status.version = facts.version.as_ref().map(ToString::to_string);
        status.health = Health::Up;
        status.withdrawn = facts.version.as_ref().and_then(Diagnosis::withdrawn).map(|cause| cause.text());
        status.database = match facts.database {
            Database::Yes => Some(true),
            Database::No => Some(false),
            Database::Unknown => None,
        };
        if let Some(error) = no_key {
            return Err(error);
        }
        if let Some(cause) = Diagnosis::of_key("The proxy", facts.key) {
            return Err(cause.error());
        }
        let came = self.readers.iter().any(|reader| reader.proxy == proxy.name.as_str());
        let own = OwnGateway { address: self.gateway, proxy: proxy.name.as_str(), came, publish: self.publish };
        if !facts.capabilities.knows_source && own.is_read(None) {
            status.reads = Reads::Gateway;
        }
        if facts.capabilities.knows_source {
            let answers = client.source_info_sampled(3).await?;
            if answers.len() > 1 {
                status.health = Health::Degraded;
                status.error = Some(Error::new(
                    ErrorCode::Unproven,
                    "The proxy's workers or replicas hold different maps; they follow at their next poll.",
                ));
            }
            if let Some(info) = answers.into_iter().next() {
                if own.is_read(Some(&info)) {
                    status.reads = Reads::Gateway;
                } else if own.is_bucket(Some(&info)) {
                    status.reads = Reads::Bucket;
                }
                describe(status, info);
            }
        }
        status.callable_models = client.callable_models().await.ok();
        let deployments = client.deployments().await.unwrap_or_default();
        let UsedModels { used, unpriced, first_unpriced_entry, .. } =
            UsedModels::of(&deployments, self.prices, facts.capabilities.serves_alias_rows);
        (status.used_models, status.unpriced_models) = (used, unpriced);
        status.unpriced_entry = first_unpriced_entry;
        if let Radar::On(before) = &self.radar {
            let spend = Spend::kept(before.clone(), &client, &facts, self.clock.now()).await;
            let known = Known {
                deployments: &deployments,
                prices: self.prices,
                serves_alias_rows: facts.capabilities.serves_alias_rows,
                ledger: self.ledger,
            };
            status.zero_cost = Some(spend.explain(known).await?);
            status.spend = Some(spend);
        }
        // Without a database "not scheduled" says nothing.
        if facts.database != Database::No {
            status.proxy_schedule = client.schedule_status(Resource::CostMap).await.ok();
            // Asked only where somebody wants it: most proxies call no Anthropic model.
            if proxy.beta_headers.is_some() {
                status.beta_headers_schedule = client.schedule_status(Resource::BetaHeaders).await.ok();
            }
        }
        status.own_schedule = OwnSchedule::of(proxy, &facts, status.proxy_schedule.as_ref(), self.clock.now());
        Ok(())
    }
}

fn describe(status: &mut ProxyStatus, info: SourceInfo) {
    status.reads = match (info.is_env_forced, &info.url) {
        (true, _) => Reads::LocalFile,
        (false, Some(_)) if matches!(status.reads, Reads::Gateway | Reads::Bucket) => status.reads,
        (false, Some(_)) => Reads::Direct,
        (false, None) => Reads::Unknown,
    };
    if let Some(reason) = &info.fallback_reason {
        status.health = Health::Degraded;
        status.error = Some(
            Error::new(
                ErrorCode::ProxyFailed,
                "When it started, the proxy could not fetch its map, so it uses the copy in its package. A sync fixes that.",
            )
            .detail(reason),
        );
    }
    status.live = Some(LiveState {
        source: info.source,
        url: info.url.as_deref().map(shown_text),
        revision: info.source_revision,
        models: Some(info.model_count),
        loaded_at: info.loaded_at,
        fallback_reason: info.fallback_reason,
    });
}

/// Desired against live. A proxy that names its revision is believed; an older one is what the last proof showed.
pub(crate) fn sync_state(
    status: &ProxyStatus,
    source: Option<&SourceState>,
    desired: Desired,
    last_run: Option<&SyncRun>,
    proved: Option<Revision>,
) -> SyncState {
    let live = status.live.as_ref().and_then(|live| live.revision).or(proved);
    let newest = source.and_then(|source| source.revision);
    // A revision that the proxy names is no proof (LITELLM, trap 6): what the last run could not prove is behind.
    let disproved = last_run.is_some_and(|run| {
        matches!(run.outcome, Outcome::Unproven | Outcome::Failed)
            && run.to == desired.revision
            && proved != desired.revision
    });
    match (desired.revision, live) {
        // It took by itself what the checks hold back.
        (_, Some(live)) if desired.is_held && Some(live) == newest => SyncState::Behind,
        _ if desired.is_held => SyncState::Held,
        (Some(desired), Some(live)) if desired == live && disproved => SyncState::Behind,
        (Some(desired), Some(live)) if desired == live => SyncState::Synced,
        (Some(_), Some(_)) => SyncState::Behind,
        _ => SyncState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use costmap::Verdict;

    use super::*;
    use crate::gate::{Known, Route};
    use crate::settings::DirectMode;

    #[test]
    fn a_proxy_that_took_a_held_map_by_itself_is_not_synced() {
        let revision = Revision::of(b"map");
        let mut source = SourceState::unknown("https://example.com/map.json".to_owned());
        source.revision = Some(revision);
        let status = ProxyStatus::unknown("local", "http://127.0.0.1:4000", "production");
        let state = |source: &SourceState, live| {
            let known = Known {
                source: Some(source),
                promoted: None,
                resolved: None,
                direct: DirectMode::Tell,
                is_barred: false,
            };
            let desired = Desired::of(Route::Direct, known);
            sync_state(&status, Some(source), desired, None, live)
        };
        source.verdict = Some(Verdict::Accepted);
        assert_eq!(state(&source, Some(revision)), SyncState::Synced);
        source.verdict = Some(Verdict::Held);
        assert_eq!(state(&source, Some(revision)), SyncState::Behind);
        assert_eq!(state(&source, Some(Revision::of(b"old"))), SyncState::Held);
    }
}
