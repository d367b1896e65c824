//! Keys of proxies and addresses of webhooks: in the system's key store or in the environment, and nowhere else. INVARIANT: none is ever written
//! to a file, a log, an error or an argument list; in memory it is a [`SecretString`], which shows itself as `[REDACTED]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keyring::{Entry, Error as StoreError};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::home::{APP_ID, Home};
use crate::settings::{KeyPlace, Proxy, ProxyName};
use crate::webhooks::WebhookUrl;
use crate::{Error, ErrorCode, Result};

/// Long enough for a person to type the password that unlocks the store, short enough for a machine without one.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// The keys of one home: two homes with a proxy of the same name do not share, or overwrite, each other's.
///
/// In the system's store (Credential Manager, Keychain, Secret Service) a key is found under the service
/// `litellm-autosync` and the account `NAME@HOME`, a webhook's address under `webhook:NAME@HOME`. The store is chosen at the first use and stays the same until the
/// program ends, so one that is started later needs a new start of this program.
#[derive(Clone, Debug)]
pub struct Secrets {
    home: PathBuf,
}

impl Secrets {
    /// The keys of this home. Asks nothing of the store yet.
    pub fn new(home: &Home) -> Self {
        Self { home: Path::to_owned(home.path()) }
    }

    /// The key of a proxy, from wherever the settings say it is. `env` is `std::env::var(…).ok()`, except in tests.
    ///
    /// Fails with `no_key` when there is none, and with `no_secret_store` when the store cannot be asked.
    pub async fn key_for(&self, proxy: &Proxy, env: &(dyn Fn(&str) -> Option<String> + Sync)) -> Result<SecretString> {
        let name = &proxy.name;
        match &proxy.key {
            KeyPlace::Env(variable) => env(variable)
                .and_then(|key| checked(&SecretString::from(key)).ok())
                .ok_or_else(|| no_key(name, &format!("The environment variable {variable}, which should hold the key of {name}, is not set or is empty."), &format!("Set {variable} and restart."))),
            KeyPlace::Keyring => self.get(name).await?.ok_or_else(|| {
                no_key(name, &format!("The key store has no key for {name}."), &format!("Enter it again in Settings, or run `autosync proxy remove {name}` and then `autosync proxy add {name} {} --key-stdin`.", proxy.url))
            }),
        }
    }

    /// The key that the store has for a proxy, or `None`.
    pub async fn get(&self, name: &ProxyName) -> Result<Option<SecretString>> {
        self.ask(Kind::Proxy, name, read).await
    }

    /// Puts a key into the store, in place of an earlier one. White space around it is left out.
    ///
    /// Fails with `no_key` when it is empty or cannot be one, and with `no_secret_store`; nothing is stored then.
    pub async fn set(&self, name: &ProxyName, key: &SecretString) -> Result<()> {
        let key = checked(key).map_err(|error| error.field("key"))?;
        self.ask(Kind::Proxy, name, move |entry| entry.set_password(key.expose_secret())).await
    }

    /// Takes a key out of the store; whether there was one.
    pub async fn delete(&self, name: &ProxyName) -> Result<bool> {
        self.ask(Kind::Proxy, name, remove).await
    }

    /// The address that the store has for a webhook, or `None`.
    pub async fn webhook(&self, name: &ProxyName) -> Result<Option<SecretString>> {
        self.ask(Kind::Webhook, name, read).await
    }

    /// Puts the address of a webhook into the store, in place of an earlier one.
    ///
    /// Fails with `no_secret_store`; nothing is stored then.
    pub async fn set_webhook(&self, name: &ProxyName, url: &WebhookUrl) -> Result<()> {
        let secret = url.secret();
        self.ask(Kind::Webhook, name, move |entry| entry.set_password(secret.expose_secret())).await
    }

    /// Takes the address of a webhook out of the store; whether there was one.
    pub async fn delete_webhook(&self, name: &ProxyName) -> Result<bool> {
        self.ask(Kind::Webhook, name, remove).await
    }

    /// Asks the store on a thread of its own. Not on the runtime's blocking threads: a store that waits for a person who
    /// is not there would keep the program from ending.
    async fn ask<T: Send + 'static>(
        &self,
        kind: Kind,
        name: &ProxyName,
        question: impl FnOnce(&Entry) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        let account = format!("{}{}@{}", kind.prefix(), name.as_str().to_ascii_lowercase(), self.home.display());
        let (reply, answer) = oneshot::channel();
        // Nobody listens any more when the time is over.
        let thread = move || drop(reply.send(Entry::new(APP_ID, &account).and_then(|entry| question(&entry))));
        std::thread::Builder::new().name("key store".to_owned()).spawn(thread).map_err(|cause| {
            Error::new(ErrorCode::Internal, "No thread could be started to use the key store.").detail(cause)
        })?;
        match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(result)) => result.map_err(|error| no_store(&error)),
            Ok(Err(_)) => Err(unusable("The system's key store could not be used.")),
            Err(_) => Err(unusable(
                "The system's key store did not answer within a minute; it may be waiting for a password.",
            )),
        }
    }
}

