//! Settings that are one of a few words.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::invalid;
use crate::{Error, Result};

/// An enum of plain words, the same in TOML, JSON and on the command line.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Every one, in the same order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(word: &str) -> Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(invalid(format!("{} must be one of: {}.", $what, Self::WORDS.join(", ")))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// A ready-made sync interval.
    Preset, "The preset" {
        /// Every 6 hours.
        #[default]
        Production = "production",
        /// Every hour.
        Development = "development",
        /// Every 12 hours.
        Testing = "testing",
        /// As `every` says.
        Custom = "custom",
        /// Never: only when asked.
        Off = "off",
    }
}

words! {
    /// What happens to a map with findings.
    GateMode, "The gate's mode" {
        /// Models with a Review finding keep their old entry; a Hold keeps the whole old map.
        #[default]
        Review = "review",
        /// Review findings hold the whole map, as Hold findings do.
        Hold = "hold",
        /// Findings are only told.
        Off = "off",
    }
}

words! {
    /// What happens with Review findings where a proxy reads its own URL.
    DirectMode, "The setting for direct proxies" {
        /// Reload, and tell it loudly.
        #[default]
        Tell = "tell",
        /// Do not reload.
        Wait = "wait",
    }
}

words! {
    /// How a promoted map gets from stage to stage, which are what proxies are used for: testing (and development), staging,
    /// production.
    StageMode, "The setting for stages" {
        /// Not at all: all proxies get it at once.
        #[default]
        Off = "off",
        /// By itself, when each proxy of a stage was proved to have it and nothing failed for as long as the soak lasts.
        Rule = "rule",
        /// When a person says so.
        Hand = "hand",
    }
}

words! {
    /// Which price changes are told.
    PriceNews, "The price changes to notify about" {
        /// Those of models that the user's proxies offer.
        #[default]
        Mine = "mine",
        /// All.
        All = "all",
        /// None.
        Off = "off",
    }
}

words! {
    /// What a proxy is used for.
    Role, "The role" {
        /// Real work: the most careful.
        #[default]
        Production = "production",
        /// The last step before production.
        Staging = "staging",
        /// Tests.
        Testing = "testing",
        /// A developer's own.
        Development = "development",
    }
}

words! {
    /// The colours of the window.
    Theme, "The theme" {
        /// As the system has it.
        #[default]
        System = "system",
        /// Dark text on light.
        Light = "light",
        /// Light text on dark.
        Dark = "dark",
    }
}

words! {
    /// Whether newer versions of this program are looked for.
    Updates, "The setting for updates" {
        /// Once a day.
        #[default]
        Daily = "daily",
        /// Only when somebody asks.
        Off = "off",
    }
}

words! {
    /// What closing the window does.
    Close, "The action on closing the window" {
        /// The program goes on in the tray.
        #[default]
        Tray = "tray",
        /// The program ends.
        Quit = "quit",
    }
}

words! {
    /// What a webhook is sent.
    WebhookKind, "The kind of a webhook" {
        /// Text, as Slack, Mattermost and Discord's `/slack` addresses take it.
        Slack = "slack",
        /// One JSON object an alert, for programs.
        #[default]
        Json = "json",
    }
}

words! {
    /// What is told, as people choose it for a webhook.
    AlertKind, "An alert" {
        /// Syncs that fail and that work again, and a source that sends no map.
        #[default]
        Failures = "failures",
        /// A proxy whose syncs work less often than the limit.
        SuccessRate = "success_rate",
        /// A map that is held back, and entries that need review.
        Anomalies = "anomalies",
        /// New prices of models that the user's proxies use, and aliases of them that moved.
        Prices = "prices",
        /// Models in use that retire soon or are gone.
        Retiring = "retiring",
        /// A proxy that fell back to the map in its package.
        Fallback = "fallback",
        /// A proxy on a release that LiteLLM withdrew.
        Withdrawn = "withdrawn",
        /// New models.
        NewModels = "new_models",
    }
}
