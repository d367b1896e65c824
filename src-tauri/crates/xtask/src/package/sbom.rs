//! Bills of materials, in CycloneDX: what is compiled into the programs, and what the dashboard is built from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::product::{PACKAGE, Product};
use super::stage;
use crate::failure::Doing;
use crate::workspace::{self, cargo};
use crate::{Failure, Result, cache, command, ui};

/// The tool's version. No package index has it built, so it is compiled once, into the cache.
const TOOL: &str = "0.5.9";

/// Writes both.
pub(super) fn write(product: &Product) -> Result<()> {
    let out = |part: &str| product.out.join(format!("{part}-{}.cdx.json", product.version));
    programs(product, &out(PACKAGE), &out("autosync"))?;
    let mut npm = ui::npm();
    let bill = command::output(npm.args(["sbom", "--sbom-format", "cyclonedx"]))?;
    settled(&bill, &out(&format!("{PACKAGE}-dashboard")), product)
}

/// Those of the app and of the terminal, for all systems. The tool writes one beside the manifest of each crate of the
/// workspace, and nowhere else; all are taken away from there.
fn programs(product: &Product, app: &Path, terminal: &Path) -> Result<()> {
    let tool = tool()?;
    let name = "autosync-bill"; // of no other file
    let mut make = command::program(&tool);
    make.current_dir(workspace::root()).env("SOURCE_DATE_EPOCH", &product.epoch).args(["cyclonedx", "--quiet"]);
    let made = command::output(make.args(["--format", "json", "--spec-version", "1.5", "--override-filename", name]));
    let root = workspace::root();
    let wanted = [(root.join("src-tauri"), app), (root.join("src-tauri/crates/cli"), terminal)];
    let mut written = Ok(());
    for (folder, to) in wanted {
        let bill = stage::read(&folder.join(format!("{name}.json")));
        written = written.and_then(|()| settled(&bill?, to, product));
    }
    for file in stage::files(&root.join("src-tauri"))?.into_iter().chain(stage::files(&root.join("tests"))?) {
        if file.file_name().is_some_and(|file| *file == *format!("{name}.json")) {
            std::fs::remove_file(&file).doing(format_args!("remove {}", file.display()))?;
        }
    }
    made.map(drop)?;
    written
}

/// Writes a bill without what differs each time, and without the path of the machine.
fn settled(bill: &str, to: &Path, product: &Product) -> Result<()> {
    let here = workspace::root().display().to_string();
    let bill = bill.replace(&format!("{here}/"), "").replace(&here, ".");
    let mut bill: Value = serde_json::from_str(&bill)
        .map_err(|error| Failure::failed(format!("a bill of materials cannot be read: {error}")))?;
    if let Some(bill) = bill.as_object_mut() {
        bill.remove("serialNumber");
    }
    bill["metadata"]["timestamp"] = product.date("%Y-%m-%dT%H:%M:%SZ")?.into();
    stage::text(to, &format!("{bill:#}\n"))
}

fn tool() -> Result<PathBuf> {
    let folder = cache::folder()?.join(format!("cargo-cyclonedx-{TOOL}"));
    let program = folder.join("bin").join(format!("cargo-cyclonedx{}", std::env::consts::EXE_SUFFIX));
    let _lock = cache::lock("cargo-cyclonedx")?;
    if !program.is_file() {
        let mut install = cargo();
        // It is no part of the workspace, and what is set for that is not meant for it.
        install.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        install.args(["install", "--quiet", "--locked", "cargo-cyclonedx", "--version", TOOL, "--root"]).arg(&folder);
        command::output(&mut install)?;
    }
    Ok(program)
}
