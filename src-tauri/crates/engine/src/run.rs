//! A sync run as the contract shows it: one attempt for one proxy, with its trigger, steps, outcome and proof.

use chrono::{DateTime, Utc};
use costmap::{AliasChange, FieldChange, Finding, Revision};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::sync::{ScheduleSet, Step};

/// `reason` of a run whose source sent something that is no map at all.
pub(crate) const NO_MAP: &str = "no_map";

/// Why a run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person asked: button, tray or command.
    Manual,
    /// The schedule.
    Schedule,
    /// The source has a new map.
    Change,
    /// Another try after a run that was not conclusive.
    Retry,
    /// The computer woke up and work was overdue.
    Resume,
    /// The proxy no longer holds what was proved there.
    Heal,
    /// The map has reached the proxy's stage.
    Promotion,
}

/// How a run ended. CONTRACT, `sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended yet; after a crash it becomes `Interrupted`.
    Running,
    /// The proxy took the map, and the read-back proved it.
    Succeeded,
    /// The proxy had it already, proved by reading.
    Unchanged,
    /// `--dry-run`: nothing was promoted or logged.
    Planned,
    /// The checks hold the map back.
    Held,
    /// It did not work; `error` says why.
    Failed,
    /// The proxy said yes, but its live map does not show it; `reason` says what it shows.
    Unproven,
    /// Cancelled, or the program ended during the run.
    Interrupted,
}

/// The proof that a run leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// What the proxy holds now: the promoted or upstream revision that was compared.
    pub revision: Revision,
    /// The length of that map in bytes.
    pub bytes: usize,
    /// How many models that map has.
    pub models: usize,
    /// The proxy's version, where it tells.
    pub proxy_version: Option<String>,
    /// The revision that the proxy itself reports; null on versions that know none.
    pub proxy_revision: Option<Revision>,
    /// `models_count` of the reload's answer, or null when nothing was reloaded.
    pub proxy_models: Option<u64>,
    /// When the proxy says that it loaded the map.
    pub loaded_at: Option<DateTime<Utc>>,
    /// Upstream entries that were compared with the live map, field by field.
    pub compared_models: usize,
    /// Fields that were compared.
    pub compared_fields: usize,
    /// Models whose live value differs because the operator overrides it, at most 100 of them.
    pub overrides: Vec<String>,
    /// A few of the compared entries that agree, for people to look at: those of the proxy's own deployments first.
    pub sampled_models: Vec<String>,
    /// When the read-back was done.
    pub read_back_at: DateTime<Utc>,
    /// The address that was read back: what was proved there says nothing of another one. Absent in old receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Receipt {
    /// Whether it was read back at this address. An old receipt names none, and counts for any.
    #[must_use]
    pub fn is_of(&self, url: &str) -> bool {
        self.url.as_deref().is_none_or(|read| read == url)
    }
}

/// One step of a run, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTime {
    /// The step.
    pub step: Step,
    /// By the clock of this machine, to the millisecond.
    pub seconds: f64,
}

/// One attempt for one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncRun {
    /// Grows by one; unique within a home.
    pub id: u64,
    /// The proxy's name.
    pub proxy: String,
    /// Why it was started.
    pub trigger: Trigger,
    /// When it was started.
    pub started: DateTime<Utc>,
    /// When it ended; null while it runs.
    pub finished: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why an unproven run is not proven: `old_revision`, `other_revision`, `live_differs`, `replicas_disagree`, `live_map_broken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What went wrong, and what to do.
    pub error: Option<Error>,
    /// The live revision before; null where the proxy knows none or could not be asked.
    pub from: Option<Revision>,
    /// The revision that the proxy was meant to take.
    pub to: Option<Revision>,
    /// The source's map that `to` was made from, where the proxy reads the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Revision>,
    /// Models in the live map before (entries that a file knows).
    pub models_before: Option<usize>,
    /// Models in `to`.
    pub models_after: Option<usize>,
    /// Models that the live map did not have before.
    pub new_models: Vec<String>,
    /// Models that `to` no longer has.
    pub removed_models: Vec<String>,
    /// How many price fields differ.
    pub pricing_changes: usize,
    /// Those price fields.
    pub price_changes: Vec<FieldChange>,
    /// Numbers that scale prices and differ; people are told of them as of price changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multiplier_changes: Vec<FieldChange>,
    /// Other names that came, went or stand for another model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias_changes: Vec<AliasChange>,
    /// Entries added or changed: `models_updated` of the log.
    #[serde(default)]
    pub models_updated: usize,
    /// Models that keep their old entry until a person approves.
    pub held_models: Vec<String>,
    /// What the checks said.
    pub findings: Vec<Finding>,
    /// The proof; only ever there with `succeeded` and `unchanged`.
    pub receipt: Option<Receipt>,
    /// What it did, in order, with the time that each step took; of a run that failed the last one is where it failed.
    /// Empty in runs from before steps were recorded.
    #[serde(default)]
    pub steps: Vec<StepTime>,
    /// Schedules inside the proxy that it put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules_set: Vec<ScheduleSet>,
}

impl SyncRun {
    /// A run that has only just begun.
    pub fn started(id: u64, proxy: String, trigger: Trigger, started: DateTime<Utc>) -> Self {
        Self {
            id,
            proxy,
            trigger,
            started,
            finished: None,
            outcome: Outcome::Running,
            reason: None,
            error: None,
            from: None,
            to: None,
            upstream: None,
            models_before: None,
            models_after: None,
            new_models: Vec::new(),
            removed_models: Vec::new(),
            pricing_changes: 0,
            price_changes: Vec::new(),
            multiplier_changes: Vec::new(),
            alias_changes: Vec::new(),
            models_updated: 0,
            held_models: Vec::new(),
            findings: Vec::new(),
            receipt: None,
            steps: Vec::new(),
            schedules_set: Vec::new(),
        }
    }

    /// The source's map that this was an attempt with.
    pub fn attempted(&self) -> Option<Revision> {
        self.upstream.or(self.to)
    }

    /// The exit code of the CLI for this run (CONTRACT, "Exit codes").
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Succeeded | Outcome::Unchanged | Outcome::Planned => 0,
            Outcome::Held => 3,
            Outcome::Unproven => 6,
            Outcome::Failed => self.error.as_ref().map_or(1, |error| error.code.exit_code()),
            Outcome::Running | Outcome::Interrupted => 1,
        }
    }
}

/// Of several exit codes the worst, in the contract's order: 5, 4, 1, 3, 6, 0.
pub fn worst_exit_code(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 5] = [5, 4, 1, 3, 6];
    let codes: Vec<u8> = codes.into_iter().collect();
    ORDER.into_iter().find(|worst| codes.contains(worst)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_from_before_steps_were_recorded_still_reads() {
        let mut run = SyncRun::started(1, "p".into(), Trigger::Manual, "2026-01-01T00:00:00Z".parse().unwrap());
        run.steps = vec![StepTime { step: Step::Reload, seconds: 1.25 }];
        let mut document = serde_json::to_value(&run).unwrap();
        assert_eq!(serde_json::from_value::<SyncRun>(document.clone()).unwrap(), run);
        document.as_object_mut().unwrap().shift_remove("steps");
        assert_eq!(serde_json::from_value::<SyncRun>(document).unwrap().steps, []);
    }
}
