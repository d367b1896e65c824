//! One cause, one line: what findings add up to for people. "openrouter: all 496 models are gone" instead of 496 lines.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::check::RULES;
use crate::finding::{Finding, Severity};
use crate::people::{counted, thousands};

/// Models that a cause names: people unfold them, and nobody reads more.
const NAMED: usize = 500;

/// Findings of one rule about things with something in common: a provider, a field, a proxy's version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Its entries cannot be priced at all.
    pub broken: bool,
    /// What they have in common.
    pub subject: Option<String>,
    /// One sentence for all of it.
    pub message: String,
    /// The models concerned, mine first, then as in the map; at most 500.
    pub models: Vec<String>,
    /// How many models are concerned, also those that are not named; 0 for the map as a whole.
    pub count: usize,
    /// How many of the named models are mine.
    pub mine: usize,
}

/// The causes of these findings, the worst first: by severity, then what cannot be priced at all, then what concerns the
/// models that `is_mine` knows, then by how many models.
pub fn causes(findings: &[Finding], is_mine: &dyn Fn(&str) -> bool) -> Vec<Cause> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| !finding.is_rest()) {
        // What is about the map as a whole is a cause of its own.
        let own = finding.model.is_none().then_some(at);
        let key = (&*finding.rule, finding.severity, finding.broken, finding.subject.as_deref(), own);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Group { first: finding, findings: 0, models: Vec::new(), left_out: 0 });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.findings += 1;
        // All of one model stand together.
        if group.models.last().copied() != finding.model.as_deref() {
            group.models.extend(finding.model.as_deref());
        }
    }
    let mut rest = Vec::new();
    for closing in findings.iter().filter(|finding| finding.is_rest()) {
        let of_rule = |group: &&mut Group<'_>| Some(&*group.first.rule) == closing.subject.as_deref();
        let mut of_rule: Vec<&mut Group<'_>> = groups.iter_mut().filter(of_rule).collect();
        match &mut of_rule[..] {
            [only] => only.left_out = closing.stands_for(),
            _ => rest.push(Cause::alone(closing)),
        }
    }
    let mut causes: Vec<Cause> = groups.into_iter().map(|group| group.cause(is_mine)).chain(rest).collect();
    causes.sort_by_key(|cause| {
        (Reverse(cause.severity), Reverse(cause.broken), Reverse(cause.mine > 0), Reverse(cause.count))
    });
    causes
}

/// The worst cause, where there is any: what one sentence about all of them names.
pub fn worst(findings: &[Finding], is_mine: &dyn Fn(&str) -> bool) -> Option<Cause> {
    causes(findings, is_mine).into_iter().next()
}

/// What findings of one cause share: rule, weight, whether broken, subject; and what stands for itself its own place.
type Key<'a> = (&'a str, Severity, bool, Option<&'a str>, Option<usize>);

struct Group<'a> {
    first: &'a Finding,
    findings: usize,
    models: Vec<&'a str>,
    left_out: usize,
}

impl Group<'_> {
    fn cause(mut self, is_mine: &dyn Fn(&str) -> bool) -> Cause {
        let named = self.models.len();
        let mut mine: Vec<&str> = Vec::new();
        self.models.retain(|model| {
            let is_mine = is_mine(model);
            if is_mine {
                mine.push(model);
            }
            !is_mine
        });
        let of_mine = mine.len();
        let models: Vec<String> = mine.into_iter().chain(self.models).take(NAMED).map(str::to_owned).collect();
        let count = named + self.left_out;
        Cause {
            message: message(self.first, count, self.findings, models.first().filter(|_| of_mine > 0)),
            rule: self.first.rule.to_string(),
            severity: self.first.severity,
            broken: self.first.broken,
            subject: self.first.subject.clone(),
            models,
            count,
            mine: of_mine,
        }
    }
}

impl Cause {
    /// A finding that stands for itself.
    fn alone(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.to_string(),
            severity: finding.severity,
            broken: finding.broken,
            subject: finding.subject.clone(),
            message: finding.message.clone(),
            models: Vec::new(),
            count: 0,
            mine: 0,
        }
    }
}

fn message(first: &Finding, count: usize, findings: usize, mine: Option<&String>) -> String {
    if count <= 1 {
        return match findings {
            ..=1 => first.message.clone(),
            more => {
                format!("{} And {} of the same model.", first.message, counted(more - 1, "more field", "more fields"))
            }
        };
    }
    let many = RULES.iter().find(|rule| rule.id == first.rule).map_or("", |rule| rule.many);
    let many = if many.is_empty() { "{n} models: a finding of the rule {rule}" } else { many };
    let subject = first.subject.as_deref();
    let template = match subject {
        Some(_) => many,
        // Stored before it was known what they have in common.
        None => many.trim_start_matches("{subject}: "),
    };
    let text = template
        .replace("{n}", &thousands(count))
        .replace("{rule}", &first.rule)
        .replace("{subject}", subject.unwrap_or("one field"));
    let text = capitalised(&text, subject);
    match mine {
        Some(model) => format!("{text}, {model} among them."),
        None => format!("{text}."),
    }
}

