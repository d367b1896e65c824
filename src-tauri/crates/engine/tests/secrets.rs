//! The real key store, or none. A process chooses its store once, so each case is a process of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine::ErrorCode;
use engine::home::Home;
use engine::secrets::Secrets;
use secrecy::{ExposeSecret, SecretString};

fn secrets(dir: &tempfile::TempDir) -> Secrets {
    Secrets::new(&Home::resolve(Some(dir.path().to_owned()), &|_| None).unwrap())
}

#[tokio::test]
#[ignore = "started by the test below, in a session with a store of its own"]
async fn round_trip_through_the_systems_store() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (secrets, other) = (secrets(&one), secrets(&other));
    let name = "round-trip".parse().unwrap();
    assert!(secrets.get(&name).await.unwrap().is_none());
    for key in ["sk-first", "sk-second\n"] {
        secrets.set(&name, &SecretString::from(key)).await.unwrap();
        assert_eq!(secrets.get(&name).await.unwrap().unwrap().expose_secret(), key.trim());
    }
    assert!(other.get(&name).await.unwrap().is_none(), "another home has keys of its own");
    let upper = "ROUND-TRIP".parse().unwrap();
    assert!(secrets.get(&upper).await.unwrap().is_some(), "names do not differ in case alone");
    assert!(secrets.delete(&name).await.unwrap());
    assert!(!secrets.delete(&name).await.unwrap());
    assert!(secrets.get(&name).await.unwrap().is_none());
}

/// A bus and a key store of their own, so that nothing of the developer's is touched. `cargo xtask setup` brings both.
#[cfg(target_os = "linux")]
#[test]
fn a_real_key_store_gives_back_what_it_was_given() {
    let home = tempfile::tempdir().unwrap();
    let script = r#"
        printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 90
        for _ in $(seq 100); do
            dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
                string:org.freedesktop.secrets | grep -q true && break
            sleep 0.1
        done
        exec "$0" --ignored --exact round_trip_through_the_systems_store"#;
    let child = std::process::Command::new("timeout")
        .args(["60", "dbus-run-session", "--", "bash", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .envs(["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, home.path())))
        .env_remove("DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&child.stderr));
}

#[tokio::test]
#[ignore = "started by the test below, in an environment without a key store"]
async fn child_without_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let (secrets, name) = (secrets(&dir), "local".parse().unwrap());
    for error in [
        secrets.set(&name, &SecretString::from("sk-hunter2")).await.unwrap_err(),
        secrets.get(&name).await.map(drop).unwrap_err(),
        secrets.delete(&name).await.unwrap_err(),
    ] {
        assert_eq!(error.code, ErrorCode::NoSecretStore);
        assert!(error.message.contains("--key-env"), "{}", error.message);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is kept in a file instead");
}

/// A server or container without a session bus: the user is told to use a variable, and no key lands on the disk.
#[cfg(target_os = "linux")]
#[test]
fn without_a_store_nothing_is_kept_and_the_way_out_is_named() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child_without_a_store"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .env_remove("DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}
