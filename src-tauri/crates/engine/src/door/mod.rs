//! The door: how other processes of the same user ask the engine that holds a home.
//!
//! One writer holds a home at a time. While it runs, what `autosync` wants to change goes to it through a local socket
//! (`door.sock` in the home) or, on Windows, a named pipe: one connection a request, one JSON object a line, described
//! at [`Request`]. Only the owner gets in. No secret ever crosses it: keys go into the key store directly.

mod client;
pub mod lines;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod place;
mod protocol;
mod server;

pub use client::DoorClient;
pub use protocol::{Kind, Request, VERSION, Who};
pub use server::{Door, Show};
