//! Decisions about models that wait for a review.

use std::collections::BTreeMap;

use costmap::Revision;
use tokio::sync::oneshot;

use super::super::api::{SyncOrder, SyncReport};
use super::Controller;
use crate::error::bounded;
use crate::gate::{Matter, Ruling};
use crate::review::questions;
use crate::run::Trigger;
use crate::status::Reads;
use crate::{Error, ErrorCode, Result};

impl Controller {
    /// Writes down what was decided: all of it or nothing.
    pub(super) async fn decide(
        &self,
        models: Vec<String>,
        ruling: Option<Ruling>,
        seen: Option<Revision>,
    ) -> Result<()> {
        let ledger = &self.parts.ledger;
        if self.pins.all.is_some() {
            let message = "Proxies are pinned to an earlier map, so nothing waits for a decision. Unpin them first. Nothing was decided.";
            return Err(Error::new(ErrorCode::NotFound, message).field("model"));
        }
        let questions = questions(ledger).await?;
        // Another map may have another value: nobody approves what was not on the screen.
        if seen.is_some() && questions.as_ref().map(|questions| questions.promotion.upstream) != seen {
            let message =
                "The source has a newer map now, so these values may be others. Nothing was decided; look again.";
            return Err(Error::new(ErrorCode::NotFound, message).field("revision"));
        }
        let (matters, open): (BTreeMap<String, Vec<Matter>>, Vec<String>) = match questions {
            Some(questions) => (questions.matters, questions.reviewed.open),
            None => Default::default(),
        };
        let chosen: Vec<Matter> = if models.is_empty() {
            open.iter().filter_map(|model| matters.get(model)).flatten().cloned().collect()
        } else {
            let mut chosen = Vec::new();
            for model in models {
                let its = matters.get(&model).ok_or_else(|| {
                    let message = format!("{} is not waiting for a review. Nothing was decided.", bounded(&model, 160));
                    Error::new(ErrorCode::NotFound, message).field("model")
                })?;
                chosen.extend(its.iter().cloned());
            }
            chosen
        };
        ledger.decide(chosen, ruling, self.parts.clock.now()).await
    }

    /// Judges the source's map again and syncs the proxies that get what is promoted (or this one of them), which is all that
    /// a decision changes.
    pub(super) fn sync_readers(&mut self, only: Option<&str>, reply: Option<oneshot::Sender<Result<SyncReport>>>) {
        // A run that began before brings what was meant before.
        self.decisions += 1;
        // One that nobody asked to sync yet is not touched by a decision about a price either.
        let asked_for = self.effective.proxies.iter().filter(|proxy| self.asked_for.has(proxy));
        let is_meant = |name: &str| only.is_none_or(|only| only.eq_ignore_ascii_case(name));
        let names = asked_for.map(|proxy| proxy.name.to_string());
        let proxies: Vec<String> = names.filter(|name| is_meant(name) && self.gets_promoted(name)).collect();
        if proxies.is_empty() {
            self.check_source(reply);
            return;
        }
        // Whoever changed the file by hand waits for nothing.
        let reply = reply.unwrap_or_else(|| oneshot::channel().0);
        self.sync(SyncOrder { proxies, force: false, dry_run: false, trigger: Trigger::Manual }, reply);
    }

    /// Whether a proxy gets what is promoted here, as far as that is known.
    pub(super) fn gets_promoted(&self, name: &str) -> bool {
        let known = self.known.get(name);
        let status = known.and_then(|known| known.asked.status.as_ref());
        // What it did last, where it does not say or was not asked.
        status.and_then(|status| status.reads.gets_promoted()).unwrap_or_else(|| {
            let was_so = known.and_then(|known| known.last_run.as_ref()).is_some_and(|run| run.upstream.is_some());
            was_so || self.parts.gateway.came(name)
        })
    }

    /// A decision, a pin or an own entry changes what is promoted, and only what is promoted.
    ///
    /// # Errors
    /// `needs_gateway` where no proxy (or not this one) gets that.
    pub(super) fn needs_gateway(&self, proxy: Option<&str>) -> Result<()> {
        let is_direct = |name: &str| {
            let status = self.known.get(name).and_then(|known| known.asked.status.as_ref());
            status.is_some_and(|status| status.reads == Reads::Direct)
        };
        let is_on = self.effective.reaches_proxies();
        if is_on && !proxy.is_some_and(is_direct) {
            return Ok(());
        }
        let who = proxy.map_or_else(|| "Your proxies read".to_owned(), |name| format!("{name} reads"));
        let message = format!(
            "{who} the source directly, so this can't change what they bill. Nothing was changed. `autosync gateway on` puts the gateway in between (Settings, Gateway)."
        );
        Err(Error::new(ErrorCode::NeedsGateway, message))
    }
}
