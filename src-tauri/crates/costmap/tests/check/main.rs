//! What the checks find. Each case says what a user would lose if it were not found.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod compat;
mod forms;
mod kinds;

use costmap::{CheckReport, CostMap, RULES, Severity, Verdict, check, check_bytes, held_models};
use rstest::rstest;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// A sound map: 60 chat models of six providers.
fn sound() -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("sample_spec".into(), json!({"max_tokens": "words", "input_cost_per_token": -1, "mode": "one of"}));
    for number in 0..60 {
        let entry = json!({
            "litellm_provider": format!("provider{}", number % 6), "mode": "chat",
            "max_input_tokens": 128_000, "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6,
        });
        map.insert(format!("provider{}/model-{number}", number % 6), entry);
    }
    map
}

fn with(name: &str, entry: Value) -> Map<String, Value> {
    let mut map = sound();
    map.insert(name.into(), entry);
    map
}

fn parse(map: &Map<String, Value>) -> CostMap {
    CostMap::parse(Value::Object(map.clone()).to_string()).unwrap()
}

fn text(map: &Map<String, Value>) -> String {
    Value::Object(map.clone()).to_string()
}

/// `rule model field` of each finding that weighs at least as much as a review.
fn grave(report: &CheckReport) -> Vec<String> {
    let grave = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
    let show = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    grave.map(|found| format!("{} {} {}", found.rule, show(&found.model), show(&found.field))).collect()
}

fn message(report: &CheckReport, rule: &str) -> String {
    report.findings.iter().find(|finding| finding.rule == rule).unwrap().message.clone()
}

/// The candidate is the sound map with entry `m` added to the text as it stands.
fn with_raw(entry: &str) -> String {
    let mut text = text(&sound());
    text.pop();
    write!(text, r#","m":{entry}}}"#).unwrap();
    text
}

#[test]
fn a_sound_map_is_accepted_alone_and_beside_its_predecessor() {
    let (old, new) = (parse(&sound()), parse(&with("provider1/new", sound()["provider1/model-1"].clone())));
    let alone = check(&new, None);
    assert_eq!((alone.verdict, alone.models), (Verdict::Accepted, 61));
    assert_eq!(alone.findings.iter().map(|finding| &*finding.rule).collect::<Vec<_>>(), ["check.first_map"]);
    assert_eq!(check(&new, Some(&old)).findings, []);
    assert_eq!(check(&old, Some(&old)).findings, []);
}

#[rstest]
#[case::portal("<html>sign in</html>", "structure.html")]
#[case::cut(r#"{"gpt-4o": {"mode": "chat""#, "structure.truncated")]
#[case::extra_brace_of_january_2026(r#"{"a": {{"mode": "chat"}}"#, "structure.not_json")]
#[case::list("[]", "structure.not_an_object")]
#[case::mark("\u{feff}{}", "structure.byte_order_mark")]
#[case::empty("", "structure.not_json")]
#[case::deep(&"[".repeat(100_000), "structure.too_deep")]
fn bytes_that_are_no_map_are_held_with_one_finding(#[case] bytes: &str, #[case] rule: &str) {
    let (report, map) = check_bytes(bytes.as_bytes(), None);
    assert!(map.is_none());
    assert_eq!((report.verdict, report.models, report.bytes), (Verdict::Held, 0, bytes.len()));
    assert_eq!(grave(&report), [format!("{rule} - -")]);
}

#[test]
fn bytes_that_are_not_utf8_are_held() {
    let (report, _) = check_bytes(b"{\"a\xff\": {}}", None);
    assert_eq!(grave(&report), ["structure.not_utf8 - -"]);
}

#[rstest]
#[case::a_reload_would_fail(r#""gpt""#, "structure.entry_not_an_object m -")]
#[case::null_entry("null", "structure.entry_not_an_object m -")]
#[case::the_live_map_would_answer_500(
    r#"{"litellm_provider":"p","mode":"chat","x":{"y":NaN}}"#,
    "value.not_finite m x.y"
)]
#[case::read_as_infinity(r#"{"litellm_provider":"p","mode":"chat","x":1e999}"#, "value.not_finite m x")]
fn what_would_break_a_proxy_holds_the_map(#[case] entry: &str, #[case] expected: &str) {
    let (report, map) = check_bytes(with_raw(entry).as_bytes(), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Held);
    assert_eq!(grave(&report), [expected]);
    // It is held even when the same entry stood in the map before.
    let map = map.unwrap();
    assert_eq!(grave(&check(&map, Some(&map))), [expected]);
}

