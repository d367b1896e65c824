//! The figures of docs/PERFORMANCE.md that need a real screen. Measured, printed and never judged here.

use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::Stage;
use xtask::python::PROXIES;

use crate::app::App;
use crate::browser::Browser;
use crate::desk::Desk;
use crate::journey::{TITLE, close, settings};
use crate::notifications::Notifications;
use crate::processes;
use crate::tray::Panel;
use crate::until;

/// Starts of each kind; the middle one is told.
const TIMES: usize = 7;

/// Idle is watched for so long.
const IDLE: Duration = Duration::from_mins(1);

#[test]
#[ignore = "measures the optimised app: `cargo xtask bench desktop`"]
fn start_memory_and_idle_processor() {
    let stage = Stage::shared(PROXIES[1]);
    let desk = Desk::start();
    let _notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    println!("exec to tray registered, hidden:      {:>6.0} ms", middle(|| tray(&desk, &["--hidden"])));
    println!("exec to tray registered, with window: {:>6.0} ms", middle(|| tray(&desk, &[])));
    println!("exec to first contentful paint:       {:>6.0} ms", middle(|| paint(&desk)));

    let panel = Panel::start(&desk.bus);
    let mut app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.click("Sync now");
    std::thread::sleep(Duration::from_secs(8));
    println!("memory, never a window (PSS):         {:>6.1} MiB", processes::pss(app.pid()));
    let before = processes::ticks(app.pid());
    std::thread::sleep(IDLE);
    println!("processor while idle for {IDLE:?}:        {:>6} ticks of 10 ms", processes::ticks(app.pid()) - before);
    item.click("Open dashboard");
    until("the window", || desk.windows().iter().any(|title| title == TITLE).then_some(()));
    std::thread::sleep(Duration::from_secs(4));
    println!("memory, with the window (PSS):        {:>6.1} MiB", processes::pss(app.pid()));
    let before = processes::ticks(app.pid());
    std::thread::sleep(IDLE / 2);
    println!(
        "processor, window open for {:?}:      {:>6} ticks of 10 ms",
        IDLE / 2,
        processes::ticks(app.pid()) - before
    );
    close(&desk);
    until("the end of the web view", || (!processes::has_webview(app.pid())).then_some(()));
    std::thread::sleep(Duration::from_secs(4));
    println!("memory, window closed (PSS):          {:>6.1} MiB", processes::pss(app.pid()));
    assert_eq!(app.ended(), None);
}

/// Opened, closed and synced over and over: what stays.
#[test]
#[ignore = "measures the optimised app: `cargo xtask bench desktop`"]
fn memory_after_ten_windows_and_ten_syncs() {
    let stage = Stage::shared(PROXIES[1]);
    let desk = Desk::start();
    let _notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let panel = Panel::start(&desk.bus);
    let mut app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    for round in 0..10 {
        stage.upstream.serve(if round % 2 == 0 { &stage.new } else { &stage.old });
        item.click("Sync now");
        item.click("Open dashboard");
        until("the window", || desk.windows().iter().any(|title| title == TITLE).then_some(()));
        std::thread::sleep(Duration::from_secs(4));
        close(&desk);
        until("the end of the web view", || (!processes::has_webview(app.pid())).then_some(()));
    }
    std::thread::sleep(Duration::from_secs(4));
    println!("memory, ten windows and ten syncs (PSS): {:>6.1} MiB", processes::pss(app.pid()));
    for (name, pss) in processes::each(app.pid()) {
        println!("    {name:<24} {pss:>6.1} MiB");
    }
    assert_eq!(app.ended(), None);
}

fn tray(desk: &Desk, args: &[&str]) -> f64 {
    let panel = Panel::start(&desk.bus);
    let began = Instant::now();
    let app = App::start(desk, args);
    let item = panel.item();
    let took = item.at.duration_since(began);
    drop(app);
    took.as_secs_f64() * 1000.0
}

/// As the page's own clock tells it, from the start of the process.
fn paint(desk: &Desk) -> f64 {
    let _panel = Panel::start(&desk.bus);
    let browser = Browser::start(desk);
    let script = "const paint = performance.getEntriesByName('first-contentful-paint')[0]; return paint ? performance.timeOrigin + paint.startTime : null";
    let at = until("the first paint", || match browser.script(script) {
        Value::Null => None,
        at => at.as_f64(),
    });
    let pid = browser.app_pid();
    let took = at - processes::started_at(pid);
    drop(browser);
    // The next start would find this one still holding the home, and only show its window.
    until("the end of the app", || (!processes::is_there(pid)).then_some(()));
    took
}

fn middle(mut measure: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..TIMES).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all[TIMES / 2]
}
