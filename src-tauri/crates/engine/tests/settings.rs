//! The settings file: what people have typed into it must survive this program.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use engine::ErrorCode;
use engine::settings::{
    DirectMode, Gate, GateMode, KeyHeader, KeyPlace, Notify, Period, Preset, PriceNews, Proxy, ProxyUrl, Role,
    Settings, SettingsFile, Source, SourceChoice, SourceUrl, StageMode,
};
use proptest::prelude::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(text: &str) -> Self {
        let folder = Self::new();
        fs::write(folder.path(), text).unwrap();
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("settings.toml")
    }

    fn load(&self) -> SettingsFile {
        SettingsFile::load(&self.path()).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn backups(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path().join("backups")).into_iter().flatten();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn proxy(name: &str) -> Proxy {
    Proxy {
        name: name.parse().unwrap(),
        url: ProxyUrl::parse("http://127.0.0.1:4000", false).unwrap(),
        role: Role::Production,
        key: KeyPlace::Keyring,
        key_header: KeyHeader::default(),
        allow_plain_http: false,
        ca_file: None,
        restart: Vec::new(),
        local_file: None,
        own_schedule: None,
        beta_headers: None,
    }
}

fn fields(file: &SettingsFile) -> Vec<(&str, ErrorCode)> {
    file.problems().iter().map(|problem| (problem.field.as_str(), problem.code)).collect()
}

/// The example of the contract, with every setting at its default.
const DEFAULTS: &str = r#"
schema = 1
[source]
url = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
watch = "5m"
[schedule]
preset = "production"
every = "6h"
windows = []
[gate]
mode = "review"
direct = "tell"
soak = "0m"
[notify]
new_models = true
price_changes = "mine"
failures = true
quiet = ""
[app]
theme = "system"
close = "tray"
[network]
proxy = "system"
"#;

#[test]
fn a_missing_or_empty_file_means_the_defaults_and_reading_creates_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.load().settings(), &Settings::default());
    assert!(!folder.path().exists());
    assert_eq!(Folder::with("").load().settings(), &Settings::default());
    assert_eq!(Folder::with("\u{feff}schema = 1\r\n").load().settings(), &Settings::default(), "saved by Notepad");
}

#[test]
fn the_defaults_of_the_program_are_those_of_the_contract() {
    let file = Folder::with(DEFAULTS).load();
    assert_eq!(fields(&file), []);
    let url = SourceUrl::default();
    assert_eq!(file.settings(), &Settings { source: SourceChoice::Chosen(Source::Url(url)), ..Settings::default() });
}

