//! Starting other programs, with errors that name the command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock};

use crate::{Failure, Result};

/// `PATH` with the folders that were added to it since this program started.
static PATH: RwLock<Option<OsString>> = RwLock::new(None);

/// A program of the system, found in the folders of [`search_path`], which it and what it starts get as theirs.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    if let Some(path) = &*PATH.read().unwrap_or_else(PoisonError::into_inner) {
        command.env("PATH", path);
    }
    command
}

/// The folders where programs are looked for.
pub fn search_path() -> OsString {
    let path = PATH.read().unwrap_or_else(PoisonError::into_inner).clone();
    path.or_else(|| std::env::var_os("PATH")).unwrap_or_default()
}

/// From now on programs are looked for in `folders` first: what was just installed is found without a new terminal.
pub fn look_first_in(folders: impl IntoIterator<Item = PathBuf>) {
    let mut folders = folders.into_iter().peekable();
    if folders.peek().is_none() {
        return;
    }
    if let Some(path) = with_first(folders, &search_path()) {
        *PATH.write().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }
}

/// A path with `folders` before all others, each once; none if a folder's name cannot be in a path.
fn with_first(folders: impl IntoIterator<Item = PathBuf>, path: &OsStr) -> Option<OsString> {
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in folders.into_iter().chain(std::env::split_paths(path)) {
        if !folder.as_os_str().is_empty() && !all.contains(&folder) {
            all.push(folder);
        }
    }
    std::env::join_paths(all).ok()
}

/// Runs a program on the terminal and waits for its success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::failed(format!("`{}` ended with {status}", line(command))))
}

/// Runs a program and gives back its stdout. What it wrote appears only in the error, its last 30 lines.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let all = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = all.lines().collect();
    let tail = lines[lines.len().saturating_sub(30)..].join("\n");
    Err(Failure::failed(format!("`{}` ended with {}:\n{tail}", line(command), output.status)))
}

/// Whether the program can be started and ends with success.
pub fn works(name: &str, args: &[&str]) -> bool {
    program(name)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command line as one would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::failed(format!("`{}` cannot be started: {error}", line(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_folders_come_first_and_each_once() {
        let join = |folders: &[&str]| std::env::join_paths(folders).unwrap();
        let added = ["new", "b"].map(PathBuf::from);
        assert_eq!(with_first(added, &join(&["a", "b"])).unwrap(), join(&["new", "b", "a"]));
        assert_eq!(with_first([], &join(&["a", "", "b"])).unwrap(), join(&["a", "b"]));
    }
}
