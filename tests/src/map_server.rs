//! A stand-in for the host that has the cost map, on loopback. It can fail in every way that a real one does.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Answer;

/// Who asks: a proxy fetches for itself, and may meet another answer than our program did a moment before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// LiteLLM: `litellm/1.102.4`, or `python-httpx/…` before it named itself.
    Proxy,
    /// Our program.
    Autosync,
}

/// One request that came in.
#[derive(Clone, Debug)]
pub struct Hit {
    /// When.
    pub at: Instant,
    /// Who asked.
    pub client: Client,
    /// The path with its query.
    pub path: String,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

impl Hit {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The server. It ends when it is dropped.
pub struct MapServer {
    address: SocketAddr,
    state: Arc<Shared>,
}

/// The state, and a bell that rings with each request.
type Shared = (Mutex<State>, Condvar);

struct State {
    for_proxies: Answer,
    for_autosync: Answer,
    hits: Vec<Hit>,
    over: bool,
}

impl MapServer {
    /// Serves `map` at [`MapServer::url`] from now on.
    pub fn start(map: &[u8]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Answer::map(map);
        let state = State { for_proxies: answer.clone(), for_autosync: answer, hits: Vec::new(), over: false };
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let state = Arc::clone(&shared);
                if locked(&state.0).over {
                    return;
                }
                // A client that went away in the middle is part of many tests, and no fault of the server.
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self { address, state }
    }

    /// The address of the map.
    pub fn url(&self) -> String {
        format!("http://{}/model_prices_and_context_window.json", self.address)
    }

    /// From now on everybody gets this map.
    pub fn serve(&self, map: &[u8]) {
        self.answer(Answer::map(map));
    }

    /// From now on everybody gets this answer.
    pub fn answer(&self, answer: Answer) {
        let mut state = locked(&self.state.0);
        state.for_proxies = answer.clone();
        state.for_autosync = answer;
    }

    /// From now on this kind of client gets this answer; the other kind what it got before.
    pub fn answer_only(&self, client: Client, answer: Answer) {
        let mut state = locked(&self.state.0);
        match client {
            Client::Proxy => state.for_proxies = answer,
            Client::Autosync => state.for_autosync = answer,
        }
    }

    /// Every request since the start or the last [`MapServer::forget_hits`].
    pub fn hits(&self) -> Vec<Hit> {
        locked(&self.state.0).hits.clone()
    }

    /// The requests of one kind of client.
    pub fn hits_of(&self, client: Client) -> Vec<Hit> {
        self.hits().into_iter().filter(|hit| hit.client == client).collect()
    }

    /// Waits until so many requests have come in. Panics after 30 s.
    pub fn wait_for_hits(&self, count: usize) {
        let state = locked(&self.state.0);
        let waited = self.state.1.wait_timeout_while(state, Duration::from_secs(30), |state| state.hits.len() < count);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{} of {count} requests came", state.hits.len());
    }

    /// Starts the list of requests anew.
    pub fn forget_hits(&self) {
        locked(&self.state.0).hits.clear();
    }
}

impl Drop for MapServer {
    fn drop(&mut self) {
        locked(&self.state.0).over = true;
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1))); // wakes the accepting thread
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let hit = read_request(&stream)?;
    let answer = {
        let mut state = locked(&shared.0);
        state.hits.push(hit.clone());
        shared.1.notify_all();
        match hit.client {
            Client::Proxy => state.for_proxies.clone(),
            Client::Autosync => state.for_autosync.clone(),
        }
    };
    let gzip = hit.header("accept-encoding").is_some_and(|codings| codings.contains("gzip"));
    answer.send(&mut stream, hit.header("if-none-match"), gzip)
}

fn read_request(stream: &TcpStream) -> std::io::Result<Hit> {
    let mut lines = BufReader::new(stream).lines();
    let mut line = || lines.next().unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()));
    let path = line()?.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let agent = headers.iter().find(|(name, _)| name == "user-agent").map_or("", |(_, value)| value);
    let is_proxy = agent.starts_with("litellm/") || agent.starts_with("python"); // ours is litellm-autosync/…
    Ok(Hit { at: Instant::now(), client: if is_proxy { Client::Proxy } else { Client::Autosync }, path, headers })
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    const MAP: &[u8] = br#"{"gpt-4o": {"mode": "chat"}}"#;

    #[test]
    fn a_map_comes_whole_and_once_per_revision() {
        let server = MapServer::start(MAP);
        let first = http::get(&server.url(), &[]).unwrap();
        assert_eq!((first.status, &*first.body), (200, MAP));
        let etag = first.headers.iter().find(|(name, _)| name == "etag").unwrap().1.clone();
        assert_eq!(http::get(&server.url(), &[("if-none-match", &etag)]).unwrap().status, 304);
        server.serve(b"{}");
        assert_eq!(http::get(&server.url(), &[("if-none-match", &etag)]).unwrap().body, b"{}");
        assert_eq!(server.hits_of(Client::Autosync).len(), 3);
    }

    #[test]
    fn proxies_and_our_program_can_meet_different_answers() {
        let server = MapServer::start(MAP);
        server.answer_only(Client::Proxy, Answer::Status(500));
        assert_eq!(http::get(&server.url(), &[]).unwrap().status, 200);
        assert_eq!(http::get(&server.url(), &[("user-agent", "python-httpx/0.28")]).unwrap().status, 500);
    }

    #[test]
    fn broken_connections_break() {
        let server = MapServer::start(MAP);
        for answer in [Answer::Drop, Answer::CutShort(MAP.into())] {
            server.answer(answer.clone());
            assert!(http::get(&server.url(), &[]).is_err(), "{answer:?}");
        }
    }
}
