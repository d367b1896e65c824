//! Progress on a terminal: one line for each running sync, with its step. Nothing where stderr is no terminal.

use std::collections::HashMap;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use engine::controller::Happening;
use engine::sync::Step;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::output::safe;

/// How often the time at the end of a line moves.
const TICK: Duration = Duration::from_millis(120);

/// The lines, until [`Progress::end`].
pub(crate) struct Progress {
    lines: MultiProgress,
    task: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows what happens from now on.
    pub(crate) fn show(happenings: Receiver<Happening>) -> Self {
        let lines = MultiProgress::new();
        let task = stderr().is_terminal().then(|| tokio::spawn(follow(lines.clone(), happenings)));
        Self { lines, task }
    }

    /// Takes the lines away, so that what comes next stands where they were.
    pub(crate) async fn end(self) {
        if let Some(task) = self.task {
            task.abort();
            // Aborted is what it should be.
            drop(task.await);
        }
        // A terminal that went away needs no cleaning.
        drop(self.lines.clear());
    }
}

async fn follow(lines: MultiProgress, mut happenings: Receiver<Happening>) {
    let mut bars: HashMap<String, ProgressBar> = HashMap::new();
    loop {
        match happenings.recv().await {
            // Of a run that began before it was asked for, the first that is heard is a step.
            Ok(Happening::RunStep { proxy, step, .. }) => {
                let bar = bars.entry(proxy).or_insert_with_key(|proxy| new_bar(&lines, proxy));
                let done = Step::ALL.iter().position(|known| *known == step).unwrap_or_default();
                bar.set_position(done as u64);
                bar.set_message(step.label());
            }
            Ok(Happening::RunFinished { run }) => {
                if let Some(bar) = bars.remove(&run.proxy) {
                    bar.finish_and_clear();
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn new_bar(lines: &MultiProgress, proxy: &str) -> ProgressBar {
    let bar = lines.add(ProgressBar::new(Step::ALL.len() as u64).with_style(style()));
    bar.set_prefix(safe(proxy));
    bar.enable_steady_tick(TICK);
    bar
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:.bold}  {bar:10} {pos}/{len}  {msg}  {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
