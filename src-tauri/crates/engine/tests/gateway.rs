//! The gateway over real HTTP. If this fails, a proxy gets part of a map, an old one, or none.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use costmap::{Revision, Verdict};
use engine::gate::Ruling;
use engine::settings::SettingsEdit;
use engine::{Engine, ErrorCode};
use reqwest::header::{ACCEPT_ENCODING, ETAG, IF_NONE_MATCH};
use reqwest::{Client, StatusCode};
use stage::{Stage, check, when};

const FILE: &str = engine::gateway::FILE;

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().no_gzip().build().unwrap()
}

/// An engine whose gateway is on, and where it is.
async fn gateway(stage: &Stage, proxies: &[(&str, &str)]) -> (Engine, String) {
    let engine = stage.engine(proxies, false).await;
    let listen = free();
    engine.edit(SettingsEdit::SetGateway { listen: listen.to_string() }).await.unwrap();
    (engine, format!("http://{listen}"))
}

#[tokio::test]
async fn it_serves_the_promoted_map_byte_for_byte_and_nothing_else() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[("eu", "http://127.0.0.1:9")]).await;
    let client = client();
    let get = async |path: &str| client.get(format!("{base}{path}")).send().await.unwrap();
    let map = format!("/{FILE}");
    assert_eq!(get(&map).await.status(), StatusCode::SERVICE_UNAVAILABLE, "never an empty map");

    let revision = stage.map(1);
    check(&engine).await;
    for path in [map.clone(), format!("/eu{map}"), format!("/EU{map}")] {
        let answer = get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[ETAG], format!("\"{revision}\""));
        assert_eq!(Revision::of(&answer.bytes().await.unwrap()), revision, "{path}");
    }
    for path in ["/", "/eu", "/us/model_prices_and_context_window.json", "/eu/other.json", "/../../etc/passwd", "//"] {
        assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(client.post(format!("{base}{map}")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(get("/healthz").await.text().await.unwrap(), "ok\n");

    // What is known already is not sent again; a new promotion is.
    let known = async |tag: &str| client.get(format!("{base}{map}")).header(IF_NONE_MATCH, tag).send().await.unwrap();
    let tag = format!("\"{revision}\"");
    let answer = known(&tag).await;
    assert_eq!((answer.status(), answer.bytes().await.unwrap().len()), (StatusCode::NOT_MODIFIED, 0));
    let text = Stage::text(1).replacen("model-7\"", "model-seven\"", 1);
    let newer = stage.put(&text);
    check(&engine).await;
    let answer = known(&tag).await;
    assert_eq!(Revision::of(&answer.bytes().await.unwrap()), newer);

    let head = client.head(format!("{base}/eu{map}")).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], text.len().to_string());
    engine.shutdown().await;
}

#[tokio::test]
async fn gzip_is_the_same_map_under_a_tag_of_its_own() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[]).await;
    let revision = stage.map(1);
    check(&engine).await;
    let ask = async |wanted: &str| {
        client().get(format!("{base}/{FILE}")).header(ACCEPT_ENCODING, wanted).send().await.unwrap()
    };
    let answer = ask("gzip, deflate, br").await;
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.headers()[ETAG], format!("\"{revision}-gzip\""));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&answer.bytes().await.unwrap()[..]).read_to_string(&mut text).unwrap();
    assert_eq!(Revision::of(text.as_bytes()), revision);
    for plain in ["identity", "gzip;q=0", ""] {
        assert!(!ask(plain).await.headers().contains_key("content-encoding"), "{plain}");
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn a_model_that_waits_for_a_review_keeps_its_old_price_there() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[]).await;
    stage.map(1);
    check(&engine).await;
    stage.put(&Stage::text(1).replacen("1e-06", "0.9", 1).replacen("model-59", "model-new", 1));
    check(&engine).await;
    let served = client().get(format!("{base}/{FILE}")).send().await.unwrap().text().await.unwrap();
    assert!(!served.contains("0.9") && served.contains("model-new"), "{served}");
    // A file that is held changes nothing at all.
    stage.put("{}");
    check(&engine).await;
    assert_eq!(client().get(format!("{base}/{FILE}")).send().await.unwrap().text().await.unwrap(), served);
    engine.shutdown().await;
}

