//! What a person should look at, each with the one thing that resolves it. A pure function of the state.

mod proxies;
mod stages;
#[cfg(test)]
mod tests;
mod zero;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::people::{counted, thousands};
use engine::settings::SettingsProblem;
use engine::status::Reads;

use crate::SETTINGS_FILE;
use crate::view::{AppState, Attention, AttentionAction, Place, ProxyView, Tone};

/// Everything that needs a person, the worst first.
pub(crate) fn attention(state: &AppState, problems: &[SettingsProblem]) -> Vec<Attention> {
    let mut all = proxies::troubles(&state.proxies);
    all.extend(proxies::withdrawn(&state.proxies));
    all.extend(proxies::idle(&state.proxies));
    all.extend(bad_map_is_live(state));
    all.extend(of_source(state));
    all.extend(held_entries(state));
    all.extend(stages::stages(state));
    all.extend(pinned(state));
    all.extend(published(state));
    all.extend(silent_webhooks(state));
    all.extend(own_entries(state));
    all.extend(zero::at_zero(&state.proxies));
    all.extend(settings(problems));
    all.extend(no_tray(state));
    all.sort_by_key(|one| std::cmp::Reverse(one.tone));
    all
}

fn of_source(state: &AppState) -> Option<Attention> {
    let source = &state.source;
    if let Some(error) = &source.error {
        return Some(Attention {
            id: "source".to_owned(),
            tone: Tone::Warn,
            title: "The source cannot be read.".to_owned(),
            text: error.message.clone(),
            subject: None,
            in_card: false,
            action: AttentionAction::CheckSource { label: "Check now".to_owned() },
        });
    }
    (source.verdict.as_deref() == Some("held")).then(|| Attention {
        id: format!("held:{}", source.revision.as_deref().unwrap_or_default()),
        tone: Tone::Warn,
        title: "The newest map is held back.".to_owned(),
        text: format!(
            "{} {}",
            source.held_because.as_deref().unwrap_or("The checks found it broken."),
            if took_it(state).next().is_some() {
                "It was not promoted."
            } else {
                "Your proxies keep their current map."
            }
        ),
        subject: None,
        in_card: false,
        action: if source.is_kept {
            open("See why", differences(state))
        } else {
            AttentionAction::CheckSource { label: "Check again".to_owned() }
        },
    })
}

/// Proxies that have loaded by themselves what the checks hold back: a restart or a schedule of their own did it.
fn took_it(state: &AppState) -> impl Iterator<Item = &ProxyView> {
    let held = state.source.revision.as_ref().filter(|_| state.source.verdict.as_deref() == Some("held"));
    state.proxies.iter().filter(move |proxy| held.is_some() && proxy.live_revision.as_ref() == held)
}

fn bad_map_is_live(state: &AppState) -> Option<Attention> {
    let names: Vec<&str> = took_it(state).map(|proxy| proxy.name.as_str()).collect();
    let first = names.first()?;
    Some(Attention {
        id: format!("live-held:{}", state.source.revision.as_deref().unwrap_or_default()),
        tone: Tone::Bad,
        title: match names.len() {
            1 => format!("{first} loaded the held map on its own."),
            more => format!("{more} proxies loaded the held map on their own."),
        },
        text: match names.len() {
            1 => "It reads the source directly, without this app. It will get the next good map; until then its prices may be wrong.",
            _ => "They read the source directly, without this app. They will get the next good map; until then their prices may be wrong.",
        }
        .to_owned(),
        subject: None,
        in_card: false,
        action: if state.source.is_kept {
            open("See why", differences(state))
        } else {
            AttentionAction::CheckSource { label: "Check again".to_owned() }
        },
    })
}

