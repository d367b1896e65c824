//! What each LiteLLM release can do and reads. `versions.json` is taken from the releases' own source by
//! `cargo xtask versions`, never typed by hand. A release newer than the newest one looked at is as able as that.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// A LiteLLM release: major, minor, patch.
pub type Release = (u32, u32, u32);

/// A release that none is as new as.
const NEVER: Release = (u32::MAX, u32::MAX, u32::MAX);

/// What a release can do, and an older one cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// The names in an entry's `aliases` become entries of their own.
    AliasLists,
    /// An entry with `alias_of` is served as the entry that it names.
    AliasRows,
    /// A map that was fetched must have 50 models and half of the bundled ones.
    Validates,
    /// A reload goes through every entry, and fails on one that is no object.
    ReadsEntries,
    /// `fallback_generalizations` is taken out of the map.
    Generalizations,
    /// The public live map comes without configured models where `catalog_only` is asked for.
    CatalogOnly,
    /// `/model/cost_map/source` says what is live.
    SourceEndpoint,
    /// The git blob id of what was loaded is told.
    Revisions,
    /// The live map is read without a key, at `/public/litellm_model_cost_map`.
    PublicLiveMap,
    /// `/reload/model_cost_map` has the map fetched anew.
    Reload,
    /// The environment variable `LITELLM_MODEL_COST_MAP_URL` counts.
    UrlVariable,
    /// The map's address may be `s3://bucket/key`.
    S3Source,
    /// `LITELLM_OFFLINE_MODE` forces the bundled copy.
    OfflineMode,
    /// A reload whose fetch failed answers 502 and keeps the map that is live.
    KeepsMapOnFailure,
}

impl Ability {
    /// The first release that has it.
    pub fn since(self) -> Release {
        known().abilities.get(&self).copied().unwrap_or(NEVER)
    }

    /// Whether a release has it.
    pub fn is_in(self, release: Release) -> bool {
        release >= self.since()
    }
}

/// The newest release that was looked at.
pub fn newest() -> Release {
    known().newest
}

/// How many models a release brings along: those of the nearest release in the file that is not newer. That is true to a
/// tenth, and exact for the newest. `None` for releases older than all that were looked at.
pub fn bundled_models(release: Release) -> Option<usize> {
    let lines = &known().bundled;
    let newer = lines.partition_point(|(since, _)| *since <= release);
    newer.checked_sub(1).map(|place| lines[place].1)
}

/// From which release on every one reads this price field. `None` for a field that all releases read, and for one that is
/// not judged: the code of no release names it, or it is put together at run time.
pub fn reads_since(field: &str) -> Option<Release> {
    known().prices.get(field).and_then(|turns| turns.last()).copied()
}

/// Whether a release reads a price field; true where that is not judged. Older lines of releases got some fields before
/// the first releases of newer lines: then a release before [`reads_since`] may read it too.
pub fn reads(field: &str, release: Release) -> bool {
    let turns = known().prices.get(field).map_or(&[][..], Vec::as_slice);
    turns.is_empty() || turns.partition_point(|turn| *turn <= release) % 2 == 1
}

/// Whether a model of any release's bundled map ever had this field, or LiteLLM reads it though none did (`aliases`).
pub fn is_known_field(field: &str) -> bool {
    field == "aliases" || known().fields.binary_search(&field).is_ok()
}

/// The data file, ready to be asked.
#[derive(Default)]
struct Known {
    newest: Release,
    abilities: HashMap<Ability, Release>,
    /// By release.
    bundled: Vec<(Release, usize)>,
    /// For each price field, by turns, the release from which on it is read, and the one from which on it is not.
    prices: HashMap<&'static str, Vec<Release>>,
    /// Sorted.
    fields: Vec<&'static str>,
}

/// The data file as it is written.
#[derive(Deserialize)]
struct Written {
    newest: &'static str,
    abilities: HashMap<Ability, &'static str>,
    bundled_models: Vec<(&'static str, usize)>,
    price_fields: Vec<Vec<&'static str>>,
    map_fields: Vec<&'static str>,
}

/// A damaged file, which the tests would not let pass, knows no ability and judges no field.
fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| read(include_str!("versions.json")).unwrap_or_default())
}

fn read(text: &'static str) -> Option<Known> {
    let written: Written = serde_json::from_str(text).ok()?;
    let abilities = written.abilities.into_iter().map(|(ability, since)| Some((ability, release(since)?)));
    let bundled = written.bundled_models.into_iter().map(|(since, models)| Some((release(since)?, models)));
    let prices = written.price_fields.iter().map(|line| {
        let (field, turns) = line.split_first()?;
        Some((*field, turns.iter().map(|turn| release(turn)).collect::<Option<_>>()?))
    });
    Some(Known {
        newest: release(written.newest)?,
        abilities: abilities.collect::<Option<_>>()?,
        bundled: bundled.collect::<Option<_>>()?,
        prices: prices.collect::<Option<_>>()?,
        fields: written.map_fields,
    })
}

