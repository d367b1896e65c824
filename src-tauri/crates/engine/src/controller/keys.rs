//! Keys that proxies are asked with. The store of a desktop may ask a person for a password each time it is asked, and
//! proxies are asked each minute: what it said is kept in memory, that it is locked as well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use crate::settings::{KeyPlace, Proxy};
use crate::{ErrorCode, Result};

/// What the store said, by the proxy's name.
#[derive(Default)]
pub(super) struct Keys(Mutex<HashMap<String, Result<SecretString>>>);

impl Keys {
    /// What is known without asking anybody. A key in a variable is read each time, and one that the store does not have
    /// may have been put there meanwhile.
    pub(super) fn known(&self, proxy: &Proxy) -> Option<Result<SecretString>> {
        let known = self.lock().get(proxy.name.as_str()).filter(|_| proxy.key == KeyPlace::Keyring).cloned()?;
        Some(known).filter(|known| !known.as_ref().is_err_and(|error| error.code == ErrorCode::NoKey))
    }

    /// The store said this.
    pub(super) fn learn(&self, proxy: &Proxy, key: &Result<SecretString>) {
        if proxy.key == KeyPlace::Keyring {
            self.lock().insert(proxy.name.to_string(), key.clone());
        }
    }

    /// The proxy refused the key, or is another one now: the store is asked anew.
    pub(super) fn forget(&self, proxy: &Proxy) {
        self.lock().remove(proxy.name.as_str());
    }

    /// A person wants to know: the store may be open by now.
    pub(super) fn forget_failures(&self) {
        self.lock().retain(|_, key| key.is_ok());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Result<SecretString>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::Error;
    use crate::settings::{KeyHeader, ProxyUrl, Role};

    #[test]
    fn a_locked_store_is_asked_once_until_a_person_asks_and_a_refused_key_is_read_anew() {
        let proxy = |key| Proxy {
            name: "local".parse().unwrap(),
            url: ProxyUrl::parse("http://127.0.0.1:9", false).unwrap(),
            role: Role::Testing,
            key,
            key_header: KeyHeader::default(),
            allow_plain_http: false,
            ca_file: None,
            restart: Vec::new(),
            local_file: None,
            own_schedule: None,
            beta_headers: None,
        };
        let (keys, stored) = (Keys::default(), proxy(KeyPlace::Keyring));
        let known = || keys.known(&stored).map(|key| key.map(|key| key.expose_secret().to_owned()));
        assert_eq!(known(), None);
        let locked = Error::new(ErrorCode::NoSecretStore, "It is locked.");
        keys.learn(&stored, &Err(locked.clone()));
        assert_eq!(known(), Some(Err(locked)));
        keys.forget_failures();
        assert_eq!(known(), None);
        keys.learn(&stored, &Err(Error::new(ErrorCode::NoKey, "None is there.")));
        assert_eq!(known(), None, "one may be there now");
        keys.learn(&stored, &Ok("sk-1234".into()));
        keys.forget_failures();
        assert_eq!(known(), Some(Ok("sk-1234".to_owned())));
        assert!(keys.known(&proxy(KeyPlace::Env("KEY".into()))).is_none());
        keys.forget(&stored);
        assert_eq!(known(), None);
    }
}