#[test]
fn every_setting_is_read() {
    let folder = Folder::with(
        r#"
schema = 1
source = { file = "maps/mine.json", watch = "off" }
schedule.preset = "custom"
schedule.every = "90m"
schedule.windows = ["allow Mon-Fri 02:00-05:00"]
gate = { mode = "hold", direct = "wait", soak = "30m", stages = "hand", stage_soak = "2h" }
gateway.listen = "127.0.0.1:4401"
[notify]
new_models = false
price_changes = "off"
failures = false
quiet = "22:00-07:00"
[[proxy]]
name = "local"
url = "http://127.0.0.1:4000/"
[[proxy]]
name = "EU"
url = "http://eu.example.com"
role = "staging"
key = "env:EU_KEY"
allow_plain_http = true
"#,
    );
    let file = folder.load();
    assert_eq!(fields(&file), []);
    let settings = file.settings();
    assert_eq!(settings.source().unwrap(), Source::File(folder.0.path().join("maps/mine.json")));
    assert_eq!(settings.watch, None);
    assert_eq!(settings.schedule.interval(), Some(period("90m")));
    assert_eq!(settings.schedule.windows, ["allow Mon-Fri 02:00-05:00"]);
    let gate = settings.gate;
    assert_eq!((gate.mode, gate.direct, gate.soak), (GateMode::Hold, DirectMode::Wait, period("30m")));
    assert_eq!((gate.stages, gate.stage_soak), (StageMode::Hand, period("2h")));
    assert_eq!(settings.gateway, Some("127.0.0.1:4401".parse().unwrap()));
    let quiet = "22:00-07:00".to_owned();
    assert_eq!(
        settings.notify,
        Notify { new_models: false, price_changes: PriceNews::Off, failures: false, success_rate: 80, quiet }
    );
    assert_eq!(settings.proxies[0], proxy("local"));
    let eu = settings.proxy("eu").unwrap();
    assert_eq!((eu.url.as_str(), eu.role, eu.allow_plain_http), ("http://eu.example.com", Role::Staging, true));
    assert_eq!(eu.key, KeyPlace::Env("EU_KEY".to_owned()));
    assert_eq!(settings.proxy("us").unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn one_bad_value_costs_only_itself() {
    let bad = [
        ("source.watch", "\"5 minutes\""),
        ("source.watch", "\"0s\""),
        ("schedule.preset", "\"nightly\""),
        ("schedule.every", "6"),
        ("schedule.windows", "\"always\""),
        ("gate.mode", "\"Review\""),
        ("gate.direct", "true"),
        ("gate.soak", "\"-1m\""),
        ("gate.stages", "true"),
        ("gate.stage_soak", "\"soon\""),
        ("gateway.listen", "\"localhost\""),
        ("notify.new_models", "\"yes\""),
        ("notify.price_changes", "\"some\""),
        ("notify.failures", "1"),
        ("notify.quiet", "\"at night\""),
        ("app.theme", "\"blue\""),
        ("app.close", "\"never\""),
        ("network.proxy", "\"proxy:3128\""),
    ];
    for (field, value) in bad {
        let (table, key) = field.split_once('.').unwrap();
        let (other, kept) = if table == "gate" { ("notify.failures", "false") } else { ("gate.mode", "\"hold\"") };
        let text = format!(
            "{table}.{key} = {value}\n{other} = {kept}\n[[proxy]]\nname = 'local'\nurl = 'http://127.0.0.1:4000'\n"
        );
        let file = Folder::with(&text).load();
        assert_eq!(fields(&file), [(field, ErrorCode::InvalidSetting)], "{text}");
        let expected =
            Folder::with(&format!("{other} = {kept}\n[[proxy]]\nname = 'local'\nurl = 'http://127.0.0.1:4000'\n"));
        assert_eq!(file.settings(), expected.load().settings(), "{text}");
    }
    assert_eq!(fields(&Folder::with("gate = 5").load()), [("gate", ErrorCode::InvalidSetting)]);
    assert_eq!(fields(&Folder::with("proxy = 5").load()), [("proxy", ErrorCode::InvalidSetting)]);
}

#[test]
fn a_bad_proxy_does_not_cost_the_others() {
    let file = Folder::with(
        r#"
[[proxy]]
name = "no-url"
[[proxy]]
name = "public"
url = "http://example.com"
[[proxy]]
name = "password"
url = "https://me:hunter2@example.com"
[[proxy]]
name = "good"
url = "https://example.com"
role = "boss"
key = "sk-hunter2"
[[proxy]]
name = "GOOD"
url = "https://other.example.com"
[[proxy]]
name = "../up"
url = "https://example.com"
"#,
    )
    .load();
    assert_eq!(
        fields(&file),
        [
            ("proxy[0].url", ErrorCode::InvalidSetting),
            ("proxy[1].url", ErrorCode::PlainHttp),
            ("proxy[2].url", ErrorCode::UrlHasCredentials),
            ("proxy[3].role", ErrorCode::InvalidSetting),
            ("proxy[3].key", ErrorCode::InvalidSetting),
            ("proxy[4].name", ErrorCode::InvalidSetting),
            ("proxy[5].name", ErrorCode::InvalidSetting),
        ]
    );
    assert!(!format!("{:?}", file.problems()).contains("hunter2"));
    assert_eq!(file.settings().proxies.len(), 1);
    assert_eq!(file.settings().proxies[0].url.as_str(), "https://example.com");
}

#[test]
fn a_chosen_source_that_cannot_be_used_is_not_replaced_by_another() {
    for (text, field, code) in [
        ("source.url = 'https://me:hunter2@example.com/map'", "source.url", ErrorCode::UrlHasCredentials),
        ("source.url = 'ftp://example.com/map'", "source.url", ErrorCode::InvalidSetting),
        ("source.url = 'https://example.com/map'\nsource.file = 'map'", "source", ErrorCode::InvalidSetting),
        (
            "source.url = 'http://localhost:4401/map'\ngateway.listen = '127.0.0.1:4401'",
            "source.url",
            ErrorCode::SourceIsGateway,
        ),
    ] {
        let file = Folder::with(text).load();
        let about_source: Vec<_> = fields(&file).into_iter().filter(|(field, _)| field.starts_with("source")).collect();
        assert_eq!(about_source, [(field, code)]);
        let error = file.settings().source().unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (code, Some(field)));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[test]
fn a_file_that_cannot_be_understood_is_named_by_line_and_left_alone() {
    let broken = "schema = 1\n[gate]\nmode = \"hold\nkey = 'sk-hunter2'\n";
    for (bytes, says) in [
        (broken.as_bytes(), "line 3"),
        (b"schema = 1\nschema = 1\n", "line 2"),
        (b"schema = 2\n", "newer version"),
        (b"schema = 'one'\n", "schema must be a number"),
        (b"schema = 0\n", "schema must be a number"),
        (b"# caf\xe9\n", "UTF-8"),
    ] {
        let folder = Folder::new();
        let good = folder.load();
        fs::write(folder.path(), bytes).unwrap();
        let error = SettingsFile::load(&folder.path()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSetting);
        assert!(error.message.contains(says), "{}", error.message);
        assert!(!format!("{error:?}").contains("hunter2"));
        // Also not by a program that had it open before.
        assert_eq!(good.clone().add_proxy(&proxy("local")).unwrap_err().code, ErrorCode::InvalidSetting);
        assert!(good.clone().reload().is_err());
        assert_eq!(fs::read(folder.path()).unwrap(), bytes);
    }
}

#[test]
fn a_new_file_explains_itself_and_holds_only_what_differs() {
    let folder = Folder::new();
    let mut file = folder.load();
    file.add_proxy(&proxy("local")).unwrap();
    file.set_schedule(Preset::Production, None).unwrap();
    insta::assert_snapshot!(folder.text());
    assert_eq!(folder.load().settings(), file.settings());
}

#[test]
fn comments_order_and_unknown_keys_stay() {
    let folder = Folder::with(
        r#"# mine

colour = "blue" # of a later version
[schedule] # when
# Nightly, since the EU team asked.
every = "1d"   # not before
preset = "custom"

[future]
x = [1, 2]

# The one on my desk.
[[proxy]]
name = "local"
url = "http://127.0.0.1:4000" # docker
tags = ["a"]
"#,
    );
    let mut file = folder.load();
    file.set_schedule(Preset::Custom, Some(period("2h"))).unwrap();
    file.set_gate(Gate { mode: GateMode::Hold, ..Gate::default() }).unwrap();
    file.set_proxy(&Proxy { role: Role::Testing, ..proxy("local") }).unwrap();
    file.add_proxy(&Proxy { key: KeyPlace::Env("KEY".to_owned()), ..proxy("second") }).unwrap();
    file.set_source(Some(Source::parse("https://example.com/map.json", Path::new("/")).unwrap())).unwrap();
    insta::assert_snapshot!(folder.text());
    assert_eq!(fields(&folder.load()), []);

    // Back at the defaults, and nothing of it stays but what the user has written beside it.
    file.set_source(None).unwrap();
    file.set_gate(Gate::default()).unwrap();
    file.set_schedule(Preset::Production, Some(period("6h"))).unwrap();
    file.remove_proxy("SECOND").unwrap();
    insta::assert_snapshot!(folder.text());
}

#[test]
fn proxies_written_as_an_inline_list_can_be_added_to() {
    let folder =
        Folder::with("proxy = [{ name = 'one', url = 'http://127.0.0.1:1', note = 'kept' }]\ngate.mode = 'hold'\n");
    let mut file = folder.load();
    file.add_proxy(&proxy("two")).unwrap();
    let again = folder.load();
    assert_eq!(again.settings().proxies.iter().map(|proxy| proxy.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(again.settings().gate.mode, GateMode::Hold);
    assert!(folder.text().contains("kept"));
}

#[test]
fn what_the_user_typed_meanwhile_is_not_lost() {
    let folder = Folder::with("gate.mode = 'hold'\n");
    let mut file = folder.load();
    fs::write(folder.path(), "gate.mode = 'hold'\nnotify.failures = false\n").unwrap();
    file.add_proxy(&proxy("local")).unwrap();
    assert!(!folder.load().settings().notify.failures);
    assert!(!file.settings().notify.failures);

    assert!(!file.reload().unwrap());
    fs::write(folder.path(), "gate.mode = 'off'\n").unwrap();
    assert!(file.reload().unwrap());
    assert_eq!(file.settings().gate.mode, GateMode::Off);
}

#[test]
fn names_are_taken_once_and_env_never() {
    let folder = Folder::with("[[proxy]]\nname = 'broken'\n");
    let mut file = folder.load();
    file.add_proxy(&proxy("local")).unwrap();
    for taken in ["local", "LOCAL", "broken"] {
        assert_eq!(file.add_proxy(&proxy(taken)).unwrap_err().code, ErrorCode::AlreadyExists, "{taken}");
    }
    assert_eq!(file.add_proxy(&proxy("Env")).unwrap_err().code, ErrorCode::InvalidSetting);
    assert_eq!(file.remove_proxy("nobody").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(file.set_proxy(&proxy("nobody")).unwrap_err().code, ErrorCode::NotFound);
    file.remove_proxy("broken").unwrap();
    file.remove_proxy("local").unwrap();
    assert_eq!((file.settings().proxies.len(), file.problems().len()), (0, 0));
    assert!(!folder.text().contains("[[proxy]]"), "{}", folder.text());
}

#[test]
fn a_change_that_is_not_valid_writes_nothing() {
    let folder = Folder::with("gateway.listen = '127.0.0.1:4401'\n");
    let before = folder.text();
    let mut file = folder.load();
    let gateway = Source::parse("http://localhost:4401/map.json", Path::new("/")).unwrap();
    assert_eq!(file.set_source(Some(gateway.clone())).unwrap_err().code, ErrorCode::SourceIsGateway);
    assert!(file.set_schedule(Preset::Custom, Some(period("0s"))).is_err());
    assert!(file.set_watch(Some(period("0m"))).is_err());
    assert!(file.set_notify(Notify { quiet: "25:00-07:00".to_owned(), ..Notify::default() }).is_err());
    assert!(file.set_notify(Notify { quiet: "22:00".to_owned(), ..Notify::default() }).is_err());
    assert_eq!(folder.text(), before);
    assert!(folder.backups().is_empty());

    file.set_notify(Notify { quiet: "18:00-24:00".to_owned(), ..Notify::default() }).unwrap();
    assert_eq!(folder.load().settings().notify.quiet, "18:00-24:00");
    file.set_gateway(None).unwrap();
    file.set_source(Some(gateway)).unwrap();
    let error = file.set_gateway(Some("127.0.0.1:4401".parse().unwrap())).unwrap_err();
    assert_eq!(error.code, ErrorCode::SourceIsGateway);
    assert_eq!(file.settings().gateway, None);
}

#[test]
fn each_change_keeps_the_file_before_it_and_twenty_of_them() {
    let folder = Folder::with("# the first\n");
    let mut file = folder.load();
    file.set_watch(Some(period("1s"))).unwrap();
    assert_eq!(folder.backups(), ["# the first\n"]);
    file.set_watch(Some(period("1s"))).unwrap();
    assert_eq!(folder.backups().len(), 1, "nothing changed, nothing to keep");
    let mut before_last = String::new();
    for seconds in 2..30 {
        before_last = folder.text();
        file.set_watch(Some(period(&format!("{seconds}s")))).unwrap();
    }
    let kept = folder.backups();
    assert_eq!(kept.len(), 20);
    assert_eq!(kept.last(), Some(&before_last));
    assert!(!kept.iter().any(|text| text == "# the first\n"));
}

prop_compose! {
    fn any_settings()(
        source in prop_oneof![
            Just(None),
            Just(Some(Source::parse("https://example.com/a", Path::new("/")).unwrap())),
            Just(Some(Source::parse("map.json", &std::env::temp_dir()).unwrap())),
        ],
        watch in proptest::option::of(1..100_000_u32),
        preset in proptest::sample::select(Preset::WORDS),
        every in 1..100_000_u32,
        windows in proptest::collection::vec("\\PC{0,20}", 0..3),
        (mode, direct) in (proptest::sample::select(GateMode::WORDS), proptest::sample::select(DirectMode::WORDS)),
        (soak, stages) in (0..100_000_u32, proptest::sample::select(StageMode::WORDS)),
        gateway in proptest::option::of(any::<u16>()),
        told in (any::<bool>(), proptest::sample::select(PriceNews::WORDS), any::<bool>(), any::<bool>(), 0..=100_u8),
    ) -> (Option<Source>, Settings) {
        let seconds = |seconds: u32| period(&format!("{seconds}s"));
        let mut settings = Settings { watch: watch.map(seconds), ..Settings::default() };
        settings.source = source.clone().map_or(SourceChoice::Default, SourceChoice::Chosen);
        settings.schedule.preset = preset.parse().unwrap();
        settings.schedule.every = seconds(every);
        settings.schedule.windows = windows;
        let (mode, direct, stages) = (mode.parse().unwrap(), direct.parse().unwrap(), stages.parse().unwrap());
        settings.gate = Gate { mode, direct, soak: seconds(soak), stages, stage_soak: seconds(soak) };
        settings.gateway = gateway.map(|port| ([127, 0, 0, 1], port).into());
        let quiet = if told.3 { "22:00-07:00".to_owned() } else { String::new() };
        let price_changes = told.1.parse().unwrap();
        settings.notify = Notify { new_models: told.0, price_changes, failures: told.2, success_rate: told.4, quiet };
        (source, settings)
    }
}

fn write_all(file: &mut SettingsFile, source: Option<Source>, settings: &Settings) {
    file.set_gateway(settings.gateway).unwrap();
    file.set_source(source).unwrap();
    file.set_watch(settings.watch).unwrap();
    file.set_schedule(settings.schedule.preset, Some(settings.schedule.every)).unwrap();
    file.set_windows(settings.schedule.windows.clone()).unwrap();
    file.set_gate(settings.gate).unwrap();
    file.set_notify(settings.notify.clone()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_chosen_is_what_is_read_and_the_defaults_leave_no_trace((source, settings) in any_settings()) {
        let folder = Folder::new();
        let mut file = folder.load();
        write_all(&mut file, source, &settings);
        prop_assert_eq!(file.settings(), &settings);
        let again = folder.load();
        prop_assert_eq!(again.settings(), &settings);
        // That nothing listens in this version is no fault of what was written.
        prop_assert!(again.problems().iter().all(|problem| problem.code == ErrorCode::Unsupported));

        write_all(&mut file, None, &Settings::default());
        let text = folder.text();
        let left: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        prop_assert_eq!(left, ["schema = 1"]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\[\\[?(source|gate|proxy)\\]?\\]|url|name|mode|=|'[a-z:/]*'|\\{|\\}|[0-9]|\n| |#.*){0,30}") {
        let folder = Folder::with(&text);
        if let Ok(mut file) = SettingsFile::load(&folder.path()) {
            // Whatever is in there: a proxy can be added, or it is said why not and nothing is written.
            if file.add_proxy(&proxy("local")).is_ok() {
                prop_assert!(folder.load().settings().proxy("local").is_ok());
            } else {
                prop_assert_eq!(folder.text(), text);
            }
        }
    }
}
