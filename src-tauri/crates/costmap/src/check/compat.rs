//! What one version of the proxy would make of a map: refuse it, fail on it, or not price what it says.

use crate::alias::Served;
use crate::check::findings::{About, Findings, Rule};
use crate::check::shrink::FEWEST;
use crate::check::words::{field, quoted};
use crate::finding::Finding;
use crate::leaf::Leaf;
use crate::map::{CostMap, Entry, LeafKind};
use crate::path::{PathId, Step};
use crate::versions::{self, Ability, Release};

pub(crate) const TOO_FEW_MODELS: Rule = Rule::hold(
    "compat.too_few_models",
    "Fewer than 50 models: this version refuses the map, or falls back to its own copy.",
);
pub(crate) const UNDER_HALF: Rule = Rule::hold(
    "compat.under_half_of_bundled",
    "Fewer than half of this version's bundled models: it refuses the map, or falls back to its own copy.",
);
pub(crate) const ENTRY_BREAKS_RELOAD: Rule =
    Rule::hold("compat.entry_breaks_reload", "An entry that isn't an object makes this version's reload fail.")
        .many("{n} entries aren't objects; a reload would fail");
pub(crate) const ALIASES_BREAK_RELOAD: Rule =
    Rule::hold("compat.aliases_break_reload", "An alias that isn't a string makes this version's reload fail.")
        .many("{n} models have an alias that isn't a string; a reload may fail");
pub(crate) const LIVE_MAP_BREAKS: Rule =
    Rule::hold("compat.live_map_breaks", "NaN or Infinity: this version loads it, and its live map then answers 500.")
        .many("{n} models have NaN or Infinity as a number; the live map would answer 500");
pub(crate) const ALIASES_UNKNOWN: Rule =
    Rule::review("compat.aliases_unknown", "Aliases, which this version does not turn into models.")
        .many("{n} models have aliases that this version does not support");
pub(crate) const ALIAS_UNPRICED: Rule = Rule::info(
    "compat.alias_unpriced",
    "An alias that this version serves as it is, without a price: it would bill its calls at $0.",
)
.many("{subject} would bill calls to {n} aliases at $0: it does not support alias rows");
pub(crate) const OWN_ALIAS_UNPRICED: Rule =
    Rule::review(ALIAS_UNPRICED.id, ALIAS_UNPRICED.explanation).many(ALIAS_UNPRICED.many);
pub(crate) const RESERVED_AS_MODEL: Rule =
    Rule::info("compat.reserved_as_model", "A reserved key that this version mistakes for a model.")
        .many("{n} reserved keys are mistaken for models");
pub(crate) const FIELD_NOT_PRICED: Rule =
    Rule::info("compat.field_not_priced", "A price field that this version does not read.");

/// What is known about one version of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyVersionFacts {
    /// Major, minor, patch.
    pub version: (u32, u32, u32),
    /// How many models its own copy of the map has, where that is known.
    pub bundled_models: Option<usize>,
}

impl ProxyVersionFacts {
    /// What is known about a release; one that is newer than those looked at is as able as the newest of them.
    pub fn of(version: (u32, u32, u32)) -> Self {
        Self { version, bundled_models: versions::bundled_models(version) }
    }

    fn can(&self, ability: Ability) -> bool {
        ability.is_in(self.version)
    }

    /// What it makes of other names.
    pub fn served(&self) -> Served {
        if self.can(Ability::AliasRows) {
            Served::Rows
        } else if self.can(Ability::AliasLists) {
            Served::Lists
        } else {
            Served::Bare
        }
    }

    fn name(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("LiteLLM {major}.{minor}.{patch}")
    }
}

/// What this version of the proxy would make of the map. Findings are `compat.*`, Hold where the version would refuse
/// the map or break on it; they are about this proxy only and do not hold the map for others. `is_used` tells what its
/// deployments use: what it would book at $0 of that is a question, of the rest only information.
pub fn check_compatibility(
    candidate: &CostMap,
    version: &ProxyVersionFacts,
    is_used: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut out = Findings::default();
    let proxy = version.name();
    counts(candidate, version, &proxy, &mut out);
    entries(candidate, version, &proxy, &mut out);
    alias_rows(candidate, version, &proxy, is_used, &mut out);
    reserved(candidate, version, &proxy, &mut out);
    unpriced_fields(candidate, version, &proxy, &mut out);
    out.finish().findings
}

