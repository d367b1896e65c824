//! The tray: icon, tooltip and menu as a pure function of the state. The shell draws what this says.

mod fleet;

use chrono::{DateTime, Local, TimeDelta, Utc};
use costmap::people::thousands;
use engine::status::{Health, SyncState};

use crate::view::{AppState, Attention, AttentionAction, Place, ProxyView, Tone};

/// Without an answer of the source for so long, what is shown may be old.
const STALE_AFTER: TimeDelta = TimeDelta::hours(24);

/// Characters of a menu line: menus do not wrap.
const WIDTH: usize = 60;

/// What the icon shows. One file of each in `icons/tray`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrayIcon {
    /// Live equals desired.
    Healthy,
    /// A run goes on.
    Syncing,
    /// A person should look.
    Attention,
    /// Something does not work.
    Failed,
    /// The schedule is paused.
    Paused,
    /// Nothing new is known for long.
    Stale,
}

impl TrayIcon {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Healthy, Self::Syncing, Self::Attention, Self::Failed, Self::Paused, Self::Stale];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Syncing => "syncing",
            Self::Attention => "attention",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Stale => "stale",
        }
    }
}

/// What a menu item does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrayAction {
    /// Sync every proxy, or one.
    Sync(Option<String>),
    /// Cancel what runs.
    Cancel,
    /// Ask a proxy again.
    Ask(String),
    /// Ask the source again.
    CheckSource,
    /// Pause for so long; `None` until resumed.
    Pause(Option<&'static str>),
    /// Let the schedule go on.
    Resume,
    /// Open the dashboard at a place; `None` where it was.
    Open(Option<Place>),
    /// Open the folder with the logs.
    Logs,
    /// Copy the diagnostics.
    Diagnostics,
    /// Look for a new version.
    Updates,
    /// End the program.
    Quit,
}

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrayItem {
    /// Grey text.
    Line(String),
    /// A rule.
    Separator,
    /// Something to click.
    Action(String, TrayAction),
    /// A menu of its own.
    Submenu(String, Vec<TrayItem>),
}

/// The whole tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tray {
    /// The icon.
    pub icon: TrayIcon,
    /// One line on hover.
    pub tooltip: String,
    /// The menu, from above.
    pub menu: Vec<TrayItem>,
}

impl Tray {
    /// Before anything is known: what can be done is there at once.
    pub fn starting() -> Self {
        let menu = vec![
            TrayItem::Line("Starting…".to_owned()),
            TrayItem::Separator,
            action("Open dashboard", TrayAction::Open(None)),
            TrayItem::Separator,
            action("Quit LiteLLM Auto-Sync", TrayAction::Quit),
        ];
        Self { icon: TrayIcon::Healthy, tooltip: "LiteLLM Auto-Sync".to_owned(), menu }
    }

    /// Of this state, at this time.
    pub fn of(state: &AppState, now: DateTime<Utc>) -> Self {
        let icon = icon(state, now);
        Self { icon, tooltip: cut(&tooltip(state, icon, now)), menu: menu(state, now) }
    }
}

fn icon(state: &AppState, now: DateTime<Utc>) -> TrayIcon {
    let worst = state.attention.iter().map(|one| one.tone).max();
    if state.proxies.iter().any(|proxy| proxy.running.is_some()) {
        TrayIcon::Syncing
    } else if worst == Some(Tone::Bad) {
        TrayIcon::Failed
    } else if state.pause.is_some() {
        TrayIcon::Paused
    } else if is_stale(state, now) {
        TrayIcon::Stale
    } else if worst == Some(Tone::Warn) {
        TrayIcon::Attention
    } else {
        TrayIcon::Healthy
    }
}

fn is_stale(state: &AppState, now: DateTime<Utc>) -> bool {
    state.source.checked_at.is_some_and(|at| now - at > STALE_AFTER)
}

fn tooltip(state: &AppState, icon: TrayIcon, now: DateTime<Utc>) -> String {
    let running = state.proxies.iter().find_map(|proxy| Some((proxy, proxy.running.as_ref()?)));
    match icon {
        TrayIcon::Syncing => running.map_or_else(String::new, |(proxy, running)| {
            format!("Syncing {}: {}", proxy.name, running.step.label().to_lowercase())
        }),
        TrayIcon::Failed | TrayIcon::Attention => {
            state.attention.first().map(|one| one.title.trim_end_matches('.').to_owned()).unwrap_or_default()
        }
        TrayIcon::Paused => match state.pause.and_then(|pause| pause.until) {
            Some(until) => format!("Paused until {}", moment(until, now)),
            None => "Paused until you resume".to_owned(),
        },
        TrayIcon::Stale if state.source.checked_at.is_none() => "Source never reached".to_owned(),
        TrayIcon::Stale => format!("Source last reached {}", ago(state.source.checked_at, now)),
        TrayIcon::Healthy => headline(state, now),
    }
}

