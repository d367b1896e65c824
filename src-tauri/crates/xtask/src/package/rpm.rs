//! The RPM package, made on Debian by rpm's own rpmbuild from the same tree.

use super::product::{DESCRIPTION, NAME, PACKAGE, PUBLISHER, Product, SUMMARY};
use super::{deb, stage};
use crate::{Failure, Result, command, workspace};

/// Makes the package, and looks at it with rpmlint.
pub(super) fn make(product: &Product, tree: &std::path::Path) -> Result<()> {
    stage::kind(&tree.join("usr/bin/litellm-autosync"), "RPM")?;
    let work = product.work_folder("rpm")?;
    let spec = stage::read(&stage::ours("linux/litellm-autosync.spec"))?;
    let spec = spec
        .replace("@SUMMARY@", SUMMARY)
        .replace("@DESCRIPTION@", &deb::folded(DESCRIPTION, "", ""))
        .replace("@VERSION@", &product.linux_version())
        .replace("@VENDOR@", PUBLISHER)
        .replace("@PACKAGER@", deb::MAINTAINER)
        .replace("@PRODUCT@", NAME);
    let file = work.join("litellm-autosync.spec");
    stage::text(&file, &spec)?;
    let mut build = command::program("rpmbuild");
    build.env("SOURCE_DATE_EPOCH", &product.epoch).args(["-bb", "--quiet", "--target", "x86_64"]);
    for (name, value) in [
        ("_topdir", work.display().to_string()),
        ("tree", tree.display().to_string()),
        ("license_file", workspace::root().join("LICENSE").display().to_string()),
    ] {
        build.arg("--define").arg(format!("{name} {value}"));
    }
    command::output(build.arg(&file))?;
    let made = stage::files(&work.join("RPMS"))?;
    let package = made.first().ok_or_else(|| Failure::failed("rpmbuild made no package"))?;
    let name = format!("{PACKAGE}-{}-1.x86_64.rpm", product.linux_version());
    stage::file(package, &product.out.join(name))?;
    let config = stage::ours("linux/rpmlint.toml");
    command::output(command::program("rpmlint").arg("--config").arg(config).arg(package)).map(drop)
}