fn held_entries(state: &AppState) -> Option<Attention> {
    let promoted = state.promoted.as_ref().filter(|promoted| promoted.held > 0)?;
    let title = match promoted.held {
        1 => "1 entry needs review.".to_owned(),
        held => format!("{} entries need review.", thousands(held)),
    };
    // What is promoted keeps their old values; a proxy that reads the source by itself does not.
    let reads_by_itself = |proxy: &ProxyView| matches!(proxy.reads, Reads::Direct | Reads::Unknown);
    let it = if promoted.held == 1 { "it" } else { "them" };
    // One line a cause: the worst, and how many more there are.
    let why = match &promoted.causes[..] {
        [] => String::new(),
        [only] => format!("{} ", only.message),
        [worst, more @ ..] => format!("{} And {}. ", worst.message, counted(more.len(), "other cause", "other causes")),
    };
    // The source may be further on, with a map that is held or with what is no map at all.
    let place = if state.source.revision.as_ref() == Some(&promoted.upstream) {
        differences(state)
    } else {
        Place::Changes { from: None, to: Some(promoted.upstream.clone()) }
    };
    let who_has_it = if promoted.waits {
        format!("Proxies are not reloaded while {} waiting.", if promoted.held == 1 { "it is" } else { "they are" })
    } else if state.proxies.iter().any(reads_by_itself) {
        format!("Proxies that read the source directly already have {it}.")
    } else {
        "Old prices stay; everything else was updated.".to_owned()
    };
    // Where it is kept from a proxy, a person can decide; elsewhere the proxies have it already.
    let action = if state.proxies.iter().any(|proxy| !reads_by_itself(proxy)) {
        open("Review", Place::Review { model: None })
    } else {
        open("See why", place)
    };
    Some(Attention {
        id: format!("review:{}", promoted.revision),
        tone: Tone::Warn,
        title,
        text: format!("{why}{who_has_it}"),
        subject: None,
        in_card: false,
        action,
    })
}

/// A reminder: what is pinned gets no new prices.
fn pinned(state: &AppState) -> Option<Attention> {
    let first = state.pins.first()?;
    let who = match (&first.proxy, state.pins.len()) {
        (None, _) => "Proxies are pinned".to_owned(),
        (Some(name), 1) => format!("{name} is pinned"),
        (Some(_), more) => format!("{more} proxies are pinned"),
    };
    let age = (state.now - first.since).num_days();
    let since = match age {
        0 => "since today".to_owned(),
        1 => "since yesterday".to_owned(),
        days => format!("for {days} days"),
    };
    let until = if first.resumes {
        "They follow the source again by themselves when it has another good map."
    } else {
        "They get no new models or prices until you unpin them."
    };
    let newer = if first.is_behind { "The source has another map. " } else { "" };
    Some(Attention {
        id: format!("pin:{}:{}", first.proxy.as_deref().unwrap_or_default(), first.revision),
        // A pin that nobody remembers is what bills wrong prices.
        tone: if first.is_behind && age >= REMIND { Tone::Warn } else { Tone::Info },
        title: format!("{who} {since}."),
        text: format!("{newer}{until}"),
        subject: Some(first.upstream.chars().take(7).collect()),
        in_card: false,
        action: AttentionAction::Unpin { label: "Unpin".to_owned(), proxy: first.proxy.clone() },
    })
}

/// What is published is not what is promoted.
fn published(state: &AppState) -> Option<Attention> {
    let error = state.publish.as_ref()?.error.as_ref()?;
    Some(Attention {
        id: format!("publish:{}", error.code),
        tone: Tone::Warn,
        title: match error.code.as_str() {
            "published_elsewhere" => "Another machine publishes to the same place.".to_owned(),
            _ => "The promoted map could not be published.".to_owned(),
        },
        text: error.message.clone(),
        subject: None,
        in_card: false,
        action: open("Open settings", Place::Settings { section: Some("publish".to_owned()), proxy: None }),
    })
}

