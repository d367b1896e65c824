//! Pins, rollbacks, and the maps that proxies can go back to.

use engine::Result;
use engine::controller::Snapshot;
use engine::ledger::{Pins, Promotion};
use engine::pin::{PinOrder, plan};
use engine::status::Reads;

use crate::Api;
use crate::commands::{PinArgs, PromoteArgs, PublishArgs, UnpinArgs};
use crate::handlers::changes::price_row;
use crate::view::{ChangeRow, PinPreview, PinView, PromotionRow};

/// Promoted maps that can be chosen.
const LISTED: usize = 100;

/// Names that a preview lists.
const NAMES: usize = 200;

/// Prices that a preview lists.
const ROWS: usize = 500;

impl Api {
    pub(crate) async fn promotions(&self, (): ()) -> Result<Vec<PromotionRow>> {
        let ledger = self.engine.ledger();
        let (all, pins) = (ledger.promotions(LISTED * 10).await?, ledger.pins().await?);
        let now = all.first().map(|promotion| promotion.revision);
        let mut rows: Vec<PromotionRow> = Vec::new();
        for promotion in &all {
            let revision = promotion.revision.to_string();
            if rows.len() < LISTED && !rows.iter().any(|row| row.revision == revision) {
                rows.push(row(promotion, &pins, now == Some(promotion.revision)));
            }
        }
        Ok(rows)
    }

    pub(crate) async fn pin_preview(&self, args: PinArgs) -> Result<PinPreview> {
        let order = order(args);
        let ledger = self.engine.ledger();
        let (plan, pins) = (plan(ledger, &order, &self.chosen()?.settings).await?, ledger.pins().await?);
        let users = self.users_of_models();
        let (proxies, direct) = self.concerned(order.proxy.as_deref());
        let set = plan.changes;
        let mut changes: Vec<ChangeRow> =
            set.pricing_changes.iter().map(|change| price_row(change, None, &users)).collect();
        changes.sort_by_key(|row| row.proxies.is_empty());
        changes.truncate(ROWS);
        let names = |names: &[String]| {
            let mut names: Vec<String> = names.to_vec();
            names.sort_by_key(|name| !users.contains_key(name));
            names.truncate(NAMES);
            names
        };
        let other = [
            &set.multiplier_changes,
            &set.hours_changes,
            &set.limit_changes,
            &set.provider_changes,
            &set.mode_changes,
            &set.capability_changes,
            &set.deprecation_changes,
            &set.other_changes,
        ];
        Ok(PinPreview {
            from: row(&plan.from, &pins, true),
            to: row(&plan.to, &pins, plan.from.revision == plan.to.revision),
            bad: plan.bad.map(|bad| bad.to_string()),
            come_back_count: set.new_models.len(),
            come_back: names(&set.new_models),
            go_count: set.removed_models.len(),
            go: names(&set.removed_models),
            row_count: set.pricing_changes.len(),
            rows: changes,
            other_count: other.iter().map(|list| list.len()).sum::<usize>() + set.alias_changes.len(),
            proxies,
            direct,
        })
    }

    pub(crate) async fn pin(&self, args: PinArgs) -> Result<()> {
        self.engine.pin(order(args)).await.map(drop)
    }

    pub(crate) async fn unpin(&self, args: UnpinArgs) -> Result<()> {
        self.engine.unpin(args.proxy).await.map(drop)
    }

    pub(crate) async fn promote(&self, args: PromoteArgs) -> Result<()> {
        let to = args.to.as_deref().map(str::parse).transpose()?;
        self.engine.promote(to, args.force).await.map(drop)
    }

    pub(crate) async fn publish(&self, args: PublishArgs) -> Result<()> {
        self.engine.publish(args.replace).await.map(drop)
    }

    /// The proxies that get what is promoted, and those that read the source themselves.
    pub(crate) fn concerned(&self, only: Option<&str>) -> (Vec<String>, Vec<String>) {
        let snapshot = self.engine.snapshot();
        let snapshot = snapshot.borrow();
        let is_meant = |name: &str| only.is_none_or(|only| only.eq_ignore_ascii_case(name));
        let gets = |reads: Option<Reads>| !matches!(reads, None | Some(Reads::Direct | Reads::Unknown));
        let named = snapshot.proxies.iter().filter(|proxy| is_meant(&proxy.name));
        let (yes, no): (Vec<_>, Vec<_>) =
            named.partition(|proxy| gets(proxy.status.as_ref().map(|status| status.reads)));
        let names = |proxies: Vec<&engine::controller::ProxySnapshot>| {
            proxies.into_iter().map(|proxy| proxy.name.clone()).collect()
        };
        (names(yes), names(no))
    }

    /// The pins that hold, for the state.
    pub(crate) async fn pins(&self, snapshot: &Snapshot) -> Result<Vec<PinView>> {
        let pins = &snapshot.pins;
        let newest = snapshot.source.as_ref().and_then(|source| source.revision);
        let known = |name: &str| snapshot.proxies.iter().any(|proxy| proxy.name.eq_ignore_ascii_case(name));
        let mut views = Vec::new();
        for pin in pins.all.iter().chain(&pins.each).filter(|pin| pin.proxy.as_deref().is_none_or(known)) {
            let upstream = pin.promotion.upstream;
            let stored = self.engine.ledger().revision(&upstream).await?;
            views.push(PinView {
                proxy: pin.proxy.clone(),
                revision: pin.promotion.revision.to_string(),
                upstream: upstream.to_string(),
                seen_at: stored.map(|stored| stored.first_seen),
                since: pin.since,
                resumes: pin.resumes,
                is_behind: newest.is_some_and(|newest| newest != upstream),
            });
        }
        Ok(views)
    }
}

fn order(args: PinArgs) -> PinOrder {
    PinOrder { revision: args.revision, proxy: args.proxy, rollback: args.rollback }
}

fn row(promotion: &Promotion, pins: &Pins, is_now: bool) -> PromotionRow {
    PromotionRow {
        revision: promotion.revision.to_string(),
        upstream: promotion.upstream.to_string(),
        promoted_at: promotion.promoted_at,
        models: promotion.models,
        is_now,
        is_bad: pins.skips(&promotion.upstream),
        has_own: promotion.overlay.is_some(),
        held: promotion.held_models.len(),
    }
}
