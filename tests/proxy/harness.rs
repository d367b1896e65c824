//! The ground that the other tests stand on behaves as the tests assume.

use system_tests::{Answer, Stage, maps};
use xtask::python::PROXIES;

#[test]
fn the_real_proxies_take_a_newer_map() {
    for version in PROXIES {
        let stage = Stage::shared(version);
        stage.upstream.serve(&stage.new);
        let reply = stage.proxy.post("/reload/model_cost_map");
        assert_eq!(reply.status, 200, "{}", stage.proxy.log());
        if version == "1.102.4" {
            assert_eq!(reply.json()["source_revision"], maps::revision(&stage.new));
        }
    }
}

#[test]
fn the_older_proxy_says_yes_to_a_failed_fetch() {
    let stage = Stage::shared(PROXIES[0]);
    stage.upstream.answer(Answer::Status(500));
    let reply = stage.proxy.post("/reload/model_cost_map");
    assert_eq!((reply.status, &reply.json()["status"]), (200, &"success".into()));
}
