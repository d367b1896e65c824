//! The terminal's program alone, for any Linux on x64, with a server without a desktop in mind.

use std::path::Path;

use super::build::Built;
use super::product::Product;
use super::stage;
use crate::{Failure, Result, command, workspace};

/// Makes the tarball, whose program needs no library, and has run.
pub(super) fn make(product: &Product, tree: &Path, musl: &Built) -> Result<()> {
    let name = format!("autosync-{}-linux-x64", product.version);
    let work = product.work_folder("tarball")?;
    let folder = work.join(&name);
    let program = folder.join("autosync");
    stage::program(&musl.autosync(), &program)?;
    is_static(&program)?;
    let version = command::output(command::program(&program).arg("--version"))?;
    if version.trim() != format!("autosync {}", env!("CARGO_PKG_VERSION")) {
        return Err(Failure::failed(format!("the static program calls itself {version}")));
    }
    stage::file(&workspace::root().join("LICENSE"), &folder.join("LICENSE"))?;
    stage::file(&stage::ours("linux/tarball.txt"), &folder.join("README.txt"))?;
    stage::file(&workspace::root().join("docs/service/autosync.service"), &folder.join("autosync.service"))?;
    let share = tree.join("usr/share");
    for (from, to) in [
        ("doc/litellm-autosync/third-party-notices.txt.gz", "third-party-notices.txt.gz"),
        ("bash-completion/completions/autosync", "completions/autosync.bash"),
        ("zsh/vendor-completions/_autosync", "completions/_autosync"),
        ("fish/vendor_completions.d/autosync.fish", "completions/autosync.fish"),
    ] {
        stage::file(&share.join(from), &folder.join(to))?;
    }
    for page in stage::files(&share.join("man/man1"))? {
        let page_name = page.file_name().unwrap_or_default();
        if page_name.to_string_lossy().starts_with("autosync") {
            stage::file(&page, &folder.join("man/man1").join(page_name))?;
        }
    }
    let tar = product.out.join(format!("{name}.tar"));
    let time = format!("--mtime=@{}", product.epoch);
    let same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu", &time];
    let mut pack = command::program("tar");
    command::output(pack.current_dir(&work).args(same).arg("--create").arg("--file").arg(&tar).arg(&name))?;
    stage::gzip(&tar)
}

/// Fails where the program asks for a dynamic linker or a library.
fn is_static(program: &Path) -> Result<()> {
    let parts =
        command::output(command::program("readelf").args(["--wide", "--program-headers", "--dynamic"]).arg(program))?;
    match parts.lines().find(|line| line.contains("INTERP") || line.contains("(NEEDED)")) {
        Some(line) => Err(Failure::failed(format!("{} is not static: {}", program.display(), line.trim()))),
        None => Ok(()),
    }
}
