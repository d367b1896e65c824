//! A sync: check the source, then for each proxy read live → reload → read back → receipt.
//!
//! HTTP 200 proves nothing. A run is `succeeded` only with a receipt: the revision equal where the proxy knows revisions,
//! and in every case the live map read back and compared field by field.

mod candidate;
mod operator;
mod other_source;
mod promoted;
mod prove;
mod proxy_run;
mod receipt;
mod restart;
mod schedules;
mod soaked;

pub use candidate::{
    COMPOSED, Candidate, CheckOrder, LeftBaseline, SourceCheck, SourceState, check_source, last_source, parsed,
};
pub use operator::Operator;
pub use other_source::{OtherSource, OwnGateway};
pub(crate) use proxy_run::cancelled;
pub use proxy_run::{NoCandidate, RunOrder, preview, sync_proxy};
pub(crate) use restart::IN_FLIGHT;
pub use schedules::{OwnSchedule, ScheduleSet};
pub(crate) use schedules::{is_lost, leads, wanted};
pub(crate) use soaked::was_taken_back;

use serde::{Deserialize, Serialize};

/// What a running sync does now, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Fetching the map from the source and checking it.
    CheckSource,
    /// Asking the proxy what it is and what it holds.
    ReadLive,
    /// The proxy fetches the map.
    Reload,
    /// Reading the live map back and comparing it field by field.
    ReadBack,
    /// Writing down the proof.
    Receipt,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 5] = [Self::CheckSource, Self::ReadLive, Self::Reload, Self::ReadBack, Self::Receipt];

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::CheckSource => "Check source",
            Self::ReadLive => "Read live",
            Self::Reload => "Reload",
            Self::ReadBack => "Read back and compare",
            Self::Receipt => "Receipt",
        }
    }
}
