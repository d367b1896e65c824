//! What the checks said, for people: a few of each rule, and how many more there are.

use costmap::{Finding, Severity, Verdict};

use super::grid::{Grid, Head, cell, sentence, toned};
use super::tone::Tone;
use super::{Screen, count};

/// The verdict in a word.
pub(crate) fn verdict_word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Accepted => ("accepted", Tone::Strong),
        Verdict::Review => ("review", Tone::Warn),
        Verdict::Held => ("held", Tone::Bad),
    }
}

/// The findings, the gravest first. A provider that vanishes is hundreds of findings of one rule: a few are shown, the
/// rest is counted; the JSON has all.
pub(crate) fn text(screen: &Screen, findings: &[Finding]) -> String {
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left(""), Head::Left("")]);
    for severity in [Severity::Hold, Severity::Review, Severity::Info] {
        let (word, tone, most) = match severity {
            Severity::Hold => ("hold", Tone::Bad, 20),
            Severity::Review => ("review", Tone::Warn, 5),
            Severity::Info => ("info", Tone::Faint, 2),
        };
        for (rule, of_rule) in by_rule(findings, severity) {
            for finding in of_rule.iter().take(most) {
                grid.row([toned(tone, word), cell(rule), sentence(&finding.message)]);
            }
            if of_rule.len() > most {
                let more =
                    format!("… and {} of this rule; --json shows more", count(of_rule.len() - most, "more finding"));
                grid.row([toned(tone, word), cell(rule), toned(Tone::Faint, more)]);
            }
        }
    }
    grid.text()
}

/// How many of each weight: `3 to be held, 276 to be reviewed, 55 for information`.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> = [
        (number(Severity::Hold), "that hold the map"),
        (number(Severity::Review), "to be reviewed"),
        (number(Severity::Info), "for information"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", costmap::people::thousands(number)))
    .collect();
    parts.join(", ")
}

/// The findings of one weight by their rule, rules in the order of their first finding.
fn by_rule(findings: &[Finding], severity: Severity) -> Vec<(&str, Vec<&Finding>)> {
    let mut rules: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity == severity) {
        match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, of_rule)) => of_rule.push(finding),
            None => rules.push((&finding.rule, vec![finding])),
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::super::tests::{pipe, plain};
    use super::*;

    fn finding(rule: &'static str, severity: Severity, number: usize) -> Finding {
        let message = format!("{rule} number {number}");
        Finding { rule: rule.into(), severity, model: None, field: None, value: None, message }
    }

    #[test]
    fn many_findings_of_one_rule_do_not_bury_the_others() {
        let mut findings: Vec<Finding> =
            (0..300).map(|number| finding("provider.vanished", Severity::Review, number)).collect();
        findings.push(finding("price.token", Severity::Review, 1));
        findings.push(finding("compat.field", Severity::Info, 1));
        insta::assert_snapshot!(plain(&text(&pipe(), &findings)));
        assert_eq!(summary(&findings), "301 to be reviewed, 1 for information");
    }
}
