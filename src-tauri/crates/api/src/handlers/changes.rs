//! What differs between two maps, ready to show.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use costmap::people::{amount, label, price, scaled, scaling, thousands};
use costmap::{AliasChange, Cause, ChangeSet, CostMap, Entry, FieldChange, Revision, Severity, Unit, causes};
use engine::error::bounded;
use engine::ledger::{Promotion, StoredRevision};
use engine::sync::SourceState;
use engine::{Error, ErrorCode, Result};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::Api;
use crate::commands::ChangesArgs;
use crate::maps::{blocking, map};
use crate::state::{summary, word};
use crate::view::{CauseView, ChangeGroup, ChangeKind, ChangeRow, Changes, Direction, NoticeView, RevisionRow};

/// Maps that can be chosen.
const REVISIONS: usize = 1000;

/// Causes that are shown with a diff; nobody reads more lines.
const CAUSES: usize = 200;

/// A repair is information, but one that people look for beside a far move.
const REPAIRED: &str = "jump.repaired";

/// A verdict, as a row has it.
const HELD: &str = "held";

/// Characters of a value that is no price.
const VALUE: usize = 120;

/// Which proxies use a model.
pub(crate) type Users = HashMap<String, Vec<String>>;

impl Api {
    pub(crate) async fn revisions(&self, (): ()) -> Result<Vec<RevisionRow>> {
        let ledger = self.engine.ledger();
        let promotions = ledger.promotions(REVISIONS).await?;
        let stored = ledger.revisions(REVISIONS).await?;
        Ok(stored.iter().map(|stored| revision_row(stored, &promotions)).collect())
    }

    pub(crate) async fn changes(&self, args: ChangesArgs) -> Result<Option<Changes>> {
        let ledger = self.engine.ledger();
        let promotions = ledger.promotions(REVISIONS).await?;
        let rows: Vec<RevisionRow> =
            ledger.revisions(REVISIONS).await?.iter().map(|stored| revision_row(stored, &promotions)).collect();
        let wanted = |text: &str| {
            rows.iter().position(|row| row.revision == text).ok_or_else(|| {
                Error::new(ErrorCode::NotFound, "This map is not stored here.")
                    .detail(bounded(text, 60))
                    .field("revision")
            })
        };
        let source = self.engine.snapshot().borrow().source.clone();
        let newest = match (&args.from, &args.to) {
            (None, None) => self.newest_change(source.as_ref()).await?,
            _ => None,
        };
        let at = |revision: Revision| rows.iter().position(|row| row.revision == revision.to_string());
        // What was put together here is compared only when it is asked for; what was held, only with what came before.
        let upstream = |from: usize, held: bool| {
            let fits = |row: &RevisionRow| !row.is_composed && (held || row.verdict != HELD);
            rows.iter().enumerate().skip(from).find(|(_, row)| fits(row)).map(|(at, _)| at)
        };
        let to = match (&args.to, newest) {
            (Some(to), _) => Some(wanted(to)?),
            (None, Some((_, to))) => at(to),
            (None, None) => upstream(0, true),
        };
        let from = match (&args.from, newest) {
            (Some(from), _) => Some(wanted(from)?),
            (None, Some((from, _))) => at(from),
            (None, None) => to.and_then(|to| upstream(to + 1, false)),
        };
        let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
        let (old, new): (Revision, Revision) = (revision(&rows[from].revision)?, revision(&rows[to].revision)?);
        let set = self.differences.between(ledger, &old, &new).await?;
        let (old_map, new_map) = (map(ledger, &old).await?, map(ledger, &new).await?);
        let mine = self.users_of_models();
        let held: BTreeSet<String> = promotions
            .iter()
            .find(|promotion| promotion.upstream == new)
            .map(|promotion| promotion.held_models.iter().cloned().collect())
            .unwrap_or_default();
        let findings = self.engine.ledger().latest_findings(&new).await?.unwrap_or_default();
        let reviewed = findings.iter().filter(|finding| finding.severity == Severity::Review);
        let reviewed: BTreeSet<_> = reviewed.map(|finding| &finding.model).collect();
        // The findings of one rule are listed up to a bound; what was held with them is listed whole.
        let to_review = reviewed.len().max(held.len());
        let is_told = |cause: &Cause| cause.severity != Severity::Info || cause.rule == REPAIRED;
        let causes = causes(&findings, &|model| mine.contains_key(model)).into_iter().filter(is_told);
        let causes = causes.take(CAUSES).map(CauseView::from).collect();
        let used: BTreeSet<String> = mine.keys().cloned().collect();
        let summary = summary(&set, &used);
        let notices = set
            .notices
            .iter()
            .map(|notice| NoticeView {
                rule: notice.rule.clone(),
                models: notice.models,
                message: notice.message.clone(),
            })
            .collect();
        let groups = blocking(move || groups(&set, &old_map, &new_map, &mine, &held)).await?;
        self.saw_changes(&new).await?;
        let between = rows.iter().skip(to.min(from)).take(from.abs_diff(to));
        let revisions = between.filter(|row| !row.is_composed).count();
        Ok(Some(Changes {
            from: rows[from].clone(),
            to: rows[to].clone(),
            revisions,
            summary,
            groups,
            notices,
            causes,
            to_review,
        }))
    }

