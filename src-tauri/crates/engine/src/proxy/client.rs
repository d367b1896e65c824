//! The client itself: the address, the key, and the rule that the key goes only to what said that it is LiteLLM.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use url::Url;

use super::Version;
use super::answers::text;
use super::call::{Call, Reply};
use super::refusal::{not_litellm, unusable_key};
use crate::net::{Clients, NetworkEnv, Trust, refuse_credentials, shown};
use crate::settings::{KeyHeader, Proxy};
use crate::{Error, ErrorCode, Result};

/// How long the proxy may take, and how much it may say.
#[derive(Clone, Debug)]
pub struct ProxyLimits {
    /// Until the connection stands. 5 s.
    pub connect: Duration,
    /// For an ordinary answer. 30 s: a busy proxy has been seen to take 3.
    pub answer: Duration,
    /// For a reload and for the live map. 120 s: with retries and Retry-After the proxy's own fetch takes up to 75.
    pub long: Duration,
    /// The largest body, counted after decompression. 64 MiB, as for the source.
    pub body: usize,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            long: Duration::from_mins(2),
            body: 64 << 20,
        }
    }
}

/// Talks to one proxy. Cheap to clone.
///
/// It follows no redirect, so the key goes to nobody else. Each request takes a connection of its own, so that a load
/// balancer may pick another replica: that is how replicas that disagree are noticed (trap 10).
#[derive(Clone, Debug)]
pub struct ProxyClient {
    pub(super) base: Url,
    pub(super) limits: ProxyLimits,
    pub(super) clients: Clients,
    pub(super) key: Option<HeaderValue>,
    /// The header that it goes into.
    pub(super) key_header: HeaderName,
    pub(super) secret: Option<SecretString>,
    version: Arc<OnceCell<Version>>,
}

impl ProxyClient {
    /// A client of this proxy, with the default limits and the system's outgoing proxies.
    ///
    /// Errors: as [`ProxyClient::with`]; `invalid_setting` where its `ca_file` cannot be used.
    pub fn of(proxy: &Proxy, key: Option<SecretString>) -> Result<Self> {
        Self::limited(proxy, key, ProxyLimits::default())
    }

    /// [`ProxyClient::of`] with these limits.
    ///
    /// Errors: as there.
    pub fn limited(proxy: &Proxy, key: Option<SecretString>, limits: ProxyLimits) -> Result<Self> {
        let trust = Trust::with_file(proxy.ca_file.as_deref(), "ca_file")?;
        let client = Self::trusting(proxy.url.url(), key, limits, &NetworkEnv::System, &trust)?;
        client.key_in(&proxy.key_header)
    }

    /// A client with the default limits and the system's outgoing proxies.
    pub fn new(url: &Url, key: Option<SecretString>) -> Result<Self> {
        Self::with(url, key, ProxyLimits::default(), &NetworkEnv::System)
    }

    /// The same client with the key in this header.
    ///
    /// Errors: `unauthorised` for a key that no header can carry.
    pub fn key_in(self, header: &KeyHeader) -> Result<Self> {
        let value = |key: &SecretString| sensitive(if header.is_bare() { "" } else { "Bearer " }, key);
        let key = self.secret.as_ref().map(|key| value(key).ok_or_else(unusable_key)).transpose()?;
        Ok(Self { key, key_header: header.name().clone(), ..self })
    }

    /// A client of the proxy at `url`, which may have a path.
    ///
    /// Errors: `invalid_setting` for an address that is not HTTP(S), `url_has_credentials`, `unauthorised` for a key that
    /// no header can carry.
    pub fn with(url: &Url, key: Option<SecretString>, limits: ProxyLimits, env: &NetworkEnv) -> Result<Self> {
        Self::trusting(url, key, limits, env, &Trust::with_file(None, "")?)
    }

    fn trusting(
        url: &Url,
        key: Option<SecretString>,
        limits: ProxyLimits,
        env: &NetworkEnv,
        trust: &Trust,
    ) -> Result<Self> {
        refuse_credentials(url, "url")?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            let message = "A proxy's URL starts with http:// or https://, like http://127.0.0.1:4000.";
            return Err(Error::new(ErrorCode::InvalidSetting, message).field("url"));
        }
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        base.set_path(&format!("{}/", url.path().trim_end_matches('/')));
        let secret =
            key.map(|key| SecretString::from(key.expose_secret().trim())).filter(|key| !key.expose_secret().is_empty());
        let header = secret.as_ref().map(|key| sensitive("Bearer ", key).ok_or_else(unusable_key)).transpose()?;
        let clients = Clients::new(env, trust, &["http/1.1"], |builder| {
            builder.connect_timeout(limits.connect).pool_max_idle_per_host(0).http1_only()
        })?;
        Ok(Self { base, limits, clients, key: header, key_header: AUTHORIZATION, secret, version: Arc::default() })
    }

    /// Asks who is there, without a key. The first answer is remembered.
    ///
    /// `/public/model_hub/info` is the one way to the version that works without a key on every version from 1.75.5 on.
    /// Errors: `proxy_unreachable`, `not_litellm`.
    pub async fn identify(&self) -> Result<&Version> {
        self.version.get_or_try_init(|| self.ask_version()).await
    }

    async fn ask_version(&self) -> Result<Version> {
        let reply = self.send(&Call::get("public/model_hub/info"), None).await?;
        if reply.is_gateway_trouble() {
            return Err(self.out_of_service(&reply));
        }
        let version = reply.json().filter(|_| reply.status.is_success()).and_then(|json| text(json, "litellm_version"));
        version.map(|version| Version::new(&version)).ok_or_else(|| not_litellm(self, &reply))
    }

    /// A call without the key.
    pub(super) async fn open(&self, call: Call<'_>) -> Result<Reply> {
        self.send(&call, None).await
    }

    /// A call with the key, if there is one, after the proxy said that it is LiteLLM.
    pub(super) async fn keyed(&self, call: Call<'_>) -> Result<Reply> {
        self.identify().await?;
        self.send(&call, self.key.as_ref()).await
    }

    /// The address as it may be shown.
    pub(super) fn name(&self) -> String {
        shown(&self.base).trim_end_matches('/').to_owned()
    }
}

fn sensitive(scheme: &str, key: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{scheme}{}", key.expose_secret())).ok()?;
    // Never printed, and never indexed by HPACK.
    value.set_sensitive(true);
    Some(value)
}
