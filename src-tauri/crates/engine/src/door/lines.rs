//! Lines of JSON, bounded in length and time, so that neither side can exhaust or hold up the other.

use std::io::{self, ErrorKind};
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long one line may take to be taken by the other side.
const WRITE_WITHIN: Duration = Duration::from_secs(30);

/// Reads a line of at most `limit` bytes, without its end. None when the other side went away before its end.
///
/// # Errors
/// The reader's; `InvalidData` when it is longer.
pub async fn read(reader: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    // One byte more, for the end of the longest line.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() >= limit => Err(ErrorKind::InvalidData.into()),
        _ => Ok(None),
    }
}

/// Writes one object as a line.
///
/// # Errors
/// The writer's; `TimedOut` where the other side does not take it.
pub async fn write(writer: &mut (impl AsyncWrite + Unpin), object: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(object)?;
    line.push(b'\n');
    let written = async {
        writer.write_all(&line).await?;
        writer.flush().await
    };
    tokio::time::timeout(WRITE_WITHIN, written).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_ends_where_it_ends_and_is_never_longer_than_it_may_be() {
        let mut bytes = &b"one\ntwo\n"[..];
        assert_eq!(read(&mut bytes, 3).await.unwrap().unwrap(), b"one");
        assert_eq!(read(&mut bytes, 3).await.unwrap().unwrap(), b"two");
        assert_eq!(read(&mut bytes, 3).await.unwrap(), None);
        assert_eq!(read(&mut &b"cut"[..], 10).await.unwrap(), None);
        assert_eq!(read(&mut &b"long\n"[..], 3).await.unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(
            read(&mut tokio::io::BufReader::new(tokio::io::repeat(b'x')), 1 << 16).await.unwrap_err().kind(),
            ErrorKind::InvalidData
        );
    }
}
