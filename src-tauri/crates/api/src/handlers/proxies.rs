//! Proxies: find, test, save, remove. No key goes anywhere before a LiteLLM has shown itself there.

use std::time::{Duration, Instant};

use costmap::CostMap;
use engine::gateway::known_address;
use engine::proxy::{Database, KeyState, ProxyClient};
use engine::settings::{
    KeyHeader, KeyPlace, Proxy, ProxyDocument, ProxyName, ProxyUrl, Role, SettingsEdit, Source as SourceSetting,
    usable_ca_file,
};
use engine::source::Source;
use engine::status::{PriceList, UsedModels};
use engine::sync::{OtherSource, OwnGateway, parsed};
use engine::{Error, ErrorCode, Result};
use secrecy::SecretString;

use crate::Api;
use crate::commands::{ProxyArg, SaveProxyArgs, TestArgs};
use crate::state::at_field;
use crate::view::{ErrorView, FoundProxy, KeyForm, OtherSourceView, ProxyForm, ProxyTest, SettingsView};

/// Where LiteLLM listens by default, and where people put it when that is taken.
const PORTS: [u16; 4] = [4000, 8000, 8080, 4001];

/// A LiteLLM on this machine answers in milliseconds; something else may never.
const LOOK: Duration = Duration::from_millis(2500);

impl Api {
    pub(crate) async fn find_proxies(&self, (): ()) -> Result<Vec<FoundProxy>> {
        let looks = PORTS.map(|port| tokio::spawn(look(port)));
        let mut found = Vec::new();
        for look in looks {
            found.extend(look.await.ok().flatten());
        }
        Ok(found)
    }

    pub(crate) async fn test_proxy(&self, args: TestArgs) -> Result<ProxyTest> {
        let proxy = typed(&args.form)?;
        let began = Instant::now();
        let mut test = ProxyTest {
            version: None,
            milliseconds: 0,
            can_read: false,
            can_sync: false,
            database: None,
            callable: None,
            priced: None,
            unpriced: Vec::new(),
            error: None,
            other_source: None,
            traps: Vec::new(),
        };
        match ProxyClient::new(proxy.url.url(), None)?.identify().await {
            Ok(version) => test.version = Some(version.to_string()),
            Err(error) => {
                test.error = Some(ErrorView::from(&error));
                return Ok(test);
            }
        }
        test.milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (key, no_key) = match self.key(&args.form, &proxy).await {
            Ok(key) => (Some(key), None),
            Err(error) => (None, Some(error)),
        };
        let client = ProxyClient::of(&proxy, key)?;
        let source = self.drafted_source(args.source.as_deref())?;
        let answered = self.fill(&client, source, proxy.name.as_str(), &mut test).await;
        test.error = answered.err().or(no_key).map(|error| ErrorView::from(&error)).or(test.error);
        Ok(test)
    }

    async fn fill(
        &self,
        client: &ProxyClient,
        source: Option<SourceSetting>,
        name: &str,
        test: &mut ProxyTest,
    ) -> Result<()> {
        let facts = client.probe().await?;
        test.database = match facts.database {
            Database::Yes => Some(true),
            Database::No => Some(false),
            Database::Unknown => None,
        };
        test.can_sync = facts.may_sync;
        test.traps = facts.capabilities.traps().into_iter().map(Into::into).collect();
        test.error = facts.obstacle().map(|cause| ErrorView::from(&cause.error()));
        // One that cannot be used is told elsewhere.
        let ours = source.map_or_else(|| self.chosen()?.settings.source(), Ok).map(Source::from);
        let gateway = known_address(self.engine.ledger()).await?;
        let publish = self.chosen()?.settings.publish;
        let own = OwnGateway { address: gateway.as_ref(), proxy: name, came: false, publish: publish.as_ref() };
        if let Ok(ours) = ours
            && let Some(other) = OtherSource::of(&ours, facts.source.as_ref(), own)
        {
            test.can_sync = false;
            let usable = other.usable().map(str::to_owned);
            test.other_source = Some(OtherSourceView { message: other.diagnosis(&ours).text(), usable });
        }
        let live = client.live_map().await?;
        let map = CostMap::parse(live).ok();
        test.can_read = map.is_some();
        test.priced = map.as_ref().map(|map| map.len() as u64);
        if facts.key == KeyState::Valid {
            test.callable = client.callable_models().await.ok();
            if let Ok(deployments) = client.deployments().await {
                // In its live map a proxy also has models that nothing prices: it registers them itself.
                let prices = self.promoted_prices().await?;
                test.unpriced =
                    UsedModels::of(&deployments, prices.as_ref(), facts.capabilities.serves_alias_rows).unpriced;
            }
        }
        Ok(())
    }

