//! `autosync doctor [MODEL]`: the one cause of what is wrong, what shows it, and what to do about it.

use std::time::Duration;

use engine::Result;
use engine::diagnosis::Cause;
use engine::doctor::{CheckState, DoctorContext, DoctorItem, DoctorReport, examine};

use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe};

/// A proxy that is slow is still a proxy; one that takes longer than this is a fault.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(context: &Context, model: Option<&str>, proxy: Option<&str>) -> Result<Answer> {
    // A name that no proxy has is a slip of the pen, not a healthy proxy.
    let proxy =
        proxy.map(|name| context.settings()?.settings.proxy(name).map(|proxy| proxy.name.to_string())).transpose()?;
    let report = report(context, Question { model, proxy: proxy.as_deref() }, PATIENCE).await?;
    let answer = Answer::new(&context.screen, &report, || text(&context.screen, &report))?;
    Ok(answer.exit(report.exit_code()))
}

/// What is asked.
#[derive(Clone, Copy, Default)]
pub(super) struct Question<'a> {
    pub(super) model: Option<&'a str>,
    pub(super) proxy: Option<&'a str>,
}

/// Looks at everything; each thing for at most `patience`.
pub(super) async fn report(context: &Context, question: Question<'_>, patience: Duration) -> Result<DoctorReport> {
    let chosen = context.settings()?;
    Ok(examine(DoctorContext {
        home: &context.home()?,
        settings: &chosen.settings,
        problems: &chosen.problems,
        secrets: &context.secrets()?,
        environment: &Context::environment(),
        clock: &context.clock,
        model: question.model,
        proxy: question.proxy,
        patience,
    })
    .await)
}

pub(super) fn text(screen: &Screen, report: &DoctorReport) -> String {
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left(""), Head::Left("")]);
    for item in &report.items {
        let (word, tone) = match item.state {
            CheckState::Ok => ("ok", Tone::Plain),
            CheckState::Warn => ("warn", Tone::Warn),
            CheckState::Fail => ("FAIL", Tone::Bad),
        };
        let about = item.proxy.as_ref().map_or_else(|| item.about.clone(), |proxy| format!("{proxy}: {}", item.about));
        grid.row([toned(tone, word), cell(about), sentence(&item.message)]);
        // What is the cause is told once, at the end.
        let is_told = report.causes.contains(item);
        for more in [&item.evidence, &item.remedy.as_ref().map(|remedy| format!("→ {remedy}"))] {
            if let Some(more) = more.as_ref().filter(|_| !item.ok && !is_told) {
                grid.row([cell(""), cell(""), sentence(more)]);
            }
        }
    }
    format!("{}\n{}", grid.text(), causes(screen, report))
}

/// The causes: the one of each proxy, with what shows it and what ends it.
fn causes(screen: &Screen, report: &DoctorReport) -> String {
    if report.causes.is_empty() {
        let warned = report.items.iter().filter(|item| item.state != CheckState::Ok).count();
        let sum = match (&report.model, warned) {
            (Some(model), _) => format!("{}: nothing stands in its way.", safe(model)),
            (None, 0) => "Everything works.".to_owned(),
            (None, warned) => format!("Everything works, with {}.", count(warned, "warning")),
        };
        return paint(Tone::Strong, &sum);
    }
    let one = |item: &DoctorItem| {
        let whose = item.proxy.as_ref().map(|proxy| format!(" of {}", safe(proxy))).unwrap_or_default();
        let cause = item.cause.map(Cause::id).unwrap_or_default();
        let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left("")]);
        grid.row([cell("what"), sentence(&item.message)]);
        for (head, text) in [("seen", &item.evidence), ("fix", &item.remedy)] {
            if let Some(text) = text {
                grid.row([cell(head), sentence(text)]);
            }
        }
        format!("{}\n{}", paint(Tone::Strong, &format!("Cause{whose}: {cause}")), grid.text())
    };
    report.causes.iter().map(one).collect::<Vec<_>>().join("\n")
}
