//! Replays what the real proxy answered: `tests/transcripts/VERSION/CASE.http` holds one request and its answer, as
//! recorded from LiteLLM itself (long maps cut to a few entries, null fields left out).

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use engine::net::NetworkEnv;
use engine::proxy::{ProxyClient, ProxyLimits};
use secrecy::SecretString;

use crate::border::{Answer, Border, Request, answer};

/// The master key of the recorded proxies.
pub(crate) const MASTER: &str = "sk-master-1234";

/// One recorded exchange.
pub(crate) struct Recorded {
    pub(crate) line: String,
    key: Option<String>,
    pub(crate) status: String,
    pub(crate) body: String,
}

impl Recorded {
    pub(crate) fn read(version: &str, case: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(version);
        let text = std::fs::read_to_string(folder.join(format!("{case}.http")))
            .unwrap_or_else(|error| panic!("{version}/{case}: {error}"));
        let (request, reply) = text.split_once("\nHTTP/1.1 ").unwrap();
        let mut head = request.lines().filter(|line| !line.starts_with('#'));
        let line = head.next().unwrap().rsplit_once(' ').unwrap().0.to_owned();
        let key = head.find_map(|line| line.strip_prefix("Authorization: Bearer ")).map(str::to_owned);
        let (head, body) = reply.split_once("\n\n").unwrap();
        let status = head.lines().next().unwrap().to_owned();
        Self { line, key, status, body: body.trim_end().to_owned() }
    }
}

/// A request line and the key that came with it.
type Asked = (String, Option<String>);

/// A proxy that answers as recorded.
pub(crate) struct Replay {
    pub(crate) border: Border,
    unknown: Arc<Mutex<Vec<String>>>,
}

impl Replay {
    /// Answers the recorded requests; one that was recorded several times is answered in that order, and then as the last
    /// time. The key must be the recorded one. Any other request is noted, and fails the test at the end.
    pub(crate) async fn of(version: &str, cases: &[&str]) -> Self {
        Self::start(cases.iter().map(|case| Recorded::read(version, case)).collect()).await
    }

    pub(crate) async fn start(recorded: Vec<Recorded>) -> Self {
        let mut answers: HashMap<Asked, Vec<(String, String)>> = HashMap::new();
        for Recorded { line, key, status, body } in recorded {
            answers.entry((line, key)).or_default().push((status, body));
        }
        let (unknown, served) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(HashMap::<_, usize>::new()));
        let noted = unknown.clone();
        let border = Border::start(move |_, request: &Request| {
            let key =
                request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
            let asked = (request.line.clone(), key);
            let Some(known) = answers.get(&asked) else {
                noted.lock().unwrap().push(format!("{asked:?}"));
                return answer("418 Not Recorded", "", "");
            };
            let mut served = served.lock().unwrap();
            let times = served.entry(asked).or_default();
            let (status, body) = &known[(*times).min(known.len() - 1)];
            *times += 1;
            reply(status, body)
        })
        .await;
        Self { border, unknown }
    }

    /// A client with this key, "" for none.
    pub(crate) fn client(&self, key: &str) -> ProxyClient {
        client(&self.border.url, key)
    }

    /// The requests so far, and whether each carried a key.
    pub(crate) fn asked(&self) -> Vec<(String, bool)> {
        let requests = self.border.requests();
        requests.into_iter().map(|request| (request.line.clone(), request.header("authorization").is_some())).collect()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let unknown = self.unknown.lock().unwrap();
        if !std::thread::panicking() {
            assert!(unknown.is_empty(), "not recorded: {unknown:?}");
        }
    }
}

/// The ordinary key of that version's recording.
pub(crate) fn user_key(version: &str) -> String {
    let path = format!("{}/tests/transcripts/{version}/user-key-GET-v1-models.http", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap().to_owned()
}

/// A recorded answer, by hand.
pub(crate) fn by_hand(line: &str, key: &str, status: &str, body: &str) -> Recorded {
    let key = Some(key.to_owned()).filter(|key| !key.is_empty());
    Recorded { line: line.to_owned(), key, status: status.to_owned(), body: body.to_owned() }
}

pub(crate) fn reply(status: &str, body: &str) -> Answer {
    answer(status, "content-type: application/json\r\n", body)
}

pub(crate) fn client(url: &str, key: &str) -> ProxyClient {
    client_with(url, key, ProxyLimits::default())
}

pub(crate) fn client_with(url: &str, key: &str, limits: ProxyLimits) -> ProxyClient {
    let key = Some(SecretString::from(key)).filter(|_| !key.is_empty());
    ProxyClient::with(&url.parse().unwrap(), key, limits, &NetworkEnv::Direct).unwrap()
}
