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
    /// What needs review, or one model of it.
    Review {
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

impl Place {
    /// Its address in the dashboard, the fragment after `index.html`: `#/models/openai%2Fgpt-5` (`ui/src/lib/place.ts`).
    pub fn address(&self) -> String {
        let mut path = vec![];
        let mut query = vec![];
        let screen = match self {
            Self::Overview => "overview",
            Self::Changes { from, to } => {
                query.extend([("from", from), ("to", to)]);
                "changes"
            }
            Self::Models { model } => {
                path.extend(model.as_deref().map(encoded));
                "models"
            }
            Self::Review { model } => {
                path.extend(model.as_deref().map(encoded));
                "review"
            }
            Self::History { run } => {
                path.extend(run.map(|run| run.to_string()));
                "history"
            }
            Self::Settings { section, proxy } => {
                path.extend(section.as_deref().map(encoded));
                query.push(("proxy", proxy));
                "settings"
            }
        };
        let path: Vec<String> = path.into_iter().map(|part: String| format!("/{part}")).collect();
        let path = path.concat();
        let query: Vec<String> =
            query.iter().filter_map(|(key, value)| Some(format!("{key}={}", encoded(value.as_deref()?)))).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("#/{screen}{path}{query}")
    }
}

/// For an address: everything but letters, digits and dashes as %XX.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
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
    /// A proxy's card says it, so the overview does not say it again above.
    pub in_card: bool,
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
    /// Sync several proxies.
    SyncAll {
        /// The button's label.
        label: String,
        /// Which.
        proxies: Vec<String>,
    },
    /// Ask several proxies again.
    AskAll {
        /// The button's label.
        label: String,
        /// Which.
        proxies: Vec<String>,
    },
    /// Let the map that waits go on to the next stage.
    Promote {
        /// The button's label.
        label: String,
        /// To which.
        to: String,
    },
    /// Let proxies follow the source again.
    Unpin {
        /// The button's label.
        label: String,
        /// Whose own pin; null: every pin.
        proxy: Option<String>,
    },
    /// Ask the source again.
    CheckSource {
        /// The button's label.
        label: String,
    },
}

impl AttentionAction {
    /// The button's label.
    pub fn label(&self) -> &str {
        match self {
            Self::Open { label, .. }
            | Self::Sync { label, .. }
            | Self::Ask { label, .. }
            | Self::SyncAll { label, .. }
            | Self::AskAll { label, .. }
            | Self::Promote { label, .. }
            | Self::Unpin { label, .. }
            | Self::CheckSource { label } => label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_address_that_the_dashboard_reads() {
        let text = |text: &str| Some(text.to_owned());
        for (place, address) in [
            (Place::Overview, "#/overview"),
            (Place::Changes { from: None, to: None }, "#/changes"),
            (Place::Changes { from: text("ab"), to: text("cd") }, "#/changes?from=ab&to=cd"),
            (Place::Models { model: text("openai/gpt 5") }, "#/models/openai%2Fgpt%205"),
            (Place::History { run: Some(12) }, "#/history/12"),
            (Place::Settings { section: text("proxies"), proxy: text("a&b") }, "#/settings/proxies?proxy=a%26b"),
        ] {
            assert_eq!(place.address(), address);
        }
    }
}
