//! Windows as far as Wine is one: a prefix of the test's own, made from the one of `cargo xtask cross setup`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use xtask::cache;

use crate::desk::Desk;

/// A prefix. What runs in it ends when it is dropped: a Windows program outlives the loader that started it.
pub(crate) struct Wine {
    folder: TempDir,
    display: String,
    env: Vec<(String, String)>,
}

impl Wine {
    pub(crate) fn start(desk: &Desk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready = cache::folder().unwrap().join("cross/wine");
        assert!(ready.join(".done").is_file(), "`cargo xtask cross setup` makes a Wine prefix");
        let copy = ["--archive", "--reflink=auto", "--no-target-directory"];
        let copied = Command::new("cp").args(copy).arg(ready).arg(folder.path()).status().unwrap();
        assert!(copied.success());
        Self { folder, display: desk.display.clone(), env: Vec::new() }
    }

    /// Sets a variable for all programs from now on.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A program, by its path there or here, in which `%LOCALAPPDATA%` may stand.
    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut wine = Command::new("wine");
        wine.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        wine.env("WINEPREFIX", self.folder.path()).env("WINEDEBUG", "-all").env("DISPLAY", &self.display);
        wine.env("HOME", self.folder.path()).env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
        wine.envs(self.env.iter().map(|(name, value)| (name, value)));
        wine.arg(self.path(program)).args(args).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        wine
    }

    /// Runs a program that has to end with 0. Its stdout is not read: an app that it starts would keep that open.
    pub(crate) fn done(&self, program: &str, args: &[&str]) {
        let status = self.command(program, args).status().unwrap();
        assert!(status.success(), "{program} {args:?} ended with {status}");
    }

    /// Runs a program that has to end with 0, and gives back its stdout.
    pub(crate) fn ok(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program, args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?} ended with {}:\n{stdout}\n{stderr}", output.status);
        stdout
    }

    /// A value of the registry; none where it is not there.
    pub(crate) fn value(&self, key: &str, name: &str) -> Option<String> {
        self.entry(key, name).map(|(_, value)| value)
    }

    /// The type of a value of the registry.
    pub(crate) fn kind(&self, key: &str, name: &str) -> Option<String> {
        self.entry(key, name).map(|(kind, _)| kind)
    }

    fn entry(&self, key: &str, name: &str) -> Option<(String, String)> {
        let output = self.command("reg", &["query", key, "/v", name]).stdout(Stdio::piped()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        // "    NAME    REG_SZ    VALUE"
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name))?;
        let (kind, value) = line.trim_start().split_once("    ")?;
        Some((kind.to_owned(), value.to_owned()))
    }

    /// A path there, for programs there.
    pub(crate) fn path(&self, path: &str) -> String {
        path.replace("%LOCALAPPDATA%", &format!(r"C:\users\{}\AppData\Local", self.user()))
    }

    /// Below `%LOCALAPPDATA%`, as this system sees it.
    pub(crate) fn local(&self, path: &str) -> PathBuf {
        self.home().join("AppData/Local").join(path)
    }

    /// Below `%APPDATA%`.
    pub(crate) fn roaming(&self, path: &str) -> PathBuf {
        self.home().join("AppData/Roaming").join(path)
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("drive_c/users").join(self.user())
    }

    fn user(&self) -> String {
        let users = std::fs::read_dir(self.folder.path().join("drive_c/users")).unwrap();
        let names = users.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "Public").min().unwrap()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let server = Path::new("/usr/lib/wine/wineserver64");
        for end in ["-k", "-w"] {
            drop(Command::new(server).arg(end).env("WINEPREFIX", self.folder.path()).status());
        }
    }
}
