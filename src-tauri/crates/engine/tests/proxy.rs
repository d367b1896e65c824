//! The proxy client against what six versions of the real LiteLLM answered, and against what is no LiteLLM at all.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;
mod replay;

use std::time::Duration;

use border::{Answer, Border, answer, nobody};
use engine::ErrorCode;
use engine::proxy::{Database, KeyState, ProxyLimits, Version};
use replay::{MASTER, Recorded, Replay, by_hand, client, client_with, reply};
use rstest::rstest;

/// What a probe with the master key reads.
const PROBE: [&str; 4] = ["model-hub-info", "readiness", "status-before", "source"];

#[rstest]
#[case("1.75.5.post2", false, false)]
#[case("1.80.17", false, false)]
#[case("1.90.7", true, false)]
#[case("1.102.4", true, true)]
#[case("1.109.1", true, true)]
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

fn user_key(version: &str) -> String {
    let path = format!("{}/tests/transcripts/{version}/user-key-GET-v1-models.http", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap().to_owned()
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

#[rstest]
#[case("1.75.5.post2", 4553, false)]
#[case("1.80.17", 4553, false)]
#[case("1.90.7", 4553, false)]
#[case("1.102.4", 4552, true)]
#[case("1.109.1", 4552, true)]
#[tokio::test]
async fn a_reload_answers_with_its_count_and_from_1_102_with_the_revision(
    #[case] version: &str,
    #[case] models: u64,
    #[case] has_revision: bool,
) {
    let proxy = Replay::of(version, &["model-hub-info", "reload-ok"]).await;
    let answer = proxy.client(MASTER).reload().await.unwrap();
    assert_eq!(answer.models_count, Some(models));
    let expected = has_revision.then(|| "d68eb3ce77503b757f30e611eea758937f2ac2ed".parse().unwrap());
    assert_eq!(answer.source_revision, expected);
    assert_eq!(answer.timestamp.unwrap().format("%Y-%m-%d").to_string(), "2026-11-22");
}

#[rstest]
#[case("1.102.4", "reload-invalid", ErrorCode::ProxyFailed, "kept the one it had")]
#[case("1.102.4", "reload-empty", ErrorCode::ProxyFailed, "kept the one it had")]
#[case("1.109.1", "reload-invalid", ErrorCode::ProxyFailed, "kept the one it had")]
#[case("1.90.7", "reload-entry_str", ErrorCode::ProxyFailed, "could not digest")]
#[case("1.102.4", "reload-entry_str", ErrorCode::ProxyFailed, "could not digest")]
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
#[tokio::test]
async fn the_live_map_is_read_without_the_key(#[case] version: &str) {
    let proxy = Replay::of(version, &["public-map-nokey"]).await;
    let bytes = proxy.client(MASTER).live_map().await.unwrap();
    assert!(bytes.starts_with(b"{\"sample_spec\""));
    assert_eq!(proxy.asked(), [("GET /public/litellm_model_cost_map".to_owned(), false)]);
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

#[rstest]
#[case("1.75.5.post2")]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[case("1.109.1")]
#[tokio::test]
async fn the_proxys_own_schedule_is_set_confirmed_and_ended(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "readiness", "schedule-6", "status-now"]).await;
    let status = proxy.client(MASTER).schedule_set(6).await.unwrap();
    assert_eq!((status.scheduled, status.interval_hours), (true, Some(6)));
    let (last, next) = (status.last_run.unwrap(), status.next_run.unwrap());
    assert_eq!((next - last).num_hours(), 6);
    assert_eq!(last.format("%Y-%m-%d").to_string(), "2026-11-22", "a naive time is UTC");

    let proxy = Replay::of(version, &["model-hub-info", "readiness", "delete", "status-deleted"]).await;
    assert!(!proxy.client(MASTER).schedule_clear().await.unwrap().scheduled);
}

#[tokio::test]
async fn a_schedule_that_the_proxy_did_not_take_is_not_believed() {
    let proxy = Replay::of("1.102.4", &["model-hub-info", "schedule-hours_8760", "status-now"]).await;
    assert_eq!(proxy.client(MASTER).schedule_set(8760).await.unwrap_err().code, ErrorCode::Unproven);
}

#[rstest]
#[case(0)]
#[case(8761)]
#[tokio::test]
async fn hours_that_break_the_proxy_are_not_sent(#[case] hours: u32) {
    let proxy = Replay::start(Vec::new()).await;
    let error = proxy.client(MASTER).schedule_set(hours).await.unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (ErrorCode::Usage, Some("every")));
    assert_eq!(proxy.asked(), []);
}

