//! Publish: the promoted map is also put where it outlasts this machine: a folder, or an object of an S3-compatible store.
//!
//! Two machines may publish to one place. Each overwrites only what it has put there or taken over itself; anything else is
//! told, and left alone until somebody says so.

mod place;
mod profile;
mod rule;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::Revision;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::ledger::Ledger;
use crate::settings::{Network, Publish};
use crate::{Clock, Error, ErrorCode, Result};
use place::{Place, There};
use rule::{Step, step};

/// Where the ledger keeps what was published, by target.
const KEY: &str = "publish";

/// What is there is looked at again after this time, though nothing was promoted since.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Tries where another machine is quicker each time.
const TRIES: usize = 4;

/// What is published, as people and programs see it: `publish` of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishState {
    /// Where; none: it is off.
    pub to: Option<String>,
    /// What proxies are told to read, where that is known.
    pub url: Option<String>,
    /// The map that is there by our last look.
    pub revision: Option<Revision>,
    /// What the place calls that version of it.
    pub etag: Option<String>,
    /// When it was put there, or found there.
    pub published_at: Option<DateTime<Utc>>,
    /// Why what is there is not what is promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// What the ledger remembers of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    revision: Option<Revision>,
    etag: Option<String>,
    published_at: Option<DateTime<Utc>>,
    looked_at: Option<DateTime<Utc>>,
    /// Another machine's map that was found there, and told.
    elsewhere: Option<Revision>,
    error: Option<Error>,
}

/// Puts the promoted map where the settings say.
pub(crate) struct Publisher {
    ledger: Ledger,
    clock: Clock,
    /// One at a time.
    busy: Mutex<()>,
}

/// How a person or the program wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct How {
    /// Look at the place also where nothing was promoted since.
    pub(crate) look: bool,
    /// Replace the other machine's map that was told before.
    pub(crate) replace: bool,
}

impl Publisher {
    pub(crate) fn new(ledger: Ledger, clock: Clock) -> Self {
        Self { ledger, clock, busy: Mutex::default() }
    }

    /// Puts what is promoted there, unless it is there already. What goes wrong is in the state: proxies that read something
    /// else are no worse for it.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn follow(&self, publish: Option<&Publish>, network: &Network, how: How) -> Result<PublishState> {
        let Some(publish) = publish else { return Ok(PublishState::default()) };
        let _busy = self.busy.lock().await;
        let target = publish.to.to_string();
        let mut all = self.all().await?;
        let known = all.get(&target).cloned().unwrap_or_default();
        let Some(wanted) = self.ledger.served(None).await? else { return Ok(shown(publish, &known)) };
        let now = self.clock.now();
        let is_fresh = known.looked_at.is_some_and(|at| now - at < AGAIN_AFTER && at <= now);
        if known.revision == Some(wanted) && known.error.is_none() && is_fresh && !how.look {
            return Ok(shown(publish, &known));
        }
        let next = match self.put(publish, network, wanted, &known, how).await {
            Ok((etag, is_ours)) => Known {
                revision: Some(wanted),
                // What was there already keeps the time at which it was first found.
                published_at: known.published_at.filter(|_| known.revision == Some(wanted) && !is_ours).or(Some(now)),
                etag,
                looked_at: Some(now),
                elsewhere: None,
                error: None,
            },
            Err(Failure { error, elsewhere }) => {
                tracing::warn!(%error, to = %target, "the promoted map is not published");
                Known { error: Some(error), elsewhere: elsewhere.or(known.elsewhere), ..known }
            }
        };
        let state = shown(publish, &next);
        all.insert(target, next);
        self.ledger.set_state(KEY, &all).await?;
        Ok(state)
    }

    async fn all(&self) -> Result<BTreeMap<String, Known>> {
        Ok(self.ledger.get_state(KEY).await?.unwrap_or_default())
    }

    /// The tag of what is there now, and whether it was written just now.
    async fn put(
        &self,
        publish: &Publish,
        network: &Network,
        wanted: Revision,
        known: &Known,
        how: How,
    ) -> Result<(Option<String>, bool), Failure> {
        let place = Place::of(&publish.to, network).await?;
        let bytes = self.ledger.map(&wanted).await?.ok_or_else(|| {
            Error::new(ErrorCode::Ledger, "The promoted map is missing in the ledger, so it cannot be published.")
        })?;
        for _ in 0..TRIES {
            let there = place.read(known.revision.zip(known.etag.clone())).await?;
            let may_replace = known.elsewhere.filter(|_| how.replace);
            match step(there.as_ref().map(|there| there.revision), wanted, known.revision, may_replace) {
                Step::Adopt => return Ok((there.and_then(|there| there.tag), false)),
                Step::Leave(theirs) => return Err(elsewhere(theirs, wanted, publish)),
                Step::Write => {
                    if place.write(&bytes, there).await? {
                        return proved(&place, wanted).await.map(|tag| (tag, true));
                    }
                }
            }
        }
        let message =
            "Another machine publishes to the same place again and again, so nothing was put there. Stop one of them.";
        Err(Error::new(ErrorCode::PublishedElsewhere, message).into())
    }
}

/// Reads back what was written.
async fn proved(place: &Place, wanted: Revision) -> Result<Option<String>, Failure> {
    match place.read(None).await? {
        Some(There { revision, tag }) if revision == wanted => Ok(tag),
        found => {
            let what = found.map_or_else(|| "nothing".to_owned(), |there| there.revision.short());
            let message = format!(
                "The map was written, but reading it back gave {what} in place of {}. Another program may write there too.",
                wanted.short()
            );
            Err(Error::new(ErrorCode::PublishFailed, message).into())
        }
    }
}

struct Failure {
    error: Error,
    elsewhere: Option<Revision>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, elsewhere: None }
    }
}

fn elsewhere(theirs: Revision, wanted: Revision, publish: &Publish) -> Failure {
    let message = format!(
        "Another machine put the map {} at {}, and this one has promoted {}. It was not overwritten. If theirs is newer, this resolves itself once this machine promotes it too; `autosync publish --replace` puts ours there.",
        theirs.short(),
        publish.to,
        wanted.short()
    );
    Failure { error: Error::new(ErrorCode::PublishedElsewhere, message), elsewhere: Some(theirs) }
}

fn shown(publish: &Publish, known: &Known) -> PublishState {
    PublishState {
        to: Some(publish.to.to_string()),
        url: publish.read_at(),
        revision: known.revision,
        etag: known.etag.clone(),
        published_at: known.published_at,
        error: known.error.clone(),
    }
}

/// What is known of the published map, for programs that only read.
///
/// # Errors
/// The ledger's.
pub async fn known_publish(ledger: Option<&Ledger>, publish: Option<&Publish>) -> Result<PublishState> {
    let Some(publish) = publish else { return Ok(PublishState::default()) };
    let all: BTreeMap<String, Known> = match ledger {
        Some(ledger) => ledger.get_state(KEY).await?.unwrap_or_default(),
        None => BTreeMap::new(),
    };
    Ok(shown(publish, &all.get(&publish.to.to_string()).cloned().unwrap_or_default()))
}
