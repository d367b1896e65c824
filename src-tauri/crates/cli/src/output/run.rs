//! A sync run for people: outcome first, then what changed, then the proof or the remedy.

use chrono::TimeDelta;
use costmap::CostMap;
use costmap::people::thousands;
use engine::error::bounded;
use engine::run::{Outcome, Receipt, SyncRun, Trigger};

use super::tone::{Tone, paint};
use super::{Screen, changes, count, findings, safe, when};

/// Rows of one kind that a run shows; `show RUN --json` has all.
const ROWS: usize = 30;

/// Names that are only names.
const NAMES: usize = 10;

/// The outcome in a word.
pub(crate) fn outcome_word(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Running => ("running", Tone::Plain),
        Outcome::Succeeded => ("succeeded", Tone::Strong),
        Outcome::Unchanged => ("unchanged", Tone::Plain),
        Outcome::Planned => ("planned", Tone::Strong),
        Outcome::Held => ("held", Tone::Warn),
        Outcome::Failed => ("failed", Tone::Bad),
        Outcome::Unproven => ("unproven", Tone::Warn),
        Outcome::Interrupted => ("interrupted", Tone::Warn),
    }
}

/// Why a run was started.
pub(crate) fn trigger_word(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "on request",
        Trigger::Schedule => "schedule",
        Trigger::Change => "new map",
        Trigger::Retry => "retry",
        Trigger::Resume => "after sleep",
        Trigger::Heal => "self-heal",
        Trigger::Promotion => "promotion",
    }
}

/// How long it took, if it has ended.
pub(crate) fn duration(run: &SyncRun) -> Option<TimeDelta> {
    run.finished.map(|finished| finished - run.started)
}

/// The whole run. `map` is the one it was about, for the prices of new models.
pub(crate) fn text(screen: &Screen, run: &SyncRun, map: Option<&CostMap>) -> String {
    let mut out = head(screen, run);
    if let Some(error) = &run.error {
        out.push_str(&format!("  {}\n", bounded(&error.message, 1000)));
        if let Some(detail) = &error.detail {
            out.push_str(&paint(Tone::Faint, &format!("  {}", bounded(detail, 600))));
            out.push('\n');
        }
    }
    out.push_str(&revisions(run));
    section(&mut out, "New models", run.new_models.len(), || changes::new_models(screen, &run.new_models, map, ROWS));
    section(&mut out, "Removed models", run.removed_models.len(), || {
        changes::names(screen, &run.removed_models, NAMES)
    });
    section(&mut out, "Price changes, USD", run.pricing_changes, || changes::prices(screen, &run.price_changes, ROWS));
    section(&mut out, "Multipliers", run.multiplier_changes.len(), || {
        changes::fields(screen, &run.multiplier_changes, ROWS)
    });
    section(&mut out, "Aliases", run.alias_changes.len(), || changes::aliases(screen, &run.alias_changes, ROWS));
    out.push_str(&reviewed(run));
    // What an unchanged map has was told by the run that brought it.
    if run.outcome == Outcome::Unchanged && !run.findings.is_empty() {
        out.push_str(&format!(
            "  Findings: {}. `autosync show {} --json` lists them.\n",
            findings::summary(&run.findings),
            run.id
        ));
    } else {
        section(&mut out, "Findings", run.findings.len(), || findings::text(screen, &run.findings));
    }
    if let Some(receipt) = &run.receipt {
        out.push_str(&format!("\n  {}\n", paint(Tone::Strong, "Receipt")));
        out.push_str(&indented(&proof(screen, receipt)));
    }
    out
}

/// A proxy that took the map has the models that are to be reviewed too: that is told loudly (CONTRACT, "Direct").
fn reviewed(run: &SyncRun) -> String {
    if run.held_models.is_empty() {
        return String::new();
    }
    let what = format!("{} to review:", count(run.held_models.len(), "model"));
    let meaning = match run.outcome {
        Outcome::Succeeded | Outcome::Unchanged => {
            " The proxy reads its source directly, so it already uses the new values."
        }
        _ => "",
    };
    format!("  {} {}.{meaning}\n", paint(Tone::Warn, &what), few(&run.held_models))
}

fn head(screen: &Screen, run: &SyncRun) -> String {
    let (word, tone) = outcome_word(run.outcome);
    let mut evidence = Vec::new();
    // A dry run has no number.
    if run.id > 0 {
        evidence.push(format!("run {}", run.id));
    }
    evidence.push(trigger_word(run.trigger).to_owned());
    evidence.push(when::both(run.started, screen.now));
    evidence.extend(duration(run).map(|length| format!("took {}", when::took(length))));
    let reason = run.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
    format!(
        "{}  {}{reason}  {}\n",
        paint(Tone::Strong, &safe(&run.proxy)),
        paint(tone, word),
        paint(Tone::Faint, &evidence.join(", "))
    )
}

