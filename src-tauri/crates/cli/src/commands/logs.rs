//! `autosync logs [--follow]`: the sync log, `logs/sync.jsonl`.

use std::io;
use std::time::Duration;

use engine::log::{LogStatus, SyncLog, SyncLogLine};
use engine::signals::Signals;
use engine::{Error, ErrorCode, Result};
use serde_json::json;

use crate::args::LogsArgs;
use crate::context::Context;
use crate::output::run::trigger_word;
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, count, json_line, line, safe, when};

/// Lines shown before the new ones.
const TAIL: usize = 200;

/// How often the file is looked at: a person sees a new line at once, and it costs nothing.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(super) async fn run(context: &Context, args: &LogsArgs) -> Result<Answer> {
    let log = SyncLog::new(&context.home()?);
    if args.follow {
        return follow(context, &log).await;
    }
    let lines = log.tail(TAIL)?;
    let document = json!({ "lines": lines });
    Answer::new(&context.screen, &document, || {
        if lines.is_empty() {
            return "The sync log is empty. `autosync sync` writes the first line.".to_owned();
        }
        lines.iter().map(text).collect::<Vec<_>>().join("\n")
    })
}

async fn follow(context: &Context, log: &SyncLog) -> Result<Answer> {
    let mut signals = Signals::listen()?;
    let (mut lines, mut follower) = log.follow(TAIL)?;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        for entry in lines {
            let printed = if context.screen.json { json_line(&one_line(&entry)?) } else { line(&text(&entry)) };
            match printed {
                Ok(()) => {}
                Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => return Ok(Answer::default()),
                Err(cause) => {
                    let message = "The output could not be written.";
                    return Err(Error::new(ErrorCode::Internal, message).detail(cause));
                }
            }
        }
        tokio::select! {
            _ = look.tick() => {}
            () = signals.next() => return Ok(Answer::default()),
        }
        lines = follower.poll()?;
    }
}

fn one_line(entry: &SyncLogLine) -> Result<String> {
    serde_json::to_string(entry)
        .map_err(|cause| Error::new(ErrorCode::Internal, "A log line could not be shown.").detail(cause))
}

fn text(entry: &SyncLogLine) -> String {
    let (word, tone) = match entry.status {
        LogStatus::Success => ("success", Tone::Strong),
        LogStatus::Unchanged => ("unchanged", Tone::Plain),
        LogStatus::Held => ("held", Tone::Warn),
        LogStatus::Failed => ("failed", Tone::Bad),
        LogStatus::Unproven => ("unproven", Tone::Warn),
        LogStatus::Interrupted => ("interrupted", Tone::Warn),
    };
    let mut parts = vec![
        paint(Tone::Faint, &when::exact(entry.timestamp)),
        safe(&entry.proxy),
        paint(tone, word),
        paint(Tone::Faint, trigger_word(entry.trigger)),
    ];
    if let Some(to) = entry.to {
        parts.push(to.short());
    }
    if entry.status == LogStatus::Success {
        let changed = [
            count(entry.models_updated, "model"),
            count(entry.new_models.len(), "new"),
            count(entry.pricing_changes, "price change"),
        ];
        parts.push(format!("{} updated, {}, {}", changed[0], changed[1].trim_end_matches('s'), changed[2]));
    }
    parts.extend(entry.error.as_ref().map(|error| engine::error::bounded(&error.message, 600)));
    parts.push(paint(Tone::Faint, &format!("run {}", entry.run)));
    parts.join("  ")
}
