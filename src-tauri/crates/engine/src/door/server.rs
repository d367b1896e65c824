//! The inside of the door: answers what other processes ask of the engine.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lines;
use super::place::Listener;
use super::protocol::{Kind, Line, Request, Who, request};
use crate::controller::{Engine, EngineHandle, Happening, SyncOrder};
use crate::home::Home;
use crate::{Error, ErrorCode, Result};

/// Brings the dashboard up, at this place in it.
pub type Show = Arc<dyn Fn(Option<String>) + Send + Sync>;

/// The longest request: all of the settings are far shorter.
const LONGEST: usize = 256 << 10;

/// How long a request may take to come in.
const ASK_WITHIN: Duration = Duration::from_secs(10);

/// Connections at a time; the next ones wait. Each of a person's terminals needs one.
const CONNECTIONS: usize = 64;

/// How long those who still wait for an answer are waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// After a connection that could not be taken, so that a lasting fault does not take a whole processor.
const AFTER_A_FAULT: Duration = Duration::from_millis(100);

/// The open door of a running engine.
///
/// To end: [`Door::close`], then the engine's own shutdown, which answers those who wait, then [`Door::end`].
pub struct Door {
    closing: CancellationToken,
    hanging_up: CancellationToken,
    talks: TaskTracker,
    listening: Option<JoinHandle<()>>,
}

/// What every talk needs.
#[derive(Clone)]
struct Inside {
    engine: EngineHandle,
    who: Who,
    show: Option<Show>,
}

impl Door {
    /// Opens the door of this home, which `engine` holds. `show` brings the dashboard up where there is one.
    ///
    /// # Errors
    /// `home_unusable` where no socket can be made; the engine works without it.
    pub fn serve(engine: &Engine, home: &Home, kind: Kind, show: Option<Show>) -> Result<Self> {
        let listener = Listener::bind(home).map_err(|cause| {
            Error::new(
                ErrorCode::HomeUnusable,
                "Other terminals cannot reach this program: it could not create a local socket in the home. Everything else works; commands that change something wait until this program ends.",
            )
            .detail(cause)
        })?;
        let who = Who { version: env!("CARGO_PKG_VERSION").to_owned(), pid: std::process::id(), kind };
        let inside = Inside { engine: engine.handle(), who, show };
        let (closing, hanging_up, talks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let listening = listen(listener, inside, talks.clone(), hanging_up.clone());
        let until = closing.clone();
        let listening = tokio::spawn(async move {
            // Dropped with everything that it holds, the listener takes the socket away.
            until.run_until_cancelled(listening).await;
        });
        Ok(Self { closing, hanging_up, talks, listening: Some(listening) })
    }

    /// Lets nobody in any more and takes the socket away. Those who are in get their answers.
    pub async fn close(&mut self) {
        self.closing.cancel();
        if let Some(listening) = self.listening.take()
            && let Err(defect) = listening.await
        {
            tracing::error!(%defect, "the door ended with a defect");
        }
        self.talks.close();
    }

    /// Closes, and waits a little until everybody has gone.
    pub async fn end(mut self) {
        self.close().await;
        if tokio::time::timeout(LAST_WORDS, self.talks.wait()).await.is_err() {
            self.hanging_up.cancel();
            self.talks.wait().await;
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closing.cancel();
        self.hanging_up.cancel();
    }
}

async fn listen(mut listener: Listener, inside: Inside, talks: TaskTracker, hanging_up: CancellationToken) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(seat) = Arc::clone(&seats).acquire_owned().await {
        match listener.accept().await {
            Ok(stream) => {
                let (inside, hanging_up) = (inside.clone(), hanging_up.clone());
                talks.spawn(async move {
                    let told = hanging_up.run_until_cancelled(inside.talk(stream)).await;
                    if let Some(Err(cause)) = told {
                        tracing::debug!(%cause, "somebody left before the answer");
                    }
                    drop(seat);
                });
            }
            Err(cause) => {
                tracing::warn!(%cause, "a connection of another process could not be taken");
                tokio::time::sleep(AFTER_A_FAULT).await;
            }
        }
    }
}

impl Inside {
    /// One request and its answer. An error only means that nobody is there to hear it.
    async fn talk(&self, stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
        let (reader, writer) = tokio::io::split(stream);
        let (mut reader, mut writer) = (BufReader::new(reader), writer);
        let line = match tokio::time::timeout(ASK_WITHIN, lines::read(&mut reader, LONGEST)).await {
            Ok(Ok(Some(line))) => Ok(line),
            // Looked in and left.
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(cause)) if cause.kind() == io::ErrorKind::InvalidData => {
                Err(Error::new(ErrorCode::Usage, "The request is too large. Nothing was done."))
            }
            Ok(Err(cause)) => return Err(cause),
            Err(_) => Err(Error::new(ErrorCode::Usage, "No request arrived in time. Nothing was done.")),
        };
        let answer = match line.and_then(|line| request(&line)) {
            Ok(Request::Sync(order)) => self.sync(order, &mut writer).await?,
            Ok(request) => self.answer(request).await,
            Err(error) => Err(error),
        };
        let line = answer.map_or_else(Line::Error, Line::Done);
        lines::write(&mut writer, &line).await
    }

