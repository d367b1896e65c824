//! Desktops that show tray icons late, or not at all.

use std::time::{Duration, Instant};

use system_tests::Stage;

use crate::app::App;
use crate::desk::Desk;
use crate::journey::{MAIN, TITLE, settings};
use crate::tray::Panel;
use crate::until;

#[test]
fn without_a_place_for_the_icon_the_window_opens_and_the_icon_comes_with_a_late_panel() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    settings(&desk, &stage);
    let _app = App::start(&desk, &["--hidden"]);
    until("the window opens by itself", || desk.windows().contains(&TITLE.to_owned()).then_some(()));
    let panel = Panel::start(&desk.bus);
    let item = panel.item();
    assert!(!item.labels_with("Sync now").is_empty());
}

/// GNOME's extension shows blank lines when a second layout comes while it reads the first.
#[test]
fn the_menu_is_laid_out_once_at_the_start() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    settings(&desk, &stage);
    let panel = Panel::start(&desk.bus);
    let layouts = panel.layouts();
    let _app = App::start(&desk, &["--hidden"]);
    let item = panel.item();
    item.labels_with("Sync now");
    std::thread::sleep(Duration::from_secs(2));
    let all: Vec<Instant> = layouts.try_iter().collect();
    // What is told of one layout comes in one go; a next one only when the first has been read.
    let hasty = all.windows(2).map(|pair| pair[1] - pair[0]);
    let hasty: Vec<Duration> = hasty.filter(|gap| (2..400).contains(&gap.as_millis())).collect();
    assert!(hasty.is_empty(), "layouts followed each other after {hasty:?}");
    assert!(!all.is_empty());
}
