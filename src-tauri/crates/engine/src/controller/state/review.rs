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

    /// Judges the source's map again and syncs the proxies that read the gateway, which is all that a decision changes.
    pub(super) fn sync_readers(&mut self, reply: oneshot::Sender<Result<SyncReport>>) {
        let reads = |name: &str| {
            let status = self.known.get(name).and_then(|known| known.asked.status.as_ref());
            status.is_some_and(|status| status.reads == Reads::Gateway) || self.parts.gateway.came(name)
        };
        // One that nobody asked to sync yet is not touched by a decision about a price either.
        let asked_for = self.effective.proxies.iter().filter(|proxy| self.asked_for.has(proxy));
        let proxies: Vec<String> = asked_for.map(|proxy| proxy.name.to_string()).filter(|name| reads(name)).collect();
        if proxies.is_empty() {
            self.check_source(Some(reply));
        } else {
            self.sync(SyncOrder { proxies, force: false, dry_run: false, trigger: Trigger::Manual }, reply);
        }
    }
}
