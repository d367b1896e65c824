//! What is done once a day so that a home stays small.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use crate::Clock;
use crate::ledger::Ledger;

/// After the start there is more urgent work.
const FIRST: Duration = Duration::from_mins(2);

/// The wall clock is looked at so often, since timers stand still while a computer sleeps.
const LOOK: Duration = Duration::from_hours(1);

/// How often it is done.
const EACH: TimeDelta = TimeDelta::hours(24);

/// Works until it is dropped. What it does is one transaction: it is done or not.
pub(super) struct Upkeep(#[expect(dead_code, reason = "it ends with this")] AbortOnDropHandle<()>);

impl Upkeep {
    pub(super) fn start(ledger: Ledger, clock: Clock) -> Self {
        let task: JoinHandle<()> = tokio::spawn(async move {
            tokio::time::sleep(FIRST).await;
            let mut done: Option<DateTime<Utc>> = None;
            loop {
                let now = clock.now();
                if done.is_none_or(|done| now - done >= EACH || now < done) {
                    match ledger.fold_runs(now).await {
                        Ok(0) => {}
                        Ok(runs) => tracing::info!(runs, "old runs that found nothing new were folded"),
                        Err(error) => tracing::warn!(%error, "old runs could not be folded"),
                    }
                    done = Some(now);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self(AbortOnDropHandle::new(task))
    }
}
