//! `autosync`: the engine from a terminal, and headless. ARCHITECTURE.md says how the parts fit.
#![expect(
    clippy::format_push_string,
    reason = "reports are short, and `write!` into a String adds a result that cannot fail to each line"
)]

mod args;
mod commands;
mod context;
mod given;
mod output;
mod progress;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use engine::{Error, ErrorCode};
use mimalloc::MiMalloc;

use args::Cli;
use context::Context;

/// Asks the kernel for huge pages: `diff` then takes some 300 page faults instead of 2,560, two milliseconds less.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&typed) {
        Ok(cli) => {
            let context = Context::new(cli.global);
            let outcome = commands::run(&context, cli.command);
            output::print(context.screen.json, outcome).into()
        }
        Err(problem) => usage(&problem, wants_json(&typed)).into(),
    }
}

/// Help and version are answers; anything else is a usage error, for programs too.
fn usage(problem: &clap::Error, json: bool) -> u8 {
    if json && problem.use_stderr() {
        let text = problem.render().to_string();
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let usage = paragraphs.find(|paragraph| paragraph.starts_with("Usage:")).unwrap_or_default();
        let error = Error::new(ErrorCode::Usage, message).detail(usage);
        return output::print(true, Err(error));
    }
    // A reader that went away, as in `autosync --help | head -1`, is no fault.
    drop(problem.print());
    if problem.use_stderr() { ErrorCode::Usage.exit_code() } else { 0 }
}

/// Whether `--json` was typed, in a command line that could not be understood.
fn wants_json(typed: &[OsString]) -> bool {
    typed.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}
