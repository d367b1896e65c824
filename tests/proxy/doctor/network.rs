//! What is wrong on the way to the source or to a proxy, told apart by servers on loopback that are wrong in one way each.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Answer, Autosync, MASTER_KEY, MapServer, broken, maps};
use xtask::workspace;

use super::Planted;
use crate::MAIN;

type SetUp = (&'static str, &'static str, fn() -> Planted);

/// No proxy is needed to see that the source cannot be read.
pub(super) const SOURCES: &[SetUp] = &[
    ("the source's name does not resolve", "source.dns", || source("http://maps.autosync.invalid/map.json")),
    ("nothing listens at the source's address", "source.refused", || source(&nobody())),
    ("a stranger signed the source's certificate", "source.certificate", || {
        let server = stranger();
        source(&format!("https://{server}/map.json"))
    }),
    ("a company proxy wants a login (https)", "source.network_login", || through("https", ASKS_FOR_LOGIN)),
    ("a company proxy wants a login (http)", "source.network_login", || through("http", ASKS_FOR_LOGIN)),
    ("a company proxy lets nothing through", "source.network_proxy", || {
        through("https", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    }),
    ("no company proxy is where the settings say", "source.network_proxy", || {
        at_network_proxy("https", nobody().trim_start_matches("http://").trim_end_matches('/'))
    }),
    ("the hotel wants a login", "source.captive_portal", || answering(Answer::map(broken::CAPTIVE_PORTAL))),
    ("the source limits how often it is asked", "source.rate_limited", || answering(Answer::TooMany(30))),
    ("the source never answers", "source.timed_out", || {
        let hangs = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        source(&format!("http://{}/map.json", hangs.local_addr().unwrap())).with(hangs)
    }),
    ("the source's answer ends half-way", "source.cut", || answering(Answer::CutShort(maps::load(MAIN).into()))),
    ("the source's address is wrong", "source.status", || answering(Answer::Status(404))),
    ("the source redirects nowhere", "source.redirect", || answering(Answer::Redirect("ftp://example.com/map".into()))),
    ("the source sends far too much", "source.too_large", || answering(Answer::GzipBomb(65))),
    ("the source sends no map", "source.no_map", || answering(Answer::map(b"[1, 2, 3]"))),
    ("the source's file is not there", "source.file", || source("/nowhere/map.json")),
    ("half of a map is at the source", "source.no_map", || answering(Answer::map(&broken::half(&maps::load(MAIN))))),
];

/// The source is a file with a real map.
pub(super) const PROXIES: &[SetUp] = &[
    ("the proxy's name does not resolve", "proxy.dns", || proxy("https://litellm.autosync.invalid")),
    ("nothing listens at the proxy's address", "proxy.refused", || proxy(&nobody())),
    ("a stranger signed the proxy's certificate", "proxy.certificate", || proxy(&format!("https://{}", stranger()))),
    ("the proxy never answers", "proxy.timed_out", || {
        let hangs = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        proxy(&format!("http://{}", hangs.local_addr().unwrap())).with(hangs)
    }),
    ("LiteLLM is down behind its load balancer", "proxy.out_of_service", || in_place(Answer::Status(502))),
    ("the proxy's front limits how often it is asked", "proxy.rate_limited", || in_place(Answer::TooMany(9))),
    ("the proxy's front wants a login", "proxy.login", || in_place(Answer::Status(401))),
    ("the proxy has moved", "proxy.redirect", || in_place(Answer::Redirect("https://llm.example.com/".into()))),
    ("the proxy's address is a web page's", "proxy.not_litellm", || in_place(Answer::map(broken::CAPTIVE_PORTAL))),
    ("the proxy's file of authorities is not there", "settings", || {
        let planted = proxy("https://litellm.autosync.invalid");
        let settings = planted.autosync.home().join("data/settings.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, text.replace("\nurl = \"https", "\nca_file = \"/nowhere/ca.pem\"\nurl = \"https"))
            .unwrap();
        planted
    }),
    ("the proxy breaks off", "proxy.cut", || in_place(Answer::Drop)),
];

const ASKS_FOR_LOGIN: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"Corp\"\r\nContent-Length: 0\r\n\r\n";

/// An address at which nothing listens: somebody did a moment ago.
fn nobody() -> String {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    format!("http://{gone}/")
}

fn source(address: &str) -> Planted {
    let autosync = Autosync::new();
    autosync.ok(&["source", "set", address]);
    Planted::in_home(autosync)
}

