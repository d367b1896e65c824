//! The border to the webview: one command and one event. What they carry is typed by the `api` crate, from which the
//! UI's TypeScript is made.

use std::sync::Arc;

use api::view::ErrorView;
use api::{Api, AppEvent};
use engine::{Error, ErrorCode};
use serde_json::Value;
use tauri::{AppHandle, Emitter, Manager, State};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// The event that carries every [`AppEvent`].
const EVENT: &str = "app-event";

/// The engine, once it has started; or why it could not.
pub(crate) type Started = watch::Receiver<Option<Result<Arc<Api>, Error>>>;

/// Where that is told.
pub(crate) type Told = watch::Sender<Option<Result<Arc<Api>, Error>>>;

/// Runs a command of the `api` crate. A window that opens before the engine is ready waits for it.
#[tauri::command]
pub(crate) async fn call(started: State<'_, Started>, name: String, args: Value) -> Result<Value, ErrorView> {
    let api = wait(started.inner().clone()).await.map_err(|error| ErrorView::from(&error))?;
    api.call(&name, args).await.map_err(|error| ErrorView::from(&error))
}

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

/// Tells the window what is pushed. Without a window nobody listens, and nothing is lost: it asks first when it opens.
pub(crate) async fn forward(app: AppHandle, api: Arc<Api>) {
    let mut events = api.events();
    loop {
        match events.recv().await {
            Ok(event) => emit(&app, &event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn emit(app: &AppHandle, event: &AppEvent) {
    if let Err(error) = app.emit(EVENT, event) {
        tracing::warn!(%error, "the window could not be told");
    }
}
