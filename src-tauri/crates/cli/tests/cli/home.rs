//! Commands on a home that has nothing yet, and settings from the command line. No proxy is needed.

use crate::desk::{Desk, done, map};
use serde_json::{Value, json};

#[test]
fn help_and_version_are_answers() {
    let desk = Desk::new();
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes: 0 done") && help.stderr.is_empty());
    for command in ["sync", "proxy", "schedule", "check", "watch"] {
        assert_eq!(desk.run(&[command, "--help"]).code, Some(0), "{command}");
    }
    assert!(desk.run(&["--version"]).stdout.starts_with("autosync "));
}

#[test]
fn a_command_line_that_makes_no_sense_exits_2_for_programs_too() {
    let desk = Desk::new();
    for args in [
        &["sink"][..],
        &["sync", "--frce"],
        &["diff", "one"],
        &["proxy", "add", "n", "http://127.0.0.1:1", "--key", "sk-1"],
    ] {
        let done = desk.run(args);
        assert_eq!(done.code, Some(2), "{args:?}: {done:#?}");
        assert!(done.stdout.is_empty());
        let (exit, answer) = desk.json(args);
        assert_eq!((exit, &answer["error"]["code"]), (2, &"usage".into()), "{args:?}: {answer:#}");
    }
    for args in [
        &["price", "gpt", "--at", "yesterday"][..],
        &["pause", "soon"],
        &["schedule", "set", "--every", "soon"],
        &["verify", "gpt", "--expect", "x"],
    ] {
        assert_eq!(desk.json(args).0, 2, "{args:?}");
    }
}

#[test]
fn reading_an_empty_home_says_what_to_do_and_creates_nothing() {
    let desk = Desk::new();
    for (args, key) in [
        (&["history"][..], "runs"),
        (&["models"], "models"),
        (&["logs"], "lines"),
        (&["status"], "proxies"),
        (&["proxy", "list"], "proxies"),
    ] {
        let (exit, answer) = desk.json(args);
        assert_eq!((exit, &answer[key]), (0, &json!([])), "{args:?}: {answer:#}");
        assert!(desk.run(args).stdout.contains("autosync "), "{args:?} names no next command");
    }
    for args in [&["price", "gpt-4o"][..], &["show", "1"], &["models", "--proxy", "nobody"]] {
        let (exit, answer) = desk.json(args);
        assert_eq!((exit, &answer["error"]["code"]), (1, &"not_found".into()), "{args:?}: {answer:#}");
    }
    assert_eq!(desk.run(&["source", "show"]).code, Some(0));
    assert_eq!(desk.run(&["schedule", "show"]).code, Some(0));
    assert!(!desk.home().exists(), "a reading command created a home");
}

#[test]
fn the_status_of_an_empty_home_has_the_shape_of_the_contract() {
    let (_, status) = Desk::new().json(&["status"]);
    assert!(status["promoted"].is_null() && status["pin"].is_null() && status["paused_until"].is_null(), "{status:#}");
    assert!(status["source"]["url"].as_str().unwrap().starts_with("https://raw.githubusercontent.com/"));
}

#[test]
fn a_sync_without_a_proxy_checks_the_source_and_keeps_what_it_saw() {
    let desk = Desk::new();
    let file = desk.file("map.json", map(60, "2.5e-06"));
    assert_eq!(desk.run(&["source", "set", &file]).code, Some(0));
    let (exit, answer) = desk.json(&["sync"]);
    assert_eq!((exit, &answer["runs"]), (0, &json!([])), "{answer:#}");
    let hint = desk.run(&["sync"]);
    assert!(hint.stderr.contains("proxy add"), "{hint:#?}");

    let revision = costmap::Revision::of(map(60, "2.5e-06").as_bytes()).to_string();
    let (_, status) = desk.json(&["status"]);
    assert_eq!(status["promoted"]["revision"], revision.as_str(), "{status:#}");
    let (exit, price) = desk.json(&["price", "model-7"]);
    assert_eq!((exit, &price["prices"][0]["price"]), (0, &"0.0000025".into()), "{price:#}");
    let (_, models) = desk.json(&["models", "--search", "MODEL-59"]);
    assert_eq!(models["models"][0]["prices"]["output_cost_per_token"], "0.00001", "{models:#}");
    let (exit, verified) = desk.json(&["verify", "model-7", "--expect", "input_cost_per_token=2.5e-6"]);
    assert_eq!((exit, &verified["agree"]), (0, &true.into()), "{verified:#}");

    // A revision of the history can be named by its first digits.
    let newer = desk.file("newer.json", map(61, "2.5e-06"));
    let (exit, set) = desk.json(&["diff", &revision[..8], &newer]);
    assert_eq!((exit, &set["new_models"]), (0, &json!(["model-60"])), "{set:#}");
    let (exit, answer) = desk.json(&["price", "model-7", "--at", "2001-01-01"]);
    assert_eq!((exit, &answer["error"]["field"]), (1, &"at".into()), "{answer:#}");
}