#[rstest]
#[case::price_text(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":"1e-6"}"#,
    "value.price_not_a_number m input_cost_per_token"
)]
#[case::price_null(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":null}"#,
    "value.price_not_a_number m input_cost_per_token"
)]
#[case::price_paid_back(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":-1e-6}"#,
    "value.price_negative m input_cost_per_token"
)]
#[case::nested_price(
    r#"{"litellm_provider":"p","mode":"chat","tiered_pricing":[{"input_cost_per_token":-1}]}"#,
    "value.price_negative m tiered_pricing[0].input_cost_per_token"
)]
#[case::price_object(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":{"usd":1e-6}}"#,
    "value.price_wrong_shape m input_cost_per_token.usd"
)]
#[case::price_object_with_words(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":{"currency":"USD"}}"#,
    "value.price_wrong_shape m input_cost_per_token.currency"
)]
#[case::price_list(
    r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":[1e-6]}"#,
    "value.price_wrong_shape m input_cost_per_token[0]"
)]
#[case::limit_text(
    r#"{"litellm_provider":"p","mode":"chat","max_input_tokens":"128k"}"#,
    "value.limit_not_a_number m max_input_tokens"
)]
#[case::limit_negative(
    r#"{"litellm_provider":"p","mode":"chat","max_input_tokens":-1}"#,
    "value.limit_negative m max_input_tokens"
)]
#[case::limit_broken(
    r#"{"litellm_provider":"p","mode":"chat","max_input_tokens":1.5}"#,
    "value.limit_not_integral m max_input_tokens"
)]
#[case::nobody_provides_it(r#"{"mode":"chat"}"#, "value.no_provider m -")]
#[case::provider_number(r#"{"litellm_provider":5,"mode":"chat"}"#, "value.no_provider m -")]
fn a_broken_entry_is_a_question_about_this_entry_and_holds_up_no_other(#[case] entry: &str, #[case] expected: &str) {
    let (report, map) = check_bytes(with_raw(entry).as_bytes(), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Review);
    assert_eq!(grave(&report), [expected]);
    assert!(report.findings[0].broken);
    assert_eq!(held_models(&report), ["m"]);
    // It cannot be priced any better because it stood in the map before.
    let map = map.unwrap();
    assert_eq!(grave(&check(&map, Some(&map))), [expected]);
}

#[test]
fn a_price_that_cannot_be_kept_exactly_is_a_question_and_not_broken() {
    let entry = r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":1e-40}"#;
    let (report, _) = check_bytes(with_raw(entry).as_bytes(), Some(&parse(&sound())));
    assert_eq!(grave(&report), ["value.out_of_range m input_cost_per_token"]);
    assert!(!report.findings[0].broken, "LiteLLM prices by it");
}

#[rstest]
#[case::integral_floats(r#"{"litellm_provider":"p","mode":"chat","max_input_tokens":128000.0,"tpm":1e6}"#)]
#[case::hours(r#"{"litellm_provider":"p","mode":"chat","max_audio_length_hours":8.4}"#)]
#[case::free(r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":0,"output_cost_per_token":0.0}"#)]
#[case::long_digits(r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":1.5000000000000002e-07}"#)]
#[case::minus_zero(r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":-0.0}"#)]
#[case::unknown_fields(r#"{"litellm_provider":"p","mode":"chat","new":{"a":[null,"x",{"b":-5}]}}"#)]
#[case::unknown_number(r#"{"litellm_provider":"p","mode":"chat","new":1e-40}"#)]
#[case::long_video(
    r#"{"litellm_provider":"p","mode":"video_generation","output_cost_per_second":5,"output_cost_per_image":0.9}"#
)]
fn what_real_maps_have_is_accepted(#[case] entry: &str) {
    let (report, _) = check_bytes(with_raw(entry).as_bytes(), Some(&parse(&sound())));
    assert_eq!(grave(&report), [""; 0]);
}

