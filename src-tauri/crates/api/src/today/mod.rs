//! What is new today: what the map that is promoted now changed against the one that was promoted before this day, or
//! when the changes were last looked at.

mod fresh;
mod yours;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Local, NaiveDate, NaiveTime, Utc};
use costmap::{ChangeSet, CostMap, Revision};
use engine::Result;
use engine::controller::Snapshot;
use engine::ledger::Promotion;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::maps::{blocking, map};
use crate::state::summary;
use crate::view::{ProxyView, Today, TodayChange, TodayKind};

pub(crate) use fresh::{Family, families};
pub(crate) use yours::percent;

/// Where the ledger keeps which changes were looked at last.
const SEEN: &str = "seen_changes";

/// Promotions among which the map before this day is looked for.
const PROMOTIONS: usize = 200;

/// Lines on the left and on the right.
const YOURS: usize = 4;
const FRESH: usize = 6;

/// A model that retires within so many days is told; on a quiet day, only one that retires soon.
const RETIRES: i64 = 30;
const SOON: i64 = 7;

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// The newer map of the changes.
    to: Revision,
    /// When.
    at: DateTime<Utc>,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    from: Revision,
    to: Revision,
    /// The map whose changes were looked at last, on whatever day: midnight makes nothing seen.
    seen: Revision,
    held: Vec<String>,
    mine: BTreeSet<String>,
    day: NaiveDate,
}

/// The last answer: the state is told many times a second while a sync runs, and two maps take long to read.
pub(crate) type Known = Mutex<Option<(Question, Arc<Today>)>>;

impl Api {
    /// What is new today; `None` until a second map was promoted.
    pub(crate) async fn today(
        &self,
        snapshot: &Snapshot,
        proxies: &[ProxyView],
        mine: &BTreeSet<String>,
    ) -> Result<Option<Today>> {
        let Some(promotion) = snapshot.promoted.as_deref() else { return Ok(None) };
        let ledger = self.engine.ledger();
        let day = self.now().with_timezone(&Local).date_naive();
        let seen: Option<Seen> = ledger.get_state(SEEN).await?;
        let promotions = ledger.promotions(PROMOTIONS).await?;
        // Proxies that wait for a review do not have what waits: that stands in the attention list.
        let direct = self.direct()?;
        let to = promotion.billed(direct);
        let billed = promotions.iter().position(|made| made.upstream == to || made.revision == to).unwrap_or_default();
        let promotions = &promotions[billed..];
        let Some((from, since)) = baseline(promotions, seen.as_ref(), midnight(day)) else { return Ok(None) };
        let held = if promotion.waits(direct) { Vec::new() } else { promotion.held_models.clone() };
        let is_known = |seen: &Seen| promotions.iter().any(|made| made.upstream == seen.to);
        let last_seen = seen.filter(is_known).map_or(from, |seen| seen.to);
        let question = Question { from, to, seen: last_seen, held, mine: mine.clone(), day };
        let known = self.today.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let today = if let Some((_, today)) = known.filter(|(known, _)| *known == question) {
            today
        } else {
            let set = self.differences.between(ledger, &from, &to).await?;
            let new = map(ledger, &to).await?;
            let asked = question.clone();
            let unseen = match last_seen {
                same if same == from => Arc::clone(&set),
                seen => self.differences.between(ledger, &seen, &to).await?,
            };
            let today = blocking(move || Arc::new(compared(&set, &unseen, &new, &asked))).await?;
            *self.today.lock().unwrap_or_else(PoisonError::into_inner) = Some((question, Arc::clone(&today)));
            today
        };
        let mut today = Today { since, ..Today::clone(&today) };
        proved(&mut today, snapshot, proxies, &to, promotion);
        Ok(Some(today))
    }

