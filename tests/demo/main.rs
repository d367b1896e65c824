//! The main job on a real proxy; `cargo xtask demo` starts it.
fn main() {}
