//! What every package says of the product. The version stands in the workspace's `Cargo.toml` and nowhere else.

use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, Result, command, workspace};

/// As people see it.
pub(super) const NAME: &str = "LiteLLM Auto-Sync";

/// As files and packages are named.
pub(super) const PACKAGE: &str = "litellm-autosync";

/// By which Windows, macOS and software centres know it: `identifier` of `tauri.conf.json`.
pub(super) const ID: &str = "dev.litellm-autosync.app";

/// As in LICENSE.
pub(super) const PUBLISHER: &str = "LiteLLM Auto-Sync contributors";

/// One line without a full stop, as package managers want it.
pub(super) const SUMMARY: &str = "Keeps the model prices of LiteLLM proxies true, and proves it";

/// A paragraph.
pub(super) const DESCRIPTION: &str = "A LiteLLM proxy prices every call from a cost map, which goes stale the day a \
    provider ships a model. LiteLLM Auto-Sync lives in the tray, fetches and checks new maps, has each proxy load them \
    without a restart, and proves by reading them back that it did. The same engine in a terminal is autosync.";

/// What is packaged, and where to.
#[derive(Clone, Debug)]
pub(super) struct Product {
    /// `1.2.3`, or `1.2.3-rc.1`.
    pub(super) version: String,
    /// Seconds since 1970 of the last commit: the time of every file in the packages, so that building the same commit
    /// twice gives the same ones.
    pub(super) epoch: String,
    /// Where the packages go.
    pub(super) out: PathBuf,
    /// Where they are put together; emptied each time.
    pub(super) work: PathBuf,
}

impl Product {
    /// That of the workspace.
    pub(super) fn read() -> Result<Self> {
        let root = workspace::root();
        let target = root.join("target");
        let mut git = command::program("git");
        let time = command::output(git.current_dir(&root).args(["log", "-1", "--format=%ct"]));
        // A source archive has no history; then it says when it was made itself.
        let given = std::env::var("SOURCE_DATE_EPOCH").ok();
        let epoch = given.or_else(|| time.ok()).map(|epoch| epoch.trim().to_owned());
        let epoch = epoch.filter(|epoch| epoch.parse::<u64>().is_ok()).ok_or_else(|| {
            Failure::failed("the time of the last commit is not known: without git, set SOURCE_DATE_EPOCH to it")
        })?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch,
            out: target.join("packages"),
            work: target.join("packages.work"),
        })
    }

    /// The version as dpkg and rpm compare it: there a tilde, not a hyphen, is older than nothing.
    pub(super) fn linux_version(&self) -> String {
        self.version.replacen('-', "~", 1)
    }

    /// A folder of its own below [`Product::work`], empty.
    pub(super) fn work_folder(&self, name: &str) -> Result<PathBuf> {
        super::stage::empty(&self.work.join(name))
    }

    /// The day of [`Product::epoch`], as `date` writes it in this format, in English and UTC.
    pub(super) fn date(&self, format: &str) -> Result<String> {
        let mut date = Command::new("date");
        let at = format!("@{}", self.epoch);
        let text = command::output(date.env("LC_ALL", "C").args(["--utc", "--date", &at, &format!("+{format}")]))?;
        Ok(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_newer_than_its_candidates() {
        let product = |version: &str| Product {
            version: version.to_owned(),
            epoch: "0".to_owned(),
            out: PathBuf::new(),
            work: PathBuf::new(),
        };
        assert_eq!(product("1.2.3").linux_version(), "1.2.3");
        assert_eq!(product("1.2.3-rc.1").linux_version(), "1.2.3~rc.1");
    }

    #[test]
    fn the_app_and_its_packages_have_one_name_and_one_id() {
        let config = std::fs::read_to_string(workspace::root().join("src-tauri/tauri.conf.json")).unwrap();
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        assert_eq!((config["productName"].as_str(), config["identifier"].as_str()), (Some(NAME), Some(ID)));
    }
}
