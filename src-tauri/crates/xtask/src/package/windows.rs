//! What is installed on Windows: an installer, and the same programs in a folder that one only unpacks.

use std::path::{Path, PathBuf};

use super::product::{NAME, PUBLISHER, Product};
use super::sign::Signer;
use super::{build, notices, stage};
use crate::phases::Phases;
use crate::say::say;
use crate::{Result, command, workspace};

/// What a build by MinGW needs beside the app; Tauri's build puts it there.
const LOADER: &str = "WebView2Loader.dll";

/// Makes both.
pub(super) fn package(phases: &mut Phases, product: &Product) -> Result<()> {
    let programs = phases.run("Windows: build", build::windows)?;
    let signer = Signer::configured(product)?;
    let files = phases.run("Windows: files", || files(product, &programs, signer.as_ref()))?;
    phases.run("Windows: installer", || {
        installer(product, &files, signer.as_ref(), &product.out.join(installer_name(&product.version)))
    })?;
    phases.run("Windows: portable folder", || portable(product, &files))?;
    if signer.is_none() {
        say(
            "   The programs and the installer are not signed: no certificate is configured (package/sign.rs says how).",
        );
    }
    Ok(())
}

/// The installer's file.
pub(super) fn installer_name(version: &str) -> String {
    format!("LiteLLM-Auto-Sync-{version}-windows-x64-setup.exe")
}

/// The file with the portable folder.
pub(super) fn portable_name(version: &str) -> String {
    format!("LiteLLM-Auto-Sync-{version}-windows-x64-portable.zip")
}

/// The files of both, signed where that is configured.
pub(super) fn files(product: &Product, programs: &build::Built, signer: Option<&Signer>) -> Result<PathBuf> {
    let folder = product.work_folder("windows")?;
    for program in [programs.app(), programs.autosync()] {
        let to = folder.join(program.file_name().unwrap_or_default());
        stage::program(&program, &to)?;
        // Of the portable folder, too: only beside an uninstaller is it one that can be replaced.
        if program == programs.app() {
            stage::kind(&to, "NSS")?;
        }
        if let Some(signer) = signer {
            signer.sign(&to)?;
        }
    }
    stage::file(&programs.beside(LOADER), &folder.join(LOADER))?;
    let licence = stage::read(&workspace::root().join("LICENSE"))?;
    stage::text(&folder.join("LICENSE.txt"), &lines_of_windows(&licence))?;
    stage::text(&folder.join("third-party-notices.txt"), &lines_of_windows(&notices::text()?))?;
    Ok(folder)
}

/// Makes the installer `to` from the files, with `package/windows/installer.nsi`.
pub(super) fn installer(product: &Product, files: &Path, signer: Option<&Signer>, to: &Path) -> Result<()> {
    let bytes: u64 = stage::files(files)?.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let icon = workspace::root().join("icons/app/icon.ico");
    let mut defines = vec![
        ("PRODUCT", NAME.to_owned()),
        ("PUBLISHER", PUBLISHER.to_owned()),
        ("VERSION", product.version.clone()),
        ("VERSION_4", four_numbers(&product.version)),
        ("SIZE_KB", bytes.div_ceil(1024).to_string()),
        ("FILES", files.display().to_string()),
        ("ICON", icon.display().to_string()),
        ("OUT", to.display().to_string()),
    ];
    if let Some(signer) = signer {
        defines.push(("SIGN", signer.script().display().to_string()));
    }
    std::fs::create_dir_all(&product.out).ok();
    let mut makensis = command::program("makensis");
    makensis.env("SOURCE_DATE_EPOCH", &product.epoch).args(["-V2", "-WX"]);
    makensis.args(defines.iter().map(|(name, value)| format!("-D{name}={value}")));
    command::output(makensis.arg(stage::ours("windows/installer.nsi")))?;
    signer.map_or(Ok(()), |signer| signer.sign(to))
}

fn portable(product: &Product, files: &Path) -> Result<()> {
    let work = product.work_folder("portable")?;
    let folder = work.join(NAME);
    for file in stage::files(files)? {
        stage::file(&file, &folder.join(file.file_name().unwrap_or_default()))?;
    }
    let text = stage::read(&stage::ours("windows/portable.txt"))?;
    stage::text(&folder.join("README.txt"), &lines_of_windows(&text))?;
    let zip = product.out.join(portable_name(&product.version));
    if zip.exists() {
        std::fs::remove_file(&zip).ok(); // zip would add to it
    }
    let all = stage::files(&folder)?;
    let time = format!("@{}", product.epoch);
    command::output(command::program("touch").args(["--date", &time]).args(&all))?;
    let names = all.iter().filter_map(|file| file.strip_prefix(&work).ok());
    let mut pack = command::program("zip");
    // Without the numbers of users, and with times that are the same everywhere.
    pack.current_dir(&work).env("TZ", "UTC").args(["-9", "-X", "--quiet"]);
    command::output(pack.arg(&zip).args(names)).map(drop)
}

/// As Windows numbers files: `1.2.3-rc.1` is 1.2.3.0.
fn four_numbers(version: &str) -> String {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    format!("{numbers}.0")
}

/// With the line ends that every editor on Windows knows.
fn lines_of_windows(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_gets_the_numbers_and_lines_that_it_knows() {
        assert_eq!(four_numbers("1.2.3-rc.1"), "1.2.3.0");
        assert_eq!(four_numbers("1.2.3"), "1.2.3.0");
        assert_eq!(lines_of_windows("a\nb\r\n"), "a\r\nb\r\n");
    }
}
