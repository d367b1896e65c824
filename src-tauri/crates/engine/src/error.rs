//! The one error type that crosses every border: CLI, IPC, log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnosis::Cause;

/// What went wrong, as programs branch on it. Names are part of the contract: add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// A command or a value that makes no sense.
    Usage,
    /// A value in the settings is not valid; `field` names it.
    InvalidSetting,
    /// An entry of the overlay, or the file, cannot be used.
    InvalidOverlay,
    /// A URL carries a user or a password.
    UrlHasCredentials,
    /// Plain HTTP to a public address without `allow_plain_http`.
    PlainHttp,
    /// The configured source resolves to our own gateway.
    SourceIsGateway,
    /// Another writer holds the home; `detail` is its pid.
    HomeBusy,
    /// The home cannot be read or written.
    HomeUnusable,
    /// The ledger was written by a newer program.
    LedgerTooNew,
    /// The ledger cannot be read or written.
    Ledger,
    /// The system has no key store, or it is locked.
    NoSecretStore,
    /// No key is known for this proxy.
    NoKey,
    /// Nothing with this name: proxy, model, run or revision.
    NotFound,
    /// A name that is taken already.
    AlreadyExists,
    /// The source could not be reached: DNS, connection, TLS, time-out.
    SourceUnreachable,
    /// The source answered with an HTTP status that is no map.
    SourceStatus,
    /// The source sent more than the body limit.
    SourceTooLarge,
    /// The source redirects to something that is not HTTP(S).
    SourceRedirect,
    /// The source file cannot be read.
    SourceFile,
    /// The proxy could not be reached.
    ProxyUnreachable,
    /// The address answers, but it is no LiteLLM proxy.
    NotLitellm,
    /// The proxy refused the key, or the key may not do this.
    Unauthorised,
    /// This worker of the proxy has its admin routes turned off.
    AdminRoutesOff,
    /// The proxy has no database, so it cannot reload or schedule.
    NoDatabase,
    /// This version of the proxy cannot do this.
    Unsupported,
    /// The proxy reads another URL than our source.
    SourceMismatch,
    /// The proxy reads the map file inside its own installation.
    LocalFile,
    /// The proxy answered with an error.
    ProxyFailed,
    /// The proxy's live map answers an error, or is no map.
    LiveMapBroken,
    /// The checks hold this map back.
    Held,
    /// The proxy said yes, but its live map does not show it.
    Unproven,
    /// This needs the gateway.
    NeedsGateway,
    /// The promoted map could not be put where it is published.
    PublishFailed,
    /// Another machine has published something else at the same place.
    PublishedElsewhere,
    /// A webhook could not be reached, or refused what was sent.
    WebhookFailed,
    /// The user cancelled.
    Cancelled,
    /// The program ended during the run.
    Interrupted,
    /// A defect in this program.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in JSON.
    pub fn as_str(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The exit code of the CLI for this error (CONTRACT, "Exit codes").
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Held => 3,
            Self::SourceUnreachable
            | Self::SourceStatus
            | Self::SourceTooLarge
            | Self::SourceRedirect
            | Self::SourceFile
            | Self::ProxyUnreachable
            | Self::NotLitellm => 4,
            Self::Unauthorised | Self::NoKey => 5,
            Self::Unproven => 6,
            _ => 1,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

/// An error for people (`message`, and `detail` where there is more) and for programs (`code`, `field`).
///
/// `message` says what happened, what was not changed, and what to do next. It never holds a secret; text that came
/// from a proxy or a URL goes through [`bounded`] first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What programs branch on.
    pub code: ErrorCode,
    /// One or two plain sentences.
    pub message: String,
    /// The evidence: what the other side said, a pid, a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The settings key or command argument that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What it comes from, where that was found out; for the doctor, and never written down.
    #[serde(skip)]
    pub cause: Option<Cause>,
}

/// The result of everything in the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code and a message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, field: None, cause: None }
    }

    /// Adds the evidence, bounded in length.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(bounded(&detail.to_string(), 600));
        self
    }

    /// Says what it comes from.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Names the settings key or argument.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

/// Hostile text made harmless: control characters become spaces, and it is cut after `max` characters.
pub fn bounded(text: &str, max: usize) -> String {
    let mut out: String =
        text.chars().take(max).map(|c| if c.is_control() || is_bidi_control(c) { ' ' } else { c }).collect();
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

/// Characters that reorder the text around them: a hostile name must not rewrite a sentence.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_snake_case_text() {
        assert_eq!(ErrorCode::UrlHasCredentials.as_str(), "url_has_credentials");
        assert_eq!(ErrorCode::HomeBusy.to_string(), "home_busy");
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor_or_run_long() {
        assert_eq!(bounded("a\u{1b}[2Jb\u{202e}c", 20), "a [2Jb c");
        assert_eq!(bounded("abcdef", 3), "abc…");
    }
}
