//! Whether a proxy booked calls at $0 that cost something.

use costmap::people::{counted, thousands};

use super::kept::Kept;
use super::{DoctorContext, DoctorItem};
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::proxy::{Database, Deployment, ProxyClient, ProxyFacts};
use crate::status::{Spend, ZERO_DAYS, ZeroCause, ZeroKnown, ZeroModel, price_list};

/// Models that are named.
const NAMED: usize = 3;

/// One line for what was booked at $0; none where the proxy keeps no record of spend.
pub(super) async fn spend(
    context: DoctorContext<'_>,
    kept: &Kept,
    client: &ProxyClient,
    facts: &ProxyFacts,
    deployments: &[Deployment],
) -> Option<DoctorItem> {
    if facts.database != Database::Yes {
        return None;
    }
    let prices = match (&kept.ledger, &kept.promoted) {
        (Some(ledger), Some(promoted)) => {
            price_list(ledger, &promoted.billed(context.settings.gate.direct)).await.ok().flatten()
        }
        _ => None,
    };
    let known = ZeroKnown {
        deployments,
        prices: prices.as_ref(),
        serves_alias_rows: facts.capabilities.serves_alias_rows,
        ledger: kept.ledger.as_ref(),
    };
    let asked = Spend::ask(client, facts, ZERO_DAYS, None, context.clock.now()).await;
    let found = asked.explain(known).await.ok()?;
    if let Some(error) = found.error {
        return Some(DoctorItem::unknown("spend", bounded(&error.message, 300)));
    }
    let Some(first) = found.models.first() else {
        return Some(DoctorItem::ok(
            "spend",
            format!("No call of the last {ZERO_DAYS} days was booked at $0 by mistake."),
        ));
    };
    let cause = match first.cause {
        ZeroCause::NoPrice => Cause::NoPrice,
        ZeroCause::NotApplied => Cause::NotApplied,
        ZeroCause::SetToZero => Cause::Operator,
    };
    let models = found.models.len() + found.more;
    let message =
        format!("Calls of {} were booked at $0 in the last {ZERO_DAYS} days.", counted(models, "model", "models"));
    let named: Vec<String> = found.models.iter().take(NAMED).map(told).collect();
    let item = DoctorItem::warn("spend", cause, message).evidence(named.join("; "));
    Some(item.remedy(format!("{} `autosync zero` lists them all.", first.remedy())))
}

fn told(model: &ZeroModel) -> String {
    let name = bounded(&model.model, 120);
    let tokens = model.tokens.map(|tokens| format!(", {} tokens", thousands(tokens))).unwrap_or_default();
    format!("{name}: {} calls{tokens}: {}", thousands(model.calls), model.why())
}
