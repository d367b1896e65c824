//! What a check says about a candidate.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Revision;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Info,
    /// The model keeps its old entry until a person approves; the rest of the map goes on.
    Review,
    /// A broken file: nothing of it is promoted.
    Hold,
}

/// What the findings add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No Hold and no Review finding.
    Accepted,
    /// Review findings, but no Hold.
    Review,
    /// At least one Hold finding.
    Held,
}

/// One result of one check rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable rule id: `family.rule`.
    pub rule: Cow<'static, str>,
    /// How much it weighs.
    pub severity: Severity,
    /// The entry cannot be priced at all: a price that is no number, is negative, … Only ever with `review`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub broken: bool,
    /// What findings with the same cause have in common: a provider, a field, a proxy's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The model, where the finding is about one.
    pub model: Option<String>,
    /// The path of the field, where it is about one.
    pub field: Option<String>,
    /// The value that was found, as it stands in the map, bounded in length.
    pub value: Option<String>,
    /// A plain sentence that names model, field, value and what was expected.
    pub message: String,
}

/// The outcome of checking one candidate: `autosync check --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The git blob id of the candidate.
    pub revision: Revision,
    /// Its length in bytes.
    pub bytes: usize,
    /// How many models it holds; 0 when the bytes are no map.
    pub models: usize,
    /// What the findings add up to.
    pub verdict: Verdict,
    /// The findings, Hold first, then Review, then information; within one severity in the map's order. At most 500 of
    /// one rule; for each rule with more of them a last one, `findings.more`, counts those that are not listed.
    pub findings: Vec<Finding>,
    /// The models of all Review findings, also of those that are only counted. Not in the JSON, which stays small.
    #[serde(skip)]
    pub reviewed_models: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Verdict {
    /// What these findings add up to.
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Hold) => Self::Held,
            Some(Severity::Review) => Self::Review,
            Some(Severity::Info) | None => Self::Accepted,
        }
    }
}
