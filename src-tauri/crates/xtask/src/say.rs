//! The one place where developer commands write to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the terminal is what a developer command is for")]

/// A line on stdout.
pub fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// A line on stderr, for what went wrong.
pub fn complain(line: impl std::fmt::Display) {
    eprintln!("xtask: {line}");
}
