//! The state as it leaves the controller: an immutable snapshot.

use std::sync::Arc;

use super::super::api::{PauseState, ProxySnapshot, Snapshot};
use super::Controller;
use crate::gate::{Desired, Known as Facts, Stage};
use crate::status::{Reads, sync_state};

impl Controller {
    /// Publishes what differs from the last snapshot; nothing differs, nothing is published.
    pub(super) fn publish(&mut self) {
        self.judge_proxies();
        let proxies = self.effective.proxies.iter().map(|proxy| {
            let name = proxy.name.to_string();
            let known = self.known.get(&name);
            let asked = known.map(|known| &known.asked);
            ProxySnapshot {
                url: proxy.url.to_string(),
                role: proxy.role.to_string(),
                running: known.and_then(|known| known.running.clone()),
                last_run: known.and_then(|known| known.last_run.clone()),
                proved: known.and_then(|known| known.proved),
                next_run: self.scheduler.as_ref().and_then(|scheduler| scheduler.next_run(&name)),
                awaits_first_sync: !self.asked_for.has(proxy),
                status: asked.and_then(|asked| asked.status.clone()),
                asked_at: asked.and_then(|asked| asked.at),
                is_asking: asked.is_some_and(|asked| asked.is_asking),
                down_since: asked.and_then(|asked| asked.down_since),
                name,
            }
        });
        let mut snapshot = Snapshot {
            revision: 0,
            source: self.source.clone(),
            promoted: self.promoted.clone(),
            newest: self.newest.as_ref().map(|(_, promotion)| Arc::clone(promotion)),
            stage_states: Arc::clone(&self.stage_states),
            pins: Arc::clone(&self.pins),
            overlay_error: self.overlay.1.clone(),
            pause: PauseState::of(self.paused_until, self.parts.clock.now()),
            proxies: proxies.collect(),
            gateway: self.parts.gateway.state(),
            reaches_proxies: self.effective.reaches_proxies(),
            publish: self.published.clone(),
            webhooks: self.webhooks.clone(),
            interrupted_runs: self.interrupted_runs,
            edits: self.edits,
        };
        self.snapshot.send_if_modified(|current| {
            snapshot.revision = current.revision;
            if **current == snapshot {
                return false;
            }
            snapshot.revision += 1;
            *current = Arc::new(snapshot);
            true
        });
    }

    /// What follows from the source and the schedule moves without the proxy being asked again.
    pub(super) fn judge_proxies(&mut self) {
        for (name, known) in &mut self.known {
            let Some(status) = &mut known.asked.status else { continue };
            let proxy = self.effective.proxies.iter().find(|proxy| proxy.name.as_str() == name);
            let awaits = proxy.is_some_and(|proxy| !self.asked_for.has(proxy));
            let last_run = known.last_run.as_deref();
            let pin = self.pins.of(name);
            let stage = proxy.map_or(Stage::Production, |proxy| proxy.role.into());
            let staged = self.stages.promotion(stage, self.newest.as_ref().map(|(_, promotion)| &**promotion));
            // What is published is one map for all.
            let staged = if status.reads == Reads::Bucket { self.promoted.as_deref() } else { staged };
            let promoted = pin.map(|pin| &pin.promotion).or(staged);
            let resolved = promoted.and_then(|promotion| self.resolved.get(&promotion.revision).copied());
            let newest = self.source.as_ref().and_then(|source| source.revision);
            let facts = Facts {
                source: self.source.as_ref(),
                promoted,
                resolved: resolved.filter(|_| self.parts.gateway.resolves(name)),
                direct: self.effective.gate.direct,
                is_barred: pin.is_some()
                    || newest.is_some_and(|newest| self.pins.skips(&newest) || self.stages.keeps(stage, &newest)),
            };
            let desired = Desired::of(status.reads.into(), facts);
            let sync = sync_state(status, self.source.as_ref(), desired, last_run, known.proved);
            let next_run = self.scheduler.as_ref().and_then(|scheduler| scheduler.next_run(name));
            let is_same = (status.sync, status.next_run, status.desired, status.awaits_first_sync)
                == (sync, next_run, Some(desired), awaits);
            if !is_same {
                let status = Arc::make_mut(status);
                (status.sync, status.next_run) = (sync, next_run);
                (status.desired, status.awaits_first_sync) = (Some(desired), awaits);
            }
        }
    }
}
