//! The app and its disk image, for both kinds of Mac, made by Tauri's own bundler, which needs a Mac.
//!
//! Signing and notarisation are the bundler's: it reads `APPLE_CERTIFICATE`, `APPLE_CERTIFICATE_PASSWORD`,
//! `APPLE_SIGNING_IDENTITY`, `APPLE_ID`, `APPLE_PASSWORD` and `APPLE_TEAM_ID` (Tauri, "macOS Code Signing"). Without them
//! the app is signed by nobody ("ad hoc"), which Apple silicon wants at least; macOS then asks whoever opens it first.

use std::path::Path;

use super::product::{NAME, Product};
use super::{build, stage};
use crate::failure::Doing;
use crate::phases::Phases;
use crate::say::say;
use crate::workspace::{self, cargo};
use crate::{Failure, Result, cache, command, setup, ui};

/// The bundler.
const CLI: &str = "@tauri-apps/cli@2";

const ARCHITECTURES: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];

/// Makes the disk image.
pub(super) fn package(phases: &mut Phases, product: &Product) -> Result<()> {
    if !cfg!(target_os = "macos") {
        return Err(Failure::missing(
            "the app and the disk image for macOS are made on a Mac: Apple's tools for them run nowhere else",
        ));
    }
    phases.run("set-up: packages", || setup::machine(setup::For::Packages))?;
    phases.run("macOS: compilers for both kinds of Mac", || {
        command::run(command::program("rustup").args(["target", "add"]).args(ARCHITECTURES))
    })?;
    phases.run("dashboard: build", ui::build)?;
    phases.run("macOS: build of the terminal's program", terminal)?;
    phases.run("macOS: app and disk image", || bundle(product))
}

/// The disk image's file.
pub(super) fn image_name(version: &str) -> String {
    format!("LiteLLM-Auto-Sync-{version}-macos-universal.dmg")
}

/// The file with the app as updates bring it.
fn archive_name(version: &str) -> String {
    format!("LiteLLM-Auto-Sync-{version}-macos-universal.app.tar.gz")
}

/// `autosync`, where the bundler looks for a program beside the app: `externalBin` of `package/macos/bundle.json`.
fn terminal() -> Result<()> {
    let target = build::target()?;
    let mut built = Vec::new();
    for architecture in ARCHITECTURES {
        let build = ["build", "--release", "--quiet", "--locked", "--package", "autosync", "--target", architecture];
        command::run(cargo().args(build))?;
        let program = target.join(architecture).join("release/autosync");
        // The bundler builds for each kind of Mac before it puts them together, and looks for the program of each.
        stage::program(&program, &beside(architecture))?;
        built.push(program);
    }
    let universal = beside("universal-apple-darwin");
    command::run(command::program("lipo").arg("-create").args(built).arg("-output").arg(universal))
}

fn beside(architecture: &str) -> std::path::PathBuf {
    workspace::root().join("target/packages.work/macos").join(format!("autosync-{architecture}"))
}

fn bundle(product: &Product) -> Result<()> {
    let tools = cache::folder()?.join("tauri-cli");
    std::fs::create_dir_all(&tools).doing(format_args!("make {}", tools.display()))?;
    let mut npm = command::program("npm");
    command::output(npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&tools).arg(CLI))?;
    let mut bundler = command::program(tools.join("node_modules/.bin/tauri"));
    bundler.current_dir(workspace::root().join("src-tauri")).args([
        "build",
        "--ci",
        "--target",
        "universal-apple-darwin",
    ]);
    bundler.args(["--bundles", "app,dmg", "--config", "package/macos/bundle.json"]);
    // A workflow without the secret gives an empty one.
    if std::env::var_os("APPLE_SIGNING_IDENTITY").is_none_or(|identity| identity.is_empty()) {
        say("   The app is not signed: APPLE_SIGNING_IDENTITY names no certificate.");
        bundler.env("APPLE_SIGNING_IDENTITY", "-"); // ad hoc
    }
    command::run(&mut bundler)?;
    let made = build::target()?.join("universal-apple-darwin/release/bundle");
    let app = made.join("macos").join(format!("{NAME}.app"));
    command::run(command::program("codesign").args(["--verify", "--deep", "--strict"]).arg(app))?;
    // What an installed app replaces itself by (`cargo xtask channel`).
    let mut archive = command::program("tar");
    archive.env("COPYFILE_DISABLE", "1"); // else macOS puts a second file beside each, for its attributes
    archive.args(["--create", "--gzip", "--file"]).arg(product.out.join(archive_name(&product.version)));
    command::run(archive.arg("--directory").arg(made.join("macos")).arg(format!("{NAME}.app")))?;
    let image = image(&made.join("dmg"))?;
    stage::file(&image, &product.out.join(image_name(&product.version)))
}

fn image(folder: &Path) -> Result<std::path::PathBuf> {
    let mut images = stage::files(folder)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "dmg"));
    images.next().ok_or_else(|| Failure::failed("Tauri's bundler made no disk image"))
}