/// Whose secret it is.
#[derive(Clone, Copy)]
enum Kind {
    Proxy,
    Webhook,
}

impl Kind {
    /// No name has a colon in it, so the two share no account.
    fn prefix(self) -> &'static str {
        match self {
            Self::Proxy => "",
            Self::Webhook => "webhook:",
        }
    }
}

fn read(entry: &Entry) -> Result<Option<SecretString>, StoreError> {
    match entry.get_password() {
        Ok(secret) => Ok(Some(SecretString::from(secret))),
        Err(StoreError::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(entry: &Entry) -> Result<bool, StoreError> {
    match entry.delete_credential() {
        Ok(()) => Ok(true),
        Err(StoreError::NoEntry) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A key as it can stand in an HTTP header. Never says what the text was.
fn checked(key: &SecretString) -> Result<SecretString> {
    let text = key.expose_secret().trim();
    if !text.is_empty() && text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(SecretString::from(text));
    }
    Err(Error::new(
        ErrorCode::NoKey,
        "That isn't a valid key: a key is 1 to 1024 letters, digits and symbols, without spaces. Nothing was stored.",
    ))
}

fn no_key(name: &ProxyName, what: &str, next: &str) -> Error {
    Error::new(ErrorCode::NoKey, format!("{what} Nothing was sent to the proxy. {next}")).detail(name)
}

fn no_store(error: &StoreError) -> Error {
    match error {
        // Only these tell about the store; what others show may hold the stored bytes.
        StoreError::NoStorageAccess(cause) => {
            unusable("The system's key store is locked, or refused to answer.").detail(cause)
        }
        StoreError::PlatformFailure(cause) => unusable("The system's key store failed.").detail(cause),
        StoreError::NoDefaultStore => {
            let cause = Entry::store_status().as_ref().err().map(ToString::to_string);
            let error = unusable("No key store could be reached on this system.");
            cause.into_iter().fold(error, Error::detail)
        }
        StoreError::TooLong(what, most) => {
            unusable("The system's key store cannot store this.").detail(format!("{what}: at most {most}"))
        }
        _ => unusable("The key that the system's key store has for this proxy cannot be read."),
    }
}

fn unusable(what: &str) -> Error {
    let store = if cfg!(windows) {
        "Check the Credential Manager"
    } else if cfg!(target_os = "macos") {
        "Unlock your login keychain"
    } else {
        "Start and unlock a Secret Service (GNOME Keyring, KWallet, KeePassXC)"
    };
    Error::new(
        ErrorCode::NoSecretStore,
        format!(
            "{what} No key was read or stored, and none is ever kept in a file. {store}, or keep the key in an environment variable (a choice in Settings, and in a terminal `--key-env VAR`, or `--url-env VAR` of a webhook)."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{KeyHeader, ProxyUrl, Role};

    fn proxy(key: KeyPlace) -> Proxy {
        Proxy {
            name: "local".parse().unwrap(),
            url: ProxyUrl::parse("http://127.0.0.1:4000", false).unwrap(),
            role: Role::Production,
            key,
            key_header: KeyHeader::default(),
            allow_plain_http: false,
            ca_file: None,
            restart: Vec::new(),
            local_file: None,
            own_schedule: None,
            beta_headers: None,
        }
    }

    async fn from_env(value: Option<&str>) -> Result<String> {
        let home = Home::resolve(Some("home".into()), &|_| None).unwrap();
        let proxy = proxy(KeyPlace::Env("LITELLM_KEY".to_owned()));
        let env = |name: &str| (name == "LITELLM_KEY").then(|| value.map(str::to_owned)).flatten();
        let key = Secrets::new(&home).key_for(&proxy, &env).await?;
        assert!(!format!("{key:?}").contains("sk-"));
        Ok(key.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn a_key_comes_from_the_variable_that_the_settings_name() {
        assert_eq!(from_env(Some("sk-1234\n")).await.unwrap(), "sk-1234");
        for none in [None, Some(""), Some(" "), Some("sk-12 34"), Some("sk-\u{e9}"), Some("sk-1\nX-Header: y")] {
            let error = from_env(none).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::NoKey);
            assert!(error.message.contains("LITELLM_KEY") && !format!("{error:?}").contains("sk-"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_key_is_not_stored() {
        let home = Home::resolve(Some("home".into()), &|_| None).unwrap();
        for bad in ["", "\n", "two words", &"x".repeat(1025)] {
            let error = Secrets::new(&home).set(&"local".parse().unwrap(), &SecretString::from(bad)).await.unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (ErrorCode::NoKey, Some("key")));
        }
    }
}
