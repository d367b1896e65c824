//! The fetch itself: what it may cost, what it brings, what it tells on the way.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use costmap::Revision;
use reqwest::ClientBuilder;
use tokio_util::sync::CancellationToken;

use super::Source;
use super::file::Reads;
use crate::net::{Clients, NetworkEnv, Trust};
use crate::settings::Network;
use crate::{Clock, Error, ErrorCode, Result};

/// What a fetch may cost. The defaults are meant for a 3 MB file on a slow line.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// Until the connection stands. 10 s: a reachable host answers in under 3, a filtered port never.
    pub connect: Duration,
    /// Between two pieces of the answer. 20 s: a stalled line does not come back.
    pub stall: Duration,
    /// The whole fetch with its retries and waits. 3 min: 3 MB at 256 kbit/s take 100 s; a slow drip ends here.
    pub total: Duration,
    /// The first wait before another try; each later one doubles. 1 s.
    pub first_retry: Duration,
    /// How many more tries. 3, so about 7 s of waiting, as LiteLLM itself does.
    pub retries: usize,
    /// The longest wait that a Retry-After may ask for. 30 s: a person may be looking at it.
    pub retry_after: Duration,
    /// The largest body, counted after decompression. 64 MiB: twenty times today's map.
    pub body: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            total: Duration::from_mins(3),
            first_retry: Duration::from_secs(1),
            retries: 3,
            retry_after: Duration::from_secs(30),
            body: 64 << 20,
        }
    }
}

impl FetchLimits {
    /// The waits between tries.
    pub(super) fn delays(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new().with_min_delay(self.first_retry).with_max_times(self.retries).with_jitter().build()
    }
}

/// How sameness is told. Between two fetches it is kept as opaque text (`validator`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The header as it came, quotes and `W/` included.
    Etag(String),
    /// The content's own id. A file's time stamp is no proof: copies keep it, and coarse clocks repeat it.
    Content(Revision),
}

impl Tag {
    /// The text to keep. It names its source, so that after a change of source it counts for nothing.
    pub(super) fn to_validator(&self, source: &Source) -> String {
        match self {
            Self::Etag(etag) => format!("{} etag {etag}", identity(source)),
            Self::Content(revision) => format!("{} content {revision}", identity(source)),
        }
    }

    /// Reads a kept text, if it is this source's.
    pub(super) fn of_validator(validator: &str, source: &Source) -> Option<Self> {
        let rest = validator.strip_prefix(&identity(source))?;
        match rest.trim_start().split_once(' ')? {
            ("etag", etag) => Some(Self::Etag(etag.to_owned())),
            ("content", revision) => revision.parse().ok().map(Self::Content),
            _ => None,
        }
    }
}

/// Tells sources apart without storing an address's query, which may hold a secret.
fn identity(source: &Source) -> String {
    let whole = match source {
        Source::Http(url) => url.as_str().to_owned(),
        Source::File(path) => format!("file {}", path.display()),
    };
    Revision::of(whole.as_bytes()).to_string()
}

/// What a fetch brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The source still has what the validator stands for.
    NotModified,
    /// Bytes that arrived whole. They need not be a map.
    Map {
        /// The body, decompressed.
        bytes: Vec<u8>,
        /// Opaque: give it to the next fetch. None where the server sends no ETag.
        validator: Option<String>,
        /// When the last byte arrived.
        fetched_at: DateTime<Utc>,
    },
}

/// What happens during a fetch, for a progress bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchProgress {
    /// A try begins; the first is 1.
    Connecting {
        /// Which try.
        attempt: usize,
    },
    /// Bytes came in. `total` is not known for a compressed answer.
    Receiving {
        /// Bytes so far, decompressed.
        bytes: usize,
        /// Bytes expected.
        total: Option<u64>,
    },
    /// A try failed; another follows.
    Waiting {
        /// After this time.
        delay: Duration,
        /// Why.
        error: Error,
    },
}

/// Fetches maps. Cheap to clone; holds the connections.
#[derive(Clone, Debug)]
pub struct Fetcher {
    pub(super) limits: FetchLimits,
    pub(super) clients: Clients,
    pub(super) clock: Clock,
    pub(super) reads: Reads,
}

