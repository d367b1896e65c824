//! What a person should look at, each with the one thing that resolves it. A pure function of the state.

use costmap::people::{counted, thousands};
use engine::run::Outcome;
use engine::settings::SettingsProblem;
use engine::status::{Health, NAMED_UNPRICED, Reads};

use crate::SETTINGS_FILE;
use crate::view::{AppState, Attention, AttentionAction, Place, ProxyView, Tone};

/// Everything that needs a person, the worst first.
pub(crate) fn attention(state: &AppState, problems: &[SettingsProblem]) -> Vec<Attention> {
    let mut all: Vec<Attention> = state.proxies.iter().filter_map(of_proxy).collect();
    all.extend(state.proxies.iter().filter_map(withdrawn));
    all.extend(bad_map_is_live(state));
    all.extend(of_source(state));
    all.extend(held_entries(state));
    all.extend(state.proxies.iter().filter_map(unpriced));
    all.extend(settings(problems));
    all.extend(toasts(state));
    all.sort_by_key(|one| std::cmp::Reverse(one.tone));
    all
}

/// One matter for each proxy: what stands in the way first, then what the last run left.
fn of_proxy(proxy: &ProxyView) -> Option<Attention> {
    let name = &proxy.name;
    let said = proxy.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
    let one = |id: &str, tone, title: String, text: String, action| {
        Some(Attention { id: format!("{id}:{name}"), tone, title, text, subject: None, action })
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
            one("unproven", Tone::Warn, format!("{name} took the map, but it is not proven."), message, action)
        }
        // What a person cancelled needs nobody.
        Outcome::Interrupted if run.error.as_ref().is_some_and(|error| error.code == "interrupted") => {
            one("interrupted", Tone::Warn, format!("The last sync of {name} was cut off."), message, sync("Sync now"))
        }
        _ if proxy.health == Some(Health::Degraded) => {
            one("degraded", Tone::Warn, format!("{name} works, but not as it should."), said, sync("Sync now"))
        }
        _ => None,
    }
}

/// A release that LiteLLM withdrew is a matter of its own, whatever else is wrong.
fn withdrawn(proxy: &ProxyView) -> Option<Attention> {
    let text = proxy.withdrawn.clone()?;
    Some(Attention {
        id: format!("withdrawn:{}", proxy.name),
        tone: Tone::Bad,
        title: format!("{} runs a release that was withdrawn.", proxy.name),
        text,
        subject: None,
        action: AttentionAction::Ask { label: "Test again".to_owned(), proxy: proxy.name.clone() },
    })
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
                "Your proxies keep the map that they have."
            }
        ),
        subject: None,
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
            1 => format!("{first} loaded the held map by itself."),
            more => format!("{more} proxies loaded the held map by themselves."),
        },
        text: "It read the source without this app. It gets the next good map; until then its prices may be wrong."
            .to_owned(),
        subject: None,
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
    let reads_by_itself = |proxy: &ProxyView| !matches!(proxy.reads, Reads::Gateway);
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
    let who_has_it = if state.proxies.iter().any(reads_by_itself) {
        format!("Proxies that read the source by themselves have {it} already.")
    } else {
        "Old prices stay; everything else went on.".to_owned()
    };
    Some(Attention {
        id: format!("review:{}", promoted.revision),
        tone: Tone::Warn,
        title,
        text: format!("{why}{who_has_it}"),
        subject: None,
        action: open("See why", place),
    })
}

fn unpriced(proxy: &ProxyView) -> Option<Attention> {
    let first = proxy.unpriced.first()?;
    let (title, which) = match proxy.unpriced.len() {
        1 => ("1 callable model has no price.".to_owned(), String::new()),
        2 => ("2 callable models have no price.".to_owned(), "and 1 other ".to_owned()),
        // No more are named.
        NAMED_UNPRICED.. => {
            (format!("{NAMED_UNPRICED} or more callable models have no price."), "and others ".to_owned())
        }
        more => (format!("{more} callable models have no price."), format!("and {} others ", more - 1)),
    };
    let are = if which.is_empty() { "is" } else { "are" };
    Some(Attention {
        id: format!("unpriced:{}", proxy.name),
        tone: Tone::Warn,
        title,
        text: format!("{which}on {} {are} billed as $0.", proxy.name),
        subject: Some(first.clone()),
        action: open("Look for it", Place::Models { model: Some(first.clone()) }),
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
            format!("{} What was read before goes on to count.", first.message)
        } else {
            first.message.clone()
        },
        subject: None,
        action: open("Open settings", Place::Settings { section: Some("data".to_owned()), proxy: None }),
    })
}

