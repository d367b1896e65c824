//! The two logs: `logs/sync.jsonl`, one line for each sync run, which people and scripts read; and `logs/app.log`, what
//! the program says about itself, which is read when something went wrong.

mod files;
mod follow;
mod sync;
mod tracing;

pub use self::tracing::{LogGuard, init_tracing};
pub use follow::Follower;
pub use sync::{LogStatus, SyncLog, SyncLogLine};
