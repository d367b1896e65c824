//! New models, one line a provider: copies at other hosts are folded into the model that they are copies of.

use std::collections::BTreeSet;

use costmap::{CostMap, Entry};
use rust_decimal::Decimal;

use crate::handlers::changes::{token_price, whole};
use crate::view::TodayModel;

/// Providers that make models, or host what others made, as people say them.
const PROVIDERS: &[(&str, &str)] = &[
    ("ai21", "AI21"),
    ("anthropic", "Anthropic"),
    ("cohere", "Cohere"),
    ("cohere_chat", "Cohere"),
    ("dashscope", "DashScope"),
    ("deepseek", "DeepSeek"),
    ("gemini", "Gemini"),
    ("minimax", "MiniMax"),
    ("mistral", "Mistral"),
    ("moonshot", "Moonshot"),
    ("openai", "OpenAI"),
    ("perplexity", "Perplexity"),
    ("text-completion-openai", "OpenAI"),
    ("voyage", "Voyage"),
    ("xai", "xAI"),
];

/// Those that host what others made; by how the provider begins.
const HOSTS: &[(&str, &str)] = &[
    ("azure", "Azure"),
    ("amazon", "Bedrock"),
    ("bedrock", "Bedrock"),
    ("cerebras", "Cerebras"),
    ("cloudflare", "Cloudflare"),
    ("databricks", "Databricks"),
    ("deepinfra", "DeepInfra"),
    ("fireworks_ai", "Fireworks AI"),
    ("github_copilot", "GitHub Copilot"),
    ("groq", "Groq"),
    ("nebius", "Nebius"),
    ("novita", "Novita"),
    ("oci", "OCI"),
    ("openrouter", "OpenRouter"),
    ("replicate", "Replicate"),
    ("sagemaker", "SageMaker"),
    ("sambanova", "SambaNova"),
    ("snowflake", "Snowflake"),
    ("together_ai", "Together AI"),
    ("vercel_ai_gateway", "Vercel"),
    ("vertex_ai", "Vertex"),
    ("watsonx", "watsonx"),
];

/// A new model with its copies.
#[derive(Debug)]
struct Model {
    /// Without host, region, version and date: what copies have in common.
    plain: String,
    /// Its name at whoever makes it.
    name: String,
    provider: String,
    is_hosted: bool,
    also: Vec<String>,
    copies: usize,
}

/// New models of one provider.
#[derive(Debug)]
pub(crate) struct Family {
    /// As people say it.
    pub(crate) provider: String,
    /// The model that is named, the dearest of its chat models.
    pub(crate) model: String,
    /// Who else hosts it.
    also: Vec<String>,
    /// More models; copies of one count once.
    pub(crate) more: usize,
    /// All names, copies too.
    copies: usize,
    is_mine: bool,
    is_hosted: bool,
}

/// New models by provider: families that my proxies use first, then who makes models (those that everybody knows first),
/// then who hosts them.
pub(crate) fn families(names: &[String], map: &CostMap, mine: &BTreeSet<String>) -> Vec<Family> {
    let mut models: Vec<Model> = Vec::new();
    for name in names {
        let Some(entry) = map.priced(name) else { continue };
        add(&mut models, name, &entry);
    }
    let used: BTreeSet<String> = mine.iter().map(|name| stem(&plain(name)).to_owned()).collect();
    let mut families: Vec<(Family, Option<Decimal>)> = Vec::new();
    for model in models {
        let is_mine = used.contains(stem(&model.plain));
        let output = map.priced(&model.name).and_then(|entry| entry.field("output_cost_per_token")?.decimal());
        let Model { name, provider, is_hosted, also, copies, .. } = model;
        match families.iter_mut().find(|(family, _)| family.provider == provider) {
            Some((family, known)) => {
                family.more += 1;
                family.copies += copies;
                if (is_mine, output) > (family.is_mine, *known) {
                    (family.model, family.also, *known) = (name, also, output);
                }
                family.is_mine |= is_mine;
            }
            None => {
                families.push((Family { provider, model: name, also, more: 0, copies, is_mine, is_hosted }, output));
            }
        }
    }
    let is_unknown = |family: &Family| PROVIDERS.iter().all(|(_, name)| *name != family.provider);
    families.sort_by_key(|(family, _)| (!family.is_mine, family.is_hosted, is_unknown(family)));
    families.into_iter().map(|(family, _)| family).collect()
}

/// The first lines, and how many new models are in none of them.
pub(super) fn lines(families: &[Family], map: &CostMap, at_most: usize) -> (Vec<TodayModel>, usize) {
    let line = |family: &Family| {
        let entry = map.priced(&family.model);
        TodayModel {
            provider: family.provider.clone(),
            model: family.model.clone(),
            also: family.also.clone(),
            more: family.more,
            input: entry.and_then(|entry| token_price(&entry, "input_cost_per_token")),
            output: entry.and_then(|entry| token_price(&entry, "output_cost_per_token")),
            context: entry.and_then(|entry| whole(&entry, &["max_input_tokens", "max_tokens"])),
        }
    };
    let rest = families.iter().skip(at_most).map(|family| family.copies).sum();
    (families.iter().take(at_most).map(line).collect(), rest)
}

