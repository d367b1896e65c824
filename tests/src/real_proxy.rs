//! The genuine LiteLLM proxy, started from its private Python environment.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use xtask::{python, workspace};

use crate::http::{self, Reply};

/// A start that takes longer is a failure. Seen: 8 to 20 s, more while both cores compile.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// How a proxy is started.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// The LiteLLM release.
    pub version: String,
    /// Where it reads its cost map.
    pub map_url: String,
    /// With a database (its tables in memory), or without.
    pub database: bool,
    /// How often its background jobs look for work.
    pub poll_seconds: u32,
    /// More variables of its environment.
    pub env: Vec<(String, String)>,
    /// More deployments: models as LiteLLM names them, called by the last part of that.
    pub also: Vec<String>,
    /// Where the deployments of [`ProxyOptions::serving`] are called.
    pub upstream: Option<String>,
    /// Deployments there: `NAME=MODEL`, or `NAME=MODEL=PRICE` with a price of the operator's.
    pub serve: Vec<String>,
    /// `general_settings.litellm_key_header_name`.
    pub key_header: Option<String>,
}

/// The master key of every proxy here.
pub const MASTER_KEY: &str = "sk-system-tests-1234";

impl ProxyOptions {
    /// A proxy with a database that looks for work every 2 s.
    pub fn new(version: &str, map_url: &str) -> Self {
        Self {
            version: version.into(),
            map_url: map_url.into(),
            database: true,
            poll_seconds: 2,
            env: Vec::new(),
            also: Vec::new(),
            upstream: None,
            serve: Vec::new(),
            key_header: None,
        }
    }

    /// Takes the database away.
    #[must_use]
    pub fn without_database(mut self) -> Self {
        self.database = false;
        self
    }

    /// Configures one more deployment, of this model of LiteLLM's.
    #[must_use]
    pub fn also(mut self, model: &str) -> Self {
        self.also.push(model.into());
        self
    }

    /// Configures deployments that are called at `upstream`: `NAME=MODEL`, or `NAME=MODEL=PRICE`.
    #[must_use]
    pub fn serving(mut self, upstream: &str, deployments: &[&str]) -> Self {
        self.upstream = Some(upstream.to_owned());
        self.serve = deployments.iter().map(|deployment| (*deployment).to_owned()).collect();
        self
    }

    /// Has it take its key from this header.
    #[must_use]
    pub fn key_header(mut self, name: &str) -> Self {
        self.key_header = Some(name.into());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }
}

/// A running proxy. It ends when this is dropped, and at the latest with this process.
pub struct RealProxy {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Its master key.
    pub key: String,
    /// Its process id.
    pub pid: u64,
    /// Seconds until it answered, as it measured itself.
    pub ready_seconds: f64,
    child: Child,
    commands: Option<ChildStdin>,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl RealProxy {
    /// Starts a proxy and waits until it answers. Panics with the end of its log when it does not.
    pub fn start(options: &ProxyOptions) -> Self {
        let environment = python::proxy(&options.version).unwrap_or_else(|failure| panic!("{failure}"));
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("proxy.log");
        let key = MASTER_KEY.to_owned();
        let mut command = Command::new(environment.python());
        command
            .arg(workspace::root().join("tests/proxy/real_proxy.py"))
            .args(["--map-url", &options.map_url, "--master-key", &key])
            .args(["--poll-seconds", &options.poll_seconds.to_string()])
            .args((!options.database).then_some("--no-db"))
            .args(options.also.iter().flat_map(|model| ["--also", model]))
            .args(options.upstream.iter().flat_map(|url| ["--upstream", url]))
            .args(options.serve.iter().flat_map(|deployment| ["--serve", deployment]))
            .args(options.key_header.iter().flat_map(|name| ["--key-header", name]))
            .current_dir(folder.path())
            .env_remove("LITELLM_LOCAL_MODEL_COST_MAP")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1")
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let (commands, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            drop(BufReader::new(stdout).read_line(&mut line));
            drop(sender.send(line)); // nobody listens any more when the start took too long
        });
        let facts: Option<Value> =
            ready.recv_timeout(READY_WITHIN).ok().and_then(|line| serde_json::from_str(&line).ok());
        let Some(facts) = facts else {
            drop(child.kill());
            drop(child.wait());
            panic!("LiteLLM {} did not start:\n{}", options.version, tail(&log));
        };
        Self {
            url: format!("http://127.0.0.1:{}", facts["port"]),
            key,
            pid: facts["pid"].as_u64().unwrap(),
            ready_seconds: facts["ready_s"].as_f64().unwrap(),
            child,
            commands,
            log,
            _folder: folder,
        }
    }

    /// GET with the master key.
    pub fn get(&self, path: &str) -> Reply {
        self.send(&Method::GET, path)
    }

    /// POST with the master key.
    pub fn post(&self, path: &str) -> Reply {
        self.send(&Method::POST, path)
    }

    /// POST of a JSON text with the master key.
    pub fn post_json(&self, path: &str, body: &str) -> Reply {
        self.request(&Method::POST, path, Some(body))
    }

    /// DELETE with the master key.
    pub fn delete(&self, path: &str) -> Reply {
        self.send(&Method::DELETE, path)
    }

    /// The live map.
    pub fn live_map(&self) -> Value {
        let reply = self.get("/public/litellm_model_cost_map");
        if reply.status == 404 { self.get("/get/litellm_model_cost_map").json() } else { reply.json() }
    }

    /// Makes it believe that its map was loaded an hour earlier, so that an hourly schedule is due.
    pub fn make_older(&mut self) {
        let commands = self.commands.as_mut().unwrap();
        writeln!(commands, "age").and_then(|()| commands.flush()).unwrap();
    }

    /// The end of its log, for the message of a failed test.
    pub fn log(&self) -> String {
        tail(&self.log)
    }

    fn send(&self, method: &Method, path: &str) -> Reply {
        self.request(method, path, None)
    }

    fn request(&self, method: &Method, path: &str, body: Option<&str>) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        http::send(method, &format!("{}{path}", self.url), &[("authorization", &bearer)], body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }
}

impl RealProxy {
    /// Ends its process, as a crash does.
    pub fn kill(&mut self) {
        drop(self.commands.take()); // the end of its stdin ends it, also where `python` is only a launcher
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for RealProxy {
    fn drop(&mut self) {
        self.kill();
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
