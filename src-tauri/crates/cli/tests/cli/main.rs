//! The program as people and scripts use it, without a proxy. `tests/proxy` of the workspace has the real ones.
#![expect(clippy::unwrap_used, reason = "a test whose ground is missing stops there")]

#[cfg(unix)]
mod cancel;
mod desk;
#[cfg(unix)]
mod door;
mod files;
mod home;
#[cfg(target_os = "linux")] // systemd is only there
mod service;
#[cfg(unix)]
mod watch;
mod webhook;
