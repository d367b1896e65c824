//! Windows' taskbar: on what ground the icon stands.

/// Whether the taskbar is light.
#[cfg(windows)]
pub(crate) fn is_light() -> bool {
    // The apps' theme can be another. Windows 10's taskbar was dark before this value was there.
    const PLACE: &str = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize";
    let theme = windows_registry::CURRENT_USER.open(PLACE).and_then(|key| key.get_u32("SystemUsesLightTheme"));
    theme.is_ok_and(|light| light == 1)
}

/// Only Windows tells.
#[cfg(not(windows))]
pub(crate) fn is_light() -> bool {
    false
}