fn counts(map: &CostMap, facts: &ProxyVersionFacts, proxy: &str, out: &mut Findings) {
    if !facts.can(Ability::Validates) {
        return;
    }
    // Before reserved keys were known they were counted as models.
    let counted = if facts.can(Ability::Generalizations) { map.len() } else { map.loaded().count() };
    if counted < FEWEST {
        out.add(TOO_FEW_MODELS, About::default(), || {
            format!("The map has {counted} models; {proxy} requires at least {FEWEST} and would keep its map or fall back to its bundled copy.")
        });
    } else if let Some(bundled) = facts.bundled_models.filter(|bundled| counted * 2 < *bundled) {
        out.add(UNDER_HALF, About::default(), || {
            format!("The map has {counted} models, less than half of the {bundled} bundled with {proxy}; it would keep its map or fall back to its bundled copy.")
        });
    }
}

fn entries(map: &CostMap, facts: &ProxyVersionFacts, proxy: &str, out: &mut Findings) {
    let aliases = map.field_id("aliases");
    for (order, entry) in map.loaded() {
        let name = entry.name();
        let shown = quoted(&name);
        let about = About { order, model: Some(&shown), ..About::default() };
        let taken_out = &*name == "fallback_generalizations" && facts.can(Ability::Generalizations);
        if !entry.is_object() && !taken_out && facts.can(Ability::ReadsEntries) {
            out.add(ENTRY_BREAKS_RELOAD, About { value: Some(entry.raw()), ..about }, || {
                format!(
                    "{shown}: the entry isn't an object; {proxy} would fail to reload it (HTTP 500), and to start with it."
                )
            });
        }
        let mut has_aliases = false;
        for leaf in entry.leaves() {
            let not_finite = leaf.kind() == LeafKind::NotFinite || overflows(&leaf);
            if not_finite && !taken_out {
                let about = About { field: Some(leaf.path()), value: Some(leaf.text()), ..about };
                out.add(LIVE_MAP_BREAKS, about, || {
                    let field = field(leaf.path());
                    format!(
                        "{shown}: {field} is {}; {proxy} would load it, and its live map would answer 500.",
                        quoted(leaf.text())
                    )
                });
            }
            let place = aliases.and_then(|aliases| place_in(map, leaf.path_id(), aliases));
            has_aliases |= place.is_some();
            let is_name = place == Some(leaf.path_id()) && leaf.as_str().is_some();
            if place.is_some() && !is_name && facts.can(Ability::AliasLists) {
                let about = About { field: Some(leaf.path()), value: Some(leaf.text()), ..about };
                out.add(ALIASES_BREAK_RELOAD, about, || {
                    let field = field(leaf.path());
                    format!(
                        "{shown}: {field} is {}, not a string; a reload of {proxy} may fail with 500.",
                        quoted(leaf.text())
                    )
                });
            }
        }
        if has_aliases && !facts.can(Ability::AliasLists) && !entry.is_reserved() {
            let about = About { order, model: Some(&name), ..About::default() };
            out.add(ALIASES_UNKNOWN, about, || {
                format!("{shown}: {proxy} does not support aliases; it would price the model only under its own name.")
            });
        }
    }
}

/// Alias rows on a version that does not know them: the bare row has no price (measured on 1.90.7 and 1.102.4).
fn alias_rows(
    map: &CostMap,
    facts: &ProxyVersionFacts,
    proxy: &str,
    is_used: &dyn Fn(&str) -> bool,
    out: &mut Findings,
) {
    if facts.served() == Served::Rows {
        return;
    }
    for row in map.models() {
        let Some(target) = row.alias_of() else { continue };
        let name = row.name();
        let rule = if is_used(&name) { OWN_ALIAS_UNPRICED } else { ALIAS_UNPRICED };
        let about = About {
            order: row.order(),
            model: Some(&name),
            subject: Some(proxy),
            value: Some(&target),
            ..About::default()
        };
        out.add(rule, about, || {
            format!(
                "{} is an alias of {}; {proxy} does not support alias rows and would bill its calls at $0 (LiteLLM 1.110 and later price them).",
                quoted(&name),
                quoted(&target)
            )
        });
    }
}

