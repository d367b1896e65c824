//! What `autosync status` learns from a real proxy.

use serde_json::json;
use system_tests::Stage;

use crate::{MAIN, MIDDLE, OLDER, only_run};

#[test]
fn a_configured_model_is_used_and_one_that_no_map_knows_is_unpriced() {
    for version in [OLDER, MIDDLE, MAIN] {
        let stage = Stage::shared(version);
        let autosync = stage.autosync();
        let used = json!(["claude-sonnet-4-5", "gpt-4o", "gpt-4o-mini"]);
        // Before anything was promoted, what the proxy itself shows.
        let (_, status) = autosync.json(&["status"]);
        assert_eq!(status["proxies"][0]["used_models"], used, "{version}: {status:#}");

        // Forced, since a reload drops the registrations of configured models on the older one.
        let (exit, answer) = autosync.json(&["sync", "--force"]);
        assert_eq!(exit, 0, "{version}: {answer:#}");
        let (_, status) = autosync.json(&["status"]);
        let proxy = &status["proxies"][0];
        assert_eq!(proxy["used_models"], used, "{version}: {proxy:#}");
        assert_eq!(proxy["unpriced_models"], json!(["nobody-prices-it"]), "{version}: {proxy:#}");
        assert_eq!(proxy["unpriced_entry"], "openai/a-model-that-no-map-knows", "what it asks for: {proxy:#}");

        let steps = only_run(&answer)["steps"].as_array().unwrap();
        let names: Vec<_> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
        assert_eq!(names, ["check_source", "read_live", "reload", "read_back", "receipt"], "{answer:#}");
        assert!(steps.iter().all(|step| step["seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0)), "{steps:?}");
    }
}
