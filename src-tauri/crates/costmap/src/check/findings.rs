//! Collects findings: bounded in number, in the order that a report has; the models to be reviewed are all kept.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::check::words::{field, quoted};
use crate::finding::{Finding, Severity};
use crate::leaf::Path;
use crate::people::thousands;

/// One rule of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable id: `family.rule`.
    pub id: &'static str,
    /// How much a finding of this rule weighs. The rules for one proxy version weigh what each finding says.
    pub severity: Severity,
    /// One line: what it looks for.
    pub explanation: &'static str,
    /// What several models with this in common are told as: `{n}` is how many, `{subject}` what they have in common.
    pub many: &'static str,
    /// What it finds cannot be priced at all.
    pub broken: bool,
}

impl Rule {
    pub(crate) const fn hold(id: &'static str, explanation: &'static str) -> Self {
        Self { id, severity: Severity::Hold, explanation, many: "", broken: false }
    }

    pub(crate) const fn review(id: &'static str, explanation: &'static str) -> Self {
        Self { severity: Severity::Review, ..Self::hold(id, explanation) }
    }

    /// An entry that cannot be priced at all.
    pub(crate) const fn broken(id: &'static str, explanation: &'static str) -> Self {
        Self { broken: true, ..Self::review(id, explanation) }
    }

    pub(crate) const fn info(id: &'static str, explanation: &'static str) -> Self {
        Self { severity: Severity::Info, ..Self::hold(id, explanation) }
    }

    /// What several models are told as.
    pub(crate) const fn many(self, many: &'static str) -> Self {
        Self { many, ..self }
    }
}

/// Findings of one rule that are listed; the rest is counted. A hostile map of 200,000 models would otherwise make a
/// report of 57 MB. The models that keep their old entry are kept apart, so that none of them is lost.
const LISTED: usize = 500;

pub(crate) const MORE: Rule = Rule::info("findings.more", "A rule has more findings than are listed; says how many.");

impl Finding {
    /// Whether it is a closing `findings.more`, which tells of those of one rule that are not listed.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.rule == MORE.id
    }

    /// How many findings it stands for: one, or as many as are not listed.
    #[must_use]
    pub fn stands_for(&self) -> usize {
        let left_out = || self.value.as_ref()?.parse().ok();
        if self.is_rest() { left_out().unwrap_or(0) } else { 1 }
    }
}

/// Findings of one Review rule on one model: the first already keeps the model's old entry.
const LISTED_OF_A_MODEL: usize = 20;

/// What a finding is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    /// The place in the map, for the order of the report: 0 for the map as a whole.
    pub(crate) order: u32,
    pub(crate) model: Option<&'a str>,
    /// The model's whole name, where `model` is a shortened one.
    pub(crate) whole_name: Option<&'a str>,
    /// What findings with the same cause have in common.
    pub(crate) subject: Option<&'a str>,
    pub(crate) field: Option<Path<'a>>,
    pub(crate) value: Option<&'a str>,
}

#[derive(Clone, Copy)]
struct Count {
    listed: usize,
    left_out: usize,
    order: u32,
    of_model: usize,
}

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<(u32, Finding)>,
    counts: BTreeMap<&'static str, Count>,
    /// The models of Review findings by their place in the map, also of those that are not listed.
    reviewed: BTreeSet<(u32, String)>,
}

/// What was found.
pub(crate) struct Found {
    /// Hold first, then Review, then information; within one severity in the map's order.
    pub(crate) findings: Vec<Finding>,
    /// The models of all Review findings, each once, in the map's order.
    pub(crate) reviewed: Vec<String>,
}

impl Findings {
    /// Adds one; `message` is made only where it is listed.
    pub(crate) fn add(&mut self, rule: Rule, about: About<'_>, message: impl FnOnce() -> String) {
        if let (Severity::Review, Some(model)) = (rule.severity, about.model) {
            self.reviewed.insert((about.order, about.whole_name.unwrap_or(model).to_owned()));
        }
        let count =
            self.counts.entry(rule.id).or_insert(Count { listed: 0, left_out: 0, order: about.order, of_model: 0 });
        if count.order != about.order {
            (count.order, count.of_model) = (about.order, 0);
        }
        count.of_model += 1;
        let enough_of_it =
            rule.severity == Severity::Review && count.of_model > LISTED_OF_A_MODEL && about.model.is_some();
        if count.listed >= LISTED || enough_of_it {
            count.left_out += 1;
            return;
        }
        count.listed += 1;
        let finding = Finding {
            rule: Cow::Borrowed(rule.id),
            severity: rule.severity,
            broken: rule.broken,
            subject: about.subject.map(quoted),
            model: about.model.map(str::to_owned),
            field: about.field.map(field),
            value: about.value.map(quoted),
            message: message(),
        };
        self.list.push((about.order, finding));
    }

    /// Everything in the order of a report. What is not listed of a rule is counted by one finding at the end.
    pub(crate) fn finish(mut self) -> Found {
        self.list.sort_by_key(|(order, finding)| (Reverse(finding.severity), *order));
        let mut findings: Vec<Finding> = self.list.into_iter().map(|(_, finding)| finding).collect();
        findings.extend(more(&self.counts));
        let mut seen = HashSet::new();
        let reviewed = self.reviewed.into_iter().map(|(_, model)| model).filter(|model| seen.insert(model.clone()));
        Found { findings, reviewed: reviewed.collect() }
    }
}

/// A closing finding for each rule of which something was left out.
fn more(counts: &BTreeMap<&'static str, Count>) -> impl Iterator<Item = Finding> {
    counts.iter().filter(|(_, count)| count.left_out > 0).map(|(rule, count)| Finding {
        rule: Cow::Borrowed(MORE.id),
        severity: MORE.severity,
        broken: false,
        subject: Some((*rule).to_owned()),
        model: None,
        field: None,
        value: Some(count.left_out.to_string()),
        message: format!("{} more findings of {rule} are not listed here.", thousands(count.left_out)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_finding_stands_for_those_that_are_not_listed() {
        let rule = Rule::review("jump.up", "");
        let mut findings = Findings::default();
        for order in 0..3500 {
            findings.add(rule, About { order, ..About::default() }, String::new);
        }
        let found = findings.finish().findings;
        assert_eq!((found.len(), found.iter().map(Finding::stands_for).sum::<usize>()), (LISTED + 1, 3500));
        assert!(found.last().is_some_and(Finding::is_rest));
    }
}
