//! The gateway: a small HTTP server that hands the promoted map to proxies, so that none can load what was not promoted.
//!
//! Each proxy has a path of its own, so who reads it is known without guessing. What is sent is one whole promoted map as
//! the ledger has it, or nothing: an answer without a map is 503, never an empty one.

mod address;
mod board;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use costmap::Revision;
use serde::{Deserialize, Serialize};

pub use address::{DEFAULT_GATEWAY_PORT, FILE, GatewayAddress};
pub(crate) use board::Meant;
pub use board::Reader;
use board::{Board, READERS_KEY};
use server::{Listening, is_open, listen};

use crate::ledger::Ledger;
use crate::{Clock, Error, ErrorCode, Result};

/// Where the ledger keeps the address while it listens, for programs that only read.
const ADDRESS_KEY: &str = "gateway.address";

/// Where it keeps the prefix, so that proxies need not be told another one after each start.
const PREFIX_KEY: &str = "gateway.prefix";

/// The gateway as people see it: `gateway status` of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayState {
    /// It listens.
    pub on: bool,
    /// The address of the settings.
    pub listen: Option<SocketAddr>,
    /// The map of the production ring, as a proxy on this machine would be told. Each proxy also has its own.
    pub url: Option<String>,
    /// Who came for a map, by name.
    pub readers: Vec<Reader>,
    /// Why it does not listen although it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// The gateway of an engine: on or off, as the settings say.
#[derive(Debug)]
pub(crate) struct Gateway {
    ledger: Ledger,
    board: Arc<Board>,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    wanted: Option<SocketAddr>,
    listening: Option<Listening>,
    error: Option<Error>,
}

impl Gateway {
    pub(crate) fn new(ledger: Ledger, clock: Clock) -> Self {
        Self { board: Arc::new(Board::new(ledger.clone(), clock)), ledger, now: Mutex::default() }
    }

    /// Where it listens; `None` while it is off.
    pub(crate) fn address(&self) -> Option<GatewayAddress> {
        self.lock().listening.as_ref().map(|listening| listening.address.clone())
    }

    /// These are the proxies of the settings, and what each is meant to get.
    pub(crate) fn set_proxies(&self, proxies: impl IntoIterator<Item = (String, Meant)>) {
        self.board.set_proxies(proxies);
    }

    /// Listens where the settings say. That it cannot is a state, not an error: everything else goes on.
    pub(crate) async fn follow(&self, wanted: Option<SocketAddr>) {
        {
            let mut now = self.lock();
            // What did not work is tried again whenever the settings are looked at.
            if now.wanted == wanted && (wanted.is_none() || now.listening.is_some()) {
                return;
            }
            *now = Now { wanted, ..Now::default() };
        }
        let begun = match wanted {
            Some(address) => self.begin(address).await.map(Some),
            None => Ok(None),
        };
        let address = begun.as_ref().ok().and_then(Option::as_ref).map(|listening| listening.address.clone());
        {
            let mut now = self.lock();
            match begun {
                Ok(listening) => now.listening = listening,
                Err(error) => {
                    tracing::warn!(%error, "the gateway does not listen");
                    now.error = Some(error);
                }
            }
        }
        if let Err(error) = self.ledger.set_state(ADDRESS_KEY, &address).await {
            tracing::warn!(%error, "the gateway's address could not be written down");
        }
    }

    async fn begin(&self, listen_at: SocketAddr) -> Result<Listening> {
        self.board.load().await;
        let prefix = if is_open(listen_at) { Some(self.prefix().await?) } else { None };
        listen(Arc::clone(&self.board), GatewayAddress { listen: listen_at, prefix }).await
    }

    async fn prefix(&self) -> Result<String> {
        if let Some(known) = self.ledger.get_state::<String>(PREFIX_KEY).await? {
            return Ok(known);
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|cause| {
            Error::new(ErrorCode::Internal, "The system gave no random bytes for the gateway's path.").detail(cause)
        })?;
        let prefix = format!("{:032x}", u128::from_be_bytes(bytes));
        self.ledger.set_state(PREFIX_KEY, &prefix).await?;
        Ok(prefix)
    }

    /// The revision of what a proxy gets for this map that knows no alias rows; `None` while it is off, or where it cannot
    /// be sent.
    pub(crate) async fn resolved(&self, revision: Revision) -> Option<Revision> {
        Some(self.board.of(revision, true).await.ok()?.revision)
    }

    /// Whether this proxy gets alias rows resolved.
    pub(crate) fn resolves(&self, proxy: &str) -> bool {
        self.board.proxy(proxy).is_some_and(|(_, meant)| meant.resolves)
    }

    /// Whether this proxy came for a map.
    pub(crate) fn came(&self, proxy: &str) -> bool {
        self.board.readers().iter().any(|reader| reader.proxy == proxy)
    }

    /// As people see it.
    pub(crate) fn state(&self) -> GatewayState {
        let now = self.lock();
        GatewayState {
            on: now.listening.is_some(),
            listen: now.wanted,
            url: now.listening.as_ref().map(|listening| listening.address.url(None)),
            readers: self.board.readers(),
            error: now.error.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address under which an engine listens, or listened when it ended without a word.
///
/// # Errors
/// The ledger's.
pub async fn known_address(ledger: &Ledger) -> Result<Option<GatewayAddress>> {
    Ok(ledger.get_state::<Option<GatewayAddress>>(ADDRESS_KEY).await?.flatten())
}

/// The gateway as a program sees it that only reads: `listen` is what the settings say, `is_held` whether an engine runs.
///
/// # Errors
/// The ledger's.
pub async fn known_state(
    ledger: Option<&Ledger>,
    listen: Option<SocketAddr>,
    is_held: bool,
) -> Result<(GatewayState, Option<GatewayAddress>)> {
    let Some(ledger) = ledger else { return Ok((GatewayState { listen, ..GatewayState::default() }, None)) };
    let address = known_address(ledger).await?.filter(|_| listen.is_some());
    let readers = ledger.get_state::<Vec<Reader>>(READERS_KEY).await?.unwrap_or_default();
    let state = GatewayState {
        on: is_held && address.is_some(),
        listen,
        url: address.as_ref().map(|address| address.url(None)),
        readers,
        error: None,
    };
    Ok((state, address))
}
