//! The dashboard's window, from the program's side: a process of its own, started when the window is wanted and gone when it is
//! closed. What a web view leaves behind in its process is more than all the rest of this program takes.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::view::{ErrorView, Place};
use api::{Api, AppEvent};
use engine::door::lines;
use engine::error::bounded;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tauri::async_runtime::{JoinHandle, spawn, spawn_blocking};
use tauri::{AppHandle, Manager};
use tokio::io::BufReader;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

use super::started::{self, Started};
#[cfg(windows)]
use super::webview2;
use super::{link, memory, toast};
use crate::ipc::{LONGEST, ToProgram, ToWindow};

/// How long the window's process may take to end once this program does; it has its place to write down.
const END_WITHIN: Duration = Duration::from_secs(2);

/// How long what it said last is waited for once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Characters of what it says that are kept in the log.
const WIDTH: usize = 500;

/// The window, as long as it is open.
#[derive(Default)]
pub(crate) struct Window(Mutex<Option<Open>>);

struct Open {
    /// The only lasting one: dropped, it ends the process.
    say: UnboundedSender<ToWindow>,
    process: JoinHandle<()>,
}

impl Window {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The window that was told by this is open no more.
    fn forget(&self, say: &WeakUnboundedSender<ToWindow>) {
        let mut open = self.open();
        if let (Some(known), Some(say)) = (&*open, say.upgrade())
            && known.say.same_channel(&say)
        {
            *open = None;
        }
    }
}

/// Whether there can be a window. Where there cannot, the person is told why.
pub(crate) fn is_possible() -> bool {
    #[cfg(windows)]
    if tauri::webview_version().is_err() {
        webview2::ask_for();
        return false;
    }
    true
}

/// Starts the window's process. What it asks waits until it is [`followed`](follow), so that it may begin before this program
/// has.
pub(crate) fn start(place: Option<&Place>) -> io::Result<Child> {
    let mut command = Command::new(program()?);
    // By the program's name desktops find its icon.
    #[cfg(unix)]
    command.arg0("litellm-autosync");
    command.arg("--window").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    if let Some(place) = place {
        command.arg("--open").arg(link::to(place));
    }
    // Ctrl-C in a terminal is for this program, which ends the window in order.
    #[cfg(unix)]
    command.process_group(0);
    let runtime = tauri::async_runtime::handle();
    let _within = runtime.inner().enter();
    command.spawn()
}

/// This very program.
fn program() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    // A package may have put another one in its place, and taken this one's name away; the kernel still leads to it.
    Ok(if cfg!(target_os = "linux") && !program.exists() { "/proc/self/exe".into() } else { program })
}

/// Opens the window, or brings it to the front, and goes to a place.
pub(crate) fn open(app: &AppHandle, place: Option<Place>) {
    let window = app.state::<Window>();
    let mut open = window.open();
    if let Some(Open { say, .. }) = &*open
        && say.send(ToWindow::Show).is_ok()
    {
        if let Some(event) = place.and_then(|place| raw(&AppEvent::Open { place })) {
            say.send(ToWindow::Event(event)).ok();
        }
        return;
    }
    if is_possible() {
        *open = followed(app, start(place.as_ref()));
    }
}

/// Takes on a window's process that was started before there was an app.
pub(crate) fn follow(app: &AppHandle, process: io::Result<Child>) {
    *app.state::<Window>().open() = followed(app, process);
}

fn followed(app: &AppHandle, process: io::Result<Child>) -> Option<Open> {
    match process {
        Ok(process) => {
            let (say, said) = unbounded_channel();
            let process = spawn(talk(app.clone(), process, say.downgrade(), said));
            Some(Open { say, process })
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            None
        }
    }
}

/// Ends the window's process at once, and waits a little until it has ended.
pub(crate) fn end(app: &AppHandle) -> impl Future<Output = ()> + use<> {
    let process = app.state::<Window>().open().take().map(|open| open.process);
    async move {
        let Some(mut process) = process else { return };
        if tokio::time::timeout(END_WITHIN, &mut process).await.is_err() {
            tracing::warn!("the window did not end in time");
            process.abort();
        }
    }
}

