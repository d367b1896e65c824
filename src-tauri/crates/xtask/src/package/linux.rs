//! What is installed on Linux, by whichever package: one tree, as it lies below the root of a system.

use std::path::{Path, PathBuf};

use super::product::{ID, NAME, PACKAGE, Product};
use super::{build, deb, notices, pages, rpm, stage, tarball};
use crate::phases::Phases;
use crate::{Result, command, workspace};

/// Makes all packages for Linux.
pub(super) fn package(phases: &mut Phases, product: &Product) -> Result<()> {
    let programs = phases.run("Linux: build", build::here)?;
    let tree = phases.run("Linux: manual pages, completions, what lies beside them", || tree(product, &programs))?;
    phases.run("Linux: Debian package", || {
        let package = deb::make(product, &tree, &product.out, deb::Tight::Yes)?;
        deb::check(&package)
    })?;
    phases.run("Linux: RPM package", || rpm::make(product, &tree))?;
    let musl = phases.run("Linux: build of the static program", build::musl)?;
    phases.run("Linux: tarball", || tarball::make(product, &tree, &musl))
}

/// The tree: what every package of both programs has. What a packaging system asks for beside it, it adds itself.
fn tree(product: &Product, programs: &build::Built) -> Result<PathBuf> {
    let tree = product.work_folder("tree")?;
    let share = tree.join("usr/share");
    stage::program(&programs.app(), &tree.join("usr/bin/litellm-autosync"))?;
    stage::program(&programs.autosync(), &tree.join("usr/bin/autosync"))?;

    let entry = share.join("applications").join(format!("{PACKAGE}.desktop"));
    stage::file(&stage::ours("linux/litellm-autosync.desktop"), &entry)?;
    command::output(command::program("desktop-file-validate").arg(&entry))?;
    icons(&share)?;
    let metainfo = share.join("metainfo").join(format!("{ID}.metainfo.xml"));
    stage::text(&metainfo, &metainfo_of(product)?)?;
    let mut check = command::program("appstreamcli");
    // Nothing is asked of the network.
    command::output(check.args(["validate", "--no-net", "--pedantic", "--no-color"]).arg(&metainfo))?;

    let unit = tree.join("usr/lib/systemd/user/autosync.service");
    stage::file(&stage::ours("linux/autosync.service"), &unit)?;
    // For a machine without a session; there it runs as a user of its own.
    let example = stage::read(&workspace::root().join("docs/service/autosync.service"))?;
    let example = example.replace("/usr/local/bin/", "/usr/bin/");
    let documents = share.join("doc").join(PACKAGE);
    stage::text(&documents.join("examples/autosync.service"), &example)?;
    stage::text(&documents.join("third-party-notices.txt"), &notices::text()?)?;
    stage::gzip(&documents.join("third-party-notices.txt"))?;

    let mut manuals = pages::manuals(&product.work.join("man"))?;
    manuals.push(stage::ours("linux/litellm-autosync.1"));
    for page in manuals {
        let to = share.join("man/man1").join(page.file_name().unwrap_or_default());
        stage::file(&page, &to)?;
        stage::gzip(&to)?;
    }
    for (place, text) in pages::completions(programs)? {
        stage::text(&tree.join(place), &text)?;
    }
    Ok(tree)
}

fn icons(share: &Path) -> Result<()> {
    let (icons, theme) = (workspace::root().join("icons"), share.join("icons/hicolor"));
    for size in ["32", "128", "256", "512"] {
        let to = theme.join(format!("{size}x{size}/apps/{PACKAGE}.png"));
        stage::file(&icons.join(format!("app/{size}.png")), &to)?;
    }
    stage::file(&icons.join("src/app.svg"), &theme.join(format!("scalable/apps/{PACKAGE}.svg")))
}

/// The metainfo with what is known only now: the version, and the day of the release.
fn metainfo_of(product: &Product) -> Result<String> {
    let text = stage::read(&stage::ours("linux/metainfo.xml"))?;
    Ok(text
        .replace("@NAME@", NAME)
        .replace("@VERSION@", &product.version)
        .replace("@DATE@", &product.date("%Y-%m-%d")?))
}
