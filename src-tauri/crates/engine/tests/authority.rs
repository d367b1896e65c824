//! Sources and proxies behind a company's own authority, on a real TLS server. If this fails, who works in such a company
//! cannot use the program, or is not told why.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use engine::ErrorCode;
use engine::proxy::ProxyClient;
use engine::settings::{KeyHeader, KeyPlace, Network, Proxy, ProxyUrl, Role};
use engine::source::{FetchLimits, Fetched, Fetcher, Source};
use rustls::pki_types::PrivateKeyDer;
use tokio_util::sync::CancellationToken;

const BODY: &str = "{\"a\": {\"mode\": \"chat\"}}";

/// Tells the child process what to fetch.
const URL: &str = "AUTOSYNC_TEST_URL";

fn authority() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/corp-ca.pem")
}

/// Answers every request with [`BODY`], under a certificate of the company's authority.
fn server() -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = include_bytes!("tls/corp-leaf.der").to_vec().into();
    let key = PrivateKeyDer::try_from(include_bytes!("tls/corp-leaf.key.der").to_vec()).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/map.json", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let mut request = [0; 4096];
            // Who does not trust the certificate hangs up here.
            if stream.read(&mut request).is_err() {
                continue;
            }
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{BODY}", BODY.len());
            stream.write_all(answer.as_bytes()).ok();
            stream.conn.send_close_notify();
            stream.flush().ok();
        }
    });
    url
}

async fn fetch(url: &str, ca_file: Option<PathBuf>) -> engine::Result<Fetched> {
    let network = Network { ca_file, ..Network::default() };
    let limits = FetchLimits { retries: 0, ..FetchLimits::default() };
    Fetcher::limited(limits, &network)?.fetch(&url.parse::<Source>().unwrap(), None, &CancellationToken::new()).await
}

fn is_whole(fetched: &Fetched) -> bool {
    matches!(fetched, Fetched::Map { bytes, .. } if bytes == BODY.as_bytes())
}

#[tokio::test]
async fn a_source_of_a_companys_authority_is_trusted_by_its_file_and_named_without_it() {
    let url = server();
    let error = fetch(&url, None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceUnreachable);
    assert!(error.message.contains("(issued by Corp Root CA (Example Corp))"), "{error:?}");
    assert!(error.message.contains("ca_file"), "{error:?}");
    assert!(error.detail.as_deref().unwrap().contains("issued by Corp Root CA"), "{error:?}");
    assert!(is_whole(&fetch(&url, Some(authority())).await.unwrap()));
    let missing = fetch(&url, Some("/nowhere/ca.pem".into())).await.unwrap_err();
    assert_eq!((missing.code, missing.field.as_deref()), (ErrorCode::InvalidSetting, Some("network.ca_file")));
}

#[tokio::test]
async fn a_proxy_of_a_companys_authority_is_trusted_by_its_own_file() {
    let url = server();
    let proxy = |ca_file| Proxy {
        name: "corp".parse().unwrap(),
        url: ProxyUrl::parse(&url, false).unwrap(),
        role: Role::Testing,
        key: KeyPlace::Keyring,
        key_header: KeyHeader::default(),
        allow_plain_http: false,
        ca_file,
        restart: Vec::new(),
        local_file: None,
        own_schedule: None,
        beta_headers: None,
    };
    let error = ProxyClient::of(&proxy(None), None).unwrap().identify().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ProxyUnreachable);
    assert!(error.message.contains("(issued by Corp Root CA (Example Corp))"), "{error:?}");
    // It is trusted, and is no LiteLLM.
    let trusted = ProxyClient::of(&proxy(Some(authority())), None).unwrap().identify().await.unwrap_err();
    assert_eq!(trusted.code, ErrorCode::NotLitellm);
    let missing = ProxyClient::of(&proxy(Some("/nowhere/ca.pem".into())), None).unwrap_err();
    assert_eq!((missing.code, missing.field.as_deref()), (ErrorCode::InvalidSetting, Some("ca_file")));
}

#[test]
fn ssl_cert_file_is_honoured() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child_fetches_with_its_environment", "--ignored"])
        .env("SSL_CERT_FILE", authority())
        .env(URL, server())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[tokio::test]
#[ignore = "run by ssl_cert_file_is_honoured, in a process with that variable"]
async fn the_child_fetches_with_its_environment() {
    assert!(is_whole(&fetch(&std::env::var(URL).unwrap(), None).await.unwrap()));
}
