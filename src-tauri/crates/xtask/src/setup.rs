//! What this machine needs: checked by trying it, installed where that can be done, else named with the exact command.

use std::path::{Path, PathBuf};

use crate::plan::{Machine, Plan, System, Thing, Way, plan, told};
use crate::say::say;
use crate::{Failure, Result, browser, command, python, ui};

/// What a command is going to do, and so what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Build and run the desktop app.
    App,
    /// The terminal and the real proxy.
    Proxies,
    /// Every test: a desktop to test on as well.
    Tests,
    /// What people install.
    Packages,
    /// Trying that in a system of its own.
    Trials,
}

/// One thing that a machine may lack.
struct Need {
    thing: Thing,
    /// The jobs that need it.
    jobs: &'static [For],
    /// Asked only on systems that need the thing.
    there: fn() -> bool,
}

const NEEDS: [Need; 15] = [
    Need {
        thing: Thing {
            what: "a C compiler",
            apt: &[&["build-essential"]],
            too_old: None,
            macos: Way::ByHand("xcode-select --install"),
            windows: Way::Nothing, // this program was just linked by it
        },
        jobs: &[For::App, For::Proxies, For::Tests, For::Packages],
        there: || command::works("cc", &["--version"]),
    },
    Need {
        thing: Thing::of_linux(
            "the web view and the tray of GTK",
            &[&["pkg-config", "libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev", "libxdo-dev"]],
        ),
        jobs: &[For::App, For::Tests, For::Packages],
        there: || {
            // libxdo has no .pc file.
            let library = |name| command::works("pkg-config", &["--exists", name]);
            let has_xdo = Path::new("/usr/include/xdo.h").exists();
            has_xdo && ["webkit2gtk-4.1", "ayatana-appindicator3-0.1"].into_iter().all(library)
        },
    },
    Need {
        thing: Thing {
            what: "Node.js 20 or later, with npm",
            apt: &[&["nodejs", "npm"]],
            // Debian 12 and Ubuntu 24.04 have Node.js 18.
            too_old: Some("sudo apt-get install npm && sudo npm install --global n && sudo n 24"),
            macos: Way::Brew(&["node"]),
            windows: Way::Winget("OpenJS.NodeJS.LTS"),
        },
        jobs: &[For::App, For::Tests, For::Packages],
        there: ui::has_node,
    },
    Need {
        thing: Thing {
            what: "git",
            apt: &[&["git"]],
            too_old: None,
            macos: Way::ByHand("xcode-select --install"),
            windows: Way::Winget("Git.Git"),
        },
        jobs: &[For::Proxies, For::Tests],
        there: || command::works("git", &["--version"]),
    },
    Need {
        thing: Thing {
            what: "Python 3.10 to 3.13 with venv",
            apt: &[&["python3", "python3-venv"]],
            too_old: None,
            macos: Way::Brew(&["python@3.12"]),
            windows: Way::Winget("Python.Python.3.12"),
        },
        jobs: &[For::Proxies, For::Tests],
        there: || python::interpreter().is_ok(),
    },
    Need {
        thing: Thing::of_linux("a session bus", &[&["dbus"]]),
        jobs: &[For::Tests],
        there: || command::works("dbus-run-session", &["--version"]),
    },
    Need {
        thing: Thing::of_linux("a key store", &[&["gnome-keyring"]]),
        jobs: &[For::Tests],
        there: || command::works("gnome-keyring-daemon", &["--version"]),
    },
    Need {
        thing: Thing::of_linux(
            "a screen without a monitor",
            &[&["xvfb", "openbox", "imagemagick", "xdotool", "x11-utils"]],
        ),
        jobs: &[For::Tests],
        there: || ["Xvfb", "openbox", "import", "xdotool", "xwininfo"].into_iter().all(on_path),
    },
    Need {
        thing: Thing::of_linux("the checker of service files", &[&["systemd"]]),
        jobs: &[For::Tests],
        there: || on_path("systemd-analyze"),
    },
    Need {
        thing: Thing::of_linux("a driver for the web view", &[&["webkit2gtk-driver"]]),
        jobs: &[For::Tests],
        there: || on_path("WebKitWebDriver"),
    },
    Need {
        thing: Thing {
            what: "a browser (Chromium, Chrome or Edge)",
            apt: &[&["chromium"], &["chromium-browser"]], // Ubuntu's has the other name
            too_old: None,
            // Homebrew's Chromium is unsigned, and macOS does not open it.
            macos: Way::Brew(&["--cask", "google-chrome"]),
            windows: Way::Winget("Google.Chrome"),
        },
        jobs: &[For::Tests],
        there: || browser::find().is_some(),
    },
    Need {
        thing: Thing::of_linux(
            "the makers and critics of Debian packages",
            &[&["dpkg-dev", "lintian", "desktop-file-utils", "appstream"]],
        ),
        jobs: &[For::Packages, For::Trials],
        there: || ["dpkg-shlibdeps", "lintian", "desktop-file-validate", "appstreamcli"].into_iter().all(on_path),
    },
    Need {
        thing: Thing::of_linux("the maker of a fresh Debian", &[&["debootstrap"]]),
        jobs: &[For::Trials],
        there: || on_path("debootstrap"),
    },
    Need {
        thing: Thing::of_linux("the maker and the critic of RPM packages", &[&["rpm", "rpmlint"]]),
        jobs: &[For::Packages],
        there: || ["rpmbuild", "rpmlint"].into_iter().all(on_path),
    },
    Need {
        thing: Thing::of_linux("the maker and the signer of Windows installers", &[&["nsis", "zip", "osslsigncode"]]),
        jobs: &[For::Packages],
        there: || ["makensis", "zip", "osslsigncode"].into_iter().all(on_path),
    },
];

