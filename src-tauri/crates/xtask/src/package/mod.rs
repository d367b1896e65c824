//! `cargo xtask package`: what people install, in `target/packages`, with its checksums and bills of materials.
//!
//! From Debian 12 or later: the packages for Linux and Windows. On a Mac: the disk image. The manifests of package
//! managers come last, when the packages of all systems lie there and it is known where they can be fetched from.

mod build;
mod deb;
mod linux;
mod macos;
mod manifests;
mod notices;
mod pages;
mod product;
mod rpm;
mod sbom;
mod sign;
mod stage;
mod sums;
mod tarball;
mod try_linux;
pub(crate) mod try_windows;
mod windows;
mod winget;

use std::path::Path;

use crate::phases::Phases;
use crate::say::say;
use crate::{Failure, Result, setup, ui};
use product::Product;

pub use try_linux::try_packages;

/// What is packaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// What this machine can make.
    All,
    /// The Debian and RPM packages, and the terminal's program in a tarball.
    Linux,
    /// The installer and the portable folder.
    Windows,
    /// The disk image; only a Mac makes it.
    Macos,
    /// The manifests of package managers, from the packages that are there.
    Manifests,
}

impl What {
    /// All of them, by the names that are typed.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("all", Self::All),
        ("linux", Self::Linux),
        ("windows", Self::Windows),
        ("macos", Self::Macos),
        ("manifests", Self::Manifests),
    ];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
    }
}

/// The most bytes of the installer and of the Debian package: a limit that the project has set itself.
const MOST_BYTES: u64 = 12_000_000;

/// Makes the packages. `base_url` is the address of the folder that they will be fetched from, which only the manifests
/// need.
///
/// # Errors
/// With code 2 where this kind of machine cannot make what was asked for.
pub fn package(what: What, base_url: Option<&str>) -> Result<()> {
    let mut phases = Phases::default();
    let product = Product::read()?;
    let result = all(&mut phases, &product, what, base_url);
    phases.summary();
    result?;
    told(&product.out)
}

fn all(phases: &mut Phases, product: &Product, what: What, base_url: Option<&str>) -> Result<()> {
    if what == What::Manifests && base_url.is_none() {
        return Err(Failure::failed(
            "manifests name the address that packages are fetched from: give it with --base-url URL. Nothing was written",
        ));
    }
    let on_mac = cfg!(target_os = "macos");
    if what == What::Macos || (what == What::All && on_mac) {
        macos::package(phases, product)?;
    } else if what != What::Manifests {
        if !cfg!(target_os = "linux") {
            return Err(Failure::missing(
                "the packages for Linux and Windows are made on Debian 12 or later, the disk image for macOS on a Mac",
            ));
        }
        phases.run("set-up: packages", || setup::machine(setup::For::Packages))?;
        phases.run("dashboard: build", ui::build)?;
        if what != What::Windows {
            linux::package(phases, product)?;
        }
        if what != What::Linux {
            windows::package(phases, product)?;
        }
        phases.run("bills of materials", || sbom::write(product))?;
    }
    phases.run("checksums", || sums::write(&product.out))?;
    if let Some(url) = base_url {
        return phases.run("manifests of package managers", || manifests::write(product, url));
    }
    say(
        "\nNo manifests for winget, Scoop and Homebrew were written: they name the address that packages are fetched from, \
         which --base-url gives.",
    );
    Ok(())
}

/// Prints the size of each package.
///
/// # Errors
/// Where one is larger than it may be.
fn told(out: &Path) -> Result<()> {
    say("\n== packages");
    let mut too_large = Vec::new();
    for (name, bytes) in sums::packages(out)? {
        say(format_args!("   {:>9}  {name}", megabytes(bytes)));
        let is_limited = name.ends_with("-setup.exe") || Path::new(&name).extension().is_some_and(|end| end == "deb");
        if is_limited && bytes > MOST_BYTES {
            too_large.push(format!(
                "{name} has {}, more than the {} that it may have",
                megabytes(bytes),
                megabytes(MOST_BYTES)
            ));
        }
    }
    say(format_args!("   in {}", out.display()));
    if too_large.is_empty() { Ok(()) } else { Err(Failure::failed(too_large.join("\n"))) }
}

/// As people read it: `4.7 MB`, of a million bytes.
fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_naturally() {
        assert_eq!(megabytes(4_712_345), "4.7 MB");
        assert_eq!(megabytes(99_999), "0.0 MB");
    }

    #[test]
    fn a_package_that_is_too_large_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("a_1.0_amd64.deb")).unwrap();
        file.set_len(MOST_BYTES).unwrap();
        assert!(told(folder.path()).is_ok());
        file.set_len(MOST_BYTES + 1).unwrap();
        assert_eq!(told(folder.path()).unwrap_err().code, 1);
    }
}