/// Trap 3.
#[tokio::test]
async fn an_old_proxy_forgets_its_schedule_at_a_reload() {
    let cases = ["model-hub-info", "readiness", "reload-with-schedule", "status-after-manual"];
    for (version, keeps) in [("1.75.5.post2", false), ("1.80.17", false), ("1.90.7", true), ("1.102.4", true)] {
        let proxy = Replay::of(version, &cases).await;
        let client = proxy.client(MASTER);
        client.reload().await.unwrap();
        assert_eq!(client.schedule_status().await.unwrap().scheduled, keeps, "{version}");
        let capabilities = engine::proxy::Capabilities::of(client.identify().await.unwrap());
        assert_eq!(capabilities.reload_erases_schedule, !keeps, "{version}");
    }
}

/// Trap 4: overdue, and nothing will come.
#[tokio::test]
async fn an_overdue_schedule_shows_no_next_run() {
    let proxy = Replay::of("1.90.7", &["model-hub-info", "status-aged"]).await;
    let status = proxy.client(MASTER).schedule_status().await.unwrap();
    assert_eq!((status.scheduled, status.next_run), (true, None));
    assert!(status.last_run.is_some());
}

#[rstest]
#[case("1.80.17-nodb")]
#[case("1.102.4-nodb")]
#[tokio::test]
async fn not_scheduled_without_a_database_is_not_known(#[case] version: &str) {
    let cases = ["model-hub-info", "readiness", "status-before", "schedule-6", "delete"];
    let proxy = Replay::of(version, &cases[..]).await;
    let client = proxy.client(MASTER);
    let error = client.schedule_status().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NoDatabase);
    assert!(error.message.contains("says nothing"), "{}", error.message);
    assert_eq!(client.schedule_set(6).await.unwrap_err().code, ErrorCode::NoDatabase);
    assert_eq!(client.schedule_clear().await.unwrap_err().code, ErrorCode::NoDatabase);
}

#[tokio::test]
async fn an_absurd_schedule_of_somebody_else_is_survived() {
    let proxy = Replay::of("1.90.7", &["model-hub-info", "status-huge"]).await;
    let status = proxy.client(MASTER).schedule_status().await.unwrap();
    assert_eq!((status.scheduled, status.interval_hours), (true, None));
    let proxy = Replay::of("1.102.4", &["model-hub-info", "readiness", "status-huge", "source"]).await;
    let client = proxy.client(MASTER);
    assert!(client.schedule_status().await.unwrap_err().message.contains("schedule clear"));
    assert_eq!(client.probe().await.unwrap().key, KeyState::Valid);
}

#[rstest]
#[case("1.75.5.post2")]
#[case("1.80.17")]
#[case("1.90.7")]
#[case("1.102.4")]
#[tokio::test]
async fn callable_models_are_counted(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "m-v1-models"]).await;
    let client = proxy.client(MASTER);
    assert_eq!(client.models().await.unwrap(), ["gpt-4o", "claude", "my-custom", "gpt-4o-mini-override"]);
    assert_eq!(client.callable_models().await, Ok(4));
}

