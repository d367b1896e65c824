//! The Windows installer and what it installs, under Wine, with a real LiteLLM proxy on loopback. `cargo xtask cross install`
//! runs this, and says where the installers are. Judged by exit codes, by the registry and by what is on the disk.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests; clippy knows only functions with #[test]")]

#[path = "../desktop/desk.rs"]
#[expect(dead_code, reason = "this one has no session bus to speak to, and takes no pictures")]
mod desk;
mod wine;

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use desk::Desk;
use system_tests::Stage;
use wine::Wine;
use xtask::python::NEWEST_PROXY;
use xtask::workspace;

const UNINSTALL: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\litellm-autosync";
const RUN: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
const LINK: &str = r"HKCU\Software\Classes\litellm-autosync";
const ENVIRONMENT: &str = r"HKCU\Environment";
const PRODUCT: &str = "LiteLLM Auto-Sync";
const APP: &str = r"%LOCALAPPDATA%\Programs\LiteLLM Auto-Sync\litellm-autosync.exe";

/// Wine's first program of a session takes seconds, more beside a build.
const WITHIN: Duration = Duration::from_mins(1);

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {WITHIN:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn installer(variable: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| panic!("{variable} names no installer"), PathBuf::from)
}

/// The app in the tray, with the icon that Wine shows in a window of its own where there is no panel.
fn start_hidden(wine: &Wine, desk: &Desk) -> Child {
    let app = wine.command(APP, &["--hidden"]).spawn().unwrap();
    until("the tray icon", || has_icon(desk).then_some(()));
    app
}

/// Whether Wine shows a tray: it does while there is an icon in it.
fn has_icon(desk: &Desk) -> bool {
    let output = desk.command("xwininfo").args(["-name", "Wine System Tray", "-stats"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains("IsViewable")
}

#[test]
#[ignore = "needs Wine and two installers; `cargo xtask cross install` runs it"]
fn the_installer_brings_what_works_and_leaves_nothing_but_data() {
    let (older, newer) = (installer(workspace::INSTALLER), installer(workspace::NEWER_INSTALLER));
    let desk = Desk::start();
    let wine = Wine::start(&desk);
    // More than NSIS's strings hold, with a variable: it must come back as it was.
    let path =
        format!(r"%USERPROFILE%\bin;{}", (0..300).map(|n| format!(r"C:\tools\{n}")).collect::<Vec<_>>().join(";"));
    wine.ok("reg", &["add", ENVIRONMENT, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", &path, "/f"]);

    // Installed without a question.
    wine.done(&older.display().to_string(), &["/S"]);
    assert_eq!(wine.value(UNINSTALL, "DisplayVersion").unwrap(), env!("CARGO_PKG_VERSION"));
    assert_eq!(wine.value(UNINSTALL, "DisplayName").unwrap(), PRODUCT);
    let on_path = wine.value(ENVIRONMENT, "Path").unwrap();
    assert!(on_path.starts_with(&path) && on_path.ends_with(r"\LiteLLM Auto-Sync\bin"), "{on_path}");
    assert_eq!(wine.kind(ENVIRONMENT, "Path").unwrap(), "REG_EXPAND_SZ");
    let menu = wine.roaming(r"Microsoft/Windows/Start Menu/Programs/LiteLLM Auto-Sync.lnk");
    assert!(menu.is_file(), "{}", menu.display());

    // The terminal's program works, on the real proxy.
    let autosync = r"%LOCALAPPDATA%\Programs\LiteLLM Auto-Sync\bin\autosync.exe";
    assert_eq!(wine.ok(autosync, &["--version"]).trim(), concat!("autosync ", env!("CARGO_PKG_VERSION")));
    let stage = Stage::shared(NEWEST_PROXY);
    let wine = wine.env("PROXY_KEY", &stage.proxy.key);
    wine.ok(autosync, &["source", "set", &stage.upstream.url()]);
    wine.ok(autosync, &["proxy", "add", "local", &stage.proxy.url, "--key-env", "PROXY_KEY"]);
    stage.upstream.serve(&stage.new);
    let synced: serde_json::Value = serde_json::from_str(&wine.ok(autosync, &["sync", "--json"])).unwrap();
    assert_eq!(synced["runs"][0]["outcome"], "succeeded", "{synced:#}");

    // The app lives in the tray; a second start ends at once and leaves one.
    let mut app = start_hidden(&wine, &desk);
    assert!(wine.command(APP, &["--hidden"]).status().unwrap().success());
    assert_eq!(app.try_wait().unwrap(), None);
    let program = wine.path(APP);
    // As earlier versions wrote it, without quotation marks: Windows does not start a program in this folder by that.
    let entry = format!("{program} --hidden");
    let healed = format!("\"{program}\" --hidden");
    assert!(wine.value(LINK, "URL Protocol").is_some(), "a toast's link leads nowhere");
    wine.ok("reg", &["add", RUN, "/v", PRODUCT, "/t", "REG_SZ", "/d", &entry, "/f"]);

    // An upgrade ends it as it would end itself, and starts the new one as at login.
    wine.done(&newer.display().to_string(), &["/S"]);
    assert!(until("the end of the older app", || app.try_wait().unwrap()).success());
    assert_ne!(wine.value(UNINSTALL, "DisplayVersion").unwrap(), env!("CARGO_PKG_VERSION"));
    until("the entry that starts it at login", || (wine.value(RUN, PRODUCT).unwrap() == healed).then_some(()));
    assert_eq!(wine.value(ENVIRONMENT, "Path").unwrap(), on_path, "once is enough");
    until("the newer app's icon", || has_icon(&desk).then_some(()));
    wine.ok(autosync, &["history"]);

    // Removed: everything but the data.
    let uninstall = r"%LOCALAPPDATA%\Programs\LiteLLM Auto-Sync\uninstall.exe";
    // It goes on from a copy of itself, or it could not remove itself; the first one ends before that.
    let gone = |what| until(what, || (!wine.local("Programs/LiteLLM Auto-Sync").exists()).then_some(()));
    wine.done(uninstall, &["/S"]);
    gone("the end of the folder");
    until("the end of the icon", || (!has_icon(&desk)).then_some(()));
    for (key, value) in [(UNINSTALL, "DisplayName"), (RUN, PRODUCT), (LINK, "URL Protocol")] {
        assert_eq!(wine.value(key, value), None, "{key} {value}");
    }
    assert_eq!(wine.value(ENVIRONMENT, "Path").unwrap(), path);
    assert!(!menu.exists());
    assert!(!wine.local("dev.litellm-autosync.app").exists());
    assert!(wine.local("litellm-autosync/ledger.db").is_file(), "the data went without being asked for");

    // And with the data, where that is asked for.
    wine.done(&newer.display().to_string(), &["/S", "/NOPATH"]);
    assert_eq!(wine.value(ENVIRONMENT, "Path").unwrap(), path);
    wine.done(uninstall, &["/S", "/DATA"]);
    gone("the end of the folder again");
    assert!(!wine.local("litellm-autosync").exists(), "the data is still there");
}
