//! `cargo xtask run`: the app; on a machine without a screen, the engine with the dashboard in a browser.

use std::process::Command;

use crate::phases::Phases;
use crate::say::say;
use crate::workspace::{self, cargo};
use crate::{Failure, Result, command, setup, ui};

/// Builds the dashboard and the app, and becomes it with `args`; its exit code is ours, and Ctrl-C is its to answer.
pub fn run(release: bool, args: &[String]) -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up", || setup::machine(setup::For::App))?;
    phases.run("build of the dashboard", ui::build)?;
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    let package = if has_display() { "litellm-autosync" } else { "devserver" };
    phases.run("build", || command::run(cargo().args(["build", "--package", package]).args(profile)))?;
    let mut program = cargo();
    program.args(["run", "--quiet", "--package", package]).args(profile).arg("--");
    if has_display() {
        say(
            "\nThe app is in the tray, and its window opens. Closing the window leaves it in the tray; quit it there, or with Ctrl-C here.",
        );
        say("No proxy at hand? `cargo xtask demo` shows a whole sync on a real LiteLLM proxy.");
    } else {
        say("\nThere is no display, so the app runs without its window; the dashboard opens in a browser.");
        program.arg("--ui").arg(workspace::root().join("ui/dist"));
    }
    become_it(program.args(args))
}

/// Whether a window can be shown.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// On Unix this process turns into the other, so that signals reach it and its exit code is seen as it is.
#[cfg(unix)]
fn become_it(program: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(Failure::failed(format!("the program cannot be started: {}", program.exec())))
}

/// Windows has no exec: Ctrl-C goes to every program of the console, and this one outlives it to pass the code on.
#[cfg(not(unix))]
fn become_it(program: &mut Command) -> Result<()> {
    ctrlc::set_handler(|| {}).map_err(|error| Failure::failed(format!("Ctrl-C cannot be handled: {error}")))?;
    let status =
        program.status().map_err(|error| Failure::failed(format!("the program cannot be started: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(Failure {
            message: format!("the program ended with {status}"),
            code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
        }),
    }
}
