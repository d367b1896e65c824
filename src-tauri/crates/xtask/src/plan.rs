//! How what a machine lacks gets there: pure functions of the machine, so that the ways of Windows and macOS are tested
//! on Linux too.

/// A kind of machine, as far as it decides how things are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    /// The one that this program was built for.
    pub(crate) const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };
}

/// What of a machine decides how things get there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) system: System,
    /// Whether the installer of the system is there: apt, Homebrew or winget.
    pub(crate) has_installer: bool,
    /// Packages of Debian are root's to install, and Homebrew refuses root.
    pub(crate) is_root: bool,
}

/// A thing that a machine may lack, and how it gets onto each system.
#[derive(Debug)]
pub(crate) struct Thing {
    /// In words, for the messages.
    pub(crate) what: &'static str,
    /// Debian's and Ubuntu's packages that bring it. Where the two differ there is a second choice, which is tried when
    /// the first did not bring it.
    pub(crate) apt: &'static [&'static [&'static str]],
    /// What a person can run where Debian's or Ubuntu's package is too old. It trusts somebody else, so it is only named.
    pub(crate) too_old: Option<&'static str>,
    pub(crate) macos: Way,
    pub(crate) windows: Way,
}

/// How a thing gets onto macOS or Windows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// It is always there, or not needed there.
    Nothing,
    /// What follows `brew install`.
    Brew(&'static [&'static str]),
    /// The id of winget's package.
    Winget(&'static str),
    /// A command that asks the person, who must therefore run it.
    ByHand(&'static str),
}

impl Thing {
    /// A thing that no other system needs.
    pub(crate) const fn of_linux(what: &'static str, apt: &'static [&'static [&'static str]]) -> Self {
        Self { what, apt, too_old: None, macos: Way::Nothing, windows: Way::Nothing }
    }

    /// Whether a machine of this kind can lack it.
    pub(crate) fn is_needed_on(&self, system: System) -> bool {
        system == System::Linux || !matches!(self.way(system), Way::Nothing)
    }

    fn way(&self, system: System) -> Way {
        match system {
            System::Linux => Way::Nothing,
            System::MacOs => self.macos,
            System::Windows => self.windows,
        }
    }

    /// The commands that bring it, each to be tried if those before it did not.
    fn commands(&self, system: System) -> Vec<Vec<&'static str>> {
        match self.way(system) {
            Way::Nothing => {
                let apt_get = ["apt-get", "install", "--yes", "--no-install-recommends"];
                self.apt.iter().map(|packages| [&apt_get, *packages].concat()).collect()
            }
            Way::Brew(formula) => vec![[&["brew", "install"], formula].concat()],
            Way::Winget(id) => {
                let quietly = ["--silent", "--accept-package-agreements", "--accept-source-agreements"];
                vec![[&["winget", "install", "--exact", "--id", id][..], &quietly].concat()]
            }
            Way::ByHand(command) => vec![command.split(' ').collect()],
        }
    }
}

/// What is run to install what is missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Comes before the others.
    pub(crate) first: Option<Vec<&'static str>>,
    /// For each missing thing its commands, each to be tried if those before it did not bring the thing. None where only
    /// a person can install it. One thing at a time: a package that is not to be had does not take the others with it.
    pub(crate) steps: Vec<Vec<Vec<&'static str>>>,
}

/// What to run on `machine` for what is `missing`.
pub(crate) fn plan(machine: Machine, missing: &[&Thing]) -> Plan {
    let may_install = machine.has_installer
        && match machine.system {
            System::Linux => machine.is_root,
            System::MacOs => !machine.is_root,
            System::Windows => true,
        };
    let steps = missing.iter().map(|thing| match thing.way(machine.system) {
        Way::ByHand(_) => Vec::new(),
        _ if may_install => thing.commands(machine.system),
        _ => Vec::new(),
    });
    let steps: Vec<_> = steps.collect();
    let first = (machine.system == System::Linux && steps.iter().any(|tries| !tries.is_empty()))
        .then(|| vec!["apt-get", "update"]);
    Plan { first, steps }
}

