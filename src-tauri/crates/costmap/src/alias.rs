//! Other names for models: rows that hold only `alias_of`, and `aliases` lists. What LiteLLM makes of them was read in
//! `_expand_model_aliases` of 1.110.2, and measured there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::leaf::Leaf;
use crate::map::{CostMap, LeafKind, Span};
use crate::path::{PathId, Step};

/// What a version of LiteLLM makes of other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Nothing: each row is served as it stands.
    Bare,
    /// The names of `aliases` lists become entries; an `alias_of` row is served as it stands, and so has no price.
    Lists,
    /// An `alias_of` row is served as its target too, or not at all where it has none.
    Rows,
}

/// Why an `alias_of` row stands for nothing. LiteLLM 1.110 leaves such a row out of what it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasFault {
    /// No entry has that name.
    Dangling,
    /// It names another alias row; LiteLLM follows one step only.
    Chained,
    /// It names itself.
    ToItself,
}

/// A name that stands only in an `aliases` list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// Between the quotes.
    pub(crate) key: Span,
    pub(crate) key_escaped: bool,
    /// The number of the entry whose list it is.
    pub(crate) owner: u32,
}

/// The other names of one map.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    /// Where `alias_of` stands, if any entry has it.
    field: Option<PathId>,
    /// Rows whose `alias_of` is a text, by their number: the number of the entry that they stand for.
    rows: Vec<(u32, Result<u32, AliasFault>)>,
    /// Names that are no row of their own.
    listed: Vec<Listed>,
    /// Their places in `listed`.
    by_name: HashMap<Box<str>, usize>,
}

impl Aliases {
    pub(crate) fn of(map: &CostMap) -> Self {
        let (field, lists) = (map.field_id("alias_of"), map.field_id("aliases"));
        let mut aliases = Self { field, ..Self::default() };
        if let Some(field) = field {
            let names = map.models().filter_map(|entry| Some((entry.order() - 1, entry.leaf(field)?.as_str()?)));
            let rows: Vec<(u32, Cow<'_, str>)> = names.collect();
            let is_row = |number: u32| rows.binary_search_by_key(&number, |(row, _)| *row).is_ok();
            let target = |own: u32, name: &str| match map.find(name).filter(|_| name != "fallback_generalizations") {
                None => Err(AliasFault::Dangling),
                Some(target) if target == own => Err(AliasFault::ToItself),
                Some(target) if is_row(target) => Err(AliasFault::Chained),
                Some(target) => Ok(target),
            };
            aliases.rows = rows.iter().map(|(number, name)| (*number, target(*number, name))).collect();
        }
        if let Some(lists) = lists {
            aliases.read_lists(map, lists);
        }
        aliases
    }

    /// The first list that has a name counts, before an `alias_of` row of that name; a model of its own counts before both.
    fn read_lists(&mut self, map: &CostMap, lists: PathId) {
        let mut claimed: HashSet<Cow<'_, str>> = HashSet::new();
        for entry in map.models() {
            let number = entry.order() - 1;
            if self.row(number).is_some() {
                continue;
            }
            for leaf in entry.leaves().filter(|leaf| is_item(leaf, lists)) {
                let Some(name) = leaf.as_str() else { continue };
                let row = map.find(&name).map(|row| self.rows.binary_search_by_key(&row, |(row, _)| *row));
                if matches!(row, Some(Err(_))) || !claimed.insert(name) {
                    continue;
                }
                if let Some(Ok(place)) = row {
                    self.rows[place].1 = Ok(number);
                    continue;
                }
                self.by_name.insert(leaf.as_str().unwrap_or_default().into(), self.listed.len());
                self.listed.push(Listed {
                    key: Span { start: leaf.leaf.start, end: leaf.leaf.end },
                    key_escaped: leaf.kind() == LeafKind::EscapedString,
                    owner: number,
                });
            }
        }
    }

    /// Where `alias_of` stands, if any entry has it.
    pub(crate) fn field(&self) -> Option<PathId> {
        self.field
    }

    /// What an `alias_of` row stands for; `None` for a row that is none.
    pub(crate) fn target(&self, number: u32) -> Option<Result<u32, AliasFault>> {
        self.row(number).map(|place| self.rows[place].1)
    }

    fn row(&self, number: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&number, |(row, _)| *row).ok()
    }

