//! A map in a file on this computer, or on a network mount, which can stop answering without an end.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use costmap::Revision;
use tokio::sync::oneshot;

use super::Source;
use super::fetch::{Fetched, Fetcher, Tag};
use crate::diagnosis::Cause;
use crate::{Error, ErrorCode, Result};

/// The files that are being read. Nothing ends a read that hangs: it keeps its thread until the mount answers, so that a
/// file is read by one thread at a time, and no other waits behind it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Arc<Mutex<HashSet<PathBuf>>>);

/// Why a file has no bytes.
#[derive(Debug)]
enum Unread {
    Failed(io::Error),
    /// Within the time that a read may take.
    Hangs,
    /// One that began earlier did not end yet.
    StillHangs,
}

impl Reads {
    /// Runs `read` on a thread of its own: the program ends although one hangs, and the runtime's threads stay free.
    async fn run(
        &self,
        path: &Path,
        within: Duration,
        read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
    ) -> std::result::Result<Vec<u8>, Unread> {
        let Some(reading) = Reading::begin(self, path) else { return Err(Unread::StillHangs) };
        let (done, bytes) = oneshot::channel();
        let work = move || {
            let read = read();
            // Before the answer: who has it may ask again at once.
            drop(reading);
            done.send(read).ok();
        };
        std::thread::Builder::new().name("source file".to_owned()).spawn(work).map_err(Unread::Failed)?;
        match tokio::time::timeout(within, bytes).await {
            Ok(Ok(read)) => read.map_err(Unread::Failed),
            Ok(Err(_)) => Err(Unread::Failed(io::Error::other("the read ended with a defect"))),
            Err(_) => Err(Unread::Hangs),
        }
    }
}

/// A file is being read for as long as this lives.
struct Reading {
    reads: Reads,
    path: PathBuf,
}

impl Reading {
    fn begin(reads: &Reads, path: &Path) -> Option<Self> {
        let mut open = reads.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(path.to_owned()).then(|| Self { reads: reads.clone(), path: path.to_owned() })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.reads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

impl Fetcher {
    /// Reads the file each time: 3 MB and their id cost less than 20 ms, and nothing else proves that it is the same.
    pub(super) async fn read_file(&self, source: &Source, path: &Path, known: Option<&Tag>) -> Result<Fetched> {
        let unreadable = |why: String| {
            Error::new(
                ErrorCode::SourceFile,
                format!("The source file {source} cannot be read: {why}. The last map stays in use; check the path and its permissions."),
            )
            .because(Cause::SourceFile)
            .field("source.file")
        };
        let hangs = |why: &str| {
            Error::new(
                ErrorCode::SourceFile,
                format!("The source file {source} {why}. The last map stays in use; check the disk or network share it is on."),
            )
            .because(Cause::SourceFile)
            .field("source.file")
        };
        let (limit, file) = (self.limits.body, path.to_owned());
        let read = self.reads.run(path, self.limits.total, move || bounded(&file, limit)).await;
        let bytes = read.map_err(|unread| match unread {
            Unread::Failed(error) => unreadable(plain(&error)),
            Unread::Hangs => hangs(&format!("could not be read within {} s", self.limits.total.as_secs())),
            Unread::StillHangs => hangs("is still being read by an earlier check"),
        })?;
        if bytes.len() > self.limits.body {
            return Err(super::http::too_large(source, self.limits.body));
        }
        let tag = Tag::Content(Revision::of(&bytes));
        if known == Some(&tag) {
            return Ok(Fetched::NotModified);
        }
        Ok(Fetched::Map { bytes, validator: Some(tag.to_validator(source)), fetched_at: self.clock.now() })
    }
}

/// One byte more than allowed, to notice a file that grows while it is read.
fn bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    // Asked before opening: opening a named pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it isn't a regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "the file does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "this user has no permission to read it".to_owned(),
        _ => crate::error::bounded(&error.to_string(), 200),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_read_that_hangs_ends_in_time_and_no_other_one_waits_behind_it() {
        let (reads, path) = (Reads::default(), Path::new("/mnt/share/map.json"));
        let short = Duration::from_millis(50);
        let (mount, answers) = mpsc::channel::<()>();
        let hanging = reads.run(path, short, move || answers.recv().map(|()| Vec::new()).map_err(io::Error::other));
        assert!(matches!(hanging.await, Err(Unread::Hangs)));
        for _ in 0..9 {
            let next = reads.run(path, Duration::from_mins(1), || panic!("a second thread"));
            assert!(matches!(next.await, Err(Unread::StillHangs)));
        }
        let other = reads.run(Path::new("/home/map.json"), Duration::from_mins(1), || Ok(vec![1]));
        assert_eq!(other.await.unwrap(), [1]);
        mount.send(()).unwrap();
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            match reads.run(path, Duration::from_secs(20), || Ok(vec![2])).await {
                Err(Unread::StillHangs) if tokio::time::Instant::now() < until => tokio::task::yield_now().await,
                read => break assert_eq!(read.unwrap(), [2], "the mount is back"),
            }
        }
    }

    #[tokio::test]
    async fn a_read_with_a_defect_keeps_no_later_one_away() {
        let (reads, path) = (Reads::default(), Path::new("map.json"));
        let broken = reads.run(path, Duration::from_secs(20), || panic!("a defect")).await;
        assert!(matches!(broken, Err(Unread::Failed(_))));
        assert_eq!(reads.run(path, Duration::from_secs(20), || Ok(vec![3])).await.unwrap(), [3]);
    }
}
