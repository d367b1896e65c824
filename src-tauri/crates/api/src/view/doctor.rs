//! Why a proxy, or a model on it, is not as it should be.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::AttentionAction;

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorView {
    /// The model that was asked for.
    pub model: Option<String>,
    /// The proxy that was asked; `None`: all of them.
    pub proxy: Option<String>,
    /// The one cause; `None` where nothing stands in the way.
    pub cause: Option<DoctorRow>,
    /// What was found of the model where nothing stands in its way.
    pub fine: Option<String>,
    /// Everything that was looked at, in the order of the chain.
    pub rows: Vec<DoctorRow>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorRow {
    /// What: `source`, `key`, `reads`, `model`, …
    pub about: String,
    /// `ok`, `warn` or `fail`.
    #[ts(type = "'ok' | 'warn' | 'fail'")]
    pub state: String,
    /// The stable id of the cause: `source.dns`.
    pub cause: Option<String>,
    /// What was found.
    pub message: String,
    /// What shows it.
    pub evidence: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// The button that does it, or opens the place where it is done.
    pub action: Option<AttentionAction>,
}
