//! Reloads: what they answer, and what of it may be believed.

use engine::ErrorCode;
use rstest::rstest;

use crate::probe::PROBE;
use crate::replay::{MASTER, Recorded, Replay, by_hand, user_key};

#[rstest]
#[case("1.75.5.post2", 4553, None, "2026-11-22")]
#[case("1.80.17", 4553, None, "2026-11-22")]
#[case("1.90.7", 4553, None, "2026-11-22")]
#[case("1.102.4", 4552, Some("d68eb3ce77503b757f30e611eea758937f2ac2ed"), "2026-11-22")]
#[case("1.109.1", 4552, Some("d68eb3ce77503b757f30e611eea758937f2ac2ed"), "2026-11-22")]
#[case("1.110.2", 4877, Some("2a711c276fa73d3338c3ae7da77644582b38d430"), "2026-11-27")]
#[tokio::test]
async fn a_reload_answers_with_its_count_and_from_1_102_with_the_revision(
    #[case] version: &str,
    #[case] models: u64,
    #[case] revision: Option<&str>,
    #[case] recorded_on: &str,
) {
    let proxy = Replay::of(version, &["model-hub-info", "reload-ok"]).await;
    let answer = proxy.client(MASTER).reload().await.unwrap();
    assert_eq!(answer.models_count, Some(models));
    assert_eq!(answer.source_revision.map(|revision| revision.to_string()).as_deref(), revision);
    assert_eq!(answer.timestamp.unwrap().format("%Y-%m-%d").to_string(), recorded_on);
}

#[rstest]
#[case("1.102.4", "reload-invalid", ErrorCode::ProxyFailed, "kept its current one")]
#[case("1.102.4", "reload-empty", ErrorCode::ProxyFailed, "kept its current one")]
#[case("1.109.1", "reload-invalid", ErrorCode::ProxyFailed, "kept its current one")]
#[case("1.110.2", "reload-invalid", ErrorCode::ProxyFailed, "kept its current one")]
#[case("1.90.7", "reload-entry_str", ErrorCode::ProxyFailed, "could not load it")]
#[case("1.102.4", "reload-entry_str", ErrorCode::ProxyFailed, "could not load it")]
#[case("1.110.2", "reload-entry_str", ErrorCode::ProxyFailed, "could not load it")]
#[case("1.80.17-nodb", "reload-ok", ErrorCode::NoDatabase, "DATABASE_URL")]
#[case("1.102.4-nodb", "reload-ok", ErrorCode::NoDatabase, "DATABASE_URL")]
#[tokio::test]
async fn a_failed_reload_says_why_and_what_helps(
    #[case] version: &str,
    #[case] case: &str,
    #[case] code: ErrorCode,
    #[case] says: &str,
) {
    let proxy = Replay::of(version, &["model-hub-info", case]).await;
    let error = proxy.client(MASTER).reload().await.unwrap_err();
    assert_eq!(error.code, code, "{error:?}");
    assert!(error.message.contains(says), "{}", error.message);
}

/// Trap 1: the client passes the lie on; only the read-back can tell.
#[rstest]
#[case("1.75.5.post2", "reload-empty", 0)]
#[case("1.80.17", "reload-empty", 0)]
#[case("1.90.7", "reload-invalid", 2838)]
#[tokio::test]
async fn an_old_proxy_says_success_after_a_failed_fetch(
    #[case] version: &str,
    #[case] case: &str,
    #[case] models: u64,
) {
    let proxy = Replay::of(version, &[&PROBE[..], &[case]].concat()).await;
    let client = proxy.client(MASTER);
    assert_eq!(client.reload().await.unwrap().models_count, Some(models));
    assert!(client.probe().await.unwrap().capabilities.reload_may_lie);
}

#[tokio::test]
async fn a_fall_back_to_the_packaged_copy_is_told_with_its_reason() {
    let proxy = Replay::of("1.90.7", &["model-hub-info", "source-after-invalid"]).await;
    let info = proxy.client(MASTER).source_info().await.unwrap().unwrap();
    assert_eq!((info.source.as_str(), info.model_count, info.is_env_forced), ("local", 2838, false));
    assert!(info.fallback_reason.unwrap().starts_with("Remote fetch failed"));
    assert_eq!(info.source_revision, None);
}

/// Trap 6: the revision is the new one, the map is not.
#[tokio::test]
async fn a_revision_is_shown_even_where_the_reload_failed() {
    let proxy = Replay::of("1.102.4", &["model-hub-info", "reload-entry_str", "source-after-entry_str"]).await;
    let client = proxy.client(MASTER);
    assert!(client.reload().await.is_err());
    assert!(client.source_info().await.unwrap().unwrap().source_revision.is_some());
}

#[tokio::test]
async fn a_proxy_forced_to_its_own_file_says_so() {
    let hub = Recorded::read("1.102.4", "model-hub-info");
    let proxy = Replay::start(vec![hub, Recorded::read("1.102.4-local", "source")]).await;
    let info = proxy.client(MASTER).source_info().await.unwrap().unwrap();
    assert_eq!((info.is_env_forced, info.url), (true, None));
}