fn revisions(run: &SyncRun) -> String {
    let short = |revision: Option<costmap::Revision>| revision.map_or("unknown".to_owned(), |r| r.short());
    let Some(to) = run.to else { return String::new() };
    let models = match (run.models_before, run.models_after) {
        (Some(before), Some(after)) => format!("{} → {}", thousands(before), count(after, "model")),
        (None, Some(after)) => count(after, "model"),
        _ => String::new(),
    };
    let changed = [
        (run.new_models.len(), "new model"),
        (run.removed_models.len(), "removed model"),
        (run.pricing_changes, "price change"),
        (run.alias_changes.len(), "alias change"),
    ];
    let changed: Vec<String> =
        changed.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what)).collect();
    let mut parts = vec![format!("{} → {}", short(run.from), to.short())];
    parts.extend(Some(models).filter(|text| !text.is_empty()));
    parts.extend(Some(changed.join(", ")).filter(|text| !text.is_empty()));
    format!("  {}\n", parts.join("   "))
}

fn proof(screen: &Screen, receipt: &Receipt) -> String {
    let mut lines = vec![
        format!("revision    {}", receipt.revision),
        format!("map         {} bytes, {}", thousands(receipt.bytes), count(receipt.models, "model")),
        format!(
            "read back   {}, {} compared, field by field, {}",
            count(receipt.compared_models, "model"),
            count(receipt.compared_fields, "field"),
            when::exact(receipt.read_back_at)
        ),
    ];
    let version = receipt
        .proxy_version
        .as_deref()
        .map_or(", version unknown,".to_owned(), |version| format!(" {}", safe(version)));
    let says = match receipt.proxy_revision {
        Some(revision) if revision == receipt.revision => "reports the same revision".to_owned(),
        Some(revision) => format!("reports revision {revision}"),
        None => "knows no revisions; the read-back is the proof".to_owned(),
    };
    lines.push(format!("proxy       LiteLLM{version} {says}"));
    if let Some(models) = receipt.proxy_models.and_then(|models| usize::try_from(models).ok()) {
        lines.push(format!("its count   {} (including configured models and aliases)", thousands(models)));
    }
    if let Some(loaded_at) = receipt.loaded_at {
        lines.push(format!("loaded      {}", when::both(loaded_at, screen.now)));
    }
    if !receipt.overrides.is_empty() {
        lines.push(format!(
            "overrides   {} priced by the proxy's operator: {}",
            count(receipt.overrides.len(), "model"),
            few(&receipt.overrides)
        ));
    }
    if !receipt.sampled_models.is_empty() {
        lines.push(format!("for example {}", few(&receipt.sampled_models)));
    }
    lines.join("\n")
}

fn few(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| safe(name)).collect();
    let rest = if names.len() > 5 { format!(" and {} more", thousands(names.len() - 5)) } else { String::new() };
    shown.join(", ") + &rest
}

fn section(out: &mut String, title: &str, number: usize, table: impl FnOnce() -> String) {
    if number > 0 {
        out.push_str(&format!("\n  {}\n", paint(Tone::Strong, &format!("{title} ({})", thousands(number)))));
        out.push_str(&indented(&table()));
    }
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |out, line| out + "  " + line + "\n")
}

#[cfg(test)]
mod tests {
    use costmap::{FieldChange, Revision};
    use engine::{Error, ErrorCode};

    use super::super::tests::{pipe, plain};
    use super::*;

    fn run() -> SyncRun {
        let started = "2026-03-04T11:36:00Z".parse().unwrap();
        let mut run = SyncRun::started(7, "local".into(), Trigger::Manual, started);
        run.finished = Some(started + TimeDelta::milliseconds(3400));
        run.from = Some(Revision::of(b"old"));
        run.to = Some(Revision::of(b"new"));
        (run.models_before, run.models_after) = (Some(3921), Some(3922));
        run
    }

    fn receipt() -> Receipt {
        Receipt {
            url: None,
            revision: Revision::of(b"new"),
            bytes: 2_934_112,
            models: 3922,
            proxy_version: Some("1.102.4".into()),
            proxy_revision: Some(Revision::of(b"new")),
            proxy_models: Some(4010),
            loaded_at: Some("2026-03-04T11:36:02Z".parse().unwrap()),
            compared_models: 3922,
            compared_fields: 61_234,
            overrides: vec!["gpt-4o".into()],
            sampled_models: vec!["gpt-5".into(), "evil\u{1b}[2J".into()],
            read_back_at: "2026-03-04T11:36:03Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_run_that_succeeded_shows_what_changed_and_the_proof() {
        let change = FieldChange {
            model: "gpt-4o".into(),
            field: "input_cost_per_token".into(),
            before: Some("0.0000025".into()),
            after: Some("0.000003".into()),
            ratio: Some(1.2),
        };
        let run = SyncRun {
            outcome: Outcome::Succeeded,
            new_models: vec!["gpt-5".into()],
            pricing_changes: 1,
            price_changes: vec![change],
            held_models: vec!["gpt-4o".into()],
            receipt: Some(receipt()),
            ..run()
        };
        let map = CostMap::parse(
            r#"{"gpt-5": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05}}"#,
        );
        insta::assert_snapshot!(plain(&text(&pipe(), &run, map.ok().as_ref())));
    }

    #[test]
    fn a_run_that_failed_shows_the_remedy_and_no_proof() {
        let error = Error::new(ErrorCode::NoDatabase, "The proxy has no database. Nothing was changed. Give it one.");
        let run = SyncRun { outcome: Outcome::Failed, error: Some(error.detail("HTTP 500")), to: None, ..run() };
        insta::assert_snapshot!(plain(&text(&pipe(), &run, None)));
    }
}
