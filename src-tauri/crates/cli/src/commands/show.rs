//! `autosync show RUN`: one run of the history with its changes and its proof.

use costmap::CostMap;
use engine::ledger::Ledger;
use engine::run::SyncRun;
use engine::{Error, ErrorCode, Result};

use crate::context::Context;
use crate::output::{Answer, run as shown};

pub(super) async fn run(context: &Context, number: u64) -> Result<Answer> {
    let nothing = || {
        Error::new(
            ErrorCode::NotFound,
            format!("There is no run {number}: nothing has been synced yet. `autosync sync` starts the first run."),
        )
    };
    let ledger = context.ledger().await?.ok_or_else(nothing)?;
    let run = ledger.run(number).await?;
    let map = if context.screen.json { None } else { map_of(&ledger, &run).await? };
    Answer::new(&context.screen, &run, || shown::text(&context.screen, &run, map.as_ref()))
}

/// The map that a run was about, for the prices of its new models.
pub(super) async fn map_of(ledger: &Ledger, run: &SyncRun) -> Result<Option<CostMap>> {
    let Some(revision) = run.to.filter(|_| !run.new_models.is_empty()) else { return Ok(None) };
    let bytes = ledger.map(&revision).await?;
    Ok(bytes.and_then(|bytes| CostMap::parse(bytes).ok()))
}
