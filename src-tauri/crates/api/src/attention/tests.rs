use engine::run::Outcome;
use engine::status::Health;

use super::*;
use crate::samples::{error, proxy, run, state};
use crate::view::{CauseView, PinView, PromotedView};

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
        billed: "b".repeat(40),
        models: 9,
        promoted_at: state.now,
        held_models: vec!["gpt-5".into()],
        held: 3,
        causes: vec![],
        waits: false,
    });
    let all = attention(&state, &[]);
    let titles: Vec<&str> = all.iter().map(|one| one.title.as_str()).collect();
    let expected = [
        "refused cannot be synced with this key.",
        "broken could not be synced.",
        "cheap runs a withdrawn release.",
        "behind loaded the map, but this is not proven.",
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
fn a_pin_is_a_reminder_that_grows_louder_and_own_entries_are_told_where_upstream_moved() {
    let mut state = state();
    let since = state.now - TimeDelta::days(1);
    state.pins = vec![PinView {
        proxy: None,
        revision: "c".repeat(40),
        upstream: "d".repeat(40),
        seen_at: None,
        since,
        resumes: false,
        is_behind: true,
    }];
    let told = |state: &AppState| {
        let all = attention(state, &[]);
        (all[0].tone, all[0].title.clone(), all[0].text.clone())
    };
    let text = "The source has another map. They get no new models or prices until you unpin them.".to_owned();
    assert_eq!(told(&state), (Tone::Info, "Proxies are pinned since yesterday.".to_owned(), text.clone()));
    state.pins[0].since = state.now - TimeDelta::days(9);
    assert_eq!(told(&state), (Tone::Warn, "Proxies are pinned for 9 days.".to_owned(), text));
    state.pins.clear();
    state.own.moved = vec!["gpt-5".into()];
    assert_eq!(told(&state).1, "Upstream changed gpt-5, which you price yourself.");
    state.own.same.clone_from(&state.own.moved);
    assert_eq!(told(&state).1, "Upstream now has your prices for gpt-5.");
    state.own.moved.push("b".into());
    assert_eq!(told(&state).1, "Upstream changed 2 models that you price yourself.");
}

#[test]
fn a_webhook_that_stays_away_is_told_since_nobody_there_can_know() {
    let mut state = state();
    let since = |minutes| Some(state.now - TimeDelta::minutes(minutes));
    let webhook = |name: &str, failing_since| crate::view::WebhookStateView {
        name: name.into(),
        waiting: 2,
        last_delivered: None,
        error: Some(error("webhook_failed", "The webhook could not be reached.")),
        failing_since,
        next_try: None,
        given_up: 0,
    };
    let webhooks = vec![webhook("ops", since(3)), webhook("team", since(20)), webhook("more", since(90))];
    state.webhooks = webhooks[..1].to_vec();
    assert_eq!(attention(&state, &[]), [], "for a moment only");
    state.webhooks = webhooks[..2].to_vec();
    let all = attention(&state, &[]);
    assert_eq!(all[0].title, "Alerts do not reach team.");
    assert_eq!(all[0].text, "The webhook could not be reached. 2 alerts wait.");
    state.webhooks = webhooks;
    assert_eq!(attention(&state, &[])[0].title, "Alerts do not reach 2 webhooks.");
}

#[test]
fn a_held_map_that_a_proxy_took_by_itself_is_the_worst() {
    let mut state = state();
    state.source.verdict = Some("held".into());
    state.source.held_because = Some("Half of the models are gone.".into());
    let held = attention(&state, &[]);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].text, "Half of the models are gone. Your proxies keep their current map.");
    state.proxies[0].live_revision.clone_from(&state.source.revision);
    let all = attention(&state, &[]);
    assert_eq!((all[0].tone, all[0].title.as_str()), (Tone::Bad, "local loaded the held map on its own."));
    assert_eq!(all[1].text, "Half of the models are gone. It was not promoted.");
    state.source.is_kept = false;
    let again = AttentionAction::CheckSource { label: "Check again".into() };
    assert_eq!(attention(&state, &[]).into_iter().map(|one| one.action).collect::<Vec<_>>(), [again.clone(), again]);
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
            billed: "b".repeat(40),
            models: 4000,
            promoted_at: state.now,
            held_models: vec!["gpt".to_owned()],
            held,
            causes: causes.iter().map(|message| cause(message)).collect(),
            waits: false,
        });
        let all = attention(state, &[]);
        format!("{} {}", all[0].title, all[0].text)
    };
    assert_eq!(
        told(1, &["gpt lost a price."], &mut state),
        "1 entry needs review. gpt lost a price. Proxies that read the source directly already have it."
    );
    assert_eq!(
        told(1500, &["openrouter: all 496 models are gone.", "b", "c"], &mut state),
        "1,500 entries need review. openrouter: all 496 models are gone. And 2 other causes. Proxies that read the source directly already have them."
    );
    state.promoted.as_mut().unwrap().waits = true;
    let waits = &attention(&state, &[])[0].text;
    assert!(waits.ends_with("Proxies are not reloaded while they are waiting."), "{waits}");
    for proxy in &mut state.proxies {
        proxy.reads = Reads::Gateway;
    }
    let one = &attention(&state, &[])[0];
    assert_eq!(one.action, open("Review", Place::Review { model: None }));
    state.proxies.clear();
    assert!(told(1, &["x."], &mut state).ends_with("x. Old prices stay; everything else was updated."));
    state.source.revision = Some("c".repeat(40));
    let [one] = &attention(&state, &[])[..] else { panic!("{state:#?}") };
    let place = Place::Changes { from: None, to: Some("b".repeat(40)) };
    assert_eq!(one.action, open("See why", place), "the source is further on");
}

