//! The name of a proxy.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::invalid;
use crate::{Error, Result};

/// 1 to 64 of `A–Z a–z 0–9 . _ -`, beginning with a letter or digit. Case is kept, but two proxies cannot differ in it
/// alone: key stores and file systems may not tell them apart.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProxyName(String);

impl ProxyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the proxy that `name` means.
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl FromStr for ProxyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len())
            && text.bytes().all(plain)
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            return Ok(Self(text.to_owned()));
        }
        Err(invalid("A proxy's name must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit.")
            .field("name"))
    }
}

impl fmt::Display for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ProxyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_in_a_path_a_log_and_a_command_line() {
        for good in ["local", "Prod-EU.1", "a", "0_0", &"x".repeat(64)] {
            assert_eq!(good.parse::<ProxyName>().unwrap().as_str(), good);
        }
        for bad in ["", "-rf", "..", "a b", "a/b", "é", "a\n", &"x".repeat(65)] {
            bad.parse::<ProxyName>().unwrap_err();
        }
    }
}