/// Alerts do not arrive, and nobody there can know.
fn silent_webhooks(state: &AppState) -> Option<Attention> {
    let is_silent = |since: DateTime<Utc>| state.now - since >= SILENT;
    let silent: Vec<_> = state.webhooks.iter().filter(|it| it.failing_since.is_some_and(is_silent)).collect();
    let first = silent.first()?;
    let waiting: usize = silent.iter().map(|it| it.waiting).sum();
    let title = match silent.len() {
        1 => format!("Alerts do not reach {}.", first.name),
        more => format!("Alerts do not reach {more} webhooks."),
    };
    let why = first.error.as_ref().map(|error| format!("{} ", error.message)).unwrap_or_default();
    let wait = counted(waiting, "alert waits", "alerts wait");
    Some(Attention {
        id: format!("webhooks:{}", silent.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(",")),
        tone: Tone::Warn,
        title,
        text: format!("{why}{wait}."),
        subject: None,
        in_card: false,
        action: open("Open settings", Place::Settings { section: Some("webhooks".to_owned()), proxy: None }),
    })
}

/// A chat that is away for less is no matter for a person.
const SILENT: TimeDelta = TimeDelta::minutes(15);

/// A pin that holds newer maps back for so many days is more than a note.
const REMIND: i64 = 3;

/// Upstream moved under the user's own entries, or one of them cannot be used.
fn own_entries(state: &AppState) -> Option<Attention> {
    let own = &state.own;
    if let Some(problem) = &own.problem {
        return Some(Attention {
            id: format!("own-problem:{problem}"),
            tone: Tone::Warn,
            title: "An entry of your own is not used.".to_owned(),
            text: problem.clone(),
            subject: None,
            in_card: false,
            action: open("Open your prices", Place::Models { model: None }),
        });
    }
    let first = own.moved.first()?;
    let all_same = own.same.len() == own.moved.len();
    let (title, text) = match (own.moved.len(), all_same) {
        (1, true) => (format!("Upstream now has your prices for {first}."), "Your own entry isn't needed any more."),
        (1, false) => (format!("Upstream changed {first}, which you price yourself."), "Your prices still count."),
        (_, true) => (
            format!("Upstream now has your prices for {} models.", own.moved.len()),
            "Your own entries for them aren't needed any more.",
        ),
        (_, false) => (
            format!("Upstream changed {} models that you price yourself.", own.moved.len()),
            "Your prices still count.",
        ),
    };
    Some(Attention {
        id: format!("own:{}", own.moved.join(",")),
        tone: Tone::Info,
        title,
        text: text.to_owned(),
        subject: None,
        in_card: false,
        action: open("Compare", Place::Models { model: Some(first.clone()) }),
    })
}

fn no_tray(state: &AppState) -> Option<Attention> {
    Some(Attention {
        id: "tray".to_owned(),
        tone: Tone::Info,
        title: "There is no tray icon.".to_owned(),
        text: state.tray_problem.clone()?,
        subject: None,
        in_card: false,
        action: open("Start-up settings", Place::Settings { section: Some("startup".to_owned()), proxy: None }),
    })
}

fn settings(problems: &[SettingsProblem]) -> Option<Attention> {
    let first = problems.first()?;
    Some(Attention {
        id: "settings".to_owned(),
        tone: Tone::Warn,
        title: match problems.len() {
            _ if first.field == SETTINGS_FILE => "The settings file cannot be read.".to_owned(),
            1 => "1 setting is not valid.".to_owned(),
            more => format!("{more} settings are not valid."),
        },
        text: if first.field == SETTINGS_FILE {
            format!("{} The last valid settings still apply.", first.message)
        } else {
            first.message.clone()
        },
        subject: None,
        in_card: false,
        action: open("Open settings", Place::Settings { section: Some("data".to_owned()), proxy: None }),
    })
}

/// The newest map against what is promoted; without that, the newest change.
fn differences(state: &AppState) -> Place {
    let from = state.latest_changes.as_ref().map(|set| set.from.clone());
    Place::Changes { from, to: state.source.revision.clone() }
}

fn open(label: &str, place: Place) -> AttentionAction {
    AttentionAction::Open { label: label.to_owned(), place }
}
