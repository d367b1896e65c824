//! `cargo xtask cross`: from Linux, type-check for Windows and macOS and run the Windows tests under Wine.

use std::process::Command;

use crate::{Failure, Result, command, workspace};

/// Runs one step of `cross.sh` (setup, check, test, or all of them); more arguments go to cargo.
pub fn cross(step: &str, args: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::missing("this works from Debian 12 or later only; elsewhere build natively"));
    }
    let script = workspace::root().join("src-tauri/crates/xtask/cross.sh");
    command::run(Command::new("bash").arg(script).arg(step).args(args).current_dir(workspace::root()))
}
