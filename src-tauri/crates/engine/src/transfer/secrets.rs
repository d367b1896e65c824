//! Settings on their way out. No key belongs into them, but a person can paste one.

use toml_edit::{DocumentMut, Item, TableLike};

use crate::settings::KeyPlace;

/// The tables whose address is a secret, as `drop_in` names where it is.
const WEBHOOK: &str = "webhook.";

/// How keys of LiteLLM begin.
const KEY: &str = "sk-";

/// The settings without what may be a secret, and which of them were left out: a key where its place belongs, an address
/// with a password, a comment with a key. `None` for what is no TOML.
pub(super) fn without(text: &str) -> Option<(String, Vec<String>)> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut left_out = Vec::new();
    drop_in(document.as_table_mut(), "", &mut left_out);
    let text = document.to_string();
    let safe: Vec<&str> = text
        .lines()
        .filter(|line| {
            let is_secret = line.split_once('#').is_some_and(|(_, comment)| holds_secret(comment));
            if is_secret {
                left_out.push("a comment with a key or an address".to_owned());
            }
            !is_secret
        })
        .collect();
    Some((safe.join("\n") + "\n", left_out))
}

fn drop_in(table: &mut dyn TableLike, within: &str, left_out: &mut Vec<String>) {
    let secret: Vec<String> = table
        .iter()
        .filter(|(name, item)| {
            let words = || item.as_array().into_iter().flatten().filter_map(toml_edit::Value::as_str);
            item.as_str().is_some_and(|text| is_secret(within, name, text)) || words().any(is_secret_word)
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in secret {
        table.remove(&name);
        left_out.push(format!("{within}{name}"));
    }
    for (name, item) in table.iter_mut() {
        let within = format!("{within}{}.", name.get());
        match item {
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| drop_in(table, &within, left_out)),
            Item::Value(toml_edit::Value::Array(array)) => {
                let tables = array.iter_mut().filter_map(toml_edit::Value::as_inline_table_mut);
                tables.for_each(|table| drop_in(table, &within, left_out));
            }
            item => {
                if let Some(table) = item.as_table_like_mut() {
                    drop_in(table, &within, left_out);
                }
            }
        }
    }
}

/// A key, or an address as chats give it to post to.
fn holds_secret(comment: &str) -> bool {
    [KEY, "://hooks.", "/hooks/", "/webhooks/"].iter().any(|part| comment.contains(part))
}

/// Of a command. Better one too many is typed again than one goes out.
fn is_secret_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let named = ["bearer", "authorization", "password", "passwd", "token", "secret", "apikey", "api-key", "api_key"];
    word.contains(KEY) || named.iter().any(|name| word.contains(name)) || url_password(&word)
}

fn url_password(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn is_secret(within: &str, name: &str, text: &str) -> bool {
    let text = text.trim();
    // Where the place of a webhook's address belongs stands the address itself.
    let is_pasted = |place: &str| name == place && text.parse::<KeyPlace>().is_err();
    url_password(text) || text.starts_with(KEY) || is_pasted("key") || (within == WEBHOOK && is_pasted("url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leaves_the_home() {
        let text = r#"schema = 1
# my key: sk-comment
# https://hooks.example.com/services/T0/B0/s3cret
# kept
[network]
proxy = "http://me:hunter2@proxy.example.com:3128"
[[proxy]]
name = "local" # sk-beside
url = "http://127.0.0.1:4000"
key = "sk-pasted"
restart = ["curl", "-H", "Authorization: Bearer s3cret"]
[[proxy]]
name = "eu"
url = "https://user:hunter2@example.com"
key = "env:EU_KEY"
restart = ["docker", "restart", "litellm"]
[[webhook]]
name = "team"
url = "https://chat.example.com/s3cret"
[[webhook]]
name = "ops"
url = "env:OPS_HOOK"
"#;
        let (safe, left_out) = without(text).unwrap();
        for secret in ["sk-", "hunter2", "s3cret"] {
            assert!(!safe.contains(secret), "{safe}");
        }
        for kept in ["# kept", "env:EU_KEY", "127.0.0.1:4000", "\"litellm\"", "env:OPS_HOOK"] {
            assert!(safe.contains(kept), "{safe}");
        }
        assert_eq!(left_out[..4], ["network.proxy", "proxy.key", "proxy.restart", "proxy.url"]);
        assert_eq!(without("not = [toml"), None);
        let plain = "schema = 1\n[[proxy]]\nname = \"eu\"\nkey = \"keyring\"\n";
        assert_eq!(without(plain), Some((plain.to_owned(), Vec::new())), "nothing else is changed");
    }
}
