//! `autosync completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::output::Answer;

pub(super) fn run(shell: Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "autosync", &mut script);
    Answer { body: String::from_utf8_lossy(&script).into_owned(), ..Answer::default() }
}
