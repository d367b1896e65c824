//! Stand-ins for many proxies: each on a port and a thread of its own, with the answers that LiteLLM 1.102.4 gave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use system_tests::maps;
use xtask::workspace;

/// What threads of the stand-ins are called.
const NAME: &str = "stand-in";

/// The recorded answers that are given as they are.
const RECORDED: [&str; 6] =
    ["model-hub-info", "readiness", "status-before", "m-v1-models", "m-v1-model-info", "source"];

/// All of them. Their threads end with the process.
pub(crate) struct Proxies {
    pub(crate) urls: Vec<String>,
    hits: Hits,
}

type Hits = Arc<Mutex<BTreeMap<String, usize>>>;

/// What each path answers.
struct Answers {
    texts: BTreeMap<String, String>,
    map: Vec<u8>,
}

impl Proxies {
    /// So many that hold `map` and read it at `source`.
    pub(crate) fn start(count: usize, map: &[u8], source: &str) -> Self {
        let answers = Arc::new(Answers { texts: recorded(map, source), map: map.to_vec() });
        let hits = Hits::default();
        let start = |_| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let (answers, hits) = (Arc::clone(&answers), Arc::clone(&hits));
            let thread = move || {
                for stream in listener.incoming().filter_map(Result::ok) {
                    drop(serve(stream, &answers, &hits));
                }
            };
            std::thread::Builder::new().name(NAME.to_owned()).spawn(thread).unwrap();
            url
        };
        Self { urls: (0..count).map(start).collect(), hits }
    }

    /// How many requests came since the last [`Proxies::forget`].
    pub(crate) fn requests(&self) -> usize {
        self.kinds().values().sum()
    }

    /// The same by method and path.
    pub(crate) fn kinds(&self) -> BTreeMap<String, usize> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn forget(&self) {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The processor time that this process took so far without its stand-ins, in seconds.
pub(crate) fn processor() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    let stand_ins: f64 = stats.filter(|stat| stat.contains(&format!("({NAME})"))).map(|stat| ticks(&stat)).sum();
    ticks(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default()) - stand_ins
}

/// User and system time of a line of `/proc/…/stat`, which has them in ticks of 10 ms, in seconds.
fn ticks(stat: &str) -> f64 {
    let after = stat.rsplit_once(") ").map(|(_, after)| after).unwrap_or_default();
    let number =
        |place: usize| after.split(' ').nth(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (number(11) + number(12)) / 100.0
}

/// The answers by "METHOD path". The stand-in says that it holds this map and reads it at this source.
fn recorded(map: &[u8], source: &str) -> BTreeMap<String, String> {
    let folder = workspace::root().join("src-tauri/crates/engine/tests/transcripts/1.102.4");
    let mut texts = BTreeMap::new();
    for case in RECORDED {
        let text = std::fs::read_to_string(folder.join(format!("{case}.http"))).unwrap();
        let line = text.lines().find(|line| !line.starts_with('#')).unwrap().rsplit_once(' ').unwrap().0.to_owned();
        let body = text.split_once("\nHTTP/1.1 ").unwrap().1.split_once("\n\n").unwrap().1.trim_end().to_owned();
        texts.insert(line, body);
    }
    let info = texts.get_mut("GET /model/cost_map/source").unwrap();
    let mut says: Value = serde_json::from_str(info).unwrap();
    says["url"] = source.into();
    says["source_revision"] = maps::revision(map).into();
    *info = says.to_string();
    let reload =
        serde_json::json!({ "status": "success", "models_count": 3921, "source_revision": maps::revision(map) });
    texts.insert("POST /reload/model_cost_map".to_owned(), reload.to_string());
    texts.insert("GET /user/daily/activity/aggregated".to_owned(), r#"{"results": [], "metadata": {}}"#.to_owned());
    texts
}

fn serve(mut stream: TcpStream, answers: &Answers, hits: &Hits) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()))?;
    for line in lines.by_ref() {
        if line?.is_empty() {
            break;
        }
    }
    let asked = first.rsplit_once(' ').map_or("", |(asked, _)| asked).split('?').next().unwrap_or_default().to_owned();
    *hits.lock().unwrap_or_else(PoisonError::into_inner).entry(asked.clone()).or_default() += 1;
    let (status, body) = match answers.texts.get(&asked) {
        Some(body) => ("200 OK", body.as_bytes()),
        None if asked == "GET /public/litellm_model_cost_map" => ("200 OK", &answers.map[..]),
        None => ("404 Not Found", &b"{\"detail\":\"Not Found\"}"[..]),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
