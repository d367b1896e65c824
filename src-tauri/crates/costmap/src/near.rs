//! Names of a map that somebody may have meant by one that is not in it: another case, provider or date, or a slip of the
//! pen. The one who makes a model comes before those who resell it.

use std::cmp::Reverse;

use crate::alias::Served;
use crate::map::{CostMap, Entry};

/// What makes a name only a near one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// The same but for upper and lower case.
    Case,
    /// The same with another provider or region in front, or none.
    Prefix,
    /// The same with another date or version at its end, or none.
    Date,
    /// Written nearly like it.
    Spelling,
}

/// One name that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// As it stands in the map.
    pub name: String,
    /// How far it is.
    pub nearness: Nearness,
    /// Its provider makes the model.
    pub is_owners: bool,
}

/// Who makes what, by the beginning of the name: for whose price people mean when they name no provider.
const OWNERS: &[(&str, &str)] = &[
    ("chatgpt", "openai"),
    ("claude", "anthropic"),
    ("codestral", "mistral"),
    ("command", "cohere"),
    ("dall-e", "openai"),
    ("deepseek", "deepseek"),
    ("gemini", "gemini"),
    ("glm", "zai"),
    ("gpt-", "openai"),
    ("grok", "xai"),
    ("jamba", "ai21"),
    ("kimi", "moonshot"),
    ("llama", "meta_llama"),
    ("magistral", "mistral"),
    ("ministral", "mistral"),
    ("mistral", "mistral"),
    ("nova", "amazon_nova"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("pixtral", "mistral"),
    ("qwen", "dashscope"),
    ("sonar", "perplexity"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("tts-", "openai"),
    ("voyage", "voyage"),
    ("whisper", "openai"),
];

/// Longer names are nobody's slip of the pen, and comparing them would cost much.
const LONGEST: usize = 200;

/// The nearest names of `map`, at most `most`, the likeliest first.
pub fn near(map: &CostMap, wanted: &str, most: usize) -> Vec<Near> {
    let wanted = wanted.trim();
    if wanted.is_empty() || wanted.chars().count() > LONGEST {
        return Vec::new();
    }
    let meant = Form::of(wanted);
    let mut found: Vec<Found> = map.served(Served::Rows).filter_map(|entry| compare(&entry, wanted, &meant)).collect();
    found.sort_by_cached_key(|Found { near, slips, is_of_provider }| {
        let depth = near.name.matches('/').count();
        let is_other = near.nearness != Nearness::Case && !is_of_provider;
        (is_other, near.nearness, *slips, Reverse(near.is_owners), depth, near.name.len(), near.name.clone())
    });
    found.truncate(most);
    found.into_iter().map(|found| found.near).collect()
}

struct Found {
    near: Near,
    slips: usize,
    /// Its provider is the one that was asked for.
    is_of_provider: bool,
}

fn compare(entry: &Entry<'_>, wanted: &str, meant: &Form) -> Option<Found> {
    let name = entry.name();
    let form = Form::of(&name);
    let (nearness, slips) = if name.eq_ignore_ascii_case(wanted) {
        (Nearness::Case, 0)
    } else if form.own == meant.own {
        (Nearness::Prefix, 0)
    } else if form.bare == meant.bare && !form.bare.is_empty() {
        // What was released last is the likeliest.
        (Nearness::Date, 0)
    } else if form.letters == meant.letters {
        (Nearness::Spelling, 0)
    } else {
        let slips = slips(&meant.letters, &form.letters, allowed(&meant.letters))?;
        (Nearness::Spelling, slips)
    };
    let provider = entry.provider();
    let owner = OWNERS.iter().find(|(start, _)| form.own.starts_with(start)).map(|(_, owner)| *owner);
    let is_owners = owner.is_some_and(|owner| provider.as_deref().is_some_and(|provider| provider.starts_with(owner)));
    let asked = wanted.split_once('/').map(|(provider, _)| provider.to_lowercase());
    let is_of_provider =
        asked.is_some_and(|asked| provider.as_deref().is_some_and(|provider| provider.starts_with(&asked)));
    Some(Found { near: Near { name: name.into_owned(), nearness, is_owners }, slips, is_of_provider })
}

/// A name in the forms that are compared.
struct Form {
    /// In small letters, without what stands in front of the model's own name.
    own: String,
    /// That without a date or version at its end.
    bare: String,
    /// Letters and digits of that with the date: `gpt4o` of `GPT_4o`.
    letters: String,
}

impl Form {
    fn of(name: &str) -> Self {
        let own = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        let own = without_vendor(&own).to_owned();
        let bare = without_date(&own).to_owned();
        let letters = own.chars().filter(|c| c.is_alphanumeric()).collect();
        Self { own, bare, letters }
    }
}

/// Bedrock's names: `us.anthropic.claude-…` is `claude-…`. A dot between digits belongs to a version.
fn without_vendor(own: &str) -> &str {
    let mut rest = own;
    while let Some((before, after)) = rest.split_once('.') {
        let is_vendor = before.len() > 1 && before.chars().all(|c| c.is_ascii_alphabetic()) && !after.is_empty();
        if !is_vendor {
            break;
        }
        rest = after;
    }
    rest
}

/// Without `-20240806`, `-2024-08-06`, `-0613`, `@20240620`, `-latest`, `-preview`, `-v1:0` at the end.
fn without_date(own: &str) -> &str {
    let mut rest = own;
    loop {
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some((before, last)) = rest.rsplit_once(['-', '@', ':']).filter(|(before, _)| !before.is_empty()) else {
            return rest;
        };
        let is_day = || {
            // 2024-08-06, in three steps.
            let mut parts = before.rsplitn(3, '-');
            digits(last, 2)
                && parts.next().is_some_and(|month| digits(month, 2))
                && parts.next().is_some_and(|year| digits(year, 4))
        };
        if is_day() {
            rest = &before[..before.len() - "-2024-08".len()];
            continue;
        }
        let is_version = last.strip_prefix('v').is_some_and(|number| digits(number, 1) || digits(number, 3));
        let is_revision = rest.as_bytes()[before.len()] == b':' && digits(last, 1);
        if digits(last, 8) || digits(last, 4) || matches!(last, "latest" | "preview") || is_version || is_revision {
            rest = before;
        } else {
            return rest;
        }
    }
}

/// A short name leaves no room for slips: `o1` and `o3` are two models.
fn allowed(letters: &str) -> usize {
    match letters.chars().count() {
        0..=4 => 0,
        5..=9 => 1,
        _ => 2,
    }
}

/// How many letters have to be added, left out, changed or swapped, up to `most`; digits are no slip of the pen, since
/// they tell models apart.
fn slips(one: &str, other: &str, most: usize) -> Option<usize> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if one.len().abs_diff(other.len()) > most || most == 0 || digits(one) != digits(other) {
        return None;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in (1..).zip(&one) {
        let mut now = vec![row];
        for (column, with) in (1..).zip(&other) {
            let changed = last[column - 1] + usize::from(letter != with);
            let mut least = changed.min(last[column] + 1).min(now[column - 1] + 1);
            let is_swap = row > 1
                && column > 1
                && Some(letter) == other.get(column - 2)
                && one.get(row - 2) == Some(with)
                && letter != with;
            if is_swap {
                least = least.min(before[column - 2] + 1);
            }
            now.push(least);
        }
        before = std::mem::replace(&mut last, now);
    }
    last.last().copied().filter(|slips| (1..=most).contains(slips))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> CostMap {
        let entry = |(name, provider): (&str, &str)| format!(r#""{name}": {{"litellm_provider": "{provider}"}}"#);
        let entries = [
            ("azure/gpt-4o", "azure"),
            ("openrouter/openai/gpt-4o", "openrouter"),
            ("gpt-4o", "openai"),
            ("gpt-4o-2024-08-06", "openai"),
            ("gpt-4", "openai"),
            ("o1", "openai"),
            ("o3", "openai"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock_converse"),
            ("claude-sonnet-4-5-20250929", "anthropic"),
            ("gemini/gemini-2.5-pro", "gemini"),
            ("gemini-2.5-pro", "vertex_ai-language-models"),
            ("deepinfra/meta-llama/Llama-3.3-70B-Instruct", "deepinfra"),
        ];
        CostMap::parse(format!("{{{}}}", entries.map(entry).join(","))).unwrap()
    }

    fn first(wanted: &str) -> Option<(String, Nearness)> {
        near(&map(), wanted, 3).into_iter().next().map(|near| (near.name, near.nearness))
    }

    #[test]
    fn what_was_meant_is_found_and_its_maker_comes_first() {
        let near = |name: &str, nearness| Some((name.to_owned(), nearness));
        assert_eq!(first("GPT-4o"), near("gpt-4o", Nearness::Case));
        assert_eq!(first("groq/gpt-4o"), near("gpt-4o", Nearness::Prefix), "not azure's or openrouter's");
        assert_eq!(first("anthropic.claude-sonnet-4-5"), near("claude-sonnet-4-5-20250929", Nearness::Date));
        assert_eq!(first("gpt-4o-2024-05-13"), near("gpt-4o", Nearness::Date));
        assert_eq!(first("gpt-4-0613"), near("gpt-4", Nearness::Date));
        assert_eq!(first("vertex_ai/Gemini-2.5-Pro"), near("gemini-2.5-pro", Nearness::Prefix));
        let bedrocks = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert_eq!(first("bedrock/claude-sonnet-4-5"), near(bedrocks, Nearness::Date), "whose provider was named");
        assert_eq!(first("gpt4o"), near("gpt-4o", Nearness::Spelling));
        assert_eq!(
            first("Llama-3.3-70B-Instruct"),
            near("deepinfra/meta-llama/Llama-3.3-70B-Instruct", Nearness::Prefix)
        );
        assert_eq!(first("cluade-sonnet-4-5-20250929"), near("claude-sonnet-4-5-20250929", Nearness::Spelling));
    }

    #[test]
    fn another_model_is_not_a_slip_of_the_pen() {
        for other in ["o2", "gpt-5", "our-own-model", "", "claude-sonnet-4-6", &"x".repeat(5000)] {
            assert_eq!(first(other), None, "{other}");
        }
    }
}
