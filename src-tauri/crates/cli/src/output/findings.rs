//! What the checks said, for people.

use costmap::{Finding, Severity, Verdict};

use super::grid::{Grid, Head, cell, sentence, toned};
use super::tone::Tone;
use super::{Screen, count};

/// Findings of one weight that a terminal shows; all are in the JSON.
const SHOWN: usize = 40;

/// The verdict in a word.
pub(crate) fn verdict_word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Accepted => ("accepted", Tone::Strong),
        Verdict::Review => ("review", Tone::Warn),
        Verdict::Held => ("held", Tone::Bad),
    }
}

/// The findings, the gravest first, a bounded number of each weight.
pub(crate) fn text(screen: &Screen, findings: &[Finding]) -> String {
    let mut out = String::new();
    for severity in [Severity::Hold, Severity::Review, Severity::Info] {
        let mut of_this = findings.iter().filter(|finding| finding.severity == severity).peekable();
        if of_this.peek().is_none() {
            continue;
        }
        let (word, tone) = match severity {
            Severity::Hold => ("hold", Tone::Bad),
            Severity::Review => ("review", Tone::Warn),
            Severity::Info => ("info", Tone::Faint),
        };
        let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left(""), Head::Left("")]);
        for finding in of_this.by_ref().take(SHOWN) {
            grid.row([toned(tone, word), cell(&finding.rule), sentence(&finding.message)]);
        }
        out.push_str(&grid.text());
        let rest = of_this.count();
        if rest > 0 {
            out.push_str(&format!("{word}: and {} more; --json shows all\n", count(rest, "finding")));
        }
    }
    out
}
