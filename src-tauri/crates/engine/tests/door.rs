//! The door: what another process asks of the engine, and what a hostile one gets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod border;

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use border::{Answer, Border, answer};
use engine::controller::{Engine, EngineOptions, FirstSyncs, Happening, Pause, SyncOrder};
use engine::door::{Door, DoorClient, Kind, Show};
use engine::home::{Home, HomeLock};
use engine::run::{Outcome, Trigger};
use engine::settings::{ProxyDocument, SettingsEdit, SettingsFile};
use engine::{Clock, Error, ErrorCode};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// A map that the checks accept.
fn map() -> String {
    let entry = r#"{"litellm_provider": "openai", "mode": "chat", "max_tokens": 4096, "max_input_tokens": 128000, "max_output_tokens": 4096, "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}"#;
    let entries: Vec<String> = (0..60).map(|number| format!("\"model-{number}\": {entry}")).collect();
    format!("{{{}}}", entries.join(",\n"))
}

/// An engine with its door open.
struct House {
    dir: tempfile::TempDir,
    home: Home,
    engine: Engine,
    door: Door,
    shown: Arc<Mutex<Vec<Option<String>>>>,
}

impl House {
    async fn open() -> Self {
        Self::at("home", true).await
    }

    /// `place` is the home's path below a folder of its own.
    async fn at(place: &str, has_dashboard: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(dir.path().join(place)), &|_| None).unwrap();
        let lock = HomeLock::acquire(&home, Duration::ZERO).unwrap();
        std::fs::write(dir.path().join("map.json"), map()).unwrap();
        let mut settings = SettingsFile::load(&home.settings()).unwrap();
        let source = dir.path().join("map.json").to_str().unwrap().to_owned();
        SettingsEdit::SetSource { source: Some(source) }.apply(&mut settings).unwrap();
        let options = EngineOptions {
            home: home.clone(),
            lock,
            settings,
            environment: Arc::new(|name| (name == "KEY").then(|| "sk-hunter2".to_owned())),
            clock: Clock::system(),
            scheduled: false,
            first_syncs: FirstSyncs::Asked,
        };
        let engine = Engine::start(options).await.unwrap();
        let shown: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
        let show: Option<Show> = has_dashboard.then(|| {
            let shown = Arc::clone(&shown);
            Arc::new(move |place| shown.lock().unwrap().push(place)) as Show
        });
        let kind = if has_dashboard { Kind::App } else { Kind::Watch };
        let door = Door::serve(&engine, &home, kind, show).unwrap();
        Self { dir, home, engine, door, shown }
    }

    async fn client(&self) -> DoorClient {
        DoorClient::find(&self.home).await.unwrap().unwrap()
    }

    async fn add_proxy(&self, url: &str) {
        let proxy = ProxyDocument {
            name: "local".into(),
            url: url.into(),
            role: "production".into(),
            key: "env:KEY".into(),
            key_header: "Authorization".into(),
            allow_plain_http: false,
            ca_file: String::new(),
            restart: Vec::new(),
            local_file: String::new(),
            own_schedule: String::new(),
            beta_headers: String::new(),
        };
        self.client().await.edit(SettingsEdit::AddProxy { proxy }).await.unwrap();
    }

    /// What raw bytes get as an answer, to the end of the connection.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.home.door()).await.unwrap();
        // A door that has heard enough may close in the middle.
        stream.write_all(bytes).await.ok();
        stream.shutdown().await.ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        String::from_utf8(answer).unwrap()
    }

    async fn end(mut self) {
        self.door.close().await;
        self.engine.shutdown().await;
        self.door.end().await;
        assert!(!self.home.door().exists(), "the socket is taken away");
        drop(self.dir);
    }
}

fn order(proxies: &[&str]) -> SyncOrder {
    let proxies = proxies.iter().map(|name| (*name).to_owned()).collect();
    SyncOrder { proxies, force: false, dry_run: false, trigger: Trigger::Manual }
}

fn settings(home: &Home) -> String {
    std::fs::read_to_string(home.settings()).unwrap()
}

#[tokio::test]
async fn every_request_is_answered() {
    let house = House::open().await;
    let client = house.client().await;
    assert_eq!((client.who().pid, client.who().kind), (std::process::id(), Kind::App));

    assert!(client.pause(Pause::Indefinitely).await.unwrap().paused);
    assert!(house.engine.pause(Pause::Indefinitely).await.unwrap().paused);
    assert!(!client.resume().await.unwrap().paused);

    client.edit(SettingsEdit::SetApp { theme: Some("dark".into()), close: None, updates: None }).await.unwrap();
    assert!(settings(&house.home).contains("theme = \"dark\""));
    let error =
        client.edit(SettingsEdit::SetApp { theme: Some("blue".into()), close: None, updates: None }).await.unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (ErrorCode::InvalidSetting, Some("app.theme")));

    let report = client.check_source().await.unwrap();
    assert_eq!((report.source.models, report.runs.len()), (Some(60), 0));
    let error = client.sync(order(&["nobody"]), |_| ()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);

    client.cancel(None).await.unwrap();
    client.show(Some("history".into())).await.unwrap();
    assert_eq!(*house.shown.lock().unwrap(), [Some("history".to_owned())]);
    house.end().await;
}

