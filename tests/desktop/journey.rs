//! What a person does with the app, from the first start on.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use engine::ErrorCode;
use engine::home::{Home, HomeLock};
use serde_json::Value;
use system_tests::{Answer, Client, Stage, maps};
use xtask::python::PROXIES;
use xtask::workspace;

use crate::app::{self, App};
use crate::browser::Browser;
use crate::desk::Desk;
use crate::notifications::Notifications;
use crate::processes::has_webview;
use crate::tray::Panel;
use crate::{WITHIN, until};

/// It knows revisions.
pub(crate) const MAIN: &str = PROXIES[2];

pub(crate) const TITLE: &str = "LiteLLM Auto-Sync";

/// A home with this proxy, whose syncs a person starts.
pub(crate) fn settings(desk: &Desk, stage: &Stage) {
    settings_with(desk, stage, "watch = \"off\"", "preset = \"off\"");
}

/// A home with this proxy, this watch and this schedule.
pub(crate) fn settings_with(desk: &Desk, stage: &Stage, watch: &str, schedule: &str) {
    let text = format!(
        "schema = 1\n\n[source]\nurl = \"{}\"\n{watch}\n\n[schedule]\n{schedule}\n\n[notify]\nprice_changes = \"all\"\n\n[[proxy]]\nname = \"local\"\nurl = \"{}\"\nrole = \"development\"\nkey = \"env:PROXY_KEY\"\n",
        stage.upstream.url(),
        stage.proxy.url
    );
    let home = desk.home().join("data");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("settings.toml"), text).unwrap();
}

/// `autosync` in the same home, beside the app.
pub(crate) fn autosync(desk: &Desk, args: &[&str]) -> Value {
    let program = std::env::var_os(workspace::PROGRAM).unwrap_or_else(|| panic!("run `cargo xtask test`"));
    let home = desk.home().join("data");
    let mut command = desk.command(program);
    let output = command.args(args).arg("--json").env("AUTOSYNC_HOME", home).env("PROXY_KEY", "sk-system-tests-1234");
    let output = output.output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

pub(crate) fn last_outcome(desk: &Desk) -> String {
    autosync(desk, &["history", "--limit", "1"])["runs"][0]["outcome"].as_str().unwrap_or_default().to_owned()
}

/// Where pictures are kept for people to look at.
fn picture(desk: &Desk, name: &str) {
    if let Some(folder) = std::env::var_os("AUTOSYNC_TEST_PICTURES") {
        std::thread::sleep(Duration::from_millis(600));
        desk.picture(&PathBuf::from(folder).join(format!("{name}.png")));
    }
}

#[test]
fn the_tray_is_the_app_and_the_window_comes_and_goes() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);

    let started = Instant::now();
    let mut app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    assert!(item.at.duration_since(started) < WITHIN / 4, "the tray came late");
    let labels = item.labels_with("Sync now");
    for wanted in [
        "Pause",
        "Until I resume",
        "Open dashboard",
        "Open logs",
        "Copy diagnostics",
        "Check for updates…",
        "Quit LiteLLM Auto-Sync",
    ] {
        assert!(labels.iter().any(|label| label == wanted), "{wanted} is not in {labels:#?}");
    }
    assert!(!has_webview(app.pid()), "started at login it has no window");

    // Nothing was ever synced: the first map is no news.
    item.click("Sync now");
    until("the first run", || (last_outcome(&desk) == "unchanged").then_some(()));
    stage.upstream.serve(&stage.new);
    item.click("Sync now");
    let toast = notifications.next();
    assert_eq!((toast.app.as_str(), toast.actions[0].as_str()), (TITLE, "default"));
    assert!(toast.title.contains(" more") && toast.title.ends_with("price changes"), "{toast:?}");
    assert!(toast.body.ends_with("Proved on 1 proxy."), "{toast:?}");
    assert_eq!(last_outcome(&desk), "succeeded");
    assert!(!has_webview(app.pid()), "a sync needs no window");

    // A click on the toast opens the window on that very diff.
    until("the window", || {
        notifications.click(&toast);
        desk.windows().iter().any(|title| title == TITLE).then_some(())
    });
    until("the web view", || has_webview(app.pid()).then_some(()));
    picture(&desk, "window");

    // Closing destroys the web view; the tray and the syncs live on.
    close(&desk);
    until("the end of the web view", || (!has_webview(app.pid())).then_some(()));
    assert_eq!(app.ended(), None);
    item.click("Sync now");
    until("a run without a window", || (last_outcome(&desk) == "unchanged").then_some(()));

    // Starting again brings the window back, and ends at once.
    let began = Instant::now();
    let second = app::command(&desk, &[]).status().unwrap();
    assert!(second.success(), "{second}");
    assert!(began.elapsed() < WITHIN / 4, "the second start took {:?}", began.elapsed());
    until("the window again", || has_webview(app.pid()).then_some(()));

    // The terminal's changes go to the app, whose tray shows them.
    let paused = autosync(&desk, &["pause"]);
    assert_eq!(paused["paused"], true, "{paused}");
    item.labels_with("Resume");
    item.click("Resume");
    item.labels_with("Pause");

    item.click("Quit LiteLLM Auto-Sync");
    assert_eq!(until("the end", || app.ended()), 0);
}

