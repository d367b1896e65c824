//! The wish to end: Ctrl-C, and SIGTERM where there is one; on Windows the end of the terminal, the session, the system.

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
    #[cfg(windows)]
    log_off: tokio::signal::windows::CtrlLogoff,
    #[cfg(windows)]
    shutdown: tokio::signal::windows::CtrlShutdown,
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
        use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        let (interrupt, terminate) = (ctrl_c()?, ctrl_close()?);
        Ok(Self { interrupt, terminate, log_off: ctrl_logoff()?, shutdown: ctrl_shutdown()? })
    }

    /// Ends when the next signal comes.
    #[cfg(windows)]
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.log_off.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }

    /// Ends when the next signal comes.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
