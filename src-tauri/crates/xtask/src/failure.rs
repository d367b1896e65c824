//! Why a developer command ended without doing its work.

/// A message for the person at the terminal, and the exit code that goes with it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened and what to do, in plain sentences.
    pub message: String,
    /// 1 = the work failed; 2 = this machine lacks something that a person has to install.
    pub code: u8,
}

/// The result of every developer command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// The work itself failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The first line of the message, for a sentence that goes on.
    #[must_use]
    pub fn first_line(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Something has to be installed by hand first; the message names the exact command.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }
}

/// Adds what was being done to an I/O error, whose own text names no file.
pub trait Doing<T> {
    /// `doing` completes the sentence "cannot …".
    fn doing(self, doing: impl std::fmt::Display) -> Result<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, doing: impl std::fmt::Display) -> Result<T> {
        self.map_err(|error| Failure::failed(format!("cannot {doing}: {error}")))
    }
}