/// Tells the window what is pushed. Without a window nothing is lost: it asks first when it opens.
pub(crate) async fn forward(app: AppHandle, mut events: broadcast::Receiver<AppEvent>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                memory::worked();
                if let Some(Open { say, .. }) = &*app.state::<Window>().open()
                    && let Some(event) = raw(&event)
                {
                    say.send(ToWindow::Event(event)).ok();
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn raw(object: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(object).map_err(|error| tracing::warn!(%error, "the window could not be told")).ok()
}

/// Talks with the window's process until it has ended.
async fn talk(
    app: AppHandle,
    mut process: Child,
    say: WeakUnboundedSender<ToWindow>,
    said: UnboundedReceiver<ToWindow>,
) {
    let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else { return };
    spawn(tell(input, said));
    let ended = {
        let mut hearing = pin!(hear(&app, output, &say));
        tokio::select! {
            () = &mut hearing => None,
            // Processes of the web view may hold the output open for longer.
            status = process.wait() => {
                tokio::time::timeout(LAST_WORDS, hearing).await.ok();
                Some(status)
            }
        }
    };
    app.state::<Window>().forget(&say);
    memory::worked();
    let status = match ended {
        Some(status) => status,
        None => process.wait().await,
    };
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::warn!(%status, "the window's process failed; everything else goes on"),
        Err(error) => tracing::warn!(%error, "it is not known how the window's process ended"),
    }
}

/// Writes down what it is told. Where that ends, so does its input, which ends the process.
async fn tell(mut input: ChildStdin, mut said: UnboundedReceiver<ToWindow>) {
    while let Some(next) = said.recv().await {
        if let Err(error) = lines::write(&mut input, &next).await {
            tracing::debug!(%error, "the window hears nothing any more");
            return;
        }
    }
}

/// Does what it says, until it says nothing any more.
async fn hear(app: &AppHandle, output: ChildStdout, say: &WeakUnboundedSender<ToWindow>) {
    let mut output = BufReader::new(output);
    loop {
        let line = match lines::read(&mut output, LONGEST).await {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(error) => return tracing::warn!(%error, "the window could not be understood"),
        };
        match serde_json::from_slice(&line) {
            Ok(ToProgram::Hello { version }) if version != env!("CARGO_PKG_VERSION") => return outdated(),
            Ok(ToProgram::Hello { .. }) => {}
            Ok(ToProgram::Call { id, name, args }) => {
                spawn(answer(app.clone(), say.clone(), id, name, args));
            }
            Ok(ToProgram::Trouble(what)) => tracing::warn!("{}", bounded(&what, WIDTH)),
            Ok(ToProgram::Closed) => {
                app.state::<Window>().forget(say);
                spawn(closed(app.clone()));
            }
            Ok(ToProgram::Quit) => app.exit(0),
            Err(error) => tracing::warn!(%error, "the window could not be understood"),
        }
    }
}

/// Runs a command for the page. A window that opens before the engine is ready waits for it.
async fn answer(app: AppHandle, say: WeakUnboundedSender<ToWindow>, id: u64, name: String, args: Value) {
    let called = async {
        let api = wait(&app).await?;
        let answer = api.call(&name, args).await?;
        to_raw_value(&answer).map_err(|cause| {
            engine::Error::new(engine::ErrorCode::Internal, "The answer could not be sent.").detail(cause)
        })
    };
    let outcome = called.await.map_err(|error| ErrorView::from(&error));
    // It may have been closed meanwhile.
    if let Some(say) = say.upgrade() {
        say.send(ToWindow::Answer { id, outcome }).ok();
    }
}

async fn wait(app: &AppHandle) -> engine::Result<Arc<Api>> {
    let started = app.state::<Started>().inner().clone();
    started::wait(started).await
}

/// Closing keeps the tray, or quits: the user's choice.
async fn closed(app: AppHandle) {
    if let Ok(api) = wait(&app).await
        && api.closing_quits()
    {
        app.exit(0);
    }
}

/// Only a new start is of one release again.
fn outdated() {
    tracing::warn!("an update has taken this program's place; the window opens again after a new start");
    // It blocks.
    drop(spawn_blocking(|| {
        toast::plain(
            "LiteLLM Auto-Sync was updated",
            "Quit it in its menu and start it again; the dashboard opens then. Until then syncs go on.",
        );
    }));
}
