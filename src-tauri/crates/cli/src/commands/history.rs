//! `autosync history`: past sync runs.

use costmap::people::thousands;
use engine::Result;
use engine::ledger::RunFilter;
use engine::run::{Outcome, SyncRun};
use serde_json::json;

use crate::args::HistoryArgs;
use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::run::{duration, outcome_word, trigger_word};
use crate::output::tone::Tone;
use crate::output::{Answer, Screen, when};

pub(super) async fn run(context: &Context, args: HistoryArgs) -> Result<Answer> {
    let is_filtered = args.proxy.is_some() || args.outcome.is_some();
    let runs = match context.ledger().await? {
        Some(ledger) => {
            let outcome = args.outcome.map(Outcome::from);
            // As it is spelled in the settings; of a proxy that is gone, as it was given.
            let spelled =
                |name: String| match context.settings().and_then(|chosen| chosen.settings.proxy(&name).cloned()) {
                    Ok(proxy) => proxy.name.to_string(),
                    Err(_) => name,
                };
            ledger.runs(RunFilter { proxy: args.proxy.map(spelled), outcome, limit: args.limit, before: None }).await?
        }
        None => Vec::new(),
    };
    Answer::new(&context.screen, &json!({ "runs": runs }), || text(&context.screen, &runs, is_filtered))
}

fn text(screen: &Screen, runs: &[SyncRun], is_filtered: bool) -> String {
    if runs.is_empty() {
        let none = if is_filtered {
            "No matching runs. `autosync history` lists them all."
        } else {
            "No sync has run yet. `autosync sync` starts one."
        };
        return none.to_owned();
    }
    let heads = [
        Head::Right("run"),
        Head::Left("started"),
        Head::Left("proxy"),
        Head::Left("outcome"),
        Head::Left("why"),
        Head::Right("took"),
        Head::Left("revision"),
        Head::Right("new"),
        Head::Right("prices"),
        Head::Left(""),
    ];
    let mut grid = Grid::new(screen, &heads);
    for run in runs {
        let (word, tone) = outcome_word(run.outcome);
        let problem = run.error.as_ref().map_or("", |error| &error.message);
        grid.row([
            cell(run.id.to_string()),
            cell(format!("{}, {}", when::exact(run.started), when::relative(run.started, screen.now))),
            cell(&run.proxy),
            toned(tone, word),
            toned(Tone::Faint, trigger_word(run.trigger)),
            cell(duration(run).map(when::took).unwrap_or_default()),
            cell(run.to.map(|revision| revision.short()).unwrap_or_default()),
            cell(thousands(run.new_models.len())),
            cell(thousands(run.pricing_changes)),
            sentence(problem),
        ]);
    }
    grid.text() + "`autosync show RUN` shows the changes and the proof."
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use engine::run::Trigger;
    use engine::{Error, ErrorCode};

    use super::*;
    use crate::output::tests::{pipe, plain};

    #[test]
    fn each_run_is_a_row() {
        let started = "2026-03-04T09:00:00Z".parse().unwrap();
        let mut good = SyncRun::started(2, "local".into(), Trigger::Schedule, started);
        good.outcome = Outcome::Unchanged;
        good.finished = Some(started + TimeDelta::milliseconds(430));
        good.to = Some(costmap::Revision::of(b"new"));
        let mut bad = SyncRun::started(1, "prod".into(), Trigger::Manual, started - TimeDelta::days(3));
        bad.outcome = Outcome::Failed;
        bad.error = Some(Error::new(ErrorCode::ProxyUnreachable, "The proxy does not answer."));
        insta::assert_snapshot!(plain(&text(&pipe(), &[good, bad], false)));
        assert!(text(&pipe(), &[], false).contains("autosync sync"));
        assert!(text(&pipe(), &[], true).contains("No matching runs"));
    }
}
