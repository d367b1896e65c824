//! Alerts in words.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use costmap::Unit;
use costmap::people::{amount, counted};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::gather::{FirstFailure, Gathered, Rate};
use super::{Alert, Zone};
use crate::error::bounded;
use crate::ledger::Retirement;
use crate::net::shown_text;
use crate::proxy::Resource;
use crate::run::{Outcome, SyncRun};
use crate::settings::AlertKind;

/// So many names stand in a line.
const NAMED: usize = 3;

/// In words; none for a digest, and where there is nothing to say.
pub(super) fn alert(gathered: &Gathered, now: DateTime<Utc>, zone: Zone<'_>) -> Option<Alert> {
    let kind = [gathered.kind()];
    Some(match gathered {
        Gathered::Digest(_) => return None,
        Gathered::Source { at, error } => {
            let facts = json!({ "code": error.code, "message": error.message });
            Alert::new(&kind, *at, "The source isn't sending a cost map", std::slice::from_ref(&error.message), facts)
        }
        Gathered::Failures(failures) => failed(failures, zone)?,
        Gathered::Healed(all) => healed(all, now)?,
        Gathered::PutRight(runs) => put_right(runs, now)?,
        Gathered::LowRate { at, rates } => low(*at, rates)?,
        Gathered::Retiring { at, models } => retiring(*at, models, now.date_naive())?,
        Gathered::Fallback { at, proxies } => fallback(*at, proxies)?,
        Gathered::Withdrawn { at, proxies, text } => {
            let runs = if proxies.len() == 1 { "runs" } else { "run" };
            let title = format!("{} {runs} a withdrawn release", listed(proxies));
            Alert::new(&kind, *at, &title, std::slice::from_ref(text), json!({ "proxies": proxies, "message": text }))
        }
    })
}

/// "14:02 UTC", with the day where that is another one.
pub(super) fn utc(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let day = if at.date_naive() == now.date_naive() { "" } else { "%-d %b " };
    at.format(&format!("{day}%H:%M UTC")).to_string()
}

/// "a", "a and b", "a, b, c and 2 more".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        // Never "and 1 more": the name is no longer than that.
        [some @ .., last] if names.len() <= NAMED + 1 => format!("{} and {last}", some.join(", ")),
        more => format!("{} and {} more", more[..NAMED].join(", "), more.len() - NAMED),
    }
}

fn failed(failures: &[FirstFailure], zone: Zone<'_>) -> Option<Alert> {
    let first = failures.first()?;
    let since = failures.iter().map(|failure| failure.run.started).min()?;
    let mut names: Vec<String> = failures.iter().map(|failure| failure.run.proxy.clone()).collect();
    names.dedup();
    let times: u64 = failures.iter().map(|failure| failure.times).sum();
    let who = if names.len() == 1 { names[0].clone() } else { counted(names.len(), "proxy", "proxies") };
    let what = match first.run.outcome {
        Outcome::Unproven => "loaded the map, but this is not proven",
        _ => "could not be synced",
    };
    // What happened to each once needs no counting.
    let often =
        if times > names.len() as u64 { format!(", {times} times since {}", zone(since)) } else { String::new() };
    let why = first.run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
    let mut lines = Vec::new();
    if names.len() > 1 {
        lines.push(format!("{}.", listed(&names)));
    }
    lines.push(if first.run.outcome == Outcome::Unproven {
        why
    } else {
        format!("{why} You'll be told when it works again.").trim().to_owned()
    });
    let error = first.run.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message }));
    let facts = json!({
        "outcome": first.run.outcome,
        "proxies": names,
        "failures": times,
        "since": since,
        "error": error,
    });
    let mut alert = Alert::new(&[AlertKind::Failures], since, &format!("{who} {what}{often}"), &lines, facts);
    alert.run = (failures.len() == 1).then_some(first.run.id);
    Some(alert)
}

