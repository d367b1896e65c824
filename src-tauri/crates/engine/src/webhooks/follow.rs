//! Follows the outbox for each webhook: makes alerts of what is news, and sends them one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::WebhookUrl;
use super::payload::Sending;
use super::send::{Failed, No, PostLimits, Sender, address};
use crate::alerts::{self, compose};
use crate::controller::{Environment, Snapshot};
use crate::ledger::{Delivery, Ledger, Pending, Tried, WebhookState};
use crate::secrets::Secrets;
use crate::settings::{AlertKind, Network, Settings, Webhook};
use crate::{Clock, Error, Result};

/// News waits this long for more of its cause: proxies fail together.
const GATHER: TimeDelta = TimeDelta::seconds(5);

/// News waits for the end of the runs that it came with, but not for one that hangs.
const AT_MOST: TimeDelta = TimeDelta::minutes(3);

/// The waits between tries, in seconds; the last one repeats.
const WAITS: [i64; 7] = [10, 30, 60, 120, 300, 900, 1800];

/// Where a person has to do something first, it is asked so often whether that was done.
const GONE_WAIT: TimeDelta = TimeDelta::hours(1);

/// Where there is no address, or a store that does not give it.
const NOT_READY: TimeDelta = TimeDelta::minutes(30);

/// A message that the receiver refuses keeps the others back only for so many tries.
const REFUSALS: u32 = 5;

/// What is older is no news to a team, and keeps the newer back no longer.
const OLDEST: TimeDelta = TimeDelta::days(7);

/// While something waits, the clock is looked at so often.
const LOOK: Duration = Duration::from_secs(1);

/// While nothing waits, news wakes it; this is for a fault that was over without any.
const IDLE: Duration = Duration::from_secs(30);

/// How long one webhook is sent to before the others have their turn again.
const TURN: Duration = Duration::from_secs(5);

/// A post that goes on when the program ends may take so long still.
const LET_END: Duration = Duration::from_secs(2);

/// At the end of a single command what is due is sent, within this time.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Hears how far each has got.
pub(crate) type Told = Box<dyn Fn(Vec<WebhookStatus>) + Send + Sync>;

/// How far one webhook has got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookStatus {
    /// Its name.
    pub name: String,
    /// What waits, what arrived, and what is wrong.
    #[serde(flatten)]
    pub state: WebhookState,
}

/// Sends what is due, as long as the engine runs.
pub(crate) struct Follower {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) secrets: Secrets,
    pub(crate) environment: Environment,
    /// The settings as they are now.
    pub(crate) settings: watch::Receiver<Arc<Settings>>,
    /// Whether runs go on.
    pub(crate) snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Told how far each has got, when that changes.
    pub(crate) told: Told,
    /// Addresses as the store gave them last: it may ask a person each time.
    pub(crate) known: RwLock<HashMap<String, WebhookUrl>>,
    /// How posts are made with the settings as they are now.
    pub(crate) sender: Mutex<Option<Sender>>,
}

