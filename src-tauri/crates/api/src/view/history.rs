//! Runs, and the lines of the sync log.

use chrono::{DateTime, Utc};
use engine::run::{Outcome, Trigger};
use engine::sync::Step;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CauseView, ChangeRow, ErrorView};

/// The proof that a run left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReceiptView {
    /// What was compared.
    pub revision: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its models.
    pub models: usize,
    /// LiteLLM's version.
    pub proxy_version: Option<String>,
    /// The revision that the proxy itself reports.
    pub proxy_revision: Option<String>,
    /// When the proxy says that it loaded the map.
    pub loaded_at: Option<DateTime<Utc>>,
    /// Entries that were read back and compared.
    pub compared_models: usize,
    /// Fields that were compared.
    pub compared_fields: usize,
    /// Models that the operator overrides on purpose, at most 100.
    pub overrides: Vec<String>,
    /// A few of the compared models.
    pub sampled_models: Vec<String>,
    /// When it was read back.
    pub read_back_at: DateTime<Utc>,
}

/// How long a step took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct StepTime {
    /// Which.
    #[ts(type = "'check_source' | 'read_live' | 'reload' | 'read_back' | 'receipt'")]
    pub step: Step,
    /// Seconds.
    pub seconds: f64,
}

/// One run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RunRow {
    /// Its number.
    pub id: u64,
    /// The proxy.
    pub proxy: String,
    /// Why it was started.
    #[ts(type = "'manual' | 'schedule' | 'change' | 'retry' | 'resume' | 'heal' | 'promotion'")]
    pub trigger: Trigger,
    /// How it ended.
    #[ts(type = "'running' | 'succeeded' | 'unchanged' | 'planned' | 'held' | 'failed' | 'unproven' | 'interrupted'")]
    pub outcome: Outcome,
    /// Why an unproven run is not proven.
    pub reason: Option<String>,
    /// When it was started.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub finished: Option<DateTime<Utc>>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// The live revision before.
    pub from: Option<String>,
    /// The revision that the proxy was meant to take.
    pub to: Option<String>,
    /// How many new models.
    pub new_models: usize,
    /// How many models are gone.
    pub removed_models: usize,
    /// How many price fields differ.
    pub pricing_changes: usize,
    /// What went wrong, and what to do.
    pub error: Option<ErrorView>,
    /// Entries that the proof compared; `None` without a proof.
    pub compared_models: Option<usize>,
}

/// One run, all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RunDetail {
    /// What the list shows.
    pub run: RunRow,
    /// How long each step took.
    pub steps: Vec<StepTime>,
    /// The proof.
    pub receipt: Option<ReceiptView>,
    /// What the checks said, one line a cause, the worst first.
    pub causes: Vec<CauseView>,
    /// New models, at most 200.
    pub new_models: Vec<String>,
    /// Models that are gone, at most 200.
    pub removed_models: Vec<String>,
    /// Price changes, at most 200.
    pub price_changes: Vec<ChangeRow>,
    /// Models that keep their old entry in the promoted map, at most 200.
    pub held_models: Vec<String>,
    /// How many those are.
    pub held: usize,
    /// Whether the ledger keeps both maps, so that their diff can be opened.
    pub has_diff: bool,
}

/// A line of the sync log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRow {
    /// When.
    pub timestamp: DateTime<Utc>,
    /// `success`, `unchanged`, `held`, `failed`, `unproven` or `interrupted`.
    pub status: String,
    /// The proxy.
    pub proxy: String,
    /// The line as it stands in the file.
    pub line: String,
}
