//! What the program and its window say to each other. The window is a process of its own (`shell/window.rs`, `window/`), and its
//! standard input and output are the way between them: private to the two, and gone with either. One JSON object a line.

use api::view::ErrorView;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest line in either direction: the largest list that a page is given fits many times.
pub(crate) const LONGEST: usize = 256 << 20;

/// What the program tells the window.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToWindow {
    /// What a call came to.
    Answer {
        /// The call.
        id: u64,
        /// What the page gets, or why it does not.
        outcome: Result<Box<RawValue>, ErrorView>,
    },
    /// An [`api::AppEvent`] for the page.
    Event(Box<RawValue>),
    /// Comes to the front.
    Show,
}

/// What the window tells the program.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToProgram {
    /// The first: of which release it is.
    Hello {
        /// The same as the program's own, unless an update has taken the program's place since it was started.
        version: String,
    },
    /// The page calls a command of the `api` crate.
    Call {
        /// Its number, which the answer bears.
        id: u64,
        /// The command.
        name: String,
        /// What it is given.
        args: Value,
    },
    /// Something went wrong that is for the log.
    Trouble(String),
    /// The window was closed.
    Closed,
    /// The whole program is to end, not the window alone: Cmd-Q, or the end of the session.
    Quit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_reads_what_the_other_writes() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let failed = ErrorView { code: "usage".into(), message: "No.".into(), detail: None, field: None };
        for said in [
            ToWindow::Answer { id: 7, outcome: Ok(raw(r#"{"price":0.10000000000000000001}"#)) },
            ToWindow::Answer { id: 8, outcome: Err(failed) },
            ToWindow::Event(raw(r#"{"event":"open"}"#)),
            ToWindow::Show,
        ] {
            let line = serde_json::to_vec(&said).unwrap();
            let heard: ToWindow = serde_json::from_slice(&line).unwrap();
            assert_eq!(format!("{heard:?}"), format!("{said:?}"), "digit by digit");
        }
        for said in [
            ToProgram::Hello { version: "1.0.0".into() },
            ToProgram::Call { id: 1, name: "state".into(), args: Value::Null },
            ToProgram::Trouble("none".into()),
            ToProgram::Closed,
            ToProgram::Quit,
        ] {
            let line = serde_json::to_vec(&said).unwrap();
            assert!(!line.contains(&b'\n'));
            let heard: ToProgram = serde_json::from_slice(&line).unwrap();
            assert_eq!(format!("{heard:?}"), format!("{said:?}"));
        }
    }
}