#[test]
fn two_starts_at_once_are_one_app() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let mut both = [App::start(&desk, &[]), App::start(&desk, &[])];
    let ended = until("the end of the later one", || {
        both.iter_mut().enumerate().find_map(|(at, app)| Some((at, app.ended()?)))
    });
    assert_eq!(ended.1, 0);
    let app = &mut both[1 - ended.0];
    until("the window", || has_webview(app.pid()).then_some(()));
    let item = panel.item();
    item.labels_with("Sync now");
    assert_eq!(app.ended(), None);
    assert!(notifications.is_quiet(Duration::from_millis(500)), "nothing went wrong");

    // The end of the session is as good as Quit.
    app.terminate();
    assert_eq!(until("the end", || app.ended()), 0);
    let home = Home::resolve(Some(desk.home().join("data")), &|_| None).unwrap();
    assert_eq!(HomeLock::holder(&home), None, "only an orderly end takes its name away");
}

#[test]
fn an_engine_that_cannot_start_says_why_and_keeps_the_home_until_it_is_quit() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let home = Home::resolve(Some(desk.home().join("data")), &|_| None).unwrap();
    // No ledger can be opened there.
    std::fs::create_dir(home.ledger()).unwrap();
    let mut app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    let failed = "LiteLLM Auto-Sync could not start";
    let labels = item.labels_with(failed);
    assert!(labels.iter().any(|label| label.contains("ledger")), "{labels:#?}");
    assert_eq!(notifications.next().title, failed);
    until("the window that says why", || has_webview(app.pid()).then_some(()));
    let second = HomeLock::acquire(&home, Duration::ZERO).unwrap_err();
    assert_eq!(second.code, ErrorCode::HomeBusy, "a second app would put a second icon into the tray");
    item.click("Quit LiteLLM Auto-Sync");
    assert_eq!(until("the end", || app.ended()), 0);

    std::fs::remove_dir(home.ledger()).unwrap();
    let _again = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
}

#[test]
fn a_sync_that_the_end_cut_off_is_told_as_interrupted() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
    item.click("Sync now");
    until("the first run", || (last_outcome(&desk) == "unchanged").then_some(()));
    // The proxy's own fetch hangs, so the run is in its reload for long.
    stage.upstream.serve(&stage.new);
    stage.upstream.answer_only(Client::Proxy, Answer::Drip);
    stage.upstream.forget_hits();
    item.click("Sync now");
    item.labels_with("Cancel sync");
    until("the proxy's own fetch", || (!stage.upstream.hits_of(Client::Proxy).is_empty()).then_some(()));
    app.kill();
    stage.upstream.serve(&stage.new);

    let again = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
    assert_eq!(last_outcome(&desk), "interrupted");
    item.labels_with("was cut off…");
    assert!(notifications.is_quiet(Duration::from_millis(500)), "what was cut off is no failure of the proxy");
    drop(again);
}

#[test]
fn sync_now_in_the_real_web_view_moves_the_real_proxy() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let _panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let browser = Browser::start(&desk);
    assert!(has_webview(browser.app_pid()));
    browser.wait_for("local");
    browser.click("Sync now");
    browser.wait_for("Unchanged");
    stage.upstream.serve(&stage.new);
    browser.click("Sync now");
    let page = browser.wait_for("Succeeded");
    assert!(page.contains("Proof"), "{page}");
    let live = stage.proxy.get("/model/cost_map/source").json();
    assert_eq!(live["source_revision"], maps::revision(&stage.new), "{live}");
    picture(&desk, "overview");

    let toast = notifications.next();
    let (old, new) = (maps::revision(&stage.old), maps::revision(&stage.new));
    let wanted = format!("#/changes?from={old}&to={new}");
    until("the diff", || {
        // The app listens for clicks only once the daemon has answered it: no person is as quick as this test.
        notifications.click(&toast);
        (browser.place() == wanted).then_some(())
    });
    browser.wait_for("Repriced");
    picture(&desk, "changes");

    // The terminal's change shows in the window at once.
    autosync(&desk, &["pause"]);
    browser.wait_for("aused");
}

/// What the button in a window's corner does.
pub(crate) fn close(desk: &Desk) {
    // The window manager gives the focus a moment after it was asked for; a key that comes too early goes nowhere.
    until("the end of the window", || {
        activate(desk);
        drop(desk.command("xdotool").args(["sleep", "0.4", "key", "alt+F4"]).stderr(Stdio::null()).status());
        std::thread::sleep(Duration::from_millis(400));
        (!desk.windows().iter().any(|title| title == TITLE)).then_some(())
    });
}

/// Asks for the focus for the window, as far as there is one. Bounded: the window may go while it is waited for.
pub(crate) fn activate(desk: &Desk) {
    let title = format!("^{TITLE}$");
    let words = ["5", "xdotool", "search", "--name", &title, "windowactivate", "--sync"];
    drop(desk.command("timeout").args(words).stderr(Stdio::null()).status());
}