    /// The names that only lists have.
    pub(crate) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The place of a name among those that only lists have.
    pub(crate) fn place_of(&self, name: &str) -> Option<&Listed> {
        self.listed.get(*self.by_name.get(name)?)
    }

    /// Whether the map has other names at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.listed.is_empty()
    }
}

/// Whether a leaf is an item of the list at `lists`.
fn is_item(leaf: &Leaf<'_>, lists: PathId) -> bool {
    let path = leaf.path();
    path.parent().id() == lists && matches!(path.last(), Step::Item(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The odd rows that were measured on 1.110.2 (a row that points nowhere, at an alias, at itself, at a number, and one
    /// with prices of its own), and lists.
    const MAP: &str = r#"{
        "opus-6": {"litellm_provider": "anthropic", "input_cost_per_token": 4e-06, "aliases": ["opus", "opus-latest", "gpt"]},
        "opus-latest": {"alias_of": "nowhere"},
        "gpt": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "aliases": ["opus", "g"]},
        "gpt-latest": {"alias_of": "gpt"},
        "dangling": {"alias_of": "nowhere"},
        "chain": {"alias_of": "gpt-latest"},
        "self": {"alias_of": "self"},
        "number": {"alias_of": 5, "litellm_provider": "openai"},
        "extra": {"alias_of": "gpt", "input_cost_per_token": 1, "aliases": ["never"]}
    }"#;

    fn served(served: Served) -> Vec<(String, Option<String>)> {
        let map = CostMap::parse(MAP).unwrap();
        let pairs = map.served(served).map(|entry| (entry.name().into_owned(), entry.stands_for().map(Into::into)));
        pairs.collect()
    }

    fn own(names: &[&str]) -> Vec<(String, Option<String>)> {
        names.iter().map(|name| ((*name).to_owned(), None)).collect()
    }

    fn other(name: &str, target: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(target.to_owned()))
    }

    #[test]
    fn an_alias_row_is_served_as_what_litellm_makes_of_it() {
        let expected = vec![
            other("opus-latest", "opus-6"),
            other("gpt-latest", "gpt"),
            other("extra", "gpt"),
            other("opus", "opus-6"),
            other("g", "gpt"),
        ];
        let told = served(Served::Rows);
        assert_eq!(told.iter().filter(|(_, target)| target.is_some()).cloned().collect::<Vec<_>>(), expected);
        assert_eq!(
            told.iter().filter(|(_, target)| target.is_none()).cloned().collect::<Vec<_>>(),
            own(&["opus-6", "gpt", "number"])
        );
    }

    #[test]
    fn before_that_rows_stay_bare_and_before_that_lists_too() {
        let rows = ["opus-6", "opus-latest", "gpt", "gpt-latest", "dangling", "chain", "self", "number", "extra"];
        assert_eq!(served(Served::Bare), own(&rows));
        assert_eq!(served(Served::Lists), [own(&rows), vec![other("opus", "opus-6"), other("g", "gpt")]].concat());
    }

    #[test]
    fn a_name_is_priced_by_what_it_stands_for() {
        let map = CostMap::parse(MAP).unwrap();
        let price = |name: &str| map.priced(name)?.field("input_cost_per_token").map(|leaf| leaf.text().to_owned());
        assert_eq!(price("gpt-latest").as_deref(), Some("1e-06"));
        assert_eq!(price("extra").as_deref(), Some("1e-06"), "what stands beside alias_of does not count");
        assert_eq!(price("opus").as_deref(), Some("4e-06"));
        assert_eq!((price("dangling"), price("chain"), price("self"), price("none")), (None, None, None, None));
        let fault = |name: &str| map.aliases().target(map.find(name).unwrap());
        assert_eq!(fault("dangling"), Some(Err(AliasFault::Dangling)));
        assert_eq!(fault("chain"), Some(Err(AliasFault::Chained)));
        assert_eq!(fault("self"), Some(Err(AliasFault::ToItself)));
        assert_eq!((fault("number"), fault("gpt")), (None, None));
    }
}
