//! The outside of the door: asks the engine in another process.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::BufReader;

use super::lines;
use super::place::connect;
use super::protocol::{Call, Line, Request, VERSION, Who};
use crate::controller::{Happening, Pause, PauseState, SyncOrder, SyncReport};
use crate::gate::{Ruling, Stage};
use crate::home::Home;
use crate::overlay::OverlayEdit;
use crate::pin::PinOrder;
use crate::publish::PublishState;
use crate::settings::SettingsEdit;
use crate::{Error, ErrorCode, Result};

/// How long it may take until somebody answers at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How long an answer may take, except that of a sync or a check of the source, which take what their own limits allow.
const SHORT_WORK: Duration = Duration::from_secs(30);

/// The longest line of an answer: a report of the largest map that is ever taken in fits many times.
const LONGEST: usize = 256 << 20;

/// Asks the engine that holds a home. Each question is a connection of its own.
#[derive(Clone, Debug)]
pub struct DoorClient {
    home: Home,
    who: Who,
}

impl DoorClient {
    /// The engine that holds this home, if it has a door and answers.
    ///
    /// # Errors
    /// `unsupported` where it is of another release.
    pub async fn find(home: &Home) -> Result<Option<Self>> {
        let who = ask(home, &Request::Who, |_| ());
        match tokio::time::timeout(ANSWER_WITHIN, who).await {
            Ok(Ok(who)) => Ok(Some(Self { home: home.clone(), who })),
            Ok(Err(error)) if error.code == ErrorCode::Unsupported => Err(error),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// Who that is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Syncs there; `told` hears what happens to the runs. Giving up the wait does not cancel it; [`DoorClient::cancel`]
    /// does.
    ///
    /// # Errors
    /// As `EngineHandle::sync`; `interrupted` where the other program ended before it answered.
    pub async fn sync(&self, order: SyncOrder, told: impl FnMut(Happening)) -> Result<SyncReport> {
        ask(&self.home, &Request::Sync(order), told).await
    }

    /// Has it check the source.
    ///
    /// # Errors
    /// As [`DoorClient::sync`].
    pub async fn check_source(&self) -> Result<SyncReport> {
        ask(&self.home, &Request::CheckSource, |_| ()).await
    }

    /// Has it write down a decision, and act on it.
    ///
    /// # Errors
    /// As `EngineHandle::decide`.
    pub async fn decide(&self, models: Vec<String>, ruling: Option<Ruling>) -> Result<SyncReport> {
        ask(&self.home, &Request::Decide { models, ruling }, |_| ()).await
    }

    /// Has it hold proxies at a map that was promoted before.
    ///
    /// # Errors
    /// As `EngineHandle::pin`.
    pub async fn pin(&self, order: PinOrder) -> Result<SyncReport> {
        ask(&self.home, &Request::Pin(order), |_| ()).await
    }

    /// Has it let proxies follow the source again.
    ///
    /// # Errors
    /// As `EngineHandle::unpin`.
    pub async fn unpin(&self, proxy: Option<String>) -> Result<SyncReport> {
        ask(&self.home, &Request::Unpin { proxy }, |_| ()).await
    }

    /// Has it let a map go on to the next stage, or to this one.
    ///
    /// # Errors
    /// As `EngineHandle::promote`.
    pub async fn promote(&self, to: Option<Stage>, force: bool) -> Result<SyncReport> {
        ask(&self.home, &Request::Promote { to, force }, |_| ()).await
    }

    /// Has it change the user's own entries.
    ///
    /// # Errors
    /// As `EngineHandle::overlay`.
    pub async fn overlay(&self, edit: OverlayEdit) -> Result<SyncReport> {
        ask(&self.home, &Request::Overlay(edit), |_| ()).await
    }

    /// Has it publish what is promoted.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn publish(&self, replace: bool) -> Result<PublishState> {
        ask(&self.home, &Request::Publish { replace }, |_| ()).await
    }

    /// Has it pause its schedule.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn pause(&self, pause: Pause) -> Result<PauseState> {
        self.short(Request::Pause(pause)).await
    }

    /// Has its schedule go on.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn resume(&self) -> Result<PauseState> {
        self.short(Request::Resume).await
    }

    /// Has it change the settings.
    ///
    /// # Errors
    /// Those of [`SettingsEdit::apply`]; then nothing was changed.
    pub async fn edit(&self, edit: SettingsEdit) -> Result<()> {
        self.short(Request::Edit(Box::new(edit))).await
    }

    /// Cancels running syncs there: of one proxy, or all.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn cancel(&self, proxy: Option<String>) -> Result<()> {
        self.short(Request::Cancel { proxy }).await
    }

    /// Brings its dashboard up.
    ///
    /// # Errors
    /// `unsupported` where it has none.
    pub async fn show(&self, place: Option<String>) -> Result<()> {
        self.short(Request::Show { place }).await
    }

    async fn short<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        let answer = ask(&self.home, &request, |_| ());
        tokio::time::timeout(SHORT_WORK, answer).await.unwrap_or_else(|_| Err(self.silent()))
    }

    fn silent(&self) -> Error {
        let pid = self.who.pid;
        Error::new(
            ErrorCode::HomeBusy,
            format!("Process {pid} has the home open and did not answer in time. It may still carry out the request; `autosync status` shows whether it did. Try again, or end that process."),
        )
        .detail(pid)
    }
}

async fn ask<T: DeserializeOwned>(home: &Home, request: &Request, mut told: impl FnMut(Happening)) -> Result<T> {
    let gone = |cause: &dyn std::fmt::Display| {
        Error::new(
            ErrorCode::Interrupted,
            "The program that has the home open ended before it answered. `autosync history` shows how far it got; try again.",
        )
        .detail(cause)
    };
    let mut stream = BufReader::new(connect(home).await.map_err(|cause| gone(&cause))?);
    lines::write(&mut stream, &Call { version: VERSION, request }).await.map_err(|cause| gone(&cause))?;
    loop {
        let line = lines::read(&mut stream, LONGEST).await.map_err(|cause| gone(&cause))?;
        let line = line.ok_or_else(|| gone(&"the connection was closed"))?;
        let foreign = |cause: serde_json::Error| {
            Error::new(
                ErrorCode::Unsupported,
                "The program that has the home open sent an answer this one does not understand: they are different releases. It may have carried out the request. Install the same release of both.",
            )
            .detail(cause)
        };
        match serde_json::from_slice(&line).map_err(foreign)? {
            Line::Happening(happening) => told(*happening),
            Line::Done(answer) => return serde_json::from_value(answer).map_err(foreign),
            Line::Error(error) => return Err(error),
        }
    }
}
