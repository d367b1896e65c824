//! The engine's commands, which come some time after the app itself, or not at all.

use std::sync::Arc;

use api::Api;
use engine::{Error, ErrorCode};
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// The engine, once it has started; or why it could not.
pub(crate) type Started = watch::Receiver<Option<Result<Arc<Api>, Error>>>;

/// Where that is told.
pub(crate) type Told = watch::Sender<Option<Result<Arc<Api>, Error>>>;

/// The engine's commands, as soon as there are any.
pub(crate) async fn wait(mut started: Started) -> Result<Arc<Api>, Error> {
    let ended = || Error::new(ErrorCode::Cancelled, "The program is shutting down.");
    let known = started.wait_for(Option::is_some).await.map_err(|_| ended())?;
    known.clone().unwrap_or_else(|| Err(ended()))
}

/// Pushes the state anew, once there is an engine: something of the desktop's own changed.
pub(crate) fn refresh(app: &AppHandle) {
    let started = app.state::<Started>().inner().clone();
    tauri::async_runtime::spawn(async move {
        if let Ok(api) = wait(started).await {
            api.refresh();
        }
    });
}
