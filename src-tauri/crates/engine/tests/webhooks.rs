//! Alerts on their way to a webhook: whatever the receiver does, nothing is lost, nothing is told twice without a mark, and
//! the order is kept. The receiver is a stand-in at the border: a bare HTTP server that answers as each test wants.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod border;
mod stage;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use border::{Answer, Border, Request, answer};
use chrono::{DateTime, TimeDelta, Utc};
use engine::clock::Clock;
use engine::controller::Environment;
use engine::home::Home;
use engine::ledger::News;
use engine::settings::{SettingsEdit, WebhookDocument};
use engine::{Engine, ErrorCode, webhooks};
use serde_json::Value;
use stage::{Stage, WITHIN, passes, when};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The part of the address that nobody may see.
const SECRET: &str = "s3cret-path";

fn ok() -> Answer {
    answer("200 OK", "", "ok")
}

/// A stage whose one webhook posts to this address.
async fn engine(stage: &Stage, url: &str, kind: &str, scheduled: bool) -> Engine {
    std::fs::write(stage.source(), Stage::text(1)).unwrap();
    let text = format!(
        "schema = 1\n[source]\nfile = '{}'\nwatch = \"off\"\n[[webhook]]\nname = \"team\"\nkind = \"{kind}\"\nurl = \"env:HOOK\"\n",
        stage.source().display()
    );
    std::fs::write(stage.home().settings(), text).unwrap();
    let engine = stage.start(environment(url), scheduled).await;
    engine.ledger().follow_webhooks(vec!["team".into()]).await.unwrap();
    engine
}

fn environment(url: &str) -> Environment {
    let url = format!("{url}/{SECRET}");
    Arc::new(move |name: &str| (name == "HOOK").then(|| url.clone()))
}

/// News that is an alert of its own: no other number has its cause.
async fn raise(engine: &Engine, stage: &Stage, number: usize) {
    let news = News::Withdrawn { proxy: "eu".into(), text: format!("number {number}") };
    engine.ledger().raise(&format!("test:{number}"), vec![("it".into(), news)], stage.clock.now()).await.unwrap();
}

