//! Runs and the log.

use costmap::{Cause, Finding, causes};
use engine::Result;
use engine::ledger::RunFilter;
use engine::log::SyncLog;
use engine::run::SyncRun;

use crate::Api;
use crate::commands::{HistoryArgs, LogArgs, RunArg};
use crate::handlers::changes::price_row;
use crate::state::word;
use crate::view::{CauseView, FindingView, LogRow, ReceiptView, RunDetail, RunRow, StepTime};

/// The longest page of runs.
const PAGE: usize = 200;

/// The longest piece of the log.
const LINES: usize = 500;

/// Names, findings and changes that a run's detail shows; the diff shows all of them.
const SHOWN: usize = 200;

impl Api {
    pub(crate) async fn history(&self, args: HistoryArgs) -> Result<Vec<RunRow>> {
        let filter =
            RunFilter { proxy: args.proxy, outcome: args.outcome, limit: args.limit.min(PAGE), before: args.before };
        Ok(self.engine.ledger().runs(filter).await?.iter().map(RunRow::from).collect())
    }

    pub(crate) async fn run(&self, args: RunArg) -> Result<RunDetail> {
        let run = self.engine.ledger().run(args.id).await?;
        let ledger = self.engine.ledger();
        let has_diff = match (run.from, run.to) {
            (Some(from), Some(to)) if from != to => {
                ledger.revision(&from).await?.is_some() && ledger.revision(&to).await?.is_some()
            }
            _ => false,
        };
        Ok(self.run_detail(&run, has_diff))
    }

    pub(crate) fn run_detail(&self, run: &SyncRun, has_diff: bool) -> RunDetail {
        let names = |names: &[String]| names.iter().take(SHOWN).cloned().collect();
        let mine = self.users_of_models();
        RunDetail {
            run: RunRow::from(run),
            steps: run.steps.iter().map(|time| StepTime { step: time.step, seconds: time.seconds }).collect(),
            receipt: run.receipt.as_ref().map(ReceiptView::from),
            causes: causes(&run.findings, &|model| mine.contains_key(model)).into_iter().map(CauseView::from).collect(),
            new_models: names(&run.new_models),
            removed_models: names(&run.removed_models),
            price_changes: run.price_changes.iter().take(SHOWN).map(|change| price_row(change, None, &mine)).collect(),
            held_models: names(&run.held_models),
            held: run.held_models.len(),
            has_diff,
        }
    }

    pub(crate) async fn log(&self, args: LogArgs) -> Result<Vec<LogRow>> {
        let lines = SyncLog::new(&self.home).tail(args.limit.min(LINES))?;
        Ok(lines
            .iter()
            .map(|line| LogRow {
                timestamp: line.timestamp,
                status: word(line.status),
                proxy: line.proxy.clone(),
                line: serde_json::to_string(line).unwrap_or_default(),
            })
            .collect())
    }
}

impl From<Cause> for CauseView {
    fn from(cause: Cause) -> Self {
        Self {
            rule: cause.rule,
            severity: word(cause.severity),
            broken: cause.broken,
            message: cause.message,
            models: cause.models,
            count: cause.count,
            mine: cause.mine,
        }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.to_string(),
            severity: word(finding.severity),
            model: finding.model.clone(),
            field: finding.field.clone(),
            message: finding.message.clone(),
        }
    }
}
