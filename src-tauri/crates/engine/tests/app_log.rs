//! The program's own log. One test, since logging is started once in a process.

use engine::ErrorCode;
use engine::home::Home;
use engine::log::init_tracing;

#[test]
fn what_the_program_says_is_json_in_app_log_and_a_bad_filter_does_not_silence_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::resolve(Some(dir.path().join("home")), &|_| None).unwrap();
    let guard = init_tracing(Some(&home), Some("engine=loud"), false).unwrap();
    tracing::info!(target: "engine::sync", proxy = "local", "run started");
    tracing::info!(target: "hyper", "not ours, and not important");
    assert_eq!(init_tracing(None, None, true).unwrap_err().code, ErrorCode::Internal);
    drop(guard);

    let text = std::fs::read_to_string(home.app_log()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0]["message"].as_str().unwrap().contains("AUTOSYNC_LOG"));
    assert_eq!((lines[1]["proxy"].as_str(), lines[1]["level"].as_str()), (Some("local"), Some("INFO")));
}
