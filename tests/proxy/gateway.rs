//! Genuine proxies that read our gateway: what is wrong upstream never reaches them, and everything else does at once.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Autosync, Client, MASTER_KEY, MapServer, ProxyOptions, RealProxy, Running, broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::{MAIN, MIDDLE, OLDER, code};

const READY: Duration = Duration::from_secs(10);

/// What LiteLLM calls the map.
const FILE: &str = "model_prices_and_context_window.json";

/// The price that upstream gets wrong.
pub(crate) const MODEL: &str = "gpt-4o";
pub(crate) const PRICE: &str = "input_cost_per_token";

/// An address on this machine that nobody has now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A home with the gateway on and `autosync watch` running, and a proxy that reads its map there.
pub(crate) struct Through<P = RealProxy> {
    pub(crate) upstream: MapServer,
    pub(crate) autosync: Autosync,
    _watch: Running,
    /// Where the gateway listens.
    address: String,
    pub(crate) proxy: P,
}

impl Through<()> {
    /// Before there is a proxy.
    pub(crate) fn without_proxy() -> Self {
        let upstream = MapServer::start(&maps::load(maps::BEFORE_NEWEST));
        let autosync = Autosync::new().env(KEY_VARIABLE, MASTER_KEY);
        autosync.ok(&["source", "set", &upstream.url()]);
        autosync.configure("source", "watch = \"1s\"");
        let address = free_address();
        autosync.ok(&["gateway", "on", &address]);
        let mut watch = autosync.spawn(&["watch"]);
        watch.wait_for_line("ready", READY);
        watch.wait_for_line("new revision", READY);
        Self { upstream, autosync, _watch: watch, address, proxy: () }
    }
}

impl Through {
    pub(crate) fn start(version: &str) -> Self {
        let through = Through::without_proxy();
        let proxy = RealProxy::start(&ProxyOptions::new(version, &through.url_of("local")));
        let Through { upstream, autosync, _watch: watch, address, .. } = through;
        Self { upstream, autosync, _watch: watch, address, proxy }
    }
}

impl<P> Through<P> {
    /// What a proxy of this name has to read.
    pub(crate) fn url_of(&self, name: &str) -> String {
        format!("http://{}/{name}/{FILE}", self.address)
    }

    pub(crate) fn sync(&self) -> (i32, Value) {
        let (exit, answer) = self.autosync.json(&["sync"]);
        (exit, answer["runs"][0].clone())
    }
}