/// A sentence begins with a capital, but a name stays as it is.
fn capitalised(text: &str, subject: Option<&str>) -> String {
    if subject.is_some_and(|subject| text.starts_with(subject)) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn finding(rule: &'static str, severity: Severity, subject: Option<&str>, model: Option<&str>) -> Finding {
        Finding {
            rule: Cow::Borrowed(rule),
            severity,
            broken: rule.starts_with("value.price"),
            subject: subject.map(str::to_owned),
            model: model.map(str::to_owned),
            field: None,
            value: None,
            message: format!("{} is wrong.", model.unwrap_or("The map")),
        }
    }

    fn told(findings: &[Finding], mine: &[&str]) -> Vec<String> {
        causes(findings, &|model| mine.contains(&model)).into_iter().map(|cause| cause.message).collect()
    }

    #[test]
    fn a_provider_that_left_is_one_line_with_its_models() {
        let gone = (0..496).map(|number| format!("openrouter/model-{number}"));
        let gone: Vec<Finding> = gone
            .map(|model| finding("provider.vanished", Severity::Review, Some("openrouter"), Some(&model)))
            .collect();
        let causes = causes(&gone, &|_| false);
        assert_eq!(causes.len(), 1);
        assert_eq!((causes[0].message.as_str(), causes[0].count), ("openrouter: all 496 models are gone.", 496));
        assert_eq!(causes[0].models.len(), 496);
    }

    #[test]
    fn the_worst_is_first_whatever_came_first() {
        let findings = [
            finding("jump.down", Severity::Info, Some("a"), Some("cheap")),
            finding("price.per_token_too_high", Severity::Review, Some("wandb"), Some("one")),
            finding("price.per_token_too_high", Severity::Review, Some("wandb"), Some("two")),
            finding("jump.up", Severity::Review, Some("openai"), Some("mine")),
            finding("value.price_negative", Severity::Review, Some("x"), Some("broken")),
            finding("shrink.too_many_gone", Severity::Hold, None, None),
        ];
        assert_eq!(
            told(&findings, &["mine"]),
            [
                "The map is wrong.",
                "broken is wrong.",
                "mine is wrong.",
                "wandb: 2 models cost $1,000 or more per 1M tokens.",
                "cheap is wrong.",
            ]
        );
        assert_eq!(worst(&findings, &|_| false).unwrap().severity, Severity::Hold);
        assert_eq!(worst(&[], &|_| false), None);
    }

    #[test]
    fn what_is_mine_is_named_and_several_fields_are_one_model() {
        let two = |model| finding("price.gone", Severity::Review, Some("azure"), Some(model));
        assert_eq!(told(&[two("a"), two("a"), two("a")], &[]), ["a is wrong. And 2 more fields of the same model."]);
        let findings = [two("a"), two("b"), two("b"), two("c")];
        assert_eq!(told(&findings, &["b"]), ["azure: 3 models lost a price that nothing replaces, b among them."]);
        let cause = worst(&findings, &|model| model == "b").unwrap();
        assert_eq!((cause.models, cause.mine), (vec!["b".to_owned(), "a".to_owned(), "c".to_owned()], 1));
    }

    #[test]
    fn what_is_not_listed_counts_where_it_can_only_be_of_this_cause() {
        let mut findings: Vec<Finding> =
            (0..500).map(|n| finding("provider.vanished", Severity::Review, Some("a"), Some(&n.to_string()))).collect();
        let mut rest = finding("findings.more", Severity::Info, Some("provider.vanished"), None);
        rest.value = Some("100".to_owned());
        rest.message = "100 more findings of provider.vanished are not listed here.".to_owned();
        findings.push(rest);
        assert_eq!(told(&findings, &[]), ["a: all 600 models are gone."]);
        findings.insert(0, finding("provider.vanished", Severity::Review, Some("b"), Some("z")));
        let told = told(&findings, &[]);
        assert_eq!(told[2], "100 more findings of provider.vanished are not listed here.");
    }

    #[test]
    fn a_rule_of_another_version_is_told_too() {
        let one = |model| finding("future.rule", Severity::Review, None, Some(model));
        assert_eq!(told(&[one("a"), one("b")], &[]), ["2 models: a finding of the rule future.rule."]);
        let old = |model| finding("provider.vanished", Severity::Review, None, Some(model));
        assert_eq!(told(&[old("a"), old("b")], &[]), ["All 2 models are gone."]);
    }

    #[test]
    fn every_rule_about_models_has_a_sentence_for_many_of_them() {
        let about_the_map = |id: &str| {
            id.starts_with("structure.") && !matches!(id, "structure.entry_not_an_object" | "structure.name_too_long")
                || (id.starts_with("shrink.") && id != "shrink.many_gone")
                || id.starts_with("schema.")
                || id.starts_with("form.unknown_row")
                || id.starts_with("form.new_fields")
                || id.starts_with("check.")
                || id.starts_with("findings.")
                || (id.starts_with("compat.") && id.contains("models"))
                || matches!(id, "compat.under_half_of_bundled" | "compat.field_not_priced")
        };
        for rule in RULES.iter().filter(|rule| !about_the_map(rule.id)) {
            assert!(rule.many.contains("{n}"), "{} has none", rule.id);
        }
    }
}
