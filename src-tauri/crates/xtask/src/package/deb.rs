//! The Debian package.

use std::path::{Path, PathBuf};

use super::product::{DESCRIPTION, PACKAGE, PUBLISHER, Product, SUMMARY};
use super::stage;
use crate::failure::Doing;
use crate::{Result, command, workspace};

/// Debian wants an address, and ours is nobody's: RFC 2606 keeps "invalid" from ever being one.
pub(super) const MAINTAINER: &str = "LiteLLM Auto-Sync contributors <maintainers@litellm-autosync.invalid>";

/// The tray is looked for only when the app runs (libappindicator-sys), so no linker knows of it.
const TRAY: &str = "libayatana-appindicator3-1";

/// How much time is spent on a small package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tight {
    /// A minute, for a package that many fetch.
    Yes,
    /// Seconds, for one that is thrown away.
    No,
}

/// Puts the tree and what dpkg wants to know into a package in `out`, and says where it is.
pub(super) fn make(product: &Product, tree: &Path, out: &Path, tight: Tight) -> Result<PathBuf> {
    let version = product.linux_version();
    let root = product.work_folder("deb")?;
    command::output(command::program("cp").args(["--archive", "--no-target-directory"]).arg(tree).arg(&root))?;
    stage::kind(&root.join("usr/bin/litellm-autosync"), "DEB")?;
    let documents = root.join("usr/share/doc").join(PACKAGE);
    stage::text(&documents.join("copyright"), &copyright()?)?;
    stage::text(&documents.join("changelog"), &changelog(product)?)?;
    stage::gzip(&documents.join("changelog"))?;

    let control = root.join("DEBIAN");
    let files = stage::files(&root)?;
    let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    stage::text(&control.join("control"), &control_file(&version, &depends(product, &root)?, bytes.div_ceil(1024)))?;
    let names = files.iter().filter_map(|file| file.strip_prefix(&root).ok());
    let sums = command::output(command::program("md5sum").current_dir(&root).args(names))?;
    stage::text(&control.join("md5sums"), &sums)?;

    std::fs::create_dir_all(out).doing(format_args!("make {}", out.display()))?;
    let package = out.join(file_name(product));
    let mut build = command::program("dpkg-deb");
    build.env("SOURCE_DATE_EPOCH", &product.epoch).arg("--root-owner-group");
    match tight {
        // At level 9 the second program is within reach of the first, and is largely the same: a quarter less.
        Tight::Yes => build.args(["-Zxz", "-z9", "-Sextreme"]),
        Tight::No => build.args(["-Zgzip", "-z1"]),
    };
    build.arg("--build");
    command::output(build.arg(&root).arg(&package))?;
    Ok(package)
}

/// The package's file.
pub(super) fn file_name(product: &Product) -> String {
    format!("{PACKAGE}_{}_amd64.deb", product.linux_version())
}

/// Fails with what lintian, Debian's own critic, calls a warning or an error.
pub(super) fn check(package: &Path) -> Result<()> {
    let mut lintian = command::program("lintian");
    // As root it would only warn that it is root.
    command::output(lintian.args(["--allow-root", "--fail-on", "error,warning"]).arg(package)).map(drop)
}

/// What the programs are linked with, as dpkg-shlibdeps finds it, and what they look for later.
fn depends(product: &Product, root: &Path) -> Result<String> {
    // It reads a source package's control file, and finds nothing without one.
    let source = product.work_folder("shlibdeps")?;
    let stanzas = format!("Source: {PACKAGE}\n\nPackage: {PACKAGE}\nArchitecture: amd64\n");
    stage::text(&source.join("debian/control"), &stanzas)?;
    let mut deps = command::program("dpkg-shlibdeps");
    deps.current_dir(&source).arg("-O");
    for program in ["litellm-autosync", "autosync"] {
        deps.arg("-e").arg(root.join("usr/bin").join(program));
    }
    let found = command::output(&mut deps)?;
    let found = found.lines().find_map(|line| line.strip_prefix("shlibs:Depends=")).unwrap_or_default();
    Ok(format!("{found}, {TRAY}"))
}

