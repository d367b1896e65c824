//! Real past maps: every LiteLLM release carries one in its wheel. They are fetched into the cache, never kept in git.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::failure::Doing;
use crate::say::say;
use crate::{Failure, Result, cache, command, python, workspace};

/// The two maps that every test run needs besides the history, and the one of the newest release looked at.
pub const ALWAYS: [&str; 3] = ["1.90.7", "1.102.4", "1.109.1"];

/// At once: the package index answers slowly to one, and a wheel has up to 40 MB.
const AT_ONCE: usize = 3;

/// Copies the map out of a wheel, byte for byte, so that the other 40 MB are never unpacked.
const COPY_MAP: &str = "import sys, zipfile; open(sys.argv[2], 'wb').write(zipfile.ZipFile(sys.argv[1])\
    .read('litellm/model_prices_and_context_window_backup.json'))";

/// The releases of `tests/history/releases.txt`: one a line, oldest first; `#` starts a comment; a second word `long`
/// leaves the release to the long test run.
pub fn releases(long: bool) -> Result<Vec<String>> {
    let path = workspace::root().join("tests/history/releases.txt");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).doing(format_args!("read {}", path.display())),
    };
    Ok(parse_releases(&text, long))
}

fn parse_releases(text: &str, long: bool) -> Vec<String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .filter_map(|mut words| Some((words.next()?, words.next())))
        .filter(|(_, mark)| long || *mark != Some("long"))
        .map(|(version, _)| version.to_owned())
        .collect()
}

/// Fetches the maps that are not in the cache yet, a few at a time. An interrupted run goes on where it stopped.
pub fn fetch(versions: &[String]) -> Result<()> {
    let _lock = cache::lock("maps")?;
    let folder = cache::folder()?.join("maps");
    fs::create_dir_all(&folder).doing(format_args!("make {}", folder.display()))?;
    let missing: VecDeque<&String> =
        versions.iter().filter(|version| !folder.join(format!("{version}.json")).is_file()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(format_args!("   fetching {} of {} maps from LiteLLM's releases", missing.len(), versions.len()));
    let python = python::make_tools()?.python();
    let queue = Mutex::new(missing);
    let failures = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(version) = next() {
                    if let Err(failure) = fetch_one(version, &python) {
                        let text = format!("{version}: {failure}");
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} maps could not be fetched:\n{}", failures.len(), failures.join("\n"))))
}

fn fetch_one(version: &str, python: &Path) -> Result<()> {
    let wheels = cache::folder()?.join("maps").join(format!("wheel-{version}"));
    fs::create_dir_all(&wheels).doing(format_args!("make {}", wheels.display()))?;
    // Named platform, so that Windows and macOS get the same file; "none" is for the older, pure releases.
    let platform = ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64", "--platform", "any"];
    let abi =
        ["--python-version", "3.12", "--implementation", "cp", "--abi", "abi3", "--abi", "cp312", "--abi", "none"];
    command::output(
        python::pip(python)
            .args(["download", "--no-deps", "--only-binary", ":all:"])
            .args(platform)
            .args(abi)
            .arg("--dest")
            .arg(&wheels)
            .arg(format!("litellm=={version}")),
    )?;
    let wheel = fs::read_dir(&wheels)
        .doing(format_args!("read {}", wheels.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure::failed("the release has no wheel"))?;
    let (copy, map) = (wheels.join("map.json"), cache::map_file(version)?);
    command::output(Command::new(python).args(["-c", COPY_MAP]).arg(&wheel).arg(&copy))?;
    fs::rename(&copy, &map).doing(format_args!("move a map to {}", map.display()))?;
    fs::remove_dir_all(&wheels).doing(format_args!("remove {}", wheels.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_releases_wait_for_the_long_run() {
        let text = "# oldest first\n1.53.1\n1.55.0 long # quiet week\n\n1.60.0\n";
        assert_eq!(parse_releases(text, false), ["1.53.1", "1.60.0"]);
        assert_eq!(parse_releases(text, true), ["1.53.1", "1.55.0", "1.60.0"]);
    }
}
