//! The folders that packages are put together in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Doing;
use crate::{Failure, Result, command, workspace};

/// The folder, without what was in it.
pub(super) fn empty(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).doing(format_args!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).doing(format_args!("make {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

/// A program, which everybody may run.
pub(super) fn program(from: &Path, to: &Path) -> Result<()> {
    copy(from, to)?;
    mode(to, 0o755)
}

/// Tells the app of which kind of package it is part, so that an update is one of the same kind: `DEB`, `RPM` or `NSS`, where
/// Tauri's bundler writes it, too (tauri-utils, `platform::bundle_type`).
pub(super) fn kind(app: &Path, kind: &str) -> Result<()> {
    const MARK: &[u8] = b"__TAURI_BUNDLE_TYPE_VAR_";
    let mut bytes = fs::read(app).doing(format_args!("read {}", app.display()))?;
    let at = bytes.windows(MARK.len()).position(|part| part == MARK);
    let at = at.ok_or_else(|| Failure::failed(format!("{} has no place for its kind", app.display())))? + MARK.len();
    bytes[at..at + kind.len()].copy_from_slice(kind.as_bytes());
    fs::write(app, bytes).doing(format_args!("write {}", app.display()))
}

/// A file, which everybody may read.
pub(super) fn file(from: &Path, to: &Path) -> Result<()> {
    copy(from, to)?;
    mode(to, 0o644)
}

/// A file with this text.
pub(super) fn text(to: &Path, text: &str) -> Result<()> {
    parent(to)?;
    fs::write(to, text).doing(format_args!("write {}", to.display()))?;
    mode(to, 0o644)
}

/// The file as gzip, without its name and time, in its place; its name gets `.gz`.
pub(super) fn gzip(path: &Path) -> Result<()> {
    command::run(command::program("gzip").args(["-9", "--no-name", "--force"]).arg(path))
}

/// A file of `src-tauri/package`.
pub(super) fn ours(name: &str) -> PathBuf {
    workspace::root().join("src-tauri/package").join(name)
}

/// What is in such a file.
pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).doing(format_args!("read {}", path.display()))
}

/// Every file below a folder, in the order of their names.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).doing(format_args!("read {}", folder.display()))?;
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    parent(to)?;
    fs::copy(from, to).map(drop).doing(format_args!("copy {} to {}", from.display(), to.display()))
}

fn parent(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).doing(format_args!("make {}", folder.display()))
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .doing(format_args!("set the mode of {}", path.display()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn mode(_path: &Path, _mode: u32) -> Result<()> {
    Ok(())
}
