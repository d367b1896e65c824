//! What Tauri generates: the context of `tauri.conf.json`, the Windows resource.

fn main() {
    tauri_build::build();
}
