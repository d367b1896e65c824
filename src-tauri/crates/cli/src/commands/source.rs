//! `autosync source show|set`: where maps come from.

use engine::settings::{SettingsEdit, Source, SourceChoice};
use engine::sync::{SourceState, last_source};
use engine::{Error, ErrorCode, Result};
use serde_json::json;

use super::with_problems;
use crate::args::SourceCommand;
use crate::context::Context;
use crate::output::findings::verdict_word;
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe, when};

pub(super) async fn run(context: &Context, command: SourceCommand) -> Result<Answer> {
    match command {
        SourceCommand::Show => show(context).await,
        SourceCommand::Set { source, ca_file } => set(context, &source, ca_file.as_deref()).await,
    }
}

async fn show(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let source = chosen.settings.source()?;
    let origin = match (&chosen.file.settings().source, &chosen.settings.source) {
        (SourceChoice::Chosen(_), _) => "settings",
        (_, SourceChoice::Chosen(_)) => "environment",
        _ => "default",
    };
    let url = engine::source::Source::from(source).to_string();
    let known = match context.ledger().await? {
        Some(ledger) => last_source(&ledger, &url).await?,
        None => None,
    };
    let state = known.unwrap_or_else(|| SourceState::unknown(url));
    let document = json!({ "source": state, "chosen_by": origin, "watch": chosen.settings.watch });
    let answer = Answer::new(&context.screen, &document, || text(&context.screen, &state, Some(origin)))?;
    Ok(with_problems(answer, &chosen.problems))
}

async fn set(context: &Context, text: &str, ca_file: Option<&str>) -> Result<Answer> {
    let wanted = match text {
        "default" => SourceChoice::Default,
        text => SourceChoice::Chosen(parsed(text)?),
    };
    let edit = SettingsEdit::set_source(&wanted)?;
    if let Some(file) = ca_file {
        let ca_file = if file == "none" { String::new() } else { whole(file)? };
        let trust = SettingsEdit::SetNetwork { proxy: None, ca_file: Some(ca_file) };
        context.access().await?.change(context, trust).await?;
    }
    context.access().await?.change(context, edit).await?;
    let answer = show(context).await?;
    Ok(answer.note("Nothing has been fetched yet. `autosync sync` checks the source and syncs the proxies."))
}

fn parsed(text: &str) -> Result<Source> {
    let folder = std::env::current_dir().map_err(|cause| {
        Error::new(ErrorCode::SourceFile, "The current folder cannot be found; give the file's full path.")
            .detail(cause)
    })?;
    Source::parse(text, &folder)
}

/// The whole path of this file: who changes the settings may run in another folder.
fn whole(file: &str) -> Result<String> {
    let path = std::path::absolute(file).ok().and_then(|path| path.to_str().map(str::to_owned));
    path.ok_or_else(|| {
        Error::new(ErrorCode::InvalidSetting, "The ca_file has no path that can be used.").field("ca_file")
    })
}

/// What is known of the source, in lines.
pub(super) fn text(screen: &Screen, state: &SourceState, origin: Option<&str>) -> String {
    let origin = origin.map(|origin| paint(Tone::Faint, &format!("  ({origin})"))).unwrap_or_default();
    let mut out = format!("{}{origin}\n", safe(&state.url));
    match (state.revision, state.checked_at) {
        (Some(revision), Some(checked_at)) => {
            let verdict = state.verdict.map(|verdict| {
                let (word, tone) = verdict_word(verdict);
                paint(tone, word)
            });
            out.push_str(&format!(
                "revision {revision}, {}, {}\n",
                count(state.models.unwrap_or_default(), "model"),
                verdict.unwrap_or_default()
            ));
            out.push_str(&paint(Tone::Faint, &format!("checked {}", when::both(checked_at, screen.now))));
            out.push('\n');
        }
        _ => out.push_str("Not checked yet. `autosync sync` checks it.\n"),
    }
    if let Some(why) = &state.held_because {
        out.push_str(&format!("{} {}\n", paint(Tone::Warn, "Held back:"), safe(why)));
    }
    if let Some(error) = &state.error {
        out.push_str(&format!("{} {}\n", paint(Tone::Bad, "The last check failed:"), safe(&error.message)));
    }
    out
}
