//! `watch` and `logs --follow`: ready in time whatever cannot be reached, events as lines, and an end with 0.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::desk::{Desk, map};

/// Longer than anything here takes: a line that has not come by then does not come.
const WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    pub(crate) fn start(desk: &Desk, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_autosync"))
            .args(args)
            .env_clear()
            .env("AUTOSYNC_HOME", desk.home())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The lines up to one that fits.
    pub(crate) fn until(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(WITHIN).unwrap_or_else(|_| panic!("it did not come after: {seen:#?}"));
            seen.push(line);
            if seen.last().is_some_and(|line| fits(line)) {
                return seen;
            }
        }
    }

    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill()); // it has ended already, unless the test failed
        drop(self.child.wait());
    }
}

#[test]
fn it_is_ready_within_five_seconds_with_nothing_reachable_and_ends_with_0() {
    let desk = Desk::new();
    desk.run(&["source", "set", "http://127.0.0.1:9/map.json"]);
    desk.run(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    let begun = Instant::now();
    let watching = Watching::start(&desk, &["watch"]);
    let opening = watching.until(|line| line == "ready");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let text = opening.join("\n");
    assert!(text.contains("local: reachable") && text.contains("Next: "), "{text}");
    assert!(text.contains("cannot be reached"), "the source is told for what it is: {text}");
    assert!(!text.contains("xtask"), "developers' commands are named only with --guide");
    assert_eq!(watching.end("-INT"), Some(0));
}

#[test]
fn a_new_map_in_the_source_is_told_as_a_line() {
    let desk = Desk::new();
    let file = desk.file("map.json", map(60, "2.5e-06"));
    desk.run(&["source", "set", &file]);
    let watching = Watching::start(&desk, &["watch"]);
    let opening = watching.until(|line| line == "ready").join("\n");
    assert!(opening.contains("proxy add"), "{opening}");
    watching.until(|line| line.contains("source  new revision") && line.contains("60 models"));
    assert_eq!(watching.end("-TERM"), Some(0));
}

#[test]
fn for_programs_each_event_is_one_object() {
    let desk = Desk::new();
    desk.run(&["source", "set", &desk.file("map.json", map(60, "2.5e-06"))]);
    let watching = Watching::start(&desk, &["watch", "--json"]);
    let lines = watching.until(|line| line.contains("source_checked"));
    let events: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["event"], &events[1]["event"]), (&"started".into(), &"ready".into()));
    assert_eq!(watching.end("-INT"), Some(0));
}

#[test]
fn while_it_watches_others_read_without_waiting() {
    let desk = Desk::new();
    desk.run(&["source", "set", &desk.file("map.json", map(60, "2.5e-06"))]);
    let watching = Watching::start(&desk, &["watch"]);
    watching.until(|line| line == "ready");
    for args in [&["status"][..], &["history"], &["models"], &["logs"], &["doctor"]] {
        let begun = Instant::now();
        desk.run(args);
        assert!(begun.elapsed() < Duration::from_secs(8), "{args:?} waited for the lock");
    }
    assert_eq!(watching.end("-INT"), Some(0));
}

#[test]
fn a_followed_log_shows_each_run_as_it_ends() {
    let desk = Desk::new();
    desk.run(&["source", "set", &desk.file("map.json", map(60, "2.5e-06"))]);
    desk.run(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    let watching = Watching::start(&desk, &["logs", "--follow", "--json"]);
    let (exit, answer) = desk.json(&["sync"]);
    assert_eq!((exit, &answer["runs"][0]["error"]["code"]), (4, &"proxy_unreachable".into()), "{answer:#}");
    let line = watching.until(|line| line.contains("model_cost_map_reload")).pop().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["status"], &line["proxy"]), (&"failed".into(), &"local".into()), "{line:#}");
    let (exit, shown) = desk.json(&["show", &line["run"].to_string()]);
    assert_eq!((exit, &shown), (0, &answer["runs"][0]));
    assert!(desk.run(&["logs"]).stdout.contains("failed"));
    assert!(desk.run(&["show", "1"]).stdout.contains("local  failed"));
    assert_eq!(watching.end("-INT"), Some(0));
}
