//! The real program, in a home of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use xtask::workspace;

/// No command of a test takes longer: a fetch gives up after 3 minutes, and a reload may take 75 s.
const WITHIN: Duration = Duration::from_secs(270);

/// The variable that holds the proxy's key in every home that knows one.
pub const KEY_VARIABLE: &str = "PROXY_KEY";

/// A home, and the environment that every command run in it gets. Nothing of the developer's own environment is passed
/// on, other than what a program needs to start.
pub struct Autosync {
    home: Arc<TempDir>,
    env: Vec<(String, String)>,
    /// Another build of the program, where it is not the one that is tested.
    program: Option<PathBuf>,
}

/// A command that ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code; none when it was killed.
    pub code: Option<i32>,
    /// What it printed for programs.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
}

/// A command that may still run. It is killed when this is dropped.
pub struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    read: String,
}

impl Default for Autosync {
    fn default() -> Self {
        Self { home: Arc::new(tempfile::tempdir().unwrap()), env: Vec::new(), program: None }
    }
}

impl Autosync {
    /// A new, empty home that is removed at the end.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable for all commands from now on.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// A new home that knows this source and a proxy named `local`, whose key is in [`KEY_VARIABLE`].
    pub fn knowing(source: &str, proxy: &str, key: &str) -> Self {
        let autosync = Self::new().env(KEY_VARIABLE, key);
        autosync.ok(&["source", "set", source]);
        autosync.ok(&["proxy", "add", "local", proxy, "--key-env", KEY_VARIABLE]);
        autosync
    }

    /// Writes a line like `watch = "2s"` into a table of `settings.toml`, as a person with an editor would.
    pub fn configure(&self, table: &str, line: &str) {
        let file = self.home().join("data/settings.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let head = format!("\n[{table}]\n");
        let text = match text.split_once(&head) {
            Some((before, after)) => format!("{before}{head}{line}\n{after}"),
            None => format!("{text}{head}{line}\n"),
        };
        std::fs::write(&file, text).unwrap();
    }

    /// The same home, under another build of the program.
    #[must_use]
    pub fn other(&self, program: PathBuf) -> Self {
        Self { home: Arc::clone(&self.home), env: self.env.clone(), program: Some(program) }
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Finished {
        self.spawn(args).finish()
    }

    /// Runs a command that has to end with 0, and gives back its stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        let finished = self.run(args);
        assert_eq!(finished.code, Some(0), "autosync {args:?}: {finished:#?}");
        finished.stdout
    }

    /// Runs a command with `--json`: its exit code and its one document. Anything else on stdout is a failure.
    pub fn json(&self, args: &[&str]) -> (i32, Value) {
        let finished = self.run(&[args, &["--json"]].concat());
        let value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("autosync {args:?} printed no JSON document: {error}\n{finished:#?}"));
        (finished.code.unwrap_or(-1), value)
    }

    /// Starts a command.
    pub fn spawn(&self, args: &[&str]) -> Running {
        let mut command = Command::new(self.program.as_deref().unwrap_or_else(|| binary()));
        command.args(args).env_clear();
        for name in ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // HOME too: nothing may be looked up in the developer's own.
        command.env("HOME", self.home()).env("USERPROFILE", self.home()).env("AUTOSYNC_HOME", self.home().join("data"));
        command.env("XDG_RUNTIME_DIR", self.home()).env("NO_COLOR", "1");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Running { child, stdout: lines(stdout), stderr: lines(stderr), read: String::new() }
    }
}

impl Running {
    /// Waits for the end. Panics when that takes too long.
    pub fn finish(mut self) -> Finished {
        let until = Instant::now() + WITHIN;
        let mut stdout = std::mem::take(&mut self.read);
        let mut stderr = String::new();
        // Both streams end when the program does.
        for (stream, text) in [(&self.stdout, &mut stdout), (&self.stderr, &mut stderr)] {
            loop {
                match stream.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Ok(line) => text.push_str(&line),
                    Err(RecvTimeoutError::Disconnected) => break,
                    Err(RecvTimeoutError::Timeout) => panic!("the command did not end within {WITHIN:?}: {text}"),
                }
            }
        }
        Finished { code: self.child.wait().unwrap().code(), stdout, stderr }
    }

    /// Reads stdout up to the first line that contains `wanted`, and gives back all that was read so far. Panics when
    /// the line does not come in time.
    pub fn wait_for_line(&mut self, wanted: &str, within: Duration) -> &str {
        let until = Instant::now() + within;
        loop {
            match self.stdout.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.read.push_str(&line);
                    if line.contains(wanted) {
                        return &self.read;
                    }
                }
                Err(error) => panic!("no line with \"{wanted}\" ({error}) after:\n{}", self.read),
            }
        }
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills it as the system does when it must (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill()); // an error says that it has ended already
        drop(self.child.wait());
    }
}

/// Each line of the stream, its end included; closed when the stream ends.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return; // nobody listens any more
            }
            line.clear();
        }
    });
    receiver
}

/// The program, built from what is there now.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os(workspace::PROGRAM) {
        Some(program) => program.into(),
        None => workspace::build_autosync(false).unwrap_or_else(|failure| panic!("{failure}")),
    })
}
