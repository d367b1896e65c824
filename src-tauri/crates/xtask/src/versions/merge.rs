//! From what each release says to what is said of all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{Failure, Result};

/// Major, minor, patch. A post release counts as the release that it repairs.
pub(super) type Release = (u32, u32, u32);

/// What `read.py` found in one release.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Summary {
    pub(super) reader: u32,
    abilities: BTreeMap<String, bool>,
    /// How many models it brings along.
    models: usize,
    /// The fields of its models.
    fields: BTreeSet<String>,
    /// The words of its code that may be a price's name.
    names: BTreeSet<String>,
}

/// The data file, and what a person should know of how it came about.
pub(super) struct Merged {
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

/// A final release's numbers: `1.110.2`, `1.75.5.post2`.
pub(super) fn release(name: &str) -> Option<Release> {
    let mut parts = name.split('.');
    let mut number = || parts.next()?.parse().ok();
    let release = (number()?, number()?, number()?);
    let is_final = parts.next().is_none_or(|rest| rest.starts_with("post")) && parts.next().is_none();
    is_final.then_some(release)
}

/// Adds what a release says. Of one that was repaired afterwards, only what all of its releases can do counts.
pub(super) fn add(known: &mut BTreeMap<Release, Summary>, release: Release, summary: Summary) {
    let Some(same) = known.get_mut(&release) else {
        known.insert(release, summary);
        return;
    };
    for (ability, has) in &mut same.abilities {
        *has &= summary.abilities.get(ability).is_some_and(|has| *has);
    }
    same.names.retain(|name| summary.names.contains(name));
    same.fields.extend(summary.fields);
    same.models = same.models.max(summary.models);
}

/// Merges the summaries of all releases. Fails where the newest release lacks an ability that an older one has.
pub(super) fn merge(known: &BTreeMap<Release, Summary>) -> Result<Merged> {
    let Some((newest, _)) = known.last_key_value() else {
        return Err(Failure::failed("no release of LiteLLM could be read"));
    };
    let mut notes = Vec::new();
    let fields: BTreeSet<&str> = known.values().flat_map(|summary| &summary.fields).map(String::as_str).collect();
    let count = |(release, models): &(Release, usize)| format!("[{}, {models}]", dotted(*release));
    let parts = [
        part("abilities", '{', &abilities(known, &mut notes)?, '}'),
        part("bundled_models", '[', &bundled(known).iter().map(count).collect::<Vec<_>>(), ']'),
        part("price_fields", '[', &prices(known, &fields, &mut notes), ']'),
        part("map_fields", '[', &fields.iter().map(|field| quoted(field)).collect::<Vec<_>>(), ']'),
    ];
    let text = format!("{{\n  \"newest\": {},\n{}\n}}\n", dotted(*newest), parts.join(",\n"));
    Ok(Merged { text, notes })
}

/// Each ability with the first release of the unbroken run up to the newest one.
fn abilities(known: &BTreeMap<Release, Summary>, notes: &mut Vec<String>) -> Result<Vec<String>> {
    let names: BTreeSet<&String> = known.values().flat_map(|summary| summary.abilities.keys()).collect();
    let line = |ability: &String| {
        let turns = turns(known, |summary| summary.abilities.get(ability).is_some_and(|has| *has));
        let Some(since) = began(&turns) else {
            return Err(Failure::failed(format!(
                "the newest release seems not to have {ability} ({}). Has LiteLLM's code moved? Then the pattern in \
                 versions/read.py needs another look. Nothing was written.",
                if turns.is_empty() { "nor has any other".to_owned() } else { spelled(&turns) },
            )));
        };
        if turns.len() > 1 {
            notes.push(format!(
                "ATTENTION: {ability} comes and goes: {}. It is dated by its last coming; look at its pattern in \
                 versions/read.py.",
                spelled(&turns)
            ));
        }
        Ok(format!("{}: {}", quoted(ability), dotted(since)))
    };
    names.into_iter().map(line).collect()
}

/// The price fields that the newest release names in its code and the oldest did not, each with its turns; ordered by the
/// last of them, then by name.
fn prices(known: &BTreeMap<Release, Summary>, fields: &BTreeSet<&str>, notes: &mut Vec<String>) -> Vec<String> {
    let mut prices = Vec::new();
    let mut odd: BTreeMap<Vec<Release>, Vec<&str>> = BTreeMap::new();
    for field in fields.iter().filter(|field| field.contains("cost") || field.contains("multiplier")) {
        let turns = turns(known, |summary| summary.names.contains(*field));
        if turns.len() > 1 {
            odd.entry(turns.clone()).or_default().push(field);
        }
        if let Some(since) = began(&turns)
            && known.keys().next() != Some(&since)
        {
            prices.push((since, *field, turns));
        }
    }
    for (turns, fields) in odd {
        // An older line of releases often gets a repair before the first release of the next line does.
        let judged = if began(&turns).is_some() { "" } else { " (so not judged)" };
        notes.push(format!("read {}{judged}: {}", spelled(&turns), fields.join(", ")));
    }
    prices.sort();
    let line = |(_, field, turns): &(Release, &str, Vec<Release>)| {
        let words = std::iter::once(quoted(field)).chain(turns.iter().map(|turn| dotted(*turn)));
        format!("[{}]", words.collect::<Vec<_>>().join(", "))
    };
    prices.iter().map(line).collect()
}

/// By turns, the release from which on it is so, and the one from which on it is not.
fn turns(known: &BTreeMap<Release, Summary>, is_so: impl Fn(&Summary) -> bool) -> Vec<Release> {
    let mut turns = Vec::new();
    for (release, summary) in known {
        if is_so(summary) != (turns.len() % 2 == 1) {
            turns.push(*release);
        }
    }
    turns
}

/// The first release of the unbroken run up to the newest one, if it is so there.
fn began(turns: &[Release]) -> Option<Release> {
    turns.last().copied().filter(|_| turns.len() % 2 == 1)
}

/// `from 1.2.0, not from 1.3.0, from 1.3.2`
fn spelled(turns: &[Release]) -> String {
    let words = ["from", "not from"].iter().cycle();
    let words = turns.iter().zip(words).map(|((major, minor, patch), word)| format!("{word} {major}.{minor}.{patch}"));
    words.collect::<Vec<_>>().join(", ")
}

/// Bundled models, where the count moved by over a tenth since the line before, and of the newest release.
fn bundled(known: &BTreeMap<Release, Summary>) -> Vec<(Release, usize)> {
    let mut lines: Vec<(Release, usize)> = Vec::new();
    for (release, Summary { models, .. }) in known {
        if lines.last().is_none_or(|(_, before)| models.abs_diff(*before) * 10 > *before) {
            lines.push((*release, *models));
        }
    }
    if let Some((newest, summary)) = known.last_key_value()
        && lines.last().is_some_and(|(release, _)| release != newest)
    {
        lines.push((*newest, summary.models));
    }
    lines
}

/// One part of the file, an item a line.
fn part(name: &str, open: char, items: &[String], close: char) -> String {
    format!("  {}: {open}\n    {}\n  {close}", quoted(name), items.join(",\n    "))
}

/// A release, as JSON.
fn dotted((major, minor, patch): Release) -> String {
    format!("\"{major}.{minor}.{patch}\"")
}

/// A text, as JSON: a field's name may hold anything.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Releases 1.0.0, 1.0.1 and so on, with one ability and one price field.
    fn known(has: &[bool]) -> BTreeMap<Release, Summary> {
        let each = |(patch, has): (u32, &bool)| {
            let names = has.then(|| "x_cost".to_owned()).into_iter().collect();
            let fields = BTreeSet::from(["mode".to_owned(), "x_cost".to_owned()]);
            let abilities = BTreeMap::from([("reload".to_owned(), *has)]);
            ((1, 0, patch), Summary { reader: 1, abilities, models: 100, fields, names })
        };
        (0..).zip(has).map(each).collect()
    }

