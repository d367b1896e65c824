//! The real app on a real (virtual) screen, with a session bus of its own: its tray item, menu, toasts and webview.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests; clippy knows only functions with #[test]"
)]

mod app;
mod browser;
mod change;
mod desk;
mod figures;
mod host;
mod journey;
mod notifications;
mod pictures;
mod processes;
mod tray;
mod typist;
mod update;
mod window;

use std::time::{Duration, Instant};

/// A machine that compiles beside it is slow; a person would have given up long before.
const WITHIN: Duration = Duration::from_secs(40);

/// Tries until there is an answer; panics with `what` when there is none in time.
fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    try_until(look).unwrap_or_else(|| panic!("waited {WITHIN:?} in vain for {what}"))
}

/// Tries until there is an answer, or no time any more.
fn try_until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
}