#[test]
fn a_map_that_lost_most_entries_is_held() {
    let old = parse(&sound());
    let some = |count: usize| {
        let kept: Map<String, Value> = sound().into_iter().take(count + 1).collect();
        check(&parse(&kept), Some(&old))
    };
    assert_eq!(grave(&some(51)), [""; 0]);
    let few = some(49);
    assert_eq!(grave(&few), ["shrink.too_few_models - -", "shrink.too_many_gone - -"]);
    assert_eq!(
        message(&few, "shrink.too_many_gone"),
        "The map went from 60 to 49 models, 11 fewer; expected at most 15 % (9) fewer."
    );
}

#[test]
fn repricing_over_a_tenth_of_the_map_at_once_holds_it() {
    let old = parse(&sound());
    let repriced = |count: usize, field: &str, price: Option<Value>| {
        let mut map = sound();
        for entry in map.values_mut().skip(1).take(count).filter_map(Value::as_object_mut) {
            match &price {
                Some(price) => entry.insert(field.into(), price.clone()),
                None => entry.remove(field),
            };
        }
        check(&parse(&map), Some(&old))
    };
    assert_eq!(grave(&repriced(6, "input_cost_per_token", Some(json!(2e-6)))), [""; 0]);
    assert_eq!(
        grave(&repriced(7, "input_cost_per_token", Some(json!(2e-6)))),
        ["shrink.mass_repricing - -"],
        "a converter that went wrong changes many at once"
    );
    let dropped = repriced(7, "input_cost_per_token", None);
    assert_eq!(dropped.verdict, Verdict::Review, "a question for each model, and no reason to hold up the others");
    assert!(grave(&dropped).iter().all(|found| found.starts_with("price.gone ")), "{:?}", grave(&dropped));
    // A new kind of price, as 1.103 gave hundreds of models one, changes no price that is booked today.
    assert_eq!(grave(&repriced(60, "cache_read_input_token_cost", Some(json!(5e-7)))), [""; 0]);
    assert_eq!(
        grave(&repriced(60, "input_cost_per_token", Some(json!(1.0e-6)))),
        [""; 0],
        "written otherwise is equal"
    );
}