/// Recorded after a reload: on 1.90.7 the configured models are gone from the live map, and their prices still known here.
#[rstest]
#[case("1.90.7", None)]
#[case("1.102.4", Some("openai/my-finetune"))]
#[tokio::test]
async fn what_the_operator_configured_is_told_from_what_the_map_has(#[case] version: &str, #[case] key: Option<&str>) {
    let proxy = Replay::of(version, &["model-hub-info", "m-v1-model-info"]).await;
    let deployments = proxy.client(MASTER).deployments().await.unwrap();
    let [plain, _, custom, overridden] = &deployments[..] else { panic!("{deployments:?}") };
    assert_eq!((plain.name.as_str(), plain.configured.len()), ("gpt-4o", 0), "{plain:?}");
    assert_eq!((plain.model.as_deref(), plain.key.as_deref()), (Some("openai/gpt-4o"), Some("gpt-4o")));
    assert_eq!(custom.key.as_deref(), key);
    assert_eq!(custom.configured["input_cost_per_token"].to_string(), "0.000009");
    assert_eq!(custom.configured["max_input_tokens"].to_string(), "1234");
    let prices: Vec<_> = overridden.configured.iter().map(|(field, price)| format!("{field}={price}")).collect();
    assert_eq!(prices, ["input_cost_per_token=0.5", "output_cost_per_token=0.75"]);
    assert!(overridden.id.as_ref().is_some_and(|id| id.len() == 64));
}

#[rstest]
#[case("1.90.7")]
#[case("1.102.4")]
#[tokio::test]
async fn the_proxy_prices_a_pretended_call(#[case] version: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "spend-calculate", "spend-calculate-unknown"]).await;
    let client = proxy.client(MASTER);
    assert_eq!(client.spend_calculate("gpt-4o", 1000, 1000).await.unwrap().to_string(), "0.0125");
    let sent = proxy.border.requests().pop().unwrap().body;
    assert!(sent.contains(r#""prompt_tokens":1000"#) && sent.contains(r#""model":"gpt-4o""#), "{sent}");
    assert_eq!(client.spend_calculate("nosuch", 1, 1).await.unwrap_err().code, ErrorCode::NotFound);
}

/// Trap 10.
#[tokio::test]
async fn replicas_that_disagree_are_noticed() {
    let hub = Recorded::read("1.102.4", "model-hub-info");
    let (old, new) = (Recorded::read("1.102.4", "source"), Recorded::read("1.102.4", "source-after"));
    let again = Recorded::read("1.102.4", "source");
    let proxy = Replay::start(vec![hub, old, new, again]).await;
    let client = proxy.client(MASTER);
    let answers = client.source_info_sampled(4).await.unwrap();
    assert_eq!(answers.iter().map(|info| info.model_count).collect::<Vec<_>>(), [3921, 4557]);
    assert_eq!(client.source_info_sampled(3).await.unwrap().len(), 1, "now they agree");
    let closed = proxy.border.requests().len();
    assert_eq!(closed, 8, "each question had a connection of its own");
}

#[tokio::test]
async fn an_old_proxy_knows_no_source() {
    let proxy = Replay::of("1.80.17", &["model-hub-info", "source"]).await;
    assert_eq!(proxy.client(MASTER).source_info_sampled(3).await, Ok(Vec::new()));
    assert_eq!(proxy.asked().len(), 2, "asked once is enough");
}

#[rstest]
#[case::web_page("200 OK", "", "<html>Grafana</html>", ErrorCode::NotLitellm, "does not answer as LiteLLM")]
#[case::other_json("200 OK", "", "{\"version\":\"9\"}", ErrorCode::NotLitellm, "does not answer as LiteLLM")]
#[case::not_found("404 Not Found", "", "", ErrorCode::NotLitellm, "HTTP 404")]
#[case::login("401 Unauthorized", "", "", ErrorCode::NotLitellm, "login of its own")]
#[case::moved(
    "301 Moved",
    "location: https://example.com/x?token=SECRET\r\n",
    "",
    ErrorCode::NotLitellm,
    "https://example.com/x."
)]
#[case::starting("503 Service Unavailable", "", "no healthy upstream", ErrorCode::ProxyUnreachable, "in front of")]
#[tokio::test]
async fn a_key_is_never_shown_to_what_is_not_litellm(
    #[case] status: &'static str,
    #[case] headers: &'static str,
    #[case] body: &'static str,
    #[case] code: ErrorCode,
    #[case] says: &str,
) {
    let border = Border::start(move |_, _| answer(status, headers, body)).await;
    let client = client(&border.url, MASTER);
    for error in [client.probe().await.unwrap_err(), client.reload().await.unwrap_err()] {
        assert_eq!(error.code, code, "{error:?}");
        assert!(error.message.contains(says) && !error.message.contains("SECRET"), "{}", error.message);
    }
    assert!(border.requests().iter().all(|request| !request.head.contains(MASTER)));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let elsewhere = Border::start(|_, _| answer("200 OK", "", "{}")).await;
    let hub = Recorded::read("1.102.4", "model-hub-info").body;
    let location = format!("location: {}/model\r\n", elsewhere.url);
    let border = Border::start(move |_, request| match request.line.as_str() {
        "GET /public/model_hub/info" => reply("200 OK", &hub),
        _ => answer("307 Temporary Redirect", &location, ""),
    })
    .await;
    let error = client(&border.url, MASTER).reload().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyFailed);
    assert!(error.message.contains("redirects to"), "{}", error.message);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn nobody_there_is_told() {
    let error = client(&nobody().await, MASTER).probe().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyUnreachable);
    assert!(error.message.contains("nothing listens there"), "{}", error.message);
}

