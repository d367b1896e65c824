//! The developer's cache: Python environments with real proxies, and real past maps. Safe to delete at any time.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::failure::Doing;
use crate::{Failure, Result};

/// The variable that names another cache folder.
pub const VARIABLE: &str = "AUTOSYNC_DEV_CACHE";

/// The cache folder: `AUTOSYNC_DEV_CACHE`, or `litellm-autosync-dev` in the user's cache folder. Made when missing.
pub fn folder() -> Result<PathBuf> {
    let folder = match std::env::var_os(VARIABLE) {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => etcetera::choose_base_strategy()
            .map_err(|error| Failure::failed(format!("no home folder is known ({error}); set AUTOSYNC_DEV_CACHE")))?
            .cache_dir()
            .join("litellm-autosync-dev"),
    };
    fs::create_dir_all(&folder).doing(format_args!("make {}", folder.display()))?;
    Ok(folder)
}

/// The map that LiteLLM `version` ships, as `cargo xtask maps` stores it. The file need not be there.
pub fn map_file(version: &str) -> Result<PathBuf> {
    Ok(folder()?.join("maps").join(format!("{version}.json")))
}

/// Holds one thing in the cache against another process that would make the same; released on drop.
pub fn lock(name: &str) -> Result<File> {
    let path = folder()?.join(format!("{name}.lock"));
    let file = File::create(&path).doing(format_args!("make {}", path.display()))?;
    file.lock().doing(format_args!("lock {}", path.display()))?;
    Ok(file)
}

/// Writes a file so that it is there whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension(format!("part{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().doing(format_args!("write {}", path.display()))
}
