//! What is no LiteLLM, and what a bad network does.

use std::time::Duration;

use engine::ErrorCode;
use engine::proxy::{ProxyClient, ProxyLimits};
use rstest::rstest;

use crate::border::{Answer, Border, answer, nobody};
use crate::replay::{MASTER, Recorded, client, client_with, reply};

#[rstest]
#[case::web_page("200 OK", "", "<html>Grafana</html>", ErrorCode::NotLitellm, "does not answer like LiteLLM")]
#[case::other_json("200 OK", "", "{\"version\":\"9\"}", ErrorCode::NotLitellm, "does not answer like LiteLLM")]
#[case::not_found("404 Not Found", "", "", ErrorCode::NotLitellm, "HTTP 404")]
#[case::login("401 Unauthorized", "", "", ErrorCode::NotLitellm, "asks for a login")]
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
    assert!(error.message.contains("nothing is listening there"), "{}", error.message);
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
    assert!(error.message.contains("may still have carried out"), "{}", error.message);
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
