//! Forms that this program does not know, and other names: tomorrow's map is no broken map.

use serde_json::json;

use super::*;

fn info(report: &CheckReport) -> Vec<String> {
    report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Info)
        .map(|finding| finding.message.clone())
        .collect()
}

#[test]
fn rows_of_an_unknown_form_are_one_notice() {
    let mut map = sound();
    for number in 0..98 {
        map.insert(format!("row-{number}"), json!({"inherits_from": "provider1/model-1", "since": 3}));
    }
    map.insert("_limits".into(), json!({"daily": {"p": 5}}));
    let report = check(&parse(&map), Some(&parse(&sound())));
    assert_eq!((report.verdict, grave(&report).len()), (Verdict::Accepted, 0));
    assert_eq!(
        info(&report),
        [
            "98 rows have a form that this version does not recognise (inherits_from, since), for example row-0. They are passed on and compared unchanged.",
            "1 row has a form that this version does not recognise (daily), for example _limits. They are passed on and compared unchanged.",
        ]
    );
}

#[test]
fn fields_that_are_not_known_are_one_notice() {
    let mut map = sound();
    for (number, entry) in map.values_mut().skip(1).filter_map(Value::as_object_mut).enumerate() {
        entry.insert("quantum_mode".into(), json!("on"));
        if number % 2 == 0 {
            entry.insert("carbon".into(), json!({"grams": [1, 2], "cost_note": "x"}));
        }
    }
    let report = check(&parse(&map), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Accepted, "{:?}", report.findings);
    assert_eq!(
        info(&report),
        [
            "2 fields are new to this version: quantum_mode (60 models), carbon (30 models). They are passed on and compared unchanged."
        ]
    );
    assert_eq!(check(&parse(&map), Some(&parse(&map))).findings, [], "once");
}

#[test]
fn a_model_whose_row_takes_an_unknown_form_is_a_question() {
    let mut map = sound();
    for number in [1, 7] {
        map.insert(format!("provider1/model-{number}"), json!({"inherits_from": "provider1/model-13"}));
    }
    let report = check(&parse(&map), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Review);
    let causes = costmap::causes(&report.findings, &|_| false);
    assert_eq!(causes[0].message, "2 models changed to a form that this version does not recognise, without a price.");
}

#[test]
fn alias_rows_of_the_map_of_today_are_no_fault() {
    let mut map = sound();
    map.insert("opus-latest".into(), json!({"alias_of": "provider1/model-1"}));
    let alone = check(&parse(&map), None);
    assert_eq!(grave(&alone), [""; 0]);
    assert_eq!(check(&parse(&map), Some(&parse(&sound()))).findings, []);
}

#[rstest]
#[case::dangling(json!({"alias_of": "nowhere"}), "alias.dangling m -", "m stands for nowhere, which isn't in the map: LiteLLM 1.110 and later do not serve it, and its calls have no price.")]
#[case::chained(json!({"alias_of": "other"}), "alias.chained m -", "m stands for other, which is itself an alias: LiteLLM 1.110 and later do not serve it, and its calls have no price.")]
#[case::to_itself(json!({"alias_of": "m"}), "alias.to_itself m -", "m stands for itself: LiteLLM 1.110 and later do not serve it, and its calls have no price.")]
#[case::number(json!({"alias_of": 5, "litellm_provider": "p", "mode": "embedding"}), "alias.not_text m alias_of", "m: alias_of is 5, not a model name; LiteLLM ignores it and prices the row as it is.")]
fn an_alias_that_stands_for_nothing_is_a_question_about_this_row(
    #[case] row: Value,
    #[case] expected: &str,
    #[case] said: &str,
) {
    let mut old = sound();
    old.insert("other".into(), json!({"alias_of": "provider1/model-1"}));
    let mut new = old.clone();
    new.insert("m".into(), row);
    let report = check(&parse(&new), Some(&parse(&old)));
    assert_eq!(grave(&report), [expected]);
    assert_eq!((report.verdict, &*report.findings[0].message), (Verdict::Review, said));
    assert_eq!(grave(&check(&parse(&new), Some(&parse(&new)))), [""; 0], "told once");
}

#[test]
fn an_alias_whose_target_went_is_told_though_its_row_did_not_change() {
    let mut old = sound();
    old.insert("latest".into(), json!({"alias_of": "provider1/model-1"}));
    let mut new = old.clone();
    new.remove("provider1/model-1");
    assert_eq!(grave(&check(&parse(&new), Some(&parse(&old)))), ["alias.dangling latest -"]);
}

#[test]
fn an_alias_that_moves_to_a_far_price_is_a_question() {
    let mut old = sound();
    old.insert(
        "dear".into(),
        json!({"litellm_provider": "p", "mode": "chat", "input_cost_per_token": 2e-5, "output_cost_per_token": 1e-4}),
    );
    old.insert("latest".into(), json!({"alias_of": "provider1/model-1"}));
    let mut new = old.clone();
    new.insert("latest".into(), json!({"alias_of": "dear"}));
    let report = check(&parse(&new), Some(&parse(&old)));
    assert_eq!(
        grave(&report),
        ["alias.far_price latest input_cost_per_token", "alias.far_price latest output_cost_per_token"]
    );
    assert_eq!(
        report.findings[0].message,
        "latest now stands for dear instead of provider1/model-1: input_cost_per_token went from $1.00 per 1M tokens to $20.00 per 1M tokens (20 times)."
    );
    new.insert("latest".into(), json!({"alias_of": "provider2/model-2"}));
    assert_eq!(check(&parse(&new), Some(&parse(&old))).findings, [], "the same price");
}

#[test]
fn a_map_that_books_most_models_at_nothing_is_held() {
    let mut map = sound();
    for entry in map.values_mut().skip(1).take(31).filter_map(Value::as_object_mut) {
        entry.remove("input_cost_per_token");
        entry.remove("output_cost_per_token");
    }
    let report = check(&parse(&map), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Held);
    assert_eq!(
        message(&report, "shrink.prices_gone"),
        "31 of the 60 models that had a price no longer have one; calls to them would be billed at $0."
    );
}

#[test]
fn hostile_names_and_thousands_of_findings_stay_small() {
    let mut map = sound();
    for number in 0..5_000 {
        map.insert(format!("broken-{number}"), json!({"mode": "chat"}));
    }
    map.insert("x".repeat(2_000_000), json!({"litellm_provider": "p", "mode": "chat"}));
    map.insert("\u{1b}[2J\u{202e}evil".into(), json!({"litellm_provider": "p"}));
    let report = check(&parse(&map), Some(&parse(&sound())));
    assert_eq!(report.findings.iter().filter(|finding| finding.rule == "value.no_provider").count(), 500);
    assert!(report.findings.iter().all(|finding| finding.message.len() < 1_000));
    let last = report.findings.last().unwrap();
    assert_eq!((&*last.rule, last.severity, last.value.as_deref()), ("findings.more", Severity::Info, Some("4500")));
    assert_eq!(last.message, "4,500 more findings of value.no_provider are not listed here.");
    assert_eq!(held_models(&report).len(), 5_002, "each keeps its old entry, also the one with the long name");
    assert!(serde_json::to_string(&report).unwrap().len() < 500_000);
    assert_eq!(
        message(&report, "entry.no_mode"),
        "\u{fffd}[2J\u{fffd}evil: the mode is missing; expected one such as chat or embedding."
    );
}
