//! What the checks said, for people: one line a cause, with some of its models.

use costmap::people::thousands;
use costmap::{Cause, Finding, Severity, Verdict, causes};

use super::grid::{Grid, Head, cell, sentence, toned};
use super::tone::Tone;
use super::{Screen, count, safe};

/// Causes of one weight that are shown; the JSON has every finding.
const CAUSES: usize = 40;

/// Models that a line of several names.
const MODELS: usize = 4;

/// The verdict in a word.
pub(crate) fn verdict_word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Accepted => ("accepted", Tone::Strong),
        Verdict::Review => ("review", Tone::Warn),
        Verdict::Held => ("held", Tone::Bad),
    }
}

/// One line a cause, the gravest first.
pub(crate) fn text(screen: &Screen, findings: &[Finding]) -> String {
    let all = causes(findings, &|_| false);
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left(""), Head::Left("")]);
    for severity in [Severity::Hold, Severity::Review, Severity::Info] {
        let (word, tone) = match severity {
            Severity::Hold => ("hold", Tone::Bad),
            Severity::Review => ("review", Tone::Warn),
            Severity::Info => ("info", Tone::Faint),
        };
        let of_weight: Vec<&Cause> = all.iter().filter(|cause| cause.severity == severity).collect();
        for cause in of_weight.iter().take(CAUSES) {
            grid.row([toned(tone, word), cell(&cause.rule), sentence(&(cause.message.clone() + &examples(cause)))]);
        }
        if of_weight.len() > CAUSES {
            let more = format!("… and {}; --json shows every finding", count(of_weight.len() - CAUSES, "more cause"));
            grid.row([toned(tone, word), cell(""), toned(Tone::Faint, more)]);
        }
    }
    grid.text()
}

/// Some of the models of a cause that is about several.
fn examples(cause: &Cause) -> String {
    if cause.count < 2 || cause.models.is_empty() {
        return String::new();
    }
    let named: Vec<String> = cause.models.iter().take(MODELS).map(|model| safe(model)).collect();
    let rest = cause.count.saturating_sub(named.len());
    let rest = if rest > 0 { format!(" and {} more", thousands(rest)) } else { String::new() };
    format!(" {}{rest}", named.join(", "))
}

/// How many of each weight: `1 that holds the map, 3 to review, 55 for information`.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let all = causes(findings, &|_| false);
    let number = |severity| all.iter().filter(|cause| cause.severity == severity).count();
    let parts: Vec<String> = [
        (number(Severity::Hold), "holding the map"),
        (number(Severity::Review), "to review"),
        (number(Severity::Info), "for information"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", thousands(number)))
    .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{pipe, plain};
    use super::*;

    fn finding(rule: &'static str, severity: Severity, subject: &str, model: String) -> Finding {
        let message = format!("{model} is wrong.");
        let (subject, model) = (Some(subject.to_owned()), Some(model));
        Finding { rule: rule.into(), severity, broken: false, subject, model, field: None, value: None, message }
    }

    #[test]
    fn many_findings_with_one_cause_are_one_line_and_do_not_bury_the_others() {
        let gone =
            |number| finding("provider.vanished", Severity::Review, "openrouter", format!("openrouter/m-{number}"));
        let mut findings: Vec<Finding> = (0..300).map(gone).collect();
        findings.push(finding("jump.up", Severity::Review, "openai", "gpt".into()));
        findings.push(finding("jump.repaired", Severity::Info, "azure_ai", "jais".into()));
        insta::assert_snapshot!(plain(&text(&pipe(), &findings)));
        assert_eq!(summary(&findings), "2 to review, 1 for information");
    }
}
