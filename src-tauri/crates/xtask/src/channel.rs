//! `cargo xtask channel`: signs what an installed app may replace itself by, and writes `latest.json`, where it looks.
//!
//! The form is that of tauri-plugin-updater's static file: a version, and for each platform an address and the whole text of
//! a signature. The file is made from what lies in the folder, so it names nothing that was not packaged and signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::failure::Doing;
use crate::say::say;
use crate::{Failure, Result, cache, command, workspace};

/// Which packages are updates, by the end of their names, and for whom. The updater asks for system, processor and kind of
/// package, then for system and processor alone. Nothing stands for all of Linux: who has the .rpm must not get the .deb,
/// and a program that was only unpacked is replaced by hand.
const UPDATES: [(&str, &[&str]); 4] = [
    ("-setup.exe", &["windows-x86_64"]),
    (".app.tar.gz", &["darwin-aarch64", "darwin-x86_64"]), // one program for both processors
    (".deb", &["linux-x86_64-deb"]),
    (".rpm", &["linux-x86_64-rpm"]),
];

/// The variable with the private key, and the one with its password; `tauri signer` reads both.
pub(crate) const KEY: &str = "TAURI_SIGNING_PRIVATE_KEY";
pub(crate) const PASSWORD: &str = "TAURI_SIGNING_PRIVATE_KEY_PASSWORD";

/// The program that signs. Exactly this one: it is given the key.
const SIGNER: &str = "@tauri-apps/cli@2.12.5";

/// A package, and the text of its signature.
struct Update {
    name: String,
    signature: String,
}

/// Signs the packages in `folder` (else `target/packages`) that are not signed yet, where there is a key, and writes
/// `latest.json` beside them. `base_url` is the folder from which people will download them.
pub fn channel(base_url: &str, folder: Option<PathBuf>) -> Result<()> {
    let folder = folder.unwrap_or_else(|| workspace::root().join("target/packages"));
    let has_key = std::env::var_os(KEY).is_some_and(|key| !key.is_empty());
    let latest = latest(env!("CARGO_PKG_VERSION"), base_url, &updates(&folder, has_key)?)?;
    let path = folder.join("latest.json");
    cache::write_whole(&path, format!("{latest:#}\n").as_bytes())?;
    say(format_args!("   {}", path.display()));
    Ok(())
}

/// The signed packages in a folder. Those that are not signed yet are signed first, where there is a key.
fn updates(folder: &Path, has_key: bool) -> Result<Vec<Update>> {
    let mut updates = Vec::new();
    for name in names(folder)? {
        let (package, signature) = (folder.join(&name), folder.join(format!("{name}.sig")));
        if !signature.is_file() && has_key {
            sign(&package)?;
        }
        match fs::read_to_string(&signature) {
            Ok(text) => updates.push(Update { name, signature: text.trim().to_owned() }),
            Err(_) => say(format_args!("   {name} is not signed, so no app is offered it")),
        }
    }
    Ok(updates)
}

/// The packages in a folder that are updates, in the order of their names.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).doing(format_args!("read {}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| platforms(name).is_some()).collect();
    names.sort();
    Ok(names)
}

/// For whom a package is an update; none where it is no update at all.
fn platforms(name: &str) -> Option<&'static [&'static str]> {
    UPDATES.iter().find(|(end, _)| name.ends_with(end)).map(|&(_, platforms)| platforms)
}

/// Puts the signature of a package beside it. It holds the version too, so that an old package cannot be passed off as a new
/// one.
fn sign(package: &Path) -> Result<()> {
    command::output(signer().args(["sign", "--app-version", env!("CARGO_PKG_VERSION")]).arg(package)).map(drop)
}

/// The program that signs, and makes keys.
pub(crate) fn signer() -> Command {
    let mut signer = command::program(if cfg!(windows) { "npx.cmd" } else { "npx" });
    signer.args(["--yes", SIGNER, "signer"]);
    signer
}

