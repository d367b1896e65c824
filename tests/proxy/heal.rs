//! Self-heal on genuine proxies: one that lost its map is put right, once, and told.

use std::time::Duration;

use serde_json::Value;
use system_tests::{Answer, Autosync, Client, MapServer, ProxyOptions, Stage, maps};

use crate::MAIN;
use crate::restarts::Supervisor;

const READY: Duration = Duration::from_secs(5);

/// A proxy is asked at the start, and each minute.
const HEALED: Duration = Duration::from_secs(90);

fn runs(autosync: &Autosync) -> Vec<Value> {
    autosync.json(&["history"]).1["runs"].as_array().unwrap().clone()
}

#[test]
fn a_map_that_was_changed_behind_our_back_is_put_right_once_and_not_while_paused() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.serve(&stage.new);
    autosync.ok(&["sync"]);
    // Somebody reloads it while the host answers with an older copy.
    stage.upstream.answer_only(Client::Proxy, Answer::map(&stage.old));
    assert_eq!(stage.proxy.post("/reload/model_cost_map").status, 200);
    stage.upstream.serve(&stage.new);
    autosync.ok(&["pause", "1h"]);
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("ready", READY);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(runs(&autosync).len(), 1, "paused is paused");
    watch.interrupt();
    watch.finish();
    autosync.ok(&["resume"]);

    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("succeeded", HEALED);
    let all = runs(&autosync);
    assert_eq!((&all[0]["trigger"], &all[0]["outcome"]), (&"heal".into(), &"succeeded".into()), "{all:#?}");
    assert_eq!(all[0]["receipt"]["revision"].as_str(), Some(&*maps::revision(&stage.new)));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(runs(&autosync).len(), all.len(), "once");
    watch.interrupt();
    watch.finish();
}

#[test]
fn a_proxy_that_restarted_with_the_map_in_its_package_gets_its_own_again() {
    // Not the one in its package.
    let map = maps::load(maps::held_by(MAIN));
    let upstream = MapServer::start(&map);
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(ProxyOptions::new(MAIN, &upstream.url()), folder.path());
    let autosync = Autosync::knowing(&upstream.url(), &supervisor.address, &supervisor.key());
    autosync.ok(&["sync"]);
    upstream.answer_only(Client::Proxy, Answer::Status(503));
    supervisor.restart();
    upstream.serve(&map);
    let mut watch = autosync.spawn(&["watch"]);
    watch.wait_for_line("succeeded", HEALED);
    let newest = &runs(&autosync)[0];
    assert_eq!((&newest["trigger"], &newest["outcome"]), (&"heal".into(), &"succeeded".into()), "{newest:#}");
    watch.interrupt();
    watch.finish();
}
