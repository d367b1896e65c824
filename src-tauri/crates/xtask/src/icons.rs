//! `cargo xtask icons`: the PNG and ICO files from `icons/src/*.svg`. They are committed, so this is for who changes one.

use std::path::Path;
use std::process::Command;

use crate::failure::Doing;
use crate::{Failure, Result, command, workspace};

/// The tray's states: `TrayIcon` of the `api` crate has the same names.
const STATES: [&str; 6] = ["healthy", "syncing", "attention", "failed", "paused", "stale"];

/// Pixels of a tray icon; panels scale it down.
const TRAY: u32 = 64;

/// macOS draws 22 points, twice as many pixels on most screens.
const TEMPLATE: u32 = 44;

/// Windows' taskbars, by the colour of what stands on them. There the icon needs no ground of its own.
const TASKBARS: [(&str, &str); 2] = [("light", INK), ("dark", "#fff")];

/// The strokes of the sources, and the disc on which they stand elsewhere.
const INK: &str = "#1a1b1f";
const DISC: &str = r##"<circle cx="8" cy="8" r="7.6" fill="#fff" stroke="none"/>"##;

/// Pixels of the app's icon.
const APP: [u32; 4] = [32, 128, 256, 512];

/// Draws every icon anew.
pub fn draw() -> Result<()> {
    for (program, package) in [("rsvg-convert", "librsvg2-bin"), ("convert", "imagemagick")] {
        if !command::works(program, &["--version"]) {
            return Err(Failure::missing(format!("{program} is missing; Debian's package is {package}")));
        }
    }
    let icons = workspace::root().join("icons");
    for folder in ["tray/template", "tray/light", "tray/dark", "app"] {
        std::fs::create_dir_all(icons.join(folder)).doing(format_args!("make icons/{folder}"))?;
    }
    for state in STATES {
        svg(&icons, &format!("src/tray/{state}.svg"), &format!("tray/{state}.png"), TRAY)?;
        svg(&icons, &format!("src/tray/template/{state}.svg"), &format!("tray/template/{state}.png"), TEMPLATE)?;
        let source = icons.join(format!("src/tray/{state}.svg"));
        let source = std::fs::read_to_string(&source).doing(format_args!("read {}", source.display()))?;
        for (taskbar, ink) in TASKBARS {
            let bare = icons.join(format!("tray/{taskbar}/{state}.svg"));
            std::fs::write(&bare, source.replace(DISC, "").replace(INK, ink)).doing("draw an icon")?;
            svg(&icons, &format!("tray/{taskbar}/{state}.svg"), &format!("tray/{taskbar}/{state}.png"), TRAY)?;
            std::fs::remove_file(&bare).doing("draw an icon")?;
        }
    }
    for size in APP {
        svg(&icons, "src/app.svg", &format!("app/{size}.png"), size)?;
    }
    let sizes = "icon:auto-resize=256,128,64,48,32,16";
    command::run(Command::new("convert").current_dir(&icons).args(["app/256.png", "-define", sizes, "app/icon.ico"]))
}

fn svg(icons: &Path, from: &str, to: &str, size: u32) -> Result<()> {
    let size = size.to_string();
    let mut convert = Command::new("rsvg-convert");
    command::run(convert.current_dir(icons).args(["--width", &size, "--height", &size, from, "--output", to]))
}
