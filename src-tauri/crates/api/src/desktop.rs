//! What the commands may do to the desktop. The app does it with Tauri; in a browser there is none.

use std::path::{Path, PathBuf};

use engine::{Error, ErrorCode, Result};

use crate::view::UpdateView;

/// The desktop around the dashboard.
pub trait Desktop: Send + Sync {
    /// Whether the app starts at login; `None` where that cannot be.
    fn autostart(&self) -> Option<bool>;

    /// Has the app start at login, or not.
    ///
    /// # Errors
    /// Where the system refuses.
    fn set_autostart(&self, on: bool) -> Result<()>;

    /// Shows a folder in the system's file manager.
    ///
    /// # Errors
    /// Where there is none.
    fn open_folder(&self, path: &Path) -> Result<()>;

    /// The user's folder for downloads.
    fn downloads(&self) -> Option<PathBuf>;

    /// Puts text on the clipboard.
    ///
    /// # Errors
    /// Where there is none.
    fn copy(&self, text: &str) -> Result<()>;

    /// What is known of newer versions of this program. Each change of it is followed by [`Api::refresh`](crate::Api::refresh).
    fn update(&self) -> UpdateView;

    /// Begins to look for one.
    fn check_update(&self);

    /// Begins to download and install the one that was found.
    fn install_update(&self);

    /// Gives up the download.
    fn cancel_update(&self);

    /// Why there is no icon in the tray.
    fn tray_problem(&self) -> Option<String>;

    /// Why the last toast could not be shown.
    fn toast_problem(&self) -> Option<String>;
}

/// No desktop: a browser, or a machine without a screen.
pub struct NoDesktop;

impl Desktop for NoDesktop {
    fn autostart(&self) -> Option<bool> {
        None
    }

    fn set_autostart(&self, _on: bool) -> Result<()> {
        Err(unsupported("Starting at login can only be set in the app's own window."))
    }

    fn open_folder(&self, path: &Path) -> Result<()> {
        Err(unsupported("Folders cannot be opened from a browser.").detail(path.display()))
    }

    fn downloads(&self) -> Option<PathBuf> {
        None
    }

    fn copy(&self, _text: &str) -> Result<()> {
        Err(unsupported("The browser does the copying itself."))
    }

    fn update(&self) -> UpdateView {
        let off = Some("The desktop app updates itself; this is its dashboard in a browser.".to_owned());
        UpdateView { off, ..UpdateView::default() }
    }

    fn check_update(&self) {}

    fn install_update(&self) {}

    fn cancel_update(&self) {}

    fn tray_problem(&self) -> Option<String> {
        None
    }

    fn toast_problem(&self) -> Option<String> {
        None
    }
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorCode::Unsupported, message)
}
