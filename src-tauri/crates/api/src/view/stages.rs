//! How far a map is on its way from testing to production.

use chrono::{DateTime, Utc};
use engine::gate::{Progress, StageState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is between a stage's map and the next stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StageProgress {
    /// The next stage has it, or there is none.
    Done,
    /// Its proxies do not all have it yet.
    Syncing,
    /// A proxy failed with it.
    Stopped,
    /// All have it, and it goes on at a time that is known.
    Soaking,
    /// Nothing can prove it, since all proxies are pinned.
    Pinned,
    /// The next stage gets a newer one instead.
    Overtaken,
    /// It goes on in a moment, or when the pause ends or a window opens.
    Ready,
    /// It goes on when a person says so.
    Waiting,
}

/// One stage that has proxies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StageView {
    /// `testing`, `staging` or `production`.
    pub stage: String,
    /// How many proxies it has.
    pub proxies: usize,
    /// The map that they are meant to have.
    pub revision: Option<String>,
    /// What keeps it from the next stage.
    pub progress: StageProgress,
    /// When it goes on by itself.
    pub until: Option<DateTime<Utc>>,
    /// The proxy that failed, or is not done yet.
    pub proxy: Option<String>,
    /// In words, for people.
    pub text: String,
}

impl From<&StageState> for StageView {
    fn from(state: &StageState) -> Self {
        let (mut until, mut of) = (None, None);
        let (progress, text) = match &state.progress {
            Progress::Done => (StageProgress::Done, String::new()),
            Progress::Syncing { proxy } => {
                of.clone_from(proxy);
                let who = proxy.as_deref().unwrap_or("its proxies");
                (StageProgress::Syncing, format!("Waits for {who} to be synced."))
            }
            Progress::Stopped { proxy, error } => {
                of = Some(proxy.clone());
                (StageProgress::Stopped, format!("{proxy} failed: {}", error.message))
            }
            Progress::Soaking { until: at } => {
                until = Some(*at);
                (StageProgress::Soaking, "Every proxy has it. It goes on by itself.".to_owned())
            }
            Progress::Pinned => (
                StageProgress::Pinned,
                "Its proxies are pinned or read what is published, so none of them can try it.".to_owned(),
            ),
            Progress::Overtaken => (
                StageProgress::Overtaken,
                "The next stage reads the source itself. It gets the newer map once this stage has that.".to_owned(),
            ),
            Progress::Ready => {
                (StageProgress::Ready, "Goes on as soon as syncs are not paused and a sync window is open.".to_owned())
            }
            Progress::Waiting { after_rollback: true } => {
                (StageProgress::Waiting, "Waits for you, since you rolled back.".to_owned())
            }
            Progress::Waiting { after_rollback: false } => (StageProgress::Waiting, "Waits for you.".to_owned()),
        };
        Self {
            stage: state.stage.to_string(),
            proxies: state.proxies,
            revision: state.revision.map(|revision| revision.to_string()),
            progress,
            until,
            proxy: of,
            text,
        }
    }
}