    #[test]
    fn the_file_has_one_line_an_item() {
        let merged = merge(&known(&[false, true])).unwrap();
        assert_eq!(merged.notes, [""; 0]);
        assert_eq!(
            merged.text,
            r#"{
  "newest": "1.0.1",
  "abilities": {
    "reload": "1.0.1"
  },
  "bundled_models": [
    ["1.0.0", 100],
    ["1.0.1", 100]
  ],
  "price_fields": [
    ["x_cost", "1.0.1"]
  ],
  "map_fields": [
    "mode",
    "x_cost"
  ]
}
"#
        );
        assert!(serde_json::from_str::<serde_json::Value>(&merged.text).is_ok());
    }

    #[test]
    fn what_comes_and_goes_is_dated_by_its_last_coming_and_said() {
        let merged = merge(&known(&[false, true, false, true, true])).unwrap();
        assert!(merged.text.contains(r#""reload": "1.0.3""#), "{}", merged.text);
        assert!(merged.text.contains(r#"["x_cost", "1.0.1", "1.0.2", "1.0.3"]"#), "{}", merged.text);
        assert_eq!(merged.notes.len(), 2);
        assert!(
            merged.notes[0].starts_with("ATTENTION: reload comes and goes: from 1.0.1, not from 1.0.2, from 1.0.3.")
        );
    }

    #[test]
    fn an_ability_that_the_newest_release_lacks_is_a_pattern_to_look_at() {
        let failure = merge(&known(&[true, false])).err().unwrap();
        assert!(failure.message.contains("seems not to have reload (from 1.0.0, not from 1.0.1)"), "{failure}");
    }

    #[test]
    fn what_the_first_release_reads_is_not_listed() {
        let merged = merge(&known(&[true, true])).unwrap();
        assert!(!merged.text.contains(r#"["x_cost""#), "{}", merged.text);
    }

    #[test]
    fn a_post_release_lends_the_release_no_ability() {
        let mut releases = known(&[false]);
        let repaired = known(&[true]).remove(&(1, 0, 0)).unwrap();
        add(&mut releases, (1, 0, 0), repaired);
        assert!(!releases[&(1, 0, 0)].abilities["reload"] && releases[&(1, 0, 0)].names.is_empty());
    }

    #[test]
    fn only_final_releases_are_read() {
        assert_eq!(release("1.110.2"), Some((1, 110, 2)));
        assert_eq!(release("1.75.5.post2"), Some((1, 75, 5)));
        assert_eq!(["1.80.0rc1", "1.80.0.dev1", "1.80", "word"].map(release), [None; 4]);
    }

    #[test]
    fn a_count_that_moved_little_has_no_line_of_its_own() {
        let mut releases = known(&[true; 4]);
        for (summary, models) in releases.values_mut().zip([100, 110, 111, 112]) {
            summary.models = models;
        }
        assert_eq!(bundled(&releases), [((1, 0, 0), 100), ((1, 0, 2), 111), ((1, 0, 3), 112)]);
    }
}
