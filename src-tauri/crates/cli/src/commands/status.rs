//! `autosync status`: desired, live and proof, for every proxy.

use costmap::people::thousands;
use engine::Result;
use engine::ledger::Promotion;
use engine::status::{Health, ProxyStatus, StatusContext, StatusReport, SyncState};

use super::stages;
use super::{source, with_problems};
use crate::context::{Chosen, Context};
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe, when};

pub(super) async fn run(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let report = report(context, &chosen).await?;
    let answer = Answer::new(&context.screen, &report, || text(&context.screen, &report))?;
    Ok(with_problems(answer, &chosen.problems))
}

/// Asks the ledger and every proxy.
pub(super) async fn report(context: &Context, chosen: &Chosen) -> Result<StatusReport> {
    let ledger = context.ledger().await?;
    engine::status::status(StatusContext {
        settings: &chosen.settings,
        ledger: ledger.as_ref(),
        secrets: &context.secrets()?,
        environment: &Context::environment(),
        clock: &context.clock,
    })
    .await
}

/// Sync state, the word and whether it needs attention.
pub(super) fn sync_word(state: SyncState) -> (&'static str, Tone) {
    match state {
        SyncState::Synced => ("synced", Tone::Plain),
        SyncState::Behind => ("behind", Tone::Warn),
        SyncState::Held => ("held", Tone::Warn),
        SyncState::Unknown => ("unknown", Tone::Faint),
    }
}

/// Health, the word and whether it needs attention.
pub(super) fn health_word(health: Health) -> (&'static str, Tone) {
    match health {
        Health::Up => ("up", Tone::Plain),
        Health::Degraded => ("degraded", Tone::Warn),
        Health::Down => ("down", Tone::Bad),
        Health::Unauthorised => ("unauthorised", Tone::Bad),
    }
}

fn text(screen: &Screen, report: &StatusReport) -> String {
    let mut out = paint(Tone::Strong, "Source") + "    ";
    let source = source::text(screen, &report.source, None);
    out.push_str(&source.lines().collect::<Vec<_>>().join("\n          "));
    out.push_str(&format!("\n{}  ", paint(Tone::Strong, "Promoted")));
    out.push_str(&report.promoted.as_ref().map_or_else(
        || "nothing yet; `autosync sync` fetches and checks the first map".to_owned(),
        |promotion| promoted(screen, promotion),
    ));
    out.push('\n');
    for pin in report.pin.iter().chain(&report.proxy_pins) {
        let who = pin.proxy.as_deref().map_or_else(|| "all proxies".to_owned(), safe);
        let until = if pin.resumes { "the source's next good map, or `autosync unpin`" } else { "`autosync unpin`" };
        out.push_str(&format!(
            "{}    {who} to {} since {}, until {until}\n",
            paint(Tone::Warn, "Pinned"),
            pin.revision.short(),
            when::both(pin.since, screen.now)
        ));
    }
    if report.stages.len() > 1 {
        let lines = stages::lines(screen, &report.stages);
        out.push_str(&format!("{}    {}\n", paint(Tone::Strong, "Stages"), lines.replace('\n', "\n          ")));
    }
    if report.pause.paused {
        let go_on = match report.pause.paused_until {
            Some(until) => when::both(until, screen.now),
            None => "with `autosync resume`".to_owned(),
        };
        out.push_str(&format!("{}    scheduled syncs resume {go_on}\n", paint(Tone::Warn, "Paused")));
    }
    if report.proxies.is_empty() {
        return out + "\nNo proxy has been added yet. `autosync proxy add NAME URL --key-env VAR` adds one.";
    }
    out.push('\n');
    out.push_str(&table(screen, &report.proxies));
    for proxy in &report.proxies {
        out.push_str(&evidence(screen, proxy));
    }
    out
}

fn promoted(screen: &Screen, promotion: &Promotion) -> String {
    let held = match promotion.held_models.len() {
        0 => String::new(),
        held => format!(" = source {} minus {held} to review", promotion.upstream.short()),
    };
    format!(
        "{}{held}, {}, since {}",
        promotion.revision,
        count(promotion.models, "model"),
        when::both(promotion.promoted_at, screen.now)
    )
}

fn table(screen: &Screen, proxies: &[ProxyStatus]) -> String {
    let heads = [
        Head::Left("proxy"),
        Head::Left("sync"),
        Head::Left("health"),
        Head::Left("version"),
        Head::Left("live"),
        Head::Right("priced"),
        Head::Right("callable"),
        Head::Left("last run"),
        Head::Left("next run"),
        Head::Right("success"),
    ];
    let mut grid = Grid::new(screen, &heads);
    for proxy in proxies {
        let (sync, sync_tone) = sync_word(proxy.sync);
        let (health, health_tone) = health_word(proxy.health);
        let number = |number: Option<u64>| {
            cell(number.and_then(|number| usize::try_from(number).ok()).map(thousands).unwrap_or_default())
        };
        let time = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| when::relative(at, screen.now));
        let live = proxy.live.as_ref();
        let ratio = proxy.success_rate.ratio().map(|ratio| format!("{:.0}%", ratio * 100.0));
        grid.row([
            toned(Tone::Strong, &proxy.name),
            toned(sync_tone, sync),
            toned(health_tone, health),
            cell(proxy.version.as_deref().unwrap_or("—")),
            cell(live.and_then(|live| live.revision).map_or("—".to_owned(), |revision| revision.short())),
            number(live.and_then(|live| live.models)),
            number(proxy.callable_models),
            cell(time(proxy.last_run).unwrap_or_else(|| "never".to_owned())),
            match time(proxy.next_run) {
                None if proxy.awaits_first_sync => toned(Tone::Warn, "your first sync"),
                next => cell(next.unwrap_or_else(|| "—".to_owned())),
            },
            cell(ratio.unwrap_or_else(|| "—".to_owned())),
        ]);
    }
    grid.text()
}

