//! What people and programs read: a command makes one [`Answer`], and `print` puts it where it belongs.

pub(crate) mod change;
pub(crate) mod changes;
pub(crate) mod findings;
pub(crate) mod grid;
pub(crate) mod run;
pub(crate) mod tone;
pub(crate) mod when;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use costmap::people::thousands;
use engine::error::bounded;
use engine::{Error, ErrorCode};
use serde::Serialize;
use serde_json::json;

use tone::Tone;

/// Whom the output is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// A program reads it.
    pub(crate) json: bool,
    /// Columns of the terminal; `None` where stdout is a file or a pipe: then nothing is wrapped.
    pub(crate) width: Option<u16>,
    /// The time that "2 h ago" counts from.
    pub(crate) now: DateTime<Utc>,
}

/// What a command has to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// For stdout: the JSON document, or the text.
    pub(crate) body: String,
    /// For people beside it, on stderr: warnings, and what to do next.
    pub(crate) notes: Vec<String>,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Answer {
    /// `document` for programs, `text` for people; exit code 0.
    pub(crate) fn new(
        screen: &Screen,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<Self, Error> {
        let body = if screen.json { to_json(document)? } else { text() };
        Ok(Self { body, notes: Vec::new(), exit: 0 })
    }

    /// With this exit code.
    #[must_use]
    pub(crate) fn exit(self, exit: u8) -> Self {
        Self { exit, ..self }
    }

    /// With a sentence on stderr.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// One JSON document, indented: people read it too.
pub(crate) fn to_json(document: &impl Serialize) -> Result<String, Error> {
    let fault = |cause: &dyn Display| {
        Error::new(ErrorCode::Internal, "The answer could not be turned into JSON. This is a bug in this program.")
            .detail(cause)
    };
    // Growing by doubling would touch a huge page for each size on the way. Room that is not used is never touched.
    let mut text = Vec::with_capacity(ROOM);
    serde_json::to_writer_pretty(&mut text, document).map_err(|cause| fault(&cause))?;
    String::from_utf8(text).map_err(|cause| fault(&cause))
}

/// Most answers are shorter; the diff of a week is 280 kB, of two months 1.4 MB.
const ROOM: usize = 4 << 20;

/// Prints what came of a command, and gives its exit code.
pub(crate) fn print(json: bool, outcome: Result<Answer, Error>) -> u8 {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) if json => Answer { body: error_document(&error), notes: Vec::new(), exit: error.code.exit_code() },
        Err(error) => {
            to_stderr(&error_text(&error));
            return error.code.exit_code();
        }
    };
    let printed = match &answer.body {
        body if body.is_empty() => Ok(()),
        body if json => json_line(body),
        body => line(body),
    };
    for note in &answer.notes {
        to_stderr(&format!("{} {}", tone::paint(Tone::Strong, "note:"), bounded(note, 1000)));
    }
    match printed {
        // Whoever read it has enough (`autosync models | head`): no fault of the command.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => answer.exit,
        Err(error) => {
            to_stderr(&format!("error: The output could not be written: {error}."));
            1
        }
        Ok(()) => answer.exit,
    }
}

/// Writes text and a line break to stdout at once. Colours go only to a terminal, and not where `NO_COLOR` is set.
pub(crate) fn line(text: &str) -> io::Result<()> {
    write_line(anstream::stdout().lock(), text)
}

/// Writes a JSON document and a line break to stdout at once: every character that is data stays.
pub(crate) fn json_line(document: &str) -> io::Result<()> {
    write_line(io::stdout().lock(), &without_controls(document))
}

fn write_line(mut out: impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.trim_end_matches('\n').as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// JSON escapes control characters only up to U+001F; some terminals also obey those from U+007F to U+009F.
fn without_controls(document: &str) -> Cow<'_, str> {
    let steers = |character: char| matches!(character, '\u{7f}'..='\u{9f}');
    // Most documents are plain ASCII, which is known at a glance.
    let is_plain = document.is_ascii() && !document.contains('\u{7f}');
    if is_plain || !document.contains(steers) {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len() + 64);
    for character in document.chars() {
        if steers(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Writes a line to stderr. Where nobody reads that either, nothing is left to be done.
pub(crate) fn to_stderr(text: &str) {
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// `{"error":{…}}` of the contract.
pub(crate) fn error_document(error: &Error) -> String {
    format!("{:#}", json!({ "error": error }))
}

fn error_text(error: &Error) -> String {
    let mut text = format!("{} {}", tone::paint(Tone::Bad, "error:"), bounded(&error.message, 1000));
    if let Some(detail) = &error.detail {
        text.push_str(&tone::paint(Tone::Faint, &format!("\n  {}", bounded(detail, 600))));
    }
    text
}

/// `1 model`, `1,234 models`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(number))
}

/// Text of a map, a proxy or a URL, harmless and at most as long as a name can be in a table.
pub(crate) fn safe(text: &str) -> String {
    bounded(text, 160)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_plural() {
        assert_eq!(
            [count(1, "model"), count(0, "model"), count(1234, "model")],
            ["1 model", "0 models", "1,234 models"]
        );
    }

    /// A screen as a pipe sees it, at noon of a fixed day.
    pub(crate) fn pipe() -> Screen {
        Screen { json: false, width: None, now: "2026-03-04T12:00:00Z".parse().unwrap() }
    }

    /// Text without its colours.
    pub(crate) fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn an_error_for_programs_is_one_object() {
        let error = Error::new(ErrorCode::NotFound, "Nothing.").field("name");
        let document: serde_json::Value = serde_json::from_str(&error_document(&error)).unwrap();
        assert_eq!(document, json!({"error": {"code": "not_found", "message": "Nothing.", "field": "name"}}));
    }

    #[test]
    fn json_keeps_what_is_data_and_steers_no_terminal() {
        let hostile = "caf\u{e9}\u{9b}2J\u{1b}]0;x\u{7}\u{7f}";
        let document = to_json(&hostile).unwrap();
        let shown = without_controls(&document);
        assert!(!shown.contains(char::is_control));
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), hostile);
    }

    #[test]
    fn a_hostile_message_cannot_steer_the_terminal() {
        let error = Error::new(ErrorCode::ProxyFailed, "It said \u{1b}[2J.").detail("\u{1b}]0;owned\u{7}");
        assert!(!plain(&error_text(&error)).chars().any(|c| c.is_control() && c != '\n'));
    }
}