#[test]
fn a_broken_source_is_held_and_the_promoted_map_stays() {
    let desk = Desk::new();
    let file = desk.file("map.json", map(60, "2.5e-06"));
    desk.run(&["source", "set", &file]);
    desk.run(&["sync"]);
    desk.file("map.json", "{ \"gpt\": ");
    let (exit, answer) = desk.json(&["sync"]);
    assert_eq!((exit, &answer["source"]["error"]["code"]), (3, &"held".into()), "{answer:#}");
    assert_eq!(answer["findings"][0]["severity"], "hold", "{answer:#}");
    let (_, status) = desk.json(&["status"]);
    assert_eq!(status["promoted"]["models"], 60, "{status:#}");
    std::fs::remove_file(&file).unwrap();
    let (exit, answer) = desk.json(&["sync"]);
    assert_eq!((exit, &answer["error"]["code"]), (4, &"source_file".into()), "{answer:#}");
}

#[test]
fn the_source_is_chosen_shown_and_set_back() {
    let desk = Desk::new();
    let (_, shown) = desk.json(&["source", "set", "https://example.com/map.json"]);
    assert_eq!(
        (&shown["source"]["url"], &shown["chosen_by"]),
        (&"https://example.com/map.json".into(), &"settings".into())
    );
    let (exit, answer) = desk.json(&["source", "set", "https://me:hunter2@example.com/map.json"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"url_has_credentials".into()));
    assert!(!answer.to_string().contains("hunter2"));
    assert_eq!(desk.json(&["source", "show"]).1["source"]["url"], "https://example.com/map.json");
    assert_eq!(desk.json(&["source", "set", "default"]).1["chosen_by"], "default");
    let environment = done(
        desk.command(&["source", "show", "--json"]).env("LITELLM_MODEL_COST_MAP_URL", "http://127.0.0.1:9/m.json"),
    );
    let shown: Value = serde_json::from_str(&environment.stdout).unwrap();
    assert_eq!(
        (&shown["source"]["url"], &shown["chosen_by"]),
        (&"http://127.0.0.1:9/m.json".into(), &"environment".into())
    );
}

