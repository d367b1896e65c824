//! `autosync watch`: the engine headless, until Ctrl-C or SIGTERM. What cannot be reached is told, and never ends it.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::controller::{Engine, Happening, PauseState};
use engine::doctor::{CheckState, DoctorReport};
use engine::door::{Door, Kind};
use engine::error::bounded;
use engine::ledger::{Ledger, RunFilter};
use engine::run::SyncRun;
use engine::signals::Signals;
use engine::status::Health;
use engine::{Error, ErrorCode, Result};
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::doctor;
use super::status::health_word;
use crate::context::Context;
use crate::output::run::{duration, outcome_word, trigger_word};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, count, json_line, line, safe, to_stderr, when};

/// How long the first look may take at each thing: a person waits for `ready`.
const FIRST_LOOK: Duration = Duration::from_millis(3500);

/// Of so many runs it is looked up how they ended, where that was told faster than it could be printed.
const MISSED: usize = 200;

pub(super) async fn run(context: &Context) -> Result<Answer> {
    let mut signals = Signals::listen()?;
    let started = async { context.engine(context.lock().await?, true).await };
    let engine = tokio::select! {
        engine = started => engine?,
        // Nothing was begun yet.
        () = signals.next() => return Ok(Answer::default()),
    };
    let mut door = match Door::serve(&engine, &context.home()?, Kind::Watch, None) {
        Ok(door) => Some(door),
        Err(error) => {
            to_stderr(&format!("note: {} {}", error.message, error.detail.unwrap_or_default()));
            None
        }
    };
    let happenings = engine.happenings();
    let ended = tokio::select! {
        ended = tell(context, &engine, happenings) => ended,
        () = signals.next() => Ok(()),
    };
    // A second signal does not wait for running jobs: their runs are `interrupted` at the next start.
    let end = async {
        if let Some(door) = &mut door {
            door.close().await;
        }
        // Those who wait at the door are answered by this.
        engine.shutdown().await;
        if let Some(door) = door {
            door.end().await;
        }
    };
    tokio::select! {
        () = end => {}
        () = signals.next() => {}
    }
    ended.map(|()| Answer::default())
}

/// Prints the first look, `ready`, and then each event, for as long as somebody reads.
async fn tell(context: &Context, engine: &Engine, happenings: Receiver<Happening>) -> Result<()> {
    let report = doctor::report(context, doctor::Question::default(), FIRST_LOOK).await?;
    let interrupted = engine.snapshot().borrow().interrupted_runs;
    let printed = if context.screen.json {
        print_json(&json!({ "event": "started", "version": env!("CARGO_PKG_VERSION"), "doctor": report, "interrupted_runs": interrupted }))
            .and_then(|()| print_json(&json!({ "event": "ready" })))
    } else {
        print(&opening(context, &report, interrupted)).and_then(|()| print("ready"))
    };
    match printed {
        Ok(()) => events(context, engine, happenings).await,
        Err(cause) => closed(cause),
    }
}

fn opening(context: &Context, report: &DoctorReport, interrupted: usize) -> String {
    let mut out = format!("{} {}\n\n", paint(Tone::Strong, "LiteLLM Auto-Sync"), env!("CARGO_PKG_VERSION"));
    out.push_str(&doctor::text(&context.screen, report));
    if interrupted > 0 {
        out.push_str(&format!("\n{} cut off last time, now marked interrupted.", count(interrupted, "run")));
    }
    out.push_str(&format!("\n\nNext: {}", next(report)));
    out
}

/// The next command to type, in another terminal: what it changes goes through the door.
fn next(report: &DoctorReport) -> String {
    let failed = |name: &str| report.items.iter().find(|item| item.about == name && item.state == CheckState::Fail);
    if report.items.iter().any(|item| item.about == "proxy") {
        return "`autosync proxy add local http://127.0.0.1:4000 --key-stdin` in another terminal adds a proxy."
            .to_owned();
    }
    if let Some(proxy) = failed("reachable").or_else(|| failed("key")).or_else(|| failed("database")) {
        let name = proxy.proxy.as_deref().unwrap_or("NAME");
        return format!("`autosync proxy test {name}` in another terminal shows what {name} allows.");
    }
    if failed("source").is_some() {
        return "`autosync doctor` in another terminal shows why the source cannot be read.".to_owned();
    }
    "`autosync status` in another terminal shows every proxy; `autosync logs --follow` shows each sync.".to_owned()
}

