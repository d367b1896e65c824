//! What is promoted, pinned and published, and how it gets to proxies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use costmap::Revision;
use tokio::sync::oneshot;

use super::super::event::Event;
use super::Controller;
use crate::Result;
use crate::gateway::Meant;
use crate::proxy::{Capabilities, Version};
use crate::publish::{How, PublishState, known_publish};

impl Controller {
    /// What is promoted and pinned.
    pub(super) async fn load_promoted(&mut self) -> Result<()> {
        self.pins = Arc::new(self.parts.ledger.pins().await?);
        self.stage_looked.clear();
        self.load_stages().await?;
        self.resolve().await;
        Ok(())
    }

    /// What is known of the place that the settings name.
    pub(super) async fn load_published(&mut self) -> Result<()> {
        self.published = known_publish(Some(&self.parts.ledger), self.effective.publish.as_ref()).await?;
        Ok(())
    }

    /// What the gateway makes of each map that somebody is meant to have.
    pub(super) async fn resolve(&mut self) {
        let pinned = self.pins.each.iter().map(|pin| pin.promotion.revision);
        let staged = self.stages.held.iter().map(|held| held.promotion.revision);
        let newest = self.newest.iter().map(|(_, promotion)| promotion.revision);
        let wanted: HashSet<Revision> = newest.chain(staged).chain(pinned).collect();
        let mut resolved = HashMap::new();
        let is_wanted =
            self.effective.gateway.is_some() || self.effective.proxies.iter().any(|proxy| proxy.local_file.is_some());
        for revision in wanted.into_iter().filter(|_| is_wanted) {
            if let Some(made) = self.parts.gateway.resolved(revision).await {
                resolved.insert(revision, made);
            }
        }
        self.resolved = resolved;
    }

    /// The gateway listens where the settings say, and knows what each proxy can read.
    pub(super) async fn follow_gateway(&mut self) {
        self.tell_gateway();
        self.parts.gateway.follow(self.effective.gateway).await;
        self.resolve().await;
    }

    /// By what a proxy said last, or by its last proof.
    pub(super) fn tell_gateway(&self) {
        let resolves = |name: &str| {
            let known = self.known.get(name)?;
            let said = known.asked.status.as_ref().and_then(|status| status.version.clone());
            let version = Version::new(&said.or_else(|| known.proved_version.clone())?);
            Some(version.is_known() && !Capabilities::of(&version).serves_alias_rows)
        };
        self.parts.gateway.set_proxies(self.effective.proxies.iter().map(|proxy| {
            let name = proxy.name.to_string();
            let meant = Meant { resolves: resolves(&name).unwrap_or(false), stage: proxy.role.into() };
            (name, meant)
        }));
    }

    /// Beside everything else: a store may take its time.
    pub(super) fn publish_now(&self, replace: bool, reply: oneshot::Sender<Result<PublishState>>) {
        let (parts, settings) = (Arc::clone(&self.parts), Arc::clone(&self.effective));
        self.jobs.spawn(async move {
            let how = How { look: true, replace };
            let state = parts.publisher.follow(settings.publish.as_ref(), &settings.network, how).await;
            if let Ok(state) = &state {
                parts.events.send(Event::Published { state: state.clone() }).ok();
            }
            reply.send(state).ok();
        });
    }
}
