//! Models that went although somebody's proxy is priced by them. Upstream may well mean it; the proxy would bill $0.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::check::findings::{About, Findings, Rule};
use crate::check::words::quoted;
use crate::finding::{CheckReport, Severity, Verdict};
use crate::map::CostMap;

pub(crate) const IN_USE_GONE: Rule = Rule::review(
    "in_use.gone",
    "A model that one of your proxies uses was removed: calls to it would be billed at $0 there.",
)
.many("{n} models that your proxies use were removed");

/// Asks about each model of `used` that `against` has and `candidate` prices no more.
pub fn in_use_gone<'a>(
    report: &mut CheckReport,
    candidate: &CostMap,
    against: &CostMap,
    used: impl IntoIterator<Item = &'a str>,
) {
    let asked: HashSet<String> = report.reviewed_models.iter().cloned().collect();
    let mut out = Findings::default();
    for name in used.into_iter().filter(|name| !asked.contains(*name)) {
        let Some(entry) = against.get(name).filter(|entry| !entry.is_reserved()) else { continue };
        if candidate.priced(name).is_some() {
            continue;
        }
        out.add(IN_USE_GONE, About { order: entry.order(), model: Some(name), ..About::default() }, || {
            format!(
                "{}: the model is gone, and one of your proxies uses it; calls to it would be billed at $0.",
                quoted(name)
            )
        });
    }
    let found = out.finish();
    if found.findings.is_empty() {
        return;
    }
    report.findings.extend(found.findings);
    report.findings.sort_by_key(|finding| Reverse(finding.severity));
    report.reviewed_models.extend(found.reviewed);
    debug_assert!(report.findings.iter().any(|finding| finding.severity >= Severity::Review));
    report.verdict = Verdict::of(&report.findings);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;

    #[test]
    fn a_removed_model_is_asked_about_where_a_proxy_uses_it() {
        let entry = |name: &str| {
            format!(
                r#""{name}": {{"litellm_provider": "p", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06}}"#
            )
        };
        let map = |names: &[String]| {
            let members: Vec<String> = names.iter().map(|name| entry(name)).collect();
            CostMap::parse(format!("{{{}}}", members.join(","))).unwrap()
        };
        let all: Vec<String> = (0..80).map(|n| format!("m{n}")).collect();
        let (old, new) = (map(&all), map(&all[2..]));
        let asked = |used: &[&str]| {
            let mut report = check(&new, Some(&old));
            in_use_gone(&mut report, &new, &old, used.iter().copied());
            (report.verdict, report.reviewed_models)
        };
        assert_eq!(asked(&["m5", "never"]), (Verdict::Accepted, vec![]));
        assert_eq!(asked(&["m1", "m0", "m5"]), (Verdict::Review, vec!["m0".to_owned(), "m1".to_owned()]));
    }
}