    /// The changes up to this map were looked at: they are no news any more.
    pub(crate) async fn saw_changes(&self, to: &Revision) -> Result<()> {
        let newest = self.engine.snapshot().borrow().promoted.as_ref().map(|promotion| promotion.upstream);
        let ledger = self.engine.ledger();
        let seen: Option<Seen> = ledger.get_state(SEEN).await?;
        let at = self.now();
        let is_known = |seen: Seen| seen.to == *to && seen.at >= midnight(at.with_timezone(&Local).date_naive());
        if newest != Some(*to) || seen.is_some_and(is_known) {
            return Ok(());
        }
        ledger.set_state(SEEN, &Seen { to: *to, at }).await?;
        self.refresh();
        Ok(())
    }
}

/// When a day began here.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let start = day.and_time(NaiveTime::MIN);
    // Where the clock goes forward at midnight the day begins later.
    start.and_local_timezone(Local).earliest().map_or_else(|| start.and_utc(), |start| start.with_timezone(&Utc))
}

/// The upstream map to compare with, and since when that is the whole of the news.
fn baseline(
    promotions: &[Promotion],
    seen: Option<&Seen>,
    midnight: DateTime<Utc>,
) -> Option<(Revision, DateTime<Utc>)> {
    let now = promotions.first()?;
    let seen = seen.filter(|seen| seen.at >= midnight && promotions.iter().any(|made| made.upstream == seen.to));
    if let Some(seen) = seen {
        return Some((seen.to, seen.at));
    }
    // Before the first map everything is new, and that is no news.
    let before = promotions.iter().find(|made| made.promoted_at < midnight).or(promotions.last())?;
    if before.upstream == now.upstream && promotions.iter().all(|made| made.upstream == now.upstream) {
        return None;
    }
    // What was composed anew from the same map brought nothing.
    let at = promotions.iter().position(|made| made.promoted_at == before.promoted_at).unwrap_or_default();
    let same = promotions.iter().skip(at).take_while(|made| made.upstream == before.upstream);
    Some((before.upstream, same.last().map_or(before.promoted_at, |made| made.promoted_at)))
}

fn compared(set: &ChangeSet, unseen: &ChangeSet, new: &CostMap, asked: &Question) -> Today {
    let summary = summary(set, &asked.mine);
    let mut yours = yours::changes(set, new, &asked.mine, &asked.held, asked.day, RETIRES);
    let families = families(&set.new_models, new, &asked.mine);
    let is_news = |change: &TodayChange| change.kind != TodayKind::Retires;
    if families.is_empty() && !yours.iter().any(is_news) {
        yours = yours::changes(set, new, &asked.mine, &asked.held, asked.day, SOON);
    }
    let mine = yours::changed(set, new, &asked.mine).len();
    let unseen = yours::changed(unseen, new, &asked.mine).len();
    let all = set.counts.changed_models + set.counts.new_models + set.counts.removed_models;
    let (fresh, fresh_more) = fresh::lines(&families, new, FRESH);
    let yours_more = yours.len().saturating_sub(YOURS);
    yours.truncate(YOURS);
    Today {
        from: set.from.to_string(),
        to: set.to.to_string(),
        models: summary.new_models,
        prices: summary.repriced_models,
        mine: unseen,
        elsewhere: all.saturating_sub(mine),
        yours,
        yours_more,
        fresh,
        fresh_more,
        ..Today::default()
    }
}

/// Says which proxies have proved it, and of which changes none has that uses the model.
fn proved(today: &mut Today, snapshot: &Snapshot, proxies: &[ProxyView], to: &Revision, promotion: &Promotion) {
    let has = |proved: Revision| proved == *to || (*to == promotion.upstream && proved == promotion.revision);
    let has_proved: Vec<_> = snapshot.proxies.iter().filter(|proxy| proxy.proved.is_some_and(has)).collect();
    today.proved_on = match &has_proved[..] {
        [] => None,
        [only] => Some(only.name.clone()),
        more => Some(format!("{} proxies", more.len())),
    };
    let times = proxies.iter().filter(|proxy| has_proved.iter().any(|it| it.name == proxy.name));
    today.proved_at = times.filter_map(|proxy| proxy.proved_at).max().filter(|_| today.proved_on.is_some());
    for change in &mut today.yours {
        let uses = |status: &engine::status::ProxyStatus| status.used_models.contains(&change.model);
        // When it retires is no price.
        change.in_source = change.kind != TodayKind::Retires
            && !has_proved.iter().any(|proxy| proxy.status.as_deref().is_some_and(uses));
    }
}

