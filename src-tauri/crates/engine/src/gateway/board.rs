//! What the gateway hands out, and who came for it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use costmap::{CostMap, Revision, resolve_aliases};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use crate::gate::Stage;
use crate::ledger::Ledger;
use crate::{Clock, Error, ErrorCode, Result};

/// Who came for a map, and what they got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The proxy of the path.
    pub proxy: String,
    /// When it came last.
    pub last_fetch: DateTime<Utc>,
    /// What it got; also where it had that already.
    pub revision: Revision,
}

/// Where the ledger keeps them.
pub(super) const READERS_KEY: &str = "gateway.readers";

/// One that comes again and again for the same is written down so often.
const RETOLD: TimeDelta = TimeDelta::minutes(1);

/// A map as it is sent.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) revision: Revision,
    pub(super) plain: Bytes,
    pub(super) gzip: Bytes,
}

/// So many maps are kept ready: what is promoted, and what a few proxies are pinned to.
const READY: usize = 4;

/// A map that is ready to be sent.
#[derive(Debug)]
struct Ready {
    revision: Revision,
    whole: Arc<Served>,
    /// With each alias row replaced by its target, for LiteLLM below 1.110. Made when it is first asked for.
    resolved: Option<Arc<Served>>,
}

/// What decides which map a proxy gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant {
    /// It books alias rows at $0, so it gets them resolved.
    pub(crate) resolves: bool,
    /// The stage that it belongs to.
    pub(crate) stage: Stage,
}

/// What is handed out. The ledger is asked each time which promotion holds, so nothing older is ever sent.
#[derive(Debug)]
pub(crate) struct Board {
    ledger: Ledger,
    clock: Clock,
    /// The one that was asked for last stands last.
    ready: tokio::sync::Mutex<Vec<Ready>>,
    readers: Mutex<BTreeMap<String, Reader>>,
    /// The proxies of the settings by name.
    proxies: Mutex<BTreeMap<String, Meant>>,
}

impl Board {
    pub(crate) fn new(ledger: Ledger, clock: Clock) -> Self {
        Self {
            ledger,
            clock,
            ready: tokio::sync::Mutex::default(),
            readers: Mutex::default(),
            proxies: Mutex::default(),
        }
    }

    /// These are the proxies of the settings, and what each is meant to get.
    pub(crate) fn set_proxies(&self, proxies: impl IntoIterator<Item = (String, Meant)>) {
        let proxies: BTreeMap<String, Meant> = proxies.into_iter().collect();
        lock(&self.readers).retain(|name, _| proxies.contains_key(name));
        *lock(&self.proxies) = proxies;
    }

    /// Who came, by name.
    pub(crate) fn readers(&self) -> Vec<Reader> {
        lock(&self.readers).values().cloned().collect()
    }

    /// The name of the settings for a name in a path, and what that proxy is meant to get.
    pub(super) fn proxy(&self, name: &str) -> Option<(String, Meant)> {
        lock(&self.proxies).iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(k, v)| (k.clone(), *v))
    }

    /// Notes that a proxy came. Written down where that is news, for programs that only read the ledger.
    pub(super) fn came(&self, proxy: String, revision: Revision) {
        let reader = Reader { proxy: proxy.clone(), last_fetch: self.clock.now(), revision };
        let (is_news, all) = {
            let mut readers = lock(&self.readers);
            let before = readers.insert(proxy, reader.clone());
            let is_known =
                |before: &Reader| before.revision == reader.revision && reader.last_fetch - before.last_fetch < RETOLD;
            (!before.as_ref().is_some_and(is_known), readers.values().cloned().collect::<Vec<_>>())
        };
        if is_news {
            let ledger = self.ledger.clone();
            tokio::spawn(async move {
                if let Err(error) = ledger.set_state(READERS_KEY, &all).await {
                    tracing::warn!(%error, "who reads the gateway could not be written down");
                }
            });
        }
    }

    /// Takes up who came before this start.
    pub(super) async fn load(&self) {
        let known = self.ledger.get_state::<Vec<Reader>>(READERS_KEY).await.ok().flatten().unwrap_or_default();
        let mut readers = lock(&self.readers);
        for reader in known {
            readers.entry(reader.proxy.clone()).or_insert(reader);
        }
    }

    /// The map that this proxy, or without one the production ring, is meant to have, as it is sent; `None` while nothing
    /// was promoted.
    ///
    /// # Errors
    /// The ledger's; a map that cannot be read is never sent in part.
    pub(super) async fn current(&self, proxy: Option<(&str, Stage)>, resolved: bool) -> Result<Option<Arc<Served>>> {
        match self.ledger.served(proxy).await? {
            Some(revision) => self.of(revision, resolved).await.map(Some),
            None => Ok(None),
        }
    }

    /// This map as it is sent.
    pub(super) async fn of(&self, revision: Revision, resolved: bool) -> Result<Arc<Served>> {
        let mut ready = self.ready.lock().await;
        let mut now = if let Some(place) = ready.iter().position(|ready| ready.revision == revision) {
            ready.remove(place)
        } else {
            let bytes = self.ledger.map(&revision).await?.ok_or_else(|| {
                Error::new(ErrorCode::Ledger, "The promoted map is missing in the ledger, so it cannot be served.")
            })?;
            Ready { whole: Arc::new(served(bytes).await?), revision, resolved: None }
        };
        if resolved && now.resolved.is_none() {
            now.resolved = Some(resolve(&now.whole).await?);
        }
        let answer = now.resolved.clone().filter(|_| resolved).unwrap_or_else(|| Arc::clone(&now.whole));
        ready.push(now);
        if ready.len() > READY {
            ready.remove(0);
        }
        Ok(answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn served(bytes: Vec<u8>) -> Result<Served> {
    let made = spawn_blocking(move || {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&bytes)?;
        let gzip = gzip.finish()?;
        Ok::<_, std::io::Error>(Served { revision: Revision::of(&bytes), plain: bytes.into(), gzip: gzip.into() })
    });
    made.await.map_err(|error| defect(&error))?.map_err(|error| defect(&error))
}

/// The same map for a proxy that knows no alias rows; the map itself where it has none.
async fn resolve(whole: &Arc<Served>) -> Result<Arc<Served>> {
    let plain = whole.plain.to_vec();
    let resolved = spawn_blocking(move || CostMap::parse(plain).ok().and_then(|map| resolve_aliases(&map))).await;
    match resolved.map_err(|error| defect(&error))? {
        Some(bytes) => Ok(Arc::new(served(bytes).await?)),
        None => Ok(Arc::clone(whole)),
    }
}

fn defect(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, "The promoted map could not be made ready to be served.").detail(error)
}
