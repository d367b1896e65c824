//! `logs/app.log`, and the same on stderr.

use std::io::{IsTerminal, stderr};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::files::{OpenLog, Rotated};
use crate::home::Home;
use crate::{Error, ErrorCode, Result};

/// What is logged when `AUTOSYNC_LOG` says nothing: what this program does, and what goes wrong in what it stands on.
const DEFAULT_FILTER: &str = "warn,engine=info,autosync=info,costmap=info";

/// Keep it until the program ends: dropping it writes the last lines to the disk.
#[derive(Debug)]
#[must_use = "the last lines are written when the guard is dropped at the end of the program"]
pub struct LogGuard {
    _file: Option<WorkerGuard>,
}

/// Starts logging, once in a process: to `logs/app.log` of `home` as JSON, and to stderr for people.
///
/// A command that only reads passes no home, so that none is created. `filter` is the text of `AUTOSYNC_LOG`
/// (`debug`, `engine=debug,warn`); one that cannot be read is told in the log, and the default is used.
/// Fails with `home_unusable` when the file cannot be opened, and with `internal` the second time.
pub fn init_tracing(home: Option<&Home>, filter: Option<&str>, to_stderr: bool) -> Result<LogGuard> {
    let wanted = filter.map(str::trim).filter(|text| !text.is_empty());
    let (filter, bad) = match wanted.map_or_else(default_filter, read_filter) {
        Ok(filter) => (filter, None),
        Err(cause) => (default_filter().unwrap_or_default(), Some(cause)),
    };
    let (file, guard) = match home {
        None => (None, None),
        Some(home) => {
            let log = OpenLog::open(Rotated::new(home.app_log())).map_err(|cause| {
                Error::new(
                    ErrorCode::HomeUnusable,
                    format!(
                        "The log {} cannot be written. Check the permissions of its folder.",
                        home.app_log().display()
                    ),
                )
                .detail(cause)
            })?;
            let (writer, guard) = NonBlockingBuilder::default().thread_name("app log").finish(log);
            (Some(fmt::layer().json().flatten_event(true).with_writer(writer).boxed()), Some(guard))
        }
    };
    let people = to_stderr.then(|| {
        let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        fmt::layer().compact().with_ansi(colours).with_target(false).with_writer(stderr).boxed()
    });
    tracing_subscriber::registry()
        .with(filter)
        .with(file)
        .with(people)
        .try_init()
        .map_err(|cause| Error::new(ErrorCode::Internal, "Logging was started twice in one process.").detail(cause))?;
    if let Some(cause) = bad {
        ::tracing::warn!("AUTOSYNC_LOG cannot be read ({cause}); the default filter is used");
    }
    Ok(LogGuard { _file: guard })
}

fn default_filter() -> Result<Targets, ParseError> {
    read_filter(DEFAULT_FILTER)
}

/// Levels, for all or for a target. What filters by the contents of spans (`EnvFilter`) brings a machine for regular
/// expressions into both programs.
fn read_filter(text: &str) -> Result<Targets, ParseError> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(",").parse()
}
