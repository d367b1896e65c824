//! The program against the genuine LiteLLM proxy.
#![expect(clippy::unwrap_used, reason = "these are tests; clippy knows only functions with #[test]")]

mod aliases;
mod change;
#[cfg(unix)] // Ctrl-C is a signal there
mod doctor;
mod engine;
mod first_sync;
mod gate;
#[cfg(unix)] // Ctrl-C is a signal there
mod gateway;
mod harness;
#[cfg(unix)] // Ctrl-C is a signal there
mod heal;
mod lies;
#[cfg(unix)] // the private copy of the package has symbolic links in it
mod local_file;
#[cfg(unix)] // Ctrl-C is a signal there
mod mistakes;
#[cfg(unix)] // Ctrl-C is a signal there
mod older;
#[cfg(unix)] // Ctrl-C is a signal there
mod publish;
mod refusals;
mod replicas;
#[cfg(unix)] // its command is a shell's
mod restarts;
#[cfg(unix)] // those who ask it are
mod s3;
mod schedule;
#[cfg(unix)] // Ctrl-C is a signal there
mod stages;
mod status;
#[cfg(unix)] // Ctrl-C is a signal there
mod steps_back;
mod storm;
mod sync;
mod upstream;
mod versions;
#[cfg(unix)] // Ctrl-C is a signal there
mod watch;
mod zero;

use serde_json::Value;
use system_tests::Stage;
use xtask::python::PROXIES;

/// The main version: it knows revisions and alias rows.
const MAIN: &str = PROXIES[2];

/// One that knows revisions, and no alias rows.
const MIDDLE: &str = PROXIES[1];

/// The last of the generation that says yes to a failed fetch, and knows no revisions.
const OLDER: &str = PROXIES[0];

/// The code of what went wrong, whether the command failed or its only run did.
fn code(answer: &Value) -> &str {
    let error = if answer["error"].is_null() { &answer["runs"][0]["error"] } else { &answer["error"] };
    error["code"].as_str().unwrap_or_default()
}

/// What `autosync sync --json` says about the only proxy.
fn only_run(answer: &Value) -> &Value {
    let runs = answer["runs"].as_array().map_or(0, Vec::len);
    assert_eq!(runs, 1, "{answer:#}");
    &answer["runs"][0]
}

/// The live map without what a reload leaves alone or adds by itself, to compare before with after.
fn live(stage: &Stage) -> Value {
    stage.proxy.live_map()
}
