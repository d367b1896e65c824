//! What is wrong with proxies: one line a cause, whatever the number of proxies that have it.

use std::collections::BTreeSet;

use engine::run::Outcome;
use engine::status::Health;
use engine::sync::OwnSchedule;

use super::open;
use crate::view::{Attention, AttentionAction, Place, ProxyView, Tone};

/// So many proxies are named in a line.
const NAMED: usize = 3;

/// What is wrong with each proxy. What several have is one line; what one has stands in its card.
pub(super) fn troubles(proxies: &[ProxyView]) -> Vec<Attention> {
    let mut causes: Vec<(String, Vec<String>, Vec<Attention>)> = Vec::new();
    for proxy in proxies {
        let Some(one) = of_proxy(proxy) else { continue };
        let kind = one.id.split(':').next().unwrap_or_default();
        // Runs fail for one cause only where they failed alike.
        let code = proxy.last_run.as_ref().and_then(|run| run.error.as_ref()).filter(|_| kind == "failed");
        // Those that are away are so for one cause where the network says the same of them.
        let away = proxy.cause.as_deref().filter(|_| kind == "down");
        let cause = format!("{kind}:{}", away.or(code.map(|error| error.code.as_str())).unwrap_or_default());
        match causes.iter_mut().find(|(known, ..)| *known == cause) {
            Some((_, names, alike)) => {
                names.push(proxy.name.clone());
                alike.push(one);
            }
            None => causes.push((cause, vec![proxy.name.clone()], vec![one])),
        }
    }
    causes.into_iter().filter_map(|(cause, names, alike)| together(&cause, &names, alike)).collect()
}

/// One line for all proxies that have the same trouble.
fn together(cause: &str, names: &[String], all: Vec<Attention>) -> Option<Attention> {
    let count = all.len();
    let tone = all.iter().map(|one| one.tone).max()?;
    let is_one_text = all.windows(2).all(|pair| pair[0].text == pair[1].text);
    let first = all.into_iter().next()?;
    if count == 1 {
        return Some(first);
    }
    let (kind, why) = cause.split_once(':').unwrap_or((cause, ""));
    let what = match kind {
        "down" => away(why),
        "key" => "cannot be synced with their keys",
        "failed" => "could not be synced",
        "unproven" => "loaded the map, but this is not proven",
        "interrupted" => "had their last sync interrupted",
        _ => "are up but not healthy",
    };
    let label = first.action.label().to_owned();
    let action = match first.action {
        AttentionAction::Ask { .. } => AttentionAction::AskAll { label, proxies: names.to_vec() },
        AttentionAction::Sync { .. } => AttentionAction::SyncAll { label, proxies: names.to_vec() },
        AttentionAction::Open { place: Place::Settings { .. }, .. } => {
            open("Edit proxies", Place::Settings { section: Some("proxies".to_owned()), proxy: None })
        }
        AttentionAction::Open { place: Place::History { .. }, .. } => open("Open runs", Place::History { run: None }),
        other => other,
    };
    let why = if is_one_text && !first.text.is_empty() { format!(" {}", first.text) } else { String::new() };
    Some(Attention {
        id: format!("{cause}:{}", names.join(",")),
        tone,
        title: format!("{count} proxies {what}."),
        text: format!("{}.{why}", listed(names)),
        subject: None,
        in_card: false,
        action,
    })
}

/// Why several proxies do not answer.
fn away(cause: &str) -> &'static str {
    match cause {
        "proxy.refused" => "cannot be reached: the connection is refused",
        "proxy.dns" => "cannot be reached: their names do not resolve",
        "proxy.certificate" => "cannot be reached: their certificates are not trusted",
        "proxy.network_proxy" => "cannot be reached: the network's own proxy is in the way",
        "proxy.timed_out" => "do not answer in time",
        "proxy.out_of_service" => "are down behind what is in front of them",
        _ => "are down",
    }
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

