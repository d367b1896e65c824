//! One program for each home. Whoever holds the home's lock is the first; a second start asks it to show its window.

use std::time::{Duration, Instant};

use api::view::Place;
use engine::door::{DoorClient, Kind};
use engine::home::{Home, HomeLock};
use engine::{Error, ErrorCode, Result};

/// How long the lock is waited for before the door is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

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
/// `home_busy` where the one that holds it has no window (`autosync watch` in a terminal), or opens no door in time.
pub(crate) fn start(home: &Home, place: Option<&Place>) -> Result<Start> {
    match HomeLock::acquire(home, Duration::ZERO) {
        Ok(lock) => return Ok(Start::First(lock)),
        Err(busy) if busy.code == ErrorCode::HomeBusy => {}
        Err(error) => return Err(error),
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|cause| Error::new(ErrorCode::Internal, "No runtime could be started.").detail(cause))?;
    runtime.block_on(show(home, place))
}

/// Looks for the door and the lock in turn: one that is starting holds the lock before it has a door, and one that is
/// ending has no door before it lets go of the lock. A person who starts twice sees neither.
async fn show(home: &Home, place: Option<&Place>) -> Result<Start> {
    let place = place.and_then(|place| serde_json::to_string(place).ok());
    let begun = Instant::now();
    loop {
        match DoorClient::find(home).await? {
            Some(door) if door.who().kind == Kind::App => match door.show(place.clone()).await {
                Ok(()) => return Ok(Start::Shown),
                // It ended just then.
                Err(error) if error.code == ErrorCode::Interrupted => {}
                Err(error) => return Err(error),
            },
            Some(_) => {
                return Err(Error::new(
                    ErrorCode::HomeBusy,
                    "`autosync watch` is already running in a terminal and does everything there. End it with Ctrl-C to use the app.",
                ));
            }
            None => {}
        }
        // It blocks, and nothing else runs on this runtime.
        match HomeLock::acquire(home, LOOK_AGAIN) {
            Ok(lock) => return Ok(Start::First(lock)),
            Err(busy) if busy.code == ErrorCode::HomeBusy && begun.elapsed() < HomeLock::WAIT => {}
            Err(error) => return Err(error),
        }
    }
}