fn healed(all: &[(SyncRun, DateTime<Utc>)], now: DateTime<Utc>) -> Option<Alert> {
    let (run, since) = all.first()?;
    let mut names: Vec<String> = all.iter().map(|(run, _)| run.proxy.clone()).collect();
    names.dedup();
    let line = |(run, since): &(SyncRun, DateTime<Utc>)| {
        let proof = run.receipt.as_ref().map(|receipt| format!(" Now at {}, proved.", receipt.revision.short()));
        format!("failing for {}.{}", took(run.finished.unwrap_or(now) - *since), proof.unwrap_or_default())
    };
    let (title, lines) = if let [one] = all {
        (format!("{} is synced again", run.proxy), vec![format!("It had been {}", line(one))])
    } else {
        let lines = all.iter().map(|one| format!("{} had been {}", one.0.proxy, line(one))).collect();
        (format!("{} are synced again", counted(names.len(), "proxy", "proxies")), lines)
    };
    let facts = json!({ "proxies": names, "since": all.iter().map(|(_, since)| since).min(), "healed": true });
    let mut alert = Alert::new(&[AlertKind::Failures], run.finished.unwrap_or(*since), &title, &lines, facts);
    alert.run = (all.len() == 1).then_some(run.id);
    Some(alert)
}

fn put_right(runs: &[SyncRun], now: DateTime<Utc>) -> Option<Alert> {
    let first = runs.first()?;
    let mut names: Vec<String> = runs.iter().map(|run| run.proxy.clone()).collect();
    names.dedup();
    let who = if names.len() == 1 { names[0].clone() } else { counted(names.len(), "proxy", "proxies") };
    let lines: Vec<String> = runs.iter().map(|run| lost(run, runs.len() > 1)).collect();
    let facts = json!({ "proxies": names, "put_right": true });
    let at = first.finished.unwrap_or(now);
    let mut alert = Alert::new(&[AlertKind::Failures], at, &format!("{who} was put right"), &lines, facts);
    if names.len() > 1 {
        alert.title = format!("{who} were put right");
    }
    alert.run = (runs.len() == 1).then_some(first.id);
    Some(alert)
}

/// What one had lost and has again.
fn lost(run: &SyncRun, is_named: bool) -> String {
    let who = if is_named { run.proxy.as_str() } else { "It" };
    let again = run.schedules_set.iter().filter(|set| set.was_lost).map(|set| {
        let what = match set.resource {
            Resource::CostMap => "schedule",
            Resource::BetaHeaders => "schedule for Anthropic beta headers",
        };
        format!("{who} had lost its own {what}, every {} h, and has it again.", set.interval_hours.unwrap_or_default())
    });
    let mut lines: Vec<String> = again.collect();
    if run.outcome == Outcome::Succeeded {
        let proof = run.receipt.as_ref().map(|receipt| format!(" {} is proved there.", receipt.revision.short()));
        lines.insert(0, format!("{who} no longer had the map that was proved on it.{}", proof.unwrap_or_default()));
    }
    lines.join(" ")
}

