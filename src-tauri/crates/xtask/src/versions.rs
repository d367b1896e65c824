//! `cargo xtask versions`: what each LiteLLM release can do and reads, taken from its own source. The answer is one data
//! file, which the checks and the proxy client are built with (`costmap::versions`).

mod merge;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::failure::Doing;
use crate::say::say;
use crate::{Failure, Result, cache, command, python, releases, workspace};
use merge::{Release, Summary, release};

/// The oldest release that is looked at (November 2024); what it reads, every proxy that is still met reads.
const FIRST: Release = (1, 53, 1);

/// Which `read.py` wrote a summary: those of another one are made anew.
const READER: u32 = 1;

/// Reads one wheel and prints its summary.
const READ: &str = include_str!("versions/read.py");

/// What the command writes.
const FILE: &str = "src-tauri/crates/costmap/src/versions.json";

/// Looks at every release that the cache has no summary of, and writes the data file anew. With `check` nothing is
/// written, and a file that would change is a failure.
pub fn versions(check: bool) -> Result<()> {
    let _lock = cache::lock("versions")?;
    let folder = cache::folder()?.join("versions");
    fs::create_dir_all(&folder).doing(format_args!("make {}", folder.display()))?;
    let python = python::make_tools()?.python();
    let all = releases::listed(&python)?;
    let all: Vec<&str> =
        all.iter().map(String::as_str).filter(|name| release(name).is_some_and(|release| release >= FIRST)).collect();
    fetch(&all, &folder, &python)?;

    let mut known: BTreeMap<Release, Summary> = BTreeMap::new();
    let mut count = 0;
    for name in &all {
        if let (Some(release), Some(summary)) = (release(name), summary(&folder, name)) {
            merge::add(&mut known, release, summary);
            count += 1;
        }
    }
    let merged = merge::merge(&known)?;
    for note in &merged.notes {
        say(format_args!("   {note}"));
    }
    let path = workspace::root().join(FILE);
    // A checkout on Windows may have other line ends.
    let before = fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    if before == merged.text {
        say(format_args!("   {FILE} is what {count} releases say"));
        return Ok(());
    }
    let changes = changes(&before, &merged.text);
    if check {
        let message =
            format!("{FILE} is not what LiteLLM's releases say; `cargo xtask versions` writes it:\n{changes}");
        return Err(Failure::failed(message));
    }
    cache::write_whole(&path, merged.text.as_bytes())?;
    say(format_args!("   {FILE} is written, from {count} releases:\n{changes}"));
    Ok(())
}

/// Makes the summaries that are missing. An interrupted run goes on where it stopped.
fn fetch(all: &[&str], folder: &Path, python: &Path) -> Result<()> {
    let missing: Vec<&str> = all.iter().copied().filter(|name| summary(folder, name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(format_args!(
        "   {} of {} releases are not in the cache yet; each is fetched once, up to 45 MB",
        missing.len(),
        all.len()
    ));
    let (done, without) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    releases::each(&missing, |name| {
        if !read(name, folder, python)? {
            without.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(50) {
            say(format_args!("   {done} of {}", missing.len()));
        }
        Ok(())
    })?;
    let mut without = without.into_inner().unwrap_or_else(PoisonError::into_inner);
    without.sort();
    if !without.is_empty() {
        say(format_args!("   passed over, since the index has no wheel of them: {}", without.join(", ")));
    }
    Ok(())
}

/// Fetches one release, reads it, and keeps only the summary; false where it has no wheel.
fn read(name: &str, folder: &Path, python: &Path) -> Result<bool> {
    let wheels = folder.join(format!("wheel-{name}"));
    let wheel = releases::wheel(name, &wheels, python)?;
    if let Some(wheel) = &wheel {
        let mut reader = Command::new(python);
        let text = command::output(reader.args(["-c", READ]).arg(wheel).arg(READER.to_string()))
            .map_err(|failure| Failure::failed(last_line(&failure.message)))?;
        cache::write_whole(&folder.join(format!("{name}.json")), text.as_bytes())?;
    }
    fs::remove_dir_all(&wheels).doing(format_args!("remove {}", wheels.display()))?;
    Ok(wheel.is_some())
}

/// The end of a message that begins with the whole program that was run.
fn last_line(message: &str) -> String {
    message.lines().next_back().unwrap_or_default().to_owned()
}

/// The summary of a release, if this reader has made one.
fn summary(folder: &Path, name: &str) -> Option<Summary> {
    let bytes = fs::read(folder.join(format!("{name}.json"))).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|summary: &Summary| summary.reader == READER)
}

/// The lines that go and come.
fn changes(before: &str, after: &str) -> String {
    let missing_in = |text: &str, line: &&str| !text.lines().any(|other| other == *line);
    let gone = before.lines().filter(|line| missing_in(after, line)).map(|line| format!("   - {}", line.trim()));
    let new = after.lines().filter(|line| missing_in(before, line)).map(|line| format!("   + {}", line.trim()));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_another_reader_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let text = |reader| format!(r#"{{"reader":{reader},"abilities":{{}},"models":1,"fields":[],"names":[]}}"#);
        fs::write(folder.path().join("1.0.0.json"), text(READER)).unwrap();
        fs::write(folder.path().join("1.0.1.json"), text(READER + 1)).unwrap();
        fs::write(folder.path().join("1.0.2.json"), "{").unwrap();
        let found = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"].map(|name| summary(folder.path(), name).is_some());
        assert_eq!(found, [true, false, false, false]);
    }

    #[test]
    fn only_lines_that_differ_are_told() {
        assert_eq!(changes("a\n  b,\nc", "a\n  d,\nc"), "   - b,\n   + d,");
    }
}
