//! Real past maps: every LiteLLM release carries one in its wheel. They are fetched into the cache, never kept in git.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Doing;
use crate::python::NEWEST_PROXY;
use crate::say::say;
use crate::{Failure, Result, cache, command, python, releases, workspace};

/// The maps that every test run needs besides the history: those that proxies of the tests move between.
pub const ALWAYS: [&str; 5] = ["1.90.7", "1.102.4", "1.109.1", "1.109.3", NEWEST_PROXY];

/// The two maps of the demonstration.
pub const DEMO: [&str; 2] = ["1.109.3", NEWEST_PROXY];

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
    let is_missing = |version: &&str| !folder.join(format!("{version}.json")).is_file();
    let missing: Vec<&str> = versions.iter().map(String::as_str).filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(format_args!("   fetching {} of {} maps from LiteLLM's releases", missing.len(), versions.len()));
    let python = python::make_tools()?.python();
    releases::each(&missing, |version| fetch_one(version, &python))
}

fn fetch_one(version: &str, python: &Path) -> Result<()> {
    let wheels = cache::folder()?.join("maps").join(format!("wheel-{version}"));
    let wheel = releases::wheel(version, &wheels, python)?;
    let wheel = wheel.ok_or_else(|| Failure::failed("the release has no wheel"))?;
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
