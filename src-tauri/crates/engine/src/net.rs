//! What the source and the proxy client share about HTTP: the client, which way a request goes, and what went wrong.

mod trust;

use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, NoProxy, Proxy, Response, redirect};
use url::{Host, Url};

pub(crate) use trust::Trust;
use trust::Untrusted;

use crate::settings::Network;
use crate::{Error, ErrorCode, Result};

/// How the program names itself to sources and proxies.
pub const USER_AGENT: &str = concat!("litellm-autosync/", env!("CARGO_PKG_VERSION"));

/// The variables that name an outgoing proxy, as `doctor` lists them.
const PROXY_VARIABLES: [&str; 8] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// A name that takes longer than this to resolve is no name of this network.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Which outgoing HTTP proxy requests take. Loopback and private addresses never take one (CONTRACT, "Environment").
#[derive(Clone, Debug, Default)]
pub enum NetworkEnv {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; on Windows and macOS also the system's own settings.
    #[default]
    System,
    /// No outgoing proxy at all.
    Direct,
    /// These values instead of the environment's.
    Fixed {
        /// The proxy for `http://` addresses.
        http: Option<Url>,
        /// The proxy for `https://` addresses.
        https: Option<Url>,
        /// What bypasses both, in the form of `NO_PROXY`.
        no_proxy: Option<String>,
    },
}

impl NetworkEnv {
    /// The proxy variables that are set, with their values; a user and password in them are left out.
    pub fn variables() -> Vec<(&'static str, String)> {
        let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        PROXY_VARIABLES.into_iter().filter_map(|name| Some((name, without_credentials(&value(name)?)))).collect()
    }
}

/// A value of `HTTPS_PROXY` as it may be shown: everything before an `@` could be a password.
pub fn without_credentials(value: &str) -> String {
    let Some((before, host)) = value.rsplit_once('@') else { return value.to_owned() };
    let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}…@{host}")
}

/// An address as it may be shown: without user, password, query and fragment, which may hold secrets.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Neither can fail for an address with a host, and one without a host has no credentials.
    url.set_username("").ok();
    url.set_password(None).ok();
    crate::error::bounded(url.as_str(), 200)
}

/// An address that another program named, as it may be shown.
pub fn shown_text(address: &str) -> String {
    match address.parse::<Url>() {
        Ok(url) if url.has_host() => shown(&url),
        _ => crate::error::bounded(&without_credentials(address), 200),
    }
}

/// Refuses an address that carries a user or a password: it would end up in settings, logs and screens.
pub fn refuse_credentials(url: &Url, field: &str) -> Result<()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::UrlHasCredentials,
        format!("The URL {} contains a user name or password. Nothing was changed; enter it without them.", shown(url)),
    )
    .field(field))
}

/// Whether the address is of this computer or its own network by what is written, without asking DNS: loopback, private,
/// link-local, a name without a dot, or one below `.localhost`, `.local` or `.internal`.
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => is_private_v4(ip),
        Some(Host::Ipv6(ip)) => is_private_v6(ip),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name.rsplit_once('.').is_none_or(|(_, last)| matches!(last, "localhost" | "local" | "internal"))
        }
        None => false,
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64; // RFC 6598, which VPNs hand out
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    ip.to_ipv4_mapped().map_or_else(
        || ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
        is_private_v4,
    )
}

/// Another program part's own client, which trusts whom the source's does and takes the same way out.
///
/// # Errors
/// Those of `network.ca_file`.
pub fn like_the_source(network: &Network, builder: ClientBuilder) -> Result<ClientBuilder> {
    let (tls, _) = network.trust()?.config(&["h2", "http/1.1"]);
    let builder = builder.user_agent(USER_AGENT).tls_backend_preconfigured(tls);
    Ok(match network.proxy.environment() {
        NetworkEnv::Direct => builder.no_proxy(),
        NetworkEnv::System => builder,
        NetworkEnv::Fixed { http, https, .. } => {
            let all = [http.map(Proxy::http), https.map(Proxy::https)];
            let proxies = all.into_iter().flatten().filter_map(std::result::Result::ok);
            proxies.fold(builder.no_proxy(), ClientBuilder::proxy)
        }
    })
}

