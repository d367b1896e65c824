//! LiteLLM Auto-Sync: the desktop app. The start-up order, and nothing else.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod ipc;
mod shell;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use engine::home::Home;
use shell::instance::{self, Start};
use shell::link;

/// Keeps LiteLLM proxies' model prices true: it lives in the tray and syncs on schedule.
#[derive(Parser)]
#[command(name = "litellm-autosync", version)]
struct Args {
    /// Where settings, ledger and logs are.
    #[arg(long, env = "AUTOSYNC_HOME")]
    home: Option<PathBuf>,
    /// Start in the tray, without a window.
    #[arg(long)]
    hidden: bool,
    /// What a toast leads to, as Windows hands it over. Anything may send such a link, so all that it can do is show a place.
    #[arg(long, value_name = "LINK", hide = true, conflicts_with = "hidden")]
    open: Option<String>,
    /// Show the window of the app that has started this, and talk with it over standard input and output.
    #[arg(long, hide = true, conflicts_with = "hidden")]
    window: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let place = args.open.as_deref().and_then(link::place);
    #[cfg(windows)]
    shell::name_process();
    if args.window {
        return window::run(place);
    }
    let started = Home::resolve(args.home, &|name| std::env::var_os(name))
        .and_then(|home| instance::start(&home, place.as_ref()).map(|start| (home, start)));
    match started {
        Ok((home, Start::First(lock))) => shell::run(home, lock, args.hidden, place.as_ref()),
        // Starting again always opens the window: tray icons get hidden.
        Ok((_, Start::Shown)) => ExitCode::SUCCESS,
        Err(error) => {
            shell::could_not_start(&error);
            ExitCode::FAILURE
        }
    }
}

/// What is built into the program of `tauri.conf.json`, for both of its processes.
#[expect(clippy::exit, reason = "in what tauri::generate_context generates")]
fn context() -> tauri::Context {
    tauri::generate_context!()
}
