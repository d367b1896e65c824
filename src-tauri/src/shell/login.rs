//! The start at login: what the system starts then, and with what.

use std::path::PathBuf;

use auto_launch::{AutoLaunch, AutoLaunchBuilder, LinuxLaunchMode, MacOSLaunchMode, WindowsEnableMode};
use engine::home::Home;

/// The entry's name. The uninstaller looks for it.
const NAME: &str = "LiteLLM Auto-Sync";

/// By which macOS shows the app's own name and icon beside the entry.
const BUNDLE: &str = "dev.litellm-autosync.app";

/// The entry of this program and home.
///
/// # Errors
/// Where the program's own place cannot be told.
pub(crate) fn at_login(home: &Home) -> auto_launch::Result<AutoLaunch> {
    // An AppImage runs from a mount that is gone at the next start.
    let program = std::env::var_os("APPIMAGE").map(PathBuf::from).map_or_else(std::env::current_exe, Ok)?;
    AutoLaunchBuilder::new()
        .set_app_name(NAME)
        // auto-launch joins program and arguments as they are, and the installer's folder has a space in it.
        .set_app_path(&quoted(&program.to_string_lossy()))
        .set_args(&arguments(home))
        // Never for all users, also when the app was once started as administrator.
        .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
        .set_linux_launch_mode(LinuxLaunchMode::XdgAutostart)
        .set_macos_launch_mode(MacOSLaunchMode::LaunchAgent)
        .set_bundle_identifiers(&[BUNDLE])
        .build()
}

/// An entry of a program that was moved since, or of an earlier version, leads here again. One that is off stays off.
pub(crate) fn heal(entry: &AutoLaunch, home: &Home) {
    // A developer's build is not what should start at login, nor a home that was only looked into: there is one entry for all.
    if cfg!(debug_assertions) || !is_default(home) {
        return;
    }
    match entry.is_enabled().and_then(|on| if on { entry.enable() } else { Ok(()) }) {
        Ok(()) => {}
        Err(error) => tracing::warn!(%error, "the entry that starts the app at login could not be renewed"),
    }
}

/// The arguments: in the tray, and in this home where it is not the one that is taken by itself.
fn arguments(home: &Home) -> Vec<String> {
    let mut arguments = vec!["--hidden".to_owned()];
    if !is_default(home) {
        arguments.extend(["--home".to_owned(), quoted(&home.path().to_string_lossy())]);
    }
    arguments
}

/// Whether it is the one that is taken by itself. Without the environment: a variable of this session may not be set at
/// login.
fn is_default(home: &Home) -> bool {
    Home::resolve(None, &|_| None).ok().as_ref() == Some(home)
}

/// One argument in the file that the system reads: the plugin joins them as they are.
fn quoted(text: &str) -> String {
    if cfg!(windows) {
        on_windows(text)
    } else if cfg!(target_os = "macos") {
        in_xml(text)
    } else {
        in_desktop_entry(text)
    }
}

/// A command line, as the C runtime takes it apart. A path has no quotation mark, but backslashes before the closing one
/// would make it part of the text, so they are doubled.
fn on_windows(text: &str) -> String {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    format!("\"{text}{}\"", "\\".repeat(backslashes))
}

/// The text of an element, in a launch agent's property list.
fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The key `Exec` of a desktop entry: quoted as an argument, then escaped as a string value, as the specification says
/// ("The Exec key"). There a percent sign begins a field code.
fn in_desktop_entry(text: &str) -> String {
    let mut argument = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '`' | '$' | '\\' => argument.extend(['\\', char]),
            '%' => argument.push_str("%%"),
            _ => argument.push(char),
        }
    }
    argument.push('"');
    argument.replace('\\', "\\\\")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn another_home_than_the_default_is_named_and_the_default_is_not() {
        let default = Home::resolve(None, &|_| None).unwrap();
        assert_eq!(arguments(&default), ["--hidden"]);
        let other = Home::resolve(Some(PathBuf::from("other")), &|_| None).unwrap();
        let named = arguments(&other);
        assert_eq!(named[..2], ["--hidden", "--home"]);
        assert!(named[2].contains("other"), "{named:?}");
    }

    #[test]
    fn a_program_in_a_folder_with_a_space_is_one_word() {
        let home = Home::resolve(None, &|_| None).unwrap();
        let entry = at_login(&home).unwrap();
        let program = std::env::current_exe().unwrap();
        assert_eq!(entry.get_app_path(), quoted(&program.to_string_lossy()));
        assert_eq!(entry.get_args(), ["--hidden"]);
    }

    /// Where the system keeps it, this runs under Wine.
    #[cfg(windows)]
    #[test]
    fn the_entry_in_the_registry_is_quoted_and_goes_again() {
        let home = Home::resolve(Some(PathBuf::from(r"C:\My data")), &|_| None).unwrap();
        let entry = AutoLaunchBuilder::new()
            .set_app_name("LiteLLM Auto-Sync test")
            .set_app_path(&quoted(r"C:\Program Files\App\app.exe"))
            .set_args(&arguments(&home))
            .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
            .build()
            .unwrap();
        entry.enable().unwrap();
        let run = windows_registry::CURRENT_USER.open(r"Software\Microsoft\Windows\CurrentVersion\Run").unwrap();
        let line = run.get_string("LiteLLM Auto-Sync test").unwrap();
        assert!(line.starts_with(r#""C:\Program Files\App\app.exe" --hidden --home ""#), "{line}");
        assert!(entry.is_enabled().unwrap());
        entry.disable().unwrap();
        assert!(!entry.is_enabled().unwrap());
    }

    #[test]
    fn a_path_stays_one_argument_in_each_systems_file() {
        assert_eq!(on_windows(r"C:\My data\"), r#""C:\My data\\""#);
        assert_eq!(in_xml("/Users/a & b"), "/Users/a &amp; b");
        assert_eq!(in_desktop_entry("/home/a b/100%"), r#""/home/a b/100%%""#);
        assert_eq!(in_desktop_entry(r"/a$b\c"), r#""/a\\$b\\\\c""#);
    }
}
