//! The source over real sockets: what a bad network, a bad server or a captive portal does to a fetch.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod border;

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use border::{Answer, Border, answer, nobody};
use engine::net::NetworkEnv;
use engine::settings::Network;
use engine::source::{FetchLimits, FetchProgress, Fetched, Fetcher, Source};
use engine::{Clock, Error, ErrorCode};
use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

const MAP: &[u8] = br#"{"gpt-4o":{"litellm_provider":"openai","input_cost_per_token":2.5e-06}}"#;

fn limits() -> FetchLimits {
    FetchLimits {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(5),
        total: Duration::from_secs(10),
        first_retry: Duration::from_millis(1),
        retries: 2,
        retry_after: Duration::from_millis(50),
        body: 64 << 10,
    }
}

async fn fetch_with(limits: FetchLimits, url: &str, known: Option<&str>) -> Result<Fetched, Error> {
    let fetcher = Fetcher::with(limits, &NetworkEnv::Direct, Clock::system()).unwrap();
    fetcher.fetch(&url.parse().unwrap(), known, &CancellationToken::new()).await
}

async fn fetch(url: &str) -> Result<Fetched, Error> {
    fetch_with(limits(), url, None).await
}

struct Map {
    bytes: Vec<u8>,
    validator: Option<String>,
}

fn map(fetched: Result<Fetched, Error>) -> Map {
    match fetched.unwrap() {
        Fetched::Map { bytes, validator, .. } => Map { bytes, validator },
        Fetched::NotModified => panic!("not modified"),
    }
}

#[tokio::test]
async fn an_unchanged_map_is_not_sent_twice() {
    let border = Border::start(|_, request| match request.header("if-none-match") {
        Some("W/\"one\"") => Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
        _ => answer("200 OK", "etag: W/\"one\"\r\n", MAP),
    })
    .await;
    let first = map(fetch(&border.url).await);
    assert_eq!(first.bytes, MAP);
    let known = first.validator.unwrap();
    assert_eq!(fetch_with(limits(), &border.url, Some(&known)).await, Ok(Fetched::NotModified));
    // The tag of one address says nothing about another.
    let other = format!("{}/other", border.url);
    assert_eq!(map(fetch_with(limits(), &other, Some(&known)).await).bytes, MAP);
    let agent = border.requests()[0].header("user-agent").unwrap().to_owned();
    assert!(agent.starts_with("litellm-autosync/"), "{agent}");
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_no_map() {
    let border = Border::start(|_, _| Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec())).await;
    assert_eq!(fetch(&border.url).await.unwrap_err().code, ErrorCode::SourceStatus);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_answers_arrive_as_they_were() {
    let border = Border::start(|_, request| match request.line.as_str() {
        "GET /gzip" => answer("200 OK", "content-encoding: gzip\r\n", gzip(MAP)),
        // `printf hello | brotli`
        _ => answer("200 OK", "content-encoding: br\r\n", b"\x0b\x02\x80hello\x03"),
    })
    .await;
    assert_eq!(map(fetch(&format!("{}/gzip", border.url)).await).bytes, MAP);
    assert_eq!(map(fetch(&format!("{}/br", border.url)).await).bytes, b"hello");
    let accepted = border.requests()[0].header("accept-encoding").unwrap().to_owned();
    assert!(accepted.contains("gzip") && accepted.contains("br"), "{accepted}");
}

#[rstest]
#[case::announced("content-length: 99999999999\r\n", b"")]
#[case::unannounced("", b"")]
#[case::chunked("transfer-encoding: chunked\r\n", b"FFFFFFF\r\n                                        ")]
#[tokio::test]
async fn too_much_is_refused_before_it_fills_the_memory(#[case] headers: &str, #[case] body: &[u8]) {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&vec![b' '; 70 << 10]);
    let border = Border::start(move |_, _| Answer::Bytes(bytes.clone())).await;
    assert_eq!(fetch(&border.url).await.unwrap_err().code, ErrorCode::SourceTooLarge);
    assert_eq!(border.requests().len(), 1, "another try would bring the same");
}

#[tokio::test]
async fn a_compressed_bomb_is_counted_as_it_unfolds() {
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 64 << 10);
    let border = Border::start(move |_, _| answer("200 OK", "content-encoding: gzip\r\n", &bomb)).await;
    assert_eq!(fetch(&border.url).await.unwrap_err().code, ErrorCode::SourceTooLarge);
}

#[rstest]
#[case("404 Not Found", "typos")]
#[case("403 Forbidden", "login")]
#[case("204 No Content", "cost map")]
#[tokio::test]
async fn a_status_that_stays_is_told_at_once(#[case] status: &'static str, #[case] advice: &str) {
    let border = Border::start(move |_, _| answer(status, "", "")).await;
    let error = fetch(&border.url).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceStatus);
    assert!(error.message.contains(&status[..3]) && error.message.contains(advice), "{}", error.message);
    assert_eq!(border.requests().len(), 1);
}