/// Two ways out: directly, and through the outgoing proxy where one is set.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    direct: Client,
    proxied: Option<Client>,
    /// The system has no certificates to trust: every `https://` address will fail.
    pub(crate) no_trust_store: bool,
}

impl Clients {
    /// Builds both; `tune` sets what differs between the source and the proxies, and `protocols` are what they speak.
    pub(crate) fn new(
        env: &NetworkEnv,
        trust: &Trust,
        protocols: &[&str],
        tune: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self> {
        let (tls, no_trust_store) = trust.config(protocols);
        let build = |route: &dyn Fn(ClientBuilder) -> ClientBuilder| {
            let plain = Client::builder().user_agent(USER_AGENT).redirect(redirect::Policy::none());
            tune(route(plain.tls_backend_preconfigured(tls.clone()))).build().map_err(|error| {
                Error::new(ErrorCode::Internal, "The HTTP client could not be created.").detail(evidence(error))
            })
        };
        let direct = build(&ClientBuilder::no_proxy)?;
        let proxied = match env {
            NetworkEnv::Direct => None,
            NetworkEnv::System if cfg!(any(windows, target_os = "macos")) || !NetworkEnv::variables().is_empty() => {
                Some(build(&|builder| builder)?)
            }
            NetworkEnv::System => None,
            NetworkEnv::Fixed { http, https, no_proxy } => {
                let bypass = || no_proxy.as_deref().and_then(NoProxy::from_string);
                let bad = |error| {
                    Error::new(ErrorCode::InvalidSetting, "The outgoing proxy isn't a valid URL.")
                        .detail(evidence(error))
                };
                let mut proxies = Vec::new();
                if let Some(url) = http {
                    proxies.push(Proxy::http(url.clone()).map_err(bad)?.no_proxy(bypass()));
                }
                if let Some(url) = https {
                    proxies.push(Proxy::https(url.clone()).map_err(bad)?.no_proxy(bypass()));
                }
                Some(build(&|builder| proxies.iter().cloned().fold(builder.no_proxy(), ClientBuilder::proxy))?)
            }
        };
        Ok(Self { direct, proxied, no_trust_store })
    }

    /// The client for this address. A name is looked up only where an outgoing proxy is set: behind such a proxy public
    /// names often do not resolve, while the private ones do.
    pub(crate) async fn for_url(&self, url: &Url) -> &Client {
        match &self.proxied {
            Some(proxied) if !is_private(url) && !resolves_to_private(url).await => proxied,
            _ => &self.direct,
        }
    }
}

impl Clients {
    /// Whether that is the client that goes through the network's own proxy.
    pub(crate) fn goes_through(&self, client: &Client) -> bool {
        self.proxied.as_ref().is_some_and(|proxied| std::ptr::eq(proxied, client))
    }
}

async fn resolves_to_private(url: &Url) -> bool {
    let (Some(Host::Domain(name)), Some(port)) = (url.host(), url.port_or_known_default()) else { return false };
    let lookup = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((name, port))).await;
    let Ok(Ok(addresses)) = lookup else { return false };
    let mut addresses = addresses.peekable();
    addresses.peek().is_some()
        && addresses.all(|address| match address.ip() {
            IpAddr::V4(ip) => is_private_v4(ip),
            IpAddr::V6(ip) => is_private_v6(ip),
        })
}

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// More bytes than the limit, counted after decompression.
    TooLarge,
    /// The connection broke, or the compressed data did.
    Broken(reqwest::Error),
}

/// Reads a body piece by piece, so that neither a long nor a densely compressed one can fill the memory.
pub(crate) async fn read_body(
    mut response: Response,
    limit: usize,
    mut received: impl FnMut(usize),
) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(piece) = response.chunk().await.map_err(ReadError::Broken)? {
        if bytes.len() + piece.len() > limit {
            return Err(ReadError::TooLarge);
        }
        bytes.extend_from_slice(&piece);
        received(bytes.len());
    }
    Ok(bytes)
}

/// What kind of trouble a request met, as far as people can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The name does not resolve.
    Dns,
    /// The certificate is not trusted: trying again cannot help.
    Certificate,
    /// Nothing listens there, or the network is down.
    Connect,
    /// No byte for too long.
    TimedOut,
    /// The network's own proxy wants a login before it lets anybody through.
    ProxyLogin,
    /// The network's own proxy cannot be reached, or does not let this through.
    Proxy,
    /// The connection ended before the answer did.
    Cut,
}

