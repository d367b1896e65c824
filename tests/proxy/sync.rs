//! A sync that works: what changed is told, and the receipt is true.

use serde_json::Value;
use system_tests::{Client, Stage, broken, maps};

use crate::{MAIN, MIDDLE, OLDER, only_run};

#[test]
fn the_main_proxy_takes_a_newer_real_map_and_proves_it() {
    takes_a_newer_map(MAIN);
}

#[test]
fn the_middle_proxy_takes_a_newer_real_map_and_proves_it() {
    takes_a_newer_map(MIDDLE);
}

#[test]
fn the_older_proxy_takes_a_newer_real_map_and_proves_it_by_reading() {
    takes_a_newer_map(OLDER);
}

pub(crate) fn takes_a_newer_map(version: &'static str) {
    let stage = Stage::shared(version);
    moves_to_the_newer_map(&stage);
}

/// From the old real map to the new one, and then once more with nothing to do.
pub(crate) fn moves_to_the_newer_map(stage: &Stage) {
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}\n{}", stage.proxy.log());

    // What it says changed is what the two files say.
    let (old, new) = (entries(&stage.old), entries(&stage.new));
    let added: Vec<&str> = new.keys().map(String::as_str).filter(|name| !old.contains_key(*name)).collect();
    let mut told: Vec<&str> = run["new_models"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    told.sort_unstable();
    let is_alias = |name: &&str| new[*name].get("alias_of").is_some();
    let (aliases, mut expected): (Vec<&str>, Vec<&str>) =
        added.into_iter().filter(|name| !RESERVED.contains(name)).partition(is_alias);
    expected.sort_unstable();
    assert_eq!(told, expected, "new models");
    let told_aliases = run["alias_changes"].as_array().map_or(0, Vec::len);
    assert_eq!(told_aliases, aliases.len(), "aliases are changes of their own");
    let changes = run["price_changes"].as_array().unwrap();
    assert_eq!(run["pricing_changes"].as_u64(), Some(changes.len() as u64));
    assert!(!changes.is_empty());
    for change in changes.iter().filter(|change| !change["before"].is_null() && !change["after"].is_null()) {
        assert_ne!(change["before"], change["after"], "{change}");
        assert!(change["before"].is_string() && change["after"].is_string(), "a price is decimal text: {change}");
    }

    // The receipt names the very file, and the proxy's live map agrees with the file.
    let revision = maps::revision(&stage.new);
    assert_eq!(run["to"].as_str(), Some(&*revision));
    assert_eq!(run["receipt"]["revision"].as_str(), Some(&*revision));
    assert_eq!(run["receipt"]["bytes"].as_u64(), Some(stage.new.len() as u64));
    let live = stage.proxy.live_map();
    for (name, entry) in new.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())) {
        assert!(live.get(name).is_some(), "{name} is not live: {entry}");
    }

    // Again: proved by reading, and the proxy is left alone.
    stage.upstream.forget_hits();
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"unchanged".into()), "{run:#}");
    assert_eq!(run["receipt"]["revision"].as_str(), Some(&*revision));
    assert!(stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy was asked to reload a map that it has");
}

const RESERVED: [&str; 3] = ["sample_spec", "fallback_generalizations", "_metadata"];

fn entries(map: &[u8]) -> serde_json::Map<String, Value> {
    serde_json::from_slice(map).unwrap()
}

#[test]
fn force_reloads_what_is_there_already() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let (exit, answer) = autosync.json(&["sync", "--force"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
}

#[test]
fn a_dry_run_changes_and_records_nothing() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    let before = stage.proxy.live_map();
    let (exit, answer) = autosync.json(&["sync", "--dry-run"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"planned".into()), "{run:#}");
    assert!(!run["new_models"].as_array().unwrap().is_empty(), "{run:#}");
    assert_eq!(stage.proxy.live_map(), before);
    let (_, status) = autosync.json(&["status"]);
    assert!(status["promoted"].is_null(), "{status:#}");
    assert!(status["proxies"][0]["last_run"].is_null(), "{status:#}");
}

#[test]
fn each_run_leaves_a_log_line_and_can_be_shown_again() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    let (_, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    let log = std::fs::read_to_string(autosync.home().join("data/logs/sync.jsonl")).unwrap();
    let line: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(line["action"], "model_cost_map_reload");
    assert_eq!(line["status"], "success");
    assert_eq!(line["proxy"], "local");
    assert_eq!(line["pricing_changes"], run["pricing_changes"]);
    assert_eq!(line["new_models"], run["new_models"]);
    let (exit, shown) = autosync.json(&["show", &run["id"].to_string()]);
    assert_eq!(exit, 0, "{shown:#}");
    assert!(shown.to_string().contains(&maps::revision(&stage.new)), "{shown:#}");
    assert!(!log.contains(&stage.proxy.key), "the key is in the log");
    // What people see has the key in no place either.
    for args in [&["sync", "--force"][..], &["status"], &["proxy", "list"], &["proxy", "test", "local"], &["doctor"]] {
        let finished = autosync.run(args);
        assert!(!format!("{finished:?}").contains(&stage.proxy.key), "{args:?} shows the key");
    }
}

#[test]
fn verify_agrees_with_the_proxy_after_a_sync_and_names_the_difference_before() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    let (old, new) = (entries(&stage.old), entries(&stage.new));
    let price = "input_cost_per_token";
    let repriced = new
        .iter()
        .find(|(name, entry)| {
            let before = old.get(*name).and_then(|entry| entry[price].as_f64());
            before.is_some() && entry[price].as_f64().is_some_and(|after| Some(after) != before)
        })
        .unwrap()
        .0;
    let (exit, before) = autosync.json(&["verify", repriced]);
    assert_eq!((exit, &before["agree"]), (1, &false.into()), "{before:#}");
    autosync.ok(&["sync"]);
    let (exit, after) = autosync.json(&["verify", repriced]);
    assert_eq!((exit, &after["agree"]), (0, &true.into()), "{after:#}");
}

#[test]
fn an_update_that_only_removes_models_reaches_a_proxy_that_knows_no_revisions() {
    let stage = Stage::shared(OLDER);
    let autosync = stage.autosync();
    assert_eq!(autosync.json(&["sync"]).0, 0);
    let names: Vec<String> = entries(&stage.old).keys().cloned().collect();
    let gone: Vec<&str> =
        names.iter().rev().filter(|name| !RESERVED.contains(&name.as_str())).take(3).map(String::as_str).collect();
    let fewer = broken::without(&stage.old, &gone);
    stage.upstream.serve(&fewer);
    stage.upstream.forget_hits();
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    // What the file lacks is no difference to the proof: without a reload it would be called unchanged.
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}");
    assert_eq!(run["removed_models"].as_array().unwrap().len(), 3, "{run:#}");
    assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
    let live = stage.proxy.live_map();
    assert!(gone.iter().all(|name| live.get(*name).is_none()), "{gone:?} are still live");
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"unchanged".into()), "{answer:#}");
}
