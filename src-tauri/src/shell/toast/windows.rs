//! Toasts of Windows. Each carries a link that Windows opens on a click, so that one in the Notification Center still leads to
//! its place when the popup, or the program, is long gone (Microsoft: "Activating toast notifications from desktop apps").

use std::sync::Once;

use engine::Result;
use engine::home::Home;
use windows::Data::Xml::Dom::XmlDocument;
use windows::UI::Notifications::{NotificationSetting, ToastNotification, ToastNotificationManager};
use windows::Win32::UI::Shell::SetCurrentProcessExplicitAppUserModelID;
use windows::core::HSTRING;
use windows_registry::CURRENT_USER;

use super::{APP, refused};
use crate::shell::link::SCHEME;

/// By which Windows knows the program; the entry in the Start menu has the same.
const APP_ID: &str = "dev.litellm-autosync.app";

/// Stands for a COM server where there is none: with it Windows keeps the toasts in the Notification Center.
const STUB: &str = "{6E2C1B0A-8F4D-4C55-9A37-51D0A4C2B7E3}";

/// The icon beside a toast of a program without an entry in the Start menu.
const ICON: &[u8] = include_bytes!("../../../../icons/app/128.png");

/// Gives the process the program's id, so that its taskbar button joins one that is pinned, however it was started. Before
/// the first window.
#[expect(unsafe_code, reason = "a call without memory of ours but the id, which lives until it returns")]
pub(crate) fn name_process() {
    // SAFETY: the text is a valid wide string for the whole call, and Windows copies it.
    if let Err(error) = unsafe { SetCurrentProcessExplicitAppUserModelID(&HSTRING::from(APP_ID)) } {
        tracing::warn!(%error, "the process has no id of its own");
    }
}

/// Shows a toast; `link` is opened by a click.
///
/// # Errors
/// Why it is not shown.
pub(super) fn show(title: &str, body: &str, link: Option<&str>) -> Result<()> {
    let told = || -> windows::core::Result<bool> {
        let document = XmlDocument::new()?;
        document.LoadXml(&HSTRING::from(xml(title, body, link)))?;
        let toast = ToastNotification::CreateToastNotification(&document)?;
        let notifier = ToastNotificationManager::CreateToastNotifierWithId(&HSTRING::from(APP_ID))?;
        if notifier.Setting()? != NotificationSetting::Enabled {
            return Ok(false);
        }
        notifier.Show(&toast)?;
        Ok(true)
    };
    match told() {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("Notifications of this app are turned off in the settings of Windows.")),
        Err(error) => Err(refused("Windows does not take notifications of this app.").detail(error)),
    }
}

fn xml(title: &str, body: &str, link: Option<&str>) -> String {
    let launch =
        link.map(|link| format!(r#" activationType="protocol" launch="{}""#, escaped(link))).unwrap_or_default();
    format!(
        r#"<toast{launch}><visual><binding template="ToastGeneric"><text>{}</text><text>{}</text></binding></visual></toast>"#,
        escaped(title),
        escaped(body)
    )
}

/// Text of a map, as text in XML, which knows no control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(char),
            // Beside the controls, what XML 1.0 excludes ("Char").
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => {}
            char => out.push(char),
        }
    }
    out
}

/// Tells Windows the program's name, icon and link, once in a process: of a program that is unknown it shows no toast, and
/// says nothing. It heals what is missing, and leads to where the program is now. The uninstaller takes it away.
pub(crate) fn register(home: &Home) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(error) = tell(home) {
            tracing::warn!(%error, "Windows was not told the program's name; toasts may not be shown");
        }
    });
}

fn tell(home: &Home) -> windows::core::Result<()> {
    let key = CURRENT_USER.create(format!(r"Software\Classes\AppUserModelId\{APP_ID}"))?;
    key.set_string("DisplayName", APP)?;
    key.set_string("CustomActivator", STUB)?;
    let icon = home.path().join("icon.png");
    if std::fs::read(&icon).is_ok_and(|there| there == ICON) || std::fs::write(&icon, ICON).is_ok() {
        key.set_hstring("IconUri", &HSTRING::from(icon.as_path()))?;
    }
    let program = std::env::current_exe()?;
    let home = home.path().to_string_lossy();
    let home = home.trim_end_matches('\\');
    let scheme = CURRENT_USER.create(format!(r"Software\Classes\{SCHEME}"))?;
    scheme.set_string("", format!("URL:{APP}"))?;
    scheme.set_string("URL Protocol", "")?;
    let command = scheme.create(r"shell\open\command")?;
    command.set_string("", format!(r#""{}" --home "{home}" --open "%1""#, program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_map_is_text() {
        let xml = xml("1 < 2 & \u{7}3", "</text><image src=\"x\"/>", Some("litellm-autosync:show?place=%7B%7D"));
        assert!(xml.contains("1 &lt; 2 &amp; 3"), "{xml}");
        assert!(!xml.contains("<image"), "{xml}");
        let document = XmlDocument::new().and_then(|document| document.LoadXml(&HSTRING::from(&xml)));
        // Wine knows no such class.
        assert!(document.is_ok() || document.is_err_and(|error| error.code().is_err()));
    }

    #[test]
    fn windows_is_told_where_the_program_is() {
        let folder = std::env::temp_dir().join("litellm-autosync register");
        std::fs::create_dir_all(&folder).unwrap();
        tell(&Home::resolve(Some(folder), &|_| None).unwrap()).unwrap();
        let command = CURRENT_USER.open(format!(r"Software\Classes\{SCHEME}\shell\open\command")).unwrap();
        let line = command.get_string("").unwrap();
        assert!(line.starts_with('"') && line.ends_with(r#"register" --open "%1""#), "{line}");
        let name = CURRENT_USER.open(format!(r"Software\Classes\AppUserModelId\{APP_ID}")).unwrap();
        assert_eq!(name.get_string("DisplayName").unwrap(), APP);
    }
}