#[tokio::test]
async fn what_a_person_decides_is_served_at_once_and_remembered() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[]).await;
    stage.map(1);
    check(&engine).await;
    let at = |price: &str| Stage::text(1).replacen("1e-06", price, 1);
    let serves = async |price: &str| {
        let text = client().get(format!("{base}/{FILE}")).send().await.unwrap().text().await.unwrap();
        text.starts_with(&at(price)[..120])
    };
    let model = || vec!["model-0".to_owned()];
    stage.put(&at("0.5"));
    check(&engine).await;
    assert!(serves("1e-06").await, "it waits");
    engine.decide(model(), Some(Ruling::Approved), None).await.unwrap();
    assert!(serves("0.5").await);
    engine.decide(model(), None, None).await.unwrap();
    assert!(serves("1e-06").await, "the decision was taken back");
    engine.decide(Vec::new(), Some(Ruling::Rejected), None).await.unwrap();
    let promoted = engine.snapshot().borrow().promoted.clone().unwrap();
    assert_eq!((promoted.held_models.clone(), promoted.rejected.clone()), (model(), model()));
    // The same value in a later revision is not asked again; another one is.
    stage.put(&at("0.5").replacen("model-59", "model-new", 1));
    let source = check(&engine).await;
    assert_eq!(source.verdict, Some(Verdict::Accepted), "nobody is asked");
    assert!(serves("1e-06").await);
    stage.put(&at("0.6"));
    assert_eq!(check(&engine).await.verdict, Some(Verdict::Review));
    assert_eq!(engine.snapshot().borrow().promoted.as_ref().unwrap().rejected, [""; 0]);
    let stale = Some(Revision::of(b"what was on the screen"));
    let refused = engine.decide(model(), Some(Ruling::Approved), stale).await.unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("revision"), "nobody approves what was not on the screen");
    assert!(serves("1e-06").await);
    let unknown = engine.decide(vec!["nobody".into()], Some(Ruling::Approved), None).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    engine.shutdown().await;
}

#[tokio::test]
async fn who_reads_it_is_known_and_still_after_a_restart() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[("eu", "http://127.0.0.1:9")]).await;
    let revision = stage.map(1);
    check(&engine).await;
    client().head(format!("{base}/eu/{FILE}")).send().await.unwrap();
    assert_eq!(engine.snapshot().borrow().gateway.readers, [], "a HEAD is somebody who looks");
    client().get(format!("{base}/eu/{FILE}")).send().await.unwrap();
    engine.edit(SettingsEdit::SetOnChange { on_change: true }).await.unwrap();
    let readers = engine.snapshot().borrow().gateway.readers.clone();
    assert_eq!((readers[0].proxy.as_str(), readers[0].revision), ("eu", revision));
    engine.shutdown().await;
    let again = stage.start(std::sync::Arc::new(|_: &str| None), false).await;
    when(&again, |snapshot| snapshot.gateway.on && snapshot.gateway.readers.len() == 1).await;
    again.shutdown().await;
}

#[tokio::test]
async fn beyond_this_machine_the_path_begins_with_a_secret_that_stays() {
    let stage = Stage::new();
    let engine = stage.engine(&[], false).await;
    stage.map(1);
    check(&engine).await;
    let listen = SocketAddr::new("0.0.0.0".parse().unwrap(), free().port());
    engine.edit(SettingsEdit::SetGateway { listen: listen.to_string() }).await.unwrap();
    let url = engine.snapshot().borrow().gateway.url.clone().unwrap();
    let prefix = url.split('/').nth(3).unwrap().to_owned();
    assert!(prefix.len() >= 16, "{url}");
    assert_eq!(client().get(&url).send().await.unwrap().status(), StatusCode::OK);
    let bare = url.replace(&format!("/{prefix}"), "");
    assert_eq!(client().get(&bare).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    engine.edit(SettingsEdit::SetGateway { listen: "off".into() }).await.unwrap();
    client().get(&url).send().await.unwrap_err();
    engine.edit(SettingsEdit::SetGateway { listen: listen.to_string() }).await.unwrap();
    assert_eq!(engine.snapshot().borrow().gateway.url.as_deref(), Some(&*url), "proxies need not be told another one");
    engine.shutdown().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_and_stops_nothing() {
    let stage = Stage::new();
    let engine = stage.engine(&[], false).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    engine.edit(SettingsEdit::SetGateway { listen: taken.local_addr().unwrap().to_string() }).await.unwrap();
    let state = engine.snapshot().borrow().gateway.clone();
    assert_eq!((state.on, state.error.unwrap().code), (false, ErrorCode::InvalidSetting));
    stage.map(1);
    check(&engine).await;
    drop(taken);
    // Looked at again, it is there.
    engine.edit(SettingsEdit::SetOnChange { on_change: true }).await.unwrap();
    when(&engine, |snapshot| snapshot.gateway.on).await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_dawdle_or_talk_nonsense_do_no_harm() {
    let stage = Stage::new();
    let (engine, base) = gateway(&stage, &[]).await;
    stage.map(1);
    check(&engine).await;
    let address: SocketAddr = base.trim_start_matches("http://").parse().unwrap();
    let mut odd = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        match number % 4 {
            // Half a request, and then nothing.
            0 => stream.write_all(b"GET /model_prices").unwrap(),
            1 => stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").unwrap(),
            // The answer is never read.
            2 => stream.write_all(format!("GET /{FILE} HTTP/1.1\r\nHost: evil.example\r\n\r\n").as_bytes()).unwrap(),
            _ => {
                let header = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(60_000));
                drop(stream.write_all(header.as_bytes()));
            }
        }
        odd.push(stream);
    }
    let answer = tokio::time::timeout(Duration::from_secs(5), client().get(format!("{base}/{FILE}")).send());
    assert_eq!(answer.await.unwrap().unwrap().status(), StatusCode::OK);
    engine.shutdown().await;
}
