//! `cargo xtask cross install`: the installer and what it installs, under Wine. What is tried is in `tests/wine`.

use super::product::Product;
use super::{build, windows};
use crate::phases::Phases;
use crate::workspace::{self, cargo};
use crate::{Result, command, maps, python, setup, ui};

/// Makes two installers, of this version and of the next one, and runs the test with them.
pub(crate) fn try_installer() -> Result<()> {
    let mut phases = Phases::default();
    let result = all(&mut phases);
    phases.summary();
    result
}

fn all(phases: &mut Phases) -> Result<()> {
    phases.run("set-up: packages", || {
        setup::machine(setup::For::Packages)?;
        setup::machine(setup::For::Tests)
    })?;
    phases.run("set-up: Wine", || crate::cross::script("setup", &[]))?;
    phases.run("set-up: a real proxy, real maps", || {
        python::make_proxy(python::NEWEST_PROXY)?;
        maps::fetch(&maps::ALWAYS.map(str::to_owned))
    })?;
    let product = Product::read()?;
    phases.run("dashboard: build", ui::build)?;
    let programs = phases.run("Windows: build", build::windows)?;
    let (older, newer) = phases.run("two installers", || {
        let files = windows::files(&product, &programs, None)?;
        let folder = product.work_folder("wine")?;
        let newer = Product { version: higher(&product.version), ..product.clone() };
        let place = |product: &Product| folder.join(windows::installer_name(&product.version));
        windows::installer(&product, &files, None, &place(&product))?;
        windows::installer(&newer, &files, None, &place(&newer))?;
        Ok((place(&product), place(&newer)))
    })?;
    phases.run("install, sync, start, upgrade, uninstall under Wine", || {
        let mut test = cargo();
        test.args(["test", "--package", "system-tests", "--test", "wine", "--", "--ignored"]);
        command::run(test.env(workspace::INSTALLER, older).env(workspace::NEWER_INSTALLER, newer))
    })
}

/// The next version, for the upgrade.
fn higher(version: &str) -> String {
    let mut numbers: Vec<u64> = version.split(['.', '-']).map_while(|number| number.parse().ok()).collect();
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
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