#[rstest]
#[case::thousandfold(json!({"output_cost_per_token": 0.001}), &["price.per_token_too_high"])]
#[case::per_1k_tokens(json!({"computer_use_input_cost_per_1k_tokens": 1.5}), &["price.per_token_too_high"])]
#[case::dear_search(json!({"search_context_cost_per_query": {"search_context_size_high": 30}}), &["price.per_unit_too_high"])]
#[case::dear_image(json!({"output_cost_per_image": 1}), &["price.per_unit_too_high"])]
#[case::dbu_is_no_dollar(json!({"input_dbu_cost_per_token": 0.01}), &[])]
#[case::output_100_times_too_low(json!({"input_cost_per_token": 3e-6, "output_cost_per_token": 1.5e-7}), &["price.output_below_input"])]
#[case::output_free_as_classifiers_are(json!({"input_cost_per_token": 3e-6, "output_cost_per_token": 0}), &[])]
#[case::cache_dearer(json!({"input_cost_per_token": 1e-7, "output_cost_per_token": 1e-6, "cache_read_input_token_cost": 2e-7}), &["price.cache_read_above_input"])]
#[case::cache_rounded(json!({"input_cost_per_token": 1.500_099_9e-7, "output_cost_per_token": 1e-6, "cache_read_input_token_cost": 1.5001e-7}), &[])]
#[case::long_prompt_cheaper(json!({"input_cost_per_token": 3e-6, "input_cost_per_token_above_200k_tokens": 1e-6}), &["tier.surcharge_below_base"])]
#[case::priority_cheaper(json!({"output_cost_per_token": 3e-6, "output_cost_per_token_priority": 1e-6}), &["tier.surcharge_below_base"])]
#[case::batch_dearer(json!({"input_cost_per_token": 3e-6, "input_cost_per_token_batches": 4e-6}), &["tier.discount_above_base"])]
#[case::flex_dearer_above(json!({"input_cost_per_token_above_272k_tokens": 3e-6, "input_cost_per_token_above_272k_tokens_flex": 4e-6}), &["tier.discount_above_base"])]
#[case::usual_tiers(json!({"input_cost_per_token": 2e-6, "input_cost_per_token_batches": 1e-6, "input_cost_per_token_priority": 4e-6, "input_cost_per_token_above_200k_tokens": 4e-6}), &[])]
#[case::no_mode(json!({"mode": null}), &["entry.no_mode"])]
#[case::no_tokens(json!({"max_output_tokens": 0}), &["entry.chat_limit_zero"])]
#[case::not_a_day(json!({"deprecation_date": "2026-02-30"}), &["entry.bad_date"])]
#[case::date_number(json!({"deprecation_date": 20_260_101}), &["entry.bad_date"])]
#[case::uplift_twenty(json!({"regional_endpoint_uplift_multiplier": 20}), &["multiplier.out_of_range"])]
#[case::uplift_zero(json!({"provider_specific_entry": {"us": 0}}), &["multiplier.out_of_range"])]
#[case::uplift_text(json!({"regional_endpoint_uplift_multiplier": "1.1"}), &["multiplier.not_a_number"])]
#[case::usual_uplift(json!({"regional_endpoint_uplift_multiplier": 1.1, "provider_specific_entry": {"us": 1.1, "fast": 2, "schema": "v2"}}), &[])]
fn a_new_model_that_cannot_be_right_is_reviewed(#[case] fields: Value, #[case] rules: &[&str]) {
    let mut entry = json!({"litellm_provider": "provider1", "mode": "chat", "input_cost_per_character": 1e-6});
    entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let old = parse(&sound());
    let new = parse(&with("m", entry));
    for report in [check(&new, Some(&old)), check(&new, None)] {
        let found: Vec<_> = report.findings.iter().filter(|f| f.severity > Severity::Info).map(|f| &*f.rule).collect();
        assert_eq!(found, rules);
        assert_eq!(held_models(&report), if rules.is_empty() { vec![] } else { vec!["m".to_owned()] });
    }
    // What stood there before was approved, or accepted, then: it is not asked again.
    assert_eq!(grave(&check(&new, Some(&new))), [""; 0]);
}

#[test]
fn a_value_that_stays_is_not_reported_again_when_the_entry_changes() {
    let old = with("m", json!({"litellm_provider": "p", "mode": "chat", "output_cost_per_token": 0.002}));
    let new = with("m", json!({"litellm_provider": "p", "mode": "chat", "output_cost_per_token": 2e-3, "x": 1}));
    assert_eq!(grave(&check(&parse(&new), Some(&parse(&old)))), [""; 0]);
}

