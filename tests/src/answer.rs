//! What a host can answer when it is asked for the map.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

/// One way to answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 200 with these bytes and their ETag, or 304 to who has them already; gzipped for who asks for that.
    Map(Arc<[u8]>),
    /// A status with a short text.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    TooMany(u32),
    /// The connection ends before any answer.
    Drop,
    /// The whole length is announced, half of the bytes are sent, then the connection ends.
    CutShort(Arc<[u8]>),
    /// The head and then one byte every 50 ms, for as long as anybody listens.
    Drip,
    /// A short gzip body that unpacks to this many MiB of white space.
    GzipBomb(usize),
    /// 302 to another address.
    Redirect(String),
}

impl Answer {
    /// A map, or anything else that comes with 200.
    pub fn map(bytes: &[u8]) -> Self {
        Self::Map(bytes.into())
    }

    /// Sends the answer and ends the connection. `etag` and `gzip` are what the client's request said.
    pub(crate) fn send(&self, stream: &mut TcpStream, etag: Option<&str>, gzip: bool) -> std::io::Result<()> {
        match self {
            Self::Map(bytes) => {
                let own = format!("W/\"{}\"", crate::maps::revision(bytes));
                if etag == Some(&own) {
                    return write!(stream, "HTTP/1.1 304 Not Modified\r\nETag: {own}\r\nConnection: close\r\n\r\n");
                }
                let headers = format!("ETag: {own}\r\nCache-Control: max-age=300\r\n");
                if gzip {
                    return body(stream, 200, &format!("{headers}Content-Encoding: gzip\r\n"), &gzipped(bytes)?);
                }
                body(stream, 200, &headers, bytes)
            }
            Self::Status(status) => body(stream, *status, "", format!("{status}: no map here").as_bytes()),
            Self::TooMany(seconds) => body(stream, 429, &format!("Retry-After: {seconds}\r\n"), b"429: slow down"),
            Self::Drop => stream.shutdown(Shutdown::Both),
            Self::CutShort(bytes) => {
                head(stream, 200, "", bytes.len())?;
                stream.write_all(&bytes[..bytes.len() / 2])
            }
            Self::Drip => {
                head(stream, 200, "", 3_000_000)?;
                loop {
                    stream.write_all(b" ")?;
                    std::thread::sleep(Duration::from_millis(50)); // this slowness is what is being tested
                }
            }
            Self::GzipBomb(mebibytes) => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
                let mebibyte = vec![b' '; 1 << 20];
                for _ in 0..*mebibytes {
                    encoder.write_all(&mebibyte)?;
                }
                body(stream, 200, "Content-Encoding: gzip\r\n", &encoder.finish()?)
            }
            Self::Redirect(to) => body(stream, 302, &format!("Location: {to}\r\n"), b""),
        }
    }
}

fn gzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn head(stream: &mut TcpStream, status: u16, headers: &str, length: usize) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         {headers}Connection: close\r\n\r\n"
    )
}

fn body(stream: &mut TcpStream, status: u16, headers: &str, bytes: &[u8]) -> std::io::Result<()> {
    head(stream, status, headers, bytes.len())?;
    stream.write_all(bytes)
}