fn headline(state: &AppState, now: DateTime<Utc>) -> String {
    let synced = state.proxies.iter().filter(|proxy| proxy.sync == SyncState::Synced).count();
    match (state.proxies.len(), synced) {
        (0, _) => "No proxy yet; watching the source".to_owned(),
        (1, 1) => format!("{} synced, proved {}", state.proxies[0].name, ago(state.last_sync, now)),
        (all, synced) if all == synced => format!("All {all} proxies synced"),
        (all, synced) => format!("{synced} of {all} synced"),
    }
}

fn menu(state: &AppState, now: DateTime<Utc>) -> Vec<TrayItem> {
    let mut menu = vec![TrayItem::Line(cut(&state_line(state))), TrayItem::Line(cut(&times(state, now)))];
    menu.push(TrayItem::Separator);
    if let Some(first) = state.attention.iter().find(|one| one.tone > Tone::Info) {
        let (label, action) = match &first.action {
            AttentionAction::Open { label, place } => (label, TrayAction::Open(Some(place.clone()))),
            AttentionAction::Sync { label, proxy } => (label, TrayAction::Sync(Some(proxy.clone()))),
            AttentionAction::Ask { label, proxy } => (label, TrayAction::Ask(proxy.clone())),
            // The menu has a line for each of them.
            AttentionAction::SyncAll { label, .. } | AttentionAction::AskAll { label, .. } => {
                (label, TrayAction::Open(Some(Place::Overview)))
            }
            // What changes prices is looked at first.
            AttentionAction::Promote { label, .. } | AttentionAction::Unpin { label, .. } => {
                (label, TrayAction::Open(Some(Place::Overview)))
            }
            AttentionAction::CheckSource { label } => (label, TrayAction::CheckSource),
        };
        menu.push(TrayItem::Action(cut(&format!("{} {label}…", first.title)), action));
    }
    let is_first = |one: &&Attention| matches!(one.action, AttentionAction::Open { place: Place::Review { .. }, .. });
    let shown = state.attention.iter().find(|one| one.tone > Tone::Info).filter(is_first);
    if let Some(promoted) = state.promoted.as_ref().filter(|promoted| promoted.held > 0 && shown.is_none()) {
        let label = format!("{} to review…", thousands(promoted.held));
        menu.push(TrayItem::Action(label, TrayAction::Open(Some(Place::Review { model: None }))));
    }
    let is_running = state.proxies.iter().any(|proxy| proxy.running.is_some());
    match (is_running, state.proxies.is_empty()) {
        (true, _) => menu.push(action("Cancel sync", TrayAction::Cancel)),
        (false, true) => menu.push(action("Check source now", TrayAction::CheckSource)),
        (false, false) => menu.push(action("Sync now", TrayAction::Sync(None))),
    }
    menu.push(pause(state, now));
    menu.push(TrayItem::Separator);
    if !state.proxies.is_empty() {
        menu.extend(fleet::lines(&state.proxies));
        menu.push(TrayItem::Separator);
    }
    menu.push(action("Open dashboard", TrayAction::Open(None)));
    menu.push(action("Open logs", TrayAction::Logs));
    menu.push(action("Copy diagnostics", TrayAction::Diagnostics));
    let newer = state.update.found.as_ref().filter(|found| !found.skipped);
    let update = newer.map_or_else(|| "Check for updates…".to_owned(), |found| format!("Update to {}…", found.version));
    menu.push(TrayItem::Action(update, TrayAction::Updates));
    menu.push(TrayItem::Separator);
    menu.push(action("Quit LiteLLM Auto-Sync", TrayAction::Quit));
    menu
}

/// "2 of 3 synced, eu-staging is down"; "38 of 50 synced, 12 cannot be used".
fn state_line(state: &AppState) -> String {
    let all = state.proxies.len();
    let synced = state.proxies.iter().filter(|proxy| proxy.sync == SyncState::Synced).count();
    let base = match all {
        0 => "No proxy yet".to_owned(),
        _ => format!("{synced} of {all} synced"),
    };
    let trouble = |proxy: &&ProxyView| matches!(proxy.health, Some(Health::Down | Health::Unauthorised));
    let held = state.promoted.as_ref().map_or(0, |promoted| promoted.held);
    let away = state.proxies.iter().filter(trouble).count();
    if away > 1 {
        return format!("{base}, {} cannot be used", thousands(away));
    }
    match (state.proxies.iter().find(trouble), state.pins.first()) {
        (Some(proxy), _) => format!("{base}, {} is {}", proxy.name, health_word(proxy).to_lowercase()),
        (None, Some(pin)) => match &pin.proxy {
            Some(name) => format!("{base}, {name} is pinned"),
            None => format!("{base}, pinned"),
        },
        (None, None) if held > 0 => format!("{base}, {} to review", thousands(held)),
        (None, None) => base,
    }
}

