//! The window's process: a web view, its one command and its one event. What the page asks goes to the program that has
//! started this (`shell/window.rs`), and what that tells goes to the page; nothing is known or decided here. Closing the
//! window ends the process, which gives back all that a web view takes.

mod program;
mod screen;

use std::process::ExitCode;

use api::view::{ErrorView, Place};
use serde_json::Value;
use tauri::ipc::Response;
use tauri::{AppHandle, Manager, RunEvent, State, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::ipc::ToProgram;
use program::Program;

/// The only window.
const LABEL: &str = "main";

/// As the screens are drawn.
const SIZE: (f64, f64) = (1180.0, 760.0);

/// The narrowest that the screens are made for.
const SMALLEST: (f64, f64) = (720.0, 480.0);

/// Shows the dashboard at this place, until its window is closed or the program ends.
pub(crate) fn run(place: Option<Place>) -> ExitCode {
    program::say(&ToProgram::Hello { version: env!("CARGO_PKG_VERSION").to_owned() });
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_window_state::Builder::new().with_denylist(&[]).build())
        .manage(Program::default())
        .invoke_handler(tauri::generate_handler![call])
        .setup(move |app| {
            if let Err(error) = open(app.handle(), place.as_ref()) {
                program::trouble("the window could not be opened", &error);
                app.state::<Program>().leave();
                app.handle().exit(1);
            }
            Ok(())
        })
        .build(crate::context());
    match app {
        Ok(app) => {
            u8::try_from(app.run_return(|app, event| on_event(app, &event))).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            program::trouble("the desktop could not be opened", &error);
            ExitCode::FAILURE
        }
    }
}

/// The border to the webview: runs a command of the `api` crate, which types what it takes and gives.
#[tauri::command]
async fn call(program: State<'_, Program>, name: String, args: Value) -> Result<Response, ErrorView> {
    program.call(name, args).await.map(|answer| Response::new(answer.get().to_owned()))
}

fn open(app: &AppHandle, place: Option<&Place>) -> tauri::Result<()> {
    // A new page reads the place from its address.
    let page = format!("index.html{}", place.map(Place::address).unwrap_or_default());
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .title("LiteLLM Auto-Sync")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .build()?;
    program::listen(app)?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) && handle.state::<Program>().leave() {
            program::say(&ToProgram::Closed);
        }
    });
    tauri::async_runtime::spawn(async move {
        if let Err(error) = screen::keep_on(&window).await {
            program::trouble("it is not known whether the window is on a screen", &error);
        }
    });
    Ok(())
}

/// Brings the window to the front.
fn show(app: &AppHandle) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(LABEL) else { return Ok(()) };
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

fn on_event(app: &AppHandle, event: &RunEvent) {
    match event {
        // An end that comes neither from closing the window nor from the program: Cmd-Q, or the end of the session.
        RunEvent::Exit if app.state::<Program>().leave() => program::say(&ToProgram::Quit),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => {
            if let Err(error) = show(app) {
                program::trouble("the window could not be brought to the front", &error);
            }
        }
        _ => {}
    }
}
