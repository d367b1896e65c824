//! `cargo xtask try-packages`: the Debian package as a person has it, in a Debian of its own: installed, started from its
//! menu entry, upgraded, removed, purged. The script in `src-tauri/package/linux/try` does it, and says what is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use super::product::Product;
use super::{deb, stage};
use crate::failure::Doing;
use crate::phases::Phases;
use crate::{Failure, Result, cache, command, setup};

/// The oldest Debian that the package is for.
const SUITE: &str = "bookworm";

/// What the trial itself needs there: a screen, a session bus, and what a panel is made of.
const WITH: &str = "ca-certificates,dbus,x11-utils,xvfb,python3-dbus,python3-gi";

/// Tries the package that `cargo xtask package linux` has made, and one with a higher version beside it.
///
/// # Errors
/// With code 2 where this is no Debian, or not root.
pub fn try_packages() -> Result<()> {
    let mut phases = Phases::default();
    let product = Product::read()?;
    let result = all(&mut phases, &product);
    phases.summary();
    result
}

fn all(phases: &mut Phases, product: &Product) -> Result<()> {
    phases.run("set-up: packages", || setup::machine(setup::For::Trials))?;
    let tree = product.work.join("tree");
    if !tree.is_dir() {
        return Err(Failure::failed("there is no package to try yet: `cargo xtask package linux` makes it"));
    }
    let folder = product.work_folder("try")?;
    phases.run("two packages", || {
        let newer = Product { version: higher(&product.version), ..product.clone() };
        // Only their names differ in bytes that matter, so nothing is gained by packing them tightly.
        for (product, name) in [(product, "older.deb"), (&newer, "newer.deb")] {
            let made = deb::make(product, &tree, &folder.join("made"), deb::Tight::No)?;
            fs::rename(&made, folder.join(name)).doing(format_args!("rename {}", made.display()))?;
        }
        Ok(())
    })?;
    let base = phases.run("a fresh Debian", fresh)?;
    phases.run("install, start, upgrade, start, remove, purge", || {
        let root = folder.join("root");
        command::run(command::program("cp").args(["--archive", "--reflink=auto"]).arg(&base).arg(&root))?;
        let inside = root.join("try");
        for name in ["packages.sh", "start.sh", "watcher.py", "bus.conf"] {
            stage::file(&stage::ours("linux/try").join(name), &inside.join(name))?;
        }
        for name in ["older.deb", "newer.deb"] {
            stage::file(&folder.join(name), &inside.join(name))?;
        }
        let result = run_inside(&root);
        drop(fs::remove_dir_all(&root)); // it has a gigabyte
        result
    })
}

/// The next version, for the upgrade.
pub(super) fn higher(version: &str) -> String {
    let mut numbers: Vec<u64> = version.split(['.', '-']).map_while(|number| number.parse().ok()).collect();
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// A Debian that nobody has used, from the mirror that this machine uses; made once, in the cache.
fn fresh() -> Result<PathBuf> {
    let _lock = cache::lock("debian")?;
    let folder = cache::folder()?.join(format!("debian-{SUITE}"));
    let complete = folder.join("complete");
    let root = folder.join("root");
    if complete.is_file() {
        return Ok(root);
    }
    stage::empty(&folder)?;
    let sites = command::output(command::program("apt-get").args(["indextargets", "--format", "$(SITE)"]))?;
    let mirror = sites.lines().find(|site| site.ends_with("/debian")).ok_or_else(|| {
        Failure::missing("apt knows no Debian mirror here; the trial needs a Debian whose packages come from one")
    })?;
    let mut make = command::program("debootstrap");
    make.args(["--variant=minbase", &format!("--include={WITH}"), SUITE]).arg(&root).arg(mirror);
    command::output(&mut make)?;
    // How this machine reaches its mirror: by a proxy, with certificates of its own.
    let acquire = command::output(command::program("apt-config").args(["dump", "Acquire"]))?;
    let ways: Vec<&str> = acquire.lines().filter(|line| line.starts_with("Acquire::http")).collect();
    stage::text(&root.join("etc/apt/apt.conf.d/99as-here"), &(ways.join("\n") + "\n"))?;
    let names = Path::new("/etc/resolv.conf");
    if names.exists() {
        stage::file(names, &root.join("etc/resolv.conf"))?;
    }
    cache::write_whole(&complete, b"")?;
    Ok(root)
}

/// In a process tree of its own, all of which ends with it, as do the mounts.
fn run_inside(root: &Path) -> Result<()> {
    let script = "set -e; mount -t proc proc \"$1/proc\"; mkdir -p \"$1/dev/shm\"; mount -t tmpfs tmpfs \"$1/dev/shm\"; \
        exec chroot \"$1\" /bin/sh /try/packages.sh";
    let mut inside = command::program("unshare");
    inside.args(["--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", script, "sh"]).arg(root);
    // Nothing of this session is passed on, other than how the network is reached.
    inside.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let network = |name: &str| ["http_proxy", "https_proxy", "no_proxy"].contains(&name.to_lowercase().as_str());
    inside.envs(std::env::vars().filter(|(name, _)| network(name)));
    command::run(&mut inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_is_higher_than_a_release_and_its_candidates() {
        assert_eq!(higher("0.1.9"), "0.1.10");
        assert_eq!(higher("1.2.3-rc.1"), "1.2.4");
    }
}