/// "1 h 31 min".
pub(super) fn took(time: TimeDelta) -> String {
    match time.num_minutes() {
        ..1 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

fn low(at: DateTime<Utc>, rates: &[Rate]) -> Option<Alert> {
    let first = rates.first()?;
    let percent = |rate: &Rate| rate.succeeded * 100 / (rate.succeeded + rate.failed).max(1);
    let title = if rates.len() == 1 {
        format!("Only {}% of the syncs of {} work", percent(first), first.proxy)
    } else {
        format!("{} are synced less often than they should be", counted(rates.len(), "proxy", "proxies"))
    };
    let line = |rate: &Rate| {
        let Rate { proxy, days, succeeded, failed, limit } = rate;
        format!("{proxy}: {succeeded} of {} syncs worked in {days} days; the limit is {limit}%.", succeeded + failed)
    };
    let fact = |rate: &Rate| json!({ "proxy": rate.proxy, "days": rate.days, "succeeded": rate.succeeded, "failed": rate.failed, "limit_percent": rate.limit });
    let facts = json!({ "rates": rates.iter().map(fact).collect::<Vec<_>>() });
    Some(Alert::new(&[AlertKind::SuccessRate], at, &title, &rates.iter().map(line).collect::<Vec<_>>(), facts))
}

fn retiring(at: DateTime<Utc>, models: &[Retirement], today: NaiveDate) -> Option<Alert> {
    let mut models: Vec<&Retirement> = models.iter().collect();
    models.sort_by_key(|one| one.date);
    let first = models.first()?;
    let title = match models.len() {
        1 => format!("{} {}", bounded(&first.model, 80), when(first.date, today)),
        more => format!("{more} of your models retire soon"),
    };
    let fact = |one: &&Retirement| {
        json!({
            "model": one.model, "date": one.date, "successor": one.successor, "source": one.source,
            "input_cost_per_token": one.prices[0], "output_cost_per_token": one.prices[1],
            "successor_input_cost_per_token": one.successor_prices[0],
            "successor_output_cost_per_token": one.successor_prices[1],
        })
    };
    let facts = json!({ "models": models.iter().map(fact).collect::<Vec<Value>>() });
    let lines: Vec<String> = models.iter().map(|one| retirement(one, today)).collect();
    Some(Alert::new(&[AlertKind::Retiring], at, &title, &lines, facts))
}

fn when(date: NaiveDate, today: NaiveDate) -> String {
    match (date - today).num_days() {
        ..0 => format!("was to retire on {}", day(date, today)),
        0 => "retires today".to_owned(),
        1 => "retires tomorrow".to_owned(),
        days => format!("retires in {days} days"),
    }
}

fn day(date: NaiveDate, today: NaiveDate) -> String {
    let year = if date.year() == today.year() { "" } else { " %Y" };
    date.format(&format!("%-d %b{year}")).to_string()
}

/// "gpt-4o retires on 10 Dec. Successor gpt-5: input 2.00, output 10.00 per 1M tokens (was 3.00 and 15.00). https://…"
fn retirement(one: &Retirement, today: NaiveDate) -> String {
    let mut text = format!("{} retires on {}.", bounded(&one.model, 80), day(one.date, today));
    if let Some(successor) = &one.successor {
        let costs = prices(&one.successor_prices).map(|(shown, _)| format!(": {shown} per 1M tokens"));
        let now = prices(&one.prices).filter(|_| costs.is_some()).map(|(_, bare)| format!(" (now {bare})"));
        let costs = costs.unwrap_or_else(|| ", whose price the map does not have".to_owned());
        text = format!("{text} Successor {}{costs}{}.", bounded(successor, 80), now.unwrap_or_default());
    }
    text + &one.source.as_ref().map(|source| format!(" {source}")).unwrap_or_default()
}

/// With and without their names: "input 2.00, output 10.00" and "2.00 / 10.00".
fn prices(prices: &[Option<String>; 2]) -> Option<(String, String)> {
    let shown = |price: &Option<String>| Some(amount(price.as_ref()?.parse::<Decimal>().ok()?, Unit::Token));
    let [input, output] = [shown(&prices[0]), shown(&prices[1])];
    let named: Vec<String> = [("input", &input), ("output", &output)]
        .into_iter()
        .filter_map(|(name, price)| Some(format!("{name} {}", price.as_ref()?)))
        .collect();
    let bare: Vec<String> = [input, output].into_iter().flatten().collect();
    (!bare.is_empty()).then(|| (named.join(", "), bare.join(" / ")))
}

fn fallback(at: DateTime<Utc>, proxies: &[(String, Option<String>)]) -> Option<Alert> {
    let (name, _) = proxies.first()?;
    let title = match proxies.len() {
        1 => format!("{name} fell back to the map in its package"),
        more => format!("{more} proxies fell back to the maps in their packages"),
    };
    let reason = |reason: &Option<String>| reason.as_ref().map(|text| harmless(text)).unwrap_or_default();
    let mut lines: Vec<String> = vec!["Until it is synced, its prices are those of its release.".to_owned()];
    if proxies.len() > 1 {
        lines = vec!["Until they are synced, their prices are those of their releases.".to_owned()];
    }
    lines.extend(proxies.iter().filter(|(_, why)| why.is_some()).map(|(name, why)| format!("{name}: {}", reason(why))));
    let all: Vec<Value> = proxies.iter().map(|(name, why)| json!({ "proxy": name, "reason": reason(why) })).collect();
    Some(Alert::new(&[AlertKind::Fallback], at, &title, &lines, json!({ "proxies": all })))
}

/// What a proxy says, without what its addresses may carry.
fn harmless(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| matches!(c, '\'' | '"' | '(' | ')' | ',' | '.'));
        if bare.contains("://") { shown_text(bare) } else { word.to_owned() }
    };
    bounded(&text.split_whitespace().map(word).collect::<Vec<_>>().join(" "), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(gathered: &Gathered) -> String {
        let alert = alert(gathered, at("2026-11-28T08:00:00Z"), &|at| at.format("%H:%M").to_string()).unwrap();
        format!("{}\n{}", alert.title, alert.lines.join("\n"))
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_model_that_retires_is_told_with_its_successor_its_price_and_where_that_stands() {
        let one = Retirement {
            model: "azure_ai/claude-sonnet-4-5".into(),
            date: "2026-11-30".parse().unwrap(),
            successor: Some("azure_ai/claude-sonnet-5-5".into()),
            prices: [Some("0.000003".into()), Some("0.000015".into())],
            successor_prices: [Some("0.000002".into()), Some("0.00001".into())],
            source: Some("https://learn.microsoft.com/retirement".into()),
        };
        let all = Gathered::Retiring { at: at("2026-11-28T07:00:00Z"), models: vec![one.clone()] };
        assert_eq!(
            told(&all),
            "azure_ai/claude-sonnet-4-5 retires in 2 days\nazure_ai/claude-sonnet-4-5 retires on 30 Nov. Successor azure_ai/claude-sonnet-5-5: input 2.00, output 10.00 per 1M tokens (now 3.00 / 15.00). https://learn.microsoft.com/retirement"
        );
        let later = Retirement { date: "2027-01-02".parse().unwrap(), successor: None, source: None, ..one.clone() };
        let unknown = Retirement { successor_prices: [None, None], ..one };
        let all = Gathered::Retiring { at: at("2026-11-28T07:00:00Z"), models: vec![later, unknown] };
        let text = told(&all);
        assert!(
            text.starts_with("2 of your models retire soon\nazure_ai/claude-sonnet-4-5 retires on 30 Nov."),
            "{text}"
        );
        assert!(text.contains("whose price the map does not have.") && text.contains("on 2 Jan 2027."), "{text}");
    }

    #[test]
    fn what_a_proxy_had_lost_and_has_again_is_one_line() {
        use crate::run::Trigger;
        use crate::sync::ScheduleSet;
        let run = |proxy: &str, outcome, set: &[ScheduleSet]| {
            let begun = SyncRun::started(7, proxy.to_owned(), Trigger::Heal, at("2026-11-28T07:00:00Z"));
            Gathered::PutRight(vec![SyncRun { outcome, schedules_set: set.to_vec(), ..begun }])
        };
        assert_eq!(
            told(&run("eu", Outcome::Succeeded, &[])),
            "eu was put right\nIt no longer had the map that was proved on it."
        );
        let set = ScheduleSet { resource: Resource::CostMap, interval_hours: Some(6), was_lost: true };
        assert_eq!(
            told(&run("eu", Outcome::Unchanged, &[set])),
            "eu was put right\nIt had lost its own schedule, every 6 h, and has it again."
        );
    }

    #[test]
    fn what_a_proxy_says_of_its_fallback_gives_no_secret_away() {
        let reason = "Remote fetch failed: Client error '404 Not Found' for url 'https://me:hunter2@maps.example.com/map.json?sig=s3cret'\nFor more";
        let proxies = vec![("eu".to_owned(), Some(reason.to_owned()))];
        let text = told(&Gathered::Fallback { at: at("2026-11-28T07:00:00Z"), proxies });
        assert!(text.starts_with("eu fell back to the map in its package\n"), "{text}");
        assert!(text.contains("404 Not Found") && text.contains("maps.example.com/map.json"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("s3cret"), "{text}");
    }

    #[test]
    fn a_rate_under_the_limit_is_told_in_numbers() {
        let rate = |proxy: &str| Rate { proxy: proxy.into(), days: 30, succeeded: 10, failed: 4, limit: 80 };
        let at = at("2026-11-28T07:00:00Z");
        let one = told(&Gathered::LowRate { at, rates: vec![rate("eu")] });
        assert_eq!(one, "Only 71% of the syncs of eu work\neu: 10 of 14 syncs worked in 30 days; the limit is 80%.");
        let two = told(&Gathered::LowRate { at, rates: vec![rate("eu"), rate("us")] });
        assert!(two.starts_with("2 proxies are synced less often than they should be\neu: "), "{two}");
    }

    #[test]
    fn a_time_of_another_day_has_its_day() {
        let now = at("2026-11-28T08:00:00Z");
        assert_eq!(utc(at("2026-11-28T07:05:00Z"), now), "07:05 UTC");
        assert_eq!(utc(at("2026-11-27T07:05:00Z"), now), "27 Nov 07:05 UTC");
    }
}
