//! `SHA256SUMS`, as `sha256sum --check` reads it.

use std::path::Path;

use super::stage;
use crate::failure::Doing;
use crate::{Result, command};

/// The file with the sums.
pub(super) const NAME: &str = "SHA256SUMS";

/// The packages that lie there, with their bytes, in the order of their names. Manifests are in a folder of their own.
pub(super) fn packages(out: &Path) -> Result<Vec<(String, u64)>> {
    let entries = std::fs::read_dir(out).doing(format_args!("read {}", out.display()))?;
    let mut packages: Vec<(String, u64)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.metadata().ok()?)))
        .filter(|(name, metadata)| metadata.is_file() && name != NAME)
        .map(|(name, metadata)| (name, metadata.len()))
        .collect();
    packages.sort();
    Ok(packages)
}

/// Writes the sums of all packages there are: on a release machine also of those that others have made.
pub(super) fn write(out: &Path) -> Result<()> {
    let names: Vec<String> = packages(out)?.into_iter().map(|(name, _)| name).collect();
    let mut sums = if cfg!(target_os = "macos") {
        let mut shasum = command::program("shasum"); // part of macOS, which has no sha256sum
        shasum.args(["-a", "256"]);
        shasum
    } else {
        command::program("sha256sum")
    };
    let sums = command::output(sums.current_dir(out).args(names))?;
    stage::text(&out.join(NAME), &sums)
}

/// The sum of a package, in hexadecimal; none where it is not there.
pub(super) fn of(sums: &str, name: &str) -> Option<String> {
    let mut lines = sums.lines().filter_map(|line| line.split_once("  "));
    lines.find(|(_, listed)| *listed == name).map(|(sum, _)| sum.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        stage::text(&folder.path().join("a.deb"), "").unwrap();
        write(folder.path()).unwrap();
        let sums = stage::read(&folder.path().join(NAME)).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; // FIPS 180-4, of no bytes
        assert_eq!(of(&sums, "a.deb").as_deref(), Some(empty));
        assert_eq!(of(&sums, "b.deb"), None);
    }
}
