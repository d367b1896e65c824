//! What is said through the door.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::controller::{Happening, Pause, SyncOrder};
use crate::error::bounded;
use crate::gate::{Ruling, Stage};
use crate::overlay::OverlayEdit;
use crate::pin::PinOrder;
use crate::settings::SettingsEdit;
use crate::{Error, ErrorCode, Result};

/// The version of what is said. Another one is refused: the two programs are of different releases.
pub const VERSION: u32 = 1;

/// What may be asked: the first and only line of who comes in, as `{"version": 1, "request": "resume"}` or
/// `{"version": 1, "request": {"sync": {"proxies": ["local"], "trigger": "manual"}}}`.
///
/// The answer is any number of lines `{"happening": …}` and then one line, `{"done": …}` or `{"error": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Syncs, and tells what its runs do. Done: the report. A connection that is dropped does not cancel it.
    Sync(SyncOrder),
    /// Checks the source. Done: the report.
    CheckSource,
    /// Decides about models that wait for a review (no models: all; no ruling: takes it back). Done: the report.
    Decide {
        /// Which.
        models: Vec<String>,
        /// What was decided.
        ruling: Option<Ruling>,
    },
    /// Holds proxies at a map that was promoted before. Done: the report.
    Pin(PinOrder),
    /// Lets proxies follow the source again. Done: the report.
    Unpin {
        /// Which; none: all.
        proxy: Option<String>,
    },
    /// Lets a map go on to the next stage, or to this one. Done: the report.
    Promote {
        /// Which stage.
        to: Option<Stage>,
        /// Also where a proxy failed with it.
        #[serde(default)]
        force: bool,
    },
    /// Changes the user's own entries. Done: the report.
    Overlay(OverlayEdit),
    /// Publishes what is promoted now. Done: the state of it.
    Publish {
        /// Replace the other machine's map that was told before.
        replace: bool,
    },
    /// Pauses the schedule. Done: the state of the pause.
    Pause(Pause),
    /// Lets the schedule go on. Done: the state of the pause.
    Resume,
    /// Changes the settings. Done: null.
    Edit(Box<SettingsEdit>),
    /// Cancels running syncs: of one proxy, or all. Done: null, at once.
    Cancel {
        /// Whose.
        proxy: Option<String>,
    },
    /// Brings the dashboard up; only the desktop app can. Done: null.
    Show {
        /// Where in it.
        place: Option<String>,
    },
    /// Asks who holds the home. Done: [`Who`].
    Who,
}

/// Who holds the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// What it is.
    pub kind: Kind,
}

/// What holds the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The desktop app.
    App,
    /// `autosync watch`.
    Watch,
}

/// A request with its version.
#[derive(Serialize)]
pub(super) struct Call<'a> {
    pub(super) version: u32,
    pub(super) request: &'a Request,
}

/// One line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Happening(Box<Happening>),
    Done(Value),
    Error(Error),
}

/// The request in a line. The version is looked at first: what follows may be of another release.
pub(super) fn request(line: &[u8]) -> Result<Request> {
    let garbage = |cause: &dyn std::fmt::Display| {
        Error::new(ErrorCode::Usage, "That isn't a LiteLLM Auto-Sync request. Nothing was done.").detail(cause)
    };
    let mut call: Value = serde_json::from_slice(line).map_err(|cause| garbage(&cause))?;
    let version = call.get("version").and_then(Value::as_u64);
    if version != Some(VERSION.into()) {
        let theirs = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(Error::new(
            ErrorCode::Unsupported,
            format!(
                "The program that has the home open is a different release (it speaks version {VERSION}, not {}). Nothing was done. Install the same release of both.",
                bounded(&theirs, 20)
            ),
        ));
    }
    let request = call.get_mut("request").map(Value::take).unwrap_or_default();
    serde_json::from_value(request).map_err(|cause| garbage(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Trigger;

    #[test]
    fn every_request_is_read_as_it_was_asked() {
        let order = SyncOrder { proxies: vec!["local".into()], force: true, dry_run: false, trigger: Trigger::Manual };
        for asked in [
            Request::Sync(order),
            Request::CheckSource,
            Request::Decide { models: vec!["gpt".into()], ruling: Some(Ruling::Rejected) },
            Request::Pin(PinOrder { revision: Some("abcd".into()), proxy: None, rollback: true }),
            Request::Unpin { proxy: Some("eu".into()) },
            Request::Promote { to: Some(Stage::Staging), force: true },
            Request::Overlay(OverlayEdit::Remove { model: "gpt".into(), fields: vec![] }),
            Request::Pause(Pause::Indefinitely),
            Request::Pause(Pause::Until("2026-03-04T12:00:00Z".parse().unwrap())),
            Request::Resume,
            Request::Edit(Box::new(SettingsEdit::SetNetwork { proxy: Some("none".into()), ca_file: None })),
            Request::Cancel { proxy: None },
            Request::Show { place: Some("history".into()) },
            Request::Who,
        ] {
            let line = serde_json::to_vec(&Call { version: VERSION, request: &asked }).unwrap();
            assert_eq!(request(&line).unwrap(), asked);
        }
    }

    #[test]
    fn garbage_and_other_releases_are_told_apart() {
        for (line, code) in [
            ("", ErrorCode::Usage),
            ("GET / HTTP/1.1", ErrorCode::Usage),
            (r#"{"version":1}"#, ErrorCode::Usage),
            (r#"{"version":1,"request":"format_disk"}"#, ErrorCode::Usage),
            (r#"{"version":1,"request":{"edit":{"edit":"set_gate","mood":"off"}}}"#, ErrorCode::Usage),
            (r#"{"version":2,"request":"who"}"#, ErrorCode::Unsupported),
            (r#"{"request":"who"}"#, ErrorCode::Unsupported),
            ("[]", ErrorCode::Unsupported),
        ] {
            assert_eq!(request(line.as_bytes()).unwrap_err().code, code, "{line}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(request(deep.as_bytes()).unwrap_err().code, ErrorCode::Usage);
    }
}
