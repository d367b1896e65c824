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
    let (runs, folded) = match context.ledger().await? {
        Some(ledger) => {
            let outcome = args.outcome.map(Outcome::from);
            // As it is spelled in the settings; of a proxy that is gone, as it was given.
            let spelled =
                |name: String| match context.settings().and_then(|chosen| chosen.settings.proxy(&name).cloned()) {
                    Ok(proxy) => proxy.name.to_string(),
                    Err(_) => name,
                };
            let proxy = args.proxy.map(spelled);
            let folded = ledger.folded_runs().await?.of(proxy.as_deref());
            (ledger.runs(RunFilter { proxy, outcome, limit: args.limit, before: None }).await?, folded)
        }
        None => (Vec::new(), 0),
    };
    let document = json!({ "runs": runs, "folded_runs": folded });
    Answer::new(&context.screen, &document, || text(&context.screen, &runs, is_filtered, folded))
}

fn text(screen: &Screen, runs: &[SyncRun], is_filtered: bool, folded: u64) -> String {
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
    let folded = match folded {
        0 => String::new(),
        1 => "1 run older than 90 days that found nothing new was folded. ".to_owned(),
        more => format!("{} runs older than 90 days that found nothing new were folded. ", thousands(more)),
    };
    grid.text() + &folded + "`autosync show RUN` shows the changes and the proof."
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
        insta::assert_snapshot!(plain(&text(&pipe(), &[good, bad], false, 0)));
        assert!(text(&pipe(), &[], false, 0).contains("autosync sync"));
        assert!(text(&pipe(), &[], true, 0).contains("No matching runs"));
    }
}