    /// The source that goes with a draft, where it has one of its own.
    pub(crate) fn drafted_source(&self, typed: Option<&str>) -> Result<Option<SourceSetting>> {
        let Some(typed) = typed else { return Ok(None) };
        Ok(Some(SourceSetting::parse(typed, self.chosen()?.file.folder())?))
    }

    /// The prices of the promoted map, once there is one.
    async fn promoted_prices(&self) -> Result<Option<PriceList>> {
        let ledger = self.engine.ledger();
        let Some(promotion) = ledger.promoted().await? else { return Ok(None) };
        Ok(parsed(ledger, &promotion.billed(self.direct()?)).await?.map(|map| PriceList::of(&map)))
    }

    pub(crate) async fn save_proxy(&self, args: SaveProxyArgs) -> Result<SettingsView> {
        let form = args.form;
        let proxy = typed(&form)?;
        // Who is there, asked without a key. One that does not answer now may be saved all the same.
        if let Err(error) = ProxyClient::new(proxy.url.url(), None)?.identify().await
            && error.code == ErrorCode::NotLitellm
        {
            return Err(at_field(error, "url"));
        }
        if form.edits.is_none() && self.chosen()?.settings.proxy(proxy.name.as_str()).is_ok() {
            let message = format!("There is already a proxy named {}. Nothing was changed.", proxy.name);
            return Err(Error::new(ErrorCode::AlreadyExists, message).field("name"));
        }
        let secret = match &form.key {
            KeyForm::Keyring { secret: Some(secret) } => Some(SecretString::from(secret.clone())),
            KeyForm::Keyring { secret: None } if form.edits.is_none() => {
                return Err(missing());
            }
            KeyForm::Keyring { secret: None } if self.has_moved(&form, &proxy)? => return Err(retype()),
            _ => None,
        };
        if let Some(secret) = &secret {
            self.secrets().set(&proxy.name, secret).await.map_err(|error| at_field(error, "key"))?;
        }
        let (name, is_new) = (proxy.name.clone(), form.edits.is_none());
        let document = ProxyDocument::from(&proxy);
        let saved = self
            .engine
            .edit(if is_new {
                SettingsEdit::AddProxy { proxy: document }
            } else {
                SettingsEdit::SetProxy { name: name.to_string(), proxy: document }
            })
            .await;
        if let Err(error) = saved {
            if is_new && secret.is_some() {
                self.secrets().delete(&name).await.ok();
            }
            return Err(error);
        }
        self.engine.ask_proxies(vec![name.to_string()]);
        self.settings(()).await
    }

    pub(crate) async fn remove_proxy(&self, args: ProxyArg) -> Result<SettingsView> {
        let chosen = self.chosen()?;
        let proxy = chosen.file.settings().proxy(&args.proxy)?.clone();
        let name = proxy.name.to_string();
        self.engine.cancel(Some(name.clone()));
        self.engine.edit(SettingsEdit::RemoveProxy { name }).await?;
        if proxy.key == KeyPlace::Keyring
            && let Err(error) = self.secrets().delete(&proxy.name).await
        {
            tracing::warn!(%error, "the key of a removed proxy may still be in the key store");
        }
        self.settings(()).await
    }