#[tokio::test]
async fn without_a_dashboard_there_is_nothing_to_show() {
    let house = House::at("home", false).await;
    let error = house.client().await.show(None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unsupported);
    house.end().await;
}

#[tokio::test]
async fn a_sync_tells_what_its_runs_do_and_no_key_crosses() {
    let house = House::open().await;
    let nobody = border::nobody().await;
    house.add_proxy(&nobody).await;
    let mut told = Vec::new();
    let report = house.client().await.sync(order(&[]), |happening| told.push(happening)).await.unwrap();
    assert_eq!((report.runs.len(), report.runs[0].outcome), (1, Outcome::Failed));
    assert_eq!(report.runs[0].error.as_ref().unwrap().code, ErrorCode::ProxyUnreachable);
    assert!(matches!(&told[0], Happening::RunStarted { proxy, .. } if proxy == "local"), "{told:#?}");
    assert!(told.iter().any(|happening| matches!(happening, Happening::RunStep { .. })));
    assert!(matches!(told.last().unwrap(), Happening::RunFinished { run } if **run == report.runs[0]), "{told:#?}");
    let answer = house.raw(b"{\"version\":1,\"request\":{\"sync\":{\"trigger\":\"manual\"}}}\n").await;
    assert!(answer.contains("\"done\"") && !answer.contains("hunter2"), "{answer}");

    let mut planned = order(&["local"]);
    planned.dry_run = true;
    let report = house.client().await.sync(planned, |_| ()).await.unwrap();
    assert_eq!(report.runs[0].id, 0, "a dry run leaves no trace");
    house.end().await;
}

#[tokio::test]
async fn a_sync_goes_on_when_nobody_waits_for_it_and_ends_when_it_is_cancelled() {
    let house = House::open().await;
    let silent = Border::start(|_, _| Answer::Silence).await;
    house.add_proxy(&silent.url).await;
    let mut happenings = house.engine.happenings();
    let client = house.client().await;
    let gone = tokio::spawn(async move { client.sync(order(&["local"]), |_| ()).await });
    silent.asked.notified().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    // The next one joins the run that goes on, and both see it end.
    let client = house.client().await;
    let waiting = tokio::spawn(async move { client.sync(order(&["local"]), |_| ()).await });
    while house.engine.snapshot().borrow().proxies[0].running.is_none() {
        happenings.recv().await.unwrap();
    }
    tokio::task::yield_now().await;
    house.client().await.cancel(Some("local".into())).await.unwrap();
    let report = waiting.await.unwrap().unwrap();
    assert_eq!((report.runs[0].id, report.runs[0].outcome), (1, Outcome::Interrupted), "{report:#?}");
    house.end().await;
}

#[tokio::test]
async fn two_come_in_at_once() {
    let house = House::open().await;
    let (one, two) = (house.client().await, house.client().await);
    let edits = (0..8).map(|number| {
        let (client, preset) = (if number % 2 == 0 { &one } else { &two }, "custom".to_owned());
        client.edit(SettingsEdit::SetSchedule { preset, every: Some(format!("{}m", number + 10)) })
    });
    for done in futures_util::future::join_all(edits).await {
        done.unwrap();
    }
    let (paused, report) = tokio::join!(one.pause(Pause::Indefinitely), two.sync(order(&[]), |_| ()));
    assert!(paused.unwrap().paused && report.unwrap().runs.is_empty());
    house.end().await;
}

#[tokio::test]
async fn who_talks_nonsense_is_told_so_and_changes_nothing() {
    let house = House::open().await;
    let before = settings(&house.home);
    let huge = [vec![b'x'; 1 << 20], b"\n".to_vec()].concat();
    let deep = [vec![b'['; 100_000], b"\n".to_vec()].concat();
    for (bytes, code) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "usage"),
        (b"\xff\xfe\n", "usage"),
        (b"\n", "usage"),
        (&deep, "usage"),
        (b"{\"version\":1,\"request\":{\"edit\":{\"edit\":\"set_everything\"}}}\n", "usage"),
        (b"{\"version\":7,\"request\":\"who\"}\n", "unsupported"),
        (
            b"{\"version\":1,\"request\":{\"edit\":{\"edit\":\"set_source\",\"source\":\"https://a:hunter2@b\"}}}\n",
            "url_has_credentials",
        ),
    ] {
        let answer = house.raw(bytes).await;
        assert!(answer.starts_with(&format!("{{\"error\":{{\"code\":\"{code}\"")), "{answer}");
        assert!(!answer.contains("hunter2") && answer.lines().count() == 1, "{answer}");
    }
    // The socket may be closed before the answer to a line that is far too long was read.
    let answer = house.raw(&huge).await;
    assert!(answer.is_empty() || answer.contains("too large"), "{answer}");
    for early in [&b""[..], b"{\"version\":1,"] {
        assert_eq!(house.raw(early).await, "");
    }
    // Many who come in and say nothing keep nobody else out.
    let silent: Vec<UnixStream> =
        futures_util::future::try_join_all((0..20).map(|_| UnixStream::connect(house.home.door()))).await.unwrap();
    assert_eq!(house.client().await.who().kind, Kind::App);
    assert_eq!(settings(&house.home), before);
    drop(silent);
    house.end().await;
}

