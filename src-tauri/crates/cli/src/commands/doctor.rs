//! `autosync doctor [MODEL]`: what is wrong, and what to do about it.

use std::time::Duration;

use engine::Result;
use engine::doctor::{CheckState, DoctorContext, DoctorReport, examine};

use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count};

/// A proxy that is slow is still a proxy; one that takes longer than this is a fault.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(context: &Context, model: Option<&str>) -> Result<Answer> {
    let report = report(context, model, PATIENCE).await?;
    let answer = Answer::new(&context.screen, &report, || text(&context.screen, &report))?;
    Ok(answer.exit(report.exit_code()))
}

/// Looks at everything; each thing for at most `patience`.
pub(super) async fn report(context: &Context, model: Option<&str>, patience: Duration) -> Result<DoctorReport> {
    let chosen = context.settings()?;
    Ok(examine(DoctorContext {
        home: &context.home()?,
        settings: &chosen.settings,
        problems: &chosen.problems,
        secrets: &context.secrets()?,
        environment: &Context::environment(),
        clock: &context.clock,
        model,
        patience,
    })
    .await)
}

pub(super) fn text(screen: &Screen, report: &DoctorReport) -> String {
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left(""), Head::Left("")]);
    for check in &report.checks {
        let (word, tone) = match check.state {
            CheckState::Ok => ("ok", Tone::Plain),
            CheckState::Warn => ("warn", Tone::Warn),
            CheckState::Fail => ("FAIL", Tone::Bad),
        };
        let name = check.proxy.as_ref().map_or_else(|| check.name.clone(), |proxy| format!("{proxy}: {}", check.name));
        grid.row([toned(tone, word), cell(name), sentence(&check.message)]);
        if let Some(remedy) = check.remedy.as_ref().filter(|_| check.state != CheckState::Ok) {
            grid.row([cell(""), cell(""), sentence(format!("→ {remedy}"))]);
        }
    }
    let number = |state| report.checks.iter().filter(|check| check.state == state).count();
    let (failed, warned) = (number(CheckState::Fail), number(CheckState::Warn));
    let sum = match (failed, warned) {
        (0, 0) => "Everything works.".to_owned(),
        (0, warned) => format!("Everything works, with {}.", count(warned, "warning")),
        (failed, _) => format!("{} found.", count(failed, "problem")),
    };
    format!("{}\n{}", grid.text(), paint(Tone::Strong, &sum))
}
