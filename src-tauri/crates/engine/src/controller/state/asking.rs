//! Asking proxies how they are: each for itself, at most one question at a time, and what comes of it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::task::AbortOnDropHandle;

use super::super::api::Happening;
use super::super::event::Event;
use super::super::job::Parts;
use super::Controller;
use crate::alerts;
use crate::run::Receipt;
use crate::settings::{Proxy, Settings};
use crate::status::{Asking, Health, ProxyStatus, Radar};
use crate::sync::leads;
use crate::{Error, ErrorCode, Result};

/// Who looks says so every 30 s; a timer may be a little early.
const FRESH: TimeDelta = TimeDelta::seconds(25);

/// What is known of one proxy from asking it.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) status: Option<Arc<ProxyStatus>>,
    /// When it last answered, or did not.
    pub(super) at: Option<DateTime<Utc>>,
    /// The first time that it did not answer since it last did.
    pub(super) down_since: Option<DateTime<Utc>>,
    pub(super) is_asking: bool,
    /// Somebody asked meanwhile: what comes may be from before what they want to know.
    again: bool,
    /// A sync proved something meanwhile: what comes may be from before.
    is_outdated: bool,
}

impl Asked {
    /// A proof is news that the proxy has not told by itself yet. Without this a proxy that has just been synced would
    /// be called behind until it is asked again.
    pub(super) fn proved(&mut self, receipt: &Receipt) {
        self.is_outdated = self.is_asking;
        let Some(live) = self.status.as_mut().and_then(|status| Arc::make_mut(status).live.as_mut()) else { return };
        live.revision = receipt.proxy_revision.or(live.revision);
        live.models = receipt.proxy_models.or(live.models);
        live.loaded_at = receipt.loaded_at.or(live.loaded_at);
    }
}

impl Controller {
    /// Asks these proxies, or all where none is named; one that is being asked is asked once more after that.
    pub(super) fn ask_proxies(&mut self, names: &[String]) {
        for proxy in self.effective.proxies.clone() {
            if names.is_empty() || names.iter().any(|name| proxy.name.is(name)) {
                self.ask_one(proxy);
            }
        }
    }

    /// Asks all proxies that are not being asked: a slow one is not asked twice for being slow.
    pub(super) fn ask_idle(&mut self) {
        for proxy in self.effective.proxies.clone() {
            if !self.known.get(proxy.name.as_str()).is_some_and(|known| known.asked.is_asking) {
                self.ask_one(proxy);
            }
        }
    }

    /// Asks proxies whose answer is older than what somebody who looks wants to see.
    pub(super) fn ask_older(&mut self) {
        let now = self.parts.clock.now();
        for proxy in self.effective.proxies.clone() {
            let asked = self.known.get(proxy.name.as_str()).map(|known| &known.asked);
            let is_fresh = |asked: &Asked| asked.is_asking || asked.at.is_some_and(|at| now - at < FRESH);
            if self.scheduler.is_some() && !asked.is_some_and(is_fresh) {
                self.ask_one(proxy);
            }
        }
    }

    fn ask_one(&mut self, proxy: Proxy) {
        let asked = &mut self.known.entry(proxy.name.to_string()).or_default().asked;
        if asked.is_asking {
            asked.again = true;
            return;
        }
        asked.is_asking = true;
        // What it fell back to is put right when it is seen first; what stays so is told.
        let fell_back =
            asked.status.as_ref().and_then(|status| status.live.as_ref()?.fallback_reason.as_ref()).is_some();
        let now = self.parts.clock.now();
        let heals =
            self.scheduler.as_ref().is_some_and(|scheduler| scheduler.may_run(now)) && self.asked_for.has(&proxy);
        let is_healed = heals && !fell_back;
        let spend = asked.status.as_ref().and_then(|status| status.spend.clone());
        let (parts, cancel) = (Arc::clone(&self.parts), self.cancel.clone());
        let settings = Arc::clone(&self.effective);
        self.jobs.spawn(async move {
            let question = ask(Arc::clone(&parts), proxy.clone(), settings, Radar::On(spend), is_healed);
            let question = AbortOnDropHandle::new(tokio::spawn(question));
            // Who ends the program waits for no answer.
            let Some(answer) = cancel.run_until_cancelled(question).await else { return };
            let defect = |error| Error::new(ErrorCode::Internal, "A proxy could not be checked.").detail(error);
            let status = answer.unwrap_or_else(|error| Err(defect(error)));
            parts.events.send(Event::ProxyAsked { proxy, status: status.map(Box::new) }).ok();
        });
    }

