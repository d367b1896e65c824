//! The header that carries a proxy's key.

use std::fmt;
use std::str::FromStr;

use reqwest::header::HeaderName;
use serde::{Serialize, Serializer};

use super::invalid;
use crate::{Error, Result};

/// The name of the header: `Authorization`, or what `general_settings.litellm_key_header_name` of the proxy says, where
/// `Authorization` belongs to a gateway in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHeader(HeaderName);

/// Headers that LiteLLM itself reads a bare key from. In every other one, also in the one that its setting names, it wants
/// `Bearer ` before the key (measured on 1.90.7, 1.102.4 and 1.110.2).
const BARE: [&str; 2] = ["x-api-key", "api-key"];

/// Headers that belong to the connection or say where a request goes.
const REFUSED: [&str; 8] = [
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "cookie",
    "proxy-authorization",
    "user-agent",
];

impl KeyHeader {
    /// The name, as HTTP has it.
    pub fn name(&self) -> &HeaderName {
        &self.0
    }

    /// Whether the key stands in it without `Bearer `.
    pub fn is_bare(&self) -> bool {
        BARE.contains(&self.0.as_str())
    }

    /// Whether it is the usual one.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for KeyHeader {
    fn default() -> Self {
        Self(reqwest::header::AUTHORIZATION)
    }
}

impl FromStr for KeyHeader {
    type Err = Error;

    /// Fails with `invalid_setting`. The text is not repeated: it may be the key itself.
    fn from_str(text: &str) -> Result<Self> {
        let name = HeaderName::from_bytes(text.trim().as_bytes()).ok();
        let name = name.filter(|name| name.as_str().len() <= 64 && !REFUSED.contains(&name.as_str()));
        name.filter(|name| !name.as_str().starts_with("sk-")).map(Self).ok_or_else(|| {
            invalid(
                "The key header must be the name of an HTTP header, like Authorization or X-LiteLLM-Key. Do not enter the key itself here.",
            )
        })
    }
}

impl fmt::Display for KeyHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names have no case; people write the usual one with a capital.
        f.write_str(if self.is_default() { "Authorization" } else { self.0.as_str() })
    }
}

impl Serialize for KeyHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_never_the_key() {
        let header: KeyHeader = " X-LiteLLM-Key ".parse().unwrap();
        assert_eq!((header.to_string().as_str(), header.is_bare()), ("x-litellm-key", false));
        assert!("x-api-key".parse::<KeyHeader>().unwrap().is_bare());
        assert_eq!("authorization".parse::<KeyHeader>().unwrap().to_string(), "Authorization");
        for bad in ["", "two words", "sk-1234", "Host", "Cookie", "a\nb", "ü", &"x".repeat(65)] {
            assert!(bad.parse::<KeyHeader>().is_err(), "{bad}");
        }
    }
}
