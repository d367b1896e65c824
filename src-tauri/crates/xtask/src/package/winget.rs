//! winget's three files of one version: <https://learn.microsoft.com/windows/package-manager/package/manifest>.

use std::path::Path;

use super::manifests::Fetched;
use super::product::{DESCRIPTION, NAME, PACKAGE, PUBLISHER, Product, SUMMARY};
use super::stage;
use crate::Result;

/// Publisher and product, as winget wants them: no spaces.
const IDENTIFIER: &str = "LiteLLMAutoSync.LiteLLMAutoSync";

/// The form of the files.
const SCHEMA: &str = "1.12.0";

/// Writes the three files into `folder`.
pub(super) fn write(product: &Product, homepage: &str, installer: &Fetched, folder: &Path) -> Result<()> {
    for (part, kind, text) in [
        ("", "version", "DefaultLocale: en-US\n".to_owned()),
        (".installer", "installer", installer_of(product, installer)?),
        (".locale.en-US", "defaultLocale", locale(homepage)),
    ] {
        let version = &product.version;
        let text = format!(
            "# yaml-language-server: $schema=https://aka.ms/winget-manifest.{kind}.{SCHEMA}.schema.json\n\
             PackageIdentifier: {IDENTIFIER}\nPackageVersion: {}\n{text}ManifestType: {kind}\nManifestVersion: {SCHEMA}\n",
            quoted(version)
        );
        stage::text(&folder.join(format!("{IDENTIFIER}{part}.yaml")), &text)?;
    }
    Ok(())
}

fn installer_of(product: &Product, installer: &Fetched) -> Result<String> {
    // 10.0.17763 is Windows 10 1809, the oldest that WebView2 is still made for. Exit code 4 is the installer's own: a
    // program runs that did not end when it was asked to.
    Ok(format!(
        "Platform:\n- Windows.Desktop\nMinimumOSVersion: 10.0.17763.0\nInstallerType: nullsoft\nScope: user\n\
         InstallModes:\n- interactive\n- silent\nUpgradeBehavior: install\nCommands:\n- autosync\n\
         ReleaseDate: {}\nExpectedReturnCodes:\n- InstallerReturnCode: 4\n  ReturnResponse: packageInUse\n\
         Dependencies:\n  PackageDependencies:\n  - PackageIdentifier: Microsoft.EdgeWebView2Runtime\n\
         AppsAndFeaturesEntries:\n- DisplayName: {}\n  Publisher: {}\n  ProductCode: {PACKAGE}\n\
         Installers:\n- Architecture: x64\n  InstallerUrl: {}\n  InstallerSha256: {}\n",
        product.date("%Y-%m-%d")?,
        quoted(NAME),
        quoted(PUBLISHER),
        quoted(&installer.url),
        installer.sha256.to_uppercase()
    ))
}

fn locale(homepage: &str) -> String {
    format!(
        "PackageLocale: en-US\nPublisher: {}\nPackageName: {}\nPackageUrl: {}\nLicense: MIT\n\
         ShortDescription: {}\nDescription: {}\nMoniker: autosync\nTags:\n- litellm\n- llm\n- prices\n- proxy\n",
        quoted(PUBLISHER),
        quoted(NAME),
        quoted(homepage),
        quoted(SUMMARY),
        quoted(DESCRIPTION)
    )
}

/// A text of YAML in which nothing has a meaning.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_files_are_of_one_version() {
        let folder = tempfile::tempdir().unwrap();
        let product = Product {
            version: "1.2.3".to_owned(),
            epoch: "1767225600".to_owned(),
            out: folder.path().to_path_buf(),
            work: folder.path().to_path_buf(),
        };
        let installer = Fetched { url: "https://example.com/setup.exe".to_owned(), sha256: "ab".repeat(32) };
        write(&product, "https://example.com", &installer, folder.path()).unwrap();
        let files = stage::files(folder.path()).unwrap();
        assert_eq!(files.len(), 3);
        for file in files {
            let text = stage::read(&file).unwrap();
            assert!(
                text.contains("PackageVersion: '1.2.3'\n") && text.ends_with("ManifestVersion: 1.12.0\n"),
                "{text}"
            );
        }
        assert_eq!(quoted("it's"), "'it''s'");
    }
}
