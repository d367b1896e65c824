//! Log files that stay small: when one is full it becomes `NAME.1`, the one before it `NAME.2`, and the oldest goes.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::home::{create_private_dir, open_private_append};

/// A full file: about 10,000 runs.
pub(super) const FULL: u64 = 5 * 1024 * 1024;

/// How many full files stay.
pub(super) const KEPT: usize = 5;

/// A log file with its earlier ones.
#[derive(Clone, Debug)]
pub(super) struct Rotated {
    pub(super) path: PathBuf,
    pub(super) full: u64,
}

impl Rotated {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, full: FULL }
    }

    /// An earlier file; 1 is the newest of them, 0 the present one.
    pub(super) fn earlier(&self, number: usize) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    /// The present file, with room for `more` bytes, and how long it is.
    pub(super) fn open(&self, more: u64) -> io::Result<(File, u64)> {
        if let Some(dir) = self.path.parent() {
            create_private_dir(dir)?;
        }
        let file = open_private_append(&self.path)?;
        let length = file.metadata()?.len();
        if length == 0 || length.saturating_add(more) <= self.full {
            return Ok((file, length));
        }
        drop(file);
        for number in (0..KEPT).rev() {
            match fs::rename(self.earlier(number), self.earlier(number + 1)) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause),
                _ => {}
            }
        }
        Ok((open_private_append(&self.path)?, 0))
    }

    /// Adds a line as one write, and returns when it is on the disk. What a crash left of an earlier line is ended
    /// first, so that it cannot spoil this one.
    pub(super) fn append(&self, line: &str) -> io::Result<()> {
        let (mut file, length) = self.open(line.len() as u64 + 2)?;
        let mut bytes = Vec::with_capacity(line.len() + 2);
        if length > 0 && last_byte(&mut file)? != b'\n' {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        file.write_all(&bytes)?;
        file.sync_all()
    }
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

/// Reads a whole file; a missing one is empty.
pub(super) fn read_or_empty(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The present file, kept open: for a log that is written all the time.
#[derive(Debug)]
pub(super) struct OpenLog {
    log: Rotated,
    file: File,
    length: u64,
}

impl OpenLog {
    pub(super) fn open(log: Rotated) -> io::Result<Self> {
        let (file, length) = log.open(0)?;
        Ok(Self { log, file, length })
    }
}

impl Write for OpenLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length > 0 && self.length + bytes.len() as u64 > self.log.full {
            (self.file, self.length) = self.log.open(bytes.len() as u64)?;
        }
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &Rotated) -> Vec<String> {
        (0..=KEPT + 1).map(|number| String::from_utf8(read_or_empty(&log.earlier(number)).unwrap()).unwrap()).collect()
    }

    #[test]
    fn a_full_file_moves_on_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let log = Rotated { path: dir.path().join("logs/a.log"), full: 8 };
        for n in 0..8 {
            log.append(&format!("line{n}")).unwrap();
        }
        let expected = ["line7\n", "line6\n", "line5\n", "line4\n", "line3\n", "line2\n", ""];
        assert_eq!(all(&log), expected);
        log.append("a line that is longer than a whole file").unwrap();
        assert_eq!(all(&log)[..2], ["a line that is longer than a whole file\n", "line7\n"]);
    }

    #[test]
    fn a_line_that_a_crash_cut_off_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let log = Rotated::new(dir.path().join("a.log"));
        fs::write(&log.path, "whole\n{\"cut").unwrap();
        log.append("next").unwrap();
        assert_eq!(fs::read_to_string(&log.path).unwrap(), "whole\n{\"cut\nnext\n");
    }

    #[test]
    fn an_open_log_stays_below_its_cap() {
        let dir = tempfile::tempdir().unwrap();
        let log = Rotated { path: dir.path().join("app.log"), full: 100 };
        let mut open = OpenLog::open(log.clone()).unwrap();
        for n in 0..100 {
            open.write_all(format!("{n:09}\n").as_bytes()).unwrap();
        }
        assert!(all(&log).iter().all(|text| text.len() <= 100));
        assert!(all(&log)[0].ends_with("000000099\n"));
        drop(open);
        let mut again = OpenLog::open(log.clone()).unwrap();
        again.write_all(b"after a new start\n").unwrap();
        assert!(all(&log)[0].ends_with("after a new start\n"));
    }
}
