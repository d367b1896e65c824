//! Everything that happens to the controller, as one type.

use costmap::Revision;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::api::{Happening, Pause, PauseState, SyncOrder, SyncReport};
use crate::Result;
use crate::gate::{Ruling, Stage};
use crate::overlay::OverlayEdit;
use crate::pin::PinOrder;
use crate::publish::PublishState;
use crate::settings::{Proxy, SettingsEdit, Source};
use crate::status::ProxyStatus;
use crate::webhooks::WebhookStatus;

/// A proxy that is only typed yet, and the source that goes with it. It is looked at and forgotten.
#[derive(Debug)]
pub struct Draft {
    /// The proxy, under a name that no proxy of the settings needs to have.
    pub proxy: Proxy,
    /// Its key; `None` where none is known.
    pub key: Option<SecretString>,
    /// The source, where it is not to be the one of the settings.
    pub source: Option<Source>,
}

/// One thing that happens.
pub(super) enum Event {
    /// Somebody wants a sync.
    Sync { order: SyncOrder, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody wants to see what a sync of a draft would do.
    Preview { draft: Box<Draft>, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody wants the source checked.
    CheckSource { reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody decided about models that wait for a review (`None`: takes a decision back).
    Decide {
        models: Vec<String>,
        ruling: Option<Ruling>,
        seen: Option<Revision>,
        reply: oneshot::Sender<Result<SyncReport>>,
    },
    /// Somebody holds proxies at a map that was promoted before.
    Pin { order: PinOrder, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody lets proxies follow the source again: this one, or all.
    Unpin { proxy: Option<String>, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody lets a map go on to the next stage, or to this one.
    Promote { to: Option<Stage>, force: bool, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody changes own entries.
    Overlay { edit: OverlayEdit, reply: oneshot::Sender<Result<SyncReport>> },
    /// Somebody pauses the schedule (`None`: resumes it).
    Pause { pause: Option<Pause>, reply: oneshot::Sender<Result<PauseState>> },
    /// Somebody changes the settings.
    Edit { edit: Box<SettingsEdit>, reply: oneshot::Sender<Result<()>> },
    /// Somebody wants to know how proxies are: these, or all where none is named.
    AskProxies { names: Vec<String> },
    /// Somebody looks at what is shown.
    Looked,
    /// A proxy was asked, as the settings had it then.
    ProxyAsked { proxy: Proxy, status: Result<Box<ProxyStatus>> },
    /// How far webhooks have got.
    Webhooks { statuses: Vec<WebhookStatus> },
    /// Somebody cancels the running syncs: of one proxy, or all.
    Cancel { proxy: Option<String> },
    /// Somebody wants the promoted map published now.
    Publish { replace: bool, reply: oneshot::Sender<Result<PublishState>> },
    /// What is published now.
    Published { state: PublishState },
    /// A job tells what it does.
    Happened(Happening),
    /// A job looked at the source and found this there.
    JobFound { job: u64, revision: Revision },
    /// A job ended.
    JobEnded { job: u64, report: Result<SyncReport> },
    /// The program ends.
    Shutdown,
}
