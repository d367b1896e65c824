//! The way out to the source.

use std::fmt;
use std::str::FromStr;

use ::url::Url;
use serde::{Serialize, Serializer};

use super::url::http_url;
use super::{Network, invalid};
use crate::net::{NetworkEnv, Trust};
use crate::{Error, Result};

/// Which outgoing HTTP proxy the source is asked through. Loopback and private addresses never take one, and LiteLLM
/// proxies are no concern of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetworkProxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say; on Windows and macOS also as the system's settings do.
    #[default]
    System,
    /// None.
    Direct,
    /// This one, for all addresses.
    Through(Url),
}

impl Network {
    /// Whom the source's address is trusted by.
    pub(crate) fn trust(&self) -> Result<Trust> {
        Trust::with_file(self.ca_file.as_deref(), "network.ca_file")
    }
}

impl NetworkProxy {
    /// What the HTTP client is told.
    pub fn environment(&self) -> NetworkEnv {
        match self {
            Self::System => NetworkEnv::System,
            Self::Direct => NetworkEnv::Direct,
            Self::Through(url) => {
                NetworkEnv::Fixed { http: Some(url.clone()), https: Some(url.clone()), no_proxy: None }
            }
        }
    }
}

impl FromStr for NetworkProxy {
    type Err = Error;

    /// `system`, `none`, or `http://host:port`. A user or password in it is refused (`url_has_credentials`): it would
    /// stand in the settings file.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            invalid("The outgoing proxy must be \"system\", \"none\" or a URL like http://proxy.example.com:3128.")
                .field("network.proxy")
        };
        match text.trim() {
            "system" => Ok(Self::System),
            "none" => Ok(Self::Direct),
            address if !address.contains("://") => Err(wrong()),
            address => {
                let url = http_url(address).map_err(|error| error.field("network.proxy"))?;
                let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
                if bare { Ok(Self::Through(url)) } else { Err(wrong()) }
            }
        }
    }
}

impl fmt::Display for NetworkProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Direct => f.write_str("none"),
            Self::Through(url) => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

impl Serialize for NetworkProxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn an_outgoing_proxy_is_a_word_or_an_address_without_a_password() {
        for text in ["system", "none", "http://127.0.0.1:3128", "https://proxy.example.com"] {
            assert_eq!(text.parse::<NetworkProxy>().unwrap().to_string(), text);
        }
        for bad in ["", "off", "proxy:3128", "socks5://proxy:1080", "http://proxy:3128/path", "http://proxy/?a=b"] {
            let error = bad.parse::<NetworkProxy>().unwrap_err();
            assert_eq!(
                (error.code, error.field.as_deref()),
                (ErrorCode::InvalidSetting, Some("network.proxy")),
                "{bad}"
            );
        }
        let error = "http://me:hunter2@proxy:3128".parse::<NetworkProxy>().unwrap_err();
        assert_eq!(error.code, ErrorCode::UrlHasCredentials);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
