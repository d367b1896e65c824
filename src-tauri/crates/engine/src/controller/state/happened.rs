//! What jobs tell: it is taken into the state, and told on.

use std::sync::Arc;

use super::super::api::{Happening, Running};
use super::{Controller, conclusive, shown_source};
use crate::ledger::Promotion;
use crate::run::Receipt;
use crate::schedule::wanted;
use crate::sync::SourceState;

impl Controller {
    pub(super) async fn happened(&mut self, happening: Happening) {
        match &happening {
            // One that is looked at no more is told, and says nothing of the one that is.
            Happening::SourceChecked { source, .. } if source.url != shown_source(&self.effective) => {}
            Happening::SourceChecked { source, .. } => {
                self.source = Some(source.clone());
                if let Err(error) = self.load_promoted().await {
                    tracing::warn!(%error, "what is promoted could not be read");
                }
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record_source_check(source.checked_at.unwrap_or_else(|| self.parts.clock.now()));
                    scheduler.want(wanted(Some(source)));
                }
            }
            Happening::SourceFailed { error } => {
                let unknown = || SourceState::unknown(shown_source(&self.effective));
                self.source.get_or_insert_with(unknown).error = Some(error.clone());
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record_source_check(self.parts.clock.now());
                }
            }
            // Dry runs have the number 0: they are told to who listens, and the state knows nothing of them.
            Happening::RunStarted { id, proxy, trigger } if *id > 0 => {
                let running = Running {
                    id: *id,
                    step: crate::sync::Step::CheckSource,
                    started: self.parts.clock.now(),
                    trigger: *trigger,
                    steps: Vec::new(),
                };
                self.known.entry(proxy.clone()).or_default().running = Some(running);
            }
            Happening::RunStep { id, proxy, step, done } if *id > 0 => {
                if let Some(running) = self.known.get_mut(proxy).and_then(|known| known.running.as_mut()) {
                    running.step = *step;
                    running.steps.clone_from(done);
                }
            }
            Happening::RunFinished { run } if run.id > 0 => {
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.record(&run.proxy, run.started, run.attempted(), conclusive(run));
                }
                // Its address may have been edited meanwhile: what was proved at the old one says nothing of the new one.
                let proxy = self.effective.proxies.iter().find(|proxy| proxy.name.is(&run.proxy));
                let is_here = |receipt: &&Receipt| proxy.is_some_and(|proxy| receipt.is_of(&proxy.url.to_string()));
                let proof = run.receipt.as_ref().filter(is_here);
                let known = self.known.entry(run.proxy.clone()).or_default();
                if let Some(receipt) = proof {
                    known.proved = Some(receipt.revision);
                    known.proved_version.clone_from(&receipt.proxy_version);
                    known.asked.proved(receipt);
                }
                known.last_run = Some(Arc::clone(run));
                // Which map proxies bill by follows from what they took, where entries wait for a review.
                let waits = |(_, promotion): &(i64, Arc<Promotion>)| !promotion.held_models.is_empty();
                if self.newest.as_ref().is_some_and(waits)
                    && let Err(error) = self.load_promoted().await
                {
                    tracing::warn!(%error, "what is promoted could not be read");
                }
                // It is free for the next sync, while the rest of its job may go on.
                self.release(&run.proxy);
                // What it holds now is another thing than it said a minute ago.
                if self.scheduler.is_some() {
                    self.ask_proxies(std::slice::from_ref(&run.proxy));
                }
            }
            _ => {}
        }
        self.tell(happening);
    }
}
