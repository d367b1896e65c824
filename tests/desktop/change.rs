//! Day zero in the app: from the look at the source that sees a new map to its proof and the toast that tells of it.

use std::time::{Duration, Instant};

use system_tests::{Client, Stage, broken, long};

use crate::app::App;
use crate::desk::Desk;
use crate::journey::{MAIN, autosync, settings_with};
use crate::notifications::Notifications;
use crate::tray::Panel;
use crate::until;

/// Changes that are made; with `--long` as many as the figures in docs/PERFORMANCE.md were taken from.
fn changes() -> u32 {
    if long() { 40 } else { 3 }
}

#[test]
fn a_new_model_is_told_as_soon_as_it_is_proved() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings_with(&desk, &stage, "watch = \"1s\"", "preset = \"production\"");
    let _app = App::start(&desk, &["--hidden"]);
    panel.item();
    // A proxy's first sync is a person's.
    autosync(&desk, &["sync"]);
    let newest = || autosync(&desk, &["history", "--limit", "1"])["runs"][0].clone();
    until("the first run", || (newest()["outcome"] == "unchanged").then_some(()));

    let mut took = Vec::new();
    for number in 1..=changes() {
        let entry = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}"#;
        stage.upstream.forget_hits();
        stage.upstream.serve(&broken::with_entry(&stage.new, &format!("zz-day-zero-{number}"), entry));
        let toast = notifications.next();
        let arrived = Instant::now();
        assert!(toast.body.ends_with("Proved on 1 proxy."), "{toast:?}");
        // What comes before our first look is the period of the watch itself.
        took.push(arrived - stage.upstream.hits_of(Client::Autosync)[0].at);
        let run = newest();
        assert_eq!((&run["trigger"], &run["outcome"]), (&"change".into(), &"succeeded".into()), "{run:#}");
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1, "one reload for one map");
    }
    took.sort_unstable();
    let (middle, worst): (Duration, Duration) = (took[took.len() / 2], took[took.len() - 1]);
    println!(
        "{} changes: from the look that saw it to the toast {middle:?} in the middle, {worst:?} at worst",
        took.len()
    );
}
