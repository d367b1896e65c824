//! Linux: whether anything shows tray icons. GNOME alone does not, and then a start without a window would look like none.

use std::sync::Mutex;
use std::time::Duration;

use tauri::{AppHandle, Manager};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::ConnectionExt;

use super::{started, window};

/// Panels and extensions come seconds after a login.
const COMES_WITHIN: u32 = 15;

/// How often it is asked within that time, and later.
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_mins(1);

/// The name under which icons are registered.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Whether icons were seen to be shown nowhere.
#[derive(Default)]
pub(crate) struct TrayHost(Mutex<bool>);

impl TrayHost {
    /// Why there is no icon.
    pub(crate) fn problem(&self) -> Option<String> {
        self.0.lock().is_ok_and(|missing| *missing).then(|| {
            "This desktop shows no tray icons. On GNOME, turn on the AppIndicator extension. Until then, start the app \
             again to open this window."
                .to_owned()
        })
    }

    /// Whether that is news.
    fn set(&self, missing: bool) -> bool {
        let Ok(mut known) = self.0.lock() else { return false };
        std::mem::replace(&mut *known, missing) != missing
    }
}

/// Watches on a thread of its own. Where nothing shows icons the window opens, once, since there is no other sign of the app.
pub(crate) fn watch(app: &AppHandle) {
    let app = app.clone();
    let watching = std::thread::Builder::new().name("tray host".to_owned()).spawn(move || {
        let mut asked: u32 = 0;
        loop {
            let missing = !is_there();
            asked = asked.saturating_add(1);
            if (!missing || asked >= COMES_WITHIN) && app.state::<TrayHost>().set(missing) {
                started::refresh(&app);
                if missing {
                    tracing::warn!("nothing on this desktop shows tray icons");
                    window::open(&app, None);
                }
            }
            std::thread::sleep(if asked < COMES_WITHIN { SOON } else { LATER });
        }
    });
    if let Err(error) = watching {
        tracing::warn!(%error, "it is not known whether tray icons are shown");
    }
}

/// A watcher alone keeps a list; what draws from it registers as a host.
fn is_there() -> bool {
    let asked = || -> zbus::Result<bool> {
        let bus = zbus::blocking::Connection::session()?;
        let watcher = zbus::blocking::Proxy::new(&bus, WATCHER, "/StatusNotifierWatcher", WATCHER)?;
        watcher.get_property("IsStatusNotifierHostRegistered")
    };
    asked().unwrap_or(false) || has_x11_tray()
}

/// Panels of before: the library falls back to them by itself (freedesktop: System Tray Protocol).
fn has_x11_tray() -> bool {
    let owner = || -> Option<u32> {
        std::env::var_os("DISPLAY")?;
        let (connection, screen) = x11rb::connect(None).ok()?;
        let name = format!("_NET_SYSTEM_TRAY_S{screen}");
        let selection = connection.intern_atom(false, name.as_bytes()).ok()?.reply().ok()?.atom;
        let owner = connection.get_selection_owner(selection).ok()?.reply().ok()?.owner;
        connection.flush().ok()?;
        Some(owner)
    };
    owner().is_some_and(|owner| owner != x11rb::NONE)
}
