//! If this fails, a user sees a wrong price change, or none where there was one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use costmap::{CostMap, Served, compare_live, compose, diff, diff_from_live};
use serde_json::{Value, json};

fn map(value: &Value) -> CostMap {
    CostMap::parse(serde_json::to_string_pretty(value).unwrap().as_bytes()).unwrap()
}

fn old() -> CostMap {
    map(&json!({
        "sample_spec": {"mode": "one of"},
        "kept": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6, "max_tokens": 128_000},
        "gone": {"litellm_provider": "openai", "mode": "chat"},
        "priced": {
            "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5,
            "search_context_cost_per_query": {"search_context_size_high": 0.05},
            "tiered_pricing": [{"range": [0, 1000], "input_cost_per_token": 1e-6}, {"range": [1000, 2000], "input_cost_per_token": 2e-6}],
            "supported_endpoints": ["/v1/chat"], "supports_vision": false, "deprecation_date": "2026-01-01"
        }
    }))
}

fn new() -> CostMap {
    CostMap::parse(
        br#"{
        "kept": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0.000001, "max_tokens": 128000.0},
        "priced": {
            "litellm_provider": "azure", "mode": "responses", "input_cost_per_token": 5e-06, "cache_read_input_token_cost": 1e-07,
            "search_context_cost_per_query": {"search_context_size_high": 0.025},
            "tiered_pricing": [{"range": [0, 1000], "input_cost_per_token": 1e-6}, {"range": [1000, 3000], "input_cost_per_token": 3e-6}],
            "supported_endpoints": ["/v1/batch", "/v1/chat"], "supports_vision": true, "deprecation_date": "2027-01-01", "max_input_tokens": 5
        },
        "fresh": {"litellm_provider": "openai", "mode": "chat"}
    }"#,
    )
    .unwrap()
}

#[test]
fn every_kind_of_change_is_told_with_its_path_and_exact_prices() {
    insta::assert_json_snapshot!(diff(&old(), &new()));
}

#[test]
fn nothing_differs_between_a_map_and_itself() {
    let set = diff(&old(), &old());
    assert_eq!(set.counts.changed_models + set.counts.new_models + set.counts.removed_models, 0);
}

#[test]
fn a_field_dropped_everywhere_is_one_notice_and_not_thousands_of_rows() {
    let many = |field: bool| {
        let entry = |n: usize| {
            let mut entry = json!({"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-6});
            if field {
                entry["max_tokens"] = json!(n);
            }
            (format!("m{n}"), entry)
        };
        map(&Value::Object((0..40).map(entry).collect()))
    };
    let set = diff(&many(true), &many(false));
    assert_eq!((set.counts.limit_changes, set.limit_changes.len()), (40, 0));
    assert_eq!(set.notices[0].subject, "max_tokens");
    assert_eq!(set.notices[0].models, 40);
}

#[test]
fn what_a_proxy_adds_is_no_difference_and_what_it_lacks_is() {
    let desired = new();
    let text = desired.text().replacen(
        "\"kept\": {",
        "\"64hex\": {\"mode\": \"chat\"}, \"kept\": {\"key\": \"kept\", \"tpm\": null, \"supported_openai_params\": [\"a\"],",
        1,
    );
    let live = CostMap::parse(text.as_bytes()).unwrap();
    let proof = compare_live(&desired, &live, Served::Rows, &|_| false);
    assert!(proof.is_proof(), "{proof:?}");
    assert_eq!((proof.models, proof.fields), (3, desired.models().map(|entry| entry.leaves().len()).sum()));
    assert!(diff_from_live(&live, &desired, Served::Rows, &|name| name == "64hex").removed_models.is_empty());

    let stale = CostMap::parse(text.replace("5e-06", "4e-06").replace("\"fresh\"", "\"other\"").as_bytes()).unwrap();
    let comparison = compare_live(&desired, &stale, Served::Rows, &|_| false);
    assert_eq!(comparison.missing, ["fresh"]);
    assert_eq!(
        comparison.drift.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(),
        ["input_cost_per_token"]
    );
    let comparison = compare_live(&desired, &stale, Served::Rows, &|change| change.model == "priced");
    assert_eq!(comparison.overridden_models(), ["priced"]);
}

#[test]
fn a_number_that_the_proxy_rounded_is_the_same_number() {
    let desired = CostMap::parse(br#"{"m": {"input_cost_per_token": 0.30000000000000001}}"#).unwrap();
    let live = CostMap::parse(br#"{"m": {"input_cost_per_token": 0.3}}"#).unwrap();
    assert!(compare_live(&desired, &live, Served::Rows, &|_| false).is_proof());
    assert_eq!(diff(&live, &desired).counts.pricing_changes, 1);
}

/// Found by the invented futures: the new list was taken for a field that only the proxy lacks, which is no drift.
#[test]
fn a_list_where_a_number_was_is_drift_of_a_proxy_that_has_the_number() {
    let old = CostMap::parse(br#"{"m": {"max_tokens": 65536, "note": ["a"]}}"#).unwrap();
    let new = CostMap::parse(br#"{"m": {"max_tokens": [[65536, 0], [131072, 1]], "note": "a"}}"#).unwrap();
    for (live, desired) in [(&old, &new), (&new, &old)] {
        let comparison = compare_live(desired, live, Served::Rows, &|_| false);
        let fields: Vec<&str> = comparison.drift.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["max_tokens", "note"]);
    }
    let set = diff(&old, &new);
    let [limit] = &*set.limit_changes else { panic!("{set:?}") };
    assert_eq!(
        (&limit.before, &limit.after),
        (&Some(65536.into()), &Some(serde_json::json!([[65536, 0], [131_072, 1]])))
    );
}

#[test]
fn held_models_keep_their_old_entry_and_the_rest_goes_on() {
    let (old, new) = (old(), new());
    let bytes = compose(&new, Some(&old), &["priced".into(), "fresh".into(), "gone".into()]);
    let promoted = CostMap::parse(bytes).unwrap();
    let names: Vec<String> = promoted.models().map(|entry| entry.name().into_owned()).collect();
    assert_eq!(names, ["kept", "priced", "gone"]);
    assert_eq!(promoted.get("priced").unwrap().raw(), old.get("priced").unwrap().raw());
    assert_eq!(promoted.get("kept").unwrap().raw(), new.get("kept").unwrap().raw());
    assert_eq!(compose(&new, Some(&old), &[]), new.text().as_bytes());
}

#[test]
fn a_hostile_entry_of_a_hundred_thousand_lists_is_one_change_and_soon_told() {
    let entry = |value: u32| {
        let fields: Vec<String> = (0..100_000).map(|n| format!("\"f{n}\": [{value}, 1]")).collect();
        CostMap::parse(format!("{{\"m\": {{{}}}}}", fields.join(",")).as_bytes()).unwrap()
    };
    let set = diff(&entry(1), &entry(2));
    assert_eq!((set.counts.other_changes, set.other_changes[0].field.as_str()), (1, ""));
    assert!(!compare_live(&entry(2), &entry(1), Served::Rows, &|_| false).is_proof());
}
