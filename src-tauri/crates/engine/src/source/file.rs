//! A map in a file on this computer.

use std::path::Path;

use costmap::Revision;
use tokio::io::AsyncReadExt;

use super::Source;
use super::fetch::{Fetched, Fetcher, Tag};
use crate::{Error, ErrorCode, Result};

impl Fetcher {
    /// Reads the file each time: 3 MB and their id cost less than 20 ms, and nothing else proves that it is the same.
    pub(super) async fn read_file(&self, source: &Source, path: &Path, known: Option<&Tag>) -> Result<Fetched> {
        let unreadable = |why: String| {
            Error::new(
                ErrorCode::SourceFile,
                format!("The source file {source} cannot be read: {why}. The last map stays in use; check the path and its permissions."),
            )
            .field("source.file")
        };
        let failed = |error: std::io::Error| unreadable(plain(&error));
        // Asked before opening: opening a named pipe would wait for a writer.
        if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
            return Err(unreadable("it is no ordinary file".to_owned()));
        }
        let file = tokio::fs::File::open(path).await.map_err(failed)?;
        let mut bytes = Vec::new();
        // One byte more than allowed, to notice a file that grows while it is read.
        let limit = u64::try_from(self.limits.body).unwrap_or(u64::MAX);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).await.map_err(failed)?;
        if bytes.len() > self.limits.body {
            return Err(super::http::too_large(source, self.limits.body));
        }
        let tag = Tag::Content(Revision::of(&bytes));
        if known == Some(&tag) {
            return Ok(Fetched::NotModified);
        }
        Ok(Fetched::Map {
            bytes,
            validator: Some(tag.to_validator(source)),
            fetched_at: self.clock.now(),
            content_type: None,
        })
    }
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => crate::error::bounded(&error.to_string(), 200),
    }
}