#[rstest]
#[case("1.75.5.post2")]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[case("1.109.1")]
#[case("1.110.2")]
#[tokio::test]
async fn a_refused_key_is_named_nowhere(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "reload-wrong-plain", "reload-wrong-sk", "models-wrong"]).await;
    // Version 1.75.5 repeats the whole key in its answer.
    for (key, tail) in [("wrong", "wrong"), ("sk-wrong", "rong")] {
        let client = proxy.client(key);
        let error = client.reload().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthorised);
        let whole = serde_json::to_string(&error).unwrap();
        assert!(!whole.contains(tail) && !whole.contains("2ab06cf"), "{whole}");
        let printed = format!("{client:?}");
        assert!(!printed.contains(tail), "{printed}");
    }
}

#[tokio::test]
async fn an_ordinary_key_may_not_reload() {
    let version = "1.102.4";
    let proxy = Replay::of(version, &["model-hub-info", "user-key-POST-reload-model_cost_map"]).await;
    let error = proxy.client(&user_key(version)).reload().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorised);
    assert!(error.message.contains("proxy admin"), "{}", error.message);
}

#[rstest]
#[case("1.80.17-nodb")]
#[case("1.102.4-nodb")]
#[case("1.102.4")]
#[tokio::test]
async fn no_key_is_not_a_wrong_key(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "reload-nokey"]).await;
    assert_eq!(proxy.client("").reload().await.unwrap_err().code, ErrorCode::NoKey);
}

#[tokio::test]
async fn a_key_in_an_error_text_is_struck_out() {
    let hub = Recorded::read("1.102.4", "model-hub-info");
    let echo = format!(r#"{{"detail":"Failed: {MASTER} is odd"}}"#);
    let proxy = Replay::start(vec![hub, by_hand("POST /reload/model_cost_map", MASTER, "409 Conflict", &echo)]).await;
    let error = proxy.client(MASTER).reload().await.unwrap_err();
    assert_eq!(error.detail.as_deref(), Some("Failed: … is odd"));
}

#[rstest]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[case("1.109.1")]
#[case("1.110.2")]
#[tokio::test]
async fn the_live_map_is_read_without_the_key(#[case] version: &str) {
    let proxy = Replay::of(version, &["public-map-nokey"]).await;
    let bytes = proxy.client(MASTER).live_map().await.unwrap();
    assert!(bytes.starts_with(b"{\"sample_spec\""));
    assert_eq!(proxy.asked(), [("GET /public/litellm_model_cost_map".to_owned(), false)]);
}

/// Without what a proxy registers for its deployments; an alias row is its target there.
#[tokio::test]
async fn from_1_106_the_catalog_alone_is_read() {
    let proxy = Replay::of("1.110.2", &["public-map-catalog"]).await;
    let map = costmap::CostMap::parse(proxy.client(MASTER).catalog().await.unwrap()).unwrap();
    let [alias, target] = ["claude-opus-latest", "claude-opus-5-5"].map(|name| map.get(name).unwrap());
    assert_eq!(alias.raw(), target.raw());
    assert!(alias.field("alias_of").is_none());
    assert_eq!(proxy.asked(), [("GET /public/litellm_model_cost_map?catalog_only=true".to_owned(), false)]);
}

/// LiteLLM's answer in `litellm_enterprise/proxy/auth/route_checks.py` of 1.110.2; to record it takes a licence.
#[tokio::test]
async fn a_worker_without_admin_routes_is_told_for_that_and_not_for_a_wrong_key() {
    let body =
        r#"{"error":{"message":"Management routes are disabled for this instance.","type":"auth_error","code":"403"}}"#;
    let info = Recorded::read("1.110.2", "model-hub-info");
    let off = by_hand("POST /reload/model_cost_map", MASTER, "403 Forbidden", body);
    let proxy = Replay::start(vec![info, off]).await;
    let error = proxy.client(MASTER).reload().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::AdminRoutesOff);
    assert!(error.message.contains("DISABLE_ADMIN_ENDPOINTS"), "{}", error.message);
}

#[tokio::test]
async fn an_old_proxy_shows_its_live_map_for_the_key_at_another_address() {
    let version = "1.75.5.post2";
    let mut recorded: Vec<_> =
        ["model-hub-info", "public-map-nokey", "get-map"].iter().map(|case| Recorded::read(version, case)).collect();
    recorded.push(by_hand("GET /get/litellm_model_cost_map", MASTER, "200 OK", "{\"gpt-4o\":{}}"));
    let proxy = Replay::start(recorded).await;
    assert_eq!(proxy.client(MASTER).live_map().await.unwrap(), b"{\"gpt-4o\":{}}");
    assert_eq!(proxy.client("").live_map().await.unwrap_err().code, ErrorCode::NoKey);
}

/// Trap 8.
#[rstest]
#[case("1.90.7")]
#[case("1.102.4")]
#[case("1.109.1")]
#[case("1.110.2")]
#[tokio::test]
async fn a_price_that_is_no_number_passes_the_reload_and_breaks_the_live_map(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "reload-nan", "public-after-nan"]).await;
    let client = proxy.client(MASTER);
    assert!(client.reload().await.is_ok());
    assert_eq!(client.live_map().await.unwrap_err().code, ErrorCode::LiveMapBroken);
}

#[tokio::test]
async fn a_live_map_that_is_no_object_is_broken() {
    let page = by_hand("GET /public/litellm_model_cost_map", "", "200 OK", "<html>");
    let proxy = Replay::start(vec![page]).await;
    assert_eq!(proxy.client(MASTER).live_map().await.unwrap_err().code, ErrorCode::LiveMapBroken);
}
