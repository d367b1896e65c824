//! One program for each home. Whoever holds the home's lock is the first; a second start asks it to show its window.

use std::time::Duration;

use engine::door::{DoorClient, Kind};
use engine::home::{Home, HomeLock};
use engine::{Error, ErrorCode, Result};

/// What a start came to.
pub(crate) enum Start {
    /// This is the first one: it holds the home.
    First(HomeLock),
    /// Another one has shown its window.
    Shown,
}

/// Takes the home, or has the program that holds it show its window.
///
/// # Errors
/// `home_busy` where the one that holds it has no window: `autosync watch` in a terminal.
pub(crate) fn start(home: &Home) -> Result<Start> {
    match HomeLock::acquire(home, Duration::ZERO) {
        Ok(lock) => Ok(Start::First(lock)),
        Err(busy) if busy.code == ErrorCode::HomeBusy => show(home, busy),
        Err(error) => Err(error),
    }
}

fn show(home: &Home, busy: Error) -> Result<Start> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|cause| Error::new(ErrorCode::Internal, "No runtime could be started.").detail(cause))?;
    runtime.block_on(async {
        match DoorClient::find(home).await? {
            Some(door) if door.who().kind == Kind::App => door.show(None).await.map(|()| Start::Shown),
            Some(_) => Err(Error::new(
                ErrorCode::HomeBusy,
                "`autosync watch` runs in a terminal and does all of it there. End it with Ctrl-C to use the app.",
            )),
            // It is starting or ending: its lock goes free soon, or something else holds it.
            None => HomeLock::acquire(home, HomeLock::WAIT).map(Start::First).map_err(|_| busy),
        }
    })
}
