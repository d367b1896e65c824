//! Somebody who types faster than the real web view answers: real keys, from the screen's own keyboard.

use system_tests::Stage;
use xtask::python::PROXIES;

use crate::browser::Browser;
use crate::desk::Desk;
use crate::journey::{activate, settings};
use crate::notifications::Notifications;
use crate::tray::Panel;
use crate::until;

/// Presses keys by their X names, all in one go and faster than any person; what begins with a quotation mark is typed.
fn rush(desk: &Desk, keys: &[&str]) {
    let mut words = vec!["key".to_owned(), "--delay".to_owned(), "1".to_owned()];
    for key in keys {
        match key.strip_prefix('"') {
            Some(text) => words.extend(text.chars().map(String::from)),
            None => words.push((*key).to_owned()),
        }
    }
    assert!(desk.command("xdotool").args(words).status().unwrap().success());
}

#[test]
fn a_fast_typist_loses_no_letter_and_hits_what_was_meant() {
    let stage = Stage::shared(PROXIES[1]);
    let desk = Desk::start();
    let _panel = Panel::start(&desk.bus);
    let _notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let browser = Browser::start(&desk);
    // Without a map there are no models to search.
    browser.click("Sync now");
    browser.wait_for("Unchanged");
    // A key goes to the window that has the focus, which the window manager gives a moment after it was asked for.
    until("the focus", || {
        activate(&desk);
        browser.script("return document.hasFocus()").as_bool()?.then_some(())
    });
    let typed = |selector: &str, wanted: &str| {
        until(&format!("\"{wanted}\" in {selector}"), || {
            let value = browser.script(&format!("return document.querySelector('{selector}')?.value ?? null"));
            (value == wanted).then_some(())
        });
    };
    let palette = "dialog[open] [role=combobox]";

    rush(&desk, &["ctrl+k", "\"history"]);
    typed(palette, "history");
    rush(&desk, &["Return", "ctrl+k", "\"overview", "Escape", "ctrl+k", "\"models"]);
    typed(palette, "models");
    until("the history", || (browser.place() == "#/history").then_some(()));
    rush(&desk, &["Escape", "ctrl+3", "slash", "\"claude"]);
    typed("input[type=search]", "claude");
    rush(&desk, &["ctrl+1", "slash", "\"keys"]);
    typed(palette, "keys");
    rush(&desk, &["Escape"]);

    // A menu is gone through by its arrows as soon as it is open, and its button closes it again.
    browser.script("document.querySelector('[aria-label=\"More for local\"]').focus()");
    rush(&desk, &["Return", "Up", "Up", "Return"]);
    until("the settings of the proxy", || browser.place().starts_with("#/settings").then_some(()));
    browser.script("location.hash = '#/overview'");
    for is_open in [true, false] {
        browser.click("More for local");
        let open = browser.script("return document.querySelector('[role=menu]:popover-open') !== null");
        assert_eq!(open, is_open);
    }
}
