//! A proxy without a database loads its map when it starts: the user's own command restarts it.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};
use tokio_util::sync::CancellationToken;

use super::proxy_run::cancelled;
use crate::error::bounded;
use crate::proxy::ProxyClient;
use crate::{Error, ErrorCode, Result};

/// A command that takes longer has failed.
const COMMAND: Duration = Duration::from_mins(2);

/// A proxy takes 8 to 20 s to start, a loaded machine several times that.
const ANSWERS: Duration = Duration::from_mins(3);

/// Calls that go on are waited for so long: most answers have streamed by then.
const IDLE: Duration = Duration::from_mins(1);

/// The field of the error of a restart that did not come about because of calls.
pub(crate) const IN_FLIGHT: &str = "in_flight";

/// What a command that failed said is there by then, also where something that it started has its stderr.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How often it is asked meanwhile.
const AGAIN: Duration = Duration::from_secs(1);

/// One that tells no time of its load is believed to have restarted after this long.
const SETTLED: Duration = Duration::from_secs(5);

/// Runs the command, and waits until the proxy answers with a map that it loaded since. `before` is when it had loaded the
/// last one, where it tells.
///
/// # Errors
/// `proxy_failed` where the command fails, `proxy_unreachable` where the proxy does not come back.
pub(super) async fn restart(
    words: &[String],
    client: &ProxyClient,
    before: Option<DateTime<Utc>>,
    cancel: &CancellationToken,
) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let failed = |why: String| {
        let message = format!(
            "The restart command {} {why}. The proxy may still be running with its old map.",
            bounded(program, 80)
        );
        Error::new(ErrorCode::ProxyFailed, message).field("restart")
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    // Ctrl-C in the terminal is for this program: a command that is cut off between stop and start leaves nobody.
    #[cfg(unix)]
    command.process_group(0);
    let unrunnable = |cause: io::Error| failed("could not be run".to_owned()).detail(cause);
    let mut child = command.spawn().map_err(unrunnable)?;
    let said = tokio::spawn(end_of(child.stderr.take()));
    let ended = tokio::time::timeout(COMMAND, child.wait()).await;
    let status = ended.map_err(|_| failed("did not end within 2 minutes".to_owned()))?.map_err(unrunnable)?;
    if !status.success() {
        let said = tokio::time::timeout(LAST_WORDS, said).await.ok().and_then(Result::ok).unwrap_or_default();
        return Err(failed(format!("failed ({status})")).detail(said));
    }
    let begun = Instant::now();
    while begun.elapsed() < ANSWERS {
        if let Ok(info) = client.source_info().await {
            match info.and_then(|info| info.loaded_at) {
                Some(loaded) if Some(loaded) != before => return Ok(()),
                None if begun.elapsed() >= SETTLED => return Ok(()),
                _ => {}
            }
        }
        if cancel.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
            let message = "Cancelled after the proxy was restarted. Sync again to find out what it holds.";
            return Err(Error::new(ErrorCode::Cancelled, message));
        }
    }
    let message =
        "The proxy was restarted and does not answer with a newly loaded map. Look at its log, then sync again.";
    Err(Error::new(ErrorCode::ProxyUnreachable, message))
}

/// What a command said on stderr, at most its last 4 KB. It is read for as long as somebody writes there: a proxy that the
/// command left in the background may do so for ever.
async fn end_of(stderr: Option<ChildStderr>) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    let Some(mut stderr) = stderr else { return String::new() };
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(buffer.len()));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Waits until no call goes on, where the proxy says so. A restart would cut off what streams.
///
/// # Errors
/// `held` while calls go on.
pub(super) async fn idle(client: &ProxyClient, cancel: &CancellationToken) -> Result<()> {
    let begun = Instant::now();
    loop {
        let calls = match client.in_flight().await {
            // Also where it does not tell, which says nothing.
            None | Some(0) => return Ok(()),
            Some(calls) => calls,
        };
        if begun.elapsed() >= IDLE {
            let what = if calls == 1 { "1 call is".to_owned() } else { format!("{calls} calls are") };
            let message = format!(
                "{what} still going on through this proxy, and a restart would cut them off, so it was not restarted. This is tried again a few times; `autosync sync --force` restarts it all the same."
            );
            return Err(Error::new(ErrorCode::Held, message).field(IN_FLIGHT));
        }
        if cancel.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
            return Err(cancelled());
        }
    }
}
