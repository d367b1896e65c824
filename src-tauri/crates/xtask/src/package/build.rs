//! The programs as they are released.

use std::path::{Path, PathBuf};

use crate::workspace::{self, cargo};
use crate::{Failure, Result, command};

/// Where the programs of one target are.
#[derive(Clone, Debug)]
pub(super) struct Built {
    folder: PathBuf,
    suffix: &'static str,
}

impl Built {
    /// The desktop app.
    pub(super) fn app(&self) -> PathBuf {
        self.program("litellm-autosync")
    }

    /// The terminal.
    pub(super) fn autosync(&self) -> PathBuf {
        self.program("autosync")
    }

    /// A file that the build left beside the programs.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{}", self.suffix))
    }
}

/// Both, for this machine.
pub(super) fn here() -> Result<Built> {
    here_with(&[])
}

/// The same, built with these variables.
pub(super) fn here_with(variables: &[(&str, &str)]) -> Result<Built> {
    // As `cargo build --release` does it and the benchmarks measure it: nobody builds for a quarter of an hour twice.
    let programs = ["--package", "litellm-autosync", "--package", "autosync"];
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--locked"]).args(programs).envs(variables.iter().copied());
    command::run(&mut build)?;
    Ok(Built { folder: target()?.join("release"), suffix: "" })
}

/// Both, for Windows on x64.
pub(super) fn windows() -> Result<Built> {
    let target = "x86_64-pc-windows-gnu";
    cross(target, &["--package", "litellm-autosync", "--package", "autosync"], ".exe")
}

/// The terminal for any Linux on x64: with musl inside, it needs nothing of the system.
pub(super) fn musl() -> Result<Built> {
    cross("x86_64-unknown-linux-musl", &["--package", "autosync"], "")
}

fn cross(triple: &str, programs: &[&str], suffix: &'static str) -> Result<Built> {
    let script = workspace::root().join("src-tauri/crates/xtask/cross.sh");
    let mut build = workspace::calling_cargo("bash");
    let cargo_args = ["build", triple, "--release", "--quiet", "--locked"];
    build.env("CROSS_RUSTFLAGS", flags()?);
    command::run(build.arg(script).args(cargo_args).args(programs))?;
    Ok(Built { folder: target()?.join(triple).join("release"), suffix })
}

/// No path of the machine that builds gets into these programs, by way of what a panic says: the same commit gives the
/// same bytes in another folder.
fn flags() -> Result<String> {
    command::output(cargo().args(["fetch", "--quiet", "--locked"]))?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = match home.filter(|home| !home.as_os_str().is_empty()) {
        Some(home) => home,
        None => etcetera::home_dir().map_err(|error| Failure::failed(error.to_string()))?.join(".cargo"),
    };
    let sources = home.join("registry/src");
    let Ok(registries) = std::fs::read_dir(&sources) else { return Ok(String::new()) };
    let mut flags: Vec<String> = registries.filter_map(Result::ok).map(|entry| remap(&entry.path())).collect();
    flags.sort();
    Ok(flags.join(" "))
}

fn remap(folder: &Path) -> String {
    format!("--remap-path-prefix={}=/crates", folder.display())
}

/// The folder of everything that cargo builds.
pub(super) fn target() -> Result<PathBuf> {
    let metadata = command::output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)
        .map_err(|error| Failure::failed(format!("what cargo metadata says cannot be read: {error}")))?;
    Ok(PathBuf::from(metadata["target_directory"].as_str().unwrap_or("target")))
}
