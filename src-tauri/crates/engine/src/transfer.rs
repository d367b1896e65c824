//! A home in one file: to another machine, or into a drawer. No key is ever in it, since none is in a home.
//!
//! What could act on the other machine comes switched off: no proxy is synced before somebody asks for it there, and restart
//! commands, local files, the gateway, webhooks and where the map is published are left out and told.

mod secrets;

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use crate::home::{Home, HomeLock, create_private_dir};
use crate::ledger::{Ledger, examine};
use crate::schedule::forget_asked;
use crate::settings::{ProxyDocument, SettingsEdit, SettingsFile, WebhookDocument};
use crate::{Clock, Error, ErrorCode, Result};

/// What may be in the file, and how large each may be.
const PARTS: [(&str, u64); 4] =
    [("settings.toml", 4 << 20), ("overlay.json", 4 << 20), ("ledger.db", 8 << 30), ("sync.jsonl", 256 << 20)];

/// What was put into the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// What is in it.
    pub parts: Vec<String>,
    /// Settings that were left out, since each may be a secret: `proxy.key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What came out of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The proxies: each waits for its first sync, and for its key.
    pub proxies: Vec<String>,
    /// What was left out, since it acts on something: in words.
    pub switched_off: Vec<String>,
}

/// Writes the home into one file. It may be in use meanwhile.
///
/// # Errors
/// `already_exists` for a file that is there, `home_unusable` where something cannot be read or written.
pub async fn export(home: &Home, file: &Path) -> Result<Exported> {
    if file.exists() {
        let message = format!("{} is there already. Nothing was written; choose another name.", file.display());
        return Err(Error::new(ErrorCode::AlreadyExists, message).field("file"));
    }
    let folder = tempfile::tempdir().map_err(|cause| failed("exported", &cause))?;
    let copy = folder.path().join("ledger.db");
    if let Some(ledger) = Ledger::open_read(&home.ledger()).await? {
        ledger.copy_to(&copy).await?;
    }
    let (settings, left_out) = safe_settings(home, folder.path())?;
    let (home, file) = (home.clone(), file.to_owned());
    let work = spawn_blocking(move || {
        let from = [settings, home.overlay(), copy, home.sync_log()].into_iter().zip(PARTS.map(|(name, _)| name));
        let packed = pack(&file, from.collect()).map_err(|cause| failed("exported", &cause))?;
        Ok(Exported { left_out, ..packed })
    });
    let done = work.await.map_err(|defect| Error::new(ErrorCode::Internal, "The export failed.").detail(defect))?;
    drop(folder);
    done
}

/// A copy of the settings without what may be a secret, and what that was.
fn safe_settings(home: &Home, folder: &Path) -> Result<(PathBuf, Vec<String>)> {
    let copy = folder.join("settings.toml");
    let text = match fs::read_to_string(home.settings()) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok((copy, Vec::new())),
        Err(cause) => return Err(failed("exported", &cause)),
    };
    let (text, left_out) = secrets::without(&text).ok_or_else(|| {
        let message = format!("{} is no TOML, so nothing was exported. Put it right first.", home.settings().display());
        Error::new(ErrorCode::InvalidSetting, message)
    })?;
    fs::write(&copy, text).map_err(|cause| failed("exported", &cause))?;
    Ok((copy, left_out))
}

fn pack(file: &Path, from: Vec<(PathBuf, &str)>) -> std::io::Result<Exported> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let target = tempfile::Builder::new().prefix(".autosync-").suffix(".tmp").tempfile_in(folder)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(BufWriter::new(target.as_file().try_clone()?), 3)?);
    let mut parts = Vec::new();
    for (path, name) in from.into_iter().filter(|(path, _)| path.exists()) {
        archive.append_path_with_name(path, name)?;
        parts.push(name.to_owned());
    }
    archive.into_inner()?.finish()?.flush()?;
    target.as_file().sync_all()?;
    let bytes = target.as_file().metadata()?.len();
    target.persist_noclobber(file).map_err(|failed| failed.error)?;
    Ok(Exported { file: file.to_owned(), bytes, parts, left_out: Vec::new() })
}

/// Fills an empty home from the file: all of it, or nothing.
///
/// # Errors
/// `already_exists` for a home with something in it, `usage` for what is no such file, those of its parts.
pub async fn import(home: &Home, _held: &HomeLock, file: &Path, clock: &Clock) -> Result<Imported> {
    if home.settings().exists() || home.ledger().exists() {
        let message = format!(
            "There are settings or a history in {} already. Nothing was imported; choose an empty folder with --home.",
            home.path().display()
        );
        return Err(Error::new(ErrorCode::AlreadyExists, message).field("home"));
    }
    let folder = tempfile::Builder::new().prefix(".import-").tempdir_in(home.path());
    let folder = folder.map_err(|cause| failed("imported", &cause))?;
    let (from, to) = (file.to_owned(), folder.path().to_owned());
    let work = spawn_blocking(move || unpack(&from, &to));
    work.await.map_err(|defect| Error::new(ErrorCode::Internal, "The import failed.").detail(defect))??;
    let imported = switched_off(folder.path(), clock).await?;
    let place = |name: &str| match name {
        "sync.jsonl" => home.sync_log(),
        name => home.path().join(name),
    };
    create_private_dir(&home.logs()).map_err(|cause| failed("imported", &cause))?;
    // The settings come last: without them there is no home yet.
    for (name, _) in PARTS.iter().rev() {
        let part = folder.path().join(name);
        if part.exists() {
            fs::rename(part, place(name)).map_err(|cause| failed("imported", &cause))?;
        }
    }
    Ok(imported)
}

