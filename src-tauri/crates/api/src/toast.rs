//! What is told by a toast, and when: one digest for each revision, the first failure and then when it heals.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta, Utc};
use costmap::people::{amount, label, price, thousands};
use costmap::{AliasChange, ChangeSet, FieldChange, Revision, Unit, Verdict, worst};
use engine::Result;
use engine::controller::{Happening, Snapshot};
use engine::error::bounded;
use engine::run::{Outcome, SyncRun};
use engine::settings::{Notify, PriceNews};
use rust_decimal::Decimal;
use tokio::sync::broadcast::error::RecvError;

use crate::Api;
use crate::state::used_models;
use crate::view::Place;

/// A digest waits this long for the syncs that the same news may start: their proof belongs into it. Once one has run, and
/// none runs any more, it is told at once.
const WAIT: Duration = Duration::from_secs(3);

/// Characters of a title (LOOK) and of a body.
const TITLE: usize = 60;
const BODY: usize = 200;

/// What holding it means.
const KEPT: &str = "It was not promoted.";

/// One toast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The fact, with counts.
    pub title: String,
    /// One example, then the proof.
    pub body: String,
    /// What a click opens.
    pub place: Place,
    /// It breaks through quiet hours.
    pub is_failure: bool,
}

/// A new map that has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct News {
    revision: Revision,
    /// The upstream map that was promoted before; none before a first one.
    before: Option<Revision>,
    verdict: Option<Verdict>,
    held_because: Option<String>,
    at: DateTime<Utc>,
}

/// What was told, so that nothing is told twice.
#[derive(Debug, Default)]
pub struct Toaster {
    /// Since when a proxy's syncs fail.
    failing: HashMap<String, DateTime<Utc>>,
    running: HashSet<u64>,
    news: Option<News>,
    /// Proxies that proved the new map.
    proved: BTreeSet<String>,
    /// A run with the new map has ended: those that the news started have begun by then.
    has_run: bool,
}

impl Toaster {
    /// Knows what failed before this program started: that was told then.
    pub fn knowing(snapshot: &Snapshot) -> Self {
        let failed = snapshot.proxies.iter().filter_map(|proxy| {
            let run = proxy.last_run.as_ref().filter(|run| is_failure(run.outcome))?;
            Some((proxy.name.clone(), run.started))
        });
        Self { failing: failed.collect(), ..Self::default() }
    }

    /// Takes in what happened; a toast for what cannot wait.
    fn hear(&mut self, happening: &Happening, now: DateTime<Utc>) -> Option<Toast> {
        match happening {
            Happening::SourceChecked { source, is_new: true, .. } => {
                self.news = source.revision.map(|revision| News {
                    revision,
                    before: source.before,
                    verdict: source.verdict,
                    held_because: source.held_because.clone(),
                    at: now,
                });
                self.proved.clear();
                self.has_run = false;
                None
            }
            // A dry run has the number 0: who asked for it is told, and nobody else.
            Happening::RunStarted { id, .. } if *id > 0 => {
                self.running.insert(*id);
                None
            }
            Happening::RunFinished { run } if run.id > 0 => {
                self.running.remove(&run.id);
                self.finished(run, now)
            }
            _ => None,
        }
    }

    fn finished(&mut self, run: &SyncRun, now: DateTime<Utc>) -> Option<Toast> {
        let name = &run.proxy;
        self.has_run |= self.news.as_ref().is_some_and(|news| run.to == Some(news.revision));
        let toast = |title: String, body: String| Toast {
            title: bounded(&title, TITLE),
            body: bounded(&body, BODY),
            place: Place::History { run: Some(run.id) },
            is_failure: true,
        };
        if is_failure(run.outcome) {
            let is_first = self.failing.insert(name.clone(), run.started).is_none();
            let why = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            return is_first.then(|| match run.outcome {
                Outcome::Unproven => toast(format!("{name} took the map, but it is not proven"), why),
                _ => toast(format!("{name} could not be synced"), format!("{why} You hear when it works.")),
            });
        }
        let receipt = run.receipt.as_ref()?;
        if self.news.as_ref().is_some_and(|news| run.to == Some(news.revision)) {
            self.proved.insert(name.clone());
        }
        let since = self.failing.remove(name)?;
        let for_long = took(now - since);
        Some(toast(
            format!("{name} is synced again"),
            format!("It failed for {for_long}. Now at {}, proved.", receipt.revision.short()),
        ))
    }

