//! Maps and their differences, read from the ledger. A few differences are kept, since the overview, the toasts and the
//! screen ask for the same ones; maps are not, since each takes 15 MB.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use costmap::{ChangeSet, CostMap, Revision, diff};
use engine::ledger::Ledger;
use engine::sync::parsed;
use engine::{Error, ErrorCode, Result};
use tokio::task::spawn_blocking;

/// How many differences are kept.
const KEPT: usize = 4;

/// The differences that were asked for last.
#[derive(Default)]
pub(crate) struct Differences(Mutex<VecDeque<Arc<ChangeSet>>>);

impl Differences {
    /// What differs between two maps of the ledger.
    pub(crate) async fn between(&self, ledger: &Ledger, from: &Revision, to: &Revision) -> Result<Arc<ChangeSet>> {
        let is_it = |set: &&Arc<ChangeSet>| set.from == *from && set.to == *to;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().find(is_it).cloned();
        if let Some(set) = known {
            return Ok(set);
        }
        let (old, new) = (map(ledger, from).await?, map(ledger, to).await?);
        let set = blocking(move || Arc::new(diff(&old, &new))).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(Arc::clone(&set));
        kept.truncate(KEPT);
        Ok(set)
    }
}

/// A map that the ledger must have.
pub(crate) async fn map(ledger: &Ledger, revision: &Revision) -> Result<Arc<CostMap>> {
    parsed(ledger, revision).await?.ok_or_else(|| {
        Error::new(ErrorCode::NotFound, format!("The map {} is not stored here.", revision.short())).field("revision")
    })
}

/// The processor's work, off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    spawn_blocking(work)
        .await
        .map_err(|defect| Error::new(ErrorCode::Internal, "A background task failed.").detail(defect))
}
