//! Webhooks from the command line, against a receiver that stands in for a chat program: one request, one answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::desk::{Desk, Done, done, map};

const SECRET: &str = "T0-s3cret";

/// Answers so many requests with this status; their bodies.
fn receiver(status: &'static str, requests: usize) -> (String, JoinHandle<Vec<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{SECRET}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        (0..requests)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
                serde_json::from_slice(&body).unwrap()
            })
            .collect()
    });
    (url, serving)
}

fn with_hook(desk: &Desk, url: &str, args: &[&str]) -> Done {
    let done = done(desk.command(args).env("HOOK", url));
    assert!(!format!("{done:?}").contains(SECRET), "{done:#?}");
    done
}

#[test]
fn a_webhook_is_added_tested_told_and_removed_and_its_address_is_shown_nowhere() {
    let desk = Desk::new();
    let (url, serving) = receiver("200 OK", 2);
    let json = |args: &[&str]| -> (Option<i32>, Value) {
        let done = with_hook(&desk, &url, &[args, &["--json"]].concat());
        (done.code, serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error} {done:#?}")))
    };
    let (code, added) = json(&["webhook", "add", "team", "--slack", "--url-env", "HOOK"]);
    assert_eq!(
        (code, &added["webhook"]["kind"], &added["webhook"]["url"]),
        (Some(0), &"slack".into(), &"env:HOOK".into())
    );
    assert_eq!(json(&["webhook", "add", "TEAM", "--url-env", "HOOK"]).1["error"]["code"], "already_exists");
    assert_eq!(json(&["webhook", "test", "team"]).1["test"]["name"], "team");
    // That a map is held is news, also of the first sync that there ever was.
    let source = desk.file("map.json", map(3, "1e-06"));
    desk.run(&["source", "set", &source]);
    with_hook(&desk, &url, &["sync", "--dry-run"]);
    with_hook(&desk, &url, &["sync"]);
    let (_, list) = json(&["webhook", "list"]);
    let team = &list["webhooks"][0];
    assert_eq!(
        (&team["waiting"], &team["error"], &team["enabled"]),
        (&json!(0), &Value::Null, &json!(true)),
        "{list:#}"
    );
    assert!(team["last_delivered"].is_string(), "{list:#}");
    let bodies = serving.join().unwrap();
    assert!(bodies[0]["text"].as_str().unwrap().starts_with("*This is a test*"), "{bodies:#?}");
    assert!(bodies[1]["text"].as_str().unwrap().starts_with("*The newest map is held back*"), "{bodies:#?}");
    let set = json(&["webhook", "set", "team", "--off", "--kind", "json", "--alerts", "prices,failures"]).1;
    assert_eq!(
        (&set["webhook"]["alerts"], &set["webhook"]["enabled"]),
        (&json!(["failures", "prices"]), &json!(false))
    );
    assert!(with_hook(&desk, &url, &["webhook", "list"]).stdout.contains("switched off"));
    assert_eq!(json(&["webhook", "remove", "team"]), (Some(0), json!({"removed": "team"})));
    assert_eq!(json(&["webhook", "test", "team"]).1["error"]["code"], "not_found");
    for file in ["settings.toml", "logs/app.log", "logs/sync.jsonl", "ledger.db"] {
        let bytes = std::fs::read(desk.home().join(file)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{file}");
    }
}

#[test]
fn what_is_wrong_is_told_without_the_address() {
    let desk = Desk::new();
    let (url, serving) = receiver("404 Not Found", 1);
    let error = |url: &str, args: &[&str]| -> Value {
        let done = with_hook(&desk, url, &[args, &["--json"]].concat());
        serde_json::from_str::<Value>(&done.stdout).unwrap()["error"].clone()
    };
    let add = ["webhook", "add", "far", "--url-env", "HOOK"];
    assert_eq!(error(&format!("http://hooks.example.com/{SECRET}"), &add)["code"], "plain_http");
    assert_eq!(error(SECRET, &add)["code"], "invalid_setting");
    assert_eq!(error("", &["webhook", "add", "far", "--url-env", &format!("https://x/{SECRET}")])["field"], "url_env");
    assert_eq!(error("", &["webhook", "add", "far"])["code"], "usage");
    assert_eq!(error("", &["webhook", "add", "far", "--url-env", "HOOK", "--alerts", "weather"])["field"], "alerts");
    assert_eq!(desk.json(&["webhook", "list"]).1["webhooks"], json!([]), "nothing was added");
    assert_eq!(with_hook(&desk, &url, &add).code, Some(0));
    let gone = error(&url, &["webhook", "test", "far"]);
    assert_eq!((&gone["code"], &gone["detail"]), (&json!("webhook_failed"), &json!("HTTP 404")), "{gone:#}");
    assert_eq!(error("", &["webhook", "test", "far"])["code"], "no_key");
    serving.join().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_key_store_no_webhook_is_added_and_its_address_is_not_shown() {
    let desk = Desk::new();
    let mut command = desk.command(&["webhook", "add", "team", "--url-stdin", "--json"]);
    let bus = command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let done = done(bus.write_stdin(format!("https://hooks.example.com/{SECRET}\n")));
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &answer["error"]["code"]), (Some(1), &"no_secret_store".into()), "{done:#?}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("--url-env"));
    assert!(!format!("{done:?}").contains(SECRET), "{done:#?}");
    assert_eq!(desk.json(&["webhook", "list"]).1["webhooks"], json!([]));
}
