//! `autosync overlay`: prices and models of the user's own.

use std::io::Read;
use std::path::Path;

use costmap::Unit;
use costmap::people::{self, label};
use engine::overlay::{OverlayEdit, OwnEntry, OwnField, Upstream, json_value, own_entries};
use engine::{Error, ErrorCode, Result};
use serde_json::json;

use super::review::outcome;
use super::with_problems;
use crate::args::OverlayCommand;
use crate::context::{Access, Context};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, safe};

pub(super) async fn run(context: &Context, command: OverlayCommand) -> Result<Answer> {
    match command {
        OverlayCommand::List => list(context).await,
        OverlayCommand::Set { model, fields, file } => {
            let (fields, whole) = match file {
                Some(path) => (read(&path)?, true),
                None => (object(&fields)?, false),
            };
            change(context, OverlayEdit::Set { model, fields, whole }).await
        }
        OverlayCommand::Remove { model, fields } => change(context, OverlayEdit::Remove { model, fields }).await,
        OverlayCommand::Keep { model } => change(context, OverlayEdit::Keep { model }).await,
    }
}

async fn list(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let ledger = context.ledger().await?;
    let (entries, error) = own_entries(&context.home()?, ledger.as_ref()).await?;
    let answer = Answer::new(&context.screen, &json!({ "entries": entries }), || text(&entries))?;
    let answer = match error {
        Some(error) => answer.note(error.message),
        None => answer,
    };
    Ok(with_problems(answer, &chosen.problems))
}

async fn change(context: &Context, edit: OverlayEdit) -> Result<Answer> {
    let chosen = context.settings()?;
    let (model, what) = match &edit {
        OverlayEdit::Set { model, .. } => (model.clone(), "is set to your values"),
        OverlayEdit::Remove { model, .. } => (model.clone(), "follows upstream again"),
        OverlayEdit::Keep { model } => (model.clone(), "keeps your values"),
    };
    let report = match context.access().await? {
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let report = engine.overlay(edit).await;
            engine.shutdown().await;
            report
        }
        Access::Door(door) => door.overlay(edit).await,
    }?;
    let ledger = context.ledger().await?;
    let (entries, error) = own_entries(&context.home()?, ledger.as_ref()).await?;
    let is_pinned = match &ledger {
        Some(ledger) => ledger.pins().await?.all.is_some(),
        None => false,
    };
    let document = json!({ "entries": entries, "runs": report.runs });
    let exit = engine::run::worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code));
    let answer = Answer::new(&context.screen, &document, || {
        let mut out = format!("{} {what}.\n", safe(&model));
        if let Some(entry) = entries.iter().find(|entry| entry.model == model) {
            out.push_str(&fields(entry));
        }
        out.extend(report.runs.iter().map(|run| format!("  {} {}\n", safe(&run.proxy), outcome(run))));
        out.trim_end().to_owned()
    })?;
    let mut answer = answer.exit(exit);
    if is_pinned {
        answer = answer.note("Proxies are pinned, so this counts from `autosync unpin` on.");
    }
    if let Some(error) = error {
        answer = answer.note(error.message);
    }
    Ok(with_problems(answer, &chosen.problems))
}

fn text(entries: &[OwnEntry]) -> String {
    if entries.is_empty() {
        return "You have no entries of your own. `autosync overlay set MODEL FIELD=VALUE` adds one.".to_owned();
    }
    let mut out = String::new();
    for entry in entries {
        let state = match (entry.upstream, entry.moved) {
            (_, _) if entry.problem.is_some() => paint(Tone::Bad, "not used"),
            (Upstream::Absent, _) => paint(Tone::Faint, "only yours"),
            (Upstream::Same, _) => paint(Tone::Warn, "upstream has the same now"),
            (Upstream::Differs, true) => paint(Tone::Warn, "upstream changed since"),
            (Upstream::Differs, false) => paint(Tone::Faint, "yours counts"),
        };
        out.push_str(&format!("{}  {state}\n{}", paint(Tone::Strong, &safe(&entry.model)), fields(entry)));
        if let Some(problem) = &entry.problem {
            out.push_str(&format!("  {}\n", safe(problem)));
        }
    }
    out.trim_end().to_owned()
}

fn fields(entry: &OwnEntry) -> String {
    let one = |OwnField { field, value, upstream }: &OwnField| {
        let upstream = upstream.as_ref().map_or_else(|| "none".to_owned(), |value| amount(field, value));
        format!("  {}: {} (upstream: {upstream})\n", safe(&label(field)), amount(field, value))
    };
    entry.fields.iter().map(one).collect()
}

/// Upstream's values beside the own ones, in a sentence.
pub(super) fn beside(entry: &OwnEntry) -> String {
    if entry.upstream == Upstream::Absent {
        return "Upstream has no such model.".to_owned();
    }
    let one = |OwnField { field, upstream, .. }: &OwnField| {
        let upstream = upstream.as_ref().map_or_else(|| "none".to_owned(), |value| amount(field, value));
        format!("{} {upstream}", safe(&label(field)).to_lowercase())
    };
    let all: Vec<String> = entry.fields.iter().map(one).collect();
    format!("Upstream has: {}.", all.join(", "))
}

/// A price as people read it; anything else as it stands.
fn amount(field: &str, value: &str) -> String {
    let unit = Unit::of_path(field);
    let price = field.contains("cost").then(|| people::price(&value.into())).flatten();
    price.map_or_else(|| safe(value), |price| format!("${} {}", people::amount(price, unit), unit.for_people().1))
}

/// `FIELD=VALUE …` as one JSON object; a path with dots makes objects.
fn object(fields: &[String]) -> Result<String> {
    let mut all = "{}".to_owned();
    for field in fields {
        let usage = || {
            let message = "Give each field as FIELD=VALUE, such as input_cost_per_token=0.0000018 or input_cost_per_token=1.80/1M.";
            Error::new(ErrorCode::Usage, message).field("fields")
        };
        let (path, value) = field.split_once('=').filter(|(path, _)| !path.is_empty()).ok_or_else(usage)?;
        let value = json_value(value)?;
        let nested =
            path.rsplit('.').fold(value, |value, name| format!("{{{}: {value}}}", serde_json::Value::from(name)));
        all = costmap::overlay::with_fields(&all, &nested).ok_or_else(usage)?;
    }
    Ok(all)
}

/// The file's text, or stdin's.
fn read(path: &Path) -> Result<String> {
    let unreadable = |cause: std::io::Error| {
        let message = format!("{} can't be read. Nothing was changed.", path.display());
        Error::new(ErrorCode::Usage, message).field("file").detail(cause)
    };
    if path != Path::new("-") {
        return std::fs::read_to_string(path).map_err(unreadable);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(1 << 20).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}
