//! Collects findings: bounded in number where that loses nothing, in the order that a report has.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use crate::check::words::{field, quoted};
use crate::finding::{Finding, Severity};
use crate::leaf::Path;

/// One rule of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable id: `family.rule`.
    pub id: &'static str,
    /// How much a finding of this rule weighs. The rules for one proxy version weigh what each finding says.
    pub severity: Severity,
    /// One line: what it looks for.
    pub explanation: &'static str,
}

impl Rule {
    pub(crate) const fn hold(id: &'static str, explanation: &'static str) -> Self {
        Self { id, severity: Severity::Hold, explanation }
    }

    pub(crate) const fn review(id: &'static str, explanation: &'static str) -> Self {
        Self { id, severity: Severity::Review, explanation }
    }

    pub(crate) const fn info(id: &'static str, explanation: &'static str) -> Self {
        Self { id, severity: Severity::Info, explanation }
    }
}

/// Findings of one Hold or information rule that are listed; the rest is counted. Review findings are all listed, since
/// each names a model that keeps its old entry.
const LISTED: usize = 200;

/// Findings of one Review rule on one model: the first already keeps the model's old entry.
const LISTED_OF_A_MODEL: usize = 20;

/// What a finding is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    /// The place in the map, for the order of the report: 0 for the map as a whole.
    pub(crate) order: u32,
    pub(crate) model: Option<&'a str>,
    pub(crate) field: Option<Path<'a>>,
    pub(crate) value: Option<&'a str>,
}

#[derive(Clone, Copy)]
struct Count {
    rule: Rule,
    listed: usize,
    left_out: usize,
    order: u32,
    of_model: usize,
}

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<(u32, Finding)>,
    counts: HashMap<&'static str, Count>,
}

impl Findings {
    /// Adds one; `message` is made only where it is listed.
    pub(crate) fn add(&mut self, rule: Rule, about: About<'_>, message: impl FnOnce() -> String) {
        let count = self.counts.entry(rule.id).or_insert(Count {
            rule,
            listed: 0,
            left_out: 0,
            order: about.order,
            of_model: 0,
        });
        if count.order != about.order {
            (count.order, count.of_model) = (about.order, 0);
        }
        count.of_model += 1;
        let full = match rule.severity {
            Severity::Review => count.of_model > LISTED_OF_A_MODEL && about.model.is_some(),
            Severity::Hold | Severity::Info => count.listed >= LISTED,
        };
        if full {
            count.left_out += 1;
            return;
        }
        count.listed += 1;
        let finding = Finding {
            rule: Cow::Borrowed(rule.id),
            severity: rule.severity,
            model: about.model.map(str::to_owned),
            field: about.field.map(field),
            value: about.value.map(quoted),
            message: message(),
        };
        self.list.push((about.order, finding));
    }

    /// Hold first, then Review, then information; within one severity in the map's order.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        let left_out = self.counts.values().filter(|count| count.left_out > 0);
        self.list.extend(left_out.map(|count| {
            let message = format!("{} more findings of {} are not listed here.", count.left_out, count.rule.id);
            let finding = Finding {
                rule: Cow::Borrowed(count.rule.id),
                severity: count.rule.severity,
                model: None,
                field: None,
                value: Some(count.left_out.to_string()),
                message,
            };
            (u32::MAX, finding)
        }));
        // What was left out comes last within its severity, by rule, since the counts have no order of their own.
        let last = |order: u32, finding: &Finding| (order == u32::MAX).then(|| finding.rule.clone());
        self.list.sort_by_cached_key(|(order, finding)| (Reverse(finding.severity), *order, last(*order, finding)));
        self.list.into_iter().map(|(_, finding)| finding).collect()
    }
}
