//! `check` and `diff` of files: exit codes and shapes of the contract, and no home is made.

use crate::desk::{Desk, done, map};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn check_of_a_good_map_has_the_shape_of_the_contract_and_makes_no_home() {
    let desk = Desk::new();
    let text = map(60, "2.5e-06");
    let file = desk.file("map.json", &text);
    let (exit, report) = desk.json(&["check", &file]);
    assert_eq!(exit, 0, "{report:#}");
    assert_eq!(keys(&report), ["revision", "bytes", "models", "verdict", "findings"]);
    assert_eq!(report["revision"], costmap::Revision::of(text.as_bytes()).to_string());
    assert_eq!((report["bytes"].as_u64(), report["models"].as_u64()), (Some(text.len() as u64), Some(60)));
    assert_ne!(report["verdict"], "held");
    desk.run(&["check", &file]);
    assert!(!desk.home().exists(), "a check of a file created a home");
}

#[test]
fn bytes_that_are_no_map_are_held_and_not_an_error() {
    let desk = Desk::new();
    for (what, bytes) in [
        ("cut", &br#"{"gpt": {"#[..]),
        ("page", b"<html>sign in</html>"),
        ("empty", b""),
        ("list", b"[]"),
        ("latin-1", b"{\"\xe9\": 1}"),
    ] {
        let file = desk.file("bad.json", bytes);
        let (exit, report) = desk.json(&["check", &file]);
        assert_eq!((exit, &report["verdict"], &report["models"]), (3, &"held".into(), &0.into()), "{what}: {report:#}");
        let finding = &report["findings"][0];
        assert_eq!(finding["severity"], "hold", "{what}");
        assert_eq!(keys(finding), ["rule", "severity", "model", "field", "value", "message"], "{what}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_with_exit_4() {
    let desk = Desk::new();
    let (exit, answer) = desk.json(&["check", "no-such-file.json"]);
    assert_eq!((exit, &answer["error"]["code"]), (4, &"source_file".into()), "{answer:#}");
    let folder = desk.home().parent().unwrap().to_str().unwrap().to_owned();
    assert_eq!(desk.json(&["check", &folder]).0, 4);
    // Nothing listens on the discard port of this machine.
    let (exit, answer) = desk.json(&["check", "http://127.0.0.1:9/map.json"]);
    assert_eq!((exit, &answer["error"]["code"]), (4, &"source_unreachable".into()), "{answer:#}");
    let text = desk.run(&["check", "no-such-file.json"]);
    assert!(text.stdout.is_empty() && text.stderr.contains("no-such-file.json"), "{text:#?}");
}

#[test]
fn a_map_that_shrank_is_held_against_the_old_one() {
    let desk = Desk::new();
    let (old, new) = (desk.file("old.json", map(100, "2.5e-06")), desk.file("new.json", map(60, "2.5e-06")));
    let (exit, report) = desk.json(&["check", &new, "--against", &old]);
    assert_eq!((exit, &report["verdict"]), (3, &"held".into()), "{report:#}");
    let text = desk.run(&["check", &new, "--against", &old]);
    assert_eq!(text.code, Some(3));
    assert!(text.stdout.contains("held") && text.stdout.contains("hold "), "{}", text.stdout);
}

#[test]
fn a_map_can_come_from_stdin() {
    let desk = Desk::new();
    let done = done(desk.command(&["check", "-", "--json"]).write_stdin(map(60, "1e-06")));
    assert_eq!(done.code, Some(0), "{done:#?}");
}

#[test]
fn diff_has_the_shape_of_the_contract_with_prices_as_decimal_text() {
    let desk = Desk::new();
    let old = desk.file("old.json", map(60, "2.5e-06"));
    let new = desk.file("new.json", map(61, "3e-06"));
    let (exit, set) = desk.json(&["diff", &old, &new]);
    assert_eq!(exit, 0);
    assert_eq!(
        keys(&set),
        [
            "from",
            "to",
            "counts",
            "new_models",
            "removed_models",
            "pricing_changes",
            "multiplier_changes",
            "alias_changes",
            "hours_changes",
            "limit_changes",
            "provider_changes",
            "mode_changes",
            "capability_changes",
            "deprecation_changes",
            "other_changes",
            "notices"
        ]
    );
    assert_eq!(set["new_models"], serde_json::json!(["model-60"]));
    let change = &set["pricing_changes"][0];
    assert_eq!(keys(change), ["model", "field", "before", "after", "ratio"]);
    assert_eq!((&change["before"], &change["after"]), (&"0.0000025".into(), &"0.000003".into()));
    let markdown = desk.run(&["diff", &old, &new, "--format", "markdown"]);
    assert!(markdown.stdout.contains("| `model-0` | `input_cost_per_token` | 2.50 | 3.00 |"), "{}", markdown.stdout);
    assert!(!desk.home().exists());
}

#[test]
fn a_diff_with_something_that_is_no_map_compares_nothing() {
    let desk = Desk::new();
    let (map, bad) = (desk.file("map.json", map(60, "1e-06")), desk.file("bad.json", "{"));
    let (exit, answer) = desk.json(&["diff", &map, &bad]);
    assert_eq!((exit, &answer["error"]["code"]), (3, &"held".into()), "{answer:#}");
}

#[test]
fn a_revision_that_is_not_kept_is_not_found() {
    let desk = Desk::new();
    let (exit, answer) = desk.json(&["check", "0123abcd"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"not_found".into()), "{answer:#}");
    assert!(!desk.home().exists());
}

#[test]
fn hostile_names_cannot_steer_the_terminal() {
    let desk = Desk::new();
    let bad = map(60, "1e-06").replacen("model-7", "\\u001b]0;owned\\u0007\\u202e", 1);
    let (old, new) = (desk.file("old.json", map(60, "1e-06")), desk.file("new.json", bad));
    for args in [&["diff", &old, &new][..], &["diff", &old, &new, "--format", "markdown"], &["check", &new]] {
        let done = desk.run(args);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!done.stdout.chars().chain(done.stderr.chars()).any(steers), "{args:?}: {done:?}");
    }
}

#[test]
fn json_keeps_every_character_and_steers_no_terminal_either() {
    let desk = Desk::new();
    let name = "caf\u{e9}\u{9b}31m\u{7f}";
    let other = map(60, "1e-06").replacen("model-7", name, 1);
    let (old, new) = (desk.file("old.json", map(60, "1e-06")), desk.file("new.json", other));
    let done = desk.run(&["diff", &old, &new, "--json"]);
    assert!(!done.stdout.chars().any(|c| c.is_control() && c != '\n'), "{done:?}");
    let set: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(set["new_models"], serde_json::json!([name]));
}

#[test]
fn a_pipe_gets_no_colours_and_may_be_closed_early() {
    use std::process::{Command, Stdio};
    let desk = Desk::new();
    let (old, new) = (desk.file("old.json", map(60, "1e-06")), desk.file("new.json", map(3000, "1e-06")));
    assert!(!desk.run(&["diff", &old, &new]).stdout.contains('\u{1b}'));
    assert!(done(desk.command(&["diff", &old, &new]).env("CLICOLOR_FORCE", "1")).stdout.contains('\u{1b}'));
    let mut child = Command::new(env!("CARGO_BIN_EXE_autosync"))
        .args(["diff", &old, &new, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads: the write meets a closed pipe.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}
