//! LiteLLM's releases on the package index: their list, and their wheels, a few at a time.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::failure::Doing;
use crate::{Failure, Result, command, python};

/// At once: the package index answers slowly to one, and a wheel has over 40 MB.
const AT_ONCE: usize = 3;

/// The Python whose wheels are taken, so that every machine gets the same ones; "none" is for the older, pure releases.
const FOR: [&str; 8] = [
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux_2_17_x86_64",
    "--platform=any",
    "--python-version=3.12",
    "--implementation=cp",
    "--abi=abi3",
    "--abi=cp312",
    "--abi=none",
];

/// Every final release, newest first, as the index writes them (`1.110.2`, `1.75.5.post2`).
pub(crate) fn listed(python: &Path) -> Result<Vec<String>> {
    // "--verbose" takes back the "--quiet" of every pip here, which would leave the list out.
    let text = command::output(python::pip(python).args(["index", "versions", "--verbose"]).args(FOR).arg("litellm"))?;
    let list = text.lines().find_map(|line| line.strip_prefix("Available versions:"));
    let list = list.ok_or_else(|| Failure::failed(format!("pip did not list LiteLLM's releases; it said:\n{text}")))?;
    Ok(list.split(',').map(|version| version.trim().to_owned()).collect())
}

/// Fetches the wheel of one release into `folder`; none where the index has only its source.
pub(crate) fn wheel(version: &str, folder: &Path, python: &Path) -> Result<Option<PathBuf>> {
    fs::create_dir_all(folder).doing(format_args!("make {}", folder.display()))?;
    let fetched = command::output(
        python::pip(python)
            .args(["download", "--no-deps", "--only-binary", ":all:"])
            .args(FOR)
            .arg("--dest")
            .arg(folder)
            .arg(format!("litellm=={version}")),
    );
    match fetched {
        Err(failure) if is_no_wheel(&failure.message) => return Ok(None),
        other => drop(other?),
    }
    let wheel = fs::read_dir(folder)
        .doing(format_args!("read {}", folder.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure::failed(format!("pip left no wheel in {}", folder.display())))?;
    Ok(Some(wheel))
}

/// Whether pip knows other releases but has no wheel of this one. It says "from versions: none" when the index is away.
fn is_no_wheel(message: &str) -> bool {
    message.contains("No matching distribution found") && !message.contains("(from versions: none)")
}

/// Does `work` for each version, a few at a time. The others go on when one fails; the failure names all that did.
pub(crate) fn each(versions: &[&str], work: impl Fn(&str) -> Result<()> + Sync) -> Result<()> {
    let queue: Mutex<VecDeque<&str>> = Mutex::new(versions.iter().copied().collect());
    let failures = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(version) = next() {
                    if let Err(failure) = work(version) {
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
    let (failed, all, texts) = (failures.len(), versions.len(), failures.join("\n"));
    Err(Failure::failed(format!("{failed} of {all} releases could not be read:\n{texts}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_a_wheel_is_no_index_that_is_away() {
        let missing =
            "ERROR: Could not find a version that satisfies the requirement litellm==1.0.0.post1 (from versions: ";
        let end = ")\nERROR: No matching distribution found for litellm==1.0.0.post1";
        assert!(is_no_wheel(&format!("{missing}1.0.0, 1.0.1{end}")));
        assert!(!is_no_wheel(&format!("{missing}none{end}")));
        assert!(!is_no_wheel("ERROR: Connection broken"));
    }

    #[test]
    fn one_failure_stops_no_other_release() {
        let done = Mutex::new(0);
        let failure = each(&["1.0.0", "1.0.1", "1.0.2", "1.0.3"], |version| {
            *done.lock().unwrap() += 1;
            if version == "1.0.0" { Err(Failure::failed("gone")) } else { Ok(()) }
        });
        assert_eq!(failure.unwrap_err().message, "1 of 4 releases could not be read:\n1.0.0: gone");
        assert_eq!(done.into_inner().unwrap(), 4);
    }
}
