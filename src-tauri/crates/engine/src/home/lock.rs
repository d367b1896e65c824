//! One writer at a time.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Home, open_private_append, unusable};
use crate::{Error, ErrorCode, Result};

/// How often a waiting writer looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The right to write into a home, until it is dropped or the process ends, in whatever way: the system releases it.
#[derive(Debug)]
pub struct HomeLock {
    file: File,
    pid_file: PathBuf,
}

impl HomeLock {
    /// How long a second writer waits (CONTRACT, "Home").
    pub const WAIT: Duration = Duration::from_secs(10);

    /// Takes the lock, creating the home where it is missing. Blocks for at most `wait`.
    ///
    /// Fails with `home_busy` while another writer holds it; `detail` is that writer's process id.
    pub fn acquire(home: &Home, wait: Duration) -> Result<Self> {
        home.create()?;
        let pid_file = pid_file(home);
        let file = open_private_append(&home.lock()).map_err(|cause| unusable(home.path(), "locked", &cause))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < wait => {
                    std::thread::sleep(LOOK_AGAIN.min(wait.saturating_sub(begun.elapsed())));
                }
                Err(TryLockError::WouldBlock) => return Err(busy(home)),
                Err(TryLockError::Error(cause)) => return Err(unusable(home.path(), "locked", &cause)),
            }
        }
        let mut lock = Self { file, pid_file };
        lock.write_pid(&std::process::id().to_string()).map_err(|cause| unusable(home.path(), "locked", &cause))?;
        Ok(lock)
    }

    /// The process id of the writer that holds this home, as far as it can be read.
    pub fn holder(home: &Home) -> Option<u32> {
        fs::read_to_string(pid_file(home)).ok()?.trim().parse().ok()
    }

    fn write_pid(&mut self, pid: &str) -> std::io::Result<()> {
        if cfg!(windows) {
            return fs::write(&self.pid_file, pid);
        }
        // In place: a renamed file would be another file than the locked one.
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(pid.as_bytes())
    }
}

impl Drop for HomeLock {
    fn drop(&mut self) {
        // Best effort: a stale pid is only ever shown while somebody else holds the lock, and then it is theirs.
        drop(self.write_pid(""));
    }
}

/// The lock file itself, except on Windows, where nobody else can read a locked file.
fn pid_file(home: &Home) -> PathBuf {
    if cfg!(windows) { home.path().join("lock.pid") } else { home.lock() }
}

fn busy(home: &Home) -> Error {
    let pid = HomeLock::holder(home);
    let who = pid.map_or("an unknown process".to_owned(), |pid| format!("process {pid}"));
    Error::new(
        ErrorCode::HomeBusy,
        format!(
            "LiteLLM Auto-Sync is already running in {} ({who}). Nothing was changed. End that process or wait for it, then try again.",
            home.path().display()
        ),
    )
    .detail(pid.map_or("unknown".to_owned(), |pid| pid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(dir: &tempfile::TempDir) -> Home {
        Home::resolve(Some(dir.path().join("home")), &|_| None).unwrap()
    }

    #[test]
    fn a_second_writer_is_told_who_holds_the_home() {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        let held = HomeLock::acquire(&home, Duration::ZERO).unwrap();
        let error = HomeLock::acquire(&home, Duration::from_millis(60)).unwrap_err();
        assert_eq!(error.code, ErrorCode::HomeBusy);
        assert_eq!(error.detail, Some(std::process::id().to_string()));
        assert!(error.message.contains(&format!("process {}", std::process::id())), "{}", error.message);
        drop(held);
        assert_eq!(HomeLock::holder(&home), None);
        HomeLock::acquire(&home, Duration::ZERO).unwrap();
    }

    #[test]
    fn a_waiting_writer_gets_the_home_when_it_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        let held = HomeLock::acquire(&home, Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| HomeLock::acquire(&home, Duration::from_secs(20)).map(drop));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }
}
