//! `cargo xtask cross`: from Linux, type-check for Windows and macOS, and run the Windows tests and the installer under
//! Wine.

use crate::{Failure, Result, command, package, workspace};

/// Runs one step of `cross.sh` (setup, check, test), the installer, or all of them; more arguments go to cargo.
pub fn cross(step: &str, args: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::missing("this works from Debian 12 or later only; elsewhere build natively"));
    }
    if step == "install" {
        return package::try_windows::try_installer();
    }
    script(step, args)?;
    if step == "all" { package::try_windows::try_installer() } else { Ok(()) }
}

/// One step of `cross.sh`.
pub(crate) fn script(step: &str, args: &[String]) -> Result<()> {
    let script = workspace::root().join("src-tauri/crates/xtask/cross.sh");
    command::run(workspace::calling_cargo("bash").arg(script).arg(step).args(args))
}