/// Only the parts that are known, each within its bound: a file can hold anything.
fn unpack(file: &Path, folder: &Path) -> Result<()> {
    let bad = |why: &str| Error::new(ErrorCode::Usage, format!("{why} Nothing was imported.")).field("file");
    let unread = |cause: std::io::Error| bad("The file can't be read as an export of this program.").detail(cause);
    let open = File::open(file).map_err(unread)?;
    let mut archive = tar::Archive::new(zstd::Decoder::new(BufReader::new(open)).map_err(unread)?);
    let mut found = false;
    for entry in archive.entries().map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let name = entry.path().map_err(unread)?.to_string_lossy().into_owned();
        let Some((name, most)) = PARTS.iter().find(|(known, _)| *known == name) else {
            return Err(bad("The file has something in it that no export has."));
        };
        if entry.header().entry_type() != tar::EntryType::Regular || entry.size() > *most {
            return Err(bad("The file has something in it that no export has."));
        }
        let mut to =
            crate::home::open_private_append(&folder.join(name)).map_err(|cause| failed("imported", &cause))?;
        std::io::copy(&mut entry.take(*most), &mut to).map_err(unread)?;
        to.sync_all().map_err(|cause| failed("imported", &cause))?;
        found = true;
    }
    if found { Ok(()) } else { Err(bad("The file is empty.")) }
}

/// Reads every part, so that a damaged one is told now, and takes out what would act.
async fn switched_off(folder: &Path, clock: &Clock) -> Result<Imported> {
    let mut settings = SettingsFile::load(&folder.join("settings.toml"))?;
    let now = settings.settings().clone();
    let mut off = Vec::new();
    for proxy in &now.proxies {
        let document = ProxyDocument::from(proxy);
        if !document.restart.is_empty() {
            off.push(format!("{}: restart command ({})", proxy.name, document.restart.join(" ")));
        }
        if !document.local_file.is_empty() {
            off.push(format!("{}: local file ({})", proxy.name, document.local_file));
        }
        if !(document.restart.is_empty() && document.local_file.is_empty()) {
            let proxy = ProxyDocument { restart: Vec::new(), local_file: String::new(), ..document };
            SettingsEdit::SetProxy { name: proxy.name.clone(), proxy }.apply(&mut settings)?;
        }
    }
    if let Some(publish) = &now.publish {
        off.push(format!("publishing to {}", publish.to));
        SettingsEdit::SetPublish { to: "off".to_owned(), url: Some(String::new()) }.apply(&mut settings)?;
    }
    if let Some(listen) = now.gateway {
        off.push(format!("the gateway at {listen}"));
        SettingsEdit::SetGateway { listen: "off".to_owned() }.apply(&mut settings)?;
    }
    for webhook in now.webhooks.iter().filter(|webhook| webhook.enabled) {
        off.push(format!("webhook {}", webhook.name));
        let webhook = WebhookDocument { enabled: false, ..WebhookDocument::from(webhook) };
        SettingsEdit::SetWebhook { webhook }.apply(&mut settings)?;
    }
    // What `apply` has kept of the old file is the export itself.
    fs::remove_dir_all(folder.join("backups")).ok();
    let ledger = folder.join("ledger.db");
    if ledger.exists() {
        let looked = ledger.clone();
        let examined = spawn_blocking(move || examine(&looked)).await;
        examined.map_err(|defect| Error::new(ErrorCode::Internal, "The import failed.").detail(defect))??;
        let (ledger, _) = Ledger::open(&ledger, clock).await?;
        forget_asked(&ledger, &now).await?;
        ledger.forget_webhooks().await?;
        ledger.settle().await?;
    }
    Ok(Imported { proxies: now.proxies.iter().map(|proxy| proxy.name.to_string()).collect(), switched_off: off })
}

