//! A screen without a monitor, and a session bus on which nothing is started by itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Ends what it started when it is dropped, by process id.
pub(crate) struct Desk {
    /// `:99`.
    pub(crate) display: String,
    /// Where the bus is.
    pub(crate) bus: String,
    folder: TempDir,
    started: Vec<Child>,
}

/// A bus with no service folder: a notification daemon of the developer's own is never woken.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

impl Desk {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = BUS.replace("FOLDER", &folder.path().display().to_string());
        std::fs::File::create(&config).unwrap().write_all(text.as_bytes()).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg(format!("--config-file={}", config.display())).args(["--nofork", "--print-address=1"]);
        let (bus, address) = first_line(&mut bus);
        let mut screen = Command::new("Xvfb");
        screen.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
        let (screen, number) = first_line(&mut screen);
        let mut desk = Self { display: format!(":{number}"), bus: address, folder, started: vec![bus, screen] };
        // Without a window manager no window gets the focus.
        let manager = desk.command("openbox").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        desk.started.push(manager);
        desk
    }

    /// The home of everything that runs here.
    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// A program of this desk, with nothing of the developer's own around it.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let home = self.home();
        command.env("HOME", home).env("DISPLAY", &self.display).env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        for (name, folder) in [
            ("XDG_RUNTIME_DIR", "run"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "share"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            let folder = home.join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            command.env(name, folder);
        }
        command.env("NO_AT_BRIDGE", "1").env("LANG", "en_US.UTF-8").env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        // As root there is no sandbox for the web process.
        command.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1").stdin(Stdio::null());
        command
    }

    /// A picture of the whole screen.
    pub(crate) fn picture(&self, to: &Path) {
        let taken = self.command("import").args(["-window", "root"]).arg(to).status().unwrap();
        assert!(taken.success());
    }

    /// The titles of the windows that are shown.
    pub(crate) fn windows(&self) -> Vec<String> {
        let tree = self.command("xwininfo").args(["-root", "-tree"]).output().unwrap();
        let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
        tree.lines().filter_map(|line| line.split('"').nth(1).map(str::to_owned)).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in self.started.iter_mut().rev() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Starts a program that says where it is in its first line.
fn first_line(command: &mut Command) -> (Child, String) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}
