//! `autosync sync`: one run for each proxy, with what changed and the proof.

use engine::controller::{SyncOrder, SyncReport};
use engine::door::DoorClient;
use engine::error::bounded;
use engine::home::HomeLock;
use engine::ledger::Ledger;
use engine::run::{Outcome, Trigger, worst_exit_code};
use engine::signals::Signals;
use engine::{Error, ErrorCode, Result};
use serde_json::json;
use tokio::sync::broadcast;

use super::show::map_of;
use super::with_problems;
use crate::args::SyncArgs;
use crate::context::{Access, Context};
use crate::output::findings::verdict_word;
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, findings, run as shown, safe};
use crate::progress::Progress;

/// How many happenings the progress lines may lag behind.
const HAPPENINGS: usize = 1024;

pub(super) async fn run(context: &Context, args: SyncArgs) -> Result<Answer> {
    let problems = context.settings()?.problems;
    let mut signals = Signals::listen()?;
    let access = tokio::select! {
        access = context.access() => access?,
        () = signals.next() => {
            return Err(Error::new(ErrorCode::Cancelled, "Another process has the home open, and waiting for it was cancelled. Nothing was changed."));
        }
    };
    let order = SyncOrder { proxies: args.proxy, force: args.force, dry_run: args.dry_run, trigger: Trigger::Manual };
    let answer = match access {
        Access::Here(lock) => here(context, &mut signals, lock, order).await,
        Access::Door(door) => there(context, &mut signals, &door, order).await,
    };
    Ok(with_problems(answer?, &problems))
}

/// Syncs in this process.
async fn here(context: &Context, signals: &mut Signals, lock: HomeLock, order: SyncOrder) -> Result<Answer> {
    let engine = context.engine(lock, false).await?;
    let progress = Progress::show(engine.happenings());
    let report = {
        let sync = engine.sync(order);
        tokio::pin!(sync);
        tokio::select! {
            report = &mut sync => report,
            () = signals.next() => {
                // The runs end as `interrupted` before the next thing that they would change; a second Ctrl-C waits no longer.
                engine.cancel(None);
                tokio::select! {
                    report = &mut sync => report,
                    () = signals.next() => Err(cancelled()),
                }
            }
        }
    };
    progress.end().await;
    let answer = match report {
        Ok(report) => answer(context, engine.ledger(), &report).await,
        Err(error) => Err(error),
    };
    engine.shutdown().await;
    answer
}

/// Has the process that holds the home sync.
async fn there(context: &Context, signals: &mut Signals, door: &DoorClient, order: SyncOrder) -> Result<Answer> {
    let (happenings, heard) = broadcast::channel(HAPPENINGS);
    let progress = Progress::show(heard);
    let (proxies, dry_run) = (order.proxies.clone(), order.dry_run);
    // Nobody has to listen: without a terminal there is no progress.
    let sync = door.sync(order, |happening| drop(happenings.send(happening)));
    tokio::pin!(sync);
    let report = tokio::select! {
        report = &mut sync => report,
        // What only looks changes nothing over there and may run to its end.
        () = signals.next() => if dry_run { Err(cancelled()) } else {
            if let Err(error) = cancel(door, proxies).await {
                tracing::warn!(%error, "the runs could not be cancelled");
            }
            tokio::select! {
                report = &mut sync => report,
                () = signals.next() => Err(cancelled()),
            }
        }
    };
    progress.end().await;
    let ledger = context.ledger().await?;
    let ledger = ledger.ok_or_else(|| {
        Error::new(ErrorCode::Ledger, "The sync ended, but its run could not be found in the history.")
    })?;
    answer(context, &ledger, &report?).await
}

/// Only the runs that were asked for.
async fn cancel(door: &DoorClient, proxies: Vec<String>) -> Result<()> {
    if proxies.is_empty() {
        return door.cancel(None).await;
    }
    for proxy in proxies {
        door.cancel(Some(proxy)).await?;
    }
    Ok(())
}

fn cancelled() -> Error {
    Error::new(
        ErrorCode::Cancelled,
        "The sync was cut off. Its runs are interrupted; whatever a proxy had loaded by then stays loaded.",
    )
}

async fn answer(context: &Context, ledger: &Ledger, report: &SyncReport) -> Result<Answer> {
    // Without a proxy the source is all there is to tell. What is no map has findings.
    let is_no_map = report.source.error.as_ref().is_some_and(|error| error.code == ErrorCode::Held);
    if let (true, false, Some(error)) = (report.runs.is_empty(), is_no_map, &report.source.error) {
        return Err(error.clone());
    }
    let held = is_no_map || report.source.verdict == Some(costmap::Verdict::Held);
    let exit = if report.runs.is_empty() {
        if held { ErrorCode::Held.exit_code() } else { 0 }
    } else {
        worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code))
    };
    let document = json!({ "source": report.source, "findings": report.findings, "runs": report.runs });
    let body = if context.screen.json { String::new() } else { text(&context.screen, ledger, report).await? };
    let answer = Answer::new(&context.screen, &document, || body)?.exit(exit);
    Ok(if report.runs.is_empty() {
        answer.note(
            "Only the source was checked: no proxy has been added yet. `autosync proxy add NAME URL --key-env VAR` adds one.",
        )
    } else {
        answer
    })
}

async fn text(screen: &Screen, ledger: &Ledger, report: &SyncReport) -> Result<String> {
    let mut out = source(screen, report);
    for run in &report.runs {
        let map = map_of(ledger, run).await?;
        out.push('\n');
        out.push_str(&shown::text(screen, run, map.as_ref()));
    }
    Ok(out + &next(report))
}

fn source(screen: &Screen, report: &SyncReport) -> String {
    let state = &report.source;
    let mut out = format!("{}  {}\n", paint(Tone::Strong, "Source"), safe(&state.url));
    if let Some(error) = &state.error {
        out.push_str(&format!("        {} {}\n", paint(Tone::Bad, "not read:"), bounded(&error.message, 600)));
    } else if let (Some(revision), Some(models), Some(verdict)) = (state.revision, state.models, state.verdict) {
        let (word, tone) = verdict_word(verdict);
        out.push_str(&format!("        revision {revision}, {}, {}\n", count(models, "model"), paint(tone, word)));
    }
    // With proxies each run tells its own.
    if report.runs.is_empty() && !report.findings.is_empty() {
        out.push('\n');
        out.push_str(&findings::text(screen, &report.findings));
    }
    out
}

fn next(report: &SyncReport) -> String {
    let planned = report.runs.iter().any(|run| run.outcome == Outcome::Planned);
    let hint = match report.runs.as_slice() {
        [] => return String::new(),
        _ if planned => "Nothing was changed. `autosync sync` carries out this plan.".to_owned(),
        [run] if run.id > 0 => format!("`autosync show {}` shows this run again.", run.id),
        _ => "`autosync history` lists all runs.".to_owned(),
    };
    format!("\n{}", paint(Tone::Faint, &hint))
}
