//! What a proxy is, and what its key is good for.

use engine::proxy::{Database, KeyState, Version};
use rstest::rstest;

use crate::replay::{MASTER, Recorded, Replay, by_hand, user_key};

/// What a probe with the master key reads.
pub(crate) const PROBE: [&str; 4] = ["model-hub-info", "readiness", "status-before", "source"];

#[rstest]
#[case("1.75.5.post2", false, false)]
#[case("1.80.17", false, false)]
#[case("1.90.7", true, false)]
#[case("1.102.4", true, true)]
#[case("1.109.1", true, true)]
#[case("1.110.2", true, true)]
#[tokio::test]
async fn a_probe_finds_out_everything_once(
    #[case] version: &str,
    #[case] knows_source: bool,
    #[case] knows_revisions: bool,
) {
    let proxy = Replay::of(version, &PROBE).await;
    let facts = proxy.client(MASTER).probe().await.unwrap();
    assert_eq!(facts.version, Some(Version::new(version)));
    assert_eq!((facts.key, facts.database, facts.may_sync), (KeyState::Valid, Database::Yes, true));
    assert_eq!(facts.capabilities.knows_source, knows_source);
    assert_eq!(facts.capabilities.knows_revisions, knows_revisions);
    assert_eq!(facts.source.is_some(), knows_source);
    assert_eq!(facts.capabilities.reload_may_lie, facts.version.as_ref().unwrap() < &Version::new("1.97"));
    let stored = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<engine::proxy::ProxyFacts>(&stored).unwrap(), facts);

    let asked = proxy.asked();
    assert_eq!(asked[0], ("GET /public/model_hub/info".to_owned(), false), "the key before the name");
    assert!(asked.iter().all(|(line, _)| line.starts_with("GET ")), "a probe changes nothing: {asked:?}");
    assert_eq!(asked.iter().filter(|(line, _)| line.ends_with("/info")).count(), 1, "asked once: {asked:?}");
}

#[rstest]
#[case("1.80.17-nodb")]
#[case("1.102.4-nodb")]
#[tokio::test]
async fn a_proxy_without_a_database_is_known_before_it_is_asked_to_reload(#[case] version: &str) {
    let proxy = Replay::of(version, &PROBE).await;
    let facts = proxy.client(MASTER).probe().await.unwrap();
    assert_eq!((facts.key, facts.database, facts.may_sync), (KeyState::Valid, Database::No, false));
}

#[tokio::test]
async fn a_database_that_is_down_is_not_the_same_as_none() {
    let down = by_hand(
        "GET /health/readiness",
        "",
        "503 Service Unavailable",
        r#"{"status":"unhealthy","db":"disconnected"}"#,
    );
    let proxy = Replay::start(vec![down]).await;
    assert_eq!(proxy.client("").database().await, Ok(Database::Unknown));
}

#[rstest]
#[case("1.75.5.post2")]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[case("1.109.1")]
#[case("1.110.2")]
#[tokio::test]
async fn a_key_is_known_for_what_it_is(#[case] version: &str) {
    let user = Recorded::read(version, "user-key-GET-v1-models");
    let user_key = user_key(version);
    let mut recorded: Vec<_> =
        ["model-hub-info", "readiness", "user-key-GET-schedule-model_cost_map_re", "models-wrong"]
            .iter()
            .map(|case| Recorded::read(version, case))
            .collect();
    let refused = Recorded::read(version, "reload-wrong-sk");
    recorded.push(by_hand("GET /schedule/model_cost_map_reload/status", "sk-wrong", &refused.status, &refused.body));
    let keyless = Recorded::read(version, "reload-nokey");
    recorded.push(by_hand("GET /schedule/model_cost_map_reload/status", "", &keyless.status, &keyless.body));
    recorded.push(user);
    let proxy = Replay::start(recorded).await;
    for (key, expected) in [(&*user_key, KeyState::NotAdmin), ("sk-wrong", KeyState::Invalid), ("", KeyState::Missing)]
    {
        let facts = proxy.client(key).probe().await.unwrap();
        assert_eq!((facts.key, facts.may_sync), (expected, false), "{key}");
    }
}

#[rstest]
#[case("1.80.17-nodb")]
#[case("1.102.4-nodb")]
#[tokio::test]
async fn without_a_database_a_wrong_or_missing_key_is_told_in_other_ways(#[case] version: &str) {
    let status = "GET /schedule/model_cost_map_reload/status";
    let (wrong, keyless) = (Recorded::read(version, "reload-wrong-sk"), Recorded::read(version, "reload-nokey"));
    let proxy = Replay::start(vec![
        Recorded::read(version, "model-hub-info"),
        Recorded::read(version, "readiness"),
        by_hand(status, "sk-wrong", &wrong.status, &wrong.body),
        by_hand(status, "", &keyless.status, &keyless.body),
    ])
    .await;
    for (key, expected) in [("sk-wrong", KeyState::Invalid), ("", KeyState::Missing)] {
        let facts = proxy.client(key).probe().await.unwrap();
        assert_eq!((facts.key, facts.database), (expected, Database::No), "{key}");
    }
}
