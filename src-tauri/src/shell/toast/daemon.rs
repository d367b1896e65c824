//! Toasts of freedesktop's daemons and of macOS: the program waits for the click.

use notify_rust::{Notification, NotificationResponse};

use engine::Result;

use super::{APP, refused};

/// The action that freedesktop's daemons take a click on the toast for.
const OPEN: &str = "default";

/// Shows a toast and waits until it is gone; `clicked` is called when it is clicked, `shown` as soon as it is shown.
///
/// # Errors
/// Why it is not shown.
pub(super) fn show(title: &str, body: &str, shown: impl FnOnce(), clicked: impl FnOnce()) -> Result<()> {
    allowed()?;
    let unanswered = |error| refused("No notification service answers on this system.").detail(error);
    let handle = notification(title, body).show().map_err(unanswered)?;
    shown();
    let mut clicked = Some(clicked);
    let waited = handle.wait_for_response(|response: &NotificationResponse| {
        if is_click(response)
            && let Some(clicked) = clicked.take()
        {
            clicked();
        }
    });
    if let Err(error) = waited {
        tracing::warn!(%error, title, "a toast's click was not heard");
    }
    Ok(())
}

/// A toast that nothing hangs on.
pub(super) fn plain(title: &str, body: &str) {
    if allowed().is_ok() {
        notification(title, body).show().ok();
    }
}

/// macOS asks the person at the first toast, and never again.
#[cfg(target_os = "macos")]
fn allowed() -> Result<()> {
    match notify_rust::request_auth_blocking() {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("Notifications of this app are turned off in System Settings, Notifications.")),
        Err(error) => Err(refused("macOS takes notifications only from the installed app.").detail(error)),
    }
}

#[cfg(not(target_os = "macos"))]
#[expect(clippy::unnecessary_wraps, reason = "macOS may refuse")]
fn allowed() -> Result<()> {
    Ok(())
}

/// On the toast itself, or on the button that some systems draw for it.
fn is_click(response: &NotificationResponse) -> bool {
    match response {
        NotificationResponse::Default => true,
        NotificationResponse::Action(key) => key == OPEN,
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => false,
    }
}

fn notification(title: &str, body: &str) -> Notification {
    let mut notification = Notification::new();
    notification.appname(APP).summary(title).body(&escaped(body)).action(OPEN, "Open");
    // "Clear All" of macOS tells nobody, so nobody waits for ever.
    #[cfg(target_os = "macos")]
    notification.timeout(notify_rust::Timeout::Milliseconds(24 * 60 * 60 * 1000));
    notification
}

/// Many daemons read markup in a body (freedesktop: body-markup); text from a map is text.
fn escaped(text: &str) -> String {
    if cfg!(target_os = "macos") {
        text.to_owned()
    } else {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}
