//! First syncs, which a person asks for, and drafts, which are only looked at.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::api::{SyncOrder, SyncReport};
use super::super::event::Draft;
use super::super::job::{DraftKey, Job, run};
use super::Controller;
use crate::Result;
use crate::run::Trigger;
use crate::settings::{Proxy, SourceChoice};

impl Controller {
    /// From a person's first sync on the schedule follows.
    pub(super) async fn note_asked(&mut self, order: &SyncOrder) {
        if order.trigger == Trigger::Manual && !order.dry_run {
            let names = &order.proxies;
            self.ask_for(|proxy| names.is_empty() || names.iter().any(|name| proxy.name.is(name))).await;
        }
    }

    /// A person asked for a sync of these.
    pub(super) async fn ask_for(&mut self, is_meant: impl Fn(&Proxy) -> bool) {
        let mut is_new = false;
        for proxy in self.effective.proxies.iter().filter(|proxy| is_meant(proxy)) {
            is_new |= self.asked_for.add(proxy);
            if let Some(scheduler) = &mut self.scheduler {
                scheduler.set_asked_for(proxy.name.as_str(), true);
            }
        }
        // It counts for this run of the program all the same; later a person is asked once more.
        if is_new && let Err(error) = self.asked_for.write(&self.parts.ledger).await {
            tracing::warn!(%error, "the first sync of a proxy could not be noted");
        }
    }

    /// Looks at a proxy that is only typed. It is no job of any proxy: it is joined by nobody and leaves nothing.
    pub(super) fn preview(&self, draft: Draft, reply: oneshot::Sender<Result<SyncReport>>) {
        let Draft { proxy, key, source } = draft;
        let mut settings = self.effective.as_ref().clone();
        settings.proxies = vec![proxy.clone()];
        if let Some(source) = source {
            settings.source = SourceChoice::Chosen(source);
        }
        let order = SyncOrder { proxies: Vec::new(), force: false, dry_run: true, trigger: Trigger::Manual };
        let cancel = self.cancel.child_token();
        let (settings, proxies) = (Arc::new(settings), vec![proxy]);
        // It has no number: nothing follows from what it finds.
        let (number, each, live) = (0, HashMap::new(), HashMap::new());
        let work = Job { number, settings, proxies, order, cancel, each, live, draft: Some(DraftKey(key)) };
        let parts = Arc::clone(&self.parts);
        self.jobs.spawn(async move {
            // A panic ends the task, and is told as what it is.
            let report = tokio::spawn(run(parts, work)).await;
            let report = report.unwrap_or_else(|error| Err(super::super::job::defect().detail(error)));
            reply.send(report).ok();
        });
    }
}
