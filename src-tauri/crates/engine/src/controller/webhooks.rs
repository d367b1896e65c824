//! Webhooks are served beside the controller: what they wait for is nothing that it waits for.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Snapshot;
use super::event::Event;
use super::job::Parts;
use crate::Result;
use crate::settings::Settings;
use crate::webhooks::Follower;

/// A post that goes on is let to its end; one that does not end is not waited for.
const END_WITHIN: Duration = Duration::from_secs(3);

/// What serves them.
pub(super) enum Webhooks {
    /// As long as the engine runs.
    Always { task: JoinHandle<()>, cancel: CancellationToken },
    /// Once, at the end of a single command.
    AtTheEnd { follower: Box<Follower>, parts: Arc<Parts> },
}

impl Webhooks {
    /// What is news from now on is so for the webhooks of the settings.
    pub(super) async fn follow(
        parts: Arc<Parts>,
        settings: watch::Receiver<Arc<Settings>>,
        snapshot: watch::Receiver<Arc<Snapshot>>,
        scheduled: bool,
    ) -> Result<Self> {
        let names = settings.borrow().posts_to();
        parts.ledger.follow_webhooks(names).await?;
        let events = parts.events.clone();
        let follower = Follower {
            ledger: parts.ledger.clone(),
            clock: parts.clock.clone(),
            secrets: parts.secrets.clone(),
            environment: Arc::clone(&parts.environment),
            settings,
            snapshot,
            told: Box::new(move |statuses| drop(events.send(Event::Webhooks { statuses }))),
            known: RwLock::default(),
            sender: Mutex::default(),
        };
        if !scheduled {
            return Ok(Self::AtTheEnd { follower: Box::new(follower), parts });
        }
        let cancel = CancellationToken::new();
        let task = tokio::spawn(follower.run(cancel.clone()));
        Ok(Self::Always { task, cancel })
    }

    /// Lets what is being sent to its end. A command that only looked sends nothing.
    pub(super) async fn end(self) {
        match self {
            Self::Always { task, cancel } => {
                cancel.cancel();
                if tokio::time::timeout(END_WITHIN, task).await.is_err() {
                    tracing::warn!("an alert may have been sent without our knowing; it is sent again with that mark");
                }
            }
            Self::AtTheEnd { follower, parts } => {
                if parts.acted.load(Ordering::Relaxed) {
                    follower.last_words().await;
                }
            }
        }
    }
}
