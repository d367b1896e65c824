//! `[[webhook]]` in the settings: what is not valid takes nothing else with it, and no address is ever repeated.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use engine::ErrorCode;
use engine::settings::{AlertKind, KeyPlace, SettingsEdit, SettingsFile, Webhook, WebhookKind};
use serde_json::{Value, json};

fn read(text: &str) -> SettingsFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    SettingsFile::load(&path).unwrap()
}

#[test]
fn a_value_that_is_not_valid_takes_only_itself_along() {
    let file = read(
        r#"schema = 1
[[webhook]]
name = "team"
kind = "teams"
url = "https://hooks.example.com/s3cret"
alerts = ["failures", "weather", "prices", 7]
enabled = "yes"
colour = "red"
[[webhook]]
kind = "slack"
[[webhook]]
name = "TEAM"
[[webhook]]
name = "ops"
kind = "slack"
url = "env:OPS_HOOK"
alerts = "all"
enabled = false
"#,
    );
    let webhooks = &file.settings().webhooks;
    let team = file.settings().webhook("Team").unwrap();
    assert_eq!((team.kind, team.url.clone(), team.enabled), (WebhookKind::Json, KeyPlace::Keyring, true));
    assert_eq!(team.alerts, [AlertKind::Failures, AlertKind::Prices]);
    let ops = &webhooks[1];
    assert_eq!(
        (webhooks.len(), ops.kind, ops.url.to_string(), ops.enabled),
        (2, WebhookKind::Slack, "env:OPS_HOOK".into(), false)
    );
    assert_eq!(ops.alerts, Webhook::default_alerts());
    assert!(!ops.alerts.contains(&AlertKind::NewModels) && ops.alerts.len() == AlertKind::ALL.len() - 1);
    let mut fields: Vec<&str> = file.problems().iter().map(|problem| problem.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "webhook[0].alerts",
            "webhook[0].alerts",
            "webhook[0].enabled",
            "webhook[0].kind",
            "webhook[0].url",
            "webhook[1].name",
            "webhook[2].name",
            "webhook[3].alerts"
        ]
    );
    assert!(!format!("{:?}", file.problems()).contains("s3cret"), "{:?}", file.problems());
    assert!(!serde_json::to_string(file.settings()).unwrap().contains("s3cret"));
    assert_eq!(read("schema = 1\nwebhook = 3\n[notify]\nsuccess_rate = 101\n").problems().len(), 2);
}

#[test]
fn a_webhook_is_added_changed_and_removed_and_the_defaults_are_not_spelled_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let apply = |edit: Value| {
        let edit: SettingsEdit = serde_json::from_value(edit).unwrap();
        edit.apply(&mut SettingsFile::load(&path).unwrap())
    };
    let change = |edit: Value| {
        apply(edit).unwrap();
        SettingsFile::load(&path).unwrap().settings().webhooks.clone()
    };
    let refused = |edit: Value| {
        let error = apply(edit).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        (error.code, error.field.unwrap_or_default())
    };
    let added = change(json!({"edit": "add_webhook", "webhook": {"name": "team", "kind": "slack"}}));
    assert_eq!((added[0].enabled, added[0].alerts.clone()), (true, Webhook::default_alerts()));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with("[[webhook]]\nname = \"team\"\nkind = \"slack\"\n"), "{text}");
    let set = change(
        json!({"edit": "set_webhook", "webhook": {"name": "Team", "kind": "json", "url": "env:HOOK", "alerts": ["prices", "failures", "prices"], "enabled": false}}),
    );
    assert_eq!(set[0].name.as_str(), "team", "what waits is found by the name");
    assert_eq!((set[0].alerts.clone(), set[0].enabled), (vec![AlertKind::Failures, AlertKind::Prices], false));
    for (webhook, code, field) in [
        (json!({"name": "team", "kind": "slack"}), ErrorCode::AlreadyExists, "name"),
        (json!({"name": "a b", "kind": "slack"}), ErrorCode::InvalidSetting, "name"),
        (json!({"name": "new", "kind": "teams"}), ErrorCode::InvalidSetting, "kind"),
        (
            json!({"name": "new", "kind": "json", "url": "https://hooks.example.com/s3cret"}),
            ErrorCode::InvalidSetting,
            "url",
        ),
        (json!({"name": "new", "kind": "json", "alerts": ["weather"]}), ErrorCode::InvalidSetting, "alerts"),
    ] {
        assert_eq!(refused(json!({"edit": "add_webhook", "webhook": webhook})), (code, field.to_owned()));
    }
    assert_eq!(refused(json!({"edit": "remove_webhook", "name": "other"})).0, ErrorCode::NotFound);
    assert_eq!(change(json!({"edit": "remove_webhook", "name": "TEAM"})), []);
}
