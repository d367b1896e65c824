//! A map that was named on the command line: a file, a URL, a revision of the history, or `-` for stdin.

use std::fs::File;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread::Scope;

use costmap::{CostMap, Unread};
use engine::error::bounded;
use engine::source::{FetchLimits, Fetched, Fetcher, Source};
use engine::{Error, ErrorCode, Result};
use tokio_util::sync::CancellationToken;

use crate::context::Context;

/// The bytes of the map that `text` names. What is a file is read as one, whatever its name looks like.
///
/// # Errors
/// `source_file`, `source_unreachable` and its kin where it cannot be read (exit 4); `not_found` for a revision that is
/// not kept here.
pub(crate) fn bytes(context: &Context, text: &str) -> Result<Vec<u8>> {
    if text == "-" {
        return read(io::stdin().lock(), 0, "stdin");
    }
    if text.contains("://") {
        return block_on(fetch(context, text))?;
    }
    if !Path::new(text).exists() && looks_like_a_revision(text) {
        return block_on(from_ledger(context, text))?;
    }
    let file = File::open(text).map_err(|cause| unreadable(text, &cause))?;
    // Only a hint: the limit holds for what is really read.
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    read(file, length, text)
}

/// [`bytes`], and the revision of them, while another map is read and parsed: from now on where `text` names a plain file,
/// else when the result is asked for (stdin and the network may take their time to say something).
pub(crate) fn ahead<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    context: &'env Context,
    text: &'env str,
) -> Box<dyn FnOnce() -> Result<Unread> + 'scope> {
    let read = move || bytes(context, text).map(Unread::with_revision);
    if !Path::new(text).is_file() {
        return Box::new(read);
    }
    let reading = scope.spawn(read);
    Box::new(|| reading.join().unwrap_or_else(|panic| resume_unwind(panic)))
}

/// The map in those bytes.
///
/// # Errors
/// `held` where they are no map: nothing can be compared with them.
pub(crate) fn parsed(bytes: impl Into<Unread>, text: &str, known: Option<&CostMap>) -> Result<CostMap> {
    let map = match known {
        Some(known) => CostMap::parse_against(bytes, known),
        None => CostMap::parse(bytes),
    };
    map.map_err(|fault| {
        let name = bounded(text, 200);
        Error::new(
            ErrorCode::Held,
            format!("{name} isn't a valid cost map, so nothing was compared. `autosync check` shows why."),
        )
        .detail(fault)
    })
}

fn looks_like_a_revision(text: &str) -> bool {
    (4..=40).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn read(from: impl Read, expected: u64, name: &str) -> Result<Vec<u8>> {
    let limit = FetchLimits::default().body;
    let expected = usize::try_from(expected).unwrap_or(limit).min(limit);
    let mut bytes = Vec::with_capacity(expected + 1);
    // One byte more than the limit tells a file of just that length from a longer one.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most).read_to_end(&mut bytes).map_err(|cause| unreadable(name, &cause))?;
    if bytes.len() > limit {
        let name = bounded(name, 200);
        let message =
            format!("{name} is larger than {} MiB, too large for a cost map. It was not read further.", limit >> 20);
        return Err(Error::new(ErrorCode::SourceTooLarge, message));
    }
    Ok(bytes)
}

fn unreadable(name: &str, cause: &io::Error) -> Error {
    let name = bounded(name, 200);
    let message = match cause.kind() {
        io::ErrorKind::NotFound => {
            format!("There is no file {name}. A map can be a file, an http(s) URL, or a revision from the history.")
        }
        _ => format!("{name} cannot be read. Check that it is a file, and its permissions."),
    };
    Error::new(ErrorCode::SourceFile, message).detail(cause)
}

async fn fetch(context: &Context, text: &str) -> Result<Vec<u8>> {
    let source: Source = text.parse()?;
    let network = context.settings()?.settings.network;
    match Fetcher::for_network(&network)?.fetch(&source, None, &CancellationToken::new()).await? {
        Fetched::Map { bytes, .. } => Ok(bytes),
        Fetched::NotModified => {
            let message =
                format!("{source} answers \"not modified\" to a first request, so it cannot be used as a source.");
            Err(Error::new(ErrorCode::SourceStatus, message))
        }
    }
}

async fn from_ledger(context: &Context, text: &str) -> Result<Vec<u8>> {
    let nothing = || {
        let message = format!(
            "{text} is neither a stored revision nor an existing file. `autosync history` lists the revisions."
        );
        Error::new(ErrorCode::NotFound, message)
    };
    let ledger = context.ledger().await?.ok_or_else(nothing)?;
    let revision = ledger.find_revision(text).await?;
    ledger.map(&revision).await?.ok_or_else(nothing)
}

/// Files need no runtime, and `check` of one is to be quick; so it is made only here.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map(|runtime| runtime.block_on(work))
        .map_err(|cause| Error::new(ErrorCode::Internal, "The program could not start.").detail(cause))
}
