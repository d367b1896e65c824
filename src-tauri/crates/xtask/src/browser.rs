//! The browser of the tests: any that is built on Chromium, which is all that the tests are written for.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::command;
use crate::plan::System;

/// The variable that names the browser: a person's choice, and what the browser tests are told.
pub(crate) const VARIABLE: &str = "CHROMIUM";

/// The browser to test in: the one that `CHROMIUM` names, else the first that is in one of its usual places.
///
/// A choice is not looked at: when it is wrong, the tests say which file is not there, and no other browser is taken
/// instead.
pub(crate) fn find() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(chosen) = variable(VARIABLE) {
        return Some(chosen.into());
    }
    let lookup = |name: &str| if name == "PATH" { Some(command::search_path()) } else { variable(name) };
    places(System::HERE, &lookup).into_iter().find(|place| place.is_file())
}

/// Where the installers of Chrome, Chromium and Edge put them, the likeliest first.
fn places(system: System, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let (folders, names): (Vec<PathBuf>, &[&str]) = match system {
        System::Linux => (
            variable("PATH").iter().flat_map(std::env::split_paths).collect(),
            // Ubuntu's chromium-browser is a snap, which sees little of the machine: the others come first.
            &["chromium", "google-chrome-stable", "google-chrome", "microsoft-edge-stable", "chromium-browser"],
        ),
        System::MacOs => (
            std::iter::once(PathBuf::from("/Applications"))
                .chain(variable("HOME").map(|home| PathBuf::from(home).join("Applications")))
                .collect(),
            &[
                "Google Chrome.app/Contents/MacOS/Google Chrome",
                "Chromium.app/Contents/MacOS/Chromium",
                "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
            ],
        ),
        System::Windows => (
            // For the whole machine (of either word size), or for one user.
            ["ProgramFiles", "ProgramW6432", "ProgramFiles(x86)", "LOCALAPPDATA"]
                .into_iter()
                .filter_map(|name| variable(name).map(PathBuf::from))
                .collect(),
            &[
                "Google/Chrome/Application/chrome.exe",
                "Chromium/Application/chrome.exe",
                "Microsoft/Edge/Application/msedge.exe",
            ],
        ),
    };
    let below = |name: &str, folder: &PathBuf| folder.iter().chain(name.split('/').map(AsRef::as_ref)).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| below(name, folder))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(system: System, variables: &[(&str, &str)]) -> Vec<String> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        places(system, &variable).iter().map(|place| place.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn on_linux_it_is_on_the_path_and_chromium_comes_first() {
        let path = std::env::join_paths(["one", "two"]).unwrap();
        let places = on(System::Linux, &[("PATH", path.to_str().unwrap())]);
        assert_eq!(places[..3], ["one/chromium", "two/chromium", "one/google-chrome-stable"]);
        assert_eq!(places.last().unwrap(), "two/chromium-browser");
    }

    #[test]
    fn on_macos_it_is_an_app_of_all_or_of_one_user() {
        let places = on(System::MacOs, &[("HOME", "/Users/me")]);
        assert_eq!(places[0], "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        assert_eq!(places[1], "/Users/me/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        assert!(places.contains(&"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge".to_owned()));
        assert_eq!(on(System::MacOs, &[]).len(), 3, "without a home, those of all users");
    }

    #[test]
    fn on_windows_it_is_below_the_folders_of_programs() {
        let places = on(System::Windows, &[("ProgramFiles(x86)", "C:/x86"), ("LOCALAPPDATA", "C:/me/Local")]);
        assert!(places.contains(&"C:/x86/Microsoft/Edge/Application/msedge.exe".to_owned()), "{places:?}");
        assert!(places.contains(&"C:/me/Local/Google/Chrome/Application/chrome.exe".to_owned()), "{places:?}");
        assert_eq!(on(System::Windows, &[]), Vec::<String>::new());
    }
}
