//! Any step can be taken back: rollback, pin, unpin, own prices and following upstream again, each proved on the proxy.

use serde_json::{Value, json};
use system_tests::{Answer, broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::gateway::{MODEL, PRICE, Through};
use crate::{MAIN, MIDDLE, OLDER, code};

/// A model that the newest map has and the one before has not.
const FRESH: &str = "gpt-6-cyber";

/// The number of the newest run.
fn newest_run(through: &Through) -> u64 {
    through.autosync.json(&["history", "--limit", "1"]).1["runs"][0]["id"].as_u64().unwrap()
}

fn status(through: &Through) -> Value {
    through.autosync.json(&["status"]).1
}

/// The command succeeds, and its only run is proved.
fn proved(through: &Through, args: &[&str]) -> Value {
    let (exit, answer) = through.autosync.json(args);
    let run = &answer["runs"][0];
    assert_eq!((exit, run["receipt"].is_null()), (0, false), "{args:?}: {answer:#}");
    answer
}

/// Back to the map before, and on again by itself with the next good one.
fn rolls_back(through: &Through, newest: &[u8]) {
    let before = status(through)["promoted"]["revision"].clone();
    let last = newest_run(through);
    through.upstream.serve(newest);
    through.run_after(last);
    assert!(!through.price(FRESH).is_null());

    let (exit, preview) = through.autosync.json(&["rollback", "--dry-run"]);
    assert_eq!((exit, &preview["to"]), (0, &before), "{preview:#}");
    assert!(preview["changes"]["removed_models"].as_array().unwrap().contains(&FRESH.into()), "{preview:#}");
    assert!(!through.price(FRESH).is_null(), "a preview changes nothing");

    // Also while the source is down: that may be why somebody goes back.
    through.upstream.answer(Answer::Status(500));
    let answer = proved(through, &["rollback"]);
    assert!(!answer["runs"][0]["to"].is_null(), "{answer:#}");
    assert_eq!((&answer["pin"]["revision"], &answer["promoted"]["revision"]), (&before, &before), "{answer:#}");
    assert_eq!(answer["pin"]["skips"], json!([maps::revision(newest)]), "{answer:#}");
    assert!(through.price(FRESH).is_null(), "the proxy has the map of before");
    let (exit, again) = through.autosync.json(&["rollback"]);
    assert_eq!((exit, code(&again)), (1, "not_found"), "there is no map before the first: {again:#}");

    // The bad map is still there: it is not taken again, however often somebody syncs.
    through.upstream.serve(newest);
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"unchanged".into()), "{run:#}");
    let shown = status(through);
    assert_eq!((&shown["pin"]["revision"], &shown["proxies"][0]["sync"]), (&before, &"synced".into()), "{shown:#}");

    // The next good one ends the pin.
    let last = newest_run(through);
    through.upstream.serve(&broken::with_field(newest, "gpt-4.1", "max_output_tokens", json!(32769)));
    let run = through.run_after(last);
    assert_eq!((&run["outcome"], &run["trigger"]), (&"succeeded".into(), &"change".into()), "{run:#}");
    assert!(!through.price(FRESH).is_null());
    assert!(status(through)["pin"].is_null());
}

/// A pin holds until a person ends it.
fn pins(through: &Through, old: &str, newest: &[u8]) {
    let answer = proved(through, &["pin", &old[..8]]);
    assert_eq!((&answer["pin"]["upstream"], &answer["pin"]["resumes"]), (&old.into(), &false.into()), "{answer:#}");
    assert!(through.price(FRESH).is_null());
    through.upstream.serve(&broken::with_field(newest, "gpt-4.1", "max_output_tokens", json!(32770)));
    let (exit, run) = through.sync();
    assert_eq!((exit, &run["outcome"]), (0, &"unchanged".into()), "{run:#}");
    assert!(through.price(FRESH).is_null(), "it holds");
    assert_eq!(through.proxy.post("/reload/model_cost_map").status, 200);
    assert!(through.price(FRESH).is_null(), "also where the proxy reloads by itself");

    // Of one proxy alone.
    proved(through, &["unpin"]);
    assert!(!through.price(FRESH).is_null());
    let answer = proved(through, &["pin", &old[..8], "--proxy", "local"]);
    assert_eq!((answer["pin"].is_null(), &answer["proxy_pins"][0]["proxy"]), (true, &"local".into()), "{answer:#}");
    assert!(through.price(FRESH).is_null());
    let shown = status(through);
    assert_eq!(shown["proxies"][0]["sync"], "synced", "{shown:#}");
    proved(through, &["unpin", "--proxy", "local"]);
    assert!(!through.price(FRESH).is_null());
    for bad in [&["pin", "0000000"][..], &["pin", "nonsense"], &["unpin"], &["pin", "--proxy", "nobody"]] {
        let (exit, answer) = through.autosync.json(bad);
        assert_eq!((exit, code(&answer)), (1, "not_found"), "{bad:?}: {answer:#}");
    }
}

