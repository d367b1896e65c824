//! What the checks say for one version of the proxy.

use costmap::{ProxyVersionFacts, check_compatibility};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

#[rstest]
#[case::refused((1, 109, 1), 40, &["compat.too_few_models"])]
#[case::half((1, 109, 1), 2_000, &["compat.under_half_of_bundled"])]
#[case::enough((1, 109, 1), 2_400, &[])]
#[case::before_it_looked((1, 80, 17), 40, &[])]
#[case::older_has_fewer((1, 82, 0), 1_400, &[])]
fn a_version_that_would_refuse_the_map_is_told(
    #[case] version: (u32, u32, u32),
    #[case] models: usize,
    #[case] rules: &[&str],
) {
    let map: Map<String, Value> =
        (0..models).map(|number| (format!("m{number}"), json!({"litellm_provider": "p", "mode": "chat"}))).collect();
    assert_eq!(compat(&parse(&map), version), rules);
}

fn compat(map: &CostMap, (major, minor, patch): (u32, u32, u32)) -> Vec<String> {
    let facts = ProxyVersionFacts { bundled_models: Some(100), ..ProxyVersionFacts::of((major, minor, patch)) };
    let facts = if map.len() < 100 { facts } else { ProxyVersionFacts::of((major, minor, patch)) };
    check_compatibility(map, &facts, &|_| false).into_iter().map(|finding| finding.rule.into_owned()).collect()
}

#[rstest]
#[case::entry(r#""text""#, (1, 90, 7), &["compat.entry_breaks_reload"])]
#[case::entry_swallowed(r#""text""#, (1, 80, 17), &[])]
#[case::nan(r#"{"x":NaN}"#, (1, 75, 5), &["compat.live_map_breaks"])]
#[case::infinite(r#"{"x":1e309}"#, (1, 109, 1), &["compat.live_map_breaks"])]
#[case::alias_old(r#"{"aliases":["n"]}"#, (1, 80, 17), &["compat.aliases_unknown"])]
#[case::alias_new(r#"{"aliases":["n"]}"#, (1, 90, 7), &[])]
#[case::alias_list(r#"{"aliases":[["n"]]}"#, (1, 90, 7), &["compat.aliases_break_reload"])]
#[case::field_old(r#"{"input_cost_per_token_batches":1e-6}"#, (1, 60, 0), &["compat.field_not_priced"])]
#[case::nested_field_old(r#"{"search_context_cost_per_query":{"a":1e-6,"b":1}}"#, (1, 60, 0), &["compat.field_not_priced"])]
#[case::field_new(r#"{"input_cost_per_token_batches":1e-6}"#, (1, 109, 1), &[])]
fn what_a_version_makes_of_an_entry_is_told(
    #[case] entry: &str,
    #[case] version: (u32, u32, u32),
    #[case] rules: &[&str],
) {
    let map = CostMap::parse(with_raw(entry)).unwrap();
    assert_eq!(compat(&map, version), rules);
}

#[test]
fn a_reserved_key_that_a_version_takes_for_a_model_is_told() {
    let map = parse(&with("fallback_generalizations", json!({"rules": []})));
    assert_eq!(compat(&map, (1, 90, 7)), ["compat.reserved_as_model"]);
    assert_eq!(compat(&map, (1, 92, 0)), [""; 0]);
    assert_eq!(compat(&parse(&with("_metadata", json!({}))), (1, 109, 1)), ["compat.reserved_as_model"]);
}

#[test]
fn a_version_that_does_not_know_alias_rows_says_which_it_would_book_at_nothing_mine_first() {
    let mut map = sound();
    map.insert("one-latest".into(), json!({"alias_of": "provider1/model-1"}));
    map.insert("mine-latest".into(), json!({"alias_of": "provider1/model-1"}));
    let map = parse(&map);
    let told = |version| {
        let facts = ProxyVersionFacts { bundled_models: Some(100), ..ProxyVersionFacts::of(version) };
        let found = check_compatibility(&map, &facts, &|name| name == "mine-latest");
        found.into_iter().map(|finding| (finding.severity, finding.model.unwrap())).collect::<Vec<_>>()
    };
    let expected = [(Severity::Review, "mine-latest".to_owned()), (Severity::Info, "one-latest".to_owned())];
    for version in [(1, 75, 5), (1, 90, 7), (1, 102, 4), (1, 109, 3)] {
        assert_eq!(told(version), expected, "{version:?}");
    }
    assert_eq!(told((1, 110, 0)), [], "1.110 prices them");
    assert_eq!(told((2, 3, 0)), [], "a newer one is not less able");
}
