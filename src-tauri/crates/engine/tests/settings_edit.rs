//! Changes of the settings as data: the same errors for the window, the terminal and the door.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use engine::settings::{
    Close, GateEdit, KeyPlace, NetworkProxy, Preset, Proxy, ProxyDocument, Settings, SettingsEdit, SettingsFile, Theme,
};
use engine::{Error, ErrorCode};
use serde_json::{Value, json};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("settings.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap_or_default()
    }

    /// Makes a change that came as JSON, and gives the settings as they are read from the file afterwards.
    fn change(&self, edit: Value) -> Result<Settings, Error> {
        let edit: SettingsEdit = serde_json::from_value(edit).unwrap();
        edit.apply(&mut SettingsFile::load(&self.path())?)?;
        let file = SettingsFile::load(&self.path())?;
        // That nothing listens in this version is no fault of the edit.
        assert!(file.problems().iter().all(|problem| problem.code == ErrorCode::Unsupported), "{:?}", file.problems());
        Ok(file.settings().clone())
    }

    fn refused(&self, edit: Value) -> (ErrorCode, String) {
        let before = self.text();
        let error = self.change(edit).unwrap_err();
        assert_eq!(self.text(), before, "a change that is refused writes nothing");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        (error.code, error.field.unwrap_or_default())
    }
}

fn proxy(name: &str) -> Value {
    json!({"name": name, "url": "http://127.0.0.1:4000"})
}

#[test]
fn every_section_is_changed_and_what_is_the_default_again_is_taken_out() {
    let folder = Folder::new();
    let changes = [
        (
            json!({"edit": "set_source", "source": "https://example.com/map.json?key=1"}),
            json!({"edit": "set_source", "source": null}),
        ),
        (json!({"edit": "set_watch", "watch": "off"}), json!({"edit": "set_watch", "watch": "5m"})),
        (
            json!({"edit": "set_windows", "windows": ["allow Mon-Fri 02:00-05:00"]}),
            json!({"edit": "set_windows", "windows": []}),
        ),
        (
            json!({"edit": "set_gate", "mode": "hold", "soak": "2h"}),
            json!({"edit": "set_gate", "mode": "review", "soak": "0m"}),
        ),
        (json!({"edit": "set_gateway", "listen": "127.0.0.1:4401"}), json!({"edit": "set_gateway", "listen": "off"})),
        (
            json!({"edit": "set_notify", "failures": false, "quiet": "22:00-07:00"}),
            json!({"edit": "set_notify", "failures": true, "quiet": ""}),
        ),
        (
            json!({"edit": "set_app", "theme": "dark", "close": "quit"}),
            json!({"edit": "set_app", "theme": "system", "close": "tray"}),
        ),
        (
            json!({"edit": "set_network", "proxy": "http://proxy.example.com:3128"}),
            json!({"edit": "set_network", "proxy": "system"}),
        ),
        (
            json!({"edit": "set_schedule", "preset": "development"}),
            json!({"edit": "set_schedule", "preset": "production"}),
        ),
    ];
    for (change, back) in changes {
        assert_ne!(folder.change(change.clone()).unwrap(), Settings::default(), "{change}");
        assert_eq!(folder.change(back).unwrap(), Settings::default(), "{change}");
        let kept: Vec<String> = folder
            .text()
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(str::to_owned)
            .collect();
        assert_eq!(kept, ["schema = 1"], "{change}");
    }
}

#[test]
fn the_new_sections_are_read_back_as_they_were_written() {
    let folder = Folder::new();
    folder.change(json!({"edit": "set_app", "theme": "dark"})).unwrap();
    folder.change(json!({"edit": "set_app", "close": "quit"})).unwrap();
    let settings = folder.change(json!({"edit": "set_network", "proxy": "none"})).unwrap();
    assert_eq!((settings.app.theme, settings.app.close), (Theme::Dark, Close::Quit), "one setting leaves the other");
    assert_eq!(settings.network.proxy, NetworkProxy::Direct);
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/corp-ca.pem");
    let settings = folder.change(json!({"edit": "set_network", "ca_file": authority})).unwrap();
    assert_eq!(settings.network.proxy, NetworkProxy::Direct, "one setting leaves the other");
    assert_eq!(settings.network.ca_file.as_deref(), Some(std::path::Path::new(authority)));
    let settings = folder.change(json!({"edit": "set_network", "ca_file": ""})).unwrap();
    assert_eq!(settings.network.ca_file, None);
    let proxy = |ca_file: &str| json!({"name": "eu", "url": "https://llm.corp.example", "ca_file": ca_file});
    let settings = folder.change(json!({"edit": "add_proxy", "proxy": proxy(authority)})).unwrap();
    assert_eq!(settings.proxies[0].ca_file.as_deref(), Some(std::path::Path::new(authority)));
    for (wrong, why) in [("/nowhere/ca.pem", "does not exist"), ("ca.pem", "absolute path")] {
        let refused = folder.change(json!({"edit": "set_proxy", "name": "eu", "proxy": proxy(wrong)})).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("ca_file"));
        assert!(refused.message.contains(why), "{}", refused.message);
    }
    let settings = folder.change(json!({"edit": "set_proxy", "name": "eu", "proxy": proxy("")})).unwrap();
    assert_eq!(settings.proxies[0].ca_file, None);
    assert!(!folder.text().contains("corp-ca.pem"), "{}", folder.text());
}

#[test]
fn what_is_left_out_of_a_section_stays_as_the_user_has_typed_it() {
    let folder = Folder::new();
    let mut file = SettingsFile::load(&folder.path()).unwrap();
    fs::write(folder.path(), "[gate]\nmode = \"hold\" # mine\n").unwrap();
    let edit = SettingsEdit::SetGate(GateEdit { direct: Some("wait".into()), ..GateEdit::default() });
    edit.apply(&mut file).unwrap();
    assert!(folder.text().contains("mode = \"hold\" # mine"), "{}", folder.text());
    assert_eq!(file.settings().gate.direct.as_str(), "wait");
}

