//! What this machine needs: checked by trying it, installed where that can be done, else named with the exact command.

use std::path::Path;
use std::process::Command;

use crate::say::say;
use crate::{Failure, Result, command, python, ui};

/// What a command is going to do, and so what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Build and run the desktop app.
    App,
    /// The terminal and the real proxy.
    Proxies,
    /// Every test: a desktop to test on as well.
    Tests,
}

/// One thing that a machine may lack.
struct Need {
    /// In words, for the message.
    what: &'static str,
    /// Debian's and Ubuntu's packages that bring it.
    apt: &'static [&'static str],
    /// The command that brings it on macOS; empty = not needed there.
    macos: &'static str,
    /// The command that brings it on Windows; empty = not needed there.
    windows: &'static str,
    /// The jobs that need it.
    jobs: &'static [For],
    there: fn() -> bool,
}

const NEEDS: [Need; 10] = [
    Need {
        what: "a C compiler",
        apt: &["build-essential"],
        macos: "xcode-select --install",
        windows: "", // this program was just linked by it
        jobs: &[For::App, For::Proxies, For::Tests],
        there: || cfg!(windows) || command::works("cc", &["--version"]),
    },
    Need {
        what: "the web view and the tray of GTK",
        apt: &["pkg-config", "libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev", "libxdo-dev"],
        macos: "",
        windows: "",
        jobs: &[For::App, For::Tests],
        there: || {
            // libxdo has no .pc file.
            let library = |name| command::works("pkg-config", &["--exists", name]);
            let has_xdo = Path::new("/usr/include/xdo.h").exists();
            !LINUX || (has_xdo && ["webkit2gtk-4.1", "ayatana-appindicator3-0.1"].into_iter().all(library))
        },
    },
    Need {
        what: "Node.js 20 or later, with npm",
        apt: &["nodejs", "npm"],
        macos: "brew install node",
        windows: "winget install --exact --id OpenJS.NodeJS.LTS",
        jobs: &[For::App, For::Tests],
        there: ui::has_node,
    },
    Need {
        what: "git",
        apt: &["git"],
        macos: "xcode-select --install",
        windows: "winget install --exact --id Git.Git",
        jobs: &[For::Proxies, For::Tests],
        there: || command::works("git", &["--version"]),
    },
    Need {
        what: "Python 3.10 to 3.13 with venv",
        apt: &["python3", "python3-venv"],
        macos: "brew install python@3.12",
        windows: "winget install --exact --id Python.Python.3.12",
        jobs: &[For::Proxies, For::Tests],
        there: || python::interpreter().is_ok(),
    },
    Need {
        what: "a session bus",
        apt: &["dbus"],
        macos: "",
        windows: "",
        jobs: &[For::Tests],
        there: || !LINUX || command::works("dbus-run-session", &["--version"]),
    },
    Need {
        what: "a key store",
        apt: &["gnome-keyring"],
        macos: "",
        windows: "",
        jobs: &[For::Tests],
        there: || !LINUX || command::works("gnome-keyring-daemon", &["--version"]),
    },
    Need {
        what: "a screen without a monitor",
        apt: &["xvfb", "openbox", "imagemagick", "xdotool", "x11-utils"],
        macos: "",
        windows: "",
        jobs: &[For::Tests],
        there: || !LINUX || ["Xvfb", "openbox", "import", "xdotool", "xwininfo"].into_iter().all(on_path),
    },
    Need {
        what: "a driver for the web view",
        apt: &["webkit2gtk-driver"],
        macos: "",
        windows: "",
        jobs: &[For::Tests],
        there: || !LINUX || on_path("WebKitWebDriver"),
    },
    Need {
        what: "Chromium",
        apt: &["chromium"],
        macos: "brew install --cask chromium",
        windows: "winget install --exact --id Hibbiki.Chromium",
        jobs: &[For::Tests],
        there: || !LINUX || on_path("chromium"),
    },
];

const LINUX: bool = cfg!(target_os = "linux");

/// Whether a program is there, without starting it: some want a screen even to tell their version.
fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Checks what `job` needs, installs what can be installed, and fails with exit code 2 naming the command for the rest.
pub fn machine(job: For) -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| need.jobs.contains(&job) && !(need.there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if cfg!(target_os = "linux") && command::works("apt-get", &["--version"]) {
        return install_by_apt(&missing);
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|need| {
            let command = if cfg!(windows) { need.windows } else { need.macos };
            if cfg!(target_os = "linux") {
                format!("  {} (Debian calls it {})", need.what, need.apt.join(", "))
            } else {
                format!("  {}:  {command}", need.what)
            }
        })
        .collect();
    Err(Failure::missing(format!("this machine lacks:\n{}\nInstall that, then run this again.", lines.join("\n"))))
}

/// Small batches: one package that the mirror lacks should not take the others with it.
fn install_by_apt(missing: &[&Need]) -> Result<()> {
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.apt).copied().collect();
    if command::output(Command::new("id").arg("-u"))?.trim() != "0" {
        let packages = packages.join(" ");
        return Err(Failure::missing(format!(
            "some packages are missing, and only root can install them. Run this, then start again:\n  \
             sudo apt-get install {packages}"
        )));
    }
    say(format_args!("   installing {}", packages.join(" ")));
    apt(&["update"])?;
    for need in missing {
        apt(&[&["install", "--yes", "--no-install-recommends"], need.apt].concat())?;
    }
    let still: Vec<&str> = missing.iter().filter(|need| !(need.there)()).map(|need| need.what).collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::missing(format!("still missing after the installation: {}", still.join(", "))))
}

fn apt(args: &[&str]) -> Result<()> {
    command::output(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-o", "DPkg::Lock::Timeout=300"])
            .args(args),
    )
    .map(drop)
}
