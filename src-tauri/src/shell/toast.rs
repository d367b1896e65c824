//! Toasts, each on a thread of its own: waiting for a click blocks. What is told and when is the `api` crate's.

use std::sync::Mutex;
#[cfg(windows)]
use std::sync::Once;

use api::toast::Toast;
use notify_rust::{Notification, NotificationResponse};
use tauri::{AppHandle, Manager};

use super::window;
use crate::ipc::{self, Started};

/// What the system calls the program.
const APP: &str = "LiteLLM Auto-Sync";

/// By which Windows and macOS know it: Windows once it is installed or registered, macOS from its bundle.
#[cfg(any(windows, target_os = "macos"))]
const APP_ID: &str = "dev.litellm-autosync.app";

/// The action that freedesktop's daemons take a click on the toast for.
const OPEN: &str = "default";

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
        let told = notification(&toast.title, &toast.body).show().and_then(|handle| {
            if !cfg!(target_os = "macos") {
                noted(&app, None);
            }
            // Here macOS shows it, and every system waits. On Windows it waits for one event only, and the popup's own end
            // is one: a click later, in the Notification Center, brings nothing up. notify-rust's handle is used up then.
            handle.wait_for_response(|response: &NotificationResponse| {
                if is_click(response) {
                    window::open(&app, Some(toast.place));
                }
            })
        });
        match told {
            Ok(()) => noted(&app, None),
            Err(error) => {
                tracing::warn!(%error, title = toast.title, "a toast could not be shown");
                noted(&app, Some("No notification service answers on this system.".to_owned()));
            }
        }
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a toast could not be shown");
    }
}

/// On the toast itself, or on the button that some systems draw for it.
fn is_click(response: &NotificationResponse) -> bool {
    match response {
        NotificationResponse::Default => true,
        NotificationResponse::Action(key) => key == OPEN,
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => false,
    }
}

/// A toast that nothing hangs on.
pub(crate) fn plain(title: &str, body: &str) {
    notification(title, body).show().ok();
}

fn notification(title: &str, body: &str) -> Notification {
    let mut notification = Notification::new();
    // Many daemons read markup in a body; text from a map is text.
    notification.appname(APP).summary(title).body(&escaped(body)).action(OPEN, "Open");
    #[cfg(windows)]
    {
        register();
        notification.app_id(APP_ID);
    }
    // It counts the first time, and only where the program runs from its bundle.
    #[cfg(target_os = "macos")]
    notify_rust::set_application(APP_ID).ok();
    notification
}

/// Tells Windows the program's name, once in a process: of a program that is unknown it shows no toast, and says nothing.
/// The installer's entry in the Start menu does the same, with an icon; this is for a program that was just unpacked.
#[cfg(windows)]
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let key = windows_registry::CURRENT_USER.create(format!(r"Software\Classes\AppUserModelId\{APP_ID}"));
        if let Err(error) = key.and_then(|key| key.set_string("DisplayName", APP)) {
            tracing::warn!(%error, "Windows was not told the program's name; toasts may not be shown");
        }
    });
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
