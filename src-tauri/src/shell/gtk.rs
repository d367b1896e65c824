//! Linux: GTK for a process that draws nothing.

/// The variable that says what GDK makes of OpenGL.
const GL: &str = "GDK_GL";

/// Starts GTK without OpenGL, which the tray does not need: on X11, GDK otherwise loads its driver, with a compiler of tens of
/// megabytes, before anything is drawn. The window's process has it: it is to be started before this.
///
/// Where GTK does not start, the app says so a moment later.
#[expect(unsafe_code, reason = "GDK reads this from the environment alone")]
pub(super) fn init() {
    // What somebody has chosen for both processes stays.
    let is_ours = std::env::var_os(GL).is_none();
    if is_ours {
        // SAFETY: what other threads there are by now, those of tokio, wait for work and read no environment.
        unsafe { std::env::set_var(GL, "disable") };
    }
    drop(::gtk::init());
    if is_ours {
        // SAFETY: as above, and so do GLib's own by now; GTK changes the environment here as well.
        unsafe { std::env::remove_var(GL) };
    }
}
