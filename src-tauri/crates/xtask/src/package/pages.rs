//! The manual pages, and the completions of shells: both are written by programs of the `autosync` crate.

use std::path::{Path, PathBuf};

use super::{build, stage};
use crate::workspace::cargo;
use crate::{Result, command};

/// Writes the pages of `autosync` and its commands into an empty folder.
pub(super) fn manuals(folder: &Path) -> Result<Vec<PathBuf>> {
    let folder = stage::empty(folder)?;
    let example = ["run", "--quiet", "--locked", "--package", "autosync", "--example", "man", "--"];
    command::output(cargo().args(example).arg(&folder))?;
    stage::files(&folder)
}

/// For each shell the place of its completions below the root of a system, and their text.
///
/// The places are those where bash-completion, fish and Debian's zsh look.
pub(super) fn completions(programs: &build::Built) -> Result<Vec<(&'static str, String)>> {
    [
        ("bash", "usr/share/bash-completion/completions/autosync"),
        ("zsh", "usr/share/zsh/vendor-completions/_autosync"),
        ("fish", "usr/share/fish/vendor_completions.d/autosync.fish"),
    ]
    .into_iter()
    .map(|(shell, place)| {
        let text = command::output(command::program(programs.autosync()).args(["completions", shell]))?;
        Ok((place, text))
    })
    .collect()
}