/// Whether Python reads the number as infinite. Without an exponent that takes over 300 digits.
fn overflows(leaf: &Leaf<'_>) -> bool {
    let text = leaf.text();
    leaf.kind() == LeafKind::Number
        && (text.len() > 300 || text.contains(['e', 'E']))
        && leaf.number().is_some_and(|number| !number.f64().is_finite())
}

/// The item of the list at `list` that a path is, or stands in.
fn place_in(map: &CostMap, path: PathId, list: PathId) -> Option<PathId> {
    let paths = map.paths();
    let item = paths.ancestors(path).find(|place| paths.parent(*place) == list)?;
    matches!(paths.step(item), Step::Item(_)).then_some(item)
}

fn reserved(map: &CostMap, facts: &ProxyVersionFacts, proxy: &str, out: &mut Findings) {
    let known: &[&str] = if facts.can(Ability::Generalizations) {
        &["sample_spec", "fallback_generalizations"]
    } else {
        &["sample_spec"]
    };
    let mistaken = |entry: &Entry<'_>| entry.is_reserved() && !known.contains(&&*entry.name());
    for (order, entry) in map.loaded().filter(|(_, entry)| mistaken(entry)) {
        let name = entry.name();
        out.add(RESERVED_AS_MODEL, About { order, model: Some(&name), ..About::default() }, || {
            format!("{name}: {proxy} mistakes this key for a model; its model count is one too high, and the name cannot be called.")
        });
    }
}

fn unpriced_fields(map: &CostMap, facts: &ProxyVersionFacts, proxy: &str, out: &mut Findings) {
    let paths = map.paths();
    let unread = |path: &PathId| {
        let Step::Field(name) = paths.step(*path) else { return None };
        versions::reads_since(name).filter(|_| !versions::reads(name, facts.version))
    };
    let mut fields: Vec<Option<Unread>> = vec![None; paths.len()];
    let mut any = false;
    // A price may be nested; the name that the version must know is that of the field of the entry itself.
    for path in paths.ids().filter(|path| *path != PathId::ROOT) {
        let parent = paths.parent(path);
        fields[path.index()] = if parent == PathId::ROOT {
            unread(&path).map(|since| Unread { field: path, since })
        } else {
            fields[parent.index()]
        };
        any |= fields[path.index()].is_some();
    }
    if !any {
        return;
    }
    let mut models = vec![0_usize; paths.len()];
    let mut last = vec![0_u32; paths.len()];
    for entry in map.models() {
        for unread in entry.leaves().filter_map(|leaf| fields[leaf.path_id().index()]) {
            let place = unread.field.index();
            if last[place] != entry.order() {
                last[place] = entry.order();
                models[place] += 1;
            }
        }
    }
    let found = fields.iter().enumerate().filter_map(|(place, unread)| Some((place, (*unread)?)));
    let found = found.filter(|(place, unread)| unread.field.index() == *place && models[*place] > 0);
    let mut found: Vec<Unread> = found.map(|(_, unread)| unread).collect();
    // The same order however the map was read.
    found.sort_by_cached_key(|unread| paths.step(unread.field).clone());
    for unread in found {
        let (path, count) = (map.path(unread.field), models[unread.field.index()]);
        let (major, minor, patch) = unread.since;
        out.add(FIELD_NOT_PRICED, About { field: Some(path), ..About::default() }, || {
            format!(
                "{} is set for {count} models; {proxy} does not read it (LiteLLM {major}.{minor}.{patch} does), so calls are billed without it.",
                field(path)
            )
        });
    }
}

/// A field that a version does not read yet.
#[derive(Clone, Copy)]
struct Unread {
    field: PathId,
    since: Release,
}