fn control_file(version: &str, depends: &str, kibibytes: u64) -> String {
    format!(
        "Package: {PACKAGE}\nVersion: {version}\nArchitecture: amd64\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {kibibytes}\nDepends: {depends}\nRecommends: xdg-utils\nSuggests: gnome-keyring\n\
         Section: utils\nPriority: optional\nDescription: {SUMMARY}\n{}\n",
        folded(DESCRIPTION, " ", " ")
    )
}

/// Text in lines of at most 78 characters: the first begins with `first`, the others with `next`.
pub(super) fn folded(text: &str, first: &str, next: &str) -> String {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    for word in text.split_whitespace() {
        if line.trim_end().len() > next.trim_end().len() && line.chars().count() + word.chars().count() > 78 {
            lines.push(line.trim_end().to_owned());
            next.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
    }
    lines.push(line.trim_end().to_owned());
    lines.join("\n")
}

/// `debian/copyright`, whose text is that of LICENSE.
fn copyright() -> Result<String> {
    let licence = stage::read(&workspace::root().join("LICENSE"))?;
    let mut paragraphs = licence.trim_end().split("\n\n").skip(1); // the first is its name
    let holders = paragraphs.next().unwrap_or_default().trim_start_matches("Copyright (c) ").to_owned();
    let text: Vec<String> = paragraphs
        .map(|paragraph| paragraph.lines().map(|line| format!(" {line}")).collect::<Vec<_>>().join("\n"))
        .collect();
    Ok(format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: {PACKAGE}\n\n\
         Files: *\nCopyright: {holders}\nLicense: Expat\nComment:\n The crates that are compiled into the programs have \
         licences of their own:\n third-party-notices.txt.gz.\n\nLicense: Expat\n{}\n",
        text.join("\n .\n")
    ))
}

/// The newest part of CHANGELOG.md as Debian writes it: the part of this version, before a release the unreleased one.
fn changelog(product: &Product) -> Result<String> {
    let text = stage::read(&workspace::root().join("CHANGELOG.md"))?;
    let items = items(&text, &product.version);
    let date = product.date("%a, %d %b %Y %H:%M:%S +0000")?;
    Ok(format!(
        "{PACKAGE} ({}) unstable; urgency=medium\n\n{items}\n\n -- {MAINTAINER}  {date}\n",
        product.linux_version()
    ))
}

fn items(changelog: &str, version: &str) -> String {
    let parts: Vec<&str> = changelog.split("\n## ").skip(1).collect();
    let of_version = |part: &&&str| part.trim_start_matches(['[', 'v']).starts_with(version);
    let Some(part) = parts.iter().find(of_version).or_else(|| parts.first()) else {
        return format!("  * {PUBLISHER}: release {version}.");
    };
    let mut entries: Vec<String> = Vec::new();
    for line in part.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        match (entries.last_mut(), line.strip_prefix("  ")) {
            (Some(entry), Some(more)) => entry.extend([" ", more]),
            _ => entries.push(line.to_owned()),
        }
    }
    let written = entries.iter().map(|entry| match (entry.strip_prefix("### "), entry.strip_prefix("- ")) {
        (Some(heading), _) => format!("  [ {heading} ]"),
        (_, item) => folded(item.unwrap_or(entry), "  * ", "    "),
    });
    written.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changelog_is_that_of_the_version() {
        let text = "# Changelog\n\n## Unreleased\n\n### Added\n- New.\n\n## 1.2.0 - 2026-01-02\n\n### Fixed\n- One\n  thing.\n";
        assert_eq!(items(text, "1.2.0"), "  [ Fixed ]\n  * One thing.");
        assert_eq!(items(text, "1.3.0"), "  [ Added ]\n  * New.");
    }

    #[test]
    fn long_text_is_folded_and_nothing_is_lost() {
        let folded = folded(DESCRIPTION, " ", " ");
        assert!(folded.lines().all(|line| line.starts_with(' ') && line.len() <= 79 && line.len() > 1), "{folded}");
        assert_eq!(folded.split_whitespace().collect::<Vec<_>>(), DESCRIPTION.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn the_copyright_has_the_whole_licence() {
        let text = copyright().unwrap();
        assert!(text.contains("Copyright: 2026 ") && text.contains(" .\n THE SOFTWARE IS PROVIDED"), "{text}");
    }
}
