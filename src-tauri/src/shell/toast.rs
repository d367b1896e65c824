//! Toasts, each on a thread of its own: waiting for a click blocks. What is told and when is the `api` crate's.

use std::sync::Mutex;

use api::toast::Toast;
use notify_rust::Notification;
use tauri::{AppHandle, Manager};

use super::window;
use crate::ipc::{self, Started};

/// What the system calls the program, on Windows the id that the installer registers.
const APP: &str = "LiteLLM Auto-Sync";
#[cfg(windows)]
const APP_ID: &str = "dev.litellm-autosync.app";

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
    let shown = thread.spawn(move || {
        let problem = match notification(&toast.title, &toast.body).show() {
            Ok(handle) => {
                noted(&app, None);
                #[cfg(all(unix, not(target_os = "macos")))]
                handle.wait_for_action(|action| {
                    if action == "default" {
                        window::open(&app, Some(toast.place));
                    }
                });
                #[cfg(not(all(unix, not(target_os = "macos"))))]
                let _shown = handle;
                return;
            }
            Err(error) => error.to_string(),
        };
        tracing::warn!(problem, title = toast.title, "a toast could not be shown");
        noted(&app, Some("This system has no notification service that answers.".to_owned()));
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a toast could not be shown");
    }
}

/// A toast that nothing hangs on.
pub(crate) fn plain(title: &str, body: &str) {
    notification(title, body).show().ok();
}

fn notification(title: &str, body: &str) -> Notification {
    let mut notification = Notification::new();
    // Many daemons read markup in a body; text from a map is text.
    notification.appname(APP).summary(title).body(&escaped(body)).action("default", "Open");
    #[cfg(windows)]
    notification.app_id(APP_ID);
    notification
}

/// Markup made harmless where daemons read it (freedesktop: body-markup).
fn escaped(text: &str) -> String {
    if cfg!(all(unix, not(target_os = "macos"))) {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

fn noted(app: &AppHandle, problem: Option<String>) {
    if app.state::<Toasts>().set(problem) {
        let started = app.state::<Started>().inner().clone();
        tauri::async_runtime::spawn(async move {
            if let Ok(api) = ipc::wait(started).await {
                api.refresh();
            }
        });
    }
}
