//! What is wrong on this machine, and names that no map has: no proxy is needed to see that.

use system_tests::{Autosync, MapServer, broken, maps};

use super::Planted;
use crate::MAIN;

type SetUp = (&'static str, &'static str, fn() -> Planted);

pub(super) const SET_UPS: &[SetUp] = &[
    ("no proxy was added", "proxy.none", || source(&maps::load(MAIN))),
    ("a setting has a typing error", "settings", || {
        let planted = source(&maps::load(MAIN));
        planted.autosync.configure("gate", "mode = \"revue\"");
        planted
    }),
    ("the ledger is damaged", "ledger", || {
        let planted = source(&maps::load(MAIN));
        planted.autosync.ok(&["sync"]);
        for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let path = planted.autosync.home().join("data").join(file);
            if path.exists() {
                std::fs::write(path, "no database, but long enough to be taken for one at first sight".repeat(100))
                    .unwrap();
            }
        }
        planted
    }),
    ("a name in other letters", "name.case", || named("GPT-4o-Mini")),
    ("a reseller that has no such model", "name.prefix", || named("groq/gpt-4o-mini")),
    ("a model of Bedrock's by its maker's name alone", "name.prefix", || named("deepinfra/gpt-4.1")),
    ("a date that the map does not have", "name.date", || named("gpt-4o-2024-05-14")),
    ("two letters that changed places", "name.spelling", || named("claude-sonent-4-5")),
    ("a model that nobody has", "name.unknown", || named("our-own-finetune-7")),
    ("an alias of nothing", "name.alias", || {
        source(&broken::with_entry(&maps::load(MAIN), "lost-latest", r#"{"alias_of": "nowhere"}"#)).asked("lost-latest")
    }),
    ("a model without a price", "price.none", || {
        let entry = r#"{"litellm_provider": "openai", "mode": "chat", "max_tokens": 8192}"#;
        let planted = source(&broken::with_entry(&maps::load(MAIN), "unpriced-model", entry));
        planted.autosync.ok(&["sync"]);
        planted.asked("unpriced-model")
    }),
    ("a model that upstream removed", "name.gone", || {
        let old = broken::with_entry(&maps::load(MAIN), "retired-model", PRICED);
        let planted = source(&old);
        planted.autosync.ok(&["sync"]);
        serve(&planted, &maps::load(MAIN));
        planted.autosync.ok(&["sync"]);
        planted.asked("retired-model")
    }),
    ("half of the models are gone", "gate.held", || {
        let planted = source(&maps::load(MAIN));
        planted.autosync.ok(&["sync"]);
        serve(&planted, &broken::shrunk(&maps::load(MAIN), 70));
        planted.autosync.run(&["sync"]);
        planted
    }),
    ("a new map soaks", "gate.soak", || {
        let planted = source(&maps::load(MAIN));
        planted.autosync.ok(&["sync"]);
        planted.autosync.configure("gate", "soak = \"2h\"");
        serve(&planted, &broken::with_entry(&maps::load(MAIN), "brand-new-model", PRICED));
        planted.autosync.run(&["sync"]);
        planted.asked("brand-new-model")
    }),
    ("an own entry that is not whole", "overlay.unused", || {
        let planted = source(&maps::load(MAIN));
        planted.autosync.ok(&["sync"]);
        std::fs::write(planted.autosync.home().join("data/overlay.json"), r#"{"mine": {"max_tokens": 5}}"#).unwrap();
        planted.asked("mine")
    }),
];

pub(super) const PRICED: &str = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06, "max_tokens": 8192}"#;

/// A home without a proxy, whose source serves this map.
fn source(map: &[u8]) -> Planted {
    let server = MapServer::start(map);
    let autosync = Autosync::new();
    autosync.ok(&["source", "set", &server.url()]);
    Planted::in_home(autosync).with(server)
}

fn serve(planted: &Planted, map: &[u8]) {
    planted.kept.iter().find_map(|kept| kept.downcast_ref::<MapServer>()).unwrap().serve(map);
}

/// A real map is promoted, and this name is not in it.
fn named(model: &'static str) -> Planted {
    source(&maps::load(MAIN)).asked(model)
}

#[test]
fn each_cause_on_this_machine_and_each_slip_of_a_name_is_found() {
    for (what, cause, plant) in SET_UPS {
        plant().shows(what, cause);
    }
}

#[test]
fn the_owner_of_a_name_comes_before_those_who_resell_it() {
    for (asked, owners) in [("GPT-4o-Mini", "gpt-4o-mini"), ("groq/gpt-4o-mini", "gpt-4o-mini")] {
        let report = named(asked).shows("a near name", if asked.contains('/') { "name.prefix" } else { "name.case" });
        let remedy = report["cause"]["remedy"].as_str().unwrap();
        assert!(remedy.starts_with(&format!("Use {owners};")), "{report:#}");
    }
}