#[cfg(test)]
mod tests {
    use costmap::diff;

    use super::*;
    use crate::samples::at;

    fn made(of: u8, promoted_at: &str) -> Promotion {
        Promotion {
            revision: Revision::of(&[of]),
            upstream: Revision::of(&[of]),
            models: 1,
            promoted_at: at(promoted_at),
            baseline: None,
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
            held_models: vec![],
        }
    }

    #[test]
    fn it_is_compared_with_the_map_before_this_day_or_with_what_was_looked_at() {
        let midnight = at("2026-03-04T00:00:00Z");
        let [a, b, c] = [1, 2, 3].map(|of: u8| Revision::of(&[of]));
        // The newest first.
        let all = [
            made(3, "2026-03-04T11:00:00Z"),
            made(2, "2026-03-04T09:00:00Z"),
            made(1, "2026-03-03T20:00:00Z"),
            made(1, "2026-03-01T20:00:00Z"),
        ];
        let asked = |promotions: &[Promotion], seen: Option<Seen>| baseline(promotions, seen.as_ref(), midnight);
        assert_eq!(asked(&all, None), Some((a, at("2026-03-01T20:00:00Z"))), "composed anew, it brought nothing");
        let seen = |to, time| Some(Seen { to, at: at(time) });
        let today = "2026-03-04T10:00:00Z";
        assert_eq!(asked(&all, seen(b, today)), Some((b, at(today))), "only what came after the look");
        assert_eq!(asked(&all, seen(c, today)), Some((c, at(today))), "all was seen");
        assert_eq!(asked(&all, seen(a, "2026-03-03T22:00:00Z")), Some((a, at("2026-03-01T20:00:00Z"))));
        assert_eq!(asked(&all[2..], None), None, "a first map is no news");
        assert_eq!(asked(&all[..1], None), None, "a first map is no news");
        assert_eq!(asked(&all[..2], None), Some((b, at("2026-03-04T09:00:00Z"))), "the second map of the first day");
        assert_eq!(asked(&[], None), None);
    }

    fn told(old: &str, new: &str, mine: &[&str]) -> Today {
        let (old, new) = (CostMap::parse(old).unwrap(), CostMap::parse(new).unwrap());
        let asked = Question {
            from: old.revision(),
            seen: old.revision(),
            to: new.revision(),
            held: vec![],
            mine: mine.iter().map(|name| (*name).to_owned()).collect(),
            day: "2026-03-04".parse().unwrap(),
        };
        let set = diff(&old, &new);
        compared(&set, &set, &new, &asked)
    }

    #[test]
    fn a_change_elsewhere_is_counted_and_no_news() {
        let map = |limit: u32, retires: &str| {
            format!(r#"{{"mine": {{"deprecation_date": "{retires}"}}, "other": {{"max_input_tokens": {limit}}}}}"#)
        };
        let quiet = told(&map(1, "2026-03-20"), &map(2, "2026-03-20"), &["mine"]);
        assert_eq!((quiet.mine, quiet.elsewhere), (0, 1));
        assert!(quiet.yours.is_empty() && quiet.fresh.is_empty(), "retiring in 16 days is no news of each day");
        assert_eq!(told(&map(1, "2026-03-08"), &map(2, "2026-03-08"), &["mine"]).yours.len(), 1);
    }

    #[test]
    fn four_lines_of_mine_and_the_count_of_the_rest() {
        let map = |cost: &str| {
            let models: Vec<String> = ["a", "b", "c", "d", "e"]
                .iter()
                .map(|name| format!(r#""{name}": {{"input_cost_per_token": {cost}}}"#))
                .collect();
            format!("{{{}}}", models.join(", "))
        };
        let today = told(&map("1e-06"), &map("2e-06"), &["a", "b", "c", "d", "e"]);
        assert_eq!((today.yours.len(), today.yours_more, today.mine, today.elsewhere), (4, 1, 5, 0));
    }
}