    async fn answer(&self, request: Request) -> Result<Value> {
        match request {
            Request::Sync(order) => done(self.engine.sync(order).await),
            Request::CheckSource => done(self.engine.check_source().await),
            Request::Decide { models, ruling } => done(self.engine.decide(models, ruling, None).await),
            Request::Pin(order) => done(self.engine.pin(order).await),
            Request::Unpin { proxy } => done(self.engine.unpin(proxy).await),
            Request::Promote { to, force } => done(self.engine.promote(to, force).await),
            Request::Overlay(edit) => done(self.engine.overlay(edit).await),
            Request::Publish { replace } => done(self.engine.publish(replace).await),
            Request::Pause(pause) => done(self.engine.pause(pause).await),
            Request::Resume => done(self.engine.resume().await),
            Request::Edit(edit) => done(self.engine.edit(*edit).await),
            Request::Cancel { proxy } => {
                self.engine.cancel(proxy);
                Ok(Value::Null)
            }
            Request::Show { place } => match &self.show {
                Some(show) => {
                    show(place);
                    Ok(Value::Null)
                }
                None => Err(Error::new(
                    ErrorCode::Unsupported,
                    "The program that has the home open is `autosync watch`, which has no dashboard. End it, then start the app.",
                )),
            },
            Request::Who => done(Ok(&self.who)),
        }
    }

    /// Syncs and tells on the way. The sync goes on when nobody listens any more.
    async fn sync(&self, order: SyncOrder, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<Result<Value>> {
        // From before the order, so that nothing of it is missed.
        let mut happenings = self.engine.happenings();
        let asked = order.clone();
        let sync = self.engine.sync(order);
        tokio::pin!(sync);
        let report = loop {
            tokio::select! {
                happening = happenings.recv() => match happening {
                    Ok(happening) => tell(writer, &asked, happening).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break sync.await,
                },
                report = &mut sync => break report,
            }
        };
        while let Ok(happening) = happenings.try_recv() {
            tell(writer, &asked, happening).await?;
        }
        Ok(done(report))
    }
}

fn done(outcome: Result<impl Serialize>) -> Result<Value> {
    serde_json::to_value(outcome?)
        .map_err(|cause| Error::new(ErrorCode::Internal, "The answer could not be sent.").detail(cause))
}

async fn tell(writer: &mut (impl AsyncWrite + Unpin), order: &SyncOrder, happening: Happening) -> io::Result<()> {
    if !concerns(order, &happening) {
        return Ok(());
    }
    lines::write(writer, &Line::Happening(Box::new(happening))).await
}

/// Whether this is of the runs that were ordered. Dry runs have the number 0.
fn concerns(order: &SyncOrder, happening: &Happening) -> bool {
    let (id, proxy) = match happening {
        Happening::RunStarted { id, proxy, .. } | Happening::RunStep { id, proxy, .. } => (*id, proxy),
        Happening::RunFinished { run } => (run.id, &run.proxy),
        Happening::SourceChecked { .. } | Happening::SourceFailed { .. } => return true,
        _ => return false,
    };
    (id == 0) == order.dry_run
        && (order.proxies.is_empty() || order.proxies.iter().any(|name| name.eq_ignore_ascii_case(proxy)))
}