#[rstest]
#[case("500 Internal Server Error", "")]
#[case("503 Service Unavailable", "retry-after: 0\r\n")]
#[case("429 Too Many Requests", "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n")]
// An hour is not waited for: the limit cuts it to 50 ms, or the test would run out of its 10 s.
#[case("429 Too Many Requests", "retry-after: 3600\r\n")]
#[tokio::test]
async fn a_passing_trouble_is_tried_again(#[case] status: &'static str, #[case] headers: &'static str) {
    let border = Border::start(move |number, _| match number {
        0 | 1 => answer(status, headers, ""),
        _ => answer("200 OK", "", MAP),
    })
    .await;
    assert_eq!(map(fetch(&border.url).await).bytes, MAP);
    assert_eq!(border.requests().len(), 3);
}

#[tokio::test]
async fn retries_end_with_the_last_reason_and_are_reported() {
    let border = Border::start(|_, _| answer("500 Internal Server Error", "", "")).await;
    let waits = Mutex::new(Vec::new());
    let fetcher = Fetcher::with(limits(), &NetworkEnv::Direct, Clock::system()).unwrap();
    let progress = |step| {
        if let FetchProgress::Waiting { error, .. } = step {
            waits.lock().unwrap().push(error.code);
        }
    };
    let error = fetcher
        .fetch_telling(&border.url.parse().unwrap(), None, &CancellationToken::new(), &progress)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceStatus);
    assert_eq!(*waits.lock().unwrap(), [ErrorCode::SourceStatus; 2]);
    assert_eq!(border.requests().len(), 3);
}

#[rstest]
#[case::shorter_than_announced(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"gpt".to_vec())]
#[case::chunks_without_end(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"gpt\r\n".to_vec())]
#[case::half_a_gzip([b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".as_slice(), &gzip(MAP)[..30]].concat())]
#[case::no_http(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())]
#[case::nothing(Vec::new())]
#[tokio::test]
async fn a_cut_answer_is_never_taken_for_a_map(#[case] bytes: Vec<u8>) {
    let border = Border::start(move |_, _| Answer::Bytes(bytes.clone())).await;
    let error = fetch(&border.url).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable, "{error:?}");
    assert!(error.message.contains("last map stays in use"), "{}", error.message);
    assert_eq!(border.requests().len(), 3, "a cut line may be better the next time");
}

#[tokio::test]
async fn redirects_are_followed_to_the_map() {
    let border = Border::start(|_, request| match request.line.as_str() {
        "GET /map" => answer("200 OK", "", MAP),
        "GET /b" => answer("307 Temporary Redirect", "location: map\r\n", ""),
        _ => answer("301 Moved Permanently", "location: /b\r\n", "moved"),
    })
    .await;
    assert_eq!(map(fetch(&format!("{}/a", border.url)).await).bytes, MAP);
}

#[rstest]
#[case("location: ftp://example.com/map.json\r\n", "ftp", 1)]
#[case("location: file:///etc/passwd\r\n", "file", 1)]
#[case("location: javascript:alert(1)\r\n", "javascript", 1)]
#[case("location: http://[bad\r\n", "isn't a valid URL", 1)]
#[case("", "without saying where", 1)]
#[case("location: /again\r\n", "more than 5 times", 6)]
#[tokio::test]
async fn a_redirect_to_nowhere_is_not_followed(
    #[case] location: &'static str,
    #[case] reason: &str,
    #[case] requests: usize,
) {
    let border = Border::start(move |_, _| answer("302 Found", location, "")).await;
    let error = fetch(&border.url).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceRedirect);
    assert!(error.message.contains(reason), "{}", error.message);
    assert_eq!(border.requests().len(), requests);
}

#[tokio::test]
async fn a_login_page_arrives_as_what_it_is() {
    let page = "<html><title>Hotel Wi-Fi</title></html>";
    let border = Border::start(move |_, _| answer("200 OK", "content-type: text/html\r\n", page)).await;
    let fetched = map(fetch(&border.url).await);
    assert_eq!(fetched.bytes, page.as_bytes());
}

#[tokio::test]
async fn a_slow_drip_ends_at_the_whole_time_limit() {
    let border = Border::start(|_, _| Answer::Drip {
        head: b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n".to_vec(),
        every: Duration::from_millis(5),
    })
    .await;
    let started = Instant::now();
    let limits = FetchLimits { total: Duration::from_millis(300), ..limits() };
    let error = fetch_with(limits, &border.url, None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("0.3 s"), "{}", error.message);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let border = Border::start(|_, _| Answer::Silence).await;
    let limits = FetchLimits { stall: Duration::from_millis(50), ..limits() };
    let error = fetch_with(limits, &border.url, None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("did not answer in time"), "{}", error.message);
    assert_eq!(border.requests().len(), 3);
}

#[tokio::test]
async fn nobody_there_is_said_plainly() {
    let error = fetch(&nobody().await).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("could not connect to 127.0.0.1"), "{}", error.message);
    let error = fetch("http://no-such-host.invalid/map.json").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("does not resolve"), "{}", error.message);
}

