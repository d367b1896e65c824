//! Genuine proxies without a database load their map when they start: the user's own command restarts them, and what they
//! hold then is proved.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use system_tests::model_server::{SLOW, SLOW_FOR};
use system_tests::{ModelServer, ProxyOptions, RealProxy, broken, http, maps};
use xtask::python::NEWEST_PROXY;

use crate::gateway::{MODEL, PRICE, Through};
use crate::{MAIN, OLDER, code};

/// A stand-in for what supervises a proxy (Docker, systemd): one address for it, whichever process is behind it. While the
/// file is there somebody wants it restarted.
pub(crate) struct Supervisor {
    pub(crate) address: String,
    wish: PathBuf,
    proxy: Arc<Mutex<RealProxy>>,
    over: Arc<AtomicBool>,
}

impl Supervisor {
    pub(crate) fn start(options: ProxyOptions, folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let proxy = Arc::new(Mutex::new(RealProxy::start(&options)));
        let over = Arc::new(AtomicBool::new(false));
        let behind = Arc::clone(&proxy);
        std::thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let to = behind.lock().unwrap().url.trim_start_matches("http://").to_owned();
                // A client that comes while nobody is there is hung up on.
                let Ok(server) = TcpStream::connect(to) else { continue };
                std::thread::spawn(move || drop(both_ways(&client, &server)));
            }
        });
        let wish = folder.join("restart-wanted");
        let (wanted, here, ends) = (wish.clone(), Arc::clone(&proxy), Arc::clone(&over));
        std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                if wanted.exists() {
                    let fresh = RealProxy::start(&options);
                    *here.lock().unwrap() = fresh;
                    std::fs::remove_file(&wanted).unwrap();
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self { address, wish, proxy, over }
    }

    /// Restarts it, and waits until another process is there.
    pub(crate) fn restart(&self) {
        std::fs::write(&self.wish, "").unwrap();
        while self.wish.exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What a person runs to have it restarted, in a shell.
    pub(crate) fn command(&self) -> String {
        format!("touch {0}; while [ -e {0} ]; do sleep 0.1; done", self.wish.display())
    }

    /// Ends the process behind the address: who comes is hung up on.
    pub(crate) fn kill(&self) {
        self.proxy.lock().unwrap().kill();
    }

    /// What it holds.
    pub(crate) fn live_map(&self) -> serde_json::Value {
        self.proxy.lock().unwrap().live_map()
    }

    /// The proxy's key.
    pub(crate) fn key(&self) -> String {
        self.proxy.lock().unwrap().key.clone()
    }

    fn price(&self, model: &str) -> serde_json::Value {
        self.proxy.lock().unwrap().live_map()[model][PRICE].clone()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn both_ways(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let up = std::thread::spawn(move || {
        let done = io::copy(&mut from, &mut to);
        to.shutdown(std::net::Shutdown::Write).ok();
        done
    });
    io::copy(&mut &*server, &mut &*client)?;
    client.shutdown(std::net::Shutdown::Write).ok();
    drop(up.join());
    Ok(())
}

fn restarted(version: &str) {
    let through = Through::without_proxy();
    let options = ProxyOptions::new(version, &through.url_of("small")).without_database();
    let supervisor = Supervisor::start(options, through.autosync.home());
    let key = system_tests::autosync::KEY_VARIABLE;
    through.autosync.ok(&["proxy", "add", "small", &supervisor.address, "--key-env", key]);
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["error"]["code"]), (1, &"no_database".into()), "nobody said how: {run:#}");
    through.autosync.ok(&["proxy", "set", "small", "--restart", "sh", "-c", &supervisor.command()]);
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}");
    let good = supervisor.price(MODEL);

    // Upstream's mistake never reaches it; a decision, and a way back, are restarts too.
    through.upstream.serve(&broken::with_field(&maps::load(NEWEST_PROXY), MODEL, PRICE, json!(0.0025)));
    let (exit, run) = through.sync();
    assert_eq!((exit, run["receipt"].is_null()), (0, false), "{run:#}");
    assert_eq!(supervisor.price(MODEL), good);
    assert!(!supervisor.price("gpt-6-cyber").is_null());
    let (exit, answer) = through.autosync.json(&["rollback"]);
    assert_eq!((exit, answer["runs"][0]["receipt"].is_null()), (0, false), "{answer:#}");
    assert!(supervisor.price("gpt-6-cyber").is_null());

    // A command that fails is told, and nothing is believed.
    through.autosync.ok(&["proxy", "set", "small", "--restart", "sh", "-c", "echo no such container >&2; exit 3"]);
    let (exit, answer) = through.autosync.json(&["unpin"]);
    assert_eq!((exit, code(&answer)), (1, "proxy_failed"), "{answer:#}");
    assert!(answer.to_string().contains("no such container"), "{answer:#}");
    assert!(supervisor.price("gpt-6-cyber").is_null(), "it still has its map");
}

#[test]
fn the_main_proxy_without_a_database_is_restarted_and_proved() {
    restarted(MAIN);
}

#[test]
fn the_older_proxy_without_a_database_is_restarted_and_proved() {
    restarted(OLDER);
}

#[test]
fn a_call_that_streams_is_not_cut_off_by_a_restart() {
    let through = Through::without_proxy();
    let models = ModelServer::start();
    let deployment = format!("{SLOW}=openai/{SLOW}");
    let options = ProxyOptions::new(MAIN, &through.url_of("small")).without_database();
    let supervisor = Supervisor::start(options.serving(&models.url(), &[&deployment]), through.autosync.home());
    let key = system_tests::autosync::KEY_VARIABLE;
    through.autosync.ok(&["proxy", "add", "small", &supervisor.address, "--key-env", key]);
    through.autosync.ok(&["proxy", "set", "small", "--restart", "sh", "-c", &supervisor.command()]);

    let (address, bearer) = (supervisor.address.clone(), format!("Bearer {}", supervisor.key()));
    let begun = Instant::now();
    let call = std::thread::spawn(move || {
        let body = json!({ "model": SLOW, "stream": true, "messages": [{ "role": "user", "content": "Say hello." }] });
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        http::send(&Method::POST, &format!("{address}/v1/chat/completions"), &headers, Some(&body.to_string()))
    });
    std::thread::sleep(Duration::from_secs(1));
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}");
    assert!(begun.elapsed() > SLOW_FOR, "it waited for the call");
    let reply = call.join().unwrap().unwrap();
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(reply.status == 200 && text.contains("[DONE]"), "{text}");
}