impl Through {
    /// The proxy becomes known: before that its path was nobody's, and it began with the map in its package.
    pub(crate) fn begin(&self) {
        self.autosync.ok(&["proxy", "add", "local", &self.proxy.url, "--key-env", KEY_VARIABLE]);
        let (exit, run) = self.sync();
        assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{run:#}");
        let (_, status) = self.autosync.json(&["status"]);
        let proxy = &status["proxies"][0];
        assert_eq!((&proxy["reads"], &proxy["sync"]), (&"gateway".into(), &"synced".into()), "{proxy:#}");
    }

    pub(crate) fn price(&self, model: &str) -> Value {
        self.proxy.live_map()[model][PRICE].clone()
    }

    /// Waits until the run of a new map has ended, and gives it.
    pub(crate) fn run_after(&self, number: u64) -> Value {
        let begun = Instant::now();
        loop {
            let (_, answer) = self.autosync.json(&["history", "--limit", "1"]);
            let run = &answer["runs"][0];
            if run["id"].as_u64() > Some(number) && !run["finished"].is_null() {
                return run.clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no run came: {run:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Rejected, then approved after all, then taken back by the better value of upstream: each proved on the proxy.
fn the_person_decides(through: &Through, good: &Value) {
    let waits = |standing: &str| {
        let (_, answer) = through.autosync.json(&["review"]);
        let models = answer["models"].as_array().unwrap();
        models.iter().any(|one| one["model"] == MODEL && one["standing"] == standing)
    };
    assert!(waits("open"));
    let (exit, answer) = through.autosync.json(&["reject", MODEL]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (0, &"unchanged".into()), "{answer:#}");
    assert!(waits("rejected"));
    assert_eq!(through.price(MODEL), *good);

    let (exit, answer) = through.autosync.json(&["approve", MODEL]);
    let run = &answer["runs"][0];
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert!(!run["receipt"].is_null(), "{run:#}");
    assert_eq!(through.price(MODEL), json!(0.0025), "a person said so");
    assert!(waits("approved"));

    let (exit, answer) = through.autosync.json(&["reject", MODEL]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(through.price(MODEL), *good);
    let (exit, answer) = through.autosync.json(&["approve", "no-such-model"]);
    assert_eq!((exit, code(&answer)), (1, "not_found"), "{answer:#}");
}

fn a_mistake_upstream_stays_there(version: &str) {
    let through = Through::start(version);
    through.begin();
    let good = through.price(MODEL);
    assert_eq!(good, json!(2.5e-6));

    // Upstream's newest map, with one price a thousand times too high and everything else as it is.
    let newest = maps::load(NEWEST_PROXY);
    let wrong = broken::with_field(&newest, MODEL, PRICE, json!(0.0025));
    through.upstream.serve(&wrong);
    let run = through.run_after(1);
    assert_eq!((&run["outcome"], &run["trigger"]), (&"succeeded".into(), &"change".into()), "{run:#}");
    assert!(run["held_models"].as_array().unwrap().contains(&MODEL.into()), "{run:#}");
    assert_eq!(run["upstream"].as_str(), Some(&*maps::revision(&wrong)), "{run:#}");
    assert_eq!(through.price(MODEL), good, "the bad price never came");
    let fresh = "gpt-6-cyber";
    assert!(!through.price(fresh).is_null(), "everything else did");
    // An alias costs what its target costs, also on a version that would book its row at $0.
    let live = through.proxy.live_map();
    assert_eq!(live["claude-opus-latest"][PRICE], live["claude-opus-5-5"][PRICE], "{}", live["claude-opus-latest"]);
    let (_, status) = through.autosync.json(&["status"]);
    let proxy = &status["proxies"][0];
    assert_eq!((&proxy["reads"], &proxy["sync"]), (&"gateway".into(), &"synced".into()), "{proxy:#}");
    let (_, price) = through.autosync.json(&["price", MODEL]);
    let input = price["prices"].as_array().unwrap().iter().find(|price| price["field"] == PRICE).unwrap();
    assert_eq!(input["price"], "0.0000025", "what is shown is what this proxy bills: {price:#}");

    the_person_decides(&through, &good);

    // A broken file is held, and the proxy keeps what it has, also when it reloads by itself.
    through.upstream.serve(broken::CAPTIVE_PORTAL);
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"unchanged".into()), "it has what is promoted: {run:#}");
    let (_, status) = through.autosync.json(&["status"]);
    assert!(!status["source"]["error"].is_null(), "and that the source can't be read is told: {:#}", status["source"]);
    through.upstream.serve(&broken::shrunk(&newest, 20));
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"unchanged".into()), "nothing changes for it: {run:#}");
    assert_eq!(through.proxy.post("/reload/model_cost_map").status, 200);
    assert_eq!(through.price(MODEL), good);
    assert!(!through.price(fresh).is_null());
    assert!(through.upstream.hits_of(Client::Proxy).is_empty(), "the proxy never asks upstream");

    let (_, gateway) = through.autosync.json(&["gateway", "status"]);
    assert_eq!((&gateway["on"], &gateway["readers"][0]["proxy"]), (&true.into(), &"local".into()), "{gateway:#}");
    assert_eq!(gateway["readers"][0]["revision"], status["proxies"][0]["desired"]["revision"], "{gateway:#}");
}

#[test]
fn the_main_proxy_never_holds_a_bad_price_and_is_up_to_date() {
    a_mistake_upstream_stays_there(MAIN);
}

#[test]
fn the_middle_proxy_never_holds_a_bad_price_and_gets_aliases_resolved() {
    a_mistake_upstream_stays_there(MIDDLE);
}

#[test]
fn the_older_proxy_never_holds_a_bad_price_and_gets_aliases_resolved() {
    a_mistake_upstream_stays_there(OLDER);
}