#[rstest]
#[case::tenfold(
    1e-5,
    "jump.up",
    Some(
        "provider1/model-1: input_cost_per_token went from $1.00 per 1M tokens to $10.00 per 1M tokens, 10 times as much; expected less than 10 times."
    )
)]
#[case::free(
    0.0,
    "jump.to_zero",
    Some(
        "provider1/model-1: input_cost_per_token went from $1.00 per 1M tokens to $0.00 per 1M tokens; a paid model should keep its price."
    )
)]
#[case::ninefold(9e-6, "jump.up", None)]
fn a_price_that_jumps_keeps_its_old_value_until_approved(
    #[case] price: f64,
    #[case] rule: &str,
    #[case] said: Option<&str>,
) {
    let mut new = sound();
    new["provider1/model-1"]["input_cost_per_token"] = json!(price);
    new["provider1/model-1"]["output_cost_per_token"] = json!(1e-4);
    let mut old = sound();
    old["provider1/model-1"]["output_cost_per_token"] = json!(1e-4);
    let report = check(&parse(&new), Some(&parse(&old)));
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule).map(|f| &*f.message).collect();
    assert_eq!(found, said.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_price_that_falls_far_is_information() {
    let mut new = sound();
    new["provider1/model-1"]["input_cost_per_token"] = json!(1e-8);
    let report = check(&parse(&new), Some(&parse(&sound())));
    assert_eq!(report.verdict, Verdict::Accepted);
    assert_eq!(&*report.findings[0].rule, "jump.down");
}

#[rstest]
#[case(1.1, 2.3, &["multiplier.jump"])]
#[case(1.1, 0.5, &["multiplier.jump"])]
#[case(1.1, 2.1, &[])]
fn a_multiplier_that_doubles_is_reviewed(#[case] before: f64, #[case] after: f64, #[case] rules: &[&str]) {
    let entry = |value: f64| json!({"litellm_provider": "p", "mode": "chat", "provider_specific_entry": {"us": value}});
    let report = check(&parse(&with("m", entry(after))), Some(&parse(&with("m", entry(before)))));
    assert_eq!(report.findings.iter().map(|finding| &*finding.rule).collect::<Vec<_>>(), rules);
}

#[test]
fn a_new_model_far_above_its_name_sakes_is_reviewed() {
    let model = |provider: &str, price: f64| json!({"litellm_provider": provider, "mode": "chat", "input_cost_per_token": price, "output_cost_per_token": price * 2.0});
    let mut old = sound();
    old.insert("one/meta/Llama-3.3-70B".into(), model("one", 2e-7));
    old.insert("two/llama-3-3-70b".into(), model("two", 4e-7));
    let mut new = old.clone();
    // Per 1K tokens entered as per token: below the absolute bound, but not among its peers.
    new.insert("three/llama-3.3-70b".into(), model("three", 3e-4));
    new.insert("four/llama-3.3-70b".into(), model("four", 5e-6));
    let report = check(&parse(&new), Some(&parse(&old)));
    let peer = |field| format!("peer.far_above_peers three/llama-3.3-70b {field}");
    assert_eq!(grave(&report), [peer("input_cost_per_token"), peer("output_cost_per_token")]);
    assert_eq!(held_models(&report), ["three/llama-3.3-70b"]);
}

#[test]
fn a_region_at_eleven_times_the_price_is_reviewed_with_or_without_a_base() {
    let model = |price: f64| json!({"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_token": price});
    let mut new = sound();
    new.insert("anthropic.claude-v9".into(), model(3e-6));
    new.insert("us.anthropic.claude-v9".into(), model(3.3e-6));
    new.insert("bedrock/eu-west-1/anthropic.claude-v9".into(), model(3.3e-5));
    // As 1.78.0 had it: no model without a region, but others with one.
    new.insert("jp.anthropic.sonnet".into(), model(3.3e-6));
    new.insert("eu.anthropic.sonnet".into(), model(3.3e-6));
    new.insert("us.anthropic.sonnet".into(), model(3.3e-5));
    let report = check(&parse(&new), Some(&parse(&sound())));
    let region = |name| format!("region.far_from_base {name} input_cost_per_token");
    assert_eq!(grave(&report), [region("bedrock/eu-west-1/anthropic.claude-v9"), region("us.anthropic.sonnet")]);
}

#[test]
fn a_provider_that_vanishes_keeps_its_models_until_approved() {
    let old = sound();
    let without = |gone: &dyn Fn(&str) -> bool| old.clone().into_iter().filter(|(name, _)| !gone(name)).collect();
    // Ten new models elsewhere, so that the map does not shrink.
    let mut vanished: Map<String, Value> = without(&|name| name.starts_with("provider3/"));
    for number in 0..10 {
        vanished.insert(format!("provider1/more-{number}"), old["provider1/model-1"].clone());
    }
    let report = check(&parse(&vanished), Some(&parse(&old)));
    assert_eq!(report.verdict, Verdict::Review);
    assert_eq!(held_models(&report).len(), 10);
    assert_eq!(
        report.findings[0].message,
        "provider3/model-3: the model is gone; provider provider3 went from 10 to 0 models at once."
    );
    // A provider that renames its models loses none.
    let renamed: Map<String, Value> =
        old.clone().into_iter().map(|(name, entry)| (name.replace("provider3/", "provider3/v2/"), entry)).collect();
    assert_eq!(grave(&check(&parse(&renamed), Some(&parse(&old)))), [""; 0]);
}

#[test]
fn a_name_given_twice_is_reviewed_once_and_not_again() {
    let twice = with_raw(r#"{"litellm_provider":"p","mode":"chat"},"m":{"litellm_provider":"q","mode":"chat"}"#);
    let (report, map) = check_bytes(twice.as_bytes(), Some(&parse(&sound())));
    assert_eq!(grave(&report), ["names.given_twice m -"]);
    assert!(report.findings[0].message.contains("2 times, with different values"), "{}", report.findings[0].message);
    let (again, _) = check_bytes(twice.as_bytes(), map.as_ref());
    assert_eq!(grave(&again), [""; 0]);
}

#[test]
fn a_field_given_twice_is_reviewed() {
    let twice =
        with_raw(r#"{"litellm_provider":"p","mode":"chat","input_cost_per_token":1e-6,"input_cost_per_token":2e-6}"#);
    let (report, map) = check_bytes(twice.as_bytes(), Some(&parse(&sound())));
    assert_eq!(grave(&report), ["names.field_given_twice m input_cost_per_token"]);
    assert_eq!(grave(&check_bytes(twice.as_bytes(), map.as_ref()).0), [""; 0]);
}

#[test]
fn a_new_name_that_differs_only_by_case_is_reviewed() {
    let entry = sound()["provider1/model-1"].clone();
    let report = check(&parse(&with("PROVIDER1/Model-1", entry)), Some(&parse(&sound())));
    assert_eq!(grave(&report), ["names.differ_by_case PROVIDER1/Model-1 -"]);
}

#[test]
fn a_field_that_all_models_lose_is_one_notice() {
    let mut new = sound();
    for entry in new.values_mut().skip(1).filter_map(Value::as_object_mut) {
        entry.remove("max_input_tokens");
    }
    let report = check(&parse(&new), Some(&parse(&sound())));
    let messages: Vec<_> = report.findings.iter().map(|finding| &*finding.message).collect();
    assert_eq!(
        messages,
        ["max_input_tokens was dropped from 60 of the 60 models that had it: the map's format changed."]
    );
}

#[test]
fn aliases_are_told_as_litellm_treats_them() {
    let entry = |aliases: Value| json!({"litellm_provider": "p", "mode": "chat", "aliases": aliases});
    let rules = |aliases: Value| {
        let report = check(&parse(&with("m", entry(aliases))), Some(&parse(&sound())));
        report.findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(rules(json!(["m-1", "m-2", "provider1/model-1"])), ["alias.name_taken", "alias.expanded"]);
    assert_eq!(rules(json!("m-1")), ["alias.not_a_list"]);
    assert_eq!(rules(json!([])), [""; 0]);
}

#[test]
fn every_reviewed_model_is_held_however_many_there_are() {
    let mut map = sound();
    for number in 0..3_000 {
        map.insert(format!("m-{number}"), json!({"litellm_provider": "p"}));
    }
    let report = check(&parse(&map), Some(&parse(&sound())));
    let expected: Vec<String> = (0..3_000).map(|number| format!("m-{number}")).collect();
    assert_eq!(held_models(&report), expected, "each once, in the map's order");
    assert_eq!(report.findings.iter().filter(|finding| finding.rule == "entry.no_mode").count(), 500);
    assert_eq!(report.findings.last().unwrap().value.as_deref(), Some("2500"));
    assert!(serde_json::to_string(&report).unwrap().len() < 500_000);
}

#[test]
fn hold_comes_first_then_review_then_information() {
    let mut new = sound();
    new["provider1/model-1"]["input_cost_per_token"] = json!(1e-8);
    new.insert("a".into(), json!({"litellm_provider": "p"}));
    new.insert("b".into(), json!("text"));
    let report = check(&parse(&new), Some(&parse(&sound())));
    let order: Vec<_> = report.findings.iter().map(|finding| (finding.severity, &*finding.rule)).collect();
    assert_eq!(
        order,
        [
            (Severity::Hold, "structure.entry_not_an_object"),
            (Severity::Review, "entry.no_mode"),
            (Severity::Info, "jump.down")
        ]
    );
}

#[test]
fn rule_ids_are_unique_and_every_rule_explains_itself() {
    let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for rule in RULES {
        assert!(rule.id.split_once('.').is_some_and(|(family, name)| !family.is_empty() && !name.is_empty()));
        assert!(rule.explanation.ends_with('.'), "{}", rule.id);
    }
    let listed: Vec<_> =
        RULES.iter().map(|rule| format!("{:?} {}: {}", rule.severity, rule.id, rule.explanation)).collect();
    insta::assert_snapshot!(listed.join("\n"));
}
