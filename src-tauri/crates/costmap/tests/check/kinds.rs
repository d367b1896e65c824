//! The kinds of mistake that nobody noticed when LiteLLM shipped them. Each stands for a kind; the names are of real cases.

use serde_json::json;

use super::*;

/// A priced chat model.
fn model(provider: &str, input: f64, output: f64) -> Value {
    json!({"litellm_provider": provider, "mode": "chat", "input_cost_per_token": input, "output_cost_per_token": output})
}

#[expect(clippy::needless_pass_by_value, reason = "a test writes it in place")]
fn and(mut entry: Value, fields: Value) -> Value {
    entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    entry
}

fn maps(old: &[(&str, Value)], new: &[(&str, Value)]) -> CheckReport {
    let with = |entries: &[(&str, Value)]| {
        let mut map = sound();
        map.extend(entries.iter().map(|(name, entry)| ((*name).to_owned(), entry.clone())));
        parse(&map)
    };
    check(&with(new), Some(&with(old)))
}

#[test]
fn a_price_that_goes_while_its_model_stays() {
    let name = "azure/us/gpt-4o-2024-11-20";
    let full = and(model("azure", 2.75e-6, 1.1e-5), json!({"cache_read_input_token_cost": 1.375e-6}));
    let report = maps(&[(name, full.clone())], &[(name, model("azure", 2.75e-6, 1.1e-5))]);
    assert_eq!(grave(&report), [format!("price.gone {name} cache_read_input_token_cost")]);
    assert_eq!(
        report.findings[0].message,
        "azure/us/gpt-4o-2024-11-20: cache_read_input_token_cost, $1.375 per 1M tokens before, is gone with nothing in its place; that usage would be billed at $0."
    );
    // Another price for the same thing took its place, or the price was nothing.
    let other = and(model("azure", 2.75e-6, 1.1e-5), json!({"cache_read_input_token_cost_batches": 1e-6}));
    assert_eq!(grave(&maps(&[(name, full)], &[(name, other)])), [""; 0]);
    let nothing = and(model("azure", 2.75e-6, 1.1e-5), json!({"cache_read_input_token_cost": 0}));
    assert_eq!(grave(&maps(&[(name, nothing)], &[(name, model("azure", 2.75e-6, 1.1e-5))])), [""; 0]);
}

#[test]
fn a_tier_that_goes_is_information_since_the_plain_price_applies() {
    let tier = json!({"input_cost_per_token_above_200k_tokens": 4e-6, "output_cost_per_token_above_200k_tokens": 2e-5});
    let report = maps(&[("m", and(model("p", 2e-6, 1e-5), tier))], &[("m", model("p", 2e-6, 1e-5))]);
    assert_eq!(report.verdict, Verdict::Accepted);
    let rules: Vec<_> = report.findings.iter().map(|finding| &*finding.rule).collect();
    assert_eq!(rules, ["price.tier_gone", "price.tier_gone"]);
}

#[test]
fn a_dated_twin_a_region_or_half_a_tier_without_a_price() {
    let priority = json!({"input_cost_per_token_priority": 4e-6, "output_cost_per_token_priority": 1.7e-5});
    let twins = [
        ("gpt-4o", and(model("openai", 2.5e-6, 1e-5), priority)),
        ("gpt-4o-2024-08-06", model("openai", 2.5e-6, 1e-5)),
    ];
    let report = maps(&[], &twins);
    assert_eq!(grave(&report), ["sibling.price_missing gpt-4o-2024-08-06 -"]);
    assert_eq!(
        report.findings[0].message,
        "gpt-4o-2024-08-06 has no price for input (priority), output (priority); gpt-4o, the same model at the same prices, does."
    );
    assert_eq!(grave(&maps(&twins, &twins)), [""; 0], "it lacked it before");
    // A twin at another price is another matter.
    let apart = [twins[0].clone(), ("gpt-4o-2024-08-06", model("openai", 5e-6, 1.5e-5))];
    assert_eq!(grave(&maps(&[], &apart)), [""; 0]);

    let cached = json!({"cache_read_input_token_cost": 1e-6});
    let region = [
        ("azure/gpt-4o", and(model("azure", 2.5e-6, 1e-5), cached)),
        ("azure/us/gpt-4o", model("azure", 2.75e-6, 1.1e-5)),
    ];
    assert_eq!(grave(&maps(&region[..1], &region)), ["sibling.price_missing azure/us/gpt-4o -"]);

    let half = and(model("openai", 5e-8, 4e-7), json!({"input_cost_per_token_priority": 2.5e-6}));
    let report = maps(&[], &[("gpt-5-nano", half.clone())]);
    assert_eq!(grave(&report), ["sibling.half_a_tier gpt-5-nano input_cost_per_token_priority"]);
    assert_eq!(
        report.findings[0].message,
        "gpt-5-nano has a price for input (priority), but none for output (priority)."
    );
    assert_eq!(grave(&maps(&[("gpt-5-nano", half.clone())], &[("gpt-5-nano", and(half, json!({"x": 1})))])), [""; 0]);
}