#[test]
fn a_proxy_is_added_changed_and_removed() {
    let folder = Folder::new();
    folder.change(json!({"edit": "add_proxy", "proxy": proxy("Local")})).unwrap();
    assert_eq!(
        folder.refused(json!({"edit": "add_proxy", "proxy": proxy("local")})),
        (ErrorCode::AlreadyExists, "name".into())
    );
    let changed = json!({"name": "local", "url": "https://example.com", "role": "staging", "key": "env:KEY"});
    let settings = folder.change(json!({"edit": "set_proxy", "name": "LOCAL", "proxy": changed})).unwrap();
    let now = &settings.proxies[0];
    assert_eq!((now.name.as_str(), now.url.as_str()), ("Local", "https://example.com"), "its name stays as it is");
    assert_eq!((now.role.as_str(), &now.key), ("staging", &KeyPlace::Env("KEY".into())));
    assert_eq!(Proxy::try_from(&ProxyDocument::from(now)).unwrap(), *now, "there and back");
    assert_eq!(
        folder.refused(json!({"edit": "set_proxy", "name": "local", "proxy": proxy("other")})),
        (ErrorCode::InvalidSetting, "name".into())
    );
    assert_eq!(
        folder.refused(json!({"edit": "set_proxy", "name": "nobody", "proxy": proxy("nobody")})),
        (ErrorCode::NotFound, "name".into())
    );
    assert_eq!(folder.change(json!({"edit": "remove_proxy", "name": "local"})).unwrap().proxies, []);
    assert_eq!(folder.refused(json!({"edit": "remove_proxy", "name": "local"})).0, ErrorCode::NotFound);
}

#[test]
fn what_is_wrong_is_named_by_its_field() {
    let folder = Folder::new();
    folder.change(json!({"edit": "set_gateway", "listen": "127.0.0.1:4401"})).unwrap();
    let invalid = |field: &str| (ErrorCode::InvalidSetting, field.to_owned());
    let with = |key: &str, value: Value| {
        let mut proxy = proxy("local");
        proxy[key] = value;
        json!({"edit": "add_proxy", "proxy": proxy})
    };
    for (edit, expected) in [
        (with("name", "../up".into()), invalid("name")),
        (with("url", "localhost:4000".into()), invalid("url")),
        (with("url", "http://example.com".into()), (ErrorCode::PlainHttp, "url".into())),
        (with("url", "https://me:hunter2@example.com".into()), (ErrorCode::UrlHasCredentials, "url".into())),
        (with("role", "boss".into()), invalid("role")),
        (with("key", "sk-hunter2".into()), invalid("key")),
        (json!({"edit": "set_source", "source": "ftp://example.com"}), invalid("source.url")),
        (json!({"edit": "set_source", "source": " "}), invalid("source")),
        (
            json!({"edit": "set_source", "source": "http://localhost:4401/x"}),
            (ErrorCode::SourceIsGateway, "source.url".into()),
        ),
        (json!({"edit": "set_watch", "watch": "0s"}), invalid("source.watch")),
        (json!({"edit": "set_schedule", "preset": "nightly"}), invalid("schedule.preset")),
        (json!({"edit": "set_schedule", "preset": "custom", "every": "soon"}), invalid("schedule.every")),
        (json!({"edit": "set_windows", "windows": ["at night"]}), invalid("schedule.windows")),
        (json!({"edit": "set_windows", "windows": vec!["allow Mon 02:00-05:00"; 201]}), invalid("schedule.windows")),
        (json!({"edit": "set_gate", "mode": "Review"}), invalid("gate.mode")),
        (json!({"edit": "set_gate", "direct": "ask"}), invalid("gate.direct")),
        (json!({"edit": "set_gate", "soak": "-1m"}), invalid("gate.soak")),
        (json!({"edit": "set_gateway", "listen": "localhost"}), invalid("gateway.listen")),
        (json!({"edit": "set_notify", "price_changes": "some"}), invalid("notify.price_changes")),
        (json!({"edit": "set_notify", "quiet": "at night"}), invalid("notify.quiet")),
        (json!({"edit": "set_app", "theme": "blue"}), invalid("app.theme")),
        (json!({"edit": "set_app", "close": "never"}), invalid("app.close")),
        (json!({"edit": "set_network", "proxy": "proxy:3128"}), invalid("network.proxy")),
        (
            json!({"edit": "set_network", "proxy": "http://me:hunter2@proxy:3128"}),
            (ErrorCode::UrlHasCredentials, "network.proxy".into()),
        ),
    ] {
        assert_eq!(folder.refused(edit.clone()), expected, "{edit}");
    }
}

#[test]
fn a_change_that_nobody_knows_is_no_change() {
    for bad in [
        json!({"edit": "set_everything"}),
        json!({"edit": "set_gate", "mood": "hold"}),
        json!({"edit": "add_proxy", "proxy": {"name": "a", "url": "http://127.0.0.1", "api_key": "sk-1"}}),
        json!({"mode": "hold"}),
    ] {
        serde_json::from_value::<SettingsEdit>(bad).unwrap_err();
    }
    let edit = SettingsEdit::SetSchedule { preset: Preset::Custom.to_string(), every: Some("90m".into()) };
    let text = serde_json::to_string(&edit).unwrap();
    assert_eq!(text, r#"{"edit":"set_schedule","preset":"custom","every":"90m"}"#);
    assert_eq!(serde_json::from_str::<SettingsEdit>(&text).unwrap(), edit);
}
