//! Addresses: of proxies, which get a key, and of sources, which get none.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ::url::{Host, Url};
use serde::{Serialize, Serializer};

use super::{DEFAULT_SOURCE, invalid};
use crate::error::bounded;
use crate::{Error, ErrorCode, Result};

/// The base address of a proxy: HTTP(S), without credentials, query or trailing slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    /// Reads an address.
    ///
    /// Fails with `url_has_credentials`; with `plain_http` when the key would go unencrypted to a public address and
    /// `allow_plain_http` is false; with `invalid_setting` otherwise.
    pub fn parse(text: &str, allow_plain_http: bool) -> Result<Self> {
        let mut url = http_url(text).map_err(|error| error.field("url"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("A proxy's URL cannot have a query or fragment: remove the ? or # and what follows.")
                .field("url"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let url = Self(url);
        if url.0.scheme() == "http" && !url.is_local() && !allow_plain_http {
            return Err(Error::new(
                ErrorCode::PlainHttp,
                format!("{url} is a public address, and plain HTTP would expose your key to anyone along the way. Nothing was changed. Use https, or accept the risk with allow_plain_http = true."),
            )
            .field("url"));
        }
        Ok(url)
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address of one of the proxy's endpoints; `path` begins with a slash.
    pub fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// The address itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the address is of this machine or its own network: loopback, private, link-local, a bare host name, or a
    /// name below `.localhost`, `.local` or `.internal`. Such addresses never go through an HTTP proxy.
    pub fn is_local(&self) -> bool {
        crate::net::is_private(&self.0)
    }
}

/// The address of a source: HTTP(S), without credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SourceUrl(Url);

impl SourceUrl {
    /// Reads an address. Fails with `url_has_credentials` or `invalid_setting`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut url = http_url(text).map_err(|error| error.field("source.url"))?;
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address, for a client.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether a server that listens there would answer for this address. Names are not looked up, except that
    /// `localhost` is this machine.
    pub fn is_served_by(&self, listen: SocketAddr) -> bool {
        if self.0.port_or_known_default() != Some(listen.port()) {
            return false;
        }
        let this_machine = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        let host = match self.0.host() {
            Some(Host::Ipv4(ip)) => IpAddr::from(ip),
            Some(Host::Ipv6(ip)) => ip.to_canonical(),
            Some(Host::Domain(name)) if is_localhost(name) => Ipv4Addr::LOCALHOST.into(),
            _ => return false,
        };
        host == listen.ip() || (this_machine(host) && this_machine(listen.ip().to_canonical()))
    }
}

impl Default for SourceUrl {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, and a test reads it")]
        Self::parse(DEFAULT_SOURCE).expect("the default source is a URL")
    }
}

macro_rules! shown_as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

shown_as_text!(ProxyUrl);
shown_as_text!(SourceUrl);

pub(super) fn http_url(text: &str) -> Result<Url> {
    // What was given is only repeated once it is known to hold no password.
    let url = Url::parse(text.trim()).map_err(|cause| {
        invalid("This isn't a valid URL. Use one like http://127.0.0.1:4000 or https://litellm.example.com.")
            .detail(cause)
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(
            ErrorCode::UrlHasCredentials,
            "The URL contains a user name or password. It was rejected, so that they do not end up in files and logs. Enter the URL without them.",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        // `localhost:4000` reads as scheme "localhost".
        let scheme = bounded(url.scheme(), 40);
        return Err(invalid(format!("The URL must start with http:// or https://, not {scheme}:.")));
    }
    Ok(url)
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, shown) in [
            ("http://127.0.0.1:4000/", "http://127.0.0.1:4000"),
            (" HTTPS://LiteLLM.Example.com:443/base// ", "https://litellm.example.com/base"),
            ("http://[::1]:4000", "http://[::1]:4000"),
        ] {
            assert_eq!(ProxyUrl::parse(text, false).unwrap().as_str(), shown);
        }
        let base = ProxyUrl::parse("https://h.example/base/", false).unwrap();
        assert_eq!(base.endpoint("/v1/models").as_str(), "https://h.example/base/v1/models");
        let bare = ProxyUrl::parse("http://localhost:4000", false).unwrap();
        assert_eq!(bare.endpoint("/v1/models").as_str(), "http://localhost:4000/v1/models");
    }

    #[test]
    fn a_key_goes_over_plain_http_only_within_the_own_network() {
        for local in [
            "http://localhost:4000",
            "http://127.8.9.1",
            "http://10.1.2.3",
            "http://172.31.0.1",
            "http://192.168.1.9:4000",
            "http://169.254.3.4",
            "http://100.100.1.1",
            "http://[::1]",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://[::ffff:10.0.0.1]",
            "http://litellm:4000",
            "http://printer.local",
            "http://a.svc.internal.",
            "http://2130706433",
        ] {
            assert!(ProxyUrl::parse(local, false).unwrap().is_local(), "{local}");
        }
        for public in [
            "http://example.com",
            "http://8.8.8.8",
            "http://172.32.0.1",
            "http://100.128.0.1",
            "http://[2001:db8::1]",
            "http://[::ffff:8.8.8.8]",
            "http://localhost.example.com",
            "http://internal.example",
            "http://10.0.0.1.nip.example",
        ] {
            assert_eq!(ProxyUrl::parse(public, false).unwrap_err().code, ErrorCode::PlainHttp, "{public}");
            assert!(!ProxyUrl::parse(public, true).unwrap().is_local());
        }
        assert!(ProxyUrl::parse("https://example.com", false).is_ok());
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in ["https://user:hunter2@example.com", "http://hunter2@localhost", "ftp://:hunter2@example.com"] {
            for error in [ProxyUrl::parse(text, true).unwrap_err(), SourceUrl::parse(text).unwrap_err()] {
                assert_eq!(error.code, ErrorCode::UrlHasCredentials);
                assert!(!format!("{error:?}").contains("hunter2"));
            }
        }
        let broken = ProxyUrl::parse("https://user:hunter2@", false).unwrap_err();
        assert!(!format!("{broken:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_base_address_is_refused() {
        for bad in [
            "",
            "localhost:4000",
            "example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "https://h/?key=1",
            "https://h/#a",
        ] {
            assert_eq!(ProxyUrl::parse(bad, true).unwrap_err().code, ErrorCode::InvalidSetting, "{bad}");
        }
    }

    #[test]
    fn the_own_gateway_is_known_by_any_of_its_names() {
        let own = |url: &str, listen: &str| SourceUrl::parse(url).unwrap().is_served_by(listen.parse().unwrap());
        for url in [
            "http://127.0.0.1:4401/map",
            "http://localhost:4401",
            "http://[::1]:4401/",
            "http://0.0.0.0:4401/x",
            "http://a.localhost:4401",
        ] {
            assert!(own(url, "127.0.0.1:4401"), "{url}");
            assert!(own(url, "0.0.0.0:4401"), "{url}");
        }
        assert!(own("http://172.17.0.1:4401/", "172.17.0.1:4401"));
        assert!(own("http://localhost/", "127.0.0.1:80"));
        assert!(!own("http://127.0.0.1:4402/", "127.0.0.1:4401"));
        assert!(!own("http://127.0.0.1:4401/", "172.17.0.1:4401"));
        assert!(!own("https://example.com:4401/", "127.0.0.1:4401"));
    }
}