fn add(models: &mut Vec<Model>, name: &str, entry: &Entry<'_>) {
    let (provider, is_hosted) = provider_name(&entry.provider().unwrap_or_default());
    let plain = plain(name);
    let Some(model) = models.iter_mut().find(|model| model.plain == plain) else {
        let name = name.to_owned();
        models.push(Model { plain, name, provider, is_hosted, also: Vec::new(), copies: 1 });
        return;
    };
    model.copies += 1;
    // Who makes it names it; of its own names, the short one: the others have a date or a region.
    let is_better = (is_hosted, name.len()) < (model.is_hosted, model.name.len());
    let other = if is_better {
        name.clone_into(&mut model.name);
        model.is_hosted = is_hosted;
        std::mem::replace(&mut model.provider, provider)
    } else {
        provider
    };
    if !model.also.contains(&other) {
        model.also.push(other);
    }
    model.also.retain(|other| *other != model.provider);
}

/// A provider as people say it, and whether it hosts what others made.
fn provider_name(provider: &str) -> (String, bool) {
    if let Some((_, name)) = PROVIDERS.iter().find(|(id, _)| *id == provider) {
        return ((*name).to_owned(), false);
    }
    match HOSTS.iter().find(|(start, _)| provider.starts_with(start)) {
        Some((_, name)) => ((*name).to_owned(), true),
        None if provider.is_empty() => ("Others".to_owned(), true),
        None => (provider.to_owned(), false),
    }
}

/// What copies of a model have in common: `claude-opus-6` of `bedrock/us.anthropic.claude-opus-6-20261101-v1:0`.
fn plain(name: &str) -> String {
    let mut name = name.rsplit('/').next().unwrap_or(name);
    // Regions and makers come before a dot and have no digit; versions ("gpt-6.1") have one.
    while let Some((before, rest)) = name.split_once('.') {
        if before.is_empty() || !before.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            break;
        }
        name = rest;
    }
    name = name.split(['@', ':']).next().unwrap_or(name);
    if let Some((before, version)) = name.rsplit_once("-v")
        && version.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = before;
    }
    without_date(name).to_ascii_lowercase()
}

/// Without `-20261101` or `-2026-11-01` at the end.
fn without_date(name: &str) -> &str {
    let is_date = |end: &str| {
        let digits = end.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && end.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && end.starts_with("20")
    };
    for length in [8, 10] {
        let Some(at) = name.len().checked_sub(length + 1) else { continue };
        if let Some(end) = name.get(at..).and_then(|end| end.strip_prefix('-'))
            && is_date(end)
        {
            return &name[..at];
        }
    }
    name
}

/// `claude` of `claude-opus-6`.
fn stem(plain: &str) -> &str {
    plain.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_one_plain_name() {
        for name in [
            "claude-opus-6",
            "anthropic.claude-opus-6-20261101-v1:0",
            "bedrock/us-gov-west-1/us-gov.anthropic.claude-opus-6-v1",
            "vertex_ai/claude-opus-6@20261101",
            "azure_ai/claude-opus-6",
            "openrouter/anthropic/claude-opus-6:free",
            "claude-opus-6-2026-11-01",
        ] {
            assert_eq!(plain(name), "claude-opus-6", "{name}");
        }
        assert_eq!(plain("gpt-6.1-sol"), "gpt-6.1-sol");
        assert_eq!(plain("gemini/gemini-3.5-flash"), "gemini-3.5-flash");
    }

    #[test]
    fn one_line_a_provider_my_families_first_and_copies_folded() {
        let map = CostMap::parse(
            r#"{
            "openrouter/qwen/qwen4": {"litellm_provider": "openrouter"},
            "xai/grok-5": {"litellm_provider": "xai", "input_cost_per_token": 2e-07, "output_cost_per_token": 5e-07, "max_input_tokens": 2000000},
            "bedrock/us.anthropic.claude-opus-6-v1:0": {"litellm_provider": "bedrock_converse"},
            "claude-opus-6-20261101": {"litellm_provider": "anthropic"},
            "claude-opus-6": {"litellm_provider": "anthropic", "input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05},
            "claude-haiku-6": {"litellm_provider": "anthropic", "output_cost_per_token": 5e-06},
            "azure_ai/claude-opus-6": {"litellm_provider": "azure_ai"}
        }"#,
        )
        .unwrap();
        let names: Vec<String> = map.models().map(|entry| entry.name().into_owned()).collect();
        let mine = BTreeSet::from(["claude-sonnet-5".to_owned()]);
        let families = families(&names, &map, &mine);
        let (shown, rest) = lines(&families, &map, 2);
        let told: Vec<_> = shown.iter().map(|line| (line.provider.as_str(), line.model.as_str(), line.more)).collect();
        assert_eq!(told, [("Anthropic", "claude-opus-6", 1), ("xAI", "xai/grok-5", 0)]);
        assert_eq!(shown[0].also, ["Bedrock", "Azure"]);
        assert_eq!((shown[1].input.as_deref(), shown[1].context), (Some("0.20"), Some(2_000_000)));
        assert_eq!(rest, 1, "the line of OpenRouter");
    }
}
