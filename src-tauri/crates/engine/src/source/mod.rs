//! Where maps come from: an HTTP(S) address, or a file on this computer.
//!
//! [`Fetcher::fetch`] brings the bytes, whatever they are. Whether they are a map is for the checks to say: a captive
//! portal's page is *held*, not an error (CONTRACT, `check`). Only what could not be read is an error.

mod fetch;
mod file;
mod http;
pub(crate) mod retry;

pub(crate) use fetch::FollowingFetcher;
pub use fetch::{FetchLimits, FetchProgress, Fetched, Fetcher};

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::net::{refuse_credentials, shown};
use crate::{Error, ErrorCode, Result, settings};

/// One place that maps come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An `http://` or `https://` address without credentials.
    Http(Url),
    /// A file.
    File(PathBuf),
}

impl Source {
    /// Whether this address, as another program writes it, is this source: a proxy's own word for where it reads.
    /// Spelling that means the same is the same (`HTTP://Host:80/x` and `http://host/x`); a fragment is never sent.
    pub fn is_same_address(&self, address: &str) -> bool {
        let without_fragment = |url: &Url| {
            let mut url = url.clone();
            url.set_fragment(None);
            url
        };
        match self {
            Self::Http(url) => {
                Url::parse(address.trim()).is_ok_and(|other| without_fragment(&other) == without_fragment(url))
            }
            Self::File(_) => address.parse() == Ok(self.clone()),
        }
    }
}

impl FromStr for Source {
    type Err = Error;

    /// An address, a `file://` address, or a path. An address with credentials is refused (`url_has_credentials`), one
    /// with another scheme too (`invalid_setting`).
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some((scheme, _)) = text.split_once("://") else {
            if text.is_empty() {
                let empty = "The source is empty. Enter an http(s) URL or a file.";
                return Err(Error::new(ErrorCode::InvalidSetting, empty).field("source"));
            }
            return Ok(Self::File(PathBuf::from(text)));
        };
        let invalid = |why: String| Error::new(ErrorCode::InvalidSetting, why).field("source.url");
        let url: Url = text
            .parse()
            .map_err(|error| invalid(format!("The source isn't a valid URL: {error}. Check it for typos.")))?;
        match url.scheme() {
            "http" | "https" => refuse_credentials(&url, "source.url").map(|()| Self::Http(url)),
            "file" => url
                .to_file_path()
                .map(Self::File)
                .map_err(|()| invalid("A file:// URL must give the full path of a file on this computer.".to_owned())),
            _ => Err(invalid(format!(
                "A source must be an http(s) URL or a file; {} is neither.",
                crate::error::bounded(scheme, 20)
            ))),
        }
    }
}

impl From<settings::Source> for Source {
    fn from(source: settings::Source) -> Self {
        match source {
            settings::Source::Url(url) => Self::Http(url.url().clone()),
            settings::Source::File(path) => Self::File(path),
        }
    }
}

impl fmt::Display for Source {
    /// As people may see it: without the query, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => f.write_str(&shown(url)),
            Self::File(path) => f.write_str(&crate::error::bounded(&path.display().to_string(), 400)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://example.com/map.json?sig=s", "https://example.com/map.json")]
    #[case(" maps/map.json ", "maps/map.json")]
    #[case(r"C:\maps\map.json", r"C:\maps\map.json")]
    fn an_address_or_a_path(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<Source>().unwrap().to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_address_is_a_path() {
        assert_eq!("file:///a/b%20c.json".parse(), Ok(Source::File("/a/b c.json".into())));
    }

    #[rstest]
    #[case("HTTPS://Example.com:443/map.json", true)]
    #[case("https://example.com/map.json#top", true)]
    #[case("https://example.com/map.json?x=1", false)]
    #[case("http://example.com/map.json", false)]
    #[case("nonsense", false)]
    fn another_spelling_is_the_same_address(#[case] address: &str, #[case] expected: bool) {
        let source: Source = "https://example.com/map.json".parse().unwrap();
        assert_eq!(source.is_same_address(address), expected);
    }

    #[rstest]
    #[case("https://me:secret@example.com/map.json", ErrorCode::UrlHasCredentials)]
    #[case("ftp://example.com/map.json", ErrorCode::InvalidSetting)]
    #[case("https://", ErrorCode::InvalidSetting)]
    #[case("", ErrorCode::InvalidSetting)]
    fn what_is_neither_is_refused(#[case] text: &str, #[case] code: ErrorCode) {
        let error = text.parse::<Source>().unwrap_err();
        assert_eq!(error.code, code);
        assert!(!error.message.contains("secret"), "{}", error.message);
    }
}