fn answering(answer: Answer) -> Planted {
    let server = MapServer::start(b"");
    server.answer(answer);
    source(&server.url()).with(server)
}

/// A company proxy that answers this to everybody; the source is beyond it.
fn through(scheme: &str, answer: &'static str) -> Planted {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            // A client that went away is not missed.
            drop(stream.read(&mut [0; 2000]).and_then(|_| stream.write_all(answer.as_bytes())));
        }
    });
    at_network_proxy(scheme, &address.to_string())
}

fn at_network_proxy(scheme: &str, address: &str) -> Planted {
    let planted = source(&format!("{scheme}://maps.autosync.invalid/map.json"));
    planted.autosync.configure("network", &format!("proxy = \"http://{address}\""));
    planted
}

/// A TLS server whose certificate an authority signed that nobody here trusts.
fn stranger() -> String {
    let file =
        |name: &str| std::fs::read(workspace::root().join("src-tauri/crates/engine/tests/tls").join(name)).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(file("corp-leaf.key.der")));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![file("corp-leaf.der").into()], key).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(config);
    thread::spawn(move || {
        let greet = |stream: TcpStream| {
            let session = ServerConnection::new(Arc::clone(&config)).ok()?;
            // It fails: the client does not trust what it is shown.
            StreamOwned::new(session, stream).read(&mut [0; 100]).ok()
        };
        for stream in listener.incoming().filter_map(Result::ok) {
            greet(stream);
        }
    });
    address.to_string()
}

/// A home with a good source, whose proxy is at this address.
pub(super) fn proxy(address: &str) -> Planted {
    let autosync = Autosync::new().env(KEY_VARIABLE, MASTER_KEY);
    let map = autosync.home().join("map.json");
    std::fs::write(&map, maps::load(MAIN)).unwrap();
    autosync.ok(&["source", "set", map.to_str().unwrap()]);
    // What answers, and is no LiteLLM, would not be added: it is typed into the file.
    let elsewhere = "http://127.0.0.1:9";
    autosync.ok(&["proxy", "add", "local", elsewhere, "--key-env", KEY_VARIABLE]);
    let settings = autosync.home().join("data/settings.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    assert!(text.contains(elsewhere), "{text}");
    std::fs::write(&settings, text.replace(elsewhere, address.trim_end_matches('/'))).unwrap();
    Planted::in_home(autosync)
}

fn in_place(answer: Answer) -> Planted {
    let server = MapServer::start(b"");
    server.answer(answer);
    let address = server.url().replace("/model_prices_and_context_window.json", "");
    proxy(&address).with(server)
}

/// All at once: some of them wait for a time-out.
fn all(set_ups: &[SetUp], seen: impl Fn(&str, &Planted, &Value) + Sync) {
    thread::scope(|scope| {
        for (what, cause, plant) in set_ups {
            let seen = &seen;
            scope.spawn(move || {
                let planted = plant();
                let report = planted.shows(what, cause);
                seen(cause, &planted, &report);
            });
        }
    });
}

#[test]
fn trouble_on_the_way_to_the_source_is_told_apart() {
    all(SOURCES, |cause, _, report| {
        let evidence = report["cause"]["evidence"].as_str().unwrap_or_default();
        match cause {
            "source.certificate" => assert!(evidence.contains("Corp Root CA"), "the issuer: {report:#}"),
            "source.captive_portal" => assert!(evidence.contains("Welcome!"), "what came: {report:#}"),
            "source.rate_limited" => assert!(evidence.contains("30"), "when again: {report:#}"),
            _ => {}
        }
    });
}

#[test]
fn trouble_on_the_way_to_a_proxy_is_told_apart_and_no_key_is_sent() {
    all(PROXIES, |_, planted, report| {
        for server in planted.kept.iter().filter_map(|kept| kept.downcast_ref::<MapServer>()) {
            let hits = server.hits();
            assert!(!hits.is_empty());
            assert!(hits.iter().all(|hit| hit.header("authorization").is_none()), "a key went out: {hits:?}");
        }
        assert!(!report.to_string().contains(MASTER_KEY), "{report:#}");
    });
}

#[test]
fn with_a_model_the_way_to_the_proxy_is_the_cause_and_the_source_is_not() {
    let planted = proxy(&nobody()).asked("gpt-4o");
    planted.shows("a proxy that is down", "proxy.refused");
}
