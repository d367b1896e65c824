//! What people decide, on a genuine proxy that reads the gateway: one home, one thing after the other.

use serde_json::json;
use system_tests::{broken, maps};

use super::machine::PRICED;
use super::{finds_nothing, shows};
use crate::MAIN;
use crate::gateway::{MODEL, PRICE, Through};

/// What is wrong, its cause, and how it comes about; the question is for the model that is given back.
type SetUp = (&'static str, &'static str, fn(&Through) -> &'static str);

const FRESH: &str = "brand-new-model";

pub(super) const SET_UPS: &[SetUp] = &[
    ("a price of the source looks wrong", "gate.review", |through| {
        through.upstream.serve(&broken::with_field(&before(), MODEL, PRICE, json!(0.0025)));
        through.sync();
        MODEL
    }),
    ("a person rejected it", "gate.rejected", |through| {
        through.autosync.ok(&["reject", MODEL]);
        MODEL
    }),
    ("a person has a price of their own", "overlay", |through| {
        through.upstream.serve(&before());
        through.sync();
        finds_nothing(&through.autosync, &[MODEL]);
        through.autosync.ok(&["overlay", "set", MODEL, "input_cost_per_token=1.80/1M"]);
        MODEL
    }),
    ("a person pinned the map before", "pinned", |through| {
        through.autosync.ok(&["overlay", "remove", MODEL]);
        finds_nothing(&through.autosync, &[MODEL]);
        through.autosync.ok(&["pin"]);
        through.upstream.serve(&broken::with_entry(&before(), FRESH, PRICED));
        FRESH
    }),
    ("a person went back by one map", "marked_bad", |through| {
        through.autosync.ok(&["unpin"]);
        through.sync();
        through.autosync.ok(&["rollback"]);
        FRESH
    }),
];

fn before() -> Vec<u8> {
    maps::load(maps::BEFORE_NEWEST)
}

#[test]
fn what_people_decided_is_named_as_the_cause() {
    let through = Through::start(MAIN);
    through.begin();
    for (what, cause, plant) in SET_UPS {
        let model = plant(&through);
        shows(&through.autosync, &[model], what, cause);
    }
}
