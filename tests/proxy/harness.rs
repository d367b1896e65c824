//! The ground that the other tests stand on behaves as they assume.

use system_tests::{Answer, Client, Stage, maps};

use crate::{MAIN, MIDDLE, OLDER};

#[test]
fn the_real_proxies_take_a_newer_map_and_send_no_key_upstream() {
    for version in [OLDER, MIDDLE, MAIN] {
        let stage = Stage::shared(version);
        stage.upstream.serve(&stage.new);
        let reply = stage.proxy.post("/reload/model_cost_map");
        assert_eq!(reply.status, 200, "{}", stage.proxy.log());
        let hits = stage.upstream.hits_of(Client::Proxy);
        assert_eq!(hits.len(), 1, "{:?}", stage.upstream.hits());
        assert_eq!(hits[0].header("authorization"), None);
        let known = (version != OLDER).then(|| maps::revision(&stage.new));
        assert_eq!(reply.json()["source_revision"].as_str(), known.as_deref());
    }
}

#[test]
fn the_older_proxy_says_yes_to_a_failed_fetch() {
    let stage = Stage::shared(OLDER);
    stage.upstream.answer(Answer::Status(500));
    let reply = stage.proxy.post("/reload/model_cost_map");
    assert_eq!((reply.status, &reply.json()["status"]), (200, &"success".into()));
}

#[test]
fn the_main_proxy_keeps_its_map_when_the_fetch_fails() {
    let stage = Stage::shared(MAIN);
    let before = stage.proxy.live_map();
    stage.upstream.answer(Answer::Status(404));
    assert_eq!(stage.proxy.post("/reload/model_cost_map").status, 502);
    assert_eq!(stage.proxy.live_map(), before);
}
