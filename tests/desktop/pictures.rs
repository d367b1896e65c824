//! The pictures of the README: `cargo xtask pictures`. Real proxies, real maps, a real panel and notification daemon.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::json;
use system_tests::{MapServer, ProxyOptions, RealProxy, maps};
use xtask::python::PROXIES;

use crate::browser::Browser;
use crate::desk::Desk;
use crate::journey::{TITLE, autosync};
use crate::until;

/// The newest, with alias rows, and the one before.
const MAPS: [&str; 2] = ["1.109.3", "1.110.2"];

const PANEL: &str = "panel_items = SC\npanel_size = 100% 36\npanel_position = bottom center horizontal\nrounded = 0\nbackground_color = #f2f3f7 100\npanel_background_id = 1\nsystray_padding = 12 6 10\nsystray_icon_size = 22\ntime1_format = %H:%M\nclock_font_color = #1a1b1f 100\nclock_padding = 12 0\n";

const TOASTS: &str = "[global]\nwidth = 380\noffset = 16x16\norigin = top-right\nframe_width = 1\nshow_indicators = no\nfont = Sans 10\nframe_color = \"#cdced5\"\ncorner_radius = 10\npadding = 14\nhorizontal_padding = 16\nformat = \"<b>%s</b>\\n%b\"\nmarkup = full\nword_wrap = yes\n[urgency_normal]\nbackground = \"#ffffff\"\nforeground = \"#1a1b1f\"\ntimeout = 0\n";

#[test]
#[ignore = "makes the pictures of the README: `cargo xtask pictures`"]
fn pictures_of_the_readme() {
    let folder = PathBuf::from(std::env::var_os("AUTOSYNC_TEST_PICTURES").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let upstream = MapServer::start(&maps::load(MAPS[0]));
    let proxies =
        [PROXIES[2], PROXIES[1]].map(|version| RealProxy::start(&ProxyOptions::new(version, &upstream.url())));
    let desk = Desk::start();
    let _services = services(&desk);
    settings(&desk, &upstream, &proxies);
    let browser = Browser::start(&desk);
    // A proxy's first sync is a person's.
    autosync(&desk, &["sync"]);
    until("the first runs", || (browser.text().matches("Synced").count() >= 2).then_some(()));
    upstream.serve(&maps::load(MAPS[1]));
    autosync(&desk, &["sync"]);
    until("the toast", || {
        let shown = desk.command("dunstctl").args(["count", "displayed"]).output().unwrap();
        (String::from_utf8_lossy(&shown.stdout).trim() == "1").then_some(())
    });
    std::thread::sleep(Duration::from_secs(1));
    crop(&desk, &folder.join("toast.png"), "436x150+844+0");
    assert!(desk.command("dunstctl").arg("close-all").status().unwrap().success());
    browser.wait_for("Proof");

    let place = |hash: &str| browser.script(&format!("location.hash = {}", json!(hash)));
    for (hash, wanted, name) in [
        ("#/overview", "Models in the source", "overview"),
        ("#/changes", "Repriced", "changes"),
        ("#/models/claude-sonnet-4-5", "Price history", "models"),
        ("#/history", "Started by", "history"),
        ("#/settings/proxies", "Schedule", "settings"),
    ] {
        place(hash);
        until(wanted, || browser.text().to_lowercase().contains(&wanted.to_lowercase()).then_some(()));
        window(&desk, &folder.join(format!("{name}.png")));
    }
    browser.script("window.__TAURI_INTERNALS__.invoke('call', {name: 'set', args: {field: 'theme', value: 'dark'}})");
    place("#/overview");
    until("the dark theme", || {
        (browser.script("return document.documentElement.dataset.theme") == "dark").then_some(())
    });
    window(&desk, &folder.join("overview-dark.png"));

    // The icon stands first in the panel.
    assert!(desk.command("xdotool").args(["mousemove", "22", "882", "click", "3"]).status().unwrap().success());
    std::thread::sleep(Duration::from_secs(1));
    crop(&desk, &folder.join("tray.png"), "420x400+0+500");
}

/// A panel with a tray, and what shows toasts. Ended when this is dropped.
struct Services(Vec<Child>);

impl Drop for Services {
    fn drop(&mut self) {
        for child in &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn services(desk: &Desk) -> Services {
    let config = |name: &str, text: &str| {
        let path = desk.home().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut panel = desk.command("tint2");
    panel.arg("-c").arg(config("tint2rc", PANEL));
    let mut toasts = desk.command("dunst");
    toasts.arg("-conf").arg(config("dunstrc", TOASTS));
    let start =
        |mut command: std::process::Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let services = Services(vec![start(panel), start(toasts)]);
    until("the panel", || desk.windows().iter().any(|title| title == "tint2").then_some(()));
    services
}

fn settings(desk: &Desk, upstream: &MapServer, proxies: &[RealProxy; 2]) {
    let home = desk.home().join("data");
    std::fs::create_dir_all(&home).unwrap();
    let mut text =
        format!("schema = 1\n\n[source]\nurl = \"{}\"\n\n[notify]\nprice_changes = \"all\"\n", upstream.url());
    for (proxy, (name, role)) in proxies.iter().zip([("prod-gateway", "production"), ("build-box", "development")]) {
        let url = &proxy.url;
        let fields = format!("name = \"{name}\"\nurl = \"{url}\"\nrole = \"{role}\"\nkey = \"env:PROXY_KEY\"");
        text = [&text, "\n[[proxy]]\n", &fields, "\n"].concat();
    }
    std::fs::write(home.join("settings.toml"), text).unwrap();
}

/// The window without its frame, once it has been drawn.
fn window(desk: &Desk, to: &std::path::Path) {
    std::thread::sleep(Duration::from_millis(900));
    assert!(desk.command("import").args(["-window", TITLE]).arg(to).status().unwrap().success());
}

fn crop(desk: &Desk, to: &std::path::Path, part: &str) {
    let taken = desk.command("import").args(["-window", "root", "-crop", part, "+repage"]).arg(to).status().unwrap();
    assert!(taken.success());
}