fn failed(what: &str, cause: &std::io::Error) -> Error {
    Error::new(ErrorCode::HomeUnusable, format!("The home could not be {what}. Nothing was changed.")).detail(cause)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::schedule::AskedFor;

    fn home(path: PathBuf) -> (Home, HomeLock) {
        let home = Home::resolve(Some(path), &|_| None).unwrap();
        home.create().unwrap();
        let lock = HomeLock::acquire(&home, Duration::from_secs(5)).unwrap();
        (home, lock)
    }

    const SETTINGS: &str = "schema = 1\n[publish]\nto = \"s3://prices/map.json\"\n[[proxy]]\nname = \"eu\"\nurl = \"http://127.0.0.1:4000\"\nrestart = [\"docker\", \"restart\", \"eu\"]\n[[webhook]]\nname = \"team\"\nkind = \"slack\"\nurl = \"https://hooks.example.com/s3cret\"\nalerts = [\"prices\"]\n";

    #[tokio::test]
    async fn a_home_comes_back_whole_and_what_would_act_is_off() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let (one, lock) = home(dir.path().join("one"));
        fs::write(one.settings(), SETTINGS).unwrap();
        fs::write(one.overlay(), "{}").unwrap();
        let (ledger, _) = Ledger::open(&one.ledger(), &clock).await.unwrap();
        ledger.set_state("kept", "here").await.unwrap();
        let settings = SettingsFile::load(&one.settings()).unwrap().settings().clone();
        let mut asked = AskedFor::default();
        asked.add(&settings.proxies[0]);
        asked.write(&ledger).await.unwrap();
        let file = dir.path().join("home.tar.zst");
        let exported = export(&one, &file).await.unwrap();
        assert_eq!(exported.parts, ["settings.toml", "overlay.json", "ledger.db"]);
        assert_eq!(export(&one, &file).await.unwrap_err().code, ErrorCode::AlreadyExists);
        assert_eq!(import(&one, &lock, &file, &clock).await.unwrap_err().code, ErrorCode::AlreadyExists);

        let (two, lock) = home(dir.path().join("two"));
        let imported = import(&two, &lock, &file, &clock).await.unwrap();
        assert_eq!(imported.proxies, ["eu"]);
        assert_eq!(
            imported.switched_off,
            ["eu: restart command (docker restart eu)", "publishing to s3://prices/map.json", "webhook team"]
        );
        let there = SettingsFile::load(&two.settings()).unwrap().settings().clone();
        assert_eq!((there.publish.clone(), there.proxies[0].restart.len()), (None, 0));
        let webhook = &there.webhooks[0];
        assert_eq!(
            (webhook.enabled, webhook.alerts.len()),
            (false, 1),
            "what it is told is kept for who switches it on"
        );
        assert!(
            !fs::read_to_string(two.settings()).unwrap().contains("s3cret"),
            "an address that was pasted is left out"
        );
        let ledger = Ledger::open_read(&two.ledger()).await.unwrap().unwrap();
        assert_eq!(ledger.get_state::<String>("kept").await.unwrap().as_deref(), Some("here"));
        assert!(!AskedFor::read(&ledger, &there).await.unwrap().has(&there.proxies[0]), "nobody asked for it here");
    }

    #[tokio::test]
    async fn what_is_no_export_fills_no_home() {
        let dir = tempfile::tempdir().unwrap();
        let (home, lock) = home(dir.path().join("home"));
        let file = dir.path().join("file");
        let hostile = |name: &str| {
            let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
            let mut header = tar::Header::new_gnu();
            header.set_size(1);
            // Past what the crate itself would refuse to write.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive.append(&header, &b"x"[..]).unwrap();
            archive.into_inner().unwrap().finish().unwrap()
        };
        for bytes in [
            b"not an archive".to_vec(),
            hostile("../settings.toml"),
            hostile("/etc/passwd"),
            hostile("lock"),
            Vec::new(),
        ] {
            fs::write(&file, bytes).unwrap();
            assert_eq!(import(&home, &lock, &file, &Clock::system()).await.unwrap_err().code, ErrorCode::Usage);
            assert!(!home.settings().exists() && !dir.path().join("settings.toml").exists());
        }
        let (other, _lock) = self::home(dir.path().join("other"));
        let triggered = dir.path().join("triggered");
        for damage in ["trigger", "garbage"] {
            fs::write(other.settings(), SETTINGS).unwrap();
            let ledger = dir.path().join(damage);
            if damage == "trigger" {
                let open = rusqlite::Connection::open(&ledger).unwrap();
                open.execute_batch("CREATE TABLE t (x); CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END;")
                    .unwrap();
            } else {
                fs::write(&ledger, vec![7_u8; 9_000]).unwrap();
            }
            fs::remove_file(&triggered).ok();
            pack(&triggered, vec![(other.settings(), "settings.toml"), (ledger, "ledger.db")]).unwrap();
            let refused = import(&home, &lock, &triggered, &Clock::system()).await.unwrap_err();
            assert_eq!(refused.code, ErrorCode::Usage, "{damage}");
            assert!(!home.settings().exists(), "{damage}");
        }
        fs::write(&file, hostile("settings.toml")).unwrap();
        assert!(import(&home, &lock, &file, &Clock::system()).await.is_err(), "damaged settings");
        assert!(!home.settings().exists());
    }
}
