//! The client of one LiteLLM proxy: every endpoint that a sync needs, with the differences by version.
//!
//! What the real proxy does (measured on 1.75.5 to 1.110.2) is often not what its documentation says. Each trap that
//! concerns a call is told at that call, and has a test that replays the proxy's recorded answer.
//!
//! Make one client a run: it remembers the version that it was told.

mod answers;
mod call;
mod capabilities;
mod client;
mod deployments;
mod probe;
mod reads;
mod refusal;
mod schedule;
mod spend;
mod version;

pub use answers::{ReloadAnswer, ScheduleStatus, SourceInfo};
pub use capabilities::Capabilities;
pub use client::{ProxyClient, ProxyLimits};
pub use deployments::Deployment;
pub use probe::{Database, KeyState, ProxyFacts};
pub use schedule::Resource;
pub use spend::{ZeroCount, ZeroDay};
pub use version::Version;
