//! `autosync review`, `approve` and `reject`: what waits for a person, and what the person says.

use costmap::people::{label, price};
use costmap::{Entry, Finding, Unit, people};
use engine::gate::Ruling;
use engine::ledger::Ledger;
use engine::review::{Questions, Standing, questions};
use engine::{Error, ErrorCode, Result};
use serde_json::{Value, json};

use super::with_problems;
use crate::args::DecideArgs;
use crate::context::{Access, Context};
use crate::output::run::outcome_word;
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe};

pub(super) async fn list(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let found = match context.ledger().await? {
        Some(ledger) => questions(&ledger).await?,
        None => None,
    };
    let document = json!({ "models": found.as_ref().map(documents).unwrap_or_default() });
    let mut answer = Answer::new(&context.screen, &document, || text(&context.screen, found.as_ref()))?;
    if is_direct(&chosen.settings) && found.as_ref().is_some_and(|found| !found.reviewed.open.is_empty()) {
        answer = answer.note(NEEDS_GATEWAY);
    }
    Ok(with_problems(answer, &chosen.problems))
}

/// Nothing of what is promoted here gets to a proxy.
fn is_direct(settings: &engine::settings::Settings) -> bool {
    !settings.reaches_proxies()
}

const NEEDS_GATEWAY: &str = "Proxies that read the source themselves already bill these prices. `autosync gateway on` puts the gateway in between; proxies that read it keep the old prices until you decide.";

pub(super) async fn decide(context: &Context, args: DecideArgs, ruling: Ruling) -> Result<Answer> {
    let chosen = context.settings()?;
    if is_direct(&chosen.settings) {
        let message =
            format!("A decision changes what the gateway serves, and it is off. Nothing was decided. {NEEDS_GATEWAY}");
        return Err(Error::new(ErrorCode::NeedsGateway, message));
    }
    let asked = args.models.clone();
    let report = match context.access().await? {
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let report = engine.decide(args.models, Some(ruling), None).await;
            engine.shutdown().await;
            report
        }
        Access::Door(door) => door.decide(args.models, Some(ruling)).await,
    }?;
    let ledger = context.ledger().await?;
    let left = left(ledger.as_ref()).await?;
    let document = json!({
        "decided": if args.all { Value::from("all") } else { asked.clone().into() },
        "ruling": ruling,
        "waiting": left,
        "runs": report.runs,
    });
    let exit = engine::run::worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code));
    let answer = Answer::new(&context.screen, &document, || {
        let what = if args.all {
            "All models".to_owned()
        } else {
            asked.iter().map(|model| safe(model)).collect::<Vec<_>>().join(", ")
        };
        let done = match ruling {
            Ruling::Approved => "approved; the gateway serves the new values now",
            Ruling::Rejected => "rejected; the old entry stays while this value is there",
        };
        let mut out = format!("{what} {done}.\n");
        for run in &report.runs {
            out.push_str(&format!("  {} {}\n", safe(&run.proxy), outcome(run)));
        }
        out + &match left {
            0 => "Nothing else needs review.".to_owned(),
            more => {
                format!("{} {} review.", count(more, "model"), if more == 1 { "still needs" } else { "still need" })
            }
        }
    })?;
    Ok(with_problems(answer.exit(exit), &chosen.problems))
}

pub(super) fn outcome(run: &engine::run::SyncRun) -> String {
    let error = run.error.as_ref().map(|error| format!(": {}", safe(&error.message))).unwrap_or_default();
    format!("{}{error}", outcome_word(run.outcome).0)
}

async fn left(ledger: Option<&Ledger>) -> Result<usize> {
    let Some(ledger) = ledger else { return Ok(0) };
    Ok(questions(ledger).await?.map_or(0, |found| found.reviewed.open.len()))
}

/// The models that are asked about, open ones first.
fn asked(found: &Questions) -> Vec<&String> {
    let reviewed = &found.reviewed;
    reviewed.open.iter().chain(&reviewed.rejected).chain(&reviewed.approved).collect()
}

fn documents(found: &Questions) -> Vec<Value> {
    let document = |model: &&String| {
        let findings: Vec<&Finding> = found.findings_of(model).collect();
        let changes: Vec<Value> = changes(found, model)
            .into_iter()
            .map(|(field, before, after)| json!({ "field": field, "before": before, "after": after }))
            .collect();
        json!({ "model": model, "standing": found.standing(model), "findings": findings, "prices": changes })
    };
    asked(found).iter().map(document).collect()
}

/// The prices that differ between the entry that is kept and the one that waits, as decimal texts.
fn changes(found: &Questions, model: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let prices = |entry: Option<Entry<'_>>| -> Vec<(String, String)> {
        let leaves = entry.iter().flat_map(Entry::leaves).filter(costmap::Leaf::is_price);
        leaves
            .map(|leaf| (leaf.path().to_string(), leaf.contract_json()))
            .map(|(path, value)| (path, plain(&value)))
            .collect()
    };
    let (old, new) = (prices(found.baseline.get(model)), prices(found.upstream.get(model)));
    let value = |all: &[(String, String)], field: &str| {
        all.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
    };
    let mut fields: Vec<&String> = old.iter().chain(&new).map(|(field, _)| field).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
        .into_iter()
        .map(|field| (field.clone(), value(&old, field), value(&new, field)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(screen: &Screen, found: Option<&Questions>) -> String {
    let Some(found) = found.filter(|found| !asked(found).is_empty()) else { return "Nothing needs review.".to_owned() };
    let mut out = String::new();
    for model in asked(found) {
        let standing = match found.standing(model) {
            Some(Standing::Approved) => paint(Tone::Strong, "approved"),
            Some(Standing::Rejected) => paint(Tone::Faint, "rejected, keeps its old entry"),
            _ => paint(Tone::Warn, "needs review"),
        };
        out.push_str(&format!("{}  {standing}\n", paint(Tone::Strong, &safe(model))));
        if found.upstream.get(model).is_none() {
            out.push_str("  is gone\n");
        } else if found.baseline.get(model).is_none() {
            out.push_str("  is new\n");
        }
        for (field, before, after) in changes(found, model).into_iter().take(FIELDS) {
            let shown = |value: &Option<String>| {
                value.as_ref().map_or_else(|| "none".to_owned(), |value| amount(&field, value))
            };
            out.push_str(&format!("  {}: {} -> {}\n", label(&field), shown(&before), shown(&after)));
        }
        for finding in found.findings_of(model).take(FIELDS) {
            out.push_str(&format!("  {}\n", paint(Tone::Faint, &safe(&finding.message))));
        }
    }
    let waiting = found.reviewed.open.len();
    let _ = screen;
    out + &match waiting {
        0 => "Nothing waits for you.".to_owned(),
        _ => "`autosync approve MODEL` lets a model through, `autosync reject MODEL` keeps its old entry.".to_owned(),
    }
}

/// So many fields and reasons of a model are printed; `--json` has all.
const FIELDS: usize = 6;

fn amount(field: &str, value: &str) -> String {
    let unit = Unit::of_path(field);
    let value = Value::from(value);
    price(&value)
        .map_or_else(|| plain(&value), |price| format!("${} {}", people::amount(price, unit), unit.for_people().1))
}
