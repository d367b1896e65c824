//! Where the door is, on Unix: a socket of the owner's in the home, or, where that path would be too long for a socket,
//! in a folder of its own whose place stands in a file of the home.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use costmap::Revision;
use tokio::net::{UnixListener, UnixStream};

use crate::home::{Home, write_atomic};

/// A socket's path may be 104 bytes long on macOS and 108 on Linux, its end included.
const LONGEST: usize = 100;

/// The open door. It is taken away when this is dropped.
pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// The file of the home that says where the socket is, where it is elsewhere.
    pointer: Option<PathBuf>,
    owner: u32,
}

impl Listener {
    /// Opens the door. The caller holds the home, so a socket that nobody answers at was left by a crash.
    pub(super) fn bind(home: &Home) -> io::Result<Self> {
        let path = place_of(home);
        let owner = fs::metadata(home.lock())?.uid();
        let pointer = (path != home.door()).then(|| home.door_place());
        if pointer.is_some() {
            own_folder(path.parent().unwrap_or(Path::new("/")), owner)?;
        }
        clear(&path)?;
        let socket = UnixListener::bind(&path)?;
        // In a home that others may look into they could come in until here; `accept` sends them away.
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        match &pointer {
            Some(pointer) => write_atomic(pointer, path.as_os_str().as_bytes())?,
            None => drop(fs::remove_file(home.door_place())),
        }
        Ok(Self { socket, path, pointer, owner })
    }

    /// Waits for the next one of the owner's own processes. May be given up at any time.
    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        let (stream, _) = self.socket.accept().await?;
        let user = stream.peer_cred()?.uid();
        if user == self.owner || user == 0 { Ok(stream) } else { Err(ErrorKind::PermissionDenied.into()) }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // What cannot be removed is found to be stale by the next one.
        drop(fs::remove_file(&self.path));
        if let Some(pointer) = &self.pointer {
            drop(fs::remove_file(pointer));
            drop(self.path.parent().map(fs::remove_dir));
        }
    }
}

/// Goes to the door of this home.
pub(super) async fn connect(home: &Home) -> io::Result<UnixStream> {
    let path = match fs::read(home.door_place()) {
        Ok(bytes) => PathBuf::from(std::ffi::OsStr::from_bytes(&bytes)),
        Err(_) => home.door(),
    };
    let stream = UnixStream::connect(path).await?;
    // Whoever answers has to be who can hold the lock: in a folder that others may write into, anybody could listen.
    let user = stream.peer_cred()?.uid();
    if user == fs::metadata(home.lock())?.uid() || user == 0 {
        Ok(stream)
    } else {
        Err(ErrorKind::PermissionDenied.into())
    }
}

fn place_of(home: &Home) -> PathBuf {
    let fits = |path: &PathBuf| path.as_os_str().len() <= LONGEST;
    let hash = Revision::of(home.path().as_os_str().as_bytes()).to_string();
    let runtime =
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir());
    let elsewhere = [runtime, Some(std::env::temp_dir()), Some("/tmp".into())];
    let elsewhere = elsewhere
        .into_iter()
        .flatten()
        .map(|base| base.join(format!("litellm-autosync-{}", hash.get(..16).unwrap_or_default())).join("door.sock"));
    std::iter::once(home.door()).chain(elsewhere).find(fits).unwrap_or_else(|| home.door())
}

/// A folder that is the owner's alone. One that somebody else has put there is not used.
fn own_folder(folder: &Path, owner: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            let meta = fs::symlink_metadata(folder)?;
            let ours = meta.is_dir() && meta.uid() == owner && meta.mode() & 0o777 == 0o700;
            if ours { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) }
        }
        created => created,
    }
}

/// Takes away a socket that nobody answers at. Anything else at its place stays, and is an error.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
        Ok(meta) if !meta.file_type().is_socket() => Err(ErrorKind::AlreadyExists.into()),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => Err(ErrorKind::AddrInUse.into()),
        Ok(_) => fs::remove_file(path),
    }
}
