//! The real program in a home of its own, with nothing of the developer's environment.
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A folder for one test: `home` below it is the program's, and is not there before the program makes it.
pub(crate) struct Desk {
    dir: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Writes a file and gives its path as text.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autosync"));
        command.args(args).env_clear().env("AUTOSYNC_HOME", self.home()).env("HOME", self.dir.path());
        for name in ["PATH", "SystemRoot", "TEMP", "TMP", "WINEPREFIX"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.timeout(std::time::Duration::from_mins(1));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        done(&mut self.command(args))
    }

    /// Runs with `--json`: the exit code and the one document.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let done = self.run(&[args, &["--json"]].concat());
        let document =
            serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{done:#?}"));
        (done.code.unwrap(), document)
    }
}

pub(crate) fn done(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A valid map of so many models; each costs `price` per input token.
pub(crate) fn map(models: usize, price: &str) -> String {
    let entries: Vec<String> = (0..models)
        .map(|number| {
            format!(
                r#""model-{number}": {{"litellm_provider": "openai", "mode": "chat", "max_tokens": 4096, "max_input_tokens": 128000, "max_output_tokens": 4096, "input_cost_per_token": {price}, "output_cost_per_token": 1e-05}}"#
            )
        })
        .collect();
    format!("{{{}}}", entries.join(",\n"))
}