fn toasts(state: &AppState) -> Option<Attention> {
    let problem = state.toasts.problem.as_ref()?;
    Some(Attention {
        id: "toasts".to_owned(),
        tone: Tone::Info,
        title: "Notifications cannot be shown here.".to_owned(),
        text: format!("{problem} Everything stays in History."),
        subject: None,
        action: open(
            "Notification settings",
            Place::Settings { section: Some("notifications".to_owned()), proxy: None },
        ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{error, proxy, run, state};
    use crate::view::{CauseView, PromotedView};

    #[test]
    fn a_healthy_state_needs_nobody() {
        assert_eq!(attention(&state(), &[]), []);
    }

    #[test]
    fn the_worst_comes_first_and_each_has_its_way_out() {
        let mut state = state();
        let mut behind = proxy("behind");
        behind.last_run = Some(run("behind", Outcome::Unproven));
        let mut refused = proxy("refused");
        refused.health = Some(Health::Unauthorised);
        let mut broken = proxy("broken");
        broken.last_run = Some(run("broken", Outcome::Failed));
        broken.last_run.as_mut().unwrap().error = Some(error("no_database", "It has no database."));
        let mut cheap = proxy("cheap");
        cheap.unpriced = vec!["corp/rerank".into(), "x".into()];
        cheap.withdrawn = Some("LiteLLM 1.107.0 was withdrawn.".into());
        state.proxies = vec![behind, refused, broken, cheap];
        state.promoted = Some(PromotedView {
            revision: "c".repeat(40),
            upstream: "b".repeat(40),
            models: 9,
            promoted_at: state.now,
            held_models: vec!["gpt-5".into()],
            held: 3,
            causes: vec![],
        });
        let all = attention(&state, &[]);
        let titles: Vec<&str> = all.iter().map(|one| one.title.as_str()).collect();
        let expected = [
            "refused cannot be synced with this key.",
            "broken could not be synced.",
            "cheap runs a release that was withdrawn.",
            "behind took the map, but it is not proven.",
            "3 entries need review.",
            "2 callable models have no price.",
        ];
        assert_eq!(titles, expected);
        assert_eq!(
            all[0].action,
            open("Edit proxy", Place::Settings { section: Some("proxies".into()), proxy: Some("refused".into()) })
        );
        assert_eq!(all[1].action, open("Open run", Place::History { run: Some(7) }));
        assert_eq!(all[3].action, AttentionAction::Sync { label: "Sync again".into(), proxy: "behind".into() });
    }

    #[test]
    fn a_held_map_that_a_proxy_took_by_itself_is_the_worst() {
        let mut state = state();
        state.source.verdict = Some("held".into());
        state.source.held_because = Some("Half of the models are gone.".into());
        let held = attention(&state, &[]);
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].text, "Half of the models are gone. Your proxies keep the map that they have.");
        state.proxies[0].live_revision.clone_from(&state.source.revision);
        let all = attention(&state, &[]);
        assert_eq!((all[0].tone, all[0].title.as_str()), (Tone::Bad, "local loaded the held map by itself."));
        assert_eq!(all[1].text, "Half of the models are gone. It was not promoted.");
        state.source.is_kept = false;
        let again = AttentionAction::CheckSource { label: "Check again".into() };
        assert_eq!(
            attention(&state, &[]).into_iter().map(|one| one.action).collect::<Vec<_>>(),
            [again.clone(), again]
        );
    }

    #[test]
    fn entries_to_review_are_told_by_their_worst_cause() {
        let mut state = state();
        let cause = |message: &str| CauseView {
            rule: "price.gone".to_owned(),
            severity: "review".to_owned(),
            broken: false,
            message: message.to_owned(),
            models: vec!["gpt".to_owned()],
            count: 1,
            mine: 0,
        };
        let told = |held: usize, causes: &[&str], state: &mut AppState| {
            state.source.revision = Some("b".repeat(40));
            state.promoted = Some(PromotedView {
                revision: "a".to_owned(),
                upstream: "b".repeat(40),
                models: 4000,
                promoted_at: state.now,
                held_models: vec!["gpt".to_owned()],
                held,
                causes: causes.iter().map(|message| cause(message)).collect(),
            });
            let all = attention(state, &[]);
            format!("{} {}", all[0].title, all[0].text)
        };
        assert_eq!(
            told(1, &["gpt lost a price."], &mut state),
            "1 entry needs review. gpt lost a price. Proxies that read the source by themselves have it already."
        );
        assert_eq!(
            told(1500, &["openrouter: all 496 models are gone.", "b", "c"], &mut state),
            "1,500 entries need review. openrouter: all 496 models are gone. And 2 other causes. Proxies that read the source by themselves have them already."
        );
        state.proxies.clear();
        assert!(told(1, &["x."], &mut state).ends_with("x. Old prices stay; everything else went on."));
        state.source.revision = Some("c".repeat(40));
        let [one] = &attention(&state, &[])[..] else { panic!("{state:#?}") };
        let place = Place::Changes { from: None, to: Some("b".repeat(40)) };
        assert_eq!(one.action, open("See why", place), "the source is further on");
    }

    #[test]
    fn what_a_person_cancelled_needs_nobody_and_what_a_crash_cut_off_does() {
        let mut state = state();
        let mut cut = run("local", Outcome::Interrupted);
        cut.error = Some(error("cancelled", "Cancelled."));
        state.proxies[0].last_run = Some(cut.clone());
        assert_eq!(attention(&state, &[]), []);
        cut.error = Some(error("interrupted", "The program ended during this run."));
        state.proxies[0].last_run = Some(cut);
        assert_eq!(attention(&state, &[])[0].title, "The last sync of local was cut off.");
    }

    #[test]
    fn what_runs_now_is_no_longer_what_failed() {
        let mut state = state();
        state.proxies[0].last_run = Some(run("local", Outcome::Failed));
        assert_eq!(attention(&state, &[]).len(), 1);
        let started = state.now;
        state.proxies[0].running = Some(crate::view::RunningView {
            id: 8,
            step: engine::sync::Step::ReadLive,
            done: vec![],
            started,
            trigger: engine::run::Trigger::Manual,
        });
        assert_eq!(attention(&state, &[]), []);
    }
}