/// Whether a program is there, without starting it: some want a screen even to tell their version.
fn on_path(program: &str) -> bool {
    std::env::split_paths(&command::search_path()).any(|folder| folder.join(program).is_file())
}

/// Checks what `job` needs, installs what can be installed, and fails with exit code 2 naming the command for the rest.
pub fn machine(job: For) -> Result<()> {
    if System::HERE == System::MacOs {
        // Homebrew is installed without a word in PATH; its user adds that later, or for some terminals only.
        let folders = ["/opt/homebrew/bin", "/usr/local/bin"].map(PathBuf::from);
        command::look_first_in(folders.into_iter().filter(|folder| folder.join("brew").is_file() && !on_path("brew")));
    }
    let is_missing = |need: &&Need| need.thing.is_needed_on(System::HERE) && !(need.there)();
    let mut missing: Vec<&Need> = NEEDS.iter().filter(|need| need.jobs.contains(&job)).filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if System::HERE == System::Windows {
        // It may be there since before, and only this terminal not know it.
        learn_path();
        missing.retain(is_missing);
    }
    let machine = this_machine();
    let troubles = install(machine, &missing, run);
    missing.retain(is_missing);
    if missing.is_empty() {
        return Ok(());
    }
    let message = told(machine, &things(&missing));
    Err(Failure::missing([vec![message], troubles].concat().join("\n")))
}

/// Installs what can be installed, and says what went wrong, which is of use only where a thing is missing still.
fn install(machine: Machine, missing: &[&Need], run: impl Fn(&[&str]) -> Result<()>) -> Vec<String> {
    let Plan { first, steps } = plan(machine, &things(missing));
    let mut troubles = Vec::new();
    let mut attempt = |line: &[&str]| troubles.extend(run(line).err().map(|failure| failure.message));
    if let Some(line) = first {
        attempt(&line);
    }
    for (need, tries) in missing.iter().zip(steps) {
        for line in tries {
            say(format_args!("   installing {}: {}", need.thing.what, line.join(" ")));
            attempt(&line);
            if (need.there)() {
                break;
            }
        }
    }
    if System::HERE == System::Windows {
        learn_path();
    }
    troubles
}

/// Runs one line of a plan. What apt writes is shown only if it fails; the others are seen at work, since they may ask
/// for a password.
fn run(line: &[&str]) -> Result<()> {
    let [program, args @ ..] = line else {
        return Ok(());
    };
    let mut command = command::program(program);
    if *program == "apt-get" {
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
        return command::output(command.args(args)).map(drop);
    }
    command::run(command.args(args))
}

fn this_machine() -> Machine {
    let installer = match System::HERE {
        System::Linux => "apt-get",
        System::MacOs => "brew",
        System::Windows => "winget",
    };
    let is_root = cfg!(unix) && command::output(command::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    Machine { system: System::HERE, has_installer: command::works(installer, &["--version"]), is_root }
}

fn things<'a>(needs: &[&'a Need]) -> Vec<&'a Thing> {
    needs.iter().map(|need| &need.thing).collect()
}

/// Takes the folders of programs that a new terminal would have on Windows, where installers add to those of the machine
/// and of the user, of which a program that runs already hears nothing. Without PowerShell nothing changes.
fn learn_path() {
    let ask = "[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false; \
        'Machine', 'User' | ForEach-Object { [Environment]::GetEnvironmentVariable('Path', $_) }";
    let mut powershell = command::program("powershell");
    let answer = command::output(powershell.args(["-NoProfile", "-NonInteractive", "-Command", ask]));
    let answer = answer.unwrap_or_default();
    command::look_first_in(answer.lines().flat_map(std::env::split_paths));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_package_that_is_not_to_be_had_takes_no_other_with_it() {
        static THERE: AtomicBool = AtomicBool::new(false);
        let lost = Need { thing: Thing::of_linux("lost", &[&["lost"]]), jobs: &[], there: || false };
        let choices: &[&[&str]] = &[&["debian"], &["ubuntu"], &["never"]];
        let found =
            Need { thing: Thing::of_linux("found", choices), jobs: &[], there: || THERE.load(Ordering::Relaxed) };
        let machine = Machine { system: System::Linux, has_installer: true, is_root: true };
        let ran = RefCell::new(Vec::new());
        let troubles = install(machine, &[&lost, &found], |line| {
            let last = line[line.len() - 1].to_owned();
            THERE.store(last == "ubuntu", Ordering::Relaxed);
            ran.borrow_mut().push(last.clone());
            if last == "lost" { Err(Failure::failed("no such package")) } else { Ok(()) }
        });
        assert_eq!(ran.into_inner(), ["update", "lost", "debian", "ubuntu"]);
        assert_eq!(troubles, ["no such package"]);
    }

    #[test]
    fn whatever_can_be_missing_is_named_with_its_command() {
        let systems = [(System::Linux, "apt-get"), (System::MacOs, "brew"), (System::Windows, "winget")];
        for (system, installer) in systems {
            for has_installer in [false, true] {
                for need in NEEDS.iter().filter(|need| need.thing.is_needed_on(system)) {
                    let message = told(Machine { system, has_installer, is_root: false }, &[&need.thing]);
                    let is_named = [&format!("{installer} install "), "xcode-select --install", "(Debian calls it "]
                        .into_iter()
                        .any(|command| message.contains(command));
                    assert!(is_named && message.contains(need.thing.what), "{system:?}: {message}");
                }
            }
        }
    }
}