    /// The new map that is to be told now, once nothing runs any more.
    fn due(&mut self, now: DateTime<Utc>) -> Option<(News, usize)> {
        let has_run = self.has_run;
        let waited = |news: &News| has_run || (now - news.at).to_std().is_ok_and(|waited| waited >= WAIT);
        let news = self.news.take_if(|news| waited(news) && self.running.is_empty())?;
        Some((news, self.proved.len()))
    }
}

impl Api {
    /// Hands every toast that is due to `show`, until the engine ends.
    pub async fn keep_toasting(self: Arc<Self>, show: impl Fn(Toast) + Send) {
        let mut toaster = Toaster::knowing(&self.engine.snapshot().borrow());
        let mut happenings = self.engine.happenings();
        loop {
            if let Some((news, proved)) = toaster.due(self.now()) {
                match self.digest(news, proved).await {
                    Ok(Some(toast)) => self.toast(toast, &show),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "the news could not be told"),
                }
            }
            let waits = toaster.news.is_some();
            let heard = tokio::select! {
                heard = happenings.recv() => heard,
                () = tokio::time::sleep(Duration::from_secs(1)), if waits => continue,
            };
            match heard {
                Ok(happening) => {
                    if let Some(toast) = toaster.hear(&happening, self.now()) {
                        self.toast(toast, &show);
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Shows it, unless the settings say otherwise.
    fn toast(&self, toast: Toast, show: &impl Fn(Toast)) {
        let Ok(chosen) = self.chosen() else { return show(toast) };
        let notify = &chosen.settings.notify;
        let is_quiet = notify
            .quiet
            .parse::<engine::schedule::QuietHours>()
            .is_ok_and(|quiet| quiet.contains(self.now().with_timezone(&Local).time()));
        let is_paused = self.engine.snapshot().borrow().pause.paused;
        if if toast.is_failure { notify.failures } else { !is_quiet && !is_paused } {
            show(toast);
        }
    }

    async fn digest(&self, news: News, proved: usize) -> Result<Option<Toast>> {
        let ledger = self.engine.ledger();
        let to = news.revision;
        let place = |from: Revision| Place::Changes { from: Some(from.to_string()), to: Some(to.to_string()) };
        if news.verdict == Some(Verdict::Held) {
            let why = news.held_because.unwrap_or_else(|| "The checks found it broken.".to_owned());
            // What is no map at all is not kept; the overview says what it was.
            let is_kept = ledger.revision(&to).await?.is_some();
            return Ok(Some(Toast {
                title: "The newest map is held back".to_owned(),
                body: bounded(&format!("{} {KEPT}", bounded(&why, BODY - KEPT.len() - 1)), BODY),
                place: news.before.filter(|_| is_kept).map_or(Place::Overview, place),
                is_failure: true,
            }));
        }
        // Of a first map everything is new, and that is obvious; one that came back after a bad one brings nothing.
        let Some(from) = news.before.filter(|before| *before != to) else { return Ok(None) };
        let place = place(from);
        let set = self.differences.between(ledger, &from, &to).await?;
        let (mine, held) = {
            let snapshot = self.engine.snapshot();
            let snapshot = snapshot.borrow();
            let held = snapshot.promoted.as_ref().filter(|promotion| promotion.upstream == to);
            (used_models(&snapshot), held.map_or(0, |promotion| promotion.held_models.len()))
        };
        let findings = if held > 0 { ledger.latest_findings(&to).await?.unwrap_or_default() } else { Vec::new() };
        let cause = worst(&findings, &|model| mine.contains(model)).map(|cause| cause.message);
        let notify = self.chosen()?.settings.notify;
        let review = (held > 0).then(|| Review { entries: held, cause: cause.unwrap_or_default() });
        Ok(digest(&set, &mine, &notify, proved, review.as_ref()).map(|(title, body)| Toast {
            title,
            body,
            place,
            is_failure: false,
        }))
    }
}

/// Entries that wait for a person, and the worst cause.
struct Review {
    entries: usize,
    cause: String,
}

/// Title and body of a digest; `None` where the settings want to hear nothing of it.
fn digest(
    set: &ChangeSet,
    mine: &BTreeSet<String>,
    notify: &Notify,
    proved: usize,
    review: Option<&Review>,
) -> Option<(String, String)> {
    let mut prices: BTreeMap<&str, Vec<&FieldChange>> = BTreeMap::new();
    for change in &set.pricing_changes {
        prices.entry(&change.model).or_default().push(change);
    }
    let of_mine = prices.keys().filter(|model| mine.contains(**model)).count();
    let mut facts = Vec::new();
    if notify.new_models && !set.new_models.is_empty() {
        facts.push(count(set.new_models.len(), "new model"));
    }
    let tells_prices = match notify.price_changes {
        PriceNews::All => !prices.is_empty(),
        PriceNews::Mine => of_mine > 0,
        PriceNews::Off => false,
    };
    if tells_prices {
        let of_yours = if of_mine > 0 { format!(" ({of_mine} of yours)") } else { String::new() };
        facts.push(format!("{}{of_yours}", count(prices.len(), "price change")));
    }
    let moved_alias = set.alias_changes.iter().find(|change| {
        mine.contains(&change.model) && change.before.is_some() && change.after.is_some() && tells_own_prices(notify)
    });
    if let (Some(_), true) = (moved_alias, facts.is_empty()) {
        facts.push("An alias of yours moved".to_owned());
    }
    if let (Some(review), true) = (review, facts.is_empty()) {
        let need = if review.entries == 1 { "entry needs" } else { "entries need" };
        facts.push(format!("{} {need} review", thousands(review.entries)));
    }
    if facts.is_empty() {
        return None;
    }
    let mut body = Vec::new();
    let wanted = |(model, _): &(&&str, &Vec<&FieldChange>)| of_mine == 0 || mine.contains(**model);
    let has_moved = |(_, changes): &(&&str, &Vec<&FieldChange>)| !moved(changes).is_empty();
    let example =
        prices.iter().filter(wanted).find(has_moved).or_else(|| prices.iter().find(wanted)).filter(|_| tells_prices);
    match example {
        Some((model, changes)) if moved(changes).is_empty() => body.push(price_sentence(model, changes)),
        Some((model, changes)) => body.push(price_sentence(model, &moved(changes))),
        None => body.extend(set.new_models.first().filter(|_| notify.new_models).map(|name| format!("{name} is new."))),
    }
    if let Some(AliasChange { model, after: Some(target), .. }) = moved_alias {
        body.push(format!("{} now stands for {}.", bounded(model, 60), bounded(target, 60)));
    }
    if let Some(review) = review {
        body.push(bounded(&review.cause, 100));
    }
    if proved > 0 {
        body.push(if proved == 1 { "Proved on 1 proxy.".to_owned() } else { format!("Proved on {proved} proxies.") });
    }
    Some((bounded(&facts.join(", "), TITLE), bounded(&body.join(" "), BODY)))
}

/// Whether what changes the price of one's own models is told.
fn tells_own_prices(notify: &Notify) -> bool {
    notify.price_changes != PriceNews::Off
}

/// Of a price that was there before and after, one can say how it moved.
fn moved<'a>(changes: &[&'a FieldChange]) -> Vec<&'a FieldChange> {
    changes.iter().filter(|change| change.before.is_some() && change.after.is_some()).copied().collect()
}

/// "claude-opus-5 fell 20%: input 12.00, output 60.00 per 1M."
fn price_sentence(model: &str, changes: &[&FieldChange]) -> String {
    if changes.iter().all(|change| change.after.is_none()) {
        return format!("{} no longer has {}.", bounded(model, 60), count(changes.len(), "price"));
    }
    let of = |value: &Option<serde_json::Value>| value.as_ref().and_then(price);
    let first = changes.first().and_then(|change| Some((of(&change.before)?, of(&change.after)?)));
    let verb = match first {
        Some((before, after)) if !before.is_zero() => {
            let percent = (after / before - Decimal::ONE).checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default();
            let verb = if percent.is_sign_negative() { "fell" } else { "rose" };
            format!("{verb} {}%", percent.abs().round_dp(0).normalize())
        }
        _ => "has new prices".to_owned(),
    };
    let shown = changes.iter().take(2).filter_map(|change| {
        let unit = Unit::of_path(&change.field);
        Some(format!("{} {}", label(&change.field).to_lowercase(), amount(of(&change.after)?, unit)))
    });
    let values: Vec<String> = shown.collect();
    let per = changes.first().map_or("", |change| Unit::of_path(&change.field).for_people().1);
    format!("{} {verb}: {} {}.", bounded(model, 60), values.join(", "), per.replace(" tokens", ""))
}

fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unproven)
}