fn bodies(receiver: &Border) -> Vec<Value> {
    receiver.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// The numbers of [`raise`] in the bodies, in order.
fn numbers(bodies: &[Value]) -> Vec<usize> {
    let number = |body: &Value| body["text"].as_str().unwrap().strip_prefix("number ").unwrap().parse().unwrap();
    bodies.iter().map(number).collect()
}

#[tokio::test]
async fn a_receiver_that_was_down_for_an_hour_gets_everything_once_and_in_order() {
    let stage = Stage::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let engine = engine(&stage, &format!("http://{address}"), "json", true).await;
    let began = stage.clock.now();
    for number in 0..3 {
        raise(&engine, &stage, number).await;
        stage.clock.advance(TimeDelta::seconds(10));
    }
    passes(&engine, &stage.clock, TimeDelta::seconds(10), |team| team.state.error.is_some()).await;
    for number in 3..6 {
        raise(&engine, &stage, number).await;
    }
    passes(&engine, &stage.clock, TimeDelta::minutes(2), |_| stage.clock.now() - began >= TimeDelta::hours(1)).await;
    let state = engine.snapshot().borrow().webhooks[0].state.clone();
    assert_eq!((state.last_delivered, state.error.map(|error| error.code)), (None, Some(ErrorCode::WebhookFailed)));

    // It was away the whole time; even a restart of this program in between loses nothing.
    engine.shutdown().await;
    let engine = stage.start(environment(&format!("http://{address}")), true).await;
    let receiver = Border::on(TcpListener::bind(address).await.unwrap(), |_, _| ok());
    passes(&engine, &stage.clock, TimeDelta::minutes(2), |team| team.state.waiting == 0).await;
    let bodies = bodies(&receiver);
    assert_eq!(numbers(&bodies), [0, 1, 2, 3, 4, 5]);
    assert!(bodies.iter().all(|body| body["again"] == false), "none can have arrived before: {bodies:#?}");
    assert!(bodies[0]["attempt"].as_u64().unwrap() > 3, "{bodies:#?}");
    let request = &receiver.requests()[0];
    assert_eq!(
        (request.line.as_str(), request.header("content-type")),
        (&*format!("POST /{SECRET}"), Some("application/json"))
    );
    engine.shutdown().await;
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_again_with_a_mark_before_anything_newer() {
    let stage = Stage::new();
    let gate = CancellationToken::new();
    gate.cancel();
    let receiver = Border::start(move |number, _| match number {
        0 | 1 => answer("500 Internal Server Error", "", format!("no {SECRET}")),
        2 => answer("503 Service Unavailable", "", ""),
        // It reads all of it and hangs up.
        3 => Answer::Until(gate.clone()),
        _ => ok(),
    })
    .await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    raise(&engine, &stage, 0).await;
    raise(&engine, &stage, 1).await;
    passes(&engine, &stage.clock, TimeDelta::minutes(6), |team| {
        team.state.last_delivered.is_some() && team.state.waiting == 0
    })
    .await;
    let bodies = bodies(&receiver);
    assert_eq!(numbers(&bodies), [0, 0, 0, 0, 0, 1]);
    let marks: Vec<(u64, bool)> =
        bodies.iter().map(|body| (body["attempt"].as_u64().unwrap(), body["again"] == true)).collect();
    assert_eq!(marks, [(1, false), (2, true), (3, true), (4, true), (5, true), (1, false)]);
    assert!(bodies[..5].iter().all(|body| body["id"] == bodies[0]["id"]) && bodies[5]["id"] != bodies[0]["id"]);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_receiver_that_wants_fewer_messages_is_given_the_time_that_it_asks_for() {
    let stage = Stage::new();
    let (clock, times) = (stage.clock.clone(), Arc::new(Mutex::new(Vec::<DateTime<Utc>>::new())));
    let seen = Arc::clone(&times);
    let receiver = Border::start(move |number, _| {
        seen.lock().unwrap().push(clock.now());
        if number == 0 { answer("429 Too Many Requests", "retry-after: 1000\r\n", "") } else { ok() }
    })
    .await;
    let engine = engine(&stage, &receiver.url, "slack", true).await;
    raise(&engine, &stage, 0).await;
    passes(&engine, &stage.clock, TimeDelta::seconds(10), |team| team.state.next_try.is_some()).await;
    let asked = times.lock().unwrap()[0] + TimeDelta::seconds(1000);
    assert!(engine.snapshot().borrow().webhooks[0].state.next_try >= Some(asked));
    passes(&engine, &stage.clock, TimeDelta::seconds(60), |team| team.state.waiting == 0).await;
    let times = times.lock().unwrap().clone();
    assert!(times.len() == 2 && times[1] >= asked, "{times:?}");
    let texts: Vec<Value> = bodies(&receiver).iter().map(|body| body["text"].clone()).collect();
    assert_eq!(texts, ["*eu runs a withdrawn release*\nnumber 0"; 2], "it was refused: this is no repeat");
    engine.shutdown().await;
}

#[tokio::test]
async fn an_address_that_is_gone_is_shown_and_what_waits_comes_when_a_person_has_put_it_right() {
    let stage = Stage::new();
    let is_back = Arc::new(AtomicBool::new(false));
    let back = Arc::clone(&is_back);
    let receiver = Border::start(move |_, _| {
        if back.load(Ordering::Relaxed) { ok() } else { answer("410 Gone", "", format!("no {SECRET} here")) }
    })
    .await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    raise(&engine, &stage, 0).await;
    passes(&engine, &stage.clock, TimeDelta::seconds(10), |team| team.state.error.is_some()).await;
    let state = engine.snapshot().borrow().webhooks[0].state.clone();
    assert!(state.error.as_ref().unwrap().message.contains("is gone"), "{state:?}");
    assert!(!serde_json::to_string(&*engine.snapshot().borrow()).unwrap().contains(SECRET));
    is_back.store(true, Ordering::Relaxed);
    engine.ledger().try_now("team").await.unwrap();
    passes(&engine, &stage.clock, TimeDelta::zero(), |team| team.state.waiting == 0).await;
    assert_eq!(numbers(&bodies(&receiver)), [0, 0]);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_webhook_that_is_removed_gets_nothing_more_and_a_new_one_of_its_name_nothing_old() {
    let stage = Stage::new();
    let receiver =
        Border::start(
            |number, _| {
                if number == 0 { answer("503 Service Unavailable", "retry-after: 5\r\n", "") } else { ok() }
            },
        )
        .await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    raise(&engine, &stage, 0).await;
    raise(&engine, &stage, 1).await;
    passes(&engine, &stage.clock, TimeDelta::seconds(3), |team| team.state.error.is_some()).await;
    engine.edit(SettingsEdit::RemoveWebhook { name: "team".into() }).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(10));
    let document = WebhookDocument {
        name: "team".into(),
        kind: "json".into(),
        url: "env:HOOK".into(),
        alerts: None,
        enabled: true,
    };
    engine.edit(SettingsEdit::AddWebhook { webhook: document }).await.unwrap();
    raise(&engine, &stage, 2).await;
    passes(&engine, &stage.clock, TimeDelta::seconds(3), |team| team.state.last_delivered.is_some()).await;
    assert_eq!(numbers(&bodies(&receiver)), [0, 2]);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_message_that_is_refused_keeps_the_next_back_only_for_a_while() {
    let stage = Stage::new();
    let elsewhere = Border::start(|_, _| ok()).await;
    let target = elsewhere.url.clone();
    let receiver = Border::start(move |_, request: &Request| {
        if request.body.contains("number 0") {
            answer("400 Bad Request", "", "invalid_payload")
        } else if request.body.contains("number 1") {
            answer("302 Found", &format!("location: {target}/{SECRET}\r\n"), "")
        } else {
            ok()
        }
    })
    .await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    raise(&engine, &stage, 0).await;
    raise(&engine, &stage, 1).await;
    passes(&engine, &stage.clock, TimeDelta::minutes(30), |team| {
        team.state.given_up == 1 && team.state.error.is_some()
    })
    .await;
    let numbers = numbers(&bodies(&receiver));
    assert_eq!(numbers[..6], [0, 0, 0, 0, 0, 1]);
    assert_eq!(elsewhere.requests().len(), 0);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_dry_run_and_a_preview_send_nothing_and_a_single_command_sends_what_it_made() {
    let stage = Stage::new();
    let receiver = Border::start(|_, _| ok()).await;
    let first = engine(&stage, &receiver.url, "json", false).await;
    raise(&first, &stage, 0).await;
    let mut order = stage::order(&[]);
    order.dry_run = true;
    first.sync(order).await.unwrap();
    first.shutdown().await;
    assert_eq!(receiver.requests().len(), 0);
    let second = stage.start(environment(&receiver.url), false).await;
    second.check_source().await.unwrap();
    second.shutdown().await;
    assert_eq!(numbers(&bodies(&receiver)), [0]);
}

#[tokio::test]
async fn a_test_is_told_from_an_alert_and_neither_its_error_nor_any_log_says_where_it_went() {
    let stage = Stage::new();
    let receiver =
        Border::start(|number, _| if number == 0 { ok() } else { answer("404 Not Found", "", SECRET) }).await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    let settings = engine::settings::SettingsFile::load(&stage.home().settings()).unwrap().settings().clone();
    let secrets = engine::secrets::Secrets::new(&stage.home());
    let test = async |environment: Environment| {
        webhooks::test(&settings, &settings.webhooks[0], &secrets, &*environment, &stage.clock).await
    };
    test(environment(&receiver.url)).await.unwrap();
    assert_eq!(bodies(&receiver)[0]["alerts"], serde_json::json!(["test"]));
    let port = receiver.url.rsplit_once(':').unwrap().1.to_owned();
    for (environment, code) in [
        (environment(&receiver.url), ErrorCode::WebhookFailed),
        (environment(&border::nobody().await), ErrorCode::WebhookFailed),
        (environment("https://does-not-resolve.invalid"), ErrorCode::WebhookFailed),
        (environment("http://10.0.0.1"), ErrorCode::PlainHttp),
        (Arc::new(|_: &str| None) as Environment, ErrorCode::NoKey),
    ] {
        let error = test(environment).await.unwrap_err();
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(error.code, code, "{text}");
        for hidden in [SECRET, "does-not-resolve", "10.0.0.1", &port] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    engine.shutdown().await;
}

const FOLDER: &str = "WEBHOOK_TEST_FOLDER";
const HOOK: &str = "WEBHOOK_TEST_URL";
const FROM: &str = "WEBHOOK_TEST_FROM";

/// So many pieces of news a round: more than are sent before the kill.
const NEWS: usize = 12;

fn stage_in(folder: &std::path::Path) -> Stage {
    let folder = TempDir::with_prefix_in("unused", folder).unwrap();
    Stage { folder, clock: Clock::manual("2026-03-04T12:00:00Z".parse().unwrap()) }
}

#[tokio::test]
#[ignore = "started by the test below, and killed by it"]
async fn child_that_tells() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let from: usize = std::env::var(FROM).unwrap().parse().unwrap();
    let stage = stage_in(&folder);
    let home = Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    let engine = stage.start_at(home, environment(&std::env::var(HOOK).unwrap()), true).await;
    for number in from..from + NEWS {
        raise(&engine, &stage, number).await;
        println!("raised {number}");
    }
    loop {
        stage.clock.advance(TimeDelta::minutes(3));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_sending_and_noting_it_nothing_is_lost_and_every_repeat_is_marked() {
    let rounds = if std::env::var_os("AUTOSYNC_TEST_LONG").is_some() { 60 } else { 8 };
    let outer = TempDir::new().unwrap();
    let folder = outer.path().to_owned();
    let home = Home::resolve(Some(folder.join("home")), &|_| None).unwrap();
    home.create().unwrap();
    std::fs::write(home.settings(), "schema = 1\n[source]\nfile = \"none.json\"\nwatch = \"off\"\n[[webhook]]\nname = \"team\"\nkind = \"json\"\nurl = \"env:HOOK\"\n").unwrap();

    // Which request of a round has arrived whole when the sender is killed, before it is answered.
    let (fatal, here) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(tokio::sync::Notify::new()));
    let (is_fatal, arrived) = (Arc::clone(&fatal), Arc::clone(&here));
    let receiver = Border::start(move |_, _| {
        let left = is_fatal.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(1)));
        match left {
            Ok(1) => {
                arrived.notify_one();
                Answer::Silence
            }
            _ => ok(),
        }
    })
    .await;
    let stage = stage_in(&folder);
    let engine = stage.start_at(home.clone(), environment(&receiver.url), false).await;
    engine.ledger().follow_webhooks(vec!["team".into()]).await.unwrap();
    engine.shutdown().await;

    let mut dice = fastrand::Rng::with_seed(7);
    for round in 0..rounds {
        fatal.store(dice.usize(1..=NEWS), Ordering::SeqCst);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child_that_tells"])
            .env(FOLDER, &folder)
            .env(HOOK, &receiver.url)
            .env(FROM, (round * NEWS).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::timeout(WITHIN, here.notified()).await.expect("a request came in");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    fatal.store(usize::MAX, Ordering::SeqCst);
    let engine = stage.start_at(home, environment(&receiver.url), true).await;
    stage.clock.set("2026-03-05T12:00:00Z".parse().unwrap());
    passes(&engine, &stage.clock, TimeDelta::minutes(3), |team| team.state.waiting == 0).await;

    let bodies = bodies(&receiver);
    let all = numbers(&bodies);
    let mut first: Vec<usize> = Vec::new();
    for (number, body) in all.iter().zip(&bodies) {
        let is_repeat = first.contains(number);
        assert_eq!(body["again"], is_repeat, "{number}: {body:#}");
        if !is_repeat {
            first.push(*number);
        }
        let same = bodies.iter().filter(|other| other["id"] == body["id"]);
        assert!(same.into_iter().all(|other| other["text"] == body["text"]), "an id is of one alert");
    }
    assert!(first.is_sorted(), "the order is kept: {first:?}");
    // What the child was killed before it could raise is no news; the rest came, all of it.
    let ledger_has = engine.ledger().untold().await.unwrap();
    let raised: Vec<usize> = ledger_has
        .iter()
        .filter_map(|one| match &one.news {
            News::Withdrawn { text, .. } => text.strip_prefix("number ")?.parse().ok(),
            _ => None,
        })
        .collect();
    assert_eq!(first, raised);
    let repeats = all.len() - first.len();
    assert!(repeats >= rounds / 2, "it was killed where it matters: {repeats}");
    println!("{} alerts, {repeats} repeats, each marked", first.len());
    engine.shutdown().await;
}

#[tokio::test]
async fn the_settings_may_change_while_alerts_wait() {
    let stage = Stage::new();
    let receiver = Border::start(|_, _| ok()).await;
    let engine = engine(&stage, &receiver.url, "json", true).await;
    let set = async |enabled: bool, alerts: &[&str]| {
        let alerts = Some(alerts.iter().map(|kind| (*kind).to_owned()).collect());
        let webhook =
            WebhookDocument { name: "team".into(), kind: "json".into(), url: "env:HOOK".into(), alerts, enabled };
        engine.edit(SettingsEdit::SetWebhook { webhook }).await.unwrap();
    };
    set(false, &["withdrawn"]).await;
    raise(&engine, &stage, 0).await;
    set(true, &["failures"]).await;
    raise(&engine, &stage, 1).await;
    stage.clock.advance(TimeDelta::minutes(5));
    when(&engine, |snapshot| snapshot.webhooks.first().is_some_and(|team| team.state.waiting == 0)).await;
    passes(&engine, &stage.clock, TimeDelta::minutes(3), |team| team.state.waiting == 0).await;
    set(true, &["failures", "withdrawn"]).await;
    raise(&engine, &stage, 2).await;
    passes(&engine, &stage.clock, TimeDelta::seconds(10), |team| team.state.last_delivered.is_some()).await;
    let numbers = numbers(&bodies(&receiver));
    assert_eq!(numbers.last(), Some(&2));
    assert!(!numbers.contains(&0), "it was switched off then: {numbers:?}");
    engine.shutdown().await;
}
