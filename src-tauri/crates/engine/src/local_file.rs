//! Proxies that are forced to the map file inside their own installation: what was there is kept, the promoted map is put
//! there in one step, and there is a way back.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use costmap::Revision;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::home::{replace_atomic, write_atomic};
use crate::{Error, ErrorCode, Result};

/// No map is larger (the same bound as for a source).
const LARGEST: u64 = 64 << 20;

/// A Python that takes longer says nothing.
const PYTHON: Duration = Duration::from_secs(10);

/// What LiteLLM calls the file in its package.
pub const PACKAGE_FILE: &str = "model_prices_and_context_window_backup.json";

/// Where the file is and where the original is kept.
#[derive(Clone, Debug)]
pub struct LocalFile {
    file: PathBuf,
    original: PathBuf,
}

impl LocalFile {
    /// Of this proxy, with its original in `backups`.
    pub fn new(proxy: &str, file: &Path, backups: &Path) -> Self {
        Self { file: file.to_owned(), original: backups.join(format!("local-{proxy}.json")) }
    }

    /// Puts the map there: first the copy of what was there, then the file in one step. Whether `is_ours` says that what is
    /// there was put there by this program, so that it is no original.
    ///
    /// # Errors
    /// `local_file` where the place cannot be read or written; what was there is unchanged then.
    pub async fn write(&self, bytes: Vec<u8>, is_ours: bool) -> Result<()> {
        let this = self.clone();
        background(move || this.put(&bytes, is_ours)).await
    }

    /// The revision of what is there now.
    ///
    /// # Errors
    /// `local_file` where it cannot be read.
    pub async fn revision(&self) -> Result<Revision> {
        let file = self.file.clone();
        background(move || read(&file).map(|bytes| Revision::of(&bytes))).await
    }

    /// Puts the original back.
    ///
    /// # Errors
    /// `not_found` where none was kept; `local_file` where the place cannot be written.
    pub async fn restore(&self) -> Result<Revision> {
        let this = self.clone();
        background(move || {
            let bytes = fs::read(&this.original).map_err(|cause| {
                let message =
                    "No original of this proxy's file was kept, because it was never written. Nothing was changed.";
                Error::new(ErrorCode::NotFound, message).detail(cause)
            })?;
            replace(&this.file, &bytes)?;
            Ok(Revision::of(&bytes))
        })
        .await
    }

