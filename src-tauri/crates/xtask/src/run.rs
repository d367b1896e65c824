//! `cargo xtask run`: the engine, headless.

use crate::phases::Phases;
use crate::workspace::cargo;
use crate::{Failure, Result, command, setup};

/// Builds `autosync` and becomes `autosync watch --guide ARGS`; its exit code is ours, and Ctrl-C is its to answer.
pub fn run(release: bool, args: &[String]) -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up", || setup::machine(setup::For::Running))?;
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    phases.run("build", || command::run(cargo().args(["build", "--package", "autosync"]).args(profile)))?;
    let mut engine = cargo();
    engine.args(["run", "--quiet", "--package", "autosync"]).args(profile).args(["--", "watch", "--guide"]).args(args);
    become_it(engine)
}

/// On Unix this process turns into the other, so that signals reach it and its exit code is seen as it is.
#[cfg(unix)]
fn become_it(mut engine: std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(Failure::failed(format!("the engine cannot be started: {}", engine.exec())))
}

/// Windows has no exec: Ctrl-C goes to every program of the console, and this one outlives it to pass the code on.
#[cfg(not(unix))]
fn become_it(mut engine: std::process::Command) -> Result<()> {
    ctrlc::set_handler(|| {}).map_err(|error| Failure::failed(format!("Ctrl-C cannot be watched: {error}")))?;
    let status = engine.status().map_err(|error| Failure::failed(format!("the engine cannot be started: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(Failure {
            message: format!("the engine ended with {status}"),
            code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
        }),
    }
}
