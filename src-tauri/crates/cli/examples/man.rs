//! `man DIR`: writes the manual pages of `autosync` there, one for each command, from the very command line that the
//! program has. An example, so that what writes them is no part of the program; `cargo xtask package` runs it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;

#[path = "../src"]
mod program {
    #[expect(
        unused_imports,
        reason = "a page needs to know what may be typed; the commands, which read it, are not here"
    )]
    pub(crate) mod args;
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return ExitCode::from(2);
    };
    let command = program::args::Cli::command();
    match std::fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(command, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
