//! Answers that are not true: a 200 is no proof, and a run without proof never succeeds.

use system_tests::{Answer, Client, Stage, broken, maps};

use crate::{MAIN, OLDER, code, live, only_run};

#[test]
fn a_reload_that_says_success_with_the_old_map_is_not_proven() {
    let stage = Stage::shared(OLDER);
    let autosync = stage.autosync();
    // The proxy's own fetch fails a moment after ours: it falls back to the copy in its package, and says success.
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    stage.upstream.answer_only(Client::Proxy, Answer::Status(500));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (6, &"unproven".into()), "{run:#}");
    assert_eq!(run["reason"], "old_revision", "{run:#}");
    assert!(run["receipt"].is_null(), "{run:#}");
    assert!(!stage.upstream.hits_of(Client::Proxy).is_empty(), "the proxy did not fetch: the test shows nothing");
}

#[test]
fn a_copy_from_a_cache_is_not_proven_and_named() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"], &run["reason"]), (6, &"unproven".into(), &"old_revision".into()), "{run:#}");
    assert!(run["receipt"].is_null());
}

#[test]
fn another_map_than_the_checked_one_is_not_proven_and_checked_too() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    let negative = broken::with_field(&stage.new, "gpt-4o", "input_cost_per_token", (-1).into());
    stage.upstream.answer_only(Client::Proxy, Answer::map(&negative));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"], &run["reason"]), (6, &"unproven".into(), &"other_revision".into()), "{run:#}");
    let findings = run["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["model"] == "gpt-4o"), "the live map was not checked: {run:#}");
}

/// The cache in front of the source has a copy that is neither the new map nor the one that the proxy had.
#[test]
fn a_stale_copy_is_another_revision_unless_it_was_seen_here_before() {
    let stage = Stage::shared(MAIN);
    let stale = broken::without(&stage.old, &["gpt-4o-audio-preview"]);
    for was_seen in [false, true] {
        stage.set_back();
        let autosync = stage.autosync();
        if was_seen {
            stage.upstream.answer_only(Client::Autosync, Answer::map(&stale));
            autosync.json(&["sync", "--proxy", "local"]);
            stage.set_back();
        }
        stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
        stage.upstream.answer_only(Client::Proxy, Answer::map(&stale));
        let (exit, answer) = autosync.json(&["sync"]);
        let run = only_run(&answer);
        let reason = if was_seen { "old_revision" } else { "other_revision" };
        assert_eq!((exit, &run["outcome"], &run["reason"]), (6, &"unproven".into(), &reason.into()), "{run:#}");
        assert!(run["receipt"].is_null(), "{run:#}");
        let source = stage.proxy.get("/model/cost_map/source").json();
        assert_eq!(source["source_revision"].as_str(), Some(&*maps::revision(&stale)), "{source:#}");
    }
}

#[test]
fn a_live_map_that_answers_500_is_not_proven_and_the_next_sync_heals_it() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let entry = r#"{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": NaN}"#;
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    stage.upstream.answer_only(Client::Proxy, Answer::map(&broken::with_entry(&stage.new, "zz-nan", entry)));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!(stage.proxy.get("/public/litellm_model_cost_map").status, 500, "the proxy did not take NaN");
    assert_eq!((exit, &run["outcome"]), (6, &"unproven".into()), "{run:#}");
    assert_eq!((&run["reason"], code(&answer)), (&"live_map_broken".into(), "live_map_broken"), "{run:#}");

    stage.upstream.serve(&stage.new);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"succeeded".into()), "{answer:#}");
}

#[test]
fn a_reload_that_fails_halfway_is_no_success_although_the_revision_moved() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    let halfway = broken::with_entry(&stage.new, "zz-text", "\"not a model\"");
    stage.upstream.answer_only(Client::Proxy, Answer::map(&halfway));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"], code(&answer)), (1, &"failed".into(), "proxy_failed"), "{run:#}");
    // LiteLLM names the new revision now, over the map from before.
    let source = stage.proxy.get("/model/cost_map/source").json();
    assert_eq!(source["source_revision"].as_str(), Some(&*maps::revision(&halfway)), "{source:#}");
    assert!(run["receipt"].is_null());
}

#[test]
fn a_reload_that_fails_is_told_and_the_live_map_stays() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let before = live(&stage);
    stage.upstream.answer_only(Client::Autosync, Answer::map(&stage.new));
    stage.upstream.answer_only(Client::Proxy, Answer::Status(404));
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"], code(&answer)), (1, &"failed".into(), "proxy_failed"), "{run:#}");
    assert_eq!(live(&stage), before);
}
