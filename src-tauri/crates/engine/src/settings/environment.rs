//! What the environment adds. Nothing of it is ever written into the file.

use super::{KeyHeader, KeyPlace, Proxy, ProxyUrl, Role, Settings, SettingsProblem, Source, SourceChoice, SourceUrl};
use crate::{Error, ErrorCode};

/// The name of the proxy in `LITELLM_PROXY_URL`.
pub const ENV_PROXY: &str = "env";

const PROXY_URL: &str = "LITELLM_PROXY_URL";
const SOURCE_URL: &str = "LITELLM_MODEL_COST_MAP_URL";

/// In the order in which they count: LiteLLM's own command line reads the first.
const KEYS: [&str; 2] = ["LITELLM_PROXY_API_KEY", "LITELLM_MASTER_KEY"];

/// The settings with what the environment adds, and what in it was ignored, and why.
///
/// `LITELLM_PROXY_URL` is a proxy named [`ENV_PROXY`], its key in `LITELLM_PROXY_API_KEY` or `LITELLM_MASTER_KEY`.
/// `LITELLM_MODEL_COST_MAP_URL` is the source where the file names none. `env` is `std::env::var(…).ok()`, except in
/// tests.
pub fn with_environment(settings: &Settings, env: &dyn Fn(&str) -> Option<String>) -> (Settings, Vec<SettingsProblem>) {
    let env = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let mut settings = settings.clone();
    let mut ignored = Vec::new();
    let mut ignore = |variable: &str, error: Error| {
        let message = format!("The environment variable {variable} is ignored: {}", error.message);
        ignored.push(SettingsProblem { field: variable.to_owned(), code: error.code, message });
    };
    if let Some(text) = env(PROXY_URL) {
        match env_proxy(&settings, &text, &env) {
            Ok(proxy) => settings.proxies.push(proxy),
            Err(error) => ignore(PROXY_URL, error),
        }
    }
    if let Some(text) = env(SOURCE_URL).filter(|_| settings.source == SourceChoice::Default) {
        let chosen = SourceUrl::parse(&text).and_then(|url| {
            let source = Source::Url(url);
            settings.refuse_own_gateway(&source).map(|()| source)
        });
        match chosen {
            Ok(source) => settings.source = SourceChoice::Chosen(source),
            Err(error) => ignore(SOURCE_URL, error),
        }
    }
    (settings, ignored)
}

fn env_proxy(settings: &Settings, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Proxy, Error> {
    if settings.proxies.iter().any(|proxy| proxy.name.is(ENV_PROXY)) {
        let message = "the settings already have a proxy named env. Rename it to use both.";
        return Err(Error::new(ErrorCode::AlreadyExists, message));
    }
    let key = KEYS.into_iter().find(|name| env(name).is_some()).unwrap_or(KEYS[0]);
    Ok(Proxy {
        name: ENV_PROXY.parse()?,
        url: ProxyUrl::parse(text, false)?,
        role: Role::Development,
        key: KeyPlace::Env(key.to_owned()),
        key_header: KeyHeader::default(),
        allow_plain_http: false,
        ca_file: None,
        restart: Vec::new(),
        own_schedule: None,
        beta_headers: None,
        local_file: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(settings: &Settings, variables: &[(&str, &str)]) -> (Settings, Vec<SettingsProblem>) {
        with_environment(settings, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_in_the_environment_changes_nothing() {
        let settings = Settings::default();
        assert_eq!(overlay(&settings, &[]), (settings.clone(), vec![]));
        assert_eq!(overlay(&settings, &[(PROXY_URL, " "), (SOURCE_URL, "")]), (settings, vec![]));
    }

    #[test]
    fn litellms_own_variables_make_a_proxy_named_env() {
        let key_of = |variables: &[(&str, &str)]| {
            let (settings, ignored) = overlay(&Settings::default(), variables);
            assert_eq!(ignored, []);
            let proxy = settings.proxy("env").unwrap().clone();
            assert_eq!((proxy.url.as_str(), proxy.role), ("http://127.0.0.1:4000", Role::Development));
            proxy.key
        };
        let url = (PROXY_URL, "http://127.0.0.1:4000/");
        assert_eq!(key_of(&[url, ("LITELLM_MASTER_KEY", "m")]), KeyPlace::Env("LITELLM_MASTER_KEY".to_owned()));
        assert_eq!(
            key_of(&[url, ("LITELLM_MASTER_KEY", "m"), ("LITELLM_PROXY_API_KEY", "p")]),
            KeyPlace::Env("LITELLM_PROXY_API_KEY".to_owned())
        );
        assert_eq!(key_of(&[url]), KeyPlace::Env("LITELLM_PROXY_API_KEY".to_owned()));
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_told_and_ignored() {
        let variables = [(PROXY_URL, "http://user:hunter2@example.com"), (SOURCE_URL, "ftp://example.com")];
        let (settings, ignored) = overlay(&Settings::default(), &variables);
        assert_eq!(settings, Settings::default());
        assert_eq!(
            ignored.iter().map(|i| (i.field.as_str(), i.code)).collect::<Vec<_>>(),
            [(PROXY_URL, ErrorCode::UrlHasCredentials), (SOURCE_URL, ErrorCode::InvalidSetting)]
        );
        assert!(!format!("{ignored:?}").contains("hunter2"));
    }

    #[test]
    fn the_source_of_the_environment_counts_only_where_none_is_chosen_and_is_not_our_gateway() {
        let here = (SOURCE_URL, "http://127.0.0.1:4401/model_prices_and_context_window.json");
        let (settings, _) = overlay(&Settings::default(), &[here]);
        assert_eq!(settings.source().unwrap().to_string(), here.1);

        let chosen = Settings { source: SourceChoice::Chosen(Source::File("/map.json".into())), ..Settings::default() };
        assert_eq!(overlay(&chosen, &[here]), (chosen.clone(), vec![]));

        let gateway = Settings { gateway: Some("127.0.0.1:4401".parse().unwrap()), ..Settings::default() };
        let (settings, ignored) = overlay(&gateway, &[here]);
        assert_eq!(settings, gateway);
        assert_eq!(ignored[0].code, ErrorCode::SourceIsGateway);
    }

    #[test]
    fn a_proxy_of_the_file_keeps_its_name() {
        let (with, _) = overlay(&Settings::default(), &[(PROXY_URL, "http://127.0.0.1:1")]);
        let (again, ignored) = overlay(&with, &[(PROXY_URL, "http://127.0.0.1:2")]);
        assert_eq!(again.proxies.len(), 1);
        assert_eq!(again.proxies[0].url.as_str(), "http://127.0.0.1:1");
        assert_eq!(ignored[0].code, ErrorCode::AlreadyExists);
    }
}
