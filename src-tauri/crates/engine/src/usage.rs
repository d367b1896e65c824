//! What a home and the running program take: measured, so that it can be shown.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::home::Home;

/// No tree of ours has so many processes; one that has is not walked to its end.
const PROCESSES: usize = 64;

/// Bytes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The ledger, with what SQLite keeps beside it.
    pub ledger: u64,
    /// Both logs with their earlier files: at most 6 files of 5 MiB each.
    pub logs: u64,
    /// Maps as plain files (at most 24, at most 200 MiB) and earlier settings.
    pub backups: u64,
    /// Everything else: settings, prices of one's own.
    pub other: u64,
}

impl Usage {
    /// Of this home, as it is now. What cannot be read counts as nothing.
    pub fn of(home: &Home) -> Self {
        let ledger = home.ledger();
        let name = ledger.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let all = bytes(home.path(), &|_| true);
        let of_ledger = |path: &Path| path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(&name));
        let ledger = bytes(home.path(), &of_ledger);
        let (logs, backups) = (bytes(&home.logs(), &|_| true), bytes(&home.backups(), &|_| true));
        Self { ledger, logs, backups, other: all.saturating_sub(ledger + logs + backups) }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.ledger + self.logs + self.backups + self.other
    }
}

/// The files of a folder and of those in it that `counts`. Links are not followed.
fn bytes(folder: &Path, counts: &dyn Fn(&Path) -> bool) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes(&entry.path(), counts),
        Ok(meta) if meta.is_file() && counts(&entry.path()) => meta.len(),
        _ => 0,
    };
    entries.map(of).sum()
}

/// The memory of this program and of the processes that it started (a window has some), each page counted once: PSS.
/// `None` where the system does not tell (all but Linux).
pub fn memory() -> Option<u64> {
    let mut left = vec![std::process::id()];
    let (mut sum, mut seen) = (0, 0);
    while let Some(pid) = left.pop() {
        seen += 1;
        // A child may have ended meanwhile; this program has not.
        match proportional(pid) {
            Some(bytes) => sum += bytes,
            None if seen == 1 => return None,
            None => {}
        }
        if seen + left.len() < PROCESSES {
            left.extend(children(pid));
        }
    }
    Some(sum)
}

fn proportional(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Those that any thread of the process started.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let of = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    threads
        .flat_map(|thread| of(thread).split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_home_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(dir.path().join("home")), &|_| None).unwrap();
        assert_eq!(Usage::of(&home), Usage::default());
        home.create().unwrap();
        let sizes = [
            (home.ledger(), 100),
            (home.ledger().with_extension("db-wal"), 20),
            (home.sync_log(), 7),
            (home.logs().join("app.log.1"), 3),
            (home.backups().join("cost-map-1.json"), 50),
            (home.settings(), 2),
        ];
        for (path, size) in sizes {
            fs::write(path, vec![b'x'; size]).unwrap();
        }
        let usage = Usage::of(&home);
        assert_eq!(usage, Usage { ledger: 120, logs: 10, backups: 50, other: 2 });
        assert_eq!(usage.total(), 182);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_memory_of_this_program_is_some() {
        assert!(memory().is_some_and(|bytes| bytes > 1 << 20), "{:?}", memory());
    }
}
