//! `autosync zero`: calls that proxies booked at $0, and models that nothing prices there.

use costmap::people::thousands;
use engine::status::{StatusContext, ZeroCause, ZeroReport, zero_reports};
use engine::{Error, ErrorCode, Result};
use serde_json::json;

use super::with_problems;
use crate::args::ZeroArgs;
use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe};

pub(super) async fn run(context: &Context, args: &ZeroArgs) -> Result<Answer> {
    let chosen = context.settings()?;
    let proxies = chosen.proxies(args.proxy.as_deref())?;
    if proxies.is_empty() {
        let message = "No proxy has been added yet. `autosync proxy add NAME URL --key-env VAR` adds one.";
        return Err(Error::new(ErrorCode::NotFound, message));
    }
    let ledger = context.ledger().await?;
    let asked = StatusContext {
        settings: &chosen.settings,
        ledger: ledger.as_ref(),
        secrets: &context.secrets()?,
        environment: &Context::environment(),
        clock: &context.clock,
    };
    let reports = zero_reports(asked, &proxies, args.days).await?;
    let document = json!({ "proxies": reports });
    let text = || reports.iter().map(|report| text(&context.screen, report)).collect::<Vec<_>>().join("\n");
    let answer = Answer::new(&context.screen, &document, text)?;
    // What could not be read is no failure where something else could: it is told beside it.
    let failed = reports.iter().filter(|report| report.unpriced.is_empty() && report.cost.models.is_empty());
    let worst =
        failed.filter_map(|report| report.cost.error.as_ref()).find(|error| error.code != ErrorCode::NoDatabase);
    let answer = match worst {
        Some(error) => answer.exit(error.code.exit_code()),
        None => answer,
    };
    Ok(with_problems(answer, &chosen.problems))
}

fn text(screen: &Screen, report: &ZeroReport) -> String {
    let cost = &report.cost;
    let days = (cost.until - cost.since).num_days() + 1;
    let over = if days == 1 { "today".to_owned() } else { format!("in the last {days} days") };
    let mut out = paint(Tone::Strong, &safe(&report.proxy)) + "\n";
    if let Some(error) = &cost.error {
        out.push_str(&format!("{}\n", safe(&error.message)));
    }
    if !cost.models.is_empty() {
        let heads = [
            Head::Left("model"),
            Head::Right("calls"),
            Head::Right("tokens"),
            Head::Left("booked at $0: why"),
            Head::Left(""),
        ];
        let mut grid = Grid::new(screen, &heads);
        for model in &cost.models {
            let tone = if model.cause == ZeroCause::SetToZero { Tone::Plain } else { Tone::Warn };
            grid.row([
                cell(&model.model),
                // What the proxy's own counter alone knows has no days.
                cell(thousands(model.calls) + if model.tokens.is_some() { "" } else { " since its start" }),
                cell(model.tokens.map(thousands).unwrap_or_default()),
                toned(tone, model.why()),
                sentence(model.remedy()),
            ]);
        }
        out.push_str(&grid.text());
        let more = if cost.more > 0 { format!(" and {} more", cost.more) } else { String::new() };
        out.push_str(&format!("{}{more} {over}.\n", count(cost.models.len(), "model")));
    } else if cost.error.is_none() {
        out.push_str(&format!("No call was booked at $0 by mistake {over}.\n"));
    }
    if !report.unpriced.is_empty() {
        let mut grid =
            Grid::new(screen, &[Head::Left("without a price"), Head::Left("asks for"), Head::Left("near it")]);
        for one in &report.unpriced {
            grid.row([cell(&one.model), cell(&one.entry), toned(Tone::Faint, one.near.join(", "))]);
        }
        out.push_str(&grid.text());
    }
    out
}
