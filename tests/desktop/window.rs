//! The window's process: what ends with it, and what does not.

use std::path::PathBuf;
use std::time::Duration;

use system_tests::Stage;

use crate::app::{self, App};
use crate::desk::Desk;
use crate::journey::{MAIN, TITLE, close, last_outcome, settings, settings_with};
use crate::notifications::Notifications;
use crate::processes::{self, has_webview};
use crate::tray::Panel;
use crate::until;

/// The window's process of this app, once it has a web view.
fn window(app: &App) -> u32 {
    until("the window", || has_webview(app.pid()).then_some(()));
    let all = processes::below(app.pid());
    all.into_iter().find_map(|(pid, name)| name.starts_with("litellm-auto").then_some(pid)).unwrap()
}

#[test]
fn the_window_leaves_nothing_behind_and_its_crash_ends_nothing_else() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let mut app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
    assert_eq!(processes::below(app.pid()), [], "in the tray it is one process");

    item.click("Open dashboard");
    window(&app);
    until("the window on the screen", || desk.windows().contains(&TITLE.to_owned()).then_some(()));
    close(&desk);
    until("the end of all that it brought", || processes::below(app.pid()).is_empty().then_some(()));

    item.click("Open dashboard");
    let crashes = window(&app);
    kill(crashes);
    until("the end of the crash", || processes::below(app.pid()).is_empty().then_some(()));
    item.click("Sync now");
    until("a run after the crash", || (last_outcome(&desk) == "unchanged").then_some(()));
    assert_eq!(app.ended(), None);
    assert!(notifications.is_quiet(Duration::from_millis(300)));

    item.click("Open dashboard");
    let last = window(&app);
    assert_ne!(last, crashes);
    app.kill();
    until("the end of the window of an app that crashed", || (!processes::is_there(last)).then_some(()));
}

#[test]
fn closing_the_window_quits_where_that_was_chosen() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    settings_with(&desk, &stage, "watch = \"off\"", "preset = \"off\"\n\n[app]\nclose = \"quit\"");
    let mut app = App::start(&desk, &[]);
    panel.item().labels_with("Sync now");
    window(&app);
    close(&desk);
    assert_eq!(until("the end", || app.ended()), 0);
}

/// As a package does while the app runs.
#[test]
fn the_window_opens_also_when_the_programs_file_is_gone() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    settings(&desk, &stage);
    let copy: PathBuf = desk.home().join("litellm-autosync");
    std::fs::copy(app::binary(), &copy).unwrap();
    let app = App::of(&desk, &copy, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
    std::fs::remove_file(&copy).unwrap();
    item.click("Open dashboard");
    until("the window", || has_webview(app.pid()).then_some(()));
}

/// As the system does at once.
fn kill(pid: u32) {
    assert!(std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}