fn count(number: usize, what: &str) -> String {
    let grouped = thousands(number);
    if number == 1 { format!("{grouped} {what}") } else { format!("{grouped} {what}s") }
}

/// "1 h 31 min".
fn took(time: TimeDelta) -> String {
    match time.num_minutes() {
        ..1 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use costmap::{CostMap, diff};
    use engine::run::Trigger;
    use engine::sync::SourceState;
    use engine::{Error, ErrorCode};

    use super::*;
    use crate::samples::at;

    const OLD: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.5e-05, "output_cost_per_token": 7.5e-05}, "grok": {"litellm_provider": "x", "input_cost_per_token": 1e-06}}"#;
    const NEW: &str = r#"{"claude": {"litellm_provider": "a", "input_cost_per_token": 1.2e-05, "output_cost_per_token": 6e-05}, "grok": {"litellm_provider": "x", "input_cost_per_token": 2e-06}, "gpt": {"litellm_provider": "o"}}"#;

    fn changes() -> ChangeSet {
        diff(&CostMap::parse(OLD).unwrap(), &CostMap::parse(NEW).unwrap())
    }

    fn told(price_changes: PriceNews, mine: &[&str], proved: usize, held: usize) -> Option<(String, String)> {
        let notify = Notify { price_changes, ..Notify::default() };
        let review = (held > 0).then(|| review(held));
        digest(&changes(), &mine.iter().map(|name| (*name).to_owned()).collect(), &notify, proved, review.as_ref())
    }

    fn review(entries: usize) -> Review {
        Review { entries, cause: "openrouter: all 496 models are gone.".to_owned() }
    }

    #[test]
    fn a_digest_counts_gives_one_example_and_the_proof() {
        let (title, body) = told(PriceNews::Mine, &["claude"], 2, 0).unwrap();
        assert_eq!(title, "1 new model, 2 price changes (1 of yours)");
        assert_eq!(body, "claude fell 20%: input 12.00, output 60.00 per 1M. Proved on 2 proxies.");
    }

    #[test]
    fn prices_that_are_gone_are_counted() {
        let change = FieldChange {
            model: "claude".into(),
            field: "input_cost_per_token_above_200k_tokens".into(),
            before: Some("0.000006".into()),
            after: None,
            ratio: None,
        };
        assert_eq!(price_sentence("claude", &[&change]), "claude no longer has 1 price.");
    }

    #[test]
    fn prices_of_others_are_told_only_to_who_asked_for_all() {
        let (title, body) = told(PriceNews::Mine, &[], 1, 0).unwrap();
        assert_eq!((title.as_str(), body.as_str()), ("1 new model", "gpt is new. Proved on 1 proxy."));
        assert_eq!(told(PriceNews::All, &[], 0, 0).unwrap().0, "1 new model, 2 price changes");
        let nothing = Notify { new_models: false, price_changes: PriceNews::Off, ..Notify::default() };
        assert_eq!(digest(&changes(), &BTreeSet::new(), &nothing, 1, None), None);
        let (title, body) = digest(&changes(), &BTreeSet::new(), &nothing, 1, Some(&review(3))).unwrap();
        assert_eq!(title, "3 entries need review");
        assert_eq!(
            body, "openrouter: all 496 models are gone. Proved on 1 proxy.",
            "the worst cause, not the first row"
        );
    }

    #[test]
    fn an_alias_of_mine_that_moved_is_told() {
        let map = |target: &str| {
            let text = format!(
                r#"{{"opus-5": {{"litellm_provider": "a"}}, "opus-6": {{"litellm_provider": "a"}}, "opus-latest": {{"alias_of": "{target}"}}}}"#
            );
            CostMap::parse(text).unwrap()
        };
        let set = diff(&map("opus-5"), &map("opus-6"));
        let told = |mine: &[&str], price_changes| {
            let notify = Notify { price_changes, ..Notify::default() };
            digest(&set, &mine.iter().map(|name| (*name).to_owned()).collect(), &notify, 1, None)
        };
        let (title, body) = told(&["opus-latest"], PriceNews::Mine).unwrap();
        assert_eq!(title, "An alias of yours moved");
        assert_eq!(body, "opus-latest now stands for opus-6. Proved on 1 proxy.");
        assert_eq!(told(&["opus-5"], PriceNews::Mine), None);
        assert_eq!(told(&["opus-latest"], PriceNews::Off), None);
    }

    fn run(id: u64, outcome: Outcome) -> Happening {
        let mut run = SyncRun::started(id, "eu".into(), Trigger::Schedule, at("2026-03-04T12:00:00Z"));
        run.outcome = outcome;
        if outcome == Outcome::Failed {
            run.error = Some(Error::new(ErrorCode::ProxyUnreachable, "Connection refused."));
        }
        Happening::RunFinished { run: Arc::new(run) }
    }

    #[test]
    fn a_dry_run_is_nobody_elses_news() {
        let mut toaster = Toaster::default();
        let now = at("2026-03-04T12:00:01Z");
        assert_eq!(toaster.hear(&run(0, Outcome::Failed), now), None);
        assert!(toaster.hear(&run(1, Outcome::Failed), now).is_some(), "the first real failure is told");
    }

    #[test]
    fn a_failure_is_told_once() {
        let mut toaster = Toaster::default();
        let now = at("2026-03-04T12:00:01Z");
        let first = toaster.hear(&run(1, Outcome::Failed), now).unwrap();
        assert_eq!(first.title, "eu could not be synced");
        assert_eq!(first.place, Place::History { run: Some(1) });
        assert!(first.is_failure);
        assert_eq!(toaster.hear(&run(2, Outcome::Failed), now), None);
        assert_eq!(toaster.hear(&run(3, Outcome::Interrupted), now), None, "cancelling is no failure");
    }

    #[test]
    fn a_new_map_is_told_when_the_syncs_that_it_started_are_over() {
        let mut toaster = Toaster::default();
        let mut source = SourceState::unknown("https://example.com".into());
        source.revision = Some(Revision::of(b"map"));
        let checked = Happening::SourceChecked { source, is_new: true, new_models: vec![], pricing_changes: 0 };
        let began = at("2026-03-04T12:00:00Z");
        let start = |id| Happening::RunStarted { id, proxy: "eu".into(), trigger: Trigger::Manual };
        toaster.hear(&start(1), began);
        toaster.hear(&checked, began);
        let later = at("2026-03-04T12:00:30Z");
        assert_eq!(toaster.due(later), None, "a run goes on");
        toaster.hear(&run(1, Outcome::Unchanged), later);
        assert_eq!(toaster.due(at("2026-03-04T12:00:01Z")), None, "a run may still begin");
        assert!(toaster.due(later).is_some());
        assert_eq!(toaster.due(later), None, "one a revision");
    }

    #[test]
    fn a_new_map_is_told_at_once_when_the_run_that_it_started_has_ended() {
        let mut toaster = Toaster::default();
        let now = at("2026-03-04T12:00:00Z");
        let revision = Revision::of(b"map");
        let mut source = SourceState::unknown("https://example.com".into());
        source.revision = Some(revision);
        toaster.hear(&Happening::SourceChecked { source, is_new: true, new_models: vec![], pricing_changes: 0 }, now);
        assert_eq!(toaster.due(now), None, "its runs are still to begin");
        let ended = |id: u64, to| {
            let mut run = SyncRun::started(id, "eu".into(), Trigger::Change, now);
            (run.outcome, run.to) = (Outcome::Held, to);
            Happening::RunFinished { run: Arc::new(run) }
        };
        toaster.hear(&ended(1, None), now);
        assert_eq!(toaster.due(now), None, "that was about another map");
        toaster.hear(&ended(2, Some(revision)), now);
        assert!(toaster.due(now).is_some());
    }
}