    /// Whether the address is another one than that which the kept key was given for.
    fn has_moved(&self, form: &ProxyForm, proxy: &Proxy) -> Result<bool> {
        let Some(name) = &form.edits else { return Ok(false) };
        Ok(self.chosen()?.settings.proxy(name)?.url != proxy.url)
    }

    /// The key that is typed, or the one that is kept for the proxy that is edited.
    pub(crate) async fn key(&self, form: &ProxyForm, proxy: &Proxy) -> Result<SecretString> {
        match &form.key {
            KeyForm::Keyring { secret: Some(secret) } => Ok(SecretString::from(secret.trim().to_owned())),
            KeyForm::Keyring { secret: None } if form.edits.is_none() => Err(missing()),
            KeyForm::Keyring { secret: None } if self.has_moved(form, proxy)? => Err(retype()),
            _ => self.secrets().key_for(proxy, &*self.environment).await,
        }
    }
}

/// A new proxy has no kept key, whatever its name is.
fn missing() -> Error {
    Error::new(ErrorCode::NoKey, "Enter the key of this proxy: its master key or a proxy admin's key.").field("key")
}

/// A kept key goes only to the address that it was given for.
fn retype() -> Error {
    let message = "The URL has changed: enter the key again, so that it is not sent to the new address unasked. Nothing was changed.";
    Error::new(ErrorCode::NoKey, message).field("key")
}

pub(super) fn typed(form: &ProxyForm) -> Result<Proxy> {
    let name: ProxyName = match &form.edits {
        Some(name) => name.parse(),
        None => form.name.trim().parse(),
    }
    .map_err(|error| at_field(error, "name"))?;
    let url = ProxyUrl::parse(form.url.trim(), form.allow_plain_http).map_err(|error| error.field("url"))?;
    let role: Role = form.role.parse().map_err(|error: Error| error.field("role"))?;
    let key = match &form.key {
        KeyForm::Keyring { .. } => KeyPlace::Keyring,
        KeyForm::Env { variable } => {
            format!("env:{}", variable.trim()).parse().map_err(|error: Error| error.field("key"))?
        }
    };
    let header = form.key_header.trim();
    let key_header = if header.is_empty() { Ok(KeyHeader::default()) } else { header.parse() };
    let key_header = key_header.map_err(|error: Error| error.field("key_header"))?;
    let ca_file = usable_ca_file(&form.ca_file)?;
    let (restart, local_file) = (words(&form.restart), form.local_file.trim().to_owned());
    let document = ProxyDocument {
        restart,
        local_file,
        own_schedule: form.own_schedule.trim().to_owned(),
        beta_headers: form.beta_headers.trim().to_owned(),
        ..ProxyDocument::from(&Proxy {
            name,
            url,
            role,
            key,
            key_header,
            allow_plain_http: form.allow_plain_http,
            ca_file,
            restart: Vec::new(),
            local_file: None,
            own_schedule: None,
            beta_headers: None,
        })
    };
    Proxy::try_from(&document)
}

/// A command line as its words; quotes keep spaces together. No shell is asked.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The words as one line, which is read back as the same.
pub(super) fn line(words: &[String]) -> String {
    let shown = |word: &String| match word {
        plain if !plain.is_empty() && !plain.contains([' ', '"', '\'']) => plain.clone(),
        word if word.contains('"') => format!("'{word}'"),
        word => format!("\"{word}\""),
    };
    words.iter().map(shown).collect::<Vec<_>>().join(" ")
}

async fn look(port: u16) -> Option<FoundProxy> {
    let url = ProxyUrl::parse(&format!("http://127.0.0.1:{port}"), false).ok()?;
    let client = ProxyClient::new(url.url(), None).ok()?;
    let began = Instant::now();
    let version = tokio::time::timeout(LOOK, client.identify()).await.ok()?.ok()?.to_string();
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Some(FoundProxy { url: url.to_string(), version, milliseconds })
}