#[test]
fn a_proxy_that_does_not_answer_is_added_with_a_warning() {
    let desk = Desk::new();
    let (exit, answer) =
        desk.json(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-env", "MY_KEY", "--role", "staging"]);
    assert_eq!((exit, &answer["warning"]["code"]), (0, &"proxy_unreachable".into()), "{answer:#}");
    assert_eq!(answer["proxy"]["role"], "staging");
    let (_, listed) = desk.json(&["proxy", "list"]);
    assert_eq!(listed["proxies"][0]["key"], "env:MY_KEY", "{listed:#}");
    let (exit, answer) = desk.json(&["proxy", "add", "LOCAL", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"already_exists".into()), "{answer:#}");
    let (exit, answer) = desk.json(&["proxy", "test", "local"]);
    assert_eq!((exit, &answer["error"]["code"]), (4, &"proxy_unreachable".into()), "{answer:#}");
    let (exit, report) = desk.json(&["doctor"]);
    assert_ne!(exit, 0);
    let items = report["items"].as_array().unwrap();
    let failed = items.iter().find(|item| item["about"] == "reachable").unwrap();
    assert!(failed["remedy"].is_string() && failed["state"] == "fail", "{failed:#}");
    assert_eq!((&failed["cause"], &failed["ok"]), (&"proxy.refused".into(), &false.into()), "{failed:#}");
    assert_eq!(desk.json(&["proxy", "remove", "local"]), (0, json!({"removed": "local"})));
    assert_eq!(desk.json(&["proxy", "remove", "local"]).0, 1);
}

#[test]
fn plain_http_to_a_public_address_is_refused() {
    let (exit, answer) = Desk::new().json(&["proxy", "add", "far", "http://8.8.8.8:4000", "--key-env", "MY_KEY"]);
    assert_eq!((exit, &answer["error"]["code"]), (1, &"plain_http".into()), "{answer:#}");
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_key_store_nothing_is_added_and_the_key_is_not_shown() {
    let desk = Desk::new();
    // No session bus and no service: there is no key store to be found.
    let mut command = desk.command(&["proxy", "add", "local", "http://127.0.0.1:9", "--key-stdin", "--json"]);
    let done = done(command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent").write_stdin("sk-very-secret\n"));
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &answer["error"]["code"]), (Some(1), &"no_secret_store".into()), "{done:#?}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("--key-env"));
    assert!(!format!("{done:?}").contains("sk-very-secret"));
    assert_eq!(desk.json(&["proxy", "list"]).1["proxies"], json!([]));
}

#[test]
fn the_apps_schedule_is_set_confirmed_and_cleared() {
    let desk = Desk::new();
    assert_eq!(desk.json(&["schedule", "show"]).1["app"]["every"], "6h");
    let (exit, set) = desk.json(&["schedule", "set", "--every", "90m"]);
    assert_eq!((exit, &set["app"]["every"]), (0, &"90m".into()), "{set:#}");
    assert_eq!(set["proxies"], json!([]));
    desk.run(&["proxy", "add", "away", "http://127.0.0.1:9", "--key-env", "MY_KEY"]);
    let (exit, set) = desk.json(&["schedule", "set", "--every", "2h"]);
    assert_eq!((exit, &set["app"]["every"]), (0, &"2h".into()), "set all the same: {set:#}");
    assert_eq!(
        (&set["proxies"][0]["name"], &set["proxies"][0]["can_sync"]),
        (&"away".into(), &false.into()),
        "{set:#}"
    );
    assert_eq!(set["proxies"][0]["error"]["code"], "proxy_unreachable", "{set:#}");
    assert!(desk.run(&["schedule", "set", "--every", "2h"]).stderr.contains("away cannot be synced"));
    desk.run(&["proxy", "remove", "away"]);
    assert_eq!(desk.json(&["schedule", "clear"]).1["app"]["every"], Value::Null);
    assert_eq!(desk.json(&["schedule", "set", "--every", "0m"]).0, 2);
    assert_eq!(desk.json(&["schedule", "set", "--every", "6h", "--proxy", "x"]).0, 2);
    assert_eq!(desk.json(&["schedule", "set", "--every", "6h", "--on", "proxy"]).0, 1, "there is no proxy");
}

#[test]
fn a_pause_is_kept_until_resumed() {
    let desk = Desk::new();
    let (exit, paused) = desk.json(&["pause", "1h"]);
    assert!(exit == 0 && paused["paused_until"].is_string(), "{paused:#}");
    assert!(desk.json(&["status"]).1["paused_until"].is_string());
    assert_eq!(desk.json(&["resume"]), (0, json!({"paused": false, "paused_until": null})));
    assert!(desk.json(&["status"]).1["paused_until"].is_null());
    assert_eq!(desk.json(&["pause"]), (0, json!({"paused": true, "paused_until": null})));
    assert_eq!(desk.json(&["status"]).1["paused"], true);
    assert!(desk.run(&["pause"]).stdout.contains("autosync resume"));
}

#[test]
fn completions_are_made_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = desk.run(&["completions", shell]);
        assert!(done.code == Some(0) && done.stdout.contains("autosync"), "{shell}");
    }
    assert!(!desk.home().exists());
}
