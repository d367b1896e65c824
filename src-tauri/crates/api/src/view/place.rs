//! Places in the dashboard, and what sends a person there.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A place that a toast, the tray, a link or a command opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "screen", rename_all = "snake_case")]
pub enum Place {
    /// The overview.
    Overview,
    /// What differs between two revisions; without them the newest change.
    Changes {
        /// The old revision.
        #[serde(default)]
        from: Option<String>,
        /// The new one.
        #[serde(default)]
        to: Option<String>,
    },
    /// All models, or one of them.
    Models {
        /// Its name.
        #[serde(default)]
        model: Option<String>,
    },
    /// All runs, or one of them.
    History {
        /// Its number.
        #[serde(default)]
        run: Option<u64>,
    },
    /// The settings, at a section or a proxy.
    Settings {
        /// `proxies`, `source`, `schedule`, …
        #[serde(default)]
        section: Option<String>,
        /// The proxy to edit.
        #[serde(default)]
        proxy: Option<String>,
    },
}

/// How grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Worth knowing.
    Info,
    /// A person should look.
    Warn,
    /// Something does not work.
    Bad,
}

/// One thing that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attention {
    /// Stable while the matter is the same: `down:build-box`.
    pub id: String,
    /// How grave.
    pub tone: Tone,
    /// The fact: "build-box is down."
    pub title: String,
    /// What it means, with what was not changed.
    pub text: String,
    /// A model or a revision to show in mono before `text`.
    pub subject: Option<String>,
    /// The one thing that resolves it.
    pub action: AttentionAction,
}

/// What resolves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttentionAction {
    /// Open a place.
    Open {
        /// The button's label.
        label: String,
        /// Where.
        place: Place,
    },
    /// Sync a proxy.
    Sync {
        /// The button's label.
        label: String,
        /// Which.
        proxy: String,
    },
    /// Ask a proxy again.
    Ask {
        /// The button's label.
        label: String,
        /// Which.
        proxy: String,
    },
    /// Ask the source again.
    CheckSource {
        /// The button's label.
        label: String,
    },
}