async fn events(context: &Context, engine: &Engine, mut happenings: Receiver<Happening>) -> Result<()> {
    let (mut told, mut ends) = (Told::default(), Ends::since(context.clock.now()));
    loop {
        let happenings = match happenings.recv().await {
            Ok(happening) => vec![happening],
            Err(RecvError::Lagged(lost)) => {
                to_stderr(&format!(
                    "note: {} not printed: the output is read too slowly. How each run ended follows.",
                    count(usize::try_from(lost).unwrap_or_default(), "event")
                ));
                ends.missed(engine.ledger()).await?
            }
            Err(RecvError::Closed) => return Err(Error::new(ErrorCode::Internal, "The engine stopped unexpectedly.")),
        };
        for happening in happenings {
            if is_dry(&happening) || !ends.is_new(&happening) {
                continue;
            }
            let printed = if context.screen.json {
                print_json(&happening)
            } else {
                match told.text(&happening) {
                    Some(text) => print(&format!("{}  {text}", paint(Tone::Faint, &when::exact(context.clock.now())))),
                    None => Ok(()),
                }
            };
            if let Err(cause) = printed {
                return closed(cause);
            }
        }
    }
}

/// A dry run, which somebody asked for at the door, is theirs alone and changes nothing.
fn is_dry(happening: &Happening) -> bool {
    match happening {
        Happening::RunStarted { id, .. } | Happening::RunStep { id, .. } => *id == 0,
        Happening::RunFinished { run } => run.id == 0,
        _ => false,
    }
}

/// Which runs were told to have ended: each once, also those whose telling was lost.
struct Ends {
    since: DateTime<Utc>,
    told: BTreeSet<u64>,
}

impl Ends {
    fn since(since: DateTime<Utc>) -> Self {
        Self { since, told: BTreeSet::new() }
    }

    /// Whether this was not told yet.
    fn is_new(&mut self, happening: &Happening) -> bool {
        let Happening::RunFinished { run } = happening else { return true };
        let is_new = run.id == 0 || self.told.insert(run.id);
        while self.told.len() > MISSED * 2 {
            self.told.pop_first();
        }
        is_new
    }

    /// From the ledger, the runs that ended and were not told, the oldest first.
    async fn missed(&self, ledger: &Ledger) -> Result<Vec<Happening>> {
        let newest = ledger.runs(RunFilter { limit: MISSED, ..RunFilter::default() }).await?;
        let is_missed = |run: &SyncRun| run.finished >= Some(self.since) && !self.told.contains(&run.id);
        let missed = newest.into_iter().rev().filter(is_missed);
        Ok(missed.map(|run| Happening::RunFinished { run: Arc::new(run) }).collect())
    }
}

/// What was told last, so that a source that stays away is told once and not every five minutes.
#[derive(Default)]
struct Told {
    source_failure: Option<ErrorCode>,
}

impl Told {
    fn text(&mut self, happening: &Happening) -> Option<String> {
        match happening {
            Happening::SourceChecked { source, is_new, new_models, pricing_changes } => {
                let back = self.source_failure.take().is_some();
                let revision = source.revision.map(|revision| revision.short()).unwrap_or_default();
                let models = count(source.models.unwrap_or_default(), "model");
                if *is_new {
                    let changes = format!(
                        "{}, {}",
                        count(new_models.len(), "new model"),
                        count(*pricing_changes, "price change")
                    );
                    return Some(format!("source  new revision {revision}, {models}; {changes}"));
                }
                back.then(|| format!("source  answers again, revision {revision}"))
            }
            Happening::SourceFailed { error } => {
                let is_news = self.source_failure.replace(error.code) != Some(error.code);
                is_news.then(|| format!("source  {} {}", paint(Tone::Bad, "not read"), bounded(&error.message, 600)))
            }
            Happening::RunStarted { id, proxy, trigger } => {
                Some(format!("{}  run {id} started ({})", safe(proxy), trigger_word(*trigger)))
            }
            Happening::RunStep { .. } => None,
            Happening::RunFinished { run } => Some(finished(run)),
            Happening::ProxyAsked { proxy, health, was, error } => proxy_asked(proxy, *health, *was, error.as_ref()),
            Happening::Paused(PauseState { paused: true, paused_until: Some(until) }) => {
                Some(format!("scheduled syncs are paused until {}", when::exact(*until)))
            }
            Happening::Paused(PauseState { paused: true, paused_until: None }) => {
                Some("scheduled syncs are paused until `autosync resume`".to_owned())
            }
            Happening::Paused(_) => Some("scheduled syncs have resumed".to_owned()),
            Happening::Resumed => {
                Some("the computer was asleep or its clock changed; overdue syncs run now".to_owned())
            }
        }
    }
}

/// A proxy that is up from the start is no news.
fn proxy_asked(proxy: &str, health: Health, was: Option<Health>, error: Option<&Error>) -> Option<String> {
    let (word, tone) = health_word(health);
    let word = match (health, was) {
        (Health::Up, None) => return None,
        (Health::Up, Some(_)) => "up again",
        _ => word,
    };
    let why = error.map(|error| format!("  {}", bounded(&error.message, 600))).unwrap_or_default();
    Some(format!("{}  {}{why}", safe(proxy), paint(tone, word)))
}

