//! What the commands may do to the desktop.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use api::Desktop;
use api::view::UpdateView;
use arboard::Clipboard;
use auto_launch::AutoLaunch;
use engine::{Error, ErrorCode, Result};
use tauri::{AppHandle, Manager};
use tauri_plugin_opener::OpenerExt;

use super::toast::Toasts;
use super::update::{self, Updates};

/// The desktop around the app.
pub(crate) struct AppDesktop(pub(crate) AppHandle);

impl Desktop for AppDesktop {
    fn autostart(&self) -> Option<bool> {
        self.0.try_state::<AutoLaunch>()?.is_enabled().ok()
    }

    fn set_autostart(&self, on: bool) -> Result<()> {
        let refused = |cause: &dyn std::fmt::Display| {
            Error::new(ErrorCode::Unsupported, "The system did not allow changing whether the app starts at login.")
                .detail(cause)
        };
        let entry = self.0.try_state::<AutoLaunch>();
        let entry = entry.ok_or_else(|| refused(&"the place of the program is not known"))?;
        let done = match (on, entry.is_enabled()) {
            // Windows does not take away what is not there.
            (false, Ok(false)) => Ok(()),
            (false, _) => entry.disable(),
            (true, _) => entry.enable(),
        };
        done.map_err(|cause| refused(&cause))
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

    fn update(&self) -> UpdateView {
        self.0.state::<Updates>().view()
    }

    fn check_update(&self) {
        update::check(&self.0);
    }

    fn install_update(&self) {
        update::install(&self.0);
    }

    fn cancel_update(&self) {
        update::cancel(&self.0);
    }

    fn tray_problem(&self) -> Option<String> {
        #[cfg(target_os = "linux")]
        return self.0.state::<super::host::TrayHost>().problem();
        #[cfg(not(target_os = "linux"))]
        None
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