/// What to tell a person about what is `missing` still: the exact command for each, and how to get the installer that it
/// needs.
pub(crate) fn told(machine: Machine, missing: &[&Thing]) -> String {
    let Machine { system, has_installer, is_root } = machine;
    if system == System::Linux {
        return told_on_linux(has_installer, is_root, missing);
    }
    let command = |thing: &Thing| thing.commands(system).first().map(|words| words.join(" ")).unwrap_or_default();
    let lines: Vec<String> = missing.iter().map(|thing| format!("  {}:  {}", thing.what, command(thing))).collect();
    let lines = lines.join("\n");
    let installs = missing.iter().any(|thing| matches!(thing.way(system), Way::Brew(_) | Way::Winget(_)));
    let hint = match system {
        System::MacOs if installs && !has_installer => GET_BREW,
        System::MacOs if installs && is_root => "\nHomebrew refuses to run as root: run this as your own user.",
        System::Windows if installs && !has_installer => GET_WINGET,
        _ => "",
    };
    format!("this machine lacks:\n{lines}{hint}\nInstall that, then run this again in a new terminal.")
}

fn told_on_linux(has_apt: bool, is_root: bool, missing: &[&Thing]) -> String {
    if !has_apt {
        let packages = |thing: &Thing| thing.apt.first().copied().unwrap_or_default().join(", ");
        let lines: Vec<String> =
            missing.iter().map(|thing| format!("  {} (Debian calls it {})", thing.what, packages(thing))).collect();
        return format!("this machine lacks:\n{}\nInstall that, then run this again.", lines.join("\n"));
    }
    let (why, apt_get) =
        if is_root { ("", "apt-get install") } else { (", and only root can install that", "sudo apt-get install") };
    // What has a second choice is on a line of its own: apt installs nothing of a line with a name that it does not know.
    let (plain, others): (Vec<&Thing>, Vec<&Thing>) = missing.iter().partition(|thing| thing.apt.len() == 1);
    let plain: Vec<&str> = plain.iter().flat_map(|thing| thing.apt.concat()).collect();
    let mut lines = Vec::new();
    if !plain.is_empty() {
        lines.push(format!("{apt_get} {}", plain.join(" ")));
    }
    for thing in others {
        let choices = thing.apt.iter().map(|packages| format!("{apt_get} {}", packages.join(" ")));
        lines.push(choices.collect::<Vec<_>>().join(" || "));
    }
    let whats: Vec<&str> = missing.iter().map(|thing| thing.what).collect();
    let mut parts = vec![format!(
        "this machine lacks {}{why}. Run this, then start again:\n  {}",
        whats.join("; "),
        lines.join("\n  ")
    )];
    let newer = missing.iter().filter_map(|thing| Some((thing.what, thing.too_old?)));
    let sudo = if is_root { "" } else { "sudo " }; // in a container there is none, and root needs none
    parts.extend(
        newer.map(|(what, command)| format!("If that does not install {what}:\n  {}", command.replace("sudo ", sudo))),
    );
    parts.join("\n")
}

/// <https://brew.sh>
const GET_BREW: &str = "\nHomebrew is missing too, and nothing can be installed from here without it. This installs it:\n  \
    /bin/bash -c \"$(curl -fsSL https://raw.githubusercontent.com/Homebrew/install/HEAD/install.sh)\"";

