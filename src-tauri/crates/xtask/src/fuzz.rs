//! `cargo xtask fuzz`: coverage-guided fuzzing of the parser.

use std::process::Command;

use crate::say::say;
use crate::workspace::root;
use crate::{Failure, Result, command, python};

/// Runs every fuzz target for `seconds`. Without a nightly toolchain it says so and is content: fuzzing is an extra.
pub fn fuzz(seconds: u32) -> Result<()> {
    let toolchains = command::output(Command::new("rustup").args(["toolchain", "list"])).unwrap_or_default();
    if !toolchains.lines().any(|line| line.starts_with("nightly")) {
        say("   not fuzzed: libFuzzer needs a nightly compiler. `rustup toolchain install nightly` brings one.");
        return Ok(());
    }
    let tools = python::make_tools()?.programs();
    let mut path = vec![tools];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path).map_err(|error| Failure::failed(format!("PATH cannot be set: {error}")))?;
    let nightly_cargo = || {
        let mut cargo = Command::new("rustup");
        cargo.args(["run", "nightly", "cargo", "fuzz"]).env("PATH", &path).env_remove("CARGO_TARGET_DIR");
        cargo.current_dir(root().join("src-tauri/crates/costmap"));
        cargo
    };
    for target in command::output(nightly_cargo().arg("list"))?.lines() {
        say(format_args!("   {target}, {seconds} s"));
        let limits = [format!("-max_total_time={seconds}"), "-timeout=20".into(), "-print_final_stats=1".into()];
        // Words that a mutation alone would hardly find.
        let dictionary = format!("-dict=fuzz/{target}.dict");
        command::run(nightly_cargo().args(["run", target, "--"]).args(limits).arg(dictionary))?;
    }
    Ok(())
}
