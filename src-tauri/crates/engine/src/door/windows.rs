//! Where the door is, on Windows: a named pipe, whose name stands in a file of the home.
//!
//! Only its owner, administrators and the system may open it (the default rights let everybody read), and no other computer
//! reaches it. Its name cannot be guessed, so nobody can be there first.

use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES};

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
    rights: Rights,
}

impl Listener {
    /// Opens the door.
    pub(super) fn bind(home: &Home) -> io::Result<Self> {
        let name = format!("{PREFIX}{:016x}{:016x}", random(), random());
        let rights = Rights::new()?;
        let next = rights.create(ServerOptions::new().first_pipe_instance(true), &name)?;
        let pointer = home.door_place();
        write_atomic(&pointer, name.as_bytes())?;
        Ok(Self { next, name, pointer, rights })
    }

    /// Waits for the next one. May be given up at any time.
    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        let connected = self.next.connect().await;
        // There is always one instance that waits, also in place of one that broke.
        let next = self.rights.create(&mut ServerOptions::new(), &self.name)?;
        let stream = std::mem::replace(&mut self.next, next);
        connected.map(|()| stream)
    }
}

/// Who may open the pipe: a security descriptor of the system's, until this is dropped.
struct Rights(PSECURITY_DESCRIPTOR);

// SAFETY: it is read only, by calls that take it as such, and freed once.
#[expect(unsafe_code, reason = "the system's memory behind it is not changed by anybody")]
unsafe impl Send for Rights {}

#[expect(unsafe_code, reason = "Windows has no other way to say who may open a pipe")]
impl Rights {
    /// Full access for the owner, the system and the built-in administrators; nobody else, nothing inherited
    /// (Microsoft: "Security Descriptor String Format").
    const WHO: &str = "D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)\0";

    fn new() -> io::Result<Self> {
        let text: Vec<u16> = Self::WHO.encode_utf16().collect();
        let mut descriptor = std::ptr::null_mut();
        // SAFETY: the text ends with a zero, and the descriptor is put where there is room for its address.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                std::ptr::null_mut(),
            )
        };
        if made == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(descriptor)) }
    }

    fn create(&self, options: &mut ServerOptions, name: &str) -> io::Result<NamedPipeServer> {
        let length = u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default();
        let mut attributes = SECURITY_ATTRIBUTES { nLength: length, lpSecurityDescriptor: self.0, bInheritHandle: 0 };
        let options = options.reject_remote_clients(true);
        // SAFETY: the attributes and what they point to live until the call returns.
        unsafe { options.create_with_security_attributes_raw(name, (&raw mut attributes).cast()) }
    }
}

#[expect(unsafe_code, reason = "the system's own memory is given back")]
impl Drop for Rights {
    fn drop(&mut self) {
        // SAFETY: it was allocated by the call in `new`, which asks for this, and is not used any more.
        unsafe { LocalFree(self.0) };
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
