//! A sync run as its row keeps it. What `--json` and the door show is another shape ([`SyncRun`]): that one follows the
//! contract, this one what is on disk, and here one is made from the other.

use chrono::{DateTime, Utc};
use costmap::{AliasChange, FieldChange, Finding, Revision};
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::{damaged, details, to_json};
use crate::run::{Outcome, Receipt, StepTime, SyncRun, Trigger};
use crate::sync::ScheduleSet;
use crate::{Error, Result};

/// The short part. Names that are missing in older rows have defaults; names are added, never changed.
#[derive(Serialize, Deserialize)]
struct Document {
    proxy: String,
    trigger: Trigger,
    started: DateTime<Utc>,
    finished: Option<DateTime<Utc>>,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    error: Option<Error>,
    from: Option<Revision>,
    to: Option<Revision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream: Option<Revision>,
    models_before: Option<usize>,
    models_after: Option<usize>,
    pricing_changes: usize,
    #[serde(default)]
    models_updated: usize,
    receipt: Option<Receipt>,
    #[serde(default)]
    steps: Vec<StepTime>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    schedules_set: Vec<ScheduleSet>,
}

/// What is long in a run, and the same in those of several proxies.
#[derive(Default, Serialize, Deserialize, Clone, PartialEq)]
#[serde(default)]
struct Lists {
    new_models: Vec<String>,
    removed_models: Vec<String>,
    price_changes: Vec<FieldChange>,
    multiplier_changes: Vec<FieldChange>,
    alias_changes: Vec<AliasChange>,
    held_models: Vec<String>,
}

/// What a row holds, and the numbers under which its long parts are kept.
pub(super) struct RunRow {
    pub(super) document: String,
    pub(super) changes: Option<i64>,
    pub(super) findings: Option<i64>,
}

impl RunRow {
    /// Puts the long parts away, and gives the rest.
    pub(super) fn keep(connection: &Connection, run: SyncRun) -> Result<Self> {
        let lists = Lists {
            new_models: run.new_models,
            removed_models: run.removed_models,
            price_changes: run.price_changes,
            multiplier_changes: run.multiplier_changes,
            alias_changes: run.alias_changes,
            held_models: run.held_models,
        };
        let changes = (lists != Lists::default()).then(|| details::keep(connection, &lists)).transpose()?;
        let findings = (!run.findings.is_empty()).then(|| details::keep(connection, &run.findings)).transpose()?;
        let document = to_json(&Document {
            proxy: run.proxy,
            trigger: run.trigger,
            started: run.started,
            finished: run.finished,
            outcome: run.outcome,
            reason: run.reason,
            error: run.error,
            from: run.from,
            to: run.to,
            upstream: run.upstream,
            models_before: run.models_before,
            models_after: run.models_after,
            pricing_changes: run.pricing_changes,
            models_updated: run.models_updated,
            receipt: run.receipt,
            steps: run.steps,
            schedules_set: run.schedules_set,
        })?;
        Ok(Self { document, changes, findings })
    }
}

/// What was read last: runs that follow each other often refer to the same.
#[derive(Default)]
pub(super) struct Long {
    changes: Option<(i64, Lists)>,
    findings: Option<(i64, Vec<Finding>)>,
}

impl Long {
    /// The run of a row of `id, document, changes, findings`.
    pub(super) fn run(&mut self, connection: &Connection, row: &Row<'_>) -> Result<SyncRun> {
        let text: String = row.get(1)?;
        let document: Document = serde_json::from_str(&text).map_err(|cause| damaged(&cause))?;
        let lists = self.lists(connection, row.get(2)?)?;
        let findings = self.findings(connection, row.get(3)?)?;
        Ok(SyncRun {
            id: u64::try_from(row.get::<_, i64>(0)?).map_err(|cause| damaged(&cause))?,
            proxy: document.proxy,
            trigger: document.trigger,
            started: document.started,
            finished: document.finished,
            outcome: document.outcome,
            reason: document.reason,
            error: document.error,
            from: document.from,
            to: document.to,
            upstream: document.upstream,
            models_before: document.models_before,
            models_after: document.models_after,
            new_models: lists.new_models,
            removed_models: lists.removed_models,
            pricing_changes: document.pricing_changes,
            price_changes: lists.price_changes,
            multiplier_changes: lists.multiplier_changes,
            alias_changes: lists.alias_changes,
            models_updated: document.models_updated,
            held_models: lists.held_models,
            findings,
            receipt: document.receipt,
            steps: document.steps,
            schedules_set: document.schedules_set,
        })
    }

    fn lists(&mut self, connection: &Connection, id: Option<i64>) -> Result<Lists> {
        let Some(id) = id else { return Ok(Lists::default()) };
        if self.changes.as_ref().is_none_or(|(known, _)| *known != id) {
            self.changes = Some((id, details::fetch(connection, id)?));
        }
        Ok(self.changes.as_ref().map(|(_, lists)| lists.clone()).unwrap_or_default())
    }

    fn findings(&mut self, connection: &Connection, id: Option<i64>) -> Result<Vec<Finding>> {
        let Some(id) = id else { return Ok(Vec::new()) };
        if self.findings.as_ref().is_none_or(|(known, _)| *known != id) {
            self.findings = Some((id, details::fetch(connection, id)?));
        }
        Ok(self.findings.as_ref().map(|(_, findings)| findings.clone()).unwrap_or_default())
    }
}