    /// The newest change of the source: its map against the one that was promoted when it came. Where it has none of its
    /// own (a first map, one that came back, or what is no map at all), the last change of what was promoted.
    pub(crate) async fn newest_change(&self, source: Option<&SourceState>) -> Result<Option<(Revision, Revision)>> {
        let ledger = self.engine.ledger();
        if let Some((before, now)) = source.and_then(|source| Some((source.before?, source.revision?)))
            && before != now
            && ledger.revision(&now).await?.is_some()
            && ledger.revision(&before).await?.is_some()
        {
            return Ok(Some((before, now)));
        }
        let promotions = ledger.promotions(REVISIONS).await?;
        let Some(last) = promotions.first() else { return Ok(None) };
        let before = promotions.iter().find(|promotion| promotion.upstream != last.upstream);
        Ok(before.map(|before| (before.upstream, last.upstream)))
    }

    /// Which proxies use which model, as they last said.
    pub(crate) fn users_of_models(&self) -> Users {
        let snapshot = self.engine.snapshot();
        let snapshot = snapshot.borrow();
        let mut users = Users::new();
        for proxy in &snapshot.proxies {
            for model in proxy.status.iter().flat_map(|status| &status.used_models) {
                users.entry(model.clone()).or_default().push(proxy.name.clone());
            }
        }
        users
    }
}

/// A revision as it was given.
pub(crate) fn revision(text: &str) -> Result<Revision> {
    text.parse().map_err(|_| {
        Error::new(ErrorCode::Usage, "That isn't a revision: a revision has 40 hexadecimal digits.").field("revision")
    })
}

fn revision_row(stored: &StoredRevision, promotions: &[Promotion]) -> RevisionRow {
    // The newest first: the first promotion of a map is the last one here.
    let made = |promotion: &&Promotion| promotion.upstream == stored.revision || promotion.revision == stored.revision;
    let promotion = promotions.iter().rev().find(made);
    RevisionRow {
        revision: stored.revision.to_string(),
        first_seen: stored.first_seen,
        models: stored.models,
        verdict: word(stored.verdict),
        promoted_at: promotion.map(|promotion| promotion.promoted_at),
        held: promotions.iter().find(made).map_or(0, |promotion| promotion.held_models.len()),
        is_composed: stored.source == engine::sync::COMPOSED,
    }
}

fn groups(set: &ChangeSet, old: &CostMap, new: &CostMap, users: &Users, held: &BTreeSet<String>) -> Vec<ChangeGroup> {
    let mut all: BTreeMap<ChangeKind, Vec<ChangeRow>> = BTreeMap::new();
    let mut add = |kind, row: ChangeRow| all.entry(kind).or_default().push(row);
    for change in &set.pricing_changes {
        add(ChangeKind::Repriced, price_row(change, new.get(&change.model), users));
    }
    for change in set.multiplier_changes.iter().chain(&set.hours_changes) {
        add(ChangeKind::Repriced, scaling_row(change, new.get(&change.model), users));
    }
    for change in &set.alias_changes {
        for row in alias_rows(change, old, new, users) {
            add(ChangeKind::Alias, row);
        }
    }
    for name in &set.new_models {
        add(ChangeKind::New, whole_row(name, new.priced(name), users));
    }
    for name in &set.removed_models {
        add(ChangeKind::Removed, whole_row(name, old.priced(name), users));
    }
    let others = [
        (ChangeKind::Limits, &set.limit_changes),
        (ChangeKind::Capabilities, &set.capability_changes),
        (ChangeKind::Provider, &set.provider_changes),
        (ChangeKind::Provider, &set.mode_changes),
        (ChangeKind::Deprecation, &set.deprecation_changes),
        (ChangeKind::Other, &set.other_changes),
    ];
    for (kind, changes) in others {
        for change in changes {
            add(kind, field_row(change, new.get(&change.model), users));
        }
    }
    all.into_iter().map(|(kind, rows)| group(kind, rows, held)).collect()
}

fn group(kind: ChangeKind, mut rows: Vec<ChangeRow>, held: &BTreeSet<String>) -> ChangeGroup {
    for row in &mut rows {
        row.held = held.contains(&row.model);
    }
    let models: BTreeSet<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    let mine: BTreeSet<&str> =
        rows.iter().filter(|row| !row.proxies.is_empty()).map(|row| row.model.as_str()).collect();
    let count = |direction| rows.iter().filter(|row| row.direction == direction).count();
    ChangeGroup {
        kind,
        models: models.len(),
        mine: mine.len(),
        rises: count(Direction::Rise),
        falls: count(Direction::Fall),
        rows,
    }
}

