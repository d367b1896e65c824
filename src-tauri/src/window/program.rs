//! The program behind the window, over standard input and output.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, BufRead, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::view::ErrorView;
use engine::{Error, ErrorCode};
use serde_json::Value;
use serde_json::value::RawValue;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::oneshot;

use crate::ipc::{LONGEST, ToProgram, ToWindow};

/// The event that carries every [`api::AppEvent`].
const EVENT: &str = "app-event";

/// How long the orderly end may take once the program is gone.
const END_WITHIN: Duration = Duration::from_secs(2);

type Outcome = Result<Box<RawValue>, ErrorView>;

/// What was asked of the program and is not answered yet.
#[derive(Default)]
pub(super) struct Program {
    last: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    is_leaving: AtomicBool,
}

impl Program {
    /// Has the program run a command.
    pub(super) async fn call(&self, name: String, args: Value) -> Outcome {
        let id = self.last.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.waiting().insert(id, tell);
        say(&ToProgram::Call { id, name, args });
        told.await.unwrap_or_else(|_| {
            Err(ErrorView::from(&Error::new(ErrorCode::Cancelled, "The program is shutting down.")))
        })
    }

    /// This process is about to end; whether that is news.
    pub(super) fn leave(&self) -> bool {
        !self.is_leaving.swap(true, Ordering::AcqRel)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the program something. One that is gone is no matter here: the end of what it says is what ends this process.
pub(super) fn say(said: &ToProgram) {
    let Ok(mut line) = serde_json::to_vec(said) else { return };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).ok();
}

/// Has the program write into its log what went wrong.
pub(super) fn trouble(what: &str, error: &dyn Display) {
    say(&ToProgram::Trouble(format!("{what}: {error}")));
}

/// Hears the program on a thread of its own, since that blocks. Its end ends this process.
pub(super) fn listen(app: &AppHandle) -> io::Result<()> {
    let app = app.clone();
    std::thread::Builder::new().name("program".to_owned()).spawn(move || {
        hear(&app);
        let program = app.state::<Program>();
        program.leave();
        program.waiting().clear();
        app.exit(0);
        std::thread::sleep(END_WITHIN);
        end();
    })?;
    Ok(())
}

#[expect(clippy::exit, reason = "the orderly end was asked for, and does not come")]
fn end() {
    std::process::exit(1);
}

fn hear(app: &AppHandle) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = Read::by_ref(&mut input).take(LONGEST as u64).read_until(b'\n', &mut line);
        if read.is_err() || line.last() != Some(&b'\n') {
            return;
        }
        if let Err(error) = obey(app, &line) {
            trouble("what the program said was not understood", &error);
        }
    }
}

fn obey(app: &AppHandle, line: &[u8]) -> tauri::Result<()> {
    match serde_json::from_slice(line)? {
        ToWindow::Answer { id, outcome } => {
            if let Some(asked) = app.state::<Program>().waiting().remove(&id) {
                asked.send(outcome).ok();
            }
            Ok(())
        }
        ToWindow::Event(event) => app.emit_str(EVENT, event.get().to_owned()),
        ToWindow::Show => super::show(app),
    }
}
