//! Pins and rollbacks: which map that was promoted before is meant, and what holding proxies at it would change. Reads only.

use chrono::{DateTime, Utc};
use costmap::{ChangeSet, Revision, diff};
use serde::{Deserialize, Serialize};

use crate::error::bounded;
use crate::ledger::{Ledger, Pin, Pins, Promotion};
use crate::settings::Settings;
use crate::sync::parsed;
use crate::{Error, ErrorCode, Result};

/// What a person wants held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinOrder {
    /// The beginning of a revision that was promoted before. None: what is promoted now, or for a rollback the one before.
    pub revision: Option<String>,
    /// Which proxy; none: all.
    pub proxy: Option<String>,
    /// The map that is promoted now is bad: it is marked as that, and the pin ends with the next good one.
    pub rollback: bool,
}

/// What a [`PinOrder`] means.
#[derive(Clone, Debug)]
pub struct PinPlan {
    /// What is promoted for those proxies now.
    pub from: Promotion,
    /// What they will be held at.
    pub to: Promotion,
    /// Its number in the ledger.
    pub number: i64,
    /// The source's map that is marked as bad.
    pub bad: Option<Revision>,
    /// What that changes for the proxies.
    pub changes: ChangeSet,
}

/// The shortest text that may name a revision.
const SHORTEST: usize = 4;

/// What the order means, and what it would change.
///
/// # Errors
/// `not_found` where nothing was promoted, nothing before it, or nothing under that name; the ledger's.
pub async fn plan(ledger: &Ledger, order: &PinOrder, settings: &Settings) -> Result<PinPlan> {
    let not_found = |message: String| Error::new(ErrorCode::NotFound, message).field("revision");
    let now = match &order.proxy {
        Some(proxy) => ledger.promoted_for(proxy, settings.stage_of(proxy)).await?,
        // What is billed: a map that has only reached testing is nobody's to go back from.
        None => ledger.promoted().await?,
    };
    let from = now.ok_or_else(|| {
        not_found("Nothing has been promoted yet, so there is nothing to pin. Sync once first.".to_owned())
    })?;
    let found = match &order.revision {
        Some(text) => {
            let is_one = (SHORTEST..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
            let named = if is_one { ledger.promotion_named(text).await? } else { None };
            Some(named.ok_or_else(|| {
                let name = bounded(text, 60);
                not_found(format!(
                    "No map with the revision {name} was ever promoted here. `autosync pin --list` shows those that were."
                ))
            })?)
        }
        None if order.rollback => Some(ledger.promotion_before(&from.upstream).await?.ok_or_else(|| {
            not_found("There is no earlier map to go back to: this is the first one that was promoted here.".to_owned())
        })?),
        None => ledger.promotion_named(&from.revision.to_string()).await?,
    };
    let (number, to) = found.ok_or_else(|| not_found("The promoted map is missing in the ledger.".to_owned()))?;
    let missing = || Error::new(ErrorCode::Ledger, "A promoted map is missing in the ledger, so it can't be pinned.");
    let (old, new) = (parsed(ledger, &from.revision).await?, parsed(ledger, &to.revision).await?);
    let (old, new) = (old.ok_or_else(missing)?, new.ok_or_else(missing)?);
    let changes = tokio::task::spawn_blocking(move || diff(&old, &new)).await;
    let changes = changes.map_err(|defect| Error::new(ErrorCode::Internal, "The comparison failed.").detail(defect))?;
    let bad = (order.rollback && from.upstream != to.upstream).then_some(from.upstream);
    Ok(PinPlan { from, to, number, bad, changes })
}

/// A pin as people and programs see it: `pin` of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinState {
    /// What proxies are held at.
    pub revision: Revision,
    /// The source's map that it was made from.
    pub upstream: Revision,
    /// When it was first promoted, or made the pin.
    pub promoted_at: DateTime<Utc>,
    /// Since when they are held.
    pub since: DateTime<Utc>,
    /// The proxy; null: all.
    pub proxy: Option<String>,
    /// It ends by itself with the next good map.
    pub resumes: bool,
    /// Maps of the source that are marked as bad.
    pub skips: Vec<Revision>,
}

impl PinState {
    /// The pin of all proxies.
    pub fn of_all(pins: &Pins) -> Option<Self> {
        pins.all.as_ref().map(|pin| Self::of(pin, pins))
    }

    /// One pin.
    pub fn of(pin: &Pin, pins: &Pins) -> Self {
        Self {
            revision: pin.promotion.revision,
            upstream: pin.promotion.upstream,
            promoted_at: pin.promotion.promoted_at,
            since: pin.since,
            proxy: pin.proxy.clone(),
            resumes: pin.resumes,
            skips: pins.skips.clone(),
        }
    }
}
