//! `autosync logs --follow`: the lines as they come, also across a rotation.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

use same_file::Handle;

use super::files::{KEPT, Rotated, read_or_empty};
use super::sync::{SyncLog, SyncLogLine, lines, unusable};
use crate::Result;

/// Reads the log from where it got to. Ask it again every second or so.
#[derive(Debug)]
pub struct Follower {
    log: Rotated,
    /// The file that is being read, wherever it has been renamed to. `None` until there is one.
    reading: Option<File>,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
}

impl SyncLog {
    /// The last lines of the log, as [`SyncLog::tail`], and a follower that goes on exactly after them.
    pub fn follow(&self, at_most: usize) -> Result<(Vec<SyncLogLine>, Follower)> {
        let mut follower = Follower { log: self.files.clone(), reading: None, partial: Vec::new() };
        let mut newest_first = Vec::new();
        let mut found = 0;
        for number in 0..=KEPT {
            let lines = match &follower.reading {
                // The follower goes on in the newest file that there is.
                None => follower.open(number),
                Some(_) if found >= at_most => break,
                Some(_) => read_or_empty(&self.files.earlier(number)).map(|bytes| lines(&bytes)),
            }
            .map_err(|cause| unusable(&cause))?;
            found += lines.len();
            newest_first.push(lines);
        }
        let mut older: Vec<_> = newest_first.into_iter().rev().flatten().collect();
        let skipped = older.len().saturating_sub(at_most);
        Ok((older.split_off(skipped), follower))
    }
}

impl Follower {
    /// The lines that have come since the last time, the oldest first.
    pub fn poll(&mut self) -> Result<Vec<SyncLogLine>> {
        let mut found = Vec::new();
        self.read_on(&mut found).map_err(|cause| unusable(&cause))?;
        Ok(found)
    }

    fn read_on(&mut self, found: &mut Vec<SyncLogLine>) -> io::Result<()> {
        found.extend(self.drain()?);
        let unread = match &self.reading {
            // There was no file at all: whatever there is now is new.
            None => KEPT + 1,
            Some(file) => {
                let reading = Handle::from_file(file.try_clone()?)?;
                let is_reading =
                    |number: &usize| Handle::from_path(self.log.earlier(*number)).is_ok_and(|it| it == reading);
                // A file that is nowhere was deleted; the files beside it were there before.
                (0..=KEPT).find(is_reading).unwrap_or(1)
            }
        };
        // A line may have been added between the first look and the rename.
        found.extend(self.drain()?);
        for number in (0..unread).rev() {
            found.extend(self.open(number)?);
        }
        Ok(())
    }

    /// Goes on in this file, where there is one, from its start.
    fn open(&mut self, number: usize) -> io::Result<Vec<SyncLogLine>> {
        match File::open(self.log.earlier(number)) {
            Ok(file) => {
                self.reading = Some(file);
                // What a crash cut off in the file before never gets its end.
                self.partial.clear();
                self.drain()
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(cause) => Err(cause),
        }
    }

    /// The whole lines from where it got to in the file that is being read.
    fn drain(&mut self) -> io::Result<Vec<SyncLogLine>> {
        let Some(file) = &mut self.reading else { return Ok(Vec::new()) };
        file.read_to_end(&mut self.partial)?;
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
        let found = lines(&self.partial[..end]);
        self.partial.drain(..=end);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::sync::tests::{home, line};
    use super::*;
    use crate::home::open_private_append;

    fn log(dir: &tempfile::TempDir, full: u64) -> SyncLog {
        SyncLog::of(Rotated { path: home(dir).sync_log(), full })
    }

    fn numbers(lines: Vec<SyncLogLine>) -> Vec<u64> {
        lines.into_iter().map(|line| line.run).collect()
    }

    #[test]
    fn no_line_is_missed_or_told_twice_whenever_one_looks() {
        for looks_every in 1..=9 {
            let dir = tempfile::tempdir().unwrap();
            // Two lines fill a file: up to four rotations lie between two looks.
            let log = log(&dir, 700);
            let (before, mut follower) = log.follow(10).unwrap();
            assert_eq!(before, []);
            let mut seen = Vec::new();
            for number in 1..=18 {
                log.append(&line(number)).unwrap();
                if number % looks_every == 0 {
                    seen.extend(numbers(follower.poll().unwrap()));
                }
            }
            seen.extend(numbers(follower.poll().unwrap()));
            assert_eq!(seen, (1..=18).collect::<Vec<_>>(), "a look every {looks_every} lines");
            assert!(log.files.earlier(4).exists(), "the test needs rotations");
            assert_eq!(follower.poll().unwrap(), []);
        }
    }

    #[test]
    fn following_begins_after_the_tail() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(&dir, 1200);
        for number in 1..=8 {
            log.append(&line(number)).unwrap();
        }
        for at_most in 0..=9 {
            let (before, mut follower) = log.follow(at_most).unwrap();
            assert_eq!(before, log.tail(at_most).unwrap());
            assert_eq!(follower.poll().unwrap(), []);
        }
        let (_, mut follower) = log.follow(3).unwrap();
        log.append(&line(9)).unwrap();
        assert_eq!(numbers(follower.poll().unwrap()), [9]);
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(&dir, 10_000);
        log.append(&line(1)).unwrap();
        let (_, mut follower) = log.follow(0).unwrap();
        let text = serde_json::to_string(&line(2)).unwrap();
        let mut file = open_private_append(&log.files.path).unwrap();
        file.write_all(&text.as_bytes()[..40]).unwrap();
        assert_eq!(follower.poll().unwrap(), []);
        file.write_all(&text.as_bytes()[40..]).unwrap();
        assert_eq!(follower.poll().unwrap(), []);
        file.write_all(b"\n").unwrap();
        assert_eq!(numbers(follower.poll().unwrap()), [2]);
    }

    #[test]
    fn a_log_that_is_deleted_is_followed_again_when_it_is_back() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(&dir, 10_000);
        log.append(&line(1)).unwrap();
        let (_, mut follower) = log.follow(0).unwrap();
        std::fs::remove_file(&log.files.path).unwrap();
        assert_eq!(follower.poll().unwrap(), []);
        log.append(&line(2)).unwrap();
        assert_eq!(numbers(follower.poll().unwrap()), [2]);
    }
}
