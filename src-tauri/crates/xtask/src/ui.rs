//! The dashboard: its packages, its checks, its build into `ui/dist`, which the app takes in and the development server
//! hands out.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::failure::Doing;
use crate::workspace::{self, Programs};
use crate::{Failure, Result, browser, cache, command};

/// The oldest Node.js that Vite runs on.
const NODE: u32 = 20;

/// Builds the dashboard, its packages first where the lock file has changed.
pub fn build() -> Result<()> {
    packages()?;
    let built = folder().join("dist");
    let before = contents(&built);
    command::run(npm().args(["run", "--silent", "build"]))?;
    if contents(&built).iter().map(Entry::content).eq(before.iter().map(Entry::content)) {
        // Nothing but times has changed, and by these cargo would build the app again, which takes minutes.
        for entry in before {
            drop(File::open(&entry.path).and_then(|file| file.set_modified(entry.time)));
        }
    }
    Ok(())
}

/// One file or folder of what is built.
struct Entry {
    path: PathBuf,
    /// None of a folder.
    bytes: Option<Vec<u8>>,
    time: SystemTime,
}

impl Entry {
    fn content(&self) -> (&Path, Option<&[u8]>) {
        (&self.path, self.bytes.as_deref())
    }
}

/// A folder with all that is in it, in the order of the names; nothing where it is not there.
fn contents(folder: &Path) -> Vec<Entry> {
    let time = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let (Ok(entries), Ok(own)) = (std::fs::read_dir(folder), time(folder)) else { return Vec::new() };
    let mut all = vec![Entry { path: folder.to_path_buf(), bytes: None, time: own }];
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        match (std::fs::read(&path), time(&path)) {
            (Ok(bytes), Ok(time)) => all.push(Entry { path, bytes: Some(bytes), time }),
            _ => all.extend(contents(&path)),
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Types, accessibility rules of the compiler, and the tests of its logic.
pub fn check() -> Result<()> {
    packages()?;
    command::run(npm().args(["run", "--silent", "check"]))?;
    command::run(npm().args(["run", "--silent", "lint"]))?;
    command::run(npm().args(["test", "--silent"]))
}

/// The dashboard in a real browser: all of its tests, or only these files of `tests/web`.
pub fn browse(programs: &Programs, files: &[&str]) -> Result<()> {
    packages()?;
    let mut tests = npm();
    tests.env(workspace::DASHBOARD, &programs.dashboard).env(workspace::PROGRAM, &programs.autosync);
    // Where these are on each system is known here alone. The tests run in another folder than this program does.
    let browser =
        browser::find().ok_or_else(|| Failure::missing("there is no browser; `cargo xtask setup` brings one"))?;
    let cache = std::path::absolute(cache::folder()?).doing("find the cache folder")?;
    tests.env(browser::VARIABLE, browser).env(cache::VARIABLE, cache);
    command::run(tests.args(["run", "--silent", "test:web", "--"]).args(files))
}

/// The folder of the dashboard.
pub fn folder() -> PathBuf {
    workspace::root().join("ui")
}

/// Whether there is a Node.js that is new enough, with npm.
pub fn has_node() -> bool {
    let version = command::output(command::program("node").arg("--version")).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    major.is_some_and(|major: u32| major >= NODE) && command::output(npm().arg("--version")).is_ok()
}

/// Exactly what the lock file names.
fn packages() -> Result<()> {
    let lock = folder().join("package-lock.json");
    let installed = folder().join("node_modules/.autosync-lock");
    let wanted = std::fs::read(&lock).doing(format_args!("read {}", lock.display()))?;
    if std::fs::read(&installed).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    command::run(npm().args(["ci", "--silent", "--no-audit", "--no-fund", "--prefer-offline"]))?;
    cache::write_whole(&installed, &wanted)
}

pub(crate) fn npm() -> Command {
    let mut npm = command::program(if cfg!(windows) { "npm.cmd" } else { "npm" });
    // Under `cargo xtask` npm is used as if by hand: no colour codes in a log, no notices of newer versions.
    npm.current_dir(folder()).env("npm_config_update_notifier", "false");
    npm
}