#[test]
fn one_cause_on_several_proxies_is_one_line_and_one_in_a_card_is_not_said_again() {
    let mut state = state();
    let down = |name: &str| {
        let mut proxy = proxy(name);
        proxy.health = Some(Health::Down);
        proxy.error = Some(error("proxy_unreachable", "gateway.corp.example is unknown."));
        proxy
    };
    state.proxies = vec![down("a")];
    let all = attention(&state, &[]);
    assert_eq!((all.len(), all[0].in_card), (1, true));
    state.proxies = ["a", "b", "c", "d", "e"].map(down).into();
    let mut other = proxy("f");
    other.last_run = Some(run("f", Outcome::Failed));
    state.proxies.push(other);
    let all = attention(&state, &[]);
    let told: Vec<_> = all.iter().map(|one| (one.title.as_str(), one.text.as_str(), one.in_card)).collect();
    let both = [
        ("5 proxies are down.", "a, b, c and 2 more. gateway.corp.example is unknown.", false),
        ("f could not be synced.", "", true),
    ];
    assert_eq!(told, both);
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    assert_eq!(all[0].action, AttentionAction::AskAll { label: "Test again".into(), proxies: names });
    state.proxies[1].error = Some(error("proxy_unreachable", "Connection refused."));
    assert_eq!(attention(&state, &[])[0].text, "a, b, c and 2 more.", "each card says why");
}

#[test]
fn models_without_a_price_are_one_line_for_all_proxies() {
    let with = |name: &str, unpriced: &[&str]| {
        let mut proxy = proxy(name);
        proxy.unpriced = unpriced.iter().map(|model| (*model).to_owned()).collect();
        ProxyView { unpriced_entry: unpriced.first().map(|model| format!("corp/{model}")), ..proxy }
    };
    let proxies = vec![with("a", &["x", "y"]), with("b", &["y"]), with("c", &[])];
    let all = attention(&AppState { proxies, ..state() }, &[]);
    let [one] = &all[..] else { panic!("{all:#?}") };
    assert_eq!((one.title.as_str(), one.subject.as_deref()), ("2 callable models have no price.", Some("x")));
    assert_eq!(one.text, "and 1 other on a and b are billed at $0.");
    assert_eq!(one.action, open("Add price", Place::Models { model: Some("corp/x".into()) }), "what it asks for");
}

#[test]
fn that_notifications_cannot_be_shown_is_for_the_settings() {
    let mut state = state();
    state.toasts.problem = Some("No service answers.".into());
    assert_eq!(attention(&state, &[]), []);
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