#[test]
fn a_new_chat_model_at_nothing_of_a_provider_that_is_paid() {
    let free = |name: &'static str, provider: &str| [(name, model(provider, 0.0, 0.0))];
    assert_eq!(
        grave(&maps(&[], &free("command-a-plus-05-2026", "provider1"))),
        ["price.new_at_zero command-a-plus-05-2026 -"]
    );
    assert_eq!(grave(&maps(&[], &free("grok-4-fast:free", "provider1"))), [""; 0], "it says that it is free");
    assert_eq!(grave(&maps(&[], &free("command-a", "unknown"))), [""; 0], "nothing is known of the provider");
    let embedding = and(model("provider1", 0.0, 0.0), json!({"mode": "embedding"}));
    assert_eq!(grave(&maps(&[], &[("embed", embedding)])), [""; 0]);
    let nothing = json!({"litellm_provider": "provider1", "mode": "chat"});
    let report = maps(&[], &[("sonar", nothing)]);
    assert_eq!(
        report.findings[0].message,
        "sonar: this new model has no price, while 10 of the 10 other chat models from provider1 are paid; its calls would be billed as free."
    );
}

#[test]
fn many_models_that_go_at_once_are_one_question() {
    let mut old = sound();
    for number in 0..2_000 {
        old.insert(format!("many/{number}"), model(&format!("p{}", number % 40), 1e-6, 2e-6));
    }
    // Spread over providers, so that none of them lost most of its models.
    let go = |count: usize| {
        let gone =
            |name: &str| name.strip_prefix("many/").and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n < count);
        let new: Map<String, Value> = old.clone().into_iter().filter(|(name, _)| !gone(name)).collect();
        check(&parse(&new), Some(&parse(&old)))
    };
    assert_eq!(grave(&go(40)), [""; 0]);
    let report = go(132);
    assert_eq!((report.verdict, held_models(&report).len()), (Verdict::Review, 132));
    let causes = costmap::causes(&report.findings, &|_| false);
    assert_eq!((causes.len(), &*causes[0].message), (1, "132 models disappeared at once."));
}

#[test]
fn a_repair_is_told_as_a_repair() {
    let told = |name: &str, old: (f64, f64), new: (f64, f64), others: &[(&str, Value)]| {
        let before = [others, &[(name, model("azure_ai", old.0, old.1))]].concat();
        let after = [others, &[(name, model("azure_ai", new.0, new.1))]].concat();
        let report = maps(&before, &after);
        assert_eq!(report.verdict, Verdict::Accepted, "{:?}", report.findings);
        report.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        told("azure_ai/jais-30b-chat", (3.2e-3, 9.71e-3), (3.2e-6, 9.71e-6), &[])[0],
        "azure_ai/jais-30b-chat: input_cost_per_token went from $3,200.00 per 1M tokens to $3.20 per 1M tokens. This is a correction: no real price is $1,000.00 per 1M tokens or more."
    );
    let peers = [("one/llama-9", model("one", 4e-7, 4e-7)), ("two/llama-9", model("two", 6e-7, 6e-7))];
    assert_eq!(
        told("azure_ai/llama-9", (5e-9, 5e-9), (5e-7, 5e-7), &peers)[0],
        "azure_ai/llama-9: input_cost_per_token went from $0.005 per 1M tokens to $0.50 per 1M tokens. This is a correction: the median of 2 models with that name at other providers is $0.50 per 1M tokens."
    );
    let base = [("anthropic.claude-v9", model("bedrock", 3e-6, 1.5e-5))];
    assert!(
        told("us.anthropic.claude-v9", (3.3e-5, 1.65e-4), (3.3e-6, 1.65e-5), &base)[0]
            .ends_with("This is a correction: anthropic.claude-v9 costs $3.00 per 1M tokens.")
    );
    // oci/xai.grok-4: output was 100 times too low.
    assert!(
        told("oci/xai.grok-4", (3e-6, 1.5e-7), (3e-6, 1.5e-5), &[])[0]
            .ends_with("This is a correction: output was cheaper than input, $3.00 per 1M tokens.")
    );
}

#[test]
fn a_price_that_comes_back_to_what_it_was_is_a_repair_and_not_a_question() {
    let at = |price: f64| {
        let mut map = sound();
        map.insert("m".into(), model("p", price, 1e-3 / 2.0));
        parse(&map)
    };
    let (good, wrong) = (at(2e-6), at(2e-8));
    let mut report = check(&good, Some(&wrong));
    assert_eq!((report.verdict, held_models(&report)), (Verdict::Review, vec!["m".to_owned()]));
    assert!(check::has_far_move(&report));
    check::repaired_by_history(&mut report, &[at(2e-6)]);
    assert_eq!((report.verdict, held_models(&report).len()), (Verdict::Accepted, 0));
    assert_eq!(
        report.findings[0].message,
        "m: input_cost_per_token went from $0.02 per 1M tokens to $2.00 per 1M tokens. This is a correction: it restores an earlier price."
    );
    let mut other = check(&good, Some(&wrong));
    check::repaired_by_history(&mut other, &[at(3e-6)]);
    assert_eq!(other.verdict, Verdict::Review, "it never cost that");
}
