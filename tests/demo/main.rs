//! The main job on a real proxy; `cargo xtask demo` starts it. Nothing of the user's own is read or changed.
#![expect(clippy::print_stdout, reason = "a demonstration is there to be read")]

use std::process::ExitCode;

use system_tests::{Autosync, Client, MapServer, ProxyOptions, RealProxy, maps};
use xtask::maps::DEMO;
use xtask::python::NEWEST_PROXY;

const PROXY: &str = NEWEST_PROXY;
const OLDER: &str = DEMO[0];
const NEWER: &str = DEMO[1];
const KEY_VARIABLE: &str = "PROXY_KEY";

fn main() -> ExitCode {
    let (old, new) = (maps::load(OLDER), maps::load(NEWER));
    step(
        1,
        &format!(
            "A small server on loopback stands in for the cost map's host. It serves the real map of LiteLLM {OLDER}."
        ),
    );
    tell_map(&old);
    let upstream = MapServer::start(&old);

    step(2, &format!("The real LiteLLM proxy {PROXY} starts (10 to 20 s) and loads that map."));
    let proxy = RealProxy::start(&ProxyOptions::new(PROXY, &upstream.url()));
    println!("   {} with process id {}, ready in {} s", proxy.url, proxy.pid, proxy.ready_seconds);
    tell_live(&proxy);

    step(3, "autosync is set up with both, in its own home that is removed at the end.");
    let autosync = Autosync::new().env(KEY_VARIABLE, &proxy.key);
    let told = run(&autosync, &["source", "set", &upstream.url()])
        && run(&autosync, &["proxy", "add", "local", &proxy.url, "--key-env", KEY_VARIABLE])
        && run(&autosync, &["proxy", "test", "local"]);

    step(
        4,
        &format!(
            "Upstream moves on: the server now has the real map of LiteLLM {NEWER}. The proxy does not know about it."
        ),
    );
    tell_map(&new);
    upstream.serve(&new);
    tell_live(&proxy);

    step(5, "The main job: fetch, check, compare, have the proxy load it, read it back.");
    let synced = told && run(&autosync, &["sync"]);

    step(6, "The proxy itself, asked directly, reports the same revision.");
    tell_live(&proxy);
    let wanted = maps::revision(&new);
    let live = live_revision(&proxy);
    println!("   git hash-object of the new map:  {wanted}");

    step(7, "Again: the proxy already has it, which reading it back proves. It is not reloaded.");
    upstream.forget_hits();
    let again = synced && run(&autosync, &["sync"]);
    println!("   fetches of the proxy meanwhile: {}", upstream.hits_of(Client::Proxy).len());
    let status = again && run(&autosync, &["status"]);

    step(8, "The proxy and the server stop, and the home is removed.");
    if status && live == wanted {
        return ExitCode::SUCCESS;
    }
    println!("   The demonstration FAILED: see above.");
    ExitCode::FAILURE
}

fn step(number: u32, text: &str) {
    println!("\n{number}. {text}");
}

/// Runs a command as a person would, and shows what a person would see.
fn run(autosync: &Autosync, args: &[&str]) -> bool {
    println!("\n   $ autosync {}", args.join(" "));
    let finished = autosync.run(args);
    for line in finished.stdout.lines().chain(finished.stderr.lines()) {
        println!("   {line}");
    }
    if finished.code != Some(0) {
        println!("   exit code {:?}", finished.code);
    }
    finished.code == Some(0)
}

fn tell_map(map: &[u8]) {
    println!("   {} bytes, revision {}", map.len(), maps::revision(map));
}

fn tell_live(proxy: &RealProxy) {
    let source = proxy.get("/model/cost_map/source").json();
    println!("   the proxy has {} models, revision {}", source["model_count"], live_revision(proxy));
}

fn live_revision(proxy: &RealProxy) -> String {
    let source = proxy.get("/model/cost_map/source").json();
    source["source_revision"].as_str().unwrap_or("unknown").to_owned()
}
