//! `autosync stages` and `promote`.

use engine::gate::{Progress, Stage, StageState};
use engine::settings::{GateEdit, SettingsEdit, StageMode};
use engine::status::{StatusContext, status};
use engine::{Error, Result};
use serde_json::json;

use super::pin::some_ledger;
use super::review::outcome;
use super::with_problems;
use crate::args::{PromoteArgs, StagesArgs};
use crate::context::{Access, Context};
use crate::output::grid::{Grid, Head, cell, sentence};
use crate::output::{Answer, Screen, safe, when};

/// Shows how far each stage is, or chooses how maps get from one to the next.
pub(super) async fn run(context: &Context, args: StagesArgs) -> Result<Answer> {
    let is_change = args.mode.is_some() || args.soak.is_some();
    if is_change {
        let edit = SettingsEdit::SetGate(GateEdit { stages: args.mode, stage_soak: args.soak, ..GateEdit::default() });
        context.access().await?.change(context, edit).await?;
    }
    let chosen = context.settings()?;
    let (ledger, secrets) = (context.ledger().await?, context.secrets()?);
    let report = status(StatusContext {
        settings: &chosen.settings,
        ledger: ledger.as_ref(),
        secrets: &secrets,
        environment: &Context::environment(),
        clock: &context.clock,
    })
    .await?;
    let gate = chosen.settings.gate;
    let document = json!({
        "mode": gate.stages,
        "soak": gate.stage_soak.to_string(),
        "stages": report.stages,
        "promoted": report.promoted,
    });
    let answer = Answer::new(&context.screen, &document, || {
        let head = match gate.stages {
            StageMode::Off => {
                return "All proxies get a map at once. `autosync stages rule` lets it go to testing first.".to_owned();
            }
            StageMode::Rule => format!(
                "A map goes to the next stage by itself when every proxy has had it for {} and none failed.",
                gate.stage_soak
            ),
            StageMode::Hand => "A map goes to the next stage with `autosync promote`.".to_owned(),
        };
        match report.stages.len() {
            0 => format!("{head}\nNo proxy has been added."),
            1 => format!(
                "{head}\nAll proxies are in one stage, {}. Give proxies other roles in Settings, Proxies.",
                report.stages[0].stage
            ),
            _ => format!("{head}\n{}", lines(&context.screen, &report.stages)),
        }
    })?;
    Ok(with_problems(answer, &chosen.problems))
}

/// One line for each stage.
pub(super) fn lines(screen: &Screen, stages: &[StageState]) -> String {
    let mut grid = Grid::new(screen, &[Head::Left("stage"), Head::Right("proxies"), Head::Left("map"), Head::Left("")]);
    for state in stages {
        let map = state.revision.map_or_else(|| "none yet".to_owned(), |revision| revision.short());
        grid.row([cell(state.stage.as_str()), cell(state.proxies.to_string()), cell(map), sentence(said(state))]);
    }
    grid.text().trim_end().to_owned()
}

/// What keeps the stage's map from the next one.
fn said(state: &StageState) -> String {
    match &state.progress {
        Progress::Done => String::new(),
        Progress::Syncing { proxy: Some(proxy) } => format!("waits for {}", safe(proxy)),
        Progress::Syncing { proxy: None } => "waits for its proxies to be looked at".to_owned(),
        Progress::Stopped { proxy, error } => format!("stopped: {}: {}", safe(proxy), safe(&error.message)),
        Progress::Soaking { until } => format!("goes on {}", when::exact(*until)),
        Progress::Pinned => "its proxies are pinned, so none can try it: `autosync promote` lets it go on".to_owned(),
        Progress::Overtaken => {
            "the next stage reads the source itself, so it gets the newer map after this stage".to_owned()
        }
        Progress::Ready => "goes on with the next look of the app or `autosync watch`".to_owned(),
        Progress::Waiting { after_rollback: true } => "waits for you since the rollback: `autosync promote`".to_owned(),
        Progress::Waiting { after_rollback: false } => "waits for you: `autosync promote`".to_owned(),
    }
}

/// Lets a map go on.
pub(super) async fn promote(context: &Context, args: PromoteArgs) -> Result<Answer> {
    let to: Option<Stage> = match args.to.as_deref() {
        Some(role) => Some(role.parse().map_err(|error: Error| error.field("to"))?),
        None => None,
    };
    let chosen = context.settings()?;
    drop(some_ledger(context).await?);
    let report = match context.access().await? {
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let report = engine.promote(to, args.force).await;
            engine.shutdown().await;
            report
        }
        Access::Door(door) => door.promote(to, args.force).await,
    }?;
    let ledger = some_ledger(context).await?;
    let (promoted, held) = (ledger.promoted().await?, ledger.stages().await?);
    let document = json!({ "promoted": promoted, "stages": held.held, "runs": report.runs });
    let exit = engine::run::worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code));
    let answer = Answer::new(&context.screen, &document, || {
        let mut out = "Promoted.\n".to_owned();
        for run in &report.runs {
            out.push_str(&format!("  {} {}\n", safe(&run.proxy), outcome(run)));
        }
        out.trim_end().to_owned()
    })?;
    Ok(with_problems(answer.exit(exit), &chosen.problems))
}
