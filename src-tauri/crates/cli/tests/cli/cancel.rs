//! Ctrl-C in the middle of a sync: it ends soon, says so, and leaves no run behind that seems to go on.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::desk::Desk;

/// Starts `sync` against a source that takes the connection and never answers, and interrupts it there.
fn interrupted(desk: &Desk, args: &[&str]) -> (Option<i32>, serde_json::Value) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/map.json", silent.local_addr().unwrap());
    assert_eq!(desk.run(&["source", "set", &url]).code, Some(0));
    let child = Command::new(env!("CARGO_BIN_EXE_autosync"))
        .args(args)
        .env_clear()
        .env("AUTOSYNC_HOME", desk.home())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let _connection = silent.accept().unwrap();
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "it went on for {:?}", begun.elapsed());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_run_is_interrupted_in_the_answer_and_in_the_history() {
    let desk = Desk::new();
    desk.run(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    let (exit, answer) = interrupted(&desk, &["sync", "--json"]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (Some(1), &"interrupted".into()), "{answer:#}");
    let (_, history) = desk.json(&["history"]);
    assert_eq!(history["runs"][0]["outcome"], "interrupted", "{history:#}");
}

#[test]
fn a_check_of_the_source_alone_and_a_dry_run_end_too() {
    let desk = Desk::new();
    let (exit, answer) = interrupted(&desk, &["sync", "--json"]);
    assert_eq!((exit, &answer["error"]["code"]), (Some(1), &"cancelled".into()), "{answer:#}");
    desk.run(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    let (exit, answer) = interrupted(&desk, &["sync", "--dry-run", "--json"]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (Some(1), &"interrupted".into()), "{answer:#}");
    assert_eq!(desk.json(&["history"]).1["runs"], serde_json::json!([]));
}
