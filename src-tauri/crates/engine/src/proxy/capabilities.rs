//! What a version of LiteLLM can do, and where it cannot be trusted.

use costmap::versions::Ability;
use serde::{Deserialize, Serialize};

use super::{SourceInfo, Version};

/// What this proxy can do. By its version, and by what it showed where that says more. What can be read in LiteLLM's
/// source has its date from [`costmap::versions`]; the others were measured on real proxies.
///
/// A version that is only a word gets the careful answer everywhere: it may do every bad thing and can do no good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// `/model/cost_map/source` says what is live.
    pub knows_source: bool,
    /// It names the git blob id of what it loaded.
    pub knows_revisions: bool,
    /// The live map can be read without a key; before, with one.
    pub public_live_map: bool,
    /// A reload whose fetch failed answers 200, having swapped in the older copy of its package (up to 1.96).
    pub reload_may_lie: bool,
    /// A reload drops configured models and their own prices from the live map (measured: up to 1.96).
    pub reload_erases_registrations: bool,
    /// A reload, and the schedule's own first run, erase the schedule (measured: up to 1.82.0).
    pub reload_erases_schedule: bool,
    /// The proxy's schedule fires only with `STORE_MODEL_IN_DB=True`, though it says success (measured: up to 1.96).
    pub schedule_needs_store_model_in_db: bool,
    /// A schedule that never ran fires within half a minute of being set (measured: from 1.97 on).
    pub schedule_fires_at_once: bool,
    /// `LITELLM_MODEL_COST_MAP_URL` counts; before, only `litellm_settings.model_cost_map_url`.
    pub reads_url_variable: bool,
    /// It refuses a map with fewer than 50 models or under half of its own copy.
    pub validates_maps: bool,
    /// `aliases` of an entry become entries of their own.
    pub expands_aliases: bool,
    /// An entry that is no object makes its reload fail.
    pub fails_on_entries_that_are_no_objects: bool,
    /// A row with `alias_of` is served as its target; before, the bare row is served and prices nothing.
    pub serves_alias_rows: bool,
    /// It shows the map as it was loaded, without what was registered since.
    pub shows_catalog: bool,
    /// `fallback_generalizations` is taken out of the live map; older versions take it for a model.
    pub knows_fallback_generalizations: bool,
}

impl Capabilities {
    /// By the version alone.
    pub fn of(version: &Version) -> Self {
        let can = |ability: Ability| version.release().is_some_and(|release| ability.is_in(release));
        let since = |major, minor, patch| version.at_least(major, minor, patch);
        Self {
            knows_source: can(Ability::SourceEndpoint),
            knows_revisions: can(Ability::Revisions),
            public_live_map: can(Ability::PublicLiveMap),
            reload_may_lie: !can(Ability::KeepsMapOnFailure),
            reload_erases_registrations: !since(1, 97, 0),
            reload_erases_schedule: !since(1, 82, 1),
            schedule_needs_store_model_in_db: !since(1, 97, 0),
            schedule_fires_at_once: since(1, 97, 0),
            reads_url_variable: can(Ability::UrlVariable),
            validates_maps: can(Ability::Validates),
            expands_aliases: can(Ability::AliasLists),
            fails_on_entries_that_are_no_objects: can(Ability::ReadsEntries),
            serves_alias_rows: can(Ability::AliasRows),
            shows_catalog: can(Ability::CatalogOnly),
            knows_fallback_generalizations: can(Ability::Generalizations),
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
                "A reload whose fetch failed still answers \"success\" (until 1.96); the read-back catches that.",
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
        // Read in the source; the real 1.80.17 does none of the three, and the real 1.90.7 all.
        assert!(!of("1.81.10").validates_maps && of("1.81.11").validates_maps);
        assert!(!of("1.82.1").expands_aliases && of("1.82.2").expands_aliases);
        let fails = |text| of(text).fails_on_entries_that_are_no_objects;
        assert!(!fails("1.81.14") && fails("1.81.15"));
    }

    #[test]
    fn a_version_newer_than_all_that_were_looked_at_is_as_able_as_the_newest() {
        let (major, minor, patch) = costmap::versions::newest();
        let newest = Capabilities::of(&Version::new(&format!("{major}.{minor}.{patch}")));
        assert_eq!(Capabilities::of(&Version::new(&format!("{major}.{}.0", minor + 1))), newest);
        assert_eq!(Capabilities::of(&Version::new(&format!("{}.0.0", major + 1))), newest);
    }

    #[test]
    fn a_version_that_is_a_word_is_not_trusted() {
        let unknown = Capabilities::of(&Version::new("unknown"));
        assert!(unknown.reload_may_lie && unknown.reload_erases_schedule && unknown.schedule_needs_store_model_in_db);
        assert!(!unknown.knows_source && !unknown.knows_revisions && !unknown.public_live_map);
    }
}
