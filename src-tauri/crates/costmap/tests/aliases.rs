//! Other names in diffs and read-backs. If this fails, a user is shown a price that the proxy does not bill.
#![expect(clippy::unwrap_used, reason = "these are tests; clippy knows only functions with #[test]")]

use costmap::{AliasChange, CostMap, Served, compare_live, diff, diff_from_live};

const OLD: &str = r#"{
    "opus-5": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 5e-06, "max_input_tokens": 200000},
    "opus-6": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
    "opus-latest": {"alias_of": "opus-5"},
    "gone-latest": {"alias_of": "opus-5"},
    "becomes-alias": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 1e-06},
    "becomes-model": {"alias_of": "opus-5"},
    "listed-owner": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06, "aliases": ["short", "stays"]}
}"#;
const NEW: &str = r#"{
    "opus-5": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 5e-06, "max_input_tokens": 200000},
    "opus-6": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000, "aliases": ["short"]},
    "opus-latest": {"alias_of": "opus-6"},
    "new-latest": {"alias_of": "opus-6"},
    "becomes-alias": {"alias_of": "opus-6"},
    "becomes-model": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 9e-06, "max_input_tokens": 200000},
    "listed-owner": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06, "aliases": ["stays", "added"]},
    "model": {"litellm_provider": "x", "mode": "chat"}
}"#;

fn map(text: &str) -> CostMap {
    CostMap::parse(text).unwrap()
}

fn told(change: &AliasChange) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".into());
    let value = |value: &Option<serde_json::Value>| value.as_ref().map_or("—".into(), ToString::to_string);
    let effects = change
        .effects
        .iter()
        .map(|effect| format!("; {} {} -> {}", effect.field, value(&effect.before), value(&effect.after)));
    format!("{}: {} -> {}{}", change.model, name(&change.before), name(&change.after), effects.collect::<String>())
}

#[test]
fn an_alias_that_came_went_or_moved_is_a_change_of_its_own_with_what_it_does() {
    let set = diff(&map(OLD), &map(NEW));
    let changes: Vec<String> = set.alias_changes.iter().map(told).collect();
    insta::assert_snapshot!(changes.join("\n"));
    assert_eq!(set.new_models, ["model"]);
    assert!(set.removed_models.is_empty(), "{:?}", set.removed_models);
    assert!(set.pricing_changes.is_empty() && set.other_changes.is_empty(), "{set:#?}");
    assert_eq!((set.counts.alias_changes, set.counts.changed_models), (set.alias_changes.len(), 0));
}

#[test]
fn the_same_other_names_are_no_change() {
    for text in [OLD, NEW] {
        let set = diff(&map(text), &map(&text.replace("e-06", "E-6")));
        assert_eq!(set.alias_changes, []);
        assert_eq!(set.counts.changed_models, 0);
    }
}

/// What LiteLLM 1.110 serves of `NEW`.
const LIVE: &str = r#"{
    "sample_spec": {"mode": "chat"},
    "opus-5": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 5e-06, "max_input_tokens": 200000},
    "opus-6": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
    "opus-latest": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000, "key": null},
    "new-latest": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
    "becomes-alias": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
    "becomes-model": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 9e-06, "max_input_tokens": 200000},
    "listed-owner": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06},
    "model": {"litellm_provider": "x", "mode": "chat"},
    "short": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
    "stays": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06},
    "added": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06}
}"#;

fn proof(desired: &str, live: &str, served: Served) -> Result<usize, (Vec<String>, Vec<String>)> {
    let comparison = compare_live(&map(desired), &map(live), served, &|_| false);
    let fields = comparison.drift.iter().map(|change| format!("{}.{}", change.model, change.field)).collect();
    if comparison.is_proof() { Ok(comparison.models) } else { Err((comparison.missing, fields)) }
}

#[test]
fn a_proxy_that_serves_targets_is_proved_only_by_targets() {
    assert_eq!(proof(NEW, LIVE, Served::Rows), Ok(11));
    // The price of the model that the alias stood for before: a stale alias is no proof.
    let stale = LIVE.replacen(
        r#""opus-latest": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06"#,
        r#""opus-latest": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 5e-06"#,
        1,
    );
    assert_eq!(proof(NEW, &stale, Served::Rows), Err((vec![], vec!["opus-latest.input_cost_per_token".into()])));
    // The bare row, as an older proxy has it, and a name that is not there at all.
    let bare = LIVE.replacen(r#""new-latest": {"litellm_provider""#, r#""new-latest": {"alias_of": "opus-6", "x""#, 1);
    assert_eq!(proof(NEW, &bare, Served::Rows).unwrap_err().1, ["new-latest.litellm_provider"]);
    let missing = LIVE.replacen(r#""added": "#, r#""another": "#, 1);
    assert_eq!(proof(NEW, &missing, Served::Rows), Err((vec!["added".into()], vec![])));
}

#[test]
fn a_proxy_that_serves_rows_as_they_are_is_proved_by_them() {
    let lists = NEW.trim_end().trim_end_matches('}').to_owned()
        + r#", "short": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06, "max_input_tokens": 1000000},
        "stays": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06},
        "added": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-06}}"#;
    assert_eq!(proof(NEW, &lists, Served::Lists), Ok(11));
    assert_eq!(proof(NEW, NEW, Served::Bare), Ok(8));
    assert!(proof(NEW, NEW, Served::Lists).is_err(), "the lists are not expanded");
    assert!(proof(NEW, LIVE, Served::Lists).is_err(), "the rows are not served bare");
    let stale = NEW.replacen(r#""opus-latest": {"alias_of": "opus-6"}"#, r#""opus-latest": {"alias_of": "opus-5"}"#, 1);
    assert_eq!(proof(NEW, &stale, Served::Bare), Err((vec![], vec!["opus-latest.alias_of".into()])));
    let missing = NEW.replacen(r#""opus-latest": {"alias_of": "opus-6"},"#, "", 1);
    assert_eq!(proof(NEW, &missing, Served::Bare), Err((vec!["opus-latest".into()], vec![])));
}

#[test]
fn an_alias_that_stands_for_nothing_is_not_demanded() {
    let odd = NEW.trim_end().trim_end_matches('}').to_owned()
        + r#", "dangling": {"alias_of": "nowhere"}, "chain": {"alias_of": "opus-latest"}, "self": {"alias_of": "self"}}"#;
    assert_eq!(proof(&odd, LIVE, Served::Rows), Ok(11));
}

#[test]
fn what_a_proxy_would_gain_is_told_with_its_aliases() {
    let before = LIVE.replacen(r#""new-latest": "#, r#""other": "#, 1).replacen("9e-06", "8e-06", 1);
    let set = diff_from_live(&map(&before), &map(NEW), Served::Rows, &|_| false);
    assert_eq!(set.alias_changes.iter().map(told).collect::<Vec<_>>(), ["new-latest: — -> opus-6"]);
    assert_eq!((set.new_models.len(), set.removed_models), (0, vec!["other".to_owned()]));
    assert_eq!(set.pricing_changes.len(), 1);
}
