//! Rules of the code that neither rustc nor clippy knows (ARCHITECTURE.md, "Invariants").

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Doing;
use crate::{Failure, Result, workspace};

/// A file longer than this has a seam in it.
const MOST_LINES: usize = 500;

/// Checks every source file of the workspace.
pub fn check() -> Result<()> {
    let root = workspace::root();
    let mut files = Vec::new();
    for folder in ["src-tauri", "tests", "ui/src"] {
        collect(&root.join(folder), &mut files)?;
    }
    let mut broken = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).doing(format_args!("read {}", file.display()))?;
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        broken.extend(breaches(&name, &text));
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(broken.join("\n")))
}

/// What one file does that it may not.
fn breaches(name: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let manifest_or_code = name.starts_with("src-tauri/crates/") || name.starts_with("tests/");
    let is_rule_book = name.ends_with("xtask/src/rules.rs");
    if manifest_or_code && !is_rule_book {
        let named = text.lines().any(|line| {
            let line = line.trim_start();
            ["tauri =", "tauri.", "tauri-", "use tauri"].iter().any(|start| line.starts_with(start))
                || line.contains("tauri::")
        });
        if named {
            broken.push(format!("{name}: names tauri; only src-tauri/src may, so that all else builds without it"));
        }
    }
    if name.starts_with("ui/src/") && name != "ui/src/host/tauri.ts" && text.contains("@tauri-apps/") {
        broken.push(format!("{name}: imports @tauri-apps; only ui/src/host/tauri.ts may"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !name.ends_with("host/bindings.ts") {
        broken.push(format!("{name}: {lines} lines; over {MOST_LINES} a file has more than one job"));
    }
    broken
}

/// Source files below `folder`, build output left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(()); // a part that is not there yet
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if !matches!(&*name, "target" | "node_modules" | "corpus" | "artifacts") {
                collect(&path, files)?;
            }
        } else if [".rs", ".ts", ".svelte", ".py", ".sh", ".mjs", "Cargo.toml"].iter().any(|end| name.ends_with(end)) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_desktop_part_may_name_tauri() {
        assert_eq!(breaches("src-tauri/crates/engine/src/lib.rs", "use tauri::App;").len(), 1);
        assert_eq!(breaches("src-tauri/crates/engine/Cargo.toml", "tauri = \"2\"").len(), 1);
        assert_eq!(breaches("src-tauri/src/main.rs", "use tauri::App;"), Vec::<String>::new());
        assert_eq!(breaches("tests/src/lib.rs", "// a stand-in for src-tauri/src"), Vec::<String>::new());
    }

    #[test]
    fn only_the_port_may_import_tauri_in_the_window() {
        let import = "import { invoke } from '@tauri-apps/api/core';";
        assert_eq!(breaches("ui/src/screens/Home.svelte", import).len(), 1);
        assert_eq!(breaches("ui/src/host/tauri.ts", import), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_is_told() {
        assert_eq!(breaches("tests/src/lib.rs", &"\n".repeat(MOST_LINES + 1)).len(), 1);
    }
}
