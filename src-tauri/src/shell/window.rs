//! The dashboard's window: made when it is wanted, destroyed when it is closed. A hidden webview would keep 100 MB.

use api::AppEvent;
use api::view::Place;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::ipc::{self, Started};

/// The only window.
const LABEL: &str = "main";

/// As the screens are drawn.
const SIZE: (f64, f64) = (1180.0, 760.0);

/// The narrowest that the screens are made for.
const SMALLEST: (f64, f64) = (720.0, 480.0);

/// Opens the window, or brings it to the front, and goes to a place.
pub(crate) fn open(app: &AppHandle, place: Option<Place>) {
    // A window may only be made on the main thread; from anywhere else this hands it over.
    let handle = app.clone();
    let work = move || {
        if let Err(error) = on_main(&handle, place.as_ref()) {
            tracing::error!(%error, "the window could not be opened");
        }
    };
    if let Err(error) = app.run_on_main_thread(work) {
        tracing::error!(%error, "the window could not be opened");
    }
}

fn on_main(app: &AppHandle, place: Option<&Place>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        window.set_focus()?;
        if let Some(place) = place {
            push(app, place.clone());
        }
        return Ok(());
    }
    // A new page reads the place from its address.
    let page = format!("index.html{}", place.map(Place::address).unwrap_or_default());
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .title("LiteLLM Auto-Sync")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .build()?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            closed(&handle);
        }
    });
    Ok(())
}

/// Goes to a place in a window that is open.
fn push(app: &AppHandle, place: Place) {
    let started = app.state::<Started>().inner().clone();
    tauri::async_runtime::spawn(async move {
        if let Ok(api) = ipc::wait(started).await {
            api.push(AppEvent::Open { place });
        }
    });
}

/// Closing keeps the tray, or quits: the user's choice.
fn closed(app: &AppHandle) {
    let (handle, started) = (app.clone(), app.state::<Started>().inner().clone());
    tauri::async_runtime::spawn(async move {
        if let Ok(api) = ipc::wait(started).await
            && api.closing_quits()
        {
            handle.exit(0);
        }
    });
}
