//! Updates, with a channel and a key of the test's own, in the real window.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minisign::KeyPair;
use serde_json::{Value, json};
use system_tests::Stage;

use crate::app;
use crate::browser::Browser;
use crate::desk::Desk;
use crate::journey::{MAIN, settings};
use crate::notifications::Notifications;
use crate::tray::Panel;
use crate::until;

/// What a package of Debian's begins with; the updater looks no further.
const PACKAGE: &[u8] = b"!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n";

/// What the host of the channel answers: the whole body is promised, and `sent` of it comes.
struct Answer {
    body: Vec<u8>,
    sent: usize,
}

/// Stands in for the host of the releases.
struct Channel {
    url: String,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    key: KeyPair,
}

impl Channel {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers: Arc<Mutex<HashMap<String, Answer>>> = Arc::default();
        let known = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                drop(answer(stream, &known));
            }
        });
        Self { url, answers, key: KeyPair::generate_unencrypted_keypair().unwrap() }
    }

    fn serve(&self, path: &str, body: &[u8], sent: usize) {
        let answer = Answer { body: body.to_vec(), sent };
        self.answers.lock().unwrap().insert(format!("/{path}"), answer);
    }

    /// Announces a version for these platforms, with a package that `key` has signed as `signed_as`.
    fn announce(&self, version: &str, platforms: &[&str], key: &KeyPair, signed_as: &str) {
        let comment = format!("timestamp:1\tfile:package.deb\tversion:{signed_as}");
        let signature = minisign::sign(Some(&key.pk), &key.sk, Cursor::new(PACKAGE), Some(&comment), None).unwrap();
        let signature = BASE64_STANDARD.encode(signature.to_string());
        let entry = json!({ "url": format!("{}/package.deb", self.url), "signature": signature });
        let entries: serde_json::Map<String, Value> =
            platforms.iter().map(|platform| ((*platform).to_owned(), entry.clone())).collect();
        let latest = json!({ "version": version, "notes": "More models.", "platforms": entries });
        let latest = latest.to_string();
        self.serve("latest.json", latest.as_bytes(), latest.len());
        self.serve("package.deb", PACKAGE, PACKAGE.len());
    }

    fn public_key(&self) -> String {
        BASE64_STANDARD.encode(self.key.pk.to_box().unwrap().to_string())
    }
}

fn answer(mut stream: TcpStream, known: &Mutex<HashMap<String, Answer>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let known = known.lock().unwrap();
    match known.get(path) {
        Some(Answer { body, sent }) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
            stream.write_all(&body[..*sent])
        }
        None => write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    }
}

/// The app as it is in the Debian package: there its own kind is written into it, at this mark of Tauri's.
fn as_packaged(desk: &Desk) -> PathBuf {
    const MARK: &[u8] = b"__TAURI_BUNDLE_TYPE_VAR_UNK";
    let mut bytes = fs::read(app::binary()).unwrap();
    let at = bytes.windows(MARK.len()).position(|part| part == MARK).expect("Tauri's mark");
    bytes[at + MARK.len() - 3..at + MARK.len()].copy_from_slice(b"DEB");
    let program = desk.home().join("litellm-autosync");
    executable(&program, &bytes);
    program
}

fn executable(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_update_is_told_checked_skipped_and_installed_only_with_our_signature() {
    let stage = Stage::shared(MAIN);
    let desk = Desk::start();
    let panel = Panel::start(&desk.bus);
    let notifications = Notifications::start(&desk.bus);
    settings(&desk, &stage);
    let channel = Channel::start();
    // What asks for the password and installs stands in for the system's: it keeps what it was given.
    let (tools, kept) = (desk.home().join("tools"), desk.home().join("installed.deb"));
    fs::create_dir(&tools).unwrap();
    let script = format!("#!/bin/sh\n[ \"$1 $2\" = \"dpkg -i\" ] && cp \"$3\" '{}'\n", kept.display());
    executable(&tools.join("pkexec"), script.as_bytes());
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let (url, key) = (format!("{}/latest.json", channel.url), channel.public_key());
    let environment = [("AUTOSYNC_UPDATE_URL", &*url), ("AUTOSYNC_UPDATE_KEY", &key), ("PATH", &path)];
    let browser = Browser::of(&desk, &as_packaged(&desk), &environment);
    let item = panel.item();
    browser.wait_for("local");
    browser.script("location.hash = '#/settings/updates'");
    browser.wait_for("Look for updates");
    // A button does nothing while something is under way, which may be what was clicked last. What is wanted is looked for
    // before the next click, which would begin it all again.
    let press = |label: &str, wanted: &str| {
        until(wanted, || {
            if browser.text().contains(wanted) {
                return Some(());
            }
            browser.script(&format!(
                "[...document.querySelectorAll('button')].find((one) => one.textContent.trim() === '{label}')?.click()"
            ));
            std::thread::sleep(Duration::from_millis(300));
            None
        });
    };
    let check = |wanted: &str| press("Check now", wanted);

    // There is no channel yet, and then one with nothing newer in it.
    check("gave no usable answer");
    channel.announce("0.0.1", &["linux-x86_64-deb"], &channel.key, "0.0.1");
    check("is the newest");
    channel.announce("9.9.5", &["windows-x86_64"], &channel.key, "9.9.5");
    check("Get it where you got this version");

    channel.announce("9.9.6", &["linux-x86_64-deb"], &channel.key, "9.9.6");
    check("9.9.6 can be installed");
    item.labels_with("Update to 9.9.6…");
    browser.click("Skip this version");
    browser.wait_for("is skipped");
    item.labels_with("Check for updates…");
    browser.click("Offer it again");

    // Somebody else's signature; an old package that is announced as a new one; one that ends too early. Each has a version of
    // its own, so that the page of the step before is not taken for this one's.
    let stranger = KeyPair::generate_unencrypted_keypair().unwrap();
    let install = |wanted: &str| press("Install", wanted);
    channel.announce("9.9.7", &["linux-x86_64-deb"], &stranger, "9.9.7");
    check("9.9.7 can be installed");
    install("not signed by");
    channel.announce("9.9.8", &["linux-x86_64-deb"], &channel.key, "0.0.1");
    check("9.9.8 can be installed");
    install("not signed by");
    channel.announce("9.9.9", &["linux-x86_64-deb"], &channel.key, "9.9.9");
    check("9.9.9 can be installed");
    channel.serve("package.deb", PACKAGE, PACKAGE.len() / 2);
    install("could not be fetched");
    assert!(!kept.exists(), "nothing of these was installed");

    channel.serve("package.deb", PACKAGE, PACKAGE.len());
    install("is installed. Quit");
    assert_eq!(until("the package", || fs::read(&kept).ok()), PACKAGE);
    assert!(notifications.is_quiet(Duration::from_millis(300)), "no toast speaks of an update");
}
