//! What a proxy has to be started with, or without: each of these takes a proxy of its own.

use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Answer, Autosync, MASTER_KEY, MapServer, ProxyOptions, RealProxy, maps};

use super::{finds_nothing, shows};
use crate::MAIN;

pub(super) const REPLICAS: (&str, &str) = ("two replicas hold different maps", "replicas");
pub(super) const EVERY_POLL: (&str, &str) = ("its schedule fails and asks again at every poll", "schedule.every_poll");
const NO_DATABASE: (&str, &str) = ("the proxy has no database", "database.none");
const LOCAL_FILE: (&str, &str) = ("the proxy is forced to its own file", "reads.local_file");
const FALLBACK: (&str, &str) = ("the proxy could not fetch its map at its start", "reads.fallback");
const GATEWAY_OFF: (&str, &str) = ("the proxy reads a gateway that is off", "reads.gateway_off");

pub(super) const SET_UPS: &[(&str, &str)] = &[REPLICAS, EVERY_POLL, NO_DATABASE, LOCAL_FILE, FALLBACK, GATEWAY_OFF];

fn home(source: &MapServer, proxy: &RealProxy) -> Autosync {
    let autosync = Autosync::new().env(KEY_VARIABLE, MASTER_KEY);
    autosync.ok(&["source", "set", &source.url()]);
    autosync.ok(&["proxy", "add", "local", &proxy.url, "--key-env", KEY_VARIABLE]);
    autosync
}

#[test]
fn a_proxy_without_a_database_that_reads_its_own_file() {
    let upstream = MapServer::start(&maps::load(MAIN));
    let options = ProxyOptions::new(MAIN, &upstream.url()).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let proxy = RealProxy::start(&options.without_database());
    let autosync = home(&upstream, &proxy);
    shows(&autosync, &[], NO_DATABASE.0, NO_DATABASE.1);
    // With a command that restarts it, that is no fault any more, and the next link of the chain is.
    autosync.ok(&["proxy", "set", "local", "--restart", "true"]);
    shows(&autosync, &[], LOCAL_FILE.0, LOCAL_FILE.1);
}

#[test]
fn a_proxy_that_could_not_fetch_and_whose_gateway_is_off() {
    let upstream = MapServer::start(&maps::load(MAIN));
    upstream.answer(Answer::Status(500));
    // The address of a gateway of ours for a proxy of this name.
    let address = upstream.url().replace("/model_prices", "/local/model_prices");
    let proxy = RealProxy::start(&ProxyOptions::new(MAIN, &address).also("openai/*"));
    upstream.serve(&maps::load(MAIN));
    let autosync = home(&upstream, &proxy);
    shows(&autosync, &[], GATEWAY_OFF.0, GATEWAY_OFF.1);
    autosync.ok(&["source", "set", &address]);
    shows(&autosync, &[], FALLBACK.0, FALLBACK.1);
    // Priced is not callable; through the wildcard it is.
    finds_nothing(&autosync, &["gpt-4.1-mini"]);
}
