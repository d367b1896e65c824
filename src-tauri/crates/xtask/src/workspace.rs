//! Where the workspace is, and its cargo.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, Result, command};

/// The top folder of the workspace: of the one that cargo runs now, which may share its target folder with another.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&package).to_path_buf()
}

/// The cargo that started this program, in the top folder.
///
/// What `cargo run` and `cargo test` tell a program about its own package is taken out of the environment: build
/// scripts (ring's, for one) watch those variables, and everything above them would be built again each time.
pub fn cargo() -> Command {
    calling_cargo(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that calls cargo itself, with the same care.
pub fn calling_cargo(program: impl AsRef<OsStr>) -> Command {
    let mut command = command::program(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
            prefixes.iter().any(|prefix| name.starts_with(prefix))
        });
        if own {
            command.env_remove(name);
        }
    }
    command
}

/// The variable that names the `autosync` which the system tests are to run.
pub const PROGRAM: &str = "AUTOSYNC_TEST_PROGRAM";

/// The variable that names the desktop app which the system tests are to run.
pub const APP: &str = "AUTOSYNC_TEST_APP";

/// The variable that names the development server which the browser tests are to run.
pub const DASHBOARD: &str = "AUTOSYNC_TEST_DASHBOARD";

/// The variable that names the Windows installer which is to run under Wine.
pub const INSTALLER: &str = "AUTOSYNC_TEST_INSTALLER";

/// The variable that names one of a higher version.
pub const NEWER_INSTALLER: &str = "AUTOSYNC_TEST_NEWER_INSTALLER";

/// The variable that names the older `autosync` whose home is taken over.
pub const OLDER: &str = "AUTOSYNC_TEST_OLDER";

/// The programs that the system tests run, built from what is there now.
pub struct Programs {
    /// The terminal.
    pub autosync: PathBuf,
    /// The dashboard for a browser.
    pub dashboard: PathBuf,
    /// The desktop app, not optimised.
    pub app: PathBuf,
}

/// Builds every test, and the programs with them, in one go: asking cargo for one package at a time would unify features
/// differently, and build most crates again. Says where the programs are.
pub fn build_tests() -> Result<Programs> {
    let json = ["--quiet", "--message-format", "json-render-diagnostics"];
    // Tests first: their build unifies features, and the programs' finds all of it done.
    command::output(cargo().args(["test", "--workspace", "--no-run"]).args(json))?;
    let messages = command::output(cargo().args(["build", "--workspace", "--bins"]).args(json))?;
    Ok(Programs {
        autosync: program_in(&messages, "autosync")?,
        dashboard: program_in(&messages, "devserver")?,
        app: program_in(&messages, "litellm-autosync")?,
    })
}

/// Builds `autosync` and says where the program is: a test never meets yesterday's.
pub fn build_autosync(release: bool) -> Result<PathBuf> {
    build(&["--package", "autosync"], "autosync", release)
}

/// Builds the yardstick of the benchmarks: simd-json's tape of two maps, and nothing else.
pub fn build_tape() -> Result<PathBuf> {
    build(&["--package", "costmap", "--example", "tape"], "tape", true)
}

/// Builds the desktop app and says where the program is. The dashboard that it takes in must have been built before.
pub fn build_app(release: bool) -> Result<PathBuf> {
    build(&["--package", "litellm-autosync"], "litellm-autosync", release)
}

fn build(what: &[&str], name: &str, release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--message-format", "json-render-diagnostics"]).args(what);
    if release {
        build.arg("--release");
    }
    program_in(&command::output(&mut build)?, name)
}

/// The program among cargo's messages.
fn program_in(messages: &str, name: &str) -> Result<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name && is_program(&message["target"]["kind"][0]))
        .filter(|message| message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::failed(format!("cargo built {name}, but did not say where")))
}

fn is_program(kind: &serde_json::Value) -> bool {
    kind == "bin" || kind == "example"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
