//! What waits for a person: the questions of the promoted map, each with what was decided so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use costmap::{CheckReport, CostMap, Finding, Revision, Severity, Verdict};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::gate::{Matter, Reviewed, matters, reviewed};
use crate::ledger::{Ledger, Promotion};
use crate::sync::parsed;

/// Everything that is asked about the source's map that is promoted now.
#[derive(Debug)]
pub struct Questions {
    /// The promotion: of its upstream map the questions are.
    pub promotion: Promotion,
    /// The source's map.
    pub upstream: Arc<CostMap>,
    /// What it was judged against, whose entries the models keep.
    pub baseline: Arc<CostMap>,
    /// What the checks asked.
    pub findings: Vec<Finding>,
    /// The values that are to be decided, by model.
    pub matters: BTreeMap<String, Vec<Matter>>,
    /// What was decided so far.
    pub reviewed: Reviewed,
}

/// How a model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has decided.
    Open,
    /// It goes on.
    Approved,
    /// It keeps its old entry.
    Rejected,
}

impl Questions {
    /// How a model stands; `None` for one that nobody is asked about.
    pub fn standing(&self, model: &str) -> Option<Standing> {
        let is_in = |models: &[String]| models.iter().any(|name| name == model);
        [
            (Standing::Open, &self.reviewed.open),
            (Standing::Rejected, &self.reviewed.rejected),
            (Standing::Approved, &self.reviewed.approved),
        ]
        .into_iter()
        .find_map(|(standing, models)| is_in(models).then_some(standing))
    }

    /// Why a model is asked about.
    pub fn findings_of<'a>(&'a self, model: &str) -> impl Iterator<Item = &'a Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.severity == Severity::Review && finding.model.as_deref() == Some(model))
    }
}

/// The questions of the promoted map; `None` where nothing was promoted, nothing came before it, or all proxies are pinned.
///
/// # Errors
/// The ledger's.
pub async fn questions(ledger: &Ledger) -> Result<Option<Questions>> {
    let Some((_, promotion)) = ledger.newest().await? else { return Ok(None) };
    // A pinned map stays as it is, whatever anybody decides.
    if ledger.pins().await?.all.is_some() {
        return Ok(None);
    }
    let Some(before) = promotion.baseline else { return Ok(None) };
    let (Some(upstream), Some(baseline)) = (parsed(ledger, &promotion.upstream).await?, parsed(ledger, &before).await?)
    else {
        return Ok(None);
    };
    let findings = ledger.latest_findings(&promotion.upstream).await?.unwrap_or_default();
    let report = report(&promotion.upstream, &findings, &promotion, &upstream);
    let decisions = ledger.decisions().await?;
    let mut reviewed = reviewed(&report, &upstream, &decisions);
    // With `gate.mode = "off"` nothing waits, whatever the checks ask.
    reviewed.open.retain(|model| promotion.held_models.contains(model));
    let matters = matters(&report, &upstream);
    Ok(Some(Questions { promotion, upstream, baseline, findings, matters, reviewed }))
}

/// The findings as a report: which models are asked about follows from them and from what is held back, since of one rule
/// not all are listed.
fn report(revision: &Revision, findings: &[Finding], promotion: &Promotion, map: &CostMap) -> CheckReport {
    let asked = findings.iter().filter(|finding| finding.severity == Severity::Review);
    let mut models: Vec<String> = asked.filter_map(|finding| finding.model.clone()).collect();
    models.extend(promotion.held_models.iter().cloned());
    models.sort_unstable();
    models.dedup();
    CheckReport {
        revision: *revision,
        bytes: map.text().len(),
        models: map.len(),
        verdict: Verdict::Review,
        findings: findings.to_vec(),
        reviewed_models: models,
    }
}
