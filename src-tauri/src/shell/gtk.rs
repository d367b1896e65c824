//! Linux: GTK for a process that draws nothing.

use std::ffi::OsString;

/// The variable that says what GDK makes of OpenGL.
const GL: &str = "GDK_GL";

/// By which the desktop knows the window that it waits for after a click on the program's entry. GTK takes them out of the
/// environment, but the window is another process's.
const AWAITED: [&str; 2] = ["DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN"];

/// Starts GTK without OpenGL, which the tray does not need: on X11, GDK otherwise loads its driver, with a compiler of tens of
/// megabytes, before anything is drawn. The window's process has it. Before any thread is started. Gives what is to be in the
/// environment of that process.
///
/// Where GTK does not start, the app says so a moment later.
#[expect(unsafe_code, reason = "GDK reads this from the environment alone")]
pub(super) fn init() -> Vec<(&'static str, OsString)> {
    let awaited = AWAITED.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect();
    // What somebody has chosen for both processes stays.
    let is_ours = std::env::var_os(GL).is_none();
    if is_ours {
        // SAFETY: no other thread is there.
        unsafe { std::env::set_var(GL, "disable") };
    }
    drop(::gtk::init());
    if is_ours {
        // SAFETY: of threads there are at most GLib's own, which wait for work; GTK changes the environment here as well.
        unsafe { std::env::remove_var(GL) };
    }
    awaited
}
