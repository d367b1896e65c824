//! Changes while another process holds the home: through its door at once, or, where it has none, not at all.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::home::{Home, HomeLock};
use serde_json::{Value, json};

use crate::desk::{Desk, map};
use crate::watch::Watching;

/// The wait for a home without a door is 10 s.
const AT_ONCE: Duration = Duration::from_secs(8);

fn watched(desk: &Desk) -> Watching {
    desk.run(&["source", "set", &desk.file("map.json", map(60, "2.5e-06"))]);
    let watching = Watching::start(desk, &["watch", "--json"]);
    watching.until(|line| line.contains("\"ready\""));
    watching
}

fn at_once(desk: &Desk, args: &[&str]) -> (i32, Value) {
    let begun = Instant::now();
    let answer = desk.json(args);
    assert!(begun.elapsed() < AT_ONCE, "{args:?} waited for the lock: {answer:#?}");
    answer
}

#[test]
fn a_watch_pauses_and_goes_on() {
    let desk = Desk::new();
    let watching = watched(&desk);
    assert_eq!(at_once(&desk, &["pause"]), (0, json!({"paused": true, "paused_until": null})));
    watching.until(|line| line.contains("\"paused\":true"));
    let (_, status) = desk.json(&["status"]);
    assert_eq!((&status["paused"], &status["paused_until"]), (&true.into(), &Value::Null), "{status:#}");
    let (exit, paused) = at_once(&desk, &["pause", "1h"]);
    assert!(exit == 0 && paused["paused_until"].is_string(), "{paused:#}");
    assert_eq!(at_once(&desk, &["resume"]), (0, json!({"paused": false, "paused_until": null})));
    watching.until(|line| line.contains("\"paused\":false"));
    assert_eq!(watching.end("-INT"), Some(0));
    assert!(!desk.home().join("door.sock").exists());
}

#[test]
fn settings_of_a_watch_are_changed_and_followed() {
    let desk = Desk::new();
    let watching = watched(&desk);
    let (exit, added) = at_once(&desk, &["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    assert_eq!((exit, &added["proxy"]["name"]), (0, &"local".into()), "{added:#}");
    assert_eq!(desk.json(&["status"]).1["proxies"][0]["name"], "local");
    let (exit, twice) = at_once(&desk, &["proxy", "add", "LOCAL", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    assert_eq!((exit, &twice["error"]["code"]), (1, &"already_exists".into()));
    // A proxy that was added later waits for a person; the run that is asked for is the watch's.
    assert_eq!(at_once(&desk, &["sync"]).0, 4);
    watching.until(|line| line.contains("run_finished") && line.contains("proxy_unreachable"));

    let (exit, set) = at_once(&desk, &["schedule", "set", "--every", "90m"]);
    assert_eq!((exit, &set["app"]["every"]), (0, &"90m".into()), "{set:#}");
    assert_eq!(set["proxies"][0]["can_sync"], false, "{set:#}");
    assert_eq!(at_once(&desk, &["schedule", "clear"]).1["app"]["every"], Value::Null);
    let other = desk.file("other.json", map(61, "2.5e-06"));
    assert_eq!(at_once(&desk, &["source", "set", &other]).1["source"]["url"], other.as_str());
    let (exit, answer) = at_once(&desk, &["source", "set", "https://me:hunter2@example.com/map.json"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"url_has_credentials".into()), "{answer:#}");
    assert_eq!(at_once(&desk, &["proxy", "remove", "local"]), (0, json!({"removed": "local"})));
    assert_eq!(desk.json(&["status"]).1["proxies"], json!([]));
    assert_eq!(watching.end("-INT"), Some(0));
}

#[test]
fn a_sync_goes_through_a_watch_with_the_same_answer_and_exit_code() {
    let desk = Desk::new();
    desk.run(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    desk.run(&["schedule", "clear"]);
    let watching = watched(&desk);
    let (exit, planned) = at_once(&desk, &["sync", "--dry-run"]);
    assert_eq!((exit, &planned["runs"][0]["id"]), (4, &0.into()), "{planned:#}");
    let (exit, answer) = at_once(&desk, &["sync"]);
    assert_eq!((exit, &answer["runs"][0]["error"]["code"]), (4, &"proxy_unreachable".into()), "{answer:#}");
    let run = answer["runs"][0]["id"].to_string();
    assert_eq!(desk.json(&["show", &run]), (0, answer["runs"][0].clone()));
    assert!(desk.json(&["status"]).1["proxies"][0]["last_run"].is_string());
    let (exit, answer) = at_once(&desk, &["sync", "--proxy", "nobody"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"not_found".into()), "{answer:#}");
    assert_eq!(watching.end("-INT"), Some(0));
}

#[test]
fn without_a_door_a_second_writer_is_told_who_holds_the_home() {
    let desk = Desk::new();
    let home = Home::resolve(Some(desk.home()), &|_| None).unwrap();
    let _held = HomeLock::acquire(&home, Duration::ZERO).unwrap();
    let begun = Instant::now();
    let (exit, answer) = desk.json(&["source", "set", "default"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"home_busy".into()), "{answer:#}");
    assert_eq!(answer["error"]["detail"], std::process::id().to_string().as_str());
    assert!(begun.elapsed() >= HomeLock::WAIT);
}

#[test]
fn who_waits_for_the_home_hears_ctrl_c() {
    let desk = Desk::new();
    let home = Home::resolve(Some(desk.home()), &|_| None).unwrap();
    let _held = HomeLock::acquire(&home, Duration::ZERO).unwrap();
    for (command, exit) in [("sync", Some(1)), ("watch", Some(0))] {
        let child = Command::new(env!("CARGO_BIN_EXE_autosync"))
            .args([command, "--json"])
            .env_clear()
            .env("AUTOSYNC_HOME", desk.home())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Long enough for it to listen to signals, and to find that the home is held.
        std::thread::sleep(Duration::from_secs(1));
        let begun = Instant::now();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{command} waited on for {:?}", begun.elapsed());
        assert_eq!(output.status.code(), exit, "{command}");
    }
}
