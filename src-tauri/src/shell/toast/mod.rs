//! Toasts, each on a thread of its own: waiting for a click blocks. What is told and when is the `api` crate's.

#[cfg(not(windows))]
mod daemon;
#[cfg(windows)]
mod windows;

use std::sync::Mutex;

use api::toast::Toast;
use engine::{Error, ErrorCode, Result};
use tauri::{AppHandle, Manager};

use super::started;
#[cfg(windows)]
pub(crate) use windows::{name_process, register};

/// What the system calls the program.
const APP: &str = "LiteLLM Auto-Sync";

/// Why the last toast could not be shown.
#[derive(Default)]
pub(crate) struct Toasts(Mutex<Option<String>>);

impl Toasts {
    pub(crate) fn problem(&self) -> Option<String> {
        self.0.lock().ok().and_then(|problem| problem.clone())
    }

    /// Whether that is news.
    fn set(&self, problem: Option<String>) -> bool {
        let Ok(mut known) = self.0.lock() else { return false };
        let is_new = *known != problem;
        *known = problem;
        is_new
    }
}

/// Shows a toast; a click opens its place.
pub(crate) fn show(app: &AppHandle, toast: Toast) {
    let app = app.clone();
    let thread = std::thread::Builder::new().name("toast".to_owned());
    let shown = thread.spawn(move || match tell(&app, &toast) {
        Ok(()) => noted(&app, None),
        Err(error) => {
            tracing::warn!(%error, detail = error.detail.as_deref(), title = toast.title, "a toast could not be shown");
            noted(&app, Some(error.message));
        }
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a toast could not be shown");
    }
}

#[cfg(windows)]
fn tell(_app: &AppHandle, toast: &Toast) -> Result<()> {
    windows::show(&toast.title, &toast.body, Some(&super::link::to(&toast.place)))
}

#[cfg(not(windows))]
fn tell(app: &AppHandle, toast: &Toast) -> Result<()> {
    let open = || super::window::open(app, Some(toast.place.clone()));
    daemon::show(&toast.title, &toast.body, || noted(app, None), open)
}

/// Why a toast is not shown.
fn refused(message: &str) -> Error {
    Error::new(ErrorCode::Unsupported, message)
}

/// A toast that nothing hangs on.
pub(crate) fn plain(title: &str, body: &str) {
    #[cfg(windows)]
    drop(windows::show(title, body, None));
    #[cfg(not(windows))]
    daemon::plain(title, body);
}

fn noted(app: &AppHandle, problem: Option<String>) {
    if app.state::<Toasts>().set(problem) {
        started::refresh(app);
    }
}
