//! One file a command. Each makes an [`Answer`]; only `watch` and `logs --follow` print as they go.

mod check;
mod completions;
mod diff;
mod doctor;
mod gateway;
mod history;
mod logs;
mod models;
mod overlay;
mod pause;
mod pin;
mod price;
mod proxy;
mod publish;
mod review;
mod schedule;
mod show;
mod source;
mod stages;
mod status;
mod sync;
mod transfer;
mod verify;
mod watch;
mod webhook;
mod zero;

use std::io::{self, BufRead, IsTerminal, Read};

use engine::gate::Ruling;
use engine::settings::SettingsProblem;
use engine::{Error, ErrorCode, Result};
use secrecy::SecretString;

use crate::args::Command;
use crate::context::Context;
use crate::output::Answer;

/// Runs a command to its end.
pub(crate) fn run(context: &Context, command: Command) -> Result<Answer> {
    match command {
        // These touch no home and need no runtime for a file: they are to be quick.
        Command::Check(args) => check::run(context, &args),
        Command::Diff(args) => diff::run(context, &args),
        Command::Completions { shell } => Ok(completions::run(shell)),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|cause| Error::new(ErrorCode::Internal, "The program could not start.").detail(cause))?;
            let answer = runtime.block_on(dispatch(context, command));
            // A thread that still waits for stdin or a key store is not waited for.
            runtime.shutdown_background();
            answer
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<Answer> {
    // The others start an engine, which logs into the home.
    if !matches!(
        command,
        Command::Sync(_)
            | Command::Watch
            | Command::Pause { .. }
            | Command::Resume
            | Command::Approve(_)
            | Command::Reject(_)
            | Command::Pin(_)
            | Command::Unpin { .. }
            | Command::Rollback(_)
            | Command::Overlay(_)
            | Command::Promote(_)
            | Command::Publish(_)
    ) {
        context.log_reads()?;
    }
    match command {
        Command::Sync(args) => sync::run(context, args).await,
        Command::Status => status::run(context).await,
        Command::Watch => watch::run(context).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Models(args) => models::run(context, &args).await,
        Command::Price(args) => price::run(context, &args).await,
        Command::Zero(args) => zero::run(context, &args).await,
        Command::History(args) => history::run(context, args).await,
        Command::Show { run } => show::run(context, run).await,
        Command::Logs(args) => logs::run(context, &args).await,
        Command::Proxy(command) => proxy::run(context, command).await,
        Command::Webhook(command) => webhook::run(context, command).await,
        Command::Source(command) => source::run(context, command).await,
        Command::Review => review::list(context).await,
        Command::Approve(args) => review::decide(context, args, Ruling::Approved).await,
        Command::Reject(args) => review::decide(context, args, Ruling::Rejected).await,
        Command::Pin(args) => pin::pin(context, args).await,
        Command::Unpin { proxy } => pin::unpin(context, proxy).await,
        Command::Rollback(args) => pin::rollback(context, args).await,
        Command::Stages(args) => stages::run(context, args).await,
        Command::Promote(args) => stages::promote(context, args).await,
        Command::Overlay(command) => overlay::run(context, command).await,
        Command::Publish(args) => publish::run(context, args).await,
        Command::Gateway(command) => gateway::run(context, command).await,
        Command::Schedule(command) => schedule::run(context, command).await,
        Command::Pause { length } => pause::pause(context, length.as_deref()).await,
        Command::Resume => pause::resume(context).await,
        Command::Export { file } => transfer::export(context, &file).await,
        Command::Import { file } => transfer::import(context, &file).await,
        Command::Doctor { model, proxy } => doctor::run(context, model.as_deref(), proxy.as_deref()).await,
        Command::Check(_) | Command::Diff(_) | Command::Completions { .. } => {
            Err(Error::new(ErrorCode::Internal, "This command needs no runtime."))
        }
    }
}

/// The longest secret that is read from stdin; what is longer is none.
const LONGEST_SECRET: u64 = 4096;

/// One line of stdin, never shown. On a terminal what is typed would be seen, so a pipe is asked for, as `pipe` says.
///
/// # Errors
/// `no_key` of this field; `undone` says what did not happen.
async fn secret_from_stdin(pipe: &str, field: &'static str, undone: &str) -> Result<SecretString> {
    let none = |why: &str| Error::new(ErrorCode::NoKey, format!("{why} {undone}")).field(field);
    if io::stdin().is_terminal() {
        return Err(none(pipe));
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST_SECRET).read_line(&mut line).map(|_| line)
    });
    let line = read.await.ok().and_then(io::Result::ok).ok_or_else(|| none("Nothing could be read from stdin."))?;
    if line.trim().is_empty() {
        return Err(none("Nothing arrived on stdin."));
    }
    Ok(SecretString::from(line.trim().to_owned()))
}

/// Settings that are not used are told beside every answer that depends on them.
fn with_problems(answer: Answer, problems: &[SettingsProblem]) -> Answer {
    problems.iter().fold(answer, |answer, problem| answer.note(format!("{}: {}", problem.field, problem.message)))
}