/// What stands behind the words of one proxy.
fn evidence(screen: &Screen, proxy: &ProxyStatus) -> String {
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left("")]);
    let mut lines = 0;
    let mut fact = |name: &str, text: String| {
        grid.row([toned(Tone::Faint, format!("  {name}")), sentence(text)]);
        lines += 1;
    };
    if let Some(error) = &proxy.error {
        fact("why", error.message.clone());
    }
    if let Some(live) = &proxy.live {
        let from = live.url.as_deref().map_or("the copy in its package".to_owned(), safe);
        let loaded = live.loaded_at.map(|at| format!(", loaded {}", when::both(at, screen.now))).unwrap_or_default();
        fact("reads", format!("{from}{loaded}"));
    }
    if let Some(at) = proxy.last_success {
        fact("proved", when::both(at, screen.now));
    }
    if let Some(at) = proxy.next_run {
        fact("next", when::both(at, screen.now));
    }
    if proxy.awaits_first_sync {
        fact("next", format!("waits for your first sync: `autosync sync --proxy {}`", safe(&proxy.name)));
    }
    let rate = &proxy.success_rate;
    if rate.succeeded + rate.failed + rate.held + rate.interrupted > 0 {
        fact(
            "runs",
            format!(
                "{} of {} in {} days; held {}, interrupted {}",
                rate.succeeded,
                rate.succeeded + rate.failed,
                rate.days,
                rate.held,
                rate.interrupted
            ),
        );
    }
    if let Some(hours) =
        proxy.proxy_schedule.as_ref().filter(|schedule| schedule.scheduled).and_then(|schedule| schedule.interval_hours)
    {
        fact("also", format!("reloads on its own schedule every {hours} h, unchecked"));
    }
    if lines == 0 {
        return String::new();
    }
    format!(
        "\n{}  {} ({})\n{}",
        paint(Tone::Strong, &safe(&proxy.name)),
        safe(&proxy.url),
        safe(&proxy.role),
        grid.text()
    )
}

#[cfg(test)]
mod tests {
    use costmap::{Revision, Verdict};
    use engine::controller::PauseState;
    use engine::ledger::SuccessRate;
    use engine::status::LiveState;
    use engine::sync::SourceState;
    use engine::{Error, ErrorCode};

    use super::*;
    use crate::output::tests::{pipe, plain};

    fn proxy(name: &str) -> ProxyStatus {
        ProxyStatus::unknown(name, "http://127.0.0.1:4000", "production")
    }

    #[test]
    fn three_facts_of_each_proxy_stand_side_by_side() {
        let at = |text: &str| text.parse().unwrap();
        let good = ProxyStatus {
            sync: SyncState::Synced,
            health: Health::Up,
            version: Some("1.102.4".into()),
            live: Some(LiveState {
                source: "remote".into(),
                url: Some("https://example.com/map.json".into()),
                revision: Some(Revision::of(b"map")),
                models: Some(4010),
                loaded_at: Some(at("2026-03-04T11:00:00Z")),
                fallback_reason: None,
            }),
            callable_models: Some(12),
            last_run: Some(at("2026-03-04T11:00:00Z")),
            last_success: Some(at("2026-03-04T11:00:03Z")),
            next_run: Some(at("2026-03-04T17:00:00Z")),
            success_rate: SuccessRate { days: 30, succeeded: 9, failed: 1, held: 0, interrupted: 0 },
            ..proxy("local")
        };
        let bad = ProxyStatus {
            error: Some(Error::new(ErrorCode::ProxyUnreachable, "Nothing listens at http://127.0.0.1:4000.")),
            ..proxy("prod")
        };
        let report = StatusReport {
            source: SourceState {
                before: None,
                held_because: None,
                revision: Some(Revision::of(b"map")),
                checked_at: Some(at("2026-03-04T11:55:00Z")),
                models: Some(3921),
                verdict: Some(Verdict::Review),
                ..SourceState::unknown("https://example.com/map.json".into())
            },
            promoted: Some(Promotion {
                revision: Revision::of(b"composed"),
                upstream: Revision::of(b"map"),
                models: 3920,
                promoted_at: at("2026-03-04T11:55:00Z"),
                baseline: None,
                rejected: Vec::new(),
                taken: None,
                base: None,
                overlay: None,
                is_served: false,
                held_models: vec!["a".into(), "b".into()],
            }),
            pin: None,
            proxy_pins: vec![],
            stages: vec![],
            pause: PauseState { paused: true, paused_until: Some(at("2026-03-05T00:00:00Z")) },
            proxies: vec![good, bad],
        };
        insta::assert_snapshot!(plain(&text(&pipe(), &report)));
    }

    #[test]
    fn an_empty_home_says_what_to_do_next() {
        let source = SourceState::unknown("https://example.com/map.json".into());
        let report = StatusReport {
            source,
            promoted: None,
            pin: None,
            proxy_pins: vec![],
            stages: vec![],
            pause: PauseState::default(),
            proxies: vec![],
        };
        insta::assert_snapshot!(plain(&text(&pipe(), &report)));
    }
}