/// Proxies that a person wants to reload by themselves, and that do not: one line a cause. The app syncs them meanwhile.
pub(super) fn idle(proxies: &[ProxyView]) -> impl Iterator<Item = Attention> {
    let causes = [
        (OwnSchedule::NoDatabase, "a proxy without a database cannot keep a schedule"),
        (OwnSchedule::Overdue, "the reload is overdue"),
    ];
    causes.into_iter().filter_map(|(cause, why)| {
        let idle = proxies.iter().filter(|proxy| proxy.own_schedule == Some(cause));
        let names: Vec<String> = idle.map(|proxy| proxy.name.clone()).collect();
        let proxy = names.first().filter(|_| names.len() == 1).cloned();
        let [does, its, them] = if names.len() == 1 { ["does", "its", "it"] } else { ["do", "their", "them"] };
        (!names.is_empty()).then(|| Attention {
            id: format!("own-schedule:{}", names.join(",")),
            tone: Tone::Warn,
            title: format!("{} {does} not reload on {its} own.", listed(&names)),
            text: format!("You chose that, but {why}. The app syncs {them} meanwhile."),
            subject: None,
            in_card: false,
            action: open("Edit proxies", Place::Settings { section: Some("proxies".to_owned()), proxy }),
        })
    })
}

/// One matter for each proxy: what stands in the way first, then what the last run left. Its card says the same.
fn of_proxy(proxy: &ProxyView) -> Option<Attention> {
    let name = &proxy.name;
    let said = proxy.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
    let one = |id: &str, tone, title: String, text: String, action| {
        Some(Attention { id: format!("{id}:{name}"), tone, title, text, subject: None, in_card: true, action })
    };
    let label = |label: &str| label.to_owned();
    let edit =
        || open("Edit proxy", Place::Settings { section: Some("proxies".to_owned()), proxy: Some(name.clone()) });
    if proxy.running.is_some() {
        return None;
    }
    match proxy.health {
        Some(Health::Down) => {
            let action = AttentionAction::Ask { label: label("Test again"), proxy: name.clone() };
            return one("down", Tone::Bad, format!("{name} is down."), said, action);
        }
        Some(Health::Unauthorised) => {
            return one("key", Tone::Bad, format!("{name} cannot be synced with this key."), said, edit());
        }
        _ => {}
    }
    let run = proxy.last_run.as_ref()?;
    let message = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
    let sync = |words: &str| AttentionAction::Sync { label: label(words), proxy: name.clone() };
    match run.outcome {
        Outcome::Failed => {
            let action = match run.error.as_ref().map(|error| error.code.as_str()) {
                Some("unauthorised" | "no_key" | "no_secret_store" | "plain_http") => edit(),
                Some("no_database" | "source_mismatch" | "local_file" | "unsupported") => {
                    open("Open run", Place::History { run: Some(run.id) })
                }
                _ => sync("Sync again"),
            };
            one("failed", Tone::Bad, format!("{name} could not be synced."), message, action)
        }
        Outcome::Unproven => {
            let action = sync("Sync again");
            one("unproven", Tone::Warn, format!("{name} loaded the map, but this is not proven."), message, action)
        }
        // What a person cancelled needs nobody.
        Outcome::Interrupted if run.error.as_ref().is_some_and(|error| error.code == "interrupted") => {
            one("interrupted", Tone::Warn, format!("The last sync of {name} was cut off."), message, sync("Sync now"))
        }
        _ if proxy.health == Some(Health::Degraded) => {
            one("degraded", Tone::Warn, format!("{name} is up but not healthy."), said, sync("Sync now"))
        }
        _ => None,
    }
}

/// A release that LiteLLM withdrew is a matter of its own, whatever else is wrong: one line a release.
pub(super) fn withdrawn(proxies: &[ProxyView]) -> Vec<Attention> {
    let texts: BTreeSet<&String> = proxies.iter().filter_map(|proxy| proxy.withdrawn.as_ref()).collect();
    let of_release = |text: &String| {
        let with = proxies.iter().filter(|proxy| proxy.withdrawn.as_ref() == Some(text));
        let names: Vec<String> = with.map(|proxy| proxy.name.clone()).collect();
        let runs = if names.len() == 1 { "runs" } else { "run" };
        let label = "Test again".to_owned();
        Attention {
            id: format!("withdrawn:{}", names.join(",")),
            tone: Tone::Bad,
            title: format!("{} {runs} a withdrawn release.", listed(&names)),
            text: text.clone(),
            subject: None,
            in_card: false,
            action: match &names[..] {
                [proxy] => AttentionAction::Ask { label, proxy: proxy.clone() },
                _ => AttentionAction::AskAll { label, proxies: names },
            },
        }
    };
    texts.into_iter().map(of_release).collect()
}