#[tokio::test]
async fn a_reload_without_an_answer_in_time_says_that_it_may_have_happened() {
    let hub = Recorded::read("1.102.4", "model-hub-info").body;
    let border = Border::start(move |_, request| match request.line.as_str() {
        "GET /public/model_hub/info" => reply("200 OK", &hub),
        _ => Answer::Silence,
    })
    .await;
    let limits = ProxyLimits { long: Duration::from_millis(100), ..ProxyLimits::default() };
    let error = client_with(&border.url, MASTER, limits).reload().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyUnreachable);
    assert!(error.message.contains("may still have done"), "{}", error.message);
    assert_eq!(border.requests().len(), 2, "a POST is not repeated");
}

#[tokio::test]
async fn a_read_survives_one_broken_connection_and_a_reload_is_not_repeated() {
    let hub = Recorded::read("1.102.4", "model-hub-info").body;
    let border = Border::start(move |number, request| match (number, request.line.as_str()) {
        (0, _) => Answer::Bytes(Vec::new()),
        (_, "GET /public/model_hub/info") => reply("200 OK", &hub),
        _ => Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{".to_vec()),
    })
    .await;
    let error = client(&border.url, MASTER).reload().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyUnreachable);
    assert!(error.message.contains("broke off"), "{}", error.message);
    assert_eq!(border.requests().len(), 3);
}

#[tokio::test]
async fn a_huge_answer_is_not_read() {
    let border = Border::start(|_, _| answer("200 OK", "", vec![b' '; 200])).await;
    let limits = ProxyLimits { body: 100, ..ProxyLimits::default() };
    let error = client_with(&border.url, MASTER, limits).live_map().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyFailed);
}

#[tokio::test]
async fn an_address_with_a_path_keeps_it() {
    let hub = Recorded::read("1.102.4", "model-hub-info").body;
    let border = Border::start(move |_, _| reply("200 OK", &hub)).await;
    for base in ["/litellm", "/litellm/"] {
        client(&format!("{}{base}", border.url), "").identify().await.unwrap();
    }
    assert!(border.requests().iter().all(|request| request.line == "GET /litellm/public/model_hub/info"));
}

#[tokio::test]
async fn an_address_that_cannot_be_a_proxy_is_refused() {
    use engine::proxy::ProxyClient;
    for (url, code) in [
        ("ftp://example.com", ErrorCode::InvalidSetting),
        ("http://me:secret@example.com", ErrorCode::UrlHasCredentials),
    ] {
        let error = ProxyClient::new(&url.parse().unwrap(), None).unwrap_err();
        assert_eq!(error.code, code);
        assert!(!error.message.contains("secret"));
    }
    let error = ProxyClient::new(&"http://127.0.0.1".parse().unwrap(), Some("a\nb".to_owned().into())).unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorised);
}