fn row(model: &str, entry: Option<Entry<'_>>, users: &Users) -> ChangeRow {
    ChangeRow {
        model: model.to_owned(),
        provider: entry.and_then(|entry| entry.provider()).map(Into::into),
        mode: entry.and_then(|entry| entry.mode()).map(Into::into),
        field: String::new(),
        label: String::new(),
        before: None,
        after: None,
        unit: None,
        percent: None,
        ratio: None,
        direction: Direction::None,
        proxies: users.get(model).cloned().unwrap_or_default(),
        input: None,
        output: None,
        context: None,
        held: false,
    }
}

/// A price that differs.
pub(crate) fn price_row(change: &FieldChange, entry: Option<Entry<'_>>, users: &Users) -> ChangeRow {
    let unit = Unit::of_path(&change.field);
    let price_of = |value: &Option<Value>| value.as_ref().and_then(price);
    let (before, after) = (price_of(&change.before), price_of(&change.after));
    let shown = |value: &Option<Value>, price: Option<Decimal>| {
        value.as_ref().map(|value| price.map_or_else(|| plain(value), |price| amount(price, unit)))
    };
    let (mut old, mut new) = (shown(&change.before, before), shown(&change.after, after));
    if old == new {
        let exact = |price: Option<Decimal>| price.map(|price| scaled(price, unit).to_string());
        (old, new) = (exact(before), exact(after));
    }
    let (direction, percent) = match (before, after) {
        (Some(before), Some(after)) => {
            let direction = if after > before { Direction::Rise } else { Direction::Fall };
            let ratio = after.checked_div(before);
            let percent = ratio.and_then(|ratio| (ratio - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED));
            (direction, percent.and_then(|percent| percent.round_dp(2).to_string().parse().ok()))
        }
        _ => (Direction::None, None),
    };
    let per = unit.for_people().1;
    ChangeRow {
        field: change.field.clone(),
        label: label(&change.field),
        before: old,
        after: new,
        unit: (per != Unit::Token.for_people().1).then(|| per.to_owned()),
        percent,
        ratio: change.ratio,
        direction,
        ..row(&change.model, entry, users)
    }
}

fn field_row(change: &FieldChange, entry: Option<Entry<'_>>, users: &Users) -> ChangeRow {
    ChangeRow {
        field: change.field.clone(),
        label: label(&change.field),
        before: change.before.as_ref().map(plain),
        after: change.after.as_ref().map(plain),
        ratio: change.ratio,
        ..row(&change.model, entry, users)
    }
}

/// What scales a price, or says when it applies.
fn scaling_row(change: &FieldChange, entry: Option<Entry<'_>>, users: &Users) -> ChangeRow {
    let shown = |value: &Option<Value>| value.as_ref().map(|value| scaling(&change.field, value));
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
    let direction = match (number(&change.before), number(&change.after)) {
        (Some(before), Some(after)) if after > before => Direction::Rise,
        (Some(before), Some(after)) if after < before => Direction::Fall,
        _ => Direction::None,
    };
    ChangeRow {
        before: shown(&change.before),
        after: shown(&change.after),
        percent: change.ratio.map(|ratio| ((ratio - 1.0) * 10_000.0).round() / 100.0),
        direction,
        ..field_row(change, entry, users)
    }
}

/// Another name: what it stood for and stands for, then what that does to its price and limits.
fn alias_rows(change: &AliasChange, old: &CostMap, new: &CostMap, users: &Users) -> Vec<ChangeRow> {
    let entry = new.priced(&change.model).or_else(|| old.priced(&change.model));
    let mut rows = vec![ChangeRow {
        label: "Stands for".to_owned(),
        before: change.before.clone(),
        after: change.after.clone(),
        ..whole_row(&change.model, entry, users)
    }];
    rows.extend(change.effects.iter().map(|effect| {
        let is_price = [&effect.before, &effect.after].into_iter().flatten().any(|value| price(value).is_some());
        if is_price { price_row(effect, entry, users) } else { field_row(effect, entry, users) }
    }));
    rows
}

/// A model that is new, or gone.
fn whole_row(name: &str, entry: Option<Entry<'_>>, users: &Users) -> ChangeRow {
    ChangeRow {
        input: entry.and_then(|entry| token_price(&entry, "input_cost_per_token")),
        output: entry.and_then(|entry| token_price(&entry, "output_cost_per_token")),
        context: entry.and_then(|entry| whole(&entry, &["max_input_tokens", "max_tokens"])),
        ..row(name, entry, users)
    }
}

/// A price for tokens, per million.
pub(crate) fn token_price(entry: &Entry<'_>, field: &str) -> Option<String> {
    entry.field(field).and_then(|leaf| leaf.decimal()).map(|price| amount(price, Unit::Token))
}

/// The first of these fields that holds a whole number.
pub(crate) fn whole(entry: &Entry<'_>, fields: &[&str]) -> Option<u64> {
    fields.iter().find_map(|field| entry.field(field)?.decimal()?.trunc().try_into().ok())
}

/// A value that is no price.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => bounded(text, VALUE),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), thousands),
        other => bounded(&other.to_string(), VALUE),
    }
}
