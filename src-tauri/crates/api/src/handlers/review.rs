//! What waits for a person: the questions, each in depth, and the answers.

use std::cmp::Reverse;

use costmap::people::{amount, label};
use costmap::{CostMap, Entry, Unit, diff};
use engine::gate::Ruling;
use engine::review::{Questions, Standing, questions};
use engine::status::Reads;
use engine::{Error, ErrorCode, Result};
use rust_decimal::prelude::ToPrimitive;

use crate::Api;
use crate::commands::{DecideArgs, ModelArg};
use crate::handlers::changes::{Users, price_row, revision};
use crate::maps::blocking;
use crate::state::word;
use crate::view::{ChangeRow, FindingView, ReviewDetail, ReviewItem, ReviewView, ScaleKind, ScalePoint};

/// Like models that are shown beside a price.
const PEERS: usize = 4;

impl Api {
    pub(crate) async fn review(&self, (): ()) -> Result<ReviewView> {
        let found = questions(self.engine.ledger()).await?;
        let (gateway, direct) = {
            let snapshot = self.engine.snapshot();
            let snapshot = snapshot.borrow();
            let reads_itself = |reads| matches!(reads, Reads::Direct | Reads::Unknown);
            let direct = snapshot
                .proxies
                .iter()
                .filter(|proxy| proxy.status.as_ref().is_none_or(|status| reads_itself(status.reads)));
            (snapshot.reaches_proxies, direct.map(|proxy| proxy.name.clone()).collect())
        };
        let Some(found) = found else { return Ok(ReviewView { gateway, direct, ..ReviewView::default() }) };
        let users = self.users_of_models();
        blocking(move || ReviewView {
            revision: Some(found.promotion.upstream.to_string()),
            gateway,
            direct,
            items: items(&found, &users),
        })
        .await
    }

    pub(crate) async fn review_model(&self, args: ModelArg) -> Result<ReviewDetail> {
        let history = self.price_history(&args.model).await?;
        let found = questions(self.engine.ledger()).await?.ok_or_else(|| settled(&args.model))?;
        blocking(move || {
            let rows = rows(&found, &args.model, &Users::default());
            // Of a new model there is no row: its input price is what people look at.
            // The price that a finding names is the one that is asked about.
            let named = |row: &&ChangeRow| {
                found.findings_of(&args.model).any(|finding| finding.field.as_deref() == Some(row.field.as_str()))
            };
            let row = rows.iter().find(named).or(rows.first());
            let field = row.map_or("input_cost_per_token", |row| &row.field).to_owned();
            let scale = scale(&found, &args.model, &field);
            let per = Unit::of_path(&field).for_people().1;
            ReviewDetail {
                label: (!scale.is_empty()).then(|| label(&field)),
                unit: (per != Unit::Token.for_people().1).then(|| per.to_owned()),
                scale,
                history,
                model: args.model,
            }
        })
        .await
    }

    pub(crate) async fn decide(&self, args: DecideArgs) -> Result<ReviewView> {
        let ruling = match args.ruling.as_deref() {
            None => None,
            Some("approved") => Some(Ruling::Approved),
            Some("rejected") => Some(Ruling::Rejected),
            Some(_) => return Err(Error::new(ErrorCode::Usage, "A decision is approved or rejected.").field("ruling")),
        };
        if args.models.is_empty() {
            return Err(Error::new(ErrorCode::Usage, "No model was named. Nothing was decided.").field("models"));
        }
        let seen = args.revision.as_deref().map(revision).transpose()?;
        self.engine.decide(args.models, ruling, seen).await?;
        self.review(()).await
    }
}

fn settled(model: &str) -> Error {
    let message = format!("{} is not waiting for a review.", engine::error::bounded(model, 160));
    Error::new(ErrorCode::NotFound, message)
}

fn items(found: &Questions, users: &Users) -> Vec<ReviewItem> {
    let reviewed = &found.reviewed;
    let item = |(model, standing): (&String, Standing)| {
        let (old, new) = (found.baseline.get(model), found.upstream.get(model));
        ReviewItem {
            provider: new.or(old).and_then(|entry| entry.provider()).map(Into::into),
            proxies: users.get(model).cloned().unwrap_or_default(),
            standing: word(standing),
            is_new: old.is_none(),
            is_gone: new.is_none(),
            rows: rows(found, model, users),
            findings: found.findings_of(model).map(FindingView::from).collect(),
            model: model.clone(),
        }
    };
    let open = reviewed.open.iter().map(|model| (model, Standing::Open));
    let rejected = reviewed.rejected.iter().map(|model| (model, Standing::Rejected));
    let approved = reviewed.approved.iter().map(|model| (model, Standing::Approved));
    let mut items: Vec<ReviewItem> = open.chain(rejected).chain(approved).map(item).collect();
    items.sort_by_key(|item| (item.standing != "open", item.proxies.is_empty()));
    items
}

/// The prices of one model that differ, the one that moved most first.
fn rows(found: &Questions, model: &str, users: &Users) -> Vec<ChangeRow> {
    let (old, new) = (found.baseline.get(model), found.upstream.get(model));
    let (Some(old), Some(new)) = (old, new) else { return Vec::new() };
    let alone = |entry: &Entry<'_>| {
        let text = format!("{{{}: {}}}", serde_json::Value::from(model), entry.raw());
        CostMap::parse(text).ok()
    };
    let (Some(before), Some(after)) = (alone(&old), alone(&new)) else { return Vec::new() };
    let changes = diff(&before, &after).pricing_changes;
    let mut rows: Vec<ChangeRow> = changes.iter().map(|change| price_row(change, Some(new), users)).collect();
    let moved = |row: &ChangeRow| row.ratio.map_or(0.0, |ratio| ratio.ln().abs());
    rows.sort_by(|one, other| moved(other).total_cmp(&moved(one)));
    rows
}

/// What the model costs now, what like models cost, and what is proposed.
fn scale(found: &Questions, model: &str, field: &str) -> Vec<ScalePoint> {
    let point = |name: &str, entry: Option<Entry<'_>>, kind| {
        let price = entry?.field(field)?.decimal()?;
        let shown = amount(price, Unit::of_path(field));
        Some(ScalePoint { model: name.to_owned(), value: shown.replace(',', "").parse().ok()?, shown, kind })
    };
    let (old, new) = (found.baseline.get(model), found.upstream.get(model));
    let mut points: Vec<ScalePoint> = point(model, old, ScaleKind::Now).into_iter().collect();
    if let Some(like) = new.or(old) {
        let of = |entry: &Entry<'_>| (entry.provider().map(String::from), entry.mode().map(String::from));
        let wanted = of(&like);
        let mut peers: Vec<(usize, Entry<'_>)> = found
            .upstream
            .models()
            .filter(|entry| entry.name() != model && of(entry) == wanted)
            .map(|entry| (common(&entry.name(), model), entry))
            .collect();
        peers.sort_by_key(|(length, entry)| (Reverse(*length), entry.name().len()));
        let peers = peers.iter().filter_map(|(_, entry)| point(&entry.name(), Some(*entry), ScaleKind::Peer));
        points.extend(peers.take(PEERS));
    }
    points.extend(point(model, new, ScaleKind::Proposed));
    // A value alone says nothing, and nothing is free of charge on a scale of powers of ten.
    points.retain(|point| point.value.to_f64().is_some_and(|value| value > 0.0));
    if points.len() < 2 { Vec::new() } else { points }
}

/// How many letters two names have in common at their beginning.
fn common(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