/// What `latest.json` says. No date: the release has one.
fn latest(version: &str, base_url: &str, updates: &[Update]) -> Result<Value> {
    let refused = |why: String| Err(Failure::failed(format!("latest.json was not written: {why}")));
    let base_url = base_url.trim_end_matches('/');
    if !base_url.starts_with("https://") {
        return refused(format!("apps take updates by https only, and {base_url} is something else"));
    }
    let mut all = Map::new();
    for Update { name, signature } in updates {
        if !name.contains(version) {
            return refused(format!("{name} is not of version {version}. Empty the folder, then package again."));
        }
        // Hosts of releases change other characters, and the address would lead nowhere.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte)) {
            return refused(format!("{name} has characters that do not survive an upload"));
        }
        for &platform in platforms(name).unwrap_or_default() {
            let entry = json!({ "url": format!("{base_url}/{name}"), "signature": signature });
            if all.insert(platform.to_owned(), entry).is_some() {
                return refused(format!("there are two packages for {platform}"));
            }
        }
    }
    if all.is_empty() {
        return refused(format!("no package is signed. Set {KEY}, or leave the channel out of this release."));
    }
    Ok(json!({ "version": version, "platforms": all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://example.com/v1.2.3/";

    fn update(name: &str) -> Update {
        Update { name: name.to_owned(), signature: format!("signature of {name}") }
    }

    fn why(version: &str, base: &str, names: &[&str]) -> String {
        let updates: Vec<Update> = names.iter().map(|name| update(name)).collect();
        latest(version, base, &updates).unwrap_err().message
    }

    #[test]
    fn each_app_finds_the_package_of_its_kind_and_its_signature() {
        let names = ["app_1.2.3_x64-setup.exe", "App_1.2.3_universal.app.tar.gz", "app_1.2.3_amd64.deb"];
        let told = latest("1.2.3", BASE, &names.map(update)).unwrap();
        assert_eq!(told["version"], "1.2.3");
        let platforms = told["platforms"].as_object().unwrap();
        let mut known: Vec<&String> = platforms.keys().collect();
        known.sort();
        assert_eq!(known, ["darwin-aarch64", "darwin-x86_64", "linux-x86_64-deb", "windows-x86_64"]);
        let windows = &told["platforms"]["windows-x86_64"];
        assert_eq!(windows["url"], "https://example.com/v1.2.3/app_1.2.3_x64-setup.exe");
        assert_eq!(windows["signature"], "signature of app_1.2.3_x64-setup.exe");
    }

    #[test]
    fn a_folder_with_another_version_in_it_becomes_no_channel() {
        assert!(why("1.2.3", BASE, &["app_1.2.2_amd64.deb"]).contains("not of version 1.2.3"));
        assert!(why("1.2.3", BASE, &["a_1.2.3_amd64.deb", "b_1.2.3_amd64.deb"]).contains("two packages"));
    }

    #[test]
    fn what_nobody_could_download_or_trust_is_refused() {
        assert!(why("1.2.3", "http://example.com", &["a_1.2.3.deb"]).contains("https"));
        assert!(why("1.2.3", BASE, &["My app_1.2.3.deb"]).contains("survive"));
        assert!(why("1.2.3", BASE, &[]).contains(KEY), "an unsigned release has no channel");
    }

    #[test]
    fn a_package_without_a_signature_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let (deb, rpm) = (format!("app_{version}_amd64.deb"), format!("app-{version}.x86_64.rpm"));
        for name in [&deb, &rpm, &format!("autosync-{version}.tar.gz"), &"SHA256SUMS".to_owned()] {
            fs::write(folder.path().join(name), "content").unwrap();
        }
        assert_eq!(names(folder.path()).unwrap(), [rpm, deb.clone()], "a tarball is unpacked by hand");
        fs::write(folder.path().join(format!("{deb}.sig")), "signed\n").unwrap();
        let signed = updates(folder.path(), false).unwrap();
        assert_eq!(signed.len(), 1);
        assert_eq!((&signed[0].name, &*signed[0].signature), (&deb, "signed"));
    }
}