impl Fetcher {
    /// A fetcher with the default limits, the system's clock and its outgoing proxies.
    pub fn new() -> Result<Self> {
        Self::with(FetchLimits::default(), &NetworkEnv::System, Clock::system())
    }

    /// A fetcher with the default limits, going out as the settings say.
    ///
    /// Errors: `invalid_setting` where its `ca_file` cannot be used.
    pub fn for_network(network: &Network) -> Result<Self> {
        Self::limited(FetchLimits::default(), network)
    }

    /// [`Fetcher::for_network`] with these limits.
    pub fn limited(limits: FetchLimits, network: &Network) -> Result<Self> {
        Self::trusting(limits, &network.proxy.environment(), Clock::system(), &network.trust()?)
    }

    /// A fetcher with these limits, going out as `env` says. Fails only if the HTTP client cannot be made.
    pub fn with(limits: FetchLimits, env: &NetworkEnv, clock: Clock) -> Result<Self> {
        Self::trusting(limits, env, clock, &Network::default().trust()?)
    }

    fn trusting(limits: FetchLimits, env: &NetworkEnv, clock: Clock, trust: &Trust) -> Result<Self> {
        let tune = |builder: ClientBuilder| builder.connect_timeout(limits.connect).read_timeout(limits.stall);
        let clients = Clients::new(env, trust, &["h2", "http/1.1"], tune)?;
        Ok(Self { limits, clients, clock, reads: Reads::default() })
    }

    /// [`Fetcher::fetch_telling`] without telling.
    pub async fn fetch(&self, source: &Source, known: Option<&str>, cancel: &CancellationToken) -> Result<Fetched> {
        self.fetch_telling(source, known, cancel, &|_| ()).await
    }

    /// Brings the source's bytes, or learns that they are still those of `known`, the validator of an earlier fetch.
    ///
    /// Errors: `source_unreachable` (DNS, connection, TLS, time-out, cut short; after the retries), `source_status`,
    /// `source_too_large`, `source_redirect`, `source_file`, `cancelled`.
    pub async fn fetch_telling(
        &self,
        source: &Source,
        known: Option<&str>,
        cancel: &CancellationToken,
        progress: &(dyn Fn(FetchProgress) + Send + Sync),
    ) -> Result<Fetched> {
        let known = known.and_then(|validator| Tag::of_validator(validator, source));
        let work = async {
            match source {
                Source::Http(url) => self.fetch_http(source, url, known.as_ref(), progress).await,
                Source::File(path) => self.read_file(source, path, known.as_ref()).await,
            }
        };
        let stopped = || {
            Err(Error::new(
                ErrorCode::Cancelled,
                "The fetch was cancelled. Nothing was changed; the last map stays in use.",
            ))
        };
        cancel.run_until_cancelled(work).await.unwrap_or_else(stopped)
    }
}

/// The fetcher of a program whose settings may change: the same one, with its connections, for as long as the way out
/// stays the same.
#[derive(Debug, Default)]
pub(crate) struct FollowingFetcher(Mutex<Option<(Network, Trust, Fetcher)>>);

impl FollowingFetcher {
    /// The fetcher for these settings, and for what the `ca_file` holds now.
    pub(crate) fn get(&self, network: &Network) -> Result<Fetcher> {
        let trust = network.trust()?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., fetcher)) = last.as_ref().filter(|(known, trusted, _)| known == network && *trusted == trust) {
            return Ok(fetcher.clone());
        }
        let mut fetcher = Fetcher::for_network(network)?;
        if let Some((.., known)) = last.as_ref() {
            // A read that hangs does so however the program goes out.
            fetcher.reads = known.reads.clone();
        }
        *last = Some((network.clone(), trust, fetcher.clone()));
        Ok(fetcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_counts_for_its_own_source_only() {
        let one: Source = "https://example.com/a?sig=secret".parse().unwrap();
        let other: Source = "https://example.com/b".parse().unwrap();
        for tag in [Tag::Etag("W/\"a b\"".to_owned()), Tag::Content(Revision::of(b"x"))] {
            let validator = tag.to_validator(&one);
            assert_eq!(Tag::of_validator(&validator, &one), Some(tag));
            assert_eq!(Tag::of_validator(&validator, &other), None);
            assert!(!validator.contains("secret"));
        }
        assert_eq!(Tag::of_validator("made up", &one), None);
    }
}
