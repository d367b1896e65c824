//! The licences of what is compiled into the programs: most of them ask that their text comes with every copy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::workspace::cargo;
use crate::{Failure, Result, command, ui};

/// What a file with a licence is called.
const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "unlicense", "copyright"];

const HEAD: &str = "LiteLLM Auto-Sync is compiled from crates and packages of others, whose licences follow: each text once, with \
    those that it is of.\nThe programs also have Rust's standard library in them (MIT or Apache-2.0), the static one for \
    Linux musl (MIT) and an unwinder of GCC (GPL with the GCC Runtime Library Exception), those for Windows parts of MinGW-w64 \
    (public domain and permissive) and Microsoft's WebView2Loader (BSD-3-Clause).\n";

/// The text, from the sources of everything that the programs and the dashboard are built from, on all systems.
pub(super) fn text() -> Result<String> {
    let mut all = crates()?;
    all.extend(packages());
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, licence, folder) in all {
        let mut found = texts_in(&folder);
        if found.is_empty() {
            found.push(format!("(It comes with no text of its own. Its licence is {licence}.)"));
        }
        for text in found {
            texts.entry(text).or_default().insert(format!("{name} ({licence})"));
        }
    }
    let rule = "=".repeat(80);
    let parts = texts.into_iter().map(|(text, names)| {
        let names: Vec<String> = names.into_iter().collect();
        format!("{rule}\n{}\n{rule}\n\n{text}\n", names.join("\n"))
    });
    Ok(format!("{HEAD}\n{}", parts.collect::<Vec<_>>().join("\n")))
}

/// Name with version, licence and folder of every crate that is linked.
fn crates() -> Result<Vec<(String, String, PathBuf)>> {
    let programs = ["--package", "litellm-autosync", "--package", "autosync"];
    let linked = ["tree", "--locked", "--edges", "normal", "--target", "all", "--prefix", "none", "--format", "{p}"];
    let linked = command::output(cargo().args(linked).args(programs))?;
    // `serde v1.0.0`, `serde_derive v1.0.0 (proc-macro)`, `engine v0.1.0 (/a/path)`
    let linked: BTreeSet<String> =
        linked.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let metadata = command::output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata)
        .map_err(|error| Failure::failed(format!("what cargo metadata says cannot be read: {error}")))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let foreign = packages.filter(|package| !package["source"].is_null());
    Ok(foreign
        .filter_map(|package| {
            let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
            let folder = Path::new(package["manifest_path"].as_str()?).parent()?.to_path_buf();
            let licence = package["license"].as_str().unwrap_or("see the text").to_owned();
            linked.contains(&format!("{name} v{version}")).then(|| (format!("{name} {version}"), licence, folder))
        })
        .collect())
}

/// The same of what Vite puts into the dashboard.
fn packages() -> Vec<(String, String, PathBuf)> {
    let folders = ["svelte", "@tauri-apps/api"].map(|name| ui::folder().join("node_modules").join(name));
    folders
        .into_iter()
        .filter_map(|folder| {
            let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
            let package: Value = serde_json::from_str(&text).ok()?;
            let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
            Some((name, package["license"].as_str()?.to_owned(), folder))
        })
        .collect()
}

fn texts_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    let is_licence = |file: &&PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        file.is_file() && NAMES.iter().any(|known| name.starts_with(known))
    };
    let texts = files.iter().filter(is_licence).filter_map(|file| std::fs::read_to_string(file).ok());
    texts.map(|text| text.replace("\r\n", "\n").trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linked_crate_is_named_and_none_of_ours() {
        let crates = crates().unwrap();
        assert!(crates.iter().any(|(name, licence, _)| name.starts_with("ring ") && licence.contains("Apache-2.0")));
        assert!(!crates.iter().any(|(name, ..)| name.starts_with("engine ") || name.starts_with("proptest ")));
    }
}
