//! Which proxies a person has asked to sync. Nothing is synced before somebody said so: the schedule leaves a proxy alone
//! until then, and one that has another address by now is another proxy.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::ledger::{Ledger, RunFilter};
use crate::run::Outcome;
use crate::settings::{Proxy, Settings};

/// Where the ledger keeps them.
const KEY: &str = "asked_for";

/// How many runs tell at which address a proxy was synced before it was written down who asked.
const EARLIER_RUNS: usize = 10;

/// The addresses that a person asked to sync, by the name of the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AskedFor(BTreeMap<String, BTreeSet<String>>);

impl AskedFor {
    /// What the ledger knows. A home of an earlier version has runs and nothing about who asked for them: they count.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn read(ledger: &Ledger, settings: &Settings) -> Result<Self> {
        let mut asked = Self(ledger.get_state(KEY).await?.unwrap_or_default());
        for proxy in &settings.proxies {
            if !asked.0.contains_key(proxy.name.as_str()) && was_synced(ledger, proxy).await? {
                asked.add(proxy);
            }
        }
        Ok(asked)
    }

    /// Writes it down where it is not what the ledger has.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn write(&self, ledger: &Ledger) -> Result<()> {
        let kept: BTreeMap<String, BTreeSet<String>> = ledger.get_state(KEY).await?.unwrap_or_default();
        if kept == self.0 { Ok(()) } else { ledger.set_state(KEY, &self.0).await }
    }

    /// A person asked for this one; whether that is new.
    pub(crate) fn add(&mut self, proxy: &Proxy) -> bool {
        self.0.entry(proxy.name.to_string()).or_default().insert(proxy.url.to_string())
    }

    pub(crate) fn has(&self, proxy: &Proxy) -> bool {
        self.0.get(proxy.name.as_str()).is_some_and(|urls| urls.contains(&proxy.url.to_string()))
    }
}

/// Nobody has asked for any of these proxies: in a home that came from elsewhere.
///
/// # Errors
/// The ledger's.
pub(crate) async fn forget_asked(ledger: &Ledger, settings: &Settings) -> Result<()> {
    let none = settings.proxies.iter().map(|proxy| (proxy.name.to_string(), BTreeSet::new())).collect();
    AskedFor(none).write(ledger).await
}

/// Whether a run of this proxy ended, and the newest proof that names an address names this one.
async fn was_synced(ledger: &Ledger, proxy: &Proxy) -> Result<bool> {
    let filter = RunFilter { proxy: Some(proxy.name.to_string()), limit: EARLIER_RUNS, ..RunFilter::default() };
    let runs = ledger.runs(filter).await?;
    let url = proxy.url.to_string();
    let newest = runs.iter().filter_map(|run| run.receipt.as_ref()).find(|receipt| receipt.url.is_some());
    let has_moved = newest.is_some_and(|receipt| !receipt.is_of(&url));
    Ok(!has_moved && runs.iter().any(|run| run.outcome != Outcome::Running))
}
