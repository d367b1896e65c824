//! The app, and the one way in which it is started here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use xtask::workspace;

use crate::desk::Desk;

/// A running app; killed when this is dropped.
pub(crate) struct App(Child);

/// The app, built from what is there now.
pub(crate) fn binary() -> PathBuf {
    let given: Option<OsString> = std::env::var_os(workspace::APP);
    given.map_or_else(|| panic!("{} names no app: run `cargo xtask test`", workspace::APP), PathBuf::from)
}

/// What starts the app in the home of this desk.
pub(crate) fn command(desk: &Desk, args: &[&str]) -> Command {
    command_of(desk, &binary(), args)
}

fn command_of(desk: &Desk, program: &Path, args: &[&str]) -> Command {
    let mut command = desk.command(program);
    command.arg("--home").arg(desk.home().join("data")).args(args).env("PROXY_KEY", "sk-system-tests-1234");
    command
}

impl App {
    pub(crate) fn start(desk: &Desk, args: &[&str]) -> Self {
        Self::of(desk, &binary(), args)
    }

    /// The same with this program in its place.
    pub(crate) fn of(desk: &Desk, program: &Path, args: &[&str]) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(desk.home().join("app.out")).unwrap();
        let copy = log.try_clone().unwrap();
        Self(command_of(desk, program, args).stdout(Stdio::from(log)).stderr(Stdio::from(copy)).spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// As the system does when it must.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// As the system does at the end of a session.
    pub(crate) fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap().success());
    }

    /// Its exit code, once it has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.0.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
