//! Where the door is, on Windows: a named pipe, whose name stands in a file of the home.
//!
//! The system lets only the owner, administrators and the system itself write into a pipe that is made with the default
//! rights, and no other computer reaches it. Its name cannot be guessed, so nobody can be there first.

use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};

use crate::home::{Home, write_atomic};

const PREFIX: &str = r"\\.\pipe\litellm-autosync-";

/// ERROR_PIPE_BUSY: the next instance is not there yet.
const BUSY: i32 = 231;

/// How often a busy pipe is asked again, and after how long.
const TRIES: u32 = 20;
const TRY_AGAIN: Duration = Duration::from_millis(25);

/// The open door. It is taken away when this is dropped.
pub(super) struct Listener {
    next: NamedPipeServer,
    name: String,
    pointer: PathBuf,
}

impl Listener {
    /// Opens the door.
    pub(super) fn bind(home: &Home) -> io::Result<Self> {
        let name = format!("{PREFIX}{:016x}{:016x}", random(), random());
        let next = ServerOptions::new().first_pipe_instance(true).reject_remote_clients(true).create(&name)?;
        let pointer = home.door_place();
        write_atomic(&pointer, name.as_bytes())?;
        Ok(Self { next, name, pointer })
    }

    /// Waits for the next one. May be given up at any time.
    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        let connected = self.next.connect().await;
        // There is always one instance that waits, also in place of one that broke.
        let next = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
        let stream = std::mem::replace(&mut self.next, next);
        connected.map(|()| stream)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A name that leads nowhere is found to be stale by who asks.
        drop(fs::remove_file(&self.pointer));
    }
}

/// Goes to the door of this home.
pub(super) async fn connect(home: &Home) -> io::Result<NamedPipeClient> {
    let name = fs::read_to_string(home.door_place())?;
    if !name.starts_with(PREFIX) {
        return Err(ErrorKind::InvalidData.into());
    }
    for _ in 0..TRIES {
        match ClientOptions::new().open(&name) {
            Err(cause) if cause.raw_os_error() == Some(BUSY) => tokio::time::sleep(TRY_AGAIN).await,
            opened => return opened,
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// The keys of a hash map's hasher come from the system's source of randomness.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
