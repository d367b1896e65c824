//! When to try again, and after how long.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::Error;

/// A try that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) again: Again,
}

/// Whether another try could help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The answer would be the same.
    Never,
    /// After the next wait of the back-off.
    Later,
    /// The server said when.
    After(Duration),
}

impl Failed {
    pub(super) fn for_good(error: Error) -> Self {
        Self { error, again: Again::Never }
    }
}

/// Reads Retry-After, in seconds or as an HTTP date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Again {
    let Some(text) = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::trim) else {
        return Again::Later;
    };
    if let Ok(seconds) = text.parse() {
        return Again::After(Duration::from_secs(seconds));
    }
    match DateTime::parse_from_rfc2822(text) {
        // A date in the past, by our clock or theirs, means "now".
        Ok(date) => Again::After((date.to_utc() - now).to_std().unwrap_or_default()),
        Err(_) => Again::Later,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Again::After(Duration::from_secs(7)))]
    #[case(" 0 ", Again::After(Duration::ZERO))]
    #[case("Wed, 21 Oct 2015 07:28:30 GMT", Again::After(Duration::from_secs(30)))]
    #[case("Wed, 21 Oct 2015 07:27:00 GMT", Again::After(Duration::ZERO))]
    #[case("soon", Again::Later)]
    #[case("-3", Again::Later)]
    fn both_forms_are_understood(#[case] value: &str, #[case] expected: Again) {
        let now = "2015-10-21T07:28:00Z".parse().unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        assert_eq!(retry_after(&headers, now), expected);
    }
}