fn times(state: &AppState, now: DateTime<Utc>) -> String {
    let last = match state.last_sync {
        Some(_) => format!("Last sync {}", ago(state.last_sync, now)),
        None => "Never synced".to_owned(),
    };
    let next = match (state.pause.and_then(|pause| pause.until), state.pause, state.next_sync) {
        (Some(until), ..) => format!("paused until {}", moment(until, now)),
        (None, Some(_), _) => "paused".to_owned(),
        (.., Some(next)) if next <= now => "next is due".to_owned(),
        (.., Some(next)) => format!("next at {}", moment(next, now)),
        _ => "nothing scheduled".to_owned(),
    };
    format!("{last}, {next}")
}

fn pause(state: &AppState, now: DateTime<Utc>) -> TrayItem {
    if state.pause.is_some() {
        return action("Resume", TrayAction::Resume);
    }
    let tomorrow = (now.with_timezone(&Local) + TimeDelta::days(1)).format("%A").to_string();
    let items = vec![
        action("For 30 minutes", TrayAction::Pause(Some("30m"))),
        action("For 1 hour", TrayAction::Pause(Some("1h"))),
        action(&format!("Until {tomorrow}, 08:00"), TrayAction::Pause(Some("tomorrow"))),
        action("Until I resume", TrayAction::Pause(None)),
    ];
    TrayItem::Submenu("Pause".to_owned(), items)
}

fn proxy(proxy: &ProxyView) -> TrayItem {
    let name = proxy.name.clone();
    let history = Place::History { run: proxy.last_run.as_ref().map(|run| run.id) };
    let mut items = vec![TrayItem::Line(cut(&proxy.url))];
    if proxy.running.is_none() {
        items.push(action("Sync now", TrayAction::Sync(Some(name.clone()))));
    }
    items.push(action("Test again", TrayAction::Ask(name)));
    items.push(action("Last run", TrayAction::Open(Some(history))));
    TrayItem::Submenu(cut(&format!("{}: {}", proxy.name, fleet::word(proxy))), items)
}

fn sync_word(proxy: &ProxyView) -> &'static str {
    match (&proxy.running, proxy.sync) {
        (Some(_), _) => "Syncing",
        (None, SyncState::Synced) => "Synced",
        (None, SyncState::Behind) => "Behind",
        (None, SyncState::Held) => "Held",
        (None, SyncState::Unknown) => "Unknown",
    }
}

fn health_word(proxy: &ProxyView) -> &'static str {
    match proxy.health {
        Some(Health::Up) => "Up",
        Some(Health::Degraded) => "Degraded",
        Some(Health::Down) => "Down",
        Some(Health::Unauthorised) => "Unauthorised",
        None => "Not checked yet",
    }
}

fn action(label: &str, action: TrayAction) -> TrayItem {
    TrayItem::Action(label.to_owned(), action)
}

fn cut(text: &str) -> String {
    engine::error::bounded(text, WIDTH)
}

/// "24 min ago".
pub(crate) fn ago(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let Some(at) = at else { return "never".to_owned() };
    match (now - at).num_minutes() {
        ..1 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}

/// "12:00" today, "Tuesday, 08:00" later, in the user's time.
fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (at, now) = (at.with_timezone(&Local), now.with_timezone(&Local));
    let time = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%A, %H:%M" };
    at.format(time).to_string()
}

#[cfg(test)]
mod tests {
    use engine::run::Trigger;
    use engine::status::Reads;
    use engine::sync::Step;

    use super::*;
    use crate::attention::attention;
    use crate::samples::{at, error, proxy, state};
    use crate::view::{PauseView, PromotedView, RunningView};

    fn labels(tray: &Tray) -> Vec<&str> {
        let label = |item| match item {
            &TrayItem::Line(ref text) | &TrayItem::Action(ref text, _) | &TrayItem::Submenu(ref text, _) => {
                text.as_str()
            }
            &TrayItem::Separator => "",
        };
        tray.menu.iter().map(label).collect()
    }

    fn of(state: &mut AppState, now: &str) -> Tray {
        state.attention = attention(state, &[]);
        Tray::of(state, at(now))
    }