    /// Takes in what a proxy said. What was asked of a proxy that has another address or key by now counts no more.
    pub(super) fn proxy_asked(&mut self, proxy: &Proxy, status: Result<Box<ProxyStatus>>) {
        let Some(known) = self.known.get_mut(proxy.name.as_str()) else { return };
        let asked = &mut known.asked;
        asked.is_asking = false;
        let again = std::mem::take(&mut asked.again);
        let is_outdated = std::mem::take(&mut asked.is_outdated);
        match status {
            Ok(_) if is_outdated => {}
            Ok(status) if self.effective.proxies.contains(proxy) => {
                let now = self.parts.clock.now();
                let (was, health) = (asked.status.as_ref().map(|status| status.health), status.health);
                let error = status.error.clone();
                asked.down_since = (health == Health::Down).then(|| asked.down_since.unwrap_or(now));
                asked.at = Some(now);
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.leads(proxy.name.as_str(), leads(proxy, status.own_schedule));
                }
                asked.status = Some(Arc::new(*status));
                if was != Some(health) {
                    self.tell(Happening::ProxyAsked { proxy: proxy.name.to_string(), health, was, error });
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(proxy = %proxy.name, %error, "a proxy could not be asked"),
        }
        if again || is_outdated {
            self.ask_proxies(&[proxy.name.to_string()]);
        } else {
            self.heal(proxy.name.as_str());
        }
    }

    /// The settings changed: what was said by a proxy with another address or key says nothing about this one.
    pub(super) fn forget_changed(&mut self, before: &Settings) {
        let changed = self.effective.proxies.iter().filter(|proxy| !before.proxies.contains(proxy));
        let changed: Vec<Proxy> = changed.cloned().collect();
        for proxy in changed {
            self.parts.keys.forget(&proxy);
            let asked = &mut self.known.entry(proxy.name.to_string()).or_default().asked;
            (asked.status, asked.at, asked.down_since) = (None, None, None);
            if self.scheduler.is_some() {
                self.ask_one(proxy);
            }
        }
    }
}

async fn ask(
    parts: Arc<Parts>,
    proxy: Proxy,
    settings: Arc<Settings>,
    radar: Radar,
    is_healed: bool,
) -> Result<ProxyStatus> {
    let publish = settings.publish.clone();
    // How a proxy is can be told without a price list.
    let prices = parts.prices(settings.gate.direct).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the promoted map could not be read");
        None
    });
    let key = match parts.keys.known(&proxy) {
        Some(key) => key,
        None => parts.key(&proxy).await,
    };
    let (gateway, readers) = (parts.gateway.address(), parts.gateway.state().readers);
    let asking = Asking {
        ledger: Some(&parts.ledger),
        clock: &parts.clock,
        prices: prices.as_deref(),
        gateway: gateway.as_ref(),
        readers: &readers,
        publish: publish.as_ref(),
        radar,
    };
    let status = asking.ask(&proxy, key).await?.status;
    parts.ledger.note_used(&status.name, &status.used_models).await?;
    alerts::note_proxy(&parts.ledger, &status, is_healed, parts.clock.now()).await?;
    // How a proxy is can be told without that.
    if let Err(error) = parts.note_retiring(&settings).await {
        tracing::warn!(%error, "which models retire could not be looked at");
    }
    if status.error.as_ref().is_some_and(|error| error.code == ErrorCode::Unauthorised) {
        parts.keys.forget(&proxy);
    }
    Ok(status)
}
