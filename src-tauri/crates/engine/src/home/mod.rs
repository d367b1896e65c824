//! The home: the one folder that holds everything this program keeps. CONTRACT, "Home".

mod files;
mod lock;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::{Error, ErrorCode, Result};

pub use files::write_atomic;
pub(crate) use files::{create_private_dir, open_private_append, replace_atomic};
pub use lock::HomeLock;

/// The folder's name below the user's local data folder.
pub const APP_ID: &str = "litellm-autosync";

/// Where settings, ledger and logs are. Only a path: reading never creates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// `--home`, else `AUTOSYNC_HOME`, else the local (not roaming) data folder: `~/.local/share/litellm-autosync`,
    /// `~/Library/Application Support/litellm-autosync` or `%LOCALAPPDATA%\litellm-autosync`.
    ///
    /// `env` is `std::env::var_os`, except in tests.
    pub fn resolve(flag: Option<PathBuf>, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let chosen =
            flag.or_else(|| env("AUTOSYNC_HOME").map(PathBuf::from)).filter(|path| !path.as_os_str().is_empty());
        let path = match chosen {
            Some(path) => path,
            None => local_data_dir()?.join(APP_ID),
        };
        // A later change of the working folder must not move the home.
        std::path::absolute(&path).map(Self).map_err(|cause| unusable(&path, "found", &cause))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The user's settings.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings.toml")
    }

    /// The SQLite file with maps, runs and promotions.
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger.db")
    }

    /// The user's own entries of the map.
    pub fn overlay(&self) -> PathBuf {
        self.0.join("overlay.json")
    }

    /// The folder of both logs.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// One JSON object a line for each sync run.
    pub fn sync_log(&self) -> PathBuf {
        self.logs().join("sync.jsonl")
    }

    /// What the program says about itself.
    pub fn app_log(&self) -> PathBuf {
        self.logs().join("app.log")
    }

    /// Earlier versions of `settings.toml`.
    pub fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }

    /// Held by the one writer.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The socket through which other processes reach the holder, on Unix.
    pub fn door(&self) -> PathBuf {
        self.0.join("door.sock")
    }

    /// Says where the socket or pipe is, where that is not [`Home::door`].
    pub fn door_place(&self) -> PathBuf {
        self.0.join("door.at")
    }

    /// Creates the folder and its subfolders where they are missing, readable by the owner only.
    ///
    /// A folder that was there with something in it keeps its own permissions (it may be shared: `--home /tmp`); the
    /// files put into it are the owner's alone all the same. On Windows the folder inherits the rights of its parent,
    /// which for `%LOCALAPPDATA%` is the owner.
    pub fn create(&self) -> Result<()> {
        [self.0.clone(), self.logs(), self.backups()]
            .iter()
            .try_for_each(|dir| create_private_dir(dir).map_err(|cause| unusable(dir, "created", &cause)))
    }

    /// Whether anything has been kept here yet.
    pub fn exists(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|meta| meta.is_dir())
    }
}

fn local_data_dir() -> Result<PathBuf> {
    let dirs = etcetera::base_strategy::choose_native_strategy().map_err(|cause| {
        Error::new(
            ErrorCode::HomeUnusable,
            "Your home folder could not be found, so there is no place for settings and history. Choose a folder with --home or AUTOSYNC_HOME.",
        )
        .detail(cause)
    })?;
    // On Windows the "data" folder of etcetera is the roaming one; the local one is what it calls "cache".
    Ok(if cfg!(windows) { dirs.cache_dir() } else { dirs.data_dir() })
}

fn unusable(path: &Path, what: &str, cause: &std::io::Error) -> Error {
    Error::new(
        ErrorCode::HomeUnusable,
        format!(
            "The folder {} cannot be {what}. Nothing was changed. Check its permissions, or choose another folder with --home.",
            path.display()
        ),
    )
    .detail(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(value: Option<&str>) -> impl Fn(&str) -> Option<OsString> {
        let value = value.map(OsString::from);
        move |name| (name == "AUTOSYNC_HOME").then(|| value.clone()).flatten()
    }

    #[test]
    fn the_flag_wins_over_the_environment_and_the_environment_over_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let (flag, named) = (dir.path().join("flag"), dir.path().join("env"));
        let variable = env(named.to_str());
        assert_eq!(Home::resolve(Some(flag.clone()), &variable).unwrap().path(), flag);
        assert_eq!(Home::resolve(None, &variable).unwrap().path(), named);
        assert!(Home::resolve(None, &env(None)).unwrap().path().ends_with(APP_ID));
        assert!(Home::resolve(None, &env(Some(""))).unwrap().path().ends_with(APP_ID), "an empty variable is not set");
        assert!(Home::resolve(Some("relative".into()), &variable).unwrap().path().is_absolute());
    }

    #[test]
    fn asking_where_the_home_is_creates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(dir.path().join("h")), &env(None)).unwrap();
        assert!(!home.exists());
        assert!(!home.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_look_into_a_home() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let home = Home(path);
        home.create().unwrap();
        home.create().unwrap();
        for dir in [home.path().to_owned(), home.logs(), home.backups()] {
            assert_eq!(mode(&dir), 0o700, "{}", dir.display());
        }
        drop(open_private_append(&home.ledger()).unwrap());
        assert_eq!(mode(&home.ledger()), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_use_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("theirs"), "x").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Home(dir.path().to_owned()).create().unwrap();
        assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }
}
