//! The example service file is one that systemd takes, and what it starts is the program.

use std::path::Path;
use std::process::Command;

#[test]
fn the_example_service_is_taken_by_systemd() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let unit = std::fs::read_to_string(root.join("docs/service/autosync.service")).unwrap();
    // The checker looks whether the program is there.
    let here = unit.replace("/usr/local/bin/autosync", env!("CARGO_BIN_EXE_autosync"));
    assert_ne!(here, unit);
    let file = folder.path().join("autosync.service");
    std::fs::write(&file, here).unwrap();
    let checked = Command::new("systemd-analyze").arg("verify").arg(&file).output();
    let checked = checked.expect("systemd-analyze is there; `cargo xtask setup` installs it");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty(), "{said}");
}
