//! A yardstick: reads two maps, lets simd-json write down where their values are, and does nothing with them.
//! `cargo xtask bench` puts it beside `autosync diff` and Python, as a whole process, with the same allocator.
//!
//!     tape OLD NEW

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut values = 0;
    for path in std::env::args_os().skip(1) {
        let Ok(mut bytes) = std::fs::read(path) else { return ExitCode::from(4) };
        let Ok(tape) = simd_json::to_tape(&mut bytes) else { return ExitCode::from(1) };
        values += tape.0.len();
    }
    // Says something about the values, so that none of the work can be left out.
    ExitCode::from(u8::from(values == 0))
}
