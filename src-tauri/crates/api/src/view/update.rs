//! Newer versions of this program.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ErrorView;

/// What is known of newer versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct UpdateView {
    /// Why none can be looked for; null: they can.
    pub off: Option<String>,
    /// What is being done now.
    pub doing: UpdateStep,
    /// When it was looked for last, with an answer.
    pub checked_at: Option<DateTime<Utc>>,
    /// The newer version.
    pub found: Option<FoundUpdate>,
    /// Bytes received.
    pub received: u64,
    /// Bytes in all; null where the server does not say.
    pub total: Option<u64>,
    /// Why the last step failed.
    pub error: Option<ErrorView>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UpdateStep {
    /// Nothing.
    #[default]
    Idle,
    /// It is being looked for.
    Checking,
    /// It is being downloaded.
    Downloading,
    /// Its signature was right, and it is being installed.
    Installing,
    /// It is installed, and runs after the next start.
    Installed,
}

/// A newer version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FoundUpdate {
    /// Its version.
    pub version: String,
    /// What is new in it, as its release says.
    pub notes: Option<String>,
    /// It can be installed from here; else it is fetched as this program was.
    pub can_install: bool,
    /// The user wants to hear no more of it.
    pub skipped: bool,
}
