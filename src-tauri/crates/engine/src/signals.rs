//! The wish to end: Ctrl-C, and SIGTERM where there is one.

use crate::{Error, ErrorCode, Result};

/// Waits for the wish to end. From the first call on neither signal ends the program by itself.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    terminate: tokio::signal::windows::CtrlClose,
}

impl Signals {
    /// Begins to listen. Within a tokio runtime.
    ///
    /// # Errors
    /// `internal` where the system does not tell of signals.
    pub fn listen() -> Result<Self> {
        Self::new()
            .map_err(|cause| Error::new(ErrorCode::Internal, "Ctrl-C and SIGTERM cannot be handled.").detail(cause))
    }

    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_close()? })
    }

    /// Ends when the next signal comes.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