/// <https://learn.microsoft.com/windows/package-manager/winget/>: it is registered at the first sign-in, and this does so
/// at once; Microsoft's Store has it as "App Installer".
const GET_WINGET: &str = "\nwinget is missing too, and nothing can be installed from here without it. This installs \
    it, in PowerShell (else \"App Installer\" from Microsoft's Store does):\n  Add-AppxPackage -RegisterByFamilyName \
    -MainPackage Microsoft.DesktopAppInstaller_8wekyb3d8bbwe";

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Thing = Thing {
        what: "Node.js",
        apt: &[&["nodejs", "npm"]],
        too_old: Some("sudo newer-node"),
        macos: Way::Brew(&["node"]),
        windows: Way::Winget("OpenJS.NodeJS.LTS"),
    };
    const BROWSER: Thing = Thing {
        what: "a browser",
        apt: &[&["chromium"], &["chromium-browser"]],
        too_old: None,
        macos: Way::Brew(&["--cask", "google-chrome"]),
        windows: Way::Winget("Google.Chrome"),
    };
    const GIT: Thing = Thing {
        what: "git",
        apt: &[&["git"]],
        too_old: None,
        macos: Way::ByHand("xcode-select --install"),
        windows: Way::Winget("Git.Git"),
    };
    const BUS: Thing = Thing::of_linux("a session bus", &[&["dbus"]]);

    fn machine(system: System, has_installer: bool, is_root: bool) -> Machine {
        Machine { system, has_installer, is_root }
    }

    /// The commands of a plan as one would type them.
    fn typed(machine: Machine, missing: &[&Thing]) -> Vec<String> {
        let Plan { first, steps } = plan(machine, missing);
        assert_eq!(steps.len(), missing.len(), "one step for each thing");
        first.into_iter().chain(steps.into_iter().flatten()).map(|words| words.join(" ")).collect()
    }

    #[test]
    fn root_installs_by_apt_one_thing_after_the_other() {
        assert_eq!(
            typed(machine(System::Linux, true, true), &[&NODE, &BROWSER]),
            [
                "apt-get update",
                "apt-get install --yes --no-install-recommends nodejs npm",
                "apt-get install --yes --no-install-recommends chromium",
                "apt-get install --yes --no-install-recommends chromium-browser",
            ]
        );
    }

    #[test]
    fn without_root_or_apt_linux_is_told_what_to_install() {
        let user = machine(System::Linux, true, false);
        assert_eq!(typed(user, &[&NODE, &BROWSER]), Vec::<String>::new());
        let message = told(user, &[&NODE, &BROWSER, &GIT]);
        assert!(message.contains("lacks Node.js; a browser; git, and only root"), "{message}");
        assert!(message.contains("\n  sudo apt-get install nodejs npm git\n"), "{message}");
        let either = "\n  sudo apt-get install chromium || sudo apt-get install chromium-browser\n";
        assert!(message.contains(either), "{message}");
        assert!(message.ends_with("\nIf that does not install Node.js:\n  sudo newer-node"), "{message}");
        let other = machine(System::Linux, false, true);
        assert_eq!(typed(other, &[&NODE]), Vec::<String>::new());
        assert!(told(other, &[&NODE]).contains("Node.js (Debian calls it nodejs, npm)"));
    }

    #[test]
    fn what_apt_could_not_bring_is_named_to_root_without_sudo() {
        let root = machine(System::Linux, true, true);
        assert!(told(root, &[&NODE]).ends_with("\n  newer-node"));
        let message = told(root, &[&BROWSER]);
        assert!(message.ends_with("\n  apt-get install chromium || apt-get install chromium-browser"), "{message}");
        assert!(!message.contains("only root"), "{message}");
    }

    #[test]
    fn homebrew_installs_all_but_what_asks_the_person() {
        let mac = machine(System::MacOs, true, false);
        assert_eq!(typed(mac, &[&GIT, &NODE, &BROWSER]), ["brew install node", "brew install --cask google-chrome"]);
        let message = told(mac, &[&GIT]);
        assert!(message.contains("  git:  xcode-select --install\n"), "{message}");
        assert!(!message.contains("Homebrew"), "it is not what is missing: {message}");
    }

    #[test]
    fn without_homebrew_macos_is_told_the_commands_and_how_to_get_it() {
        let mac = machine(System::MacOs, false, false);
        assert_eq!(typed(mac, &[&NODE]), Vec::<String>::new());
        let message = told(mac, &[&NODE, &BROWSER]);
        assert!(message.contains("  Node.js:  brew install node\n"), "{message}");
        assert!(message.contains("  a browser:  brew install --cask google-chrome\n"), "{message}");
        assert!(message.contains("Homebrew/install/HEAD/install.sh"), "{message}");
        assert!(!told(mac, &[&GIT]).contains("Homebrew"), "git needs no Homebrew");
    }

    #[test]
    fn homebrew_is_not_run_for_root_who_is_told_so() {
        let mac = machine(System::MacOs, true, true);
        assert_eq!(typed(mac, &[&NODE]), Vec::<String>::new());
        assert!(told(mac, &[&NODE]).contains("Homebrew refuses to run as root"));
    }

    #[test]
    fn winget_installs_and_asks_nothing() {
        for is_root in [false, true] {
            assert_eq!(
                typed(machine(System::Windows, true, is_root), &[&GIT]),
                ["winget install --exact --id Git.Git --silent --accept-package-agreements --accept-source-agreements"]
            );
        }
    }

    #[test]
    fn without_winget_windows_is_told_the_commands_and_how_to_get_it() {
        let windows = machine(System::Windows, false, false);
        assert_eq!(typed(windows, &[&BROWSER]), Vec::<String>::new());
        let message = told(windows, &[&BROWSER]);
        assert!(message.contains("  a browser:  winget install --exact --id Google.Chrome --silent"), "{message}");
        assert!(message.contains("Microsoft.DesktopAppInstaller_8wekyb3d8bbwe"), "{message}");
    }

    #[test]
    fn what_only_linux_has_is_missing_nowhere_else() {
        assert!(BUS.is_needed_on(System::Linux));
        assert!(!BUS.is_needed_on(System::MacOs) && !BUS.is_needed_on(System::Windows));
        assert!(GIT.is_needed_on(System::MacOs) && GIT.is_needed_on(System::Windows));
    }
}
