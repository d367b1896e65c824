//! What people decided about suspicious values. A decision is about these very values: it is remembered across revisions,
//! and another value asks again.

use std::collections::{BTreeMap, HashMap};

use costmap::check::held_models;
use costmap::{CheckReport, CostMap, Finding, Revision, Severity};
use serde::{Deserialize, Serialize};

/// What somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The value is right: proxies may have it.
    Approved,
    /// The value is wrong: the model keeps its old entry while it is there.
    Rejected,
}

/// One suspicious value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Matter {
    /// Whose.
    pub model: String,
    /// Which rule asks; `*` for a model whose findings are only counted.
    pub rule: String,
    /// The field; empty where it is about the whole entry.
    pub field: String,
    /// The value as it stands in the map; empty where it is gone, the entry's digest with the rule `*`.
    pub value: String,
}

/// All decisions that hold.
pub type Decisions = HashMap<Matter, Ruling>;

/// The rule of a matter that stands for a whole entry.
const WHOLE: &str = "*";

/// What is to be decided of a map, model by model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Nobody has decided yet.
    pub open: Vec<String>,
    /// They keep their old entry because somebody said so.
    pub rejected: Vec<String>,
    /// They were let through.
    pub approved: Vec<String>,
}

impl Reviewed {
    /// The models that keep their old entry.
    pub fn held(&self) -> Vec<String> {
        self.open.iter().chain(&self.rejected).cloned().collect()
    }
}

/// The matters of each model that is to be reviewed.
pub fn matters(report: &CheckReport, map: &CostMap) -> BTreeMap<String, Vec<Matter>> {
    let mut all: BTreeMap<String, Vec<Matter>> =
        held_models(report).into_iter().map(|model| (model, Vec::new())).collect();
    for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Review) {
        let Some(matters) = finding.model.as_ref().and_then(|model| all.get_mut(model)) else { continue };
        matters.push(matter(finding));
    }
    for (model, matters) in all.iter_mut().filter(|(_, matters)| matters.is_empty()) {
        let entry = map.get(model).map(|entry| Revision::of(entry.raw().as_bytes()).to_string());
        matters.push(Matter {
            model: model.clone(),
            rule: WHOLE.to_owned(),
            field: String::new(),
            value: entry.unwrap_or_default(),
        });
    }
    all
}

fn matter(finding: &Finding) -> Matter {
    Matter {
        model: finding.model.clone().unwrap_or_default(),
        rule: finding.rule.to_string(),
        field: finding.field.clone().unwrap_or_default(),
        value: finding.value.clone().unwrap_or_default(),
    }
}

/// Sorts the models of a report by what was decided. One rejected value keeps the whole entry back; it goes on when every
/// value of it was approved.
pub fn reviewed(report: &CheckReport, map: &CostMap, decisions: &Decisions) -> Reviewed {
    let mut out = Reviewed::default();
    for (model, matters) in matters(report, map) {
        let rulings = || matters.iter().map(|matter| decisions.get(matter));
        let place = if rulings().any(|ruling| ruling == Some(&Ruling::Rejected)) {
            &mut out.rejected
        } else if rulings().all(|ruling| ruling == Some(&Ruling::Approved)) {
            &mut out.approved
        } else {
            &mut out.open
        };
        place.push(model);
    }
    out
}

#[cfg(test)]
mod tests {
    use costmap::check::check_bytes;

    use super::*;

    const OLD: &str = r#"{"gpt": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}}"#;

    fn judged(price: &str) -> (CheckReport, CostMap) {
        let old = CostMap::parse(OLD).unwrap();
        let (report, map) = check_bytes(OLD.replacen("1e-06", price, 1).into_bytes(), Some(&old));
        (report, map.unwrap())
    }

    #[test]
    fn a_decision_holds_for_this_very_value_and_another_one_asks_again() {
        let (report, map) = judged("0.001");
        assert_eq!(reviewed(&report, &map, &Decisions::new()).open, ["gpt"]);
        let decide = |ruling| -> Decisions {
            matters(&report, &map).into_values().flatten().map(|matter| (matter, ruling)).collect()
        };
        let approved = decide(Ruling::Approved);
        assert_eq!(reviewed(&report, &map, &approved).approved, ["gpt"]);
        let rejected = reviewed(&report, &map, &decide(Ruling::Rejected));
        assert_eq!((rejected.rejected.clone(), rejected.held()), (vec!["gpt".to_owned()], vec!["gpt".to_owned()]));
        let (report, map) = judged("0.002");
        assert_eq!(reviewed(&report, &map, &approved).open, ["gpt"], "another value");
    }

    #[test]
    fn a_model_whose_findings_are_only_counted_is_decided_by_its_whole_entry() {
        let (mut report, map) = judged("0.001");
        report.findings.clear();
        let matters = matters(&report, &map);
        let matter = &matters["gpt"][0];
        assert_eq!((matter.rule.as_str(), matter.value.len()), (WHOLE, 40));
        assert_eq!(reviewed(&report, &map, &[(matter.clone(), Ruling::Approved)].into()).approved, ["gpt"]);
    }

    #[test]
    fn one_rejected_value_keeps_the_whole_entry_back() {
        let (report, map) = judged("0.001");
        let matters = matters(&report, &map).remove("gpt").unwrap();
        let mut decisions: Decisions = matters.iter().map(|matter| (matter.clone(), Ruling::Approved)).collect();
        assert_eq!(reviewed(&report, &map, &decisions).approved, ["gpt"]);
        decisions.insert(matters[0].clone(), Ruling::Rejected);
        assert_eq!(reviewed(&report, &map, &decisions).rejected, ["gpt"]);
    }
}