fn release(text: &str) -> Option<Release> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    let release = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABILITIES: [(Ability, Release); 14] = [
        (Ability::AliasLists, (1, 82, 2)),
        (Ability::AliasRows, (1, 110, 0)),
        (Ability::Validates, (1, 81, 11)),
        (Ability::ReadsEntries, (1, 81, 15)),
        (Ability::Generalizations, (1, 92, 0)),
        (Ability::CatalogOnly, (1, 106, 0)),
        (Ability::SourceEndpoint, (1, 81, 15)),
        (Ability::Revisions, (1, 102, 0)),
        (Ability::PublicLiveMap, (1, 80, 9)),
        (Ability::Reload, (1, 75, 5)),
        (Ability::UrlVariable, (1, 80, 0)),
        (Ability::S3Source, (1, 109, 0)),
        (Ability::OfflineMode, (1, 109, 0)),
        (Ability::KeepsMapOnFailure, (1, 97, 0)),
    ];

    #[test]
    fn the_file_is_whole() {
        let known = read(include_str!("versions.json")).unwrap();
        assert!(known.newest >= (1, 110, 2));
        assert_eq!(known.abilities.len(), ABILITIES.len());
        assert!(known.bundled.is_sorted() && known.bundled.len() < 30);
        assert!(known.fields.is_sorted() && known.fields.len() >= 300);
        assert!(known.prices.values().all(|turns| turns.len() % 2 == 1 && turns.is_sorted()));
        assert!(known.prices.len() >= 131 && known.prices.keys().all(|field| is_known_field(field)));
    }

    #[test]
    fn a_file_that_is_damaged_knows_nothing_and_breaks_nothing() {
        assert!(read("{").is_none());
        assert!(
            read(r#"{"newest":"1.x","abilities":{},"bundled_models":[],"price_fields":[],"map_fields":[]}"#).is_none()
        );
    }

    #[test]
    fn each_ability_stands_at_its_release() {
        for (ability, since) in ABILITIES {
            assert_eq!(ability.since(), since, "{ability:?}");
            assert!(ability.is_in(since) && !ability.is_in((since.0, since.1 - 1, 999)), "{ability:?}");
        }
    }

    #[test]
    fn a_release_that_is_newer_than_the_newest_known_is_as_able() {
        let (major, minor, patch) = newest();
        for newer in [(major, minor, patch + 1), (major, minor + 1, 0), (major + 1, 0, 0)] {
            for (ability, _) in ABILITIES {
                assert!(ability.is_in(newest()) && ability.is_in(newer), "{ability:?} {newer:?}");
            }
            for field in known().prices.keys() {
                assert!(reads(field, newest()) && reads(field, newer), "{field} {newer:?}");
            }
            assert_eq!(bundled_models(newer), bundled_models(newest()));
        }
    }

    #[test]
    fn nothing_began_after_the_newest_release() {
        let (abilities, prices) = (known().abilities.values(), known().prices.values().flatten());
        let bundled = known().bundled.iter().map(|(release, _)| release);
        assert!(abilities.chain(prices).chain(bundled).all(|since| *since <= newest()));
    }

    #[test]
    fn a_price_field_is_read_from_its_release_on() {
        assert_eq!(reads_since("input_cost_per_token"), None);
        assert!(reads("input_cost_per_token", (1, 53, 1)));
        assert_eq!(reads_since("input_cost_per_token_batches"), Some((1, 63, 5)));
        assert!(
            !reads("input_cost_per_token_batches", (1, 63, 4)) && reads("input_cost_per_token_batches", (1, 63, 5))
        );
        assert_eq!(reads_since("a_cost_that_nobody_knows"), None);
        assert!(reads("a_cost_that_nobody_knows", (1, 53, 1)));
    }

    #[test]
    fn a_field_that_an_older_line_got_first_is_not_read_by_the_first_releases_of_the_next() {
        let field = "input_cost_per_token_above_100k_tokens";
        let reading = [(1, 103, 6), (1, 103, 7), (1, 104, 0), (1, 104, 6), (1, 105, 0), (1, 105, 3), (1, 106, 0)];
        assert_eq!(reading.map(|release| reads(field, release)), [false, true, false, true, false, true, true]);
        assert_eq!(reads_since(field), Some((1, 105, 3)));
    }

    #[test]
    fn the_bundled_count_is_that_of_the_nearest_release_that_is_not_newer() {
        assert_eq!(bundled_models((1, 53, 0)), None);
        assert_eq!(bundled_models((1, 53, 1)), Some(690));
        assert_eq!(bundled_models((1, 54, 0)), Some(690));
        assert_eq!(bundled_models((1, 110, 2)), Some(4876));
    }

    #[test]
    fn a_field_of_any_releases_map_is_known() {
        assert!(is_known_field("alias_of") && is_known_field("input_cost_per_token"));
        assert!(!is_known_field("a_field_that_nobody_knows") && !is_known_field(""));
    }
}