impl Trouble {
    /// `through`: the network's own proxy was asked, so what did not answer is that.
    pub(crate) fn of(error: &reqwest::Error, through: bool) -> Self {
        match error {
            _ if is_certificate(error) => Self::Certificate,
            _ if through && says(error, "proxy authorization required") => Self::ProxyLogin,
            _ if through && error.is_connect() => Self::Proxy,
            _ if error.is_dns() => Self::Dns,
            _ if error.is_timeout() => Self::TimedOut,
            _ if error.is_connect() => Self::Connect,
            _ => Self::Cut,
        }
    }
}

/// Whether one of the causes has these words: the connector's own errors cannot be named outside of it (hyper-util's
/// `TunnelError`).
fn says(error: &(dyn StdError + 'static), words: &str) -> bool {
    let mut causes = std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source());
    causes.any(|error| error.to_string().contains(words))
}

fn is_certificate(error: &(dyn StdError + 'static)) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(_)))
}

/// What TLS said, wherever in the chain of causes it is.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    // An io::Error hides what it wraps from `source()`, and connectors wrap one in another.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => tls_error(inner),
        None => error.source().and_then(tls_error),
    }
}

/// The certificate that was refused, for people: ` (issued by Corp Root CA)`, or nothing where that is not known.
pub(crate) fn issued_by(error: &reqwest::Error) -> String {
    untrusted(error)
        .filter(|refused| !refused.issuer.is_empty())
        .map_or_else(String::new, |refused| format!(" (issued by {})", refused.issuer))
}

fn untrusted<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Untrusted> {
    match tls_error(error)? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(rustls::OtherError(refused))) => {
            refused.downcast_ref()
        }
        _ => None,
    }
}

/// The chain of causes as text, without the address (whose query may hold a secret) and without saying anything twice.
pub(crate) fn evidence(error: reqwest::Error) -> String {
    let error = error.without_url();
    if let Some(refused) = untrusted(&error) {
        return format!("{error}: {refused}");
    }
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:4000", true)]
    #[case("http://localhost:4000", true)]
    #[case("http://a.localhost", true)]
    #[case("http://litellm:4000", true)]
    #[case("http://host.docker.internal", true)]
    #[case("http://printer.local.", true)]
    #[case("http://10.1.2.3", true)]
    #[case("http://192.168.0.7", true)]
    #[case("http://172.31.0.1", true)]
    #[case("http://100.100.1.1", true)]
    #[case("http://169.254.1.1", true)]
    #[case("http://[::1]:4000", true)]
    #[case("http://[fd00::1]", true)]
    #[case("http://[::ffff:10.0.0.1]", true)]
    #[case("http://8.8.8.8", false)]
    #[case("http://172.32.0.1", false)]
    #[case("http://100.128.0.1", false)]
    #[case("http://[2001:db8::1]", false)]
    #[case("https://my.notlocalhost", false)]
    #[case("https://example.com", false)]
    fn private_addresses_are_told_by_what_is_written(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_private(&url.parse().unwrap()), expected);
    }

    #[test]
    fn what_is_shown_of_an_address_holds_no_secret() {
        let url: Url = "https://user:pass@example.com/map.json?sig=secret#x".parse().unwrap();
        assert_eq!(shown(&url), "https://example.com/map.json");
        assert_eq!(without_credentials("http://me:p@ss@proxy:3128"), "http://…@proxy:3128");
        assert_eq!(without_credentials("proxy:3128"), "proxy:3128");
        // Neither is an address with a host: one has no scheme, the other cannot be read at all.
        assert_eq!(shown_text("me:secret@proxy:3128"), "…@proxy:3128");
        assert_eq!(shown_text("my_user:secret@proxy:3128"), "…@proxy:3128");
        assert_eq!(shown_text("https://me:secret@example.com/map.json?key=1"), "https://example.com/map.json");
        assert_eq!(refuse_credentials(&url, "source.url").unwrap_err().code, ErrorCode::UrlHasCredentials);
    }
}