impl Follower {
    /// Until `cancel`, or until the settings are followed by nobody any more. What is being sent then is let to its end.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut last = Vec::new();
        loop {
            let settings = Arc::clone(&self.settings.borrow_and_update());
            let Some(waits) = self.pass_until(&settings, &cancel).await else { return };
            self.tell(&settings, &mut last).await;
            tokio::select! {
                () = cancel.cancelled() => return,
                changed = self.settings.changed() => {
                    if changed.is_err() { return }
                    self.forget();
                }
                () = self.ledger.more_news() => {}
                () = tokio::time::sleep(if waits { LOOK } else { IDLE }) => {}
            }
        }
    }

    /// Whether anything waits; `None` when it is over.
    async fn pass_until(&self, settings: &Settings, cancel: &CancellationToken) -> Option<bool> {
        let pass = self.pass(settings, false);
        tokio::pin!(pass);
        let done = tokio::select! {
            done = &mut pass => done,
            () = cancel.cancelled() => {
                // A post that is cut off may have arrived, and would have to be told again with that mark.
                tokio::time::timeout(LET_END, pass).await.ok();
                return None;
            }
        };
        Some(done.unwrap_or_else(|error| {
            // Such a fault lasts: it is told now and then.
            tracing::warn!(%error, "webhooks could not be served");
            false
        }))
    }

    /// Sends what is due, once and at once: at the end of a single command nobody else may come to send it.
    pub(crate) async fn last_words(self) {
        let settings = Arc::clone(&self.settings.borrow());
        if settings.webhooks.is_empty() {
            return;
        }
        let sent = tokio::time::timeout(LAST_WORDS, self.pass(&settings, true)).await;
        if !matches!(sent, Ok(Ok(_))) {
            tracing::warn!("what webhooks are to be told waits for the next start");
        }
    }

    /// All webhooks at once, each for a while: a slow one delays the others by little; whether anything waits.
    async fn pass(&self, settings: &Settings, at_once: bool) -> Result<bool> {
        let on = settings.webhooks.iter().filter(|webhook| webhook.enabled);
        let serving = on.map(|webhook| self.serve(webhook, &settings.network, at_once));
        let mut waits = false;
        for served in futures_util::future::join_all(serving).await {
            waits |= served?;
        }
        Ok(waits)
    }

    /// Sends what is due to one webhook; whether more waits.
    async fn serve(&self, webhook: &Webhook, network: &Network, at_once: bool) -> Result<bool> {
        let (name, begun) = (webhook.name.as_str(), Instant::now());
        while begun.elapsed() < TURN {
            let Some(delivery) = self.ledger.next_delivery(name).await? else {
                if self.make(webhook, at_once).await? {
                    continue;
                }
                return Ok(!self.ledger.untold_to(name).await?.is_empty());
            };
            if delivery.next_try.is_some_and(|at| at > self.clock.now()) {
                return Ok(true);
            }
            let tried = self.try_once(webhook, network, &delivery).await?;
            let is_over = !matches!(tried, Tried::Again { .. });
            self.ledger.end_try(delivery.row, tried, self.clock.now()).await?;
            if !is_over {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Makes alerts of what is news for it; whether there are some. Only when nothing waits: what comes while a webhook is
    /// away is told together.
    async fn make(&self, webhook: &Webhook, at_once: bool) -> Result<bool> {
        let name = webhook.name.as_str();
        let pending = self.ledger.untold_to(name).await?;
        let (Some(first), Some(last)) = (pending.first(), pending.last()) else { return Ok(false) };
        let now = self.clock.now();
        if !at_once && !self.is_ripe(first, last, now) {
            return Ok(false);
        }
        let alerts = compose(&self.ledger, &pending, &webhook.alerts, now).await?;
        let is_news = !alerts.is_empty();
        self.ledger.keep_alerts(name, last.id, alerts, now).await?;
        Ok(is_news)
    }

    fn is_ripe(&self, first: &Pending, last: &Pending, now: DateTime<Utc>) -> bool {
        let runs = self.snapshot.borrow().proxies.iter().any(|proxy| proxy.running.is_some());
        (now - last.at >= GATHER && !runs) || now - first.at >= AT_MOST
    }

    async fn try_once(&self, webhook: &Webhook, network: &Network, delivery: &Delivery) -> Result<Tried> {
        let now = self.clock.now();
        let ready = match self.address(webhook).await {
            Ok(url) => self.sender(network).map(|sender| (url, sender)),
            Err(error) => Err(error),
        };
        let (url, sender) = match ready {
            Ok(ready) => ready,
            // Nothing was sent, so this is no try. A store that is locked is not asked again and again.
            Err(error) if now - delivery.made < OLDEST => {
                return Ok(Tried::Again { error, at: now + NOT_READY, unsure: delivery.unsure });
            }
            Err(error) => return Ok(Tried::GivenUp { error }),
        };
        self.ledger.begin_try(delivery.row, now).await?;
        let attempt = delivery.attempts + 1;
        let sending = Sending { id: &delivery.id, alert: &delivery.alert, attempt, again: delivery.unsure };
        let Err(Failed { error, unsure, after, no }) = sender.post(&url, webhook.kind, &sending, now).await else {
            return Ok(Tried::Arrived);
        };
        tracing::warn!(webhook = %webhook.name, attempt, %error, "an alert could not be sent");
        let unsure = unsure || delivery.unsure;
        let now = self.clock.now();
        match (no, after) {
            (No::ThisOne, _) if attempt >= REFUSALS => Ok(Tried::GivenUp { error }),
            _ if now - delivery.made >= OLDEST => Ok(Tried::GivenUp { error }),
            (_, Some(wait)) => Ok(Tried::Again { error, at: now + wait, unsure }),
            (No::Gone, None) => {
                // The address may be another one by now.
                self.forget_address(webhook);
                Ok(Tried::Again { error, at: now + GONE_WAIT, unsure })
            }
            (No::ForNow | No::ThisOne, None) => Ok(self.later(delivery, error, unsure, attempt)),
        }
    }

    fn later(&self, delivery: &Delivery, error: Error, unsure: bool, attempt: u32) -> Tried {
        let now = self.clock.now();
        if now - delivery.made >= OLDEST {
            return Tried::GivenUp { error };
        }
        let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(WAITS.len() - 1);
        Tried::Again { error, at: now + TimeDelta::seconds(WAITS[step]), unsure }
    }

    async fn address(&self, webhook: &Webhook) -> Result<WebhookUrl> {
        let name = webhook.name.as_str();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let url = address(webhook, &self.secrets, &*self.environment).await?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), url.clone());
        Ok(url)
    }

    fn forget_address(&self, webhook: &Webhook) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(webhook.name.as_str());
    }

    /// The settings changed: addresses may be others, and the way to them.
    fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Made when it is first wanted: it reads the system's certificates.
    fn sender(&self, network: &Network) -> Result<Sender> {
        let mut kept = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*kept {
            return Ok(sender.clone());
        }
        let sender = Sender::new(network, PostLimits::default())?;
        *kept = Some(sender.clone());
        Ok(sender)
    }

    async fn tell(&self, settings: &Settings, last: &mut Vec<WebhookStatus>) {
        match statuses(&self.ledger, settings, self.clock.now()).await {
            Ok(statuses) if statuses != *last => {
                last.clone_from(&statuses);
                (self.told)(statuses);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "how far webhooks have got could not be read"),
        }
    }
}

/// How far each webhook of the settings has got; what is news and not made into alerts yet counts as waiting.
///
/// # Errors
/// The ledger's.
pub async fn statuses(ledger: &Ledger, settings: &Settings, now: DateTime<Utc>) -> Result<Vec<WebhookStatus>> {
    let mut all = Vec::new();
    for webhook in &settings.webhooks {
        let name = webhook.name.to_string();
        let mut state = ledger.webhook_state(&name, now).await?;
        if webhook.enabled {
            let pending = ledger.untold_to(&name).await?;
            state.waiting +=
                alerts::gather(ledger, &pending).await?.iter().filter(|one| is_wanted(one, webhook)).count();
        }
        all.push(WebhookStatus { name, state });
    }
    Ok(all)
}

/// Whether this may become an alert for it. What a digest brings is known only when its maps are compared.
fn is_wanted(gathered: &alerts::Gathered, webhook: &Webhook) -> bool {
    let of_maps = [AlertKind::Anomalies, AlertKind::Prices, AlertKind::Retiring, AlertKind::NewModels];
    match gathered {
        alerts::Gathered::Digest(_) => webhook.alerts.iter().any(|kind| of_maps.contains(kind)),
        other => webhook.alerts.contains(&other.kind()),
    }
}
