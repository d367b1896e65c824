//! `cargo xtask newest`: what LiteLLM's newest release brings that this program does not know yet: in its source, in its
//! map, in its proxy's answers. It depends on the day, so it is no part of the ordinary test run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Doing;
use crate::phases::Phases;
use crate::say::say;
use crate::workspace::cargo;
use crate::{Failure, Result, cache, command, maps, python, releases};

/// Reads one wheel and prints what is in its source.
const READ: &str = include_str!("newest/read.py");

/// What a release has, by kind.
type Source = BTreeMap<String, BTreeSet<String>>;

/// Compares the newest release with `since`, or with the newest that the tests know. Fails where its map would be held or
/// its proxy cannot be proved to hold it.
pub fn newest(since: Option<&str>) -> Result<()> {
    let since = since.unwrap_or(python::NEWEST_PROXY);
    let tools = python::make_tools()?.python();
    let newest = releases::listed(&tools)?.into_iter().next();
    let newest = newest.ok_or_else(|| Failure::failed("the package index lists no release of LiteLLM"))?;
    if newest == since {
        say(format_args!("   LiteLLM {newest} is the newest release, and the tests know it"));
        return Ok(());
    }
    say(format_args!("   the newest release is LiteLLM {newest}; it is compared with {since}"));
    let mut phases = Phases::default();
    phases.run("what is new in its source", || source(since, &newest, &tools))?;
    phases.run("the two maps", || maps::fetch(&[since.to_owned(), newest.clone()]))?;
    phases.run("the two proxies", || {
        python::make_proxy(since)?;
        python::make_proxy(&newest).map(drop)
    })?;
    phases.run("its map and its proxy", || {
        let bins = ["build", "--package", "autosync", "--package", "system-tests", "--bins"];
        command::run(cargo().args(bins))?;
        let run = ["run", "--quiet", "--package", "system-tests", "--bin", "newest", "--", since, &newest];
        command::run(cargo().args(run))
    })
}

fn source(since: &str, newest: &str, python: &Path) -> Result<()> {
    let (before, now) = (read(since, python)?, read(newest, python)?);
    let lines = differences(&before, &now);
    if lines.is_empty() {
        say("   nothing that this program asks or reads");
    }
    for line in lines {
        say(format_args!("   {line}"));
    }
    Ok(())
}

/// What one has and the other has not, one line a kind.
fn differences(before: &Source, now: &Source) -> Vec<String> {
    let none = BTreeSet::new();
    let mut lines = Vec::new();
    for (kind, values) in now {
        let earlier = before.get(kind).unwrap_or(&none);
        for (how, some, others) in [("new", values, earlier), ("gone", earlier, values)] {
            let found: Vec<&str> = some.difference(others).map(String::as_str).collect();
            if !found.is_empty() {
                lines.push(format!("{how} {kind}: {}", found.join(", ")));
            }
        }
    }
    lines
}

/// Fetches a release's wheel, reads it, and keeps nothing of it.
fn read(version: &str, python: &Path) -> Result<Source> {
    let folder = cache::folder()?.join(format!("newest-{version}"));
    let wheel = releases::wheel(version, &folder, python)?;
    let wheel = wheel.ok_or_else(|| Failure::failed(format!("the index has no wheel of LiteLLM {version}")))?;
    let text = command::output(Command::new(python).args(["-c", READ]).arg(&wheel))?;
    fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::failed(format!("the wheel's reader printed no summary: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_what_went_is_told_by_kind() {
        let source = |fields: &[&str]| -> Source {
            [("fields".to_owned(), fields.iter().map(|&field| field.to_owned()).collect())].into()
        };
        assert_eq!(differences(&source(&["a", "b"]), &source(&["b", "c"])), ["new fields: c", "gone fields: a"]);
        assert_eq!(differences(&source(&["a"]), &source(&["a"])), [""; 0]);
    }
}
