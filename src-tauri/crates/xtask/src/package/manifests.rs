//! The manifests by which package managers find a release: winget, Scoop and Homebrew. Made from the version, the
//! checksums and the address of the folder that the packages are fetched from; what is not there is left out, and said.

use serde_json::json;

use super::product::{ID, NAME, PACKAGE, Product, SUMMARY};
use super::{macos, stage, sums, windows, winget};
use crate::say::say;
use crate::{Failure, Result};

/// A package that can be fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// The whole address.
    pub(super) url: String,
    /// In hexadecimal, as `sha256sum` writes it.
    pub(super) sha256: String,
}

/// Writes them into `manifests` beside the packages. `base_url` is the address of the folder with the packages.
pub(super) fn write(product: &Product, base_url: &str) -> Result<()> {
    let base = base_of(base_url)?;
    let listed = stage::read(&product.out.join(sums::NAME))?;
    let find = |name: &str| {
        let sha256 = sums::of(&listed, name)?;
        Some(Fetched { url: format!("{base}/{name}"), sha256 })
    };
    let folder = stage::empty(&product.out.join("manifests"))?;
    let missing = |manifest: &str, name: &str| say(format_args!("   no manifest for {manifest}: {name} is not there"));

    let name = windows::installer_name(&product.version);
    match find(&name) {
        Some(installer) => winget::write(product, &base, &installer, &folder.join("winget"))?,
        None => missing("winget", &name),
    }
    let name = windows::portable_name(&product.version);
    match find(&name) {
        Some(zip) => stage::text(&folder.join(format!("scoop/{PACKAGE}.json")), &scoop(product, &base, &zip))?,
        None => missing("Scoop", &name),
    }
    let name = macos::image_name(&product.version);
    match find(&name) {
        Some(image) => stage::text(&folder.join(format!("homebrew/{PACKAGE}.rb")), &cask(product, &base, &image))?,
        None => missing("Homebrew", &name),
    }
    Ok(())
}

/// The address without a slash at its end.
fn base_of(url: &str) -> Result<String> {
    let is_plain = url.chars().all(|char| char.is_ascii_graphic() && !"\"'\\<>`#{}".contains(char));
    let host = url.strip_prefix("https://").unwrap_or_default();
    if !is_plain || host.is_empty() || host.starts_with('/') {
        return Err(Failure::failed(format!(
            "{url} is not the address of a folder that packages are fetched from: it begins with https:// and is plain text"
        )));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// <https://github.com/ScoopInstaller/Scoop/wiki/App-Manifests>
fn scoop(product: &Product, homepage: &str, zip: &Fetched) -> String {
    let manifest = json!({
        "version": product.version,
        "description": SUMMARY,
        "homepage": homepage,
        "license": "MIT",
        "architecture": { "64bit": { "url": zip.url, "hash": zip.sha256 } },
        "extract_dir": NAME,
        "bin": "autosync.exe",
        "shortcuts": [["litellm-autosync.exe", NAME]],
        "notes": "The window needs Microsoft's WebView2 Runtime, which Windows 11 has. Quit the app in its menu before an update.",
    });
    format!("{manifest:#}\n")
}

/// <https://docs.brew.sh/Cask-Cookbook>
fn cask(product: &Product, homepage: &str, image: &Fetched) -> String {
    let (version, sha256) = (&product.version, &image.sha256);
    let url = image.url.replace(version.as_str(), "#{version}");
    format!(
        r##"cask "{PACKAGE}" do
  version "{version}"
  sha256 "{sha256}"

  url "{url}"
  name "{NAME}"
  desc "{}"
  homepage "{homepage}/"

  depends_on macos: ">= :big_sur"

  app "{NAME}.app"
  binary "#{{appdir}}/{NAME}.app/Contents/MacOS/autosync"

  uninstall launchctl: "{NAME}",
            quit:      "{ID}"

  zap trash: [
    "~/Library/Application Support/{PACKAGE}",
    "~/Library/Application Support/{ID}",
    "~/Library/Caches/{ID}",
    "~/Library/WebKit/{ID}",
  ]
end
"##,
        SUMMARY.split(',').next().unwrap_or(SUMMARY)
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn product(out: PathBuf) -> Product {
        Product { version: "1.2.3".to_owned(), epoch: "1767225600".to_owned(), work: out.join("work"), out }
    }

    #[test]
    fn what_is_there_has_a_manifest_with_its_address_and_sum() {
        let folder = tempfile::tempdir().unwrap();
        let product = product(folder.path().to_path_buf());
        let sum = "0123456789abcdef".repeat(4);
        let name = windows::portable_name("1.2.3");
        stage::text(&product.out.join(sums::NAME), &format!("{sum}  {name}\n")).unwrap();
        write(&product, "https://example.com/releases/1.2.3/").unwrap();
        let text = stage::read(&product.out.join("manifests/scoop/litellm-autosync.json")).unwrap();
        assert!(text.contains(&format!("https://example.com/releases/1.2.3/{name}")) && text.contains(&sum), "{text}");
        assert!(!product.out.join("manifests/winget").exists() && !product.out.join("manifests/homebrew").exists());
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for url in ["", "https://", "http://example.com", "example.com/x", "https://example.com/\"x", "https:///x"] {
            assert!(base_of(url).is_err(), "{url}");
        }
        assert_eq!(base_of("https://example.com/x//").unwrap(), "https://example.com/x");
    }

    #[test]
    fn the_cask_names_the_image_of_the_version() {
        let image =
            Fetched { url: format!("https://example.com/1.2.3/{}", macos::image_name("1.2.3")), sha256: "ab".into() };
        let text = cask(&product(PathBuf::new()), "https://example.com/1.2.3", &image);
        assert!(
            text.contains("url \"https://example.com/#{version}/LiteLLM-Auto-Sync-#{version}-macos-universal.dmg\"")
        );
        assert!(text.contains("binary \"#{appdir}/LiteLLM Auto-Sync.app/Contents/MacOS/autosync\""), "{text}");
    }
}
