//! Windows without WebView2: there is no dashboard, and everything else works. A dialog says so, at most one at a time.

use std::sync::atomic::{AtomicBool, Ordering};

static IS_OPEN: AtomicBool = AtomicBool::new(false);

const TEXT: &str = "The dashboard needs Microsoft's WebView2 runtime, which this computer does not have. Syncs, the tray's menu \
and the command autosync work without it.\n\nInstall the \u{201c}Evergreen WebView2 Runtime\u{201d} from Microsoft, then quit \
LiteLLM Auto-Sync in its tray menu and start it again.";

/// Says what is missing. Returns at once: the tray goes on.
pub(crate) fn ask_for() {
    if IS_OPEN.swap(true, Ordering::AcqRel) {
        return;
    }
    tracing::warn!("the WebView2 runtime is missing, so there is no dashboard");
    let dialog = std::thread::Builder::new().name("WebView2".to_owned()).spawn(|| {
        rfd::MessageDialog::new()
            .set_level(rfd::MessageLevel::Warning)
            .set_title("LiteLLM Auto-Sync")
            .set_description(TEXT)
            .show();
        IS_OPEN.store(false, Ordering::Release);
    });
    if dialog.is_err() {
        IS_OPEN.store(false, Ordering::Release);
    }
}