#[tokio::test]
async fn only_the_owner_gets_in_and_a_crash_leaves_nothing_in_the_way() {
    let house = House::open().await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&house.home.door()), mode(house.home.path())), (0o600, 0o700));
    let second = Door::serve(&house.engine, &house.home, Kind::App, None).err().unwrap();
    assert_eq!(second.code, ErrorCode::HomeUnusable, "a door that somebody answers at is not replaced");
    assert!(house.client().await.resume().await.is_ok());
    let (dir, home) = (house.home.door(), house.home.clone());
    let House { engine, door, dir: _kept, .. } = house;
    door.end().await;
    assert!(DoorClient::find(&home).await.unwrap().is_none());
    // As after a crash: a socket that nobody answers at.
    drop(std::os::unix::net::UnixListener::bind(&dir).unwrap());
    assert!(DoorClient::find(&home).await.unwrap().is_none());
    let door = Door::serve(&engine, &home, Kind::Watch, None).unwrap();
    assert_eq!(DoorClient::find(&home).await.unwrap().unwrap().who().kind, Kind::Watch);
    engine.shutdown().await;
    let error = DoorClient::find(&home).await.unwrap().unwrap().resume().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled, "the engine has ended: {error:?}");
    door.end().await;
}

#[tokio::test]
async fn a_home_with_a_long_path_has_its_door_elsewhere() {
    let house = House::at(&"long/".repeat(30), true).await;
    assert!(!house.home.door().exists());
    let place = PathBuf::from(std::fs::read_to_string(house.home.door_place()).unwrap());
    assert!(place.as_os_str().len() <= 100, "{}", place.display());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(place.parent().unwrap())), (0o600, 0o700));
    assert!(house.client().await.resume().await.is_ok());
    let pointer = house.home.door_place();
    house.end().await;
    assert!(!place.parent().unwrap().exists() && !pointer.exists(), "all of it is taken away");
}

#[tokio::test]
async fn who_waits_at_the_end_is_answered() {
    let house = House::open().await;
    let silent = Border::start(|_, _| Answer::Silence).await;
    house.add_proxy(&silent.url).await;
    let client = house.client().await;
    let waiting = tokio::spawn(async move { client.sync(order(&["local"]), |_| ()).await });
    silent.asked.notified().await;
    house.end().await;
    let report = waiting.await.unwrap().unwrap();
    assert_eq!(report.runs[0].outcome, Outcome::Interrupted);
}

#[tokio::test]
async fn the_source_is_asked_through_the_outgoing_proxy_as_soon_as_it_is_set() {
    let house = House::open().await;
    let outgoing = Border::start(|_, _| answer("200 OK", "", map())).await;
    let client = house.client().await;
    client.edit(SettingsEdit::SetSource { source: Some("http://maps.invalid/map.json".into()) }).await.unwrap();
    client.edit(SettingsEdit::SetNetwork { proxy: Some(outgoing.url.clone()), ca_file: None }).await.unwrap();
    let report = client.check_source().await.unwrap();
    assert_eq!((report.source.error, report.source.models), (None, Some(60)));
    assert_eq!(outgoing.requests()[0].line, "GET http://maps.invalid/map.json");
    house.end().await;
}

#[tokio::test]
async fn an_answer_of_another_release_is_told_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::resolve(Some(dir.path().join("home")), &|_| None).unwrap();
    let _lock = HomeLock::acquire(&home, Duration::ZERO).unwrap();
    let listener = tokio::net::UnixListener::bind(home.door()).unwrap();
    let answers = HashMap::from([(0, "{\"welcome\":true}\n"), (1, "nothing that is JSON\n")]);
    tokio::spawn(async move {
        for number in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            BufReader::new(&mut stream).read_line(&mut String::new()).await.unwrap();
            stream.write_all(answers[&number].as_bytes()).await.unwrap();
        }
    });
    for _ in 0..2 {
        let error: Error = DoorClient::find(&home).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unsupported);
    }
}
