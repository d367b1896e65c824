//! `autosync pin`, `unpin` and `rollback`: any step can be taken back.

use costmap::{ChangeSet, people};
use engine::controller::SyncReport;
use engine::ledger::{Ledger, Promotion};
use engine::pin::{PinOrder, PinPlan, PinState, plan};
use engine::{Error, ErrorCode, Result};
use serde_json::{Value, json};

use super::review::outcome;
use super::with_problems;
use crate::args::{PinArgs, RollbackArgs};
use crate::context::{Access, Chosen, Context};
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, changes, count, when};

/// So many promoted maps are listed.
const LISTED: usize = 30;

/// Rows of one kind in a preview.
const ROWS: usize = 12;

pub(super) async fn pin(context: &Context, args: PinArgs) -> Result<Answer> {
    if args.list {
        return list(context).await;
    }
    change(context, PinOrder { revision: args.revision, proxy: args.proxy, rollback: false }).await
}

pub(super) async fn rollback(context: &Context, args: RollbackArgs) -> Result<Answer> {
    let order = PinOrder { revision: args.revision, proxy: args.proxy, rollback: true };
    if !args.dry_run {
        return change(context, order).await;
    }
    let chosen = context.settings()?;
    let plan = plan(&some_ledger(context).await?, &order, &chosen.settings).await?;
    let document =
        json!({ "from": plan.from.revision, "to": plan.to.revision, "bad": plan.bad, "changes": plan.changes });
    let answer = Answer::new(&context.screen, &document, || preview(&context.screen, &plan))?;
    Ok(with_problems(answer.note("Nothing was changed."), &chosen.problems))
}

pub(super) async fn unpin(context: &Context, proxy: Option<String>) -> Result<Answer> {
    let chosen = context.settings()?;
    let report = match context.access().await? {
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let report = engine.unpin(proxy).await;
            engine.shutdown().await;
            report
        }
        Access::Door(door) => door.unpin(proxy).await,
    }?;
    answer(context, &chosen, &report, "Unpinned. Proxies follow the source again.\n").await
}

async fn change(context: &Context, order: PinOrder) -> Result<Answer> {
    let chosen = context.settings()?;
    let plan = plan(&some_ledger(context).await?, &order, &chosen.settings).await?;
    let shown = preview(&context.screen, &plan);
    // What was looked at is what is done, also where something is promoted meanwhile.
    let order = PinOrder { revision: Some(plan.to.revision.to_string()), ..order };
    let report = match context.access().await? {
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let report = engine.pin(order.clone()).await;
            engine.shutdown().await;
            report
        }
        Access::Door(door) => door.pin(order.clone()).await,
    }?;
    let until = if order.rollback {
        "Proxies stay there until the source has another good map, or you run `autosync unpin`.\n"
    } else {
        "Proxies stay there until you run `autosync unpin`.\n"
    };
    answer(context, &chosen, &report, &format!("{shown}{until}")).await
}

pub(super) async fn some_ledger(context: &Context) -> Result<Ledger> {
    let nothing = || Error::new(ErrorCode::NotFound, "Nothing has been promoted yet. Sync once first.");
    context.ledger().await?.ok_or_else(nothing)
}

async fn answer(context: &Context, chosen: &Chosen, report: &SyncReport, done: &str) -> Result<Answer> {
    let ledger = some_ledger(context).await?;
    let (pins, promoted) = (ledger.pins().await?, ledger.promoted().await?);
    let proxies: Vec<PinState> = pins.each.iter().map(|pin| PinState::of(pin, &pins)).collect();
    let document = json!({
        "pin": PinState::of_all(&pins),
        "proxy_pins": proxies,
        "promoted": promoted,
        "runs": report.runs,
    });
    let exit = engine::run::worst_exit_code(report.runs.iter().map(engine::run::SyncRun::exit_code));
    let answer = Answer::new(&context.screen, &document, || {
        let runs = report.runs.iter().map(|run| format!("  {} {}\n", crate::output::safe(&run.proxy), outcome(run)));
        let mut out = done.to_owned();
        out.extend(runs);
        out.trim_end().to_owned()
    })?;
    Ok(with_problems(answer.exit(exit), &chosen.problems))
}

fn preview(screen: &Screen, plan: &PinPlan) -> String {
    let named =
        |promotion: &Promotion| format!("{} of {}", promotion.revision.short(), when::exact(promotion.promoted_at));
    let mut out = format!("{} -> {}\n", named(&plan.from), paint(Tone::Strong, &named(&plan.to)));
    if let Some(bad) = plan.bad {
        out.push_str(&format!("The source's map {} is marked as bad.\n", bad.short()));
    }
    out + &changed(screen, &plan.changes)
}

fn changed(screen: &Screen, set: &ChangeSet) -> String {
    let changed =
        set.counts.new_models + set.counts.changed_models + set.removed_models.len() + set.alias_changes.len();
    if changed == 0 {
        return "Nothing changes for proxies.\n".to_owned();
    }
    let mut out = String::new();
    let mut section = |title: &str, number: usize, text: String| {
        if number > 0 {
            out.push_str(&format!("\n  {} ({})\n{text}", paint(Tone::Strong, title), people::thousands(number)));
        }
    };
    section("Come back", set.new_models.len(), changes::names(screen, &set.new_models, ROWS));
    section("Go", set.removed_models.len(), changes::names(screen, &set.removed_models, ROWS));
    section("Prices, USD", set.pricing_changes.len(), changes::prices(screen, &set.pricing_changes, ROWS));
    out.push('\n');
    out
}

/// Every map that was promoted, named and dated.
async fn list(context: &Context) -> Result<Answer> {
    let ledger = some_ledger(context).await?;
    let (promotions, pins) = (ledger.promotions(LISTED * 10).await?, ledger.pins().await?);
    let mut maps: Vec<&Promotion> = Vec::new();
    for promotion in &promotions {
        if !maps.iter().any(|known| known.revision == promotion.revision) {
            maps.push(promotion);
        }
    }
    maps.truncate(LISTED);
    let is_now = |promotion: &Promotion| promotions.first().is_some_and(|now| now.revision == promotion.revision);
    let document: Vec<Value> = maps
        .iter()
        .map(|map| {
            json!({
                "revision": map.revision, "upstream": map.upstream, "promoted_at": map.promoted_at,
                "models": map.models, "bad": pins.skips(&map.upstream), "now": is_now(map),
            })
        })
        .collect();
    Answer::new(&context.screen, &json!({ "maps": document }), || {
        let heads = [Head::Left("revision"), Head::Left("promoted"), Head::Right("models"), Head::Left("")];
        let mut grid = Grid::new(&context.screen, &heads);
        for map in &maps {
            let mut notes = Vec::new();
            if is_now(map) {
                notes.push(if pins.all.is_some() { "pinned" } else { "now" }.to_owned());
            }
            if map.overlay.is_some() {
                notes.push("with your own entries".to_owned());
            }
            if pins.skips(&map.upstream) {
                notes.push("marked as bad".to_owned());
            }
            for pin in pins.each.iter().filter(|pin| pin.promotion.revision == map.revision) {
                notes.push(format!("{} is pinned to it", pin.proxy.as_deref().unwrap_or_default()));
            }
            grid.row([
                toned(Tone::Strong, map.revision.short()),
                cell(when::both(map.promoted_at, context.screen.now)),
                cell(people::thousands(map.models)),
                cell(notes.join(", ")),
            ]);
        }
        let shown = format!("{}, newest first.\n", count(maps.len(), "map"));
        shown + &grid.text()
    })
}
