//! The door on every system: a socket, or on Windows a named pipe. What hostile processes get is in `door.rs`.

use std::sync::Arc;
use std::time::Duration;

use engine::Clock;
use engine::controller::{Engine, EngineOptions, FirstSyncs, Pause};
use engine::door::{Door, DoorClient, Kind};
use engine::home::{Home, HomeLock};
use engine::settings::{SettingsEdit, SettingsFile};

#[tokio::test]
async fn another_process_finds_the_door_while_it_is_open_and_only_then() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::resolve(Some(dir.path().join("home")), &|_| None).unwrap();
    assert!(DoorClient::find(&home).await.unwrap().is_none(), "there is not even a home");
    let options = EngineOptions {
        home: home.clone(),
        lock: HomeLock::acquire(&home, Duration::ZERO).unwrap(),
        settings: SettingsFile::load(&home.settings()).unwrap(),
        environment: Arc::new(|_| None),
        clock: Clock::system(),
        scheduled: false,
        first_syncs: FirstSyncs::Asked,
    };
    let engine = Engine::start(options).await.unwrap();
    assert!(DoorClient::find(&home).await.unwrap().is_none(), "nobody answers before the door is open");
    let mut door = Door::serve(&engine, &home, Kind::Watch, None).unwrap();
    let client = DoorClient::find(&home).await.unwrap().unwrap();
    assert_eq!((client.who().pid, client.who().kind), (std::process::id(), Kind::Watch));
    for _ in 0..20 {
        assert!(client.pause(Pause::Indefinitely).await.unwrap().paused);
    }
    let edits = (0..10).map(|_| client.edit(SettingsEdit::SetNetwork { proxy: Some("none".into()), ca_file: None }));
    for done in futures_util::future::join_all(edits).await {
        done.unwrap();
    }
    assert!(std::fs::read_to_string(home.settings()).unwrap().contains("proxy = \"none\""));
    door.close().await;
    assert!(DoorClient::find(&home).await.unwrap().is_none());
    engine.shutdown().await;
    door.end().await;
    assert!(!home.door().exists() && !home.door_place().exists(), "nothing is left");
}
