//! What may be asked of a running engine.

use std::sync::Arc;

use costmap::Revision;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::api::{Happening, Pause, PauseState, Snapshot, SyncOrder, SyncReport};
use super::event::{Draft, Event};
use crate::gate::{Ruling, Stage};
use crate::ledger::Ledger;
use crate::overlay::OverlayEdit;
use crate::pin::PinOrder;
use crate::publish::PublishState;
use crate::settings::SettingsEdit;
use crate::{Error, ErrorCode, Result};

/// A way to ask a running engine, from any task. Cheap to clone; once the engine has ended, every question fails with
/// `cancelled`.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) events: mpsc::UnboundedSender<Event>,
    pub(super) happenings: broadcast::Sender<Happening>,
    pub(super) snapshot: watch::Receiver<Arc<Snapshot>>,
    pub(super) ledger: Ledger,
}

impl EngineHandle {
    /// Syncs, and waits for the end of it. Asking again for a proxy that is being synced joins that run.
    ///
    /// # Errors
    /// `not_found` for a name that is no proxy; the ledger's. What goes wrong at the source or a proxy is in the report.
    pub async fn sync(&self, order: SyncOrder) -> Result<SyncReport> {
        self.ask(|reply| Event::Sync { order, reply }).await
    }

    /// What a sync of a proxy would do that is only typed yet. Nothing is written down and nobody else is told.
    ///
    /// # Errors
    /// The ledger's. What goes wrong at the source or the proxy is in the report.
    pub async fn preview(&self, draft: Draft) -> Result<SyncReport> {
        self.ask(|reply| Event::Preview { draft: Box::new(draft), reply }).await
    }

    /// Checks the source and promotes what is there if the checks allow it; no proxy is touched.
    ///
    /// # Errors
    /// As [`EngineHandle::sync`].
    pub async fn check_source(&self) -> Result<SyncReport> {
        self.ask(|reply| Event::CheckSource { reply }).await
    }

    /// Pauses the schedule. Syncs that a person asks for still run.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn pause(&self, pause: Pause) -> Result<PauseState> {
        self.ask(|reply| Event::Pause { pause: Some(pause), reply }).await
    }

    /// Lets the schedule go on.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn resume(&self) -> Result<PauseState> {
        self.ask(|reply| Event::Pause { pause: None, reply }).await
    }

    /// Decides about models that wait for a review; `None` takes a decision back. The map is judged again, and proxies that
    /// read the gateway get what follows from it at once. No models: all that wait. `seen` is the source's map whose values
    /// the person has looked at: a decision about others is refused.
    ///
    /// # Errors
    /// `not_found` for a model that nobody is asked about, and then nothing was decided; those of a sync.
    pub async fn decide(
        &self,
        models: Vec<String>,
        ruling: Option<Ruling>,
        seen: Option<Revision>,
    ) -> Result<SyncReport> {
        self.ask(|reply| Event::Decide { models, ruling, seen, reply }).await
    }

    /// Holds proxies at a map that was promoted before, and syncs those that get what is promoted.
    ///
    /// # Errors
    /// `not_found` for a revision that was never promoted or a proxy that is none, `needs_gateway` where no proxy gets what
    /// is promoted; then nothing was changed. Those of a sync.
    pub async fn pin(&self, order: PinOrder) -> Result<SyncReport> {
        self.ask(|reply| Event::Pin { order, reply }).await
    }

    /// Lets proxies follow the source again: this one, or all, and then no map counts as bad any more.
    ///
    /// # Errors
    /// `not_found` where nothing is pinned; those of a sync.
    pub async fn unpin(&self, proxy: Option<String>) -> Result<SyncReport> {
        self.ask(|reply| Event::Unpin { proxy, reply }).await
    }

    /// Lets the map that waits go on: to this stage, or without one to the next. `force`: also where a proxy failed with it.
    ///
    /// # Errors
    /// `not_found` where nothing waits, `held` where a proxy failed with it; then nothing was changed. Those of a sync.
    pub async fn promote(&self, to: Option<Stage>, force: bool) -> Result<SyncReport> {
        self.ask(|reply| Event::Promote { to, force, reply }).await
    }

    /// Changes the user's own entries, and syncs the proxies that get what is promoted.
    ///
    /// # Errors
    /// `invalid_overlay`, `not_found`, `needs_gateway`; then nothing was changed. Those of a sync.
    pub async fn overlay(&self, edit: OverlayEdit) -> Result<SyncReport> {
        self.ask(|reply| Event::Overlay { edit, reply }).await
    }

    /// Publishes what is promoted now. `replace` overwrites the other machine's map that was told before.
    ///
    /// # Errors
    /// The ledger's. What goes wrong at the place is in the state.
    pub async fn publish(&self, replace: bool) -> Result<PublishState> {
        self.ask(|reply| Event::Publish { replace, reply }).await
    }

    /// Changes the settings, and lets the schedule follow them.
    ///
    /// # Errors
    /// Those of [`SettingsEdit::apply`]; then nothing was changed.
    pub async fn edit(&self, edit: SettingsEdit) -> Result<()> {
        self.ask(|reply| Event::Edit { edit: Box::new(edit), reply }).await
    }

    /// Asks proxies how they are, these or all where none is named; the snapshot shows what comes of it. Asking again
    /// while one is being asked asks it once more after that. A name that is no proxy's is passed over.
    pub fn ask_proxies(&self, names: Vec<String>) {
        self.send(Event::AskProxies { names });
    }

    /// Somebody looks at what is shown, and says so every 30 s: proxies are asked as often then, else each minute.
    pub fn look(&self) {
        self.send(Event::Looked);
    }

    /// Cancels running syncs: of one proxy, or all. They end as `interrupted` before the next thing that they would change.
    pub fn cancel(&self, proxy: Option<String>) {
        self.send(Event::Cancel { proxy });
    }

    /// What happens from now on.
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// The state, now and as it changes.
    pub fn snapshot(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// The ledger, for queries.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn send(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::warn!("the controller has ended");
        }
    }

    async fn ask<T>(&self, event: impl FnOnce(oneshot::Sender<Result<T>>) -> Event) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(event(reply));
        answer.await.unwrap_or_else(|_| Err(Error::new(ErrorCode::Cancelled, "The engine has stopped.")))
    }
}
