//! The remote border: a bare TCP server that answers whatever bytes a test wants, malformed ones too.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the server does with one request.
pub(crate) enum Answer {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and waits for another request on the same connection.
    KeepAlive(Vec<u8>),
    /// Sends the head, then one byte again and again, until the client has enough.
    Drip { head: Vec<u8>, every: Duration },
    /// Holds the connection open and says nothing.
    Silence,
    /// Says nothing, and hangs up when the gate opens.
    Until(CancellationToken),
    /// Sends these bytes when the gate opens, and closes.
    After(CancellationToken, Vec<u8>),
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Which connection it came over, from 0.
    pub(crate) connection: usize,
    /// `GET /path`
    pub(crate) line: String,
    /// The head, header names in lower case.
    pub(crate) head: String,
    /// The body, as long as Content-Length says.
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }
}

pub(crate) struct Border {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    /// Told of every request.
    pub(crate) asked: Arc<Notify>,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for Border {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Border {
    /// Listens on a free port; `answer` gets the request's number, from 0, and the request.
    pub(crate) async fn start(answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answer)
    }

    /// Answers whoever comes to this listener.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (asked, seen, answer) = (Arc::new(Notify::new()), requests.clone(), Arc::new(answer));
        let told = asked.clone();
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (answer, seen, told) = (answer.clone(), seen.clone(), told.clone());
                tokio::spawn(async move { serve(stream, connection, &*answer, &seen, &told).await });
            }
        });
        Self { url, asked, requests, task }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    answer: &(dyn Fn(usize, &Request) -> Answer + Send + Sync),
    seen: &Mutex<Vec<Request>>,
    told: &Notify,
) -> Option<()> {
    loop {
        let request = read_request(&mut stream, connection).await?;
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        told.notify_one();
        match answer(number, &request) {
            Answer::Bytes(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Answer::KeepAlive(bytes) => stream.write_all(&bytes).await.ok()?,
            Answer::Drip { head, every } => {
                stream.write_all(&head).await.ok()?;
                loop {
                    tokio::time::sleep(every).await;
                    stream.write_all(b" ").await.ok()?;
                }
            }
            Answer::After(gate, bytes) => {
                gate.cancelled().await;
                stream.write_all(&bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Answer::Until(gate) => {
                gate.cancelled().await;
                return None;
            }
            Answer::Silence => {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.ok()?;
                return None;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { connection, line, head, body: String::from_utf8_lossy(&bytes[end..]).into_owned() })
}

/// A whole answer with its length.
pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

/// An address where nothing listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
