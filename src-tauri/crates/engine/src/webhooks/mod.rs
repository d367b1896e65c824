//! Webhooks: alerts are posted where a team reads them. At least once and in order, from the ledger's outbox: what is on its
//! way survives a restart, and what may be a repeat says so.

mod address;
mod follow;
mod payload;
mod send;

pub use address::WebhookUrl;
pub(crate) use follow::Follower;
pub use follow::{WebhookStatus, statuses};
pub use send::{TestReport, test};
