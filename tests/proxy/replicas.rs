//! Two proxies behind one address: a reload changes the one that answered.

use system_tests::turns::Turns;
use system_tests::{Autosync, ProxyOptions, RealProxy, Stage};

use crate::{MAIN, only_run};

#[test]
fn replicas_that_disagree_are_told_and_not_called_a_success() {
    let stage = Stage::shared(MAIN);
    let second = RealProxy::start(&ProxyOptions::new(MAIN, &stage.upstream.url()));
    let door = Turns::start(&[&stage.proxy.url, &second.url]);
    let autosync = Autosync::knowing(&stage.upstream.url(), &door.url(), &stage.proxy.key);

    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (6, &"unproven".into()), "{run:#}");
    assert_eq!(run["reason"], "replicas_disagree", "{run:#}");
    assert!(run["receipt"].is_null(), "{run:#}");

    // Once both have followed, it is proved.
    for replica in [&stage.proxy, &second] {
        assert_eq!(replica.post("/reload/model_cost_map").status, 200);
    }
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"unchanged".into()), "{answer:#}");
}