/// Own prices and models are billed, and upstream's beside them are known.
fn own_prices(through: &Through, newest: &[u8]) {
    proved(through, &["overlay", "set", MODEL, "input_cost_per_token=1.80/1M"]);
    assert_eq!(through.price(MODEL), json!(1.8e-6));
    assert_eq!(through.proxy.live_map()[MODEL]["output_cost_per_token"], json!(1e-5), "the rest is upstream's");
    proved(through, &["overlay", "set", "our-gpt", "alias_of=gpt-4o"]);
    assert_eq!(through.price("our-gpt"), json!(1.8e-6), "an alias of one's own is priced by what is billed");
    proved(
        through,
        &[
            "overlay",
            "set",
            "our/llama",
            "litellm_provider=openai",
            "mode=chat",
            "input_cost_per_token=0.1/1M",
            "output_cost_per_token=0.20/1M",
        ],
    );
    assert_eq!(through.price("our/llama"), json!(1e-7));
    let (_, shown) = through.autosync.json(&["price", MODEL]);
    let input = shown["prices"].as_array().unwrap().iter().find(|price| price["field"] == PRICE).unwrap();
    assert_eq!(input["price"], "0.0000018", "what is shown is what is billed: {shown:#}");

    let (exit, verified) = through.autosync.json(&["verify", MODEL, "--proxy", "local"]);
    assert_eq!((exit, &verified["agree"]), (0, &true.into()), "it has what it is meant to have: {verified:#}");
    // Upstream moves under it.
    let last = newest_run(through);
    through.upstream.serve(&broken::with_field(newest, MODEL, PRICE, json!(2e-6)));
    through.run_after(last);
    assert_eq!(through.price(MODEL), json!(1.8e-6), "the own price still counts");
    let (_, list) = through.autosync.json(&["overlay", "list"]);
    let entry =
        |model: &str| list["entries"].as_array().unwrap().iter().find(|one| one["model"] == model).unwrap().clone();
    assert_eq!((&entry(MODEL)["moved"], &entry(MODEL)["upstream"]), (&true.into(), &"differs".into()), "{list:#}");
    assert_eq!(entry("our-gpt")["upstream"], "absent", "{list:#}");
    for bad in [
        &["overlay", "set", MODEL, "input_cost_per_token=-1"][..],
        &["overlay", "set", "new", "input_cost_per_token=1"],
        &["overlay", "set", MODEL, "--file", "/no/such/file"],
    ] {
        let (exit, answer) = through.autosync.json(bad);
        assert_ne!((exit, code(&answer)), (0, ""), "{bad:?}: {answer:#}");
        assert_eq!(through.price(MODEL), json!(1.8e-6), "{bad:?}");
    }

    // Follow upstream again.
    for model in ["our-gpt", "our/llama", MODEL] {
        proved(through, &["overlay", "remove", model]);
    }
    assert_eq!(through.price(MODEL), json!(2e-6));
    assert!(through.price("our-gpt").is_null() || through.price("our-gpt") == through.price(MODEL));
}

/// A model that the proxy uses does not go without a question.
fn a_model_in_use_stays(through: &Through, newest: &[u8]) {
    let last = newest_run(through);
    through.upstream.serve(&broken::without(newest, &[MODEL, "gpt-4o-2024-05-13"]));
    let run = through.run_after(last);
    assert_eq!(run["outcome"], "succeeded", "{run:#}");
    assert!(!through.price(MODEL).is_null(), "it is used here");
    let (_, review) = through.autosync.json(&["review"]);
    let models = review["models"].as_array().unwrap();
    let asked = models.iter().find(|one| one["model"] == MODEL).unwrap_or_else(|| panic!("{review:#}"));
    assert_eq!(asked["findings"][0]["rule"], "in_use.gone", "{asked:#}");
    assert!(!models.iter().any(|one| one["model"] == "gpt-4o-2024-05-13"), "nobody here uses that: {review:#}");
}

fn every_step_back(version: &str) {
    let through = Through::start(version);
    through.begin();
    let old = status(&through)["promoted"]["upstream"].as_str().unwrap().to_owned();
    let newest = maps::load(NEWEST_PROXY);
    rolls_back(&through, &newest);
    pins(&through, &old, &newest);
    own_prices(&through, &newest);
    a_model_in_use_stays(&through, &newest);
}

#[test]
fn every_step_can_be_taken_back_on_the_main_proxy() {
    every_step_back(MAIN);
}

#[test]
fn every_step_can_be_taken_back_on_the_middle_proxy() {
    every_step_back(MIDDLE);
}

#[test]
fn every_step_can_be_taken_back_on_the_older_proxy() {
    every_step_back(OLDER);
}

#[test]
fn without_the_gateway_nothing_is_promised_that_would_not_be_billed() {
    let stage = system_tests::Stage::shared(MAIN);
    let autosync = stage.autosync();
    autosync.ok(&["sync"]);
    for args in [&["pin"][..], &["overlay", "set", MODEL, "input_cost_per_token=1e-06"]] {
        let (exit, answer) = autosync.json(args);
        assert_eq!((exit, code(&answer)), (1, "needs_gateway"), "{args:?}: {answer:#}");
    }
    assert!(!autosync.home().join("data/overlay.json").exists());
}
