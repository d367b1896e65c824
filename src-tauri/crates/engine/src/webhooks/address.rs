//! The address of a webhook. It is a secret: who knows it can post there. So it is never shown, whole or in part.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::{Error, ErrorCode, Result};

/// Longer than this is no address.
const LONGEST: usize = 1024;

/// An https address, or http on this machine.
#[derive(Clone)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// Reads an address; white space around it is left out.
    ///
    /// Fails with `plain_http` where it would be posted to unencrypted, and with `invalid_setting`; `field` is `url`. No error
    /// repeats any of it.
    pub fn parse(text: &SecretString) -> Result<Self> {
        let text = text.expose_secret().trim();
        let wrong = |why: &str| {
            let message = format!("{why} Nothing was saved. It must be an https URL, as the chat program shows it.");
            Error::new(ErrorCode::InvalidSetting, message).field("url")
        };
        if text.is_empty() {
            return Err(wrong("There is no address."));
        }
        let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(mut url) = Url::parse(text).ok().filter(|url| is_plain && url.has_host()) else {
            return Err(wrong("That isn't a URL."));
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                let message = "Over plain HTTP anyone along the way could read the address and post there. Nothing was saved; use https.";
                return Err(Error::new(ErrorCode::PlainHttp, message).field("url"));
            }
            _ => return Err(wrong("That isn't an https URL.")),
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The address as the key store takes it.
    pub fn secret(&self) -> SecretString {
        SecretString::from(self.0.as_str().to_owned())
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl([REDACTED])")
    }
}

/// By what is written: a name is not looked up, except that `localhost` is this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_and_no_error_says_where() {
        let parse = |text: &str| WebhookUrl::parse(&SecretString::from(text.to_owned()));
        for good in [
            " https://hooks.example.com/T0/B0/s3cret\n",
            "http://127.0.0.1:9/s3cret",
            "http://localhost:9/s3cret",
            "http://[::1]:9/s3cret?a=b",
        ] {
            let url = parse(good).unwrap();
            assert!(!format!("{url:?}").contains("s3cret"));
            assert_eq!(url.secret().expose_secret(), good.trim());
        }
        for (bad, code) in [
            ("http://hooks.example.com/s3cret", ErrorCode::PlainHttp),
            ("http://10.0.0.1/s3cret", ErrorCode::PlainHttp),
            ("http://localhost.example.com/s3cret", ErrorCode::PlainHttp),
            ("ftp://127.0.0.1/s3cret", ErrorCode::InvalidSetting),
            ("file:///s3cret", ErrorCode::InvalidSetting),
            ("s3cret", ErrorCode::InvalidSetting),
            ("https://", ErrorCode::InvalidSetting),
            ("https://a/s3cret b", ErrorCode::InvalidSetting),
            (&format!("https://a/s3cret{}", "x".repeat(LONGEST)), ErrorCode::InvalidSetting),
            ("", ErrorCode::InvalidSetting),
        ] {
            let error = parse(bad).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (code, Some("url")), "{bad}");
            assert!(
                !format!("{error:?}").contains("s3cret") && !format!("{error:?}").contains("example.com"),
                "{error:?}"
            );
        }
    }
}
