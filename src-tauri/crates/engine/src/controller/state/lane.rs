//! What runs for one proxy, or for the source alone, and the one thing that waits behind it.

use std::sync::Arc;

use costmap::Revision;
use tokio_util::sync::CancellationToken;

use super::super::api::SyncOrder;
use crate::run::Trigger;
use crate::settings::Settings;

/// At most one job at a time, and at most one that follows it however often it is asked for.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) running: Option<InJob>,
    pub(super) queued: Option<Queued>,
}

/// A proxy's part in a job, or a check of the source.
pub(super) struct InJob {
    pub(super) job: u64,
    /// Ends this part, and no other of the job.
    pub(super) cancel: CancellationToken,
    pub(super) force: bool,
    /// As they were when it began.
    pub(super) settings: Arc<Settings>,
    /// How often a person had changed by then what proxies are meant to have: a pin, a decision, a map that goes on.
    pub(super) decisions: u64,
    /// What the source had when the job looked; `None` until then.
    pub(super) found: Option<Revision>,
}

/// A job that begins when the one before it has ended, with the settings of then.
pub(super) struct Queued {
    pub(super) job: u64,
    pub(super) order: SyncOrder,
}

impl InJob {
    /// Whether it brings all that is asked now: the same source and proxy, the newest map that is known, what people decided
    /// by now, and `force`.
    pub(super) fn does(
        &self,
        (force, decisions): (bool, u64),
        proxy: &str,
        settings: &Settings,
        newest: Option<Revision>,
    ) -> bool {
        let of = |settings: &Settings| settings.proxies.iter().find(|known| known.name.is(proxy)).cloned();
        let is_same = |was: &Settings| {
            (&was.source, &was.gate, &was.network) == (&settings.source, &settings.gate, &settings.network)
                && of(was) == of(settings)
        };
        let is_newest = self.found.zip(newest).is_none_or(|(found, newest)| found == newest);
        (self.force || !force)
            && self.decisions == decisions
            && !self.cancel.is_cancelled()
            && is_newest
            && is_same(&self.settings)
    }
}

impl Lane {
    pub(super) fn is_in(&self, job: u64) -> bool {
        self.running.as_ref().is_some_and(|part| part.job == job)
    }

    /// Takes what is asked into the job that waits, or makes `job` the one.
    pub(super) fn queue(&mut self, job: impl FnOnce() -> u64, order: &SyncOrder) -> u64 {
        let queued = self.queued.get_or_insert_with(|| Queued { job: job(), order: order.clone() });
        queued.order.force |= order.force;
        if order.trigger == Trigger::Manual {
            queued.order.trigger = Trigger::Manual;
        }
        queued.job
    }
}