fn finished(run: &SyncRun) -> String {
    let (word, tone) = outcome_word(run.outcome);
    let mut parts = vec![safe(&run.proxy), format!("run {} {}", run.id, paint(tone, word))];
    parts.extend(run.to.map(|revision| revision.short()));
    let changes = [
        (run.new_models.len(), "new model"),
        (run.removed_models.len(), "removed model"),
        (run.pricing_changes, "price change"),
    ];
    let changes: Vec<String> =
        changes.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what)).collect();
    parts.extend(Some(changes.join(", ")).filter(|text| !text.is_empty()));
    parts.extend(run.receipt.as_ref().map(|receipt| format!("{} compared", count(receipt.compared_models, "model"))));
    parts.extend(duration(run).map(when::took));
    parts.extend(run.error.as_ref().map(|error| bounded(&error.message, 600)));
    parts.join("  ")
}

fn print(text: &str) -> io::Result<()> {
    line(text)
}

fn print_json(document: &impl Serialize) -> io::Result<()> {
    json_line(&serde_json::to_string(document)?)
}

/// Nobody reads any more: the end of `autosync watch | head`.
fn closed(cause: io::Error) -> Result<()> {
    if cause.kind() == ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Internal, "The output could not be written.").detail(cause))
}

#[cfg(test)]
mod tests {
    use engine::run::{Outcome, Trigger};
    use engine::sync::SourceState;

    use crate::output::tests::plain;

    use super::*;

    #[test]
    fn a_source_that_stays_away_is_told_once_and_its_return_too() {
        let mut told = Told::default();
        let failed = Happening::SourceFailed { error: Error::new(ErrorCode::SourceUnreachable, "It is away.") };
        let source = SourceState::unknown("https://example.com".into());
        let checked = Happening::SourceChecked { source, is_new: false, new_models: vec![], pricing_changes: 0 };
        let lines: Vec<bool> =
            [&checked, &failed, &failed, &checked, &checked].map(|happening| told.text(happening).is_some()).into();
        assert_eq!(lines, [false, true, false, true, false]);
    }

    #[tokio::test]
    async fn how_a_run_ended_is_told_once_also_where_its_telling_was_lost() {
        let folder = tempfile::tempdir().unwrap();
        let began: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        let (ledger, _) = Ledger::open(&folder.path().join("ledger.db"), &engine::Clock::manual(began)).await.unwrap();
        let mut runs = Vec::new();
        for minute in [-1, 1, 2, 3] {
            let at = began + chrono::TimeDelta::minutes(minute);
            let id = ledger.start_run("eu", Trigger::Manual, at).await.unwrap();
            let run = SyncRun { outcome: Outcome::Failed, finished: Some(at), ..ledger.run(id).await.unwrap() };
            ledger.finish_run(&run).await.unwrap();
            runs.push(Happening::RunFinished { run: Arc::new(run) });
        }
        ledger.start_run("eu", Trigger::Manual, began).await.unwrap();
        let mut ends = Ends::since(began);
        assert!(ends.is_new(&runs[2]));
        let missed = ends.missed(&ledger).await.unwrap();
        assert_eq!(missed, [runs[1].clone(), runs[3].clone()]);
        assert!(missed.iter().all(|run| ends.is_new(run)));
        assert!(!ends.is_new(&runs[3]), "what the channel still held");
        assert_eq!(ends.missed(&ledger).await.unwrap(), []);
    }

    #[test]
    fn a_dry_run_of_somebody_else_is_not_told() {
        let begins = |id| Happening::RunStarted { id, proxy: "prod".into(), trigger: Trigger::Manual };
        let ends = |id| {
            let run = SyncRun::started(id, "prod".into(), Trigger::Manual, "2026-01-01T00:00:00Z".parse().unwrap());
            Happening::RunFinished { run: run.into() }
        };
        assert_eq!([begins(0), ends(0), begins(7), ends(7)].map(|one| is_dry(&one)), [true, true, false, false]);
    }

    #[test]
    fn a_proxy_that_goes_away_and_comes_back_is_told_each_time_in_one_line() {
        let text = |health, was, error| {
            let asked = Happening::ProxyAsked { proxy: "prod".into(), health, was, error };
            Told::default().text(&asked).map(|text| plain(&text))
        };
        assert_eq!(text(Health::Up, None, None), None);
        let gone = Error::new(ErrorCode::ProxyUnreachable, "Nothing listens there.");
        assert_eq!(text(Health::Down, None, Some(gone)).unwrap(), "prod  down  Nothing listens there.");
        assert_eq!(text(Health::Up, Some(Health::Down), None).unwrap(), "prod  up again");
    }
}