    #[test]
    fn the_menu_has_what_people_look_for_in_the_order_of_use() {
        let tray = of(&mut state(), "2026-03-04T12:24:00Z");
        assert_eq!((tray.icon, tray.tooltip.as_str()), (TrayIcon::Healthy, "local synced, proved 24 min ago"));
        let expected = [
            "1 of 1 synced",
            "Last sync 24 min ago, nothing scheduled",
            "",
            "Sync now",
            "Pause",
            "",
            "local: Synced",
            "",
            "Open dashboard",
            "Open logs",
            "Copy diagnostics",
            "Check for updates…",
            "",
            "Quit LiteLLM Auto-Sync",
        ];
        assert_eq!(labels(&tray), expected);
    }

    #[test]
    fn trouble_is_named_with_the_one_thing_that_resolves_it() {
        let mut state = state();
        let mut down = proxy("eu-staging");
        down.health = Some(Health::Down);
        down.sync = SyncState::Unknown;
        down.error = Some(error("proxy_unreachable", "Connection refused."));
        state.proxies.push(down);
        let tray = of(&mut state, "2026-03-04T12:00:10Z");
        assert_eq!((tray.icon, tray.tooltip.as_str()), (TrayIcon::Failed, "eu-staging is down"));
        assert_eq!(labels(&tray)[0], "1 of 2 synced, eu-staging is down");
        let item = TrayItem::Action("eu-staging is down. Test again…".into(), TrayAction::Ask("eu-staging".into()));
        assert_eq!(tray.menu[3], item);
    }

    #[test]
    fn what_waits_for_a_person_is_in_the_first_line_and_a_click_away() {
        let mut state = state();
        state.proxies[0].reads = Reads::Gateway;
        state.promoted = Some(PromotedView {
            revision: "c".repeat(40),
            upstream: "b".repeat(40),
            billed: "c".repeat(40),
            models: 9,
            promoted_at: state.now,
            held_models: vec!["gpt-5".into()],
            held: 3,
            causes: vec![],
            waits: false,
        });
        let opens = TrayAction::Open(Some(Place::Review { model: None }));
        let tray = of(&mut state, "2026-03-04T12:24:00Z");
        assert_eq!(labels(&tray)[0], "1 of 1 synced, 3 to review");
        assert_eq!(tray.menu[3], TrayItem::Action("3 entries need review. Review…".into(), opens.clone()));
        state.proxies.push(ProxyView { health: Some(Health::Down), ..proxy("eu") });
        let tray = of(&mut state, "2026-03-04T12:24:00Z");
        assert!(tray.menu.contains(&TrayItem::Action("3 to review…".into(), opens)), "{:?}", labels(&tray));
    }

    #[test]
    fn a_running_sync_can_be_cancelled_and_a_pause_ended() {
        let mut state = state();
        state.pause = Some(PauseView { until: None });
        let tray = of(&mut state, "2026-03-04T12:00:10Z");
        assert_eq!((tray.icon, tray.tooltip.as_str()), (TrayIcon::Paused, "Paused until you resume"));
        assert!(tray.menu.contains(&TrayItem::Action("Resume".into(), TrayAction::Resume)));
        let started = at("2026-03-04T12:00:00Z");
        state.proxies[0].running =
            Some(RunningView { id: 8, step: Step::ReadBack, done: vec![], started, trigger: Trigger::Manual });
        let tray = of(&mut state, "2026-03-04T12:00:10Z");
        assert_eq!((tray.icon, tray.tooltip.as_str()), (TrayIcon::Syncing, "Syncing local: read back and compare"));
        assert!(tray.menu.contains(&TrayItem::Action("Cancel sync".into(), TrayAction::Cancel)));
        assert!(!labels(&tray).contains(&"Sync now"));
    }

    #[test]
    fn without_a_proxy_the_source_is_what_can_be_asked_and_old_news_is_stale() {
        let mut state = state();
        state.proxies.clear();
        let tray = of(&mut state, "2026-03-06T12:00:00Z");
        assert_eq!(tray.icon, TrayIcon::Stale);
        assert_eq!(tray.tooltip, "Source last reached 2 days ago");
        assert!(labels(&tray).contains(&"Check source now"));
    }

    #[test]
    fn a_hostile_name_stays_one_short_line() {
        let mut state = state();
        state.proxies = vec![proxy(&format!("a\n{}", "x".repeat(500)))];
        let tray = of(&mut state, "2026-03-04T12:00:00Z");
        assert!(labels(&tray).iter().all(|label| label.chars().count() <= WIDTH + 1 && !label.contains('\n')));
    }
}
