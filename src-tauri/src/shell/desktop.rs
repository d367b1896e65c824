//! What the commands may do to the desktop.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use api::Desktop;
use arboard::Clipboard;
use engine::{Error, ErrorCode, Result};
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_opener::OpenerExt;

use super::toast::Toasts;

/// The desktop around the app.
pub(crate) struct AppDesktop(pub(crate) AppHandle);

impl Desktop for AppDesktop {
    fn autostart(&self) -> Option<bool> {
        self.0.autolaunch().is_enabled().ok()
    }

    fn set_autostart(&self, on: bool) -> Result<()> {
        let autolaunch = self.0.autolaunch();
        let done = if on { autolaunch.enable() } else { autolaunch.disable() };
        done.map_err(|cause| {
            Error::new(ErrorCode::Unsupported, "The system did not allow changing whether the app starts at login.")
                .detail(cause)
        })
    }

    fn open_folder(&self, path: &Path) -> Result<()> {
        let cannot = |cause: &dyn std::fmt::Display| {
            Error::new(ErrorCode::Unsupported, format!("{} could not be opened.", path.display())).detail(cause)
        };
        std::fs::create_dir_all(path).map_err(|cause| cannot(&cause))?;
        self.0.opener().open_path(path.display().to_string(), None::<&str>).map_err(|cause| cannot(&cause))
    }

    fn downloads(&self) -> Option<PathBuf> {
        let paths = self.0.path();
        paths.download_dir().ok().filter(|folder| folder.is_dir()).or_else(|| paths.home_dir().ok())
    }

    fn copy(&self, text: &str) -> Result<()> {
        copy(text)
    }

    fn toast_problem(&self) -> Option<String> {
        self.0.state::<Toasts>().problem()
    }
}

/// On X11 what was copied is gone with the clipboard that gave it, so that one lives on.
static CLIPBOARD: Mutex<Option<Clipboard>> = Mutex::new(None);

/// Puts text on the clipboard.
pub(crate) fn copy(text: &str) -> Result<()> {
    let cannot = |cause: &dyn std::fmt::Display| {
        Error::new(ErrorCode::Unsupported, "The clipboard is not available.").detail(cause)
    };
    let mut kept = CLIPBOARD.lock().map_err(|cause| cannot(&cause))?;
    if kept.is_none() {
        *kept = Some(Clipboard::new().map_err(|cause| cannot(&cause))?);
    }
    let Some(clipboard) = kept.as_mut() else { return Ok(()) };
    clipboard.set_text(text).map_err(|cause| cannot(&cause))
}
