//! What a version of LiteLLM can do, and where it cannot be trusted.

use serde::{Deserialize, Serialize};

use super::{SourceInfo, Version};

/// What this proxy can do. By its version, and by what it showed where that says more.
///
/// A version that is only a word gets the careful answer everywhere: it may do every bad thing and can do no good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// `/model/cost_map/source` says what is live (1.81.15).
    pub knows_source: bool,
    /// It names the git blob id of what it loaded (1.102).
    pub knows_revisions: bool,
    /// The live map can be read without a key (1.80.9); before, with one.
    pub public_live_map: bool,
    /// A reload whose fetch failed answers 200, having swapped in the older copy of its package (up to 1.96).
    pub reload_may_lie: bool,
    /// A reload drops configured models and their own prices from the live map (up to 1.96).
    pub reload_erases_registrations: bool,
    /// A reload, and the schedule's own first run, erase the schedule (up to 1.82.0).
    pub reload_erases_schedule: bool,
    /// The proxy's schedule fires only with `STORE_MODEL_IN_DB=True`, though it says success (up to 1.96).
    pub schedule_needs_store_model_in_db: bool,
    /// A schedule that never ran fires within half a minute of being set (1.97).
    pub schedule_fires_at_once: bool,
    /// `LITELLM_MODEL_COST_MAP_URL` counts (1.80.0); before, only `litellm_settings.model_cost_map_url`.
    pub reads_url_variable: bool,
    /// It refuses a map with fewer than 50 models or under half of its own copy. Measured: 1.80.17 does not, 1.90.7 does.
    pub validates_maps: bool,
    /// `aliases` of an entry become entries of their own. Measured: 1.80.17 does not, 1.90.7 does.
    pub expands_aliases: bool,
    /// An entry that is no object makes its reload fail. Measured: 1.80.17 takes it, 1.90.7 fails.
    pub fails_on_entries_that_are_no_objects: bool,
    /// `fallback_generalizations` is taken out of the live map; older versions take it for a model (1.92).
    pub knows_fallback_generalizations: bool,
}

impl Capabilities {
    /// By the version alone.
    pub fn of(version: &Version) -> Self {
        let since = |major, minor, patch| version.at_least(major, minor, patch);
        Self {
            knows_source: since(1, 81, 15),
            knows_revisions: since(1, 102, 0),
            public_live_map: since(1, 80, 9),
            reload_may_lie: !since(1, 97, 0),
            reload_erases_registrations: !since(1, 97, 0),
            reload_erases_schedule: !since(1, 82, 1),
            schedule_needs_store_model_in_db: !since(1, 97, 0),
            schedule_fires_at_once: since(1, 97, 0),
            reads_url_variable: since(1, 80, 0),
            validates_maps: since(1, 90, 0),
            expands_aliases: since(1, 90, 0),
            fails_on_entries_that_are_no_objects: since(1, 90, 0),
            knows_fallback_generalizations: since(1, 92, 0),
        }
    }

    /// By the version and by what `/model/cost_map/source` answered; `None` where it answered 404.
    pub(super) fn seen(version: &Version, source: Option<&SourceInfo>) -> Self {
        let by_version = Self::of(version);
        Self {
            knows_source: source.is_some(),
            knows_revisions: source.map_or(by_version.knows_revisions, |info| info.source_revision.is_some()),
            ..by_version
        }
    }

    /// What this version does that people do not expect, a sentence each.
    pub fn traps(&self) -> Vec<&'static str> {
        [
            (
                self.reload_may_lie,
                "A reload whose fetch failed still answers \"success\" (until 1.96); the read-back finds that out.",
            ),
            (
                self.reload_erases_registrations,
                "A reload drops the prices of configured models from the live map until the proxy restarts (until 1.96).",
            ),
            (self.reload_erases_schedule, "A reload erases the proxy's own schedule (until 1.82.0); a sync puts it back."),
            (
                self.schedule_needs_store_model_in_db,
                "The proxy's own schedule runs only with STORE_MODEL_IN_DB=True (until 1.96).",
            ),
        ]
        .into_iter()
        .filter_map(|(is_so, words)| is_so.then_some(words))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_stands_at_its_version() {
        let of = |text| Capabilities::of(&Version::new(text));
        assert!(of("1.96.9").reload_may_lie && !of("1.97.0").reload_may_lie);
        assert!(of("1.82.0").reload_erases_schedule && !of("1.82.1").reload_erases_schedule);
        assert!(!of("1.81.14").knows_source && of("1.81.15").knows_source);
        assert!(!of("1.101.0").knows_revisions && of("1.102.0").knows_revisions);
        assert!(!of("1.80.8").public_live_map && of("1.80.9").public_live_map);
        assert!(!of("1.91.0").knows_fallback_generalizations && of("1.92.0").knows_fallback_generalizations);
    }

    #[test]
    fn a_version_that_is_a_word_is_not_trusted() {
        let unknown = Capabilities::of(&Version::new("unknown"));
        assert!(unknown.reload_may_lie && unknown.reload_erases_schedule && unknown.schedule_needs_store_model_in_db);
        assert!(!unknown.knows_source && !unknown.knows_revisions && !unknown.public_live_map);
    }
}
