//! The last program that wrote the ledger's first form, built from this repository's history.

use std::path::PathBuf;

use crate::failure::Doing;
use crate::workspace::{cargo, root};
use crate::{Result, cache, command};

/// The commit. Its home is what people had before this one.
const COMMIT: &str = "baf51b2942165b9ba4ee2fc0e2628bd366986e51";

/// Takes the sources out of the history once, builds `autosync` from them, and says where it is. Needs the whole history:
/// a shallow clone does not have the commit.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = cache::folder()?.join("older");
    let tree = folder.join(COMMIT);
    let _lock = cache::lock("older")?;
    std::fs::create_dir_all(&tree).doing(format_args!("make {}", tree.display()))?;
    let sources = folder.join("sources.tar");
    command::run(command::program("git").current_dir(root()).args(["archive", "--output"]).arg(&sources).arg(COMMIT))?;
    command::run(command::program("tar").arg("--extract").arg("--file").arg(&sources).arg("--directory").arg(&tree))?;
    let target = folder.join("target");
    command::run(cargo().current_dir(&tree).env("CARGO_TARGET_DIR", &target).args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "autosync",
    ]))?;
    Ok(target.join("debug").join(format!("autosync{}", std::env::consts::EXE_SUFFIX)))
}