#[tokio::test]
async fn the_query_of_an_address_is_not_told() {
    let border = Border::start(|_, _| Answer::Bytes(Vec::new())).await;
    let error = fetch(&format!("{}/map?sig=SECRET", border.url)).await.unwrap_err();
    let whole = serde_json::to_string(&error).unwrap();
    assert!(!whole.contains("SECRET"), "{whole}");
}

#[tokio::test]
async fn a_fetch_can_be_cancelled_while_it_waits() {
    let border = Border::start(|_, _| Answer::Silence).await;
    let (cancel, asked) = (CancellationToken::new(), border.asked.clone());
    let source: Source = border.url.parse().unwrap();
    let fetcher = Fetcher::with(limits(), &NetworkEnv::Direct, Clock::system()).unwrap();
    let stop = async {
        asked.notified().await;
        cancel.cancel();
    };
    let (fetched, ()) = tokio::join!(fetcher.fetch(&source, None, &cancel), stop);
    assert_eq!(fetched.unwrap_err().code, ErrorCode::Cancelled);
}

async fn fetch_through(proxy: &str, no_proxy: &str, url: &str) -> Result<Fetched, Error> {
    let proxy = Some(proxy.parse().unwrap());
    let env = NetworkEnv::Fixed { http: proxy, https: None, no_proxy: Some(no_proxy.to_owned()) };
    let fetcher = Fetcher::with(limits(), &env, Clock::system()).unwrap();
    fetcher.fetch(&url.parse().unwrap(), None, &CancellationToken::new()).await
}

#[tokio::test]
async fn a_public_source_goes_through_the_outgoing_proxy() {
    let proxy = Border::start(|_, _| answer("200 OK", "", MAP)).await;
    let url = "http://maps.invalid/map.json";
    assert_eq!(map(fetch_through(&proxy.url, "", url).await).bytes, MAP);
    assert_eq!(proxy.requests()[0].line, "GET http://maps.invalid/map.json");
    let bypassed = fetch_through(&proxy.url, "other.example, .invalid", url).await;
    assert_eq!(bypassed.unwrap_err().code, ErrorCode::SourceUnreachable);
    assert_eq!(proxy.requests().len(), 1, "NO_PROXY was ignored");
}

#[tokio::test]
async fn the_settings_name_the_outgoing_proxy() {
    let proxy = Border::start(|_, _| answer("200 OK", "", MAP)).await;
    let through = Network { proxy: proxy.url.parse().unwrap(), ca_file: None };
    let fetch = async |network: &Network, url: &str| {
        let fetcher = Fetcher::for_network(network).unwrap();
        fetcher.fetch(&url.parse().unwrap(), None, &CancellationToken::new()).await
    };
    assert_eq!(map(fetch(&through, "http://maps.invalid/map.json").await).bytes, MAP);
    assert_eq!(proxy.requests()[0].line, "GET http://maps.invalid/map.json");
    let here = Border::start(|_, _| answer("200 OK", "", MAP)).await;
    assert_eq!(map(fetch(&through, &here.url).await).bytes, MAP);
    assert_eq!((proxy.requests().len(), here.requests().len()), (1, 1), "this computer is asked directly");
}

#[tokio::test]
async fn a_source_on_this_computer_never_does() {
    let border = Border::start(|_, _| answer("200 OK", "", MAP)).await;
    let nobody = nobody().await;
    assert_eq!(map(fetch_through(&nobody, "", &border.url).await).bytes, MAP);
    let by_name = border.url.replace("127.0.0.1", "localhost");
    assert_eq!(map(fetch_through(&nobody, "", &by_name).await).bytes, MAP);
}

/// A TLS server with a certificate that nobody vouches for, as a company's inspecting proxy has.
fn self_signed() -> String {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let certificate = include_bytes!("tls/self-signed.der").to_vec().into();
    let key = rustls::pki_types::PrivateKeyDer::try_from(include_bytes!("tls/self-signed.key.der").to_vec()).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = std::sync::Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/map.json", listener.local_addr().unwrap());
    // Ends with the one connection that it serves: the client hangs up on the certificate.
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        while connection.complete_io(&mut stream).is_ok_and(|(read, written)| read + written > 0) {}
    });
    url
}

#[tokio::test]
async fn an_untrusted_certificate_is_named_and_not_tried_again() {
    let started = Instant::now();
    let limits = FetchLimits { first_retry: Duration::from_secs(30), ..limits() };
    let error = fetch_with(limits, &self_signed(), None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("certificate"), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(9), "it waited to try again");
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_no_certificate_trouble() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/map.json", listener.local_addr().unwrap());
    let plain = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    };
    let error = tokio::select! {
        fetched = fetch(&url) => fetched.unwrap_err(),
        () = plain => unreachable!(),
    };
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(!error.message.contains("certificate"), "{error:?}");
}
