//! What this machine knows already: the ledger, the user's own entries.

use chrono::{DateTime, Utc};
use costmap::CostMap;

use std::sync::Arc;

use super::DoctorContext;
use crate::controller::{PAUSE_KEY, PauseState};
use crate::gateway::{GatewayAddress, known_state};
use crate::ledger::{Ledger, Pins, Promotion, Stages};
use crate::overlay::{OwnEntry, own_entries};
use crate::schedule::AskedFor;
use crate::settings::Proxy;
use crate::source::Source;
use crate::sync::{SourceState, last_source, parsed};
use crate::{Error, Result};

/// Nothing of it is an error: a ledger that cannot be read is told by an item of its own.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) ledger: Option<Ledger>,
    /// It opens, and cannot be read all the same.
    pub(super) unreadable: Option<Error>,
    /// What the last look at the source found.
    pub(super) source: Option<SourceState>,
    pub(super) promoted: Option<Promotion>,
    pub(super) pins: Pins,
    pub(super) stages: Stages,
    pub(super) paused: Option<PauseState>,
    pub(super) asked_for: AskedFor,
    pub(super) gateway: Option<GatewayAddress>,
    /// Proxies that came to the gateway for a map.
    pub(super) came: Vec<String>,
    pub(super) own: Vec<OwnEntry>,
    pub(super) own_error: Option<Error>,
}

impl Kept {
    pub(super) async fn read(context: DoctorContext<'_>, ledger: Option<&Ledger>) -> Self {
        let Some(ledger) = ledger else { return Self::default() };
        let url = context.settings.source().map(|source| Source::from(source).to_string()).unwrap_or_default();
        let until = ledger.get_state::<Option<DateTime<Utc>>>(PAUSE_KEY).await.ok().flatten().flatten();
        let (gateway, came) = match known_state(Some(ledger), context.settings.gateway, false).await {
            Ok((state, address)) => (address, state.readers.into_iter().map(|reader| reader.proxy).collect()),
            Err(_) => (None, Vec::new()),
        };
        let (own, own_error) =
            own_entries(context.home, Some(ledger)).await.unwrap_or_else(|error| (vec![], Some(error)));
        let (promoted, unreadable) = match ledger.promoted().await {
            Ok(promoted) => (promoted, None),
            Err(error) => (None, Some(error)),
        };
        Self {
            source: last_source(ledger, &url).await.ok().flatten(),
            promoted,
            unreadable,
            pins: ledger.pins().await.unwrap_or_default(),
            stages: ledger.stages().await.unwrap_or_default(),
            paused: Some(PauseState::of(until, context.clock.now())).filter(|pause| pause.paused),
            asked_for: AskedFor::read(ledger, context.settings).await.unwrap_or_default(),
            gateway,
            came,
            own,
            own_error,
            ledger: Some(ledger.clone()),
        }
    }

    /// The promotion that holds for this proxy.
    pub(super) async fn promoted_for(&self, proxy: &Proxy) -> Option<Promotion> {
        self.ledger.as_ref()?.promoted_for(proxy.name.as_str(), proxy.role.into()).await.ok().flatten()
    }

    /// One of the maps that are kept.
    pub(super) async fn map(&self, revision: &costmap::Revision) -> Option<Arc<CostMap>> {
        let map: Result<_> = parsed(self.ledger.as_ref()?, revision).await;
        map.ok().flatten()
    }
}