    fn put(&self, bytes: &[u8], is_ours: bool) -> Result<()> {
        let before = read(&self.file)?;
        // A path that was mistyped may be any file.
        if !costmap::CostMap::parse(before.clone())
            .is_ok_and(|map| map.models().any(|entry| entry.field("mode").is_some()))
        {
            let message = format!(
                "{} isn't a cost map, so nothing was changed. Check the path under the proxy's settings.",
                self.file.display()
            );
            return Err(Error::new(ErrorCode::LocalFile, message).field("local_file"));
        }
        // Told before anything is touched: the rename needs the folder, and the copy its own.
        writable(&self.file)?;
        if !(is_ours && self.original.exists()) {
            write_atomic(&self.original, &before).map_err(|cause| {
                let message = format!(
                    "The original of {} could not be copied to {}, so nothing was changed. Free some space there.",
                    self.file.display(),
                    self.original.display()
                );
                Error::new(ErrorCode::LocalFile, message).detail(cause)
            })?;
        }
        replace(&self.file, bytes)
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let unreadable = |cause: std::io::Error| {
        let message = format!(
            "The proxy's map file {} can't be read. Nothing was changed. Check the path under the proxy's settings.",
            file.display()
        );
        Error::new(ErrorCode::LocalFile, message).field("local_file").detail(cause)
    };
    let mut bytes = Vec::new();
    File::open(file).and_then(|open| open.take(LARGEST).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// Whether the file can be replaced: nobody made it read-only, and its folder takes a new file. A link leads to where it
/// points.
fn writable(file: &Path) -> Result<()> {
    let target = fs::canonicalize(file).map_err(|cause| unwritable(file, &cause))?;
    let meta = fs::metadata(&target).map_err(|cause| unwritable(file, &cause))?;
    // For root, too: who took the right to write away meant it.
    if meta.permissions().readonly() {
        return Err(unwritable(file, &std::io::Error::other("the file is read-only")));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .prefix(".autosync-")
        .tempfile_in(folder)
        .map(drop)
        .map_err(|cause| unwritable(file, &cause))
}

fn unwritable(file: &Path, cause: &std::io::Error) -> Error {
    let message = format!(
        "The proxy's map file {} can't be written, so nothing was changed. Run this program as a user who may write there, or give the proxy a gateway to read.",
        file.display()
    );
    Error::new(ErrorCode::LocalFile, message).field("local_file").detail(cause)
}

/// In one step, with the rights that the file had.
fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    replace_atomic(file, bytes).map_err(|cause| unwritable(file, &cause))
}

async fn background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let defect = |error| Error::new(ErrorCode::Internal, "The proxy's file could not be looked at.").detail(error);
    spawn_blocking(work).await.map_err(defect)?
}

/// Asks the Pythons of this machine where LiteLLM keeps its file, without starting LiteLLM. Several may have one.
pub async fn find() -> Vec<PathBuf> {
    const ASK: &str = "import importlib.util, os; s = importlib.util.find_spec('litellm'); print(os.path.dirname(s.origin) if s and s.origin else '')";
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let own = environment.map(|folder| folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }));
    let mut found = Vec::new();
    for python in own.into_iter().chain(["python3".into(), "python".into()]) {
        let mut command = Command::new(&python);
        command.args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let Ok(Ok(answer)) = tokio::time::timeout(PYTHON, command.output()).await else { continue };
        let folder = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        let file = PathBuf::from(folder).join(PACKAGE_FILE);
        if file.is_absolute() && file.is_file() && !found.contains(&file) {
            found.push(file);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map with one model of this name.
    fn map(model: &str) -> Vec<u8> {
        format!(r#"{{"{model}": {{"mode": "chat"}}}}"#).into_bytes()
    }

    #[tokio::test]
    async fn the_original_is_kept_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.json");
        let backups = dir.path().join("backups");
        fs::create_dir(&backups).unwrap();
        fs::write(&file, map("original")).unwrap();
        let local = LocalFile::new("eu", &file, &backups);
        assert_eq!(local.restore().await.unwrap_err().code, ErrorCode::NotFound);
        local.write(map("first"), false).await.unwrap();
        local.write(map("second"), true).await.unwrap();
        assert_eq!(
            (fs::read(&file).unwrap(), local.revision().await.unwrap()),
            (map("second"), Revision::of(&map("second")))
        );
        local.restore().await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), map("original"));
        let noted = dir.path().join("notes.json");
        fs::write(&noted, "{\"mine\": 1}").unwrap();
        let mistyped = LocalFile::new("us", &noted, &backups);
        assert_eq!(mistyped.write(map("new"), false).await.unwrap_err().code, ErrorCode::LocalFile);
        assert_eq!(fs::read(&noted).unwrap(), b"{\"mine\": 1}", "somebody's own file");
        // The package was updated: that is the original from now on.
        fs::write(&file, map("updated")).unwrap();
        local.write(map("third"), false).await.unwrap();
        local.restore().await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), map("updated"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_read_only_place_is_told_before_anything_is_touched() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("package");
        fs::create_dir(&place).unwrap();
        let file = place.join("map.json");
        fs::write(&file, map("original")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let local = LocalFile::new("eu", &file, dir.path());
        let link = dir.path().join("link.json");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        LocalFile::new("eu", &link, dir.path()).write(map("new"), false).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), map("new"), "a link leads to the file");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640, "it keeps its rights");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        assert_eq!(local.write(map("newest"), false).await.unwrap_err().code, ErrorCode::LocalFile, "by root, too");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let gone = LocalFile::new("eu", &place.join("none.json"), dir.path());
        assert_eq!(gone.write(map("new"), false).await.unwrap_err().code, ErrorCode::LocalFile);
        fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).unwrap();
        // Who may do everything can write there all the same.
        if tempfile::tempfile_in(&place).is_err() {
            let backup = fs::read(dir.path().join("local-eu.json")).unwrap();
            assert_eq!(local.write(map("newer"), false).await.unwrap_err().code, ErrorCode::LocalFile);
            assert_eq!(fs::read(&file).unwrap(), map("new"));
            assert_eq!(fs::read(dir.path().join("local-eu.json")).unwrap(), backup);
        }
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
