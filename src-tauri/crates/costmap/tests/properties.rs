//! What holds for every text, not only for those that someone thought of. If the parser and Python's disagree, a user
//! sees other prices than the proxy books; if a text makes the program fall over, it no longer looks after anything.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::fmt::Write as _;

use costmap::{CostMap, LeafKind, PathId, check, check_bytes, compose, diff, held_models};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// A JSON value as text may give it: with keys repeated, numbers written in any way, and escapes.
#[derive(Clone, Debug)]
enum Written {
    Plain(String),
    List(Vec<Written>),
    Object(Vec<(String, Written)>),
}

impl Written {
    fn write(&self, space: &str, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    write!(out, "{}{space}", if number > 0 { "," } else { "" }).unwrap();
                    item.write(space, out);
                }
                write!(out, "{space}]").unwrap();
            }
            Self::Object(fields) => {
                // With a blank it is as upstream writes it, which the scan reads in a way of its own.
                let before = if space == " " { "" } else { space };
                out.push('{');
                for (number, (name, value)) in fields.iter().enumerate() {
                    write!(out, "{}{space}\"{name}\"{before}:{space}", if number > 0 { "," } else { "" }).unwrap();
                    value.write(space, out);
                }
                write!(out, "{space}}}").unwrap();
            }
        }
    }

    fn text(&self, space: &str) -> String {
        let mut out = String::new();
        self.write(space, &mut out);
        out
    }
}

const NAMES: &[&str] = &[
    "litellm_provider",
    "mode",
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "input_cost_per_token_above_200k_tokens",
    "input_cost_per_token_above_200k_tokens_priority",
    "output_cost_per_token_batches",
    "search_context_cost_per_query",
    "tiered_pricing",
    "provider_specific_entry",
    "uplift_multiplier",
    "max_tokens",
    "max_output_tokens",
    "deprecation_date",
    "aliases",
    "supports_vision",
    "caf\\u00e9",
    "mode\\\"",
    "mode\\\\",
    "",
    "a.b[0]",
];

const MODELS: &[&str] = &[
    "gpt-4o",
    "GPT-4o",
    "azure/eu/gpt-4o",
    "azure/gpt-4o",
    "us.anthropic.claude",
    "eu.anthropic.claude",
    "anthropic.claude",
    "one/llama-3.1",
    "two/llama-3-1",
    "sample_spec",
    "fallback_generalizations",
    "_metadata",
    "gpt\\u002d4o",
    "",
];

const PLAIN: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "0.0",
    "1",
    "-1",
    "1e-6",
    "1E-06",
    "0.000001",
    "2.5e-06",
    "128000",
    "128000.0",
    "1.5",
    "1e28",
    "-1e-28",
    "79228162514264337593543950335",
    "1e300",
    "0.5",
    "10",
    "1000000",
    "\"\"",
    "\"chat\"",
    "\"openai\"",
    "\"1e-6\"",
    "\"2026-11-30\"",
    "\"\\ud83d\\ude00 \\\"x\\\" \\\\\"",
    "\"\\u0000\\n\"",
    "{}",
    "[]",
];

fn value() -> impl Strategy<Value = Written> {
    let plain = prop_oneof![
        4 => select(PLAIN).prop_map(|text| Written::Plain(text.to_owned())),
        1 => any::<f64>().prop_filter("JSON has no others", |f| f.is_finite()).prop_map(|f| Written::Plain(format!("{f:e}"))),
        1 => any::<i64>().prop_map(|i| Written::Plain(i.to_string())),
        1 => "[ -!#-\\[\\]-~é€😀]{0,20}".prop_map(|text| Written::Plain(format!("\"{text}\""))),
    ];
    plain.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Written::List),
            vec((select(NAMES).prop_map(str::to_owned), inner), 0..5).prop_map(Written::Object),
        ]
    })
}

fn entry() -> impl Strategy<Value = Written> {
    prop_oneof![
        9 => vec((select(NAMES).prop_map(str::to_owned), value()), 0..12).prop_map(Written::Object),
        1 => value(),
    ]
}

/// Names and entries; names may come twice.
type Entries = Vec<(String, Written)>;

fn map() -> impl Strategy<Value = Entries> {
    vec((select(MODELS).prop_map(str::to_owned), entry()), 0..10)
}

fn space() -> impl Strategy<Value = &'static str> {
    select(&["", " ", " ", "\n    ", "\t\r\n"][..])
}

/// Two maps that share most entries, some in another order, as upstream's updates do.
fn update() -> impl Strategy<Value = (Entries, Entries)> {
    (map(), map(), any::<u64>()).prop_map(|(old, fresh, choice)| {
        let mut new: Vec<_> = old
            .iter()
            .enumerate()
            .filter(|(n, _)| choice >> (n % 64) & 3 != 0)
            .map(|(_, entry)| entry.clone())
            .collect();
        for (number, entry) in fresh.into_iter().enumerate().filter(|(n, _)| choice >> (n % 60 + 4) & 1 == 0) {
            let place = if new.is_empty() { 0 } else { (number * 7) % (new.len() + 1) };
            new.insert(place, entry);
        }
        (old, new)
    })
}

/// Equal, where numbers are what Python reads: 1 is 1.0, and beyond f64 is infinite.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            // serde_json's own reading can be off in the last digit.
            (one - other).abs() <= one.abs() * 1e-15 + 1e-300
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|it| same(value, it)))
        }
        _ => one == other,
    }
}

fn leaves(map: &CostMap) -> Vec<String> {
    let show = |entry: costmap::Entry<'_>| {
        let leaves = entry.leaves().map(|leaf| format!("{}={:?}{}", leaf.path(), leaf.kind(), leaf.text()));
        format!("{} {} {:?}", entry.name(), entry.raw(), leaves.collect::<Vec<_>>())
    };
    let repeated = map.repeated_fields().map(|(entry, path)| format!("{} {path}", entry.name()));
    map.entries().map(show).chain(map.overridden().map(show)).chain(repeated).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_map_reads_as_another_json_reader_reads_it(entries in map(), space in space()) {
        let text = Written::Object(entries).text(space);
        let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        let map = CostMap::parse(text.as_bytes()).unwrap();
        for (name, value) in &expected {
            let entry = map.get(name).unwrap();
            let read = entry.json_at(PathId::ROOT).unwrap();
            prop_assert!(same(&read, value), "{name}: {read} is not {value}");
        }
        let reserved = costmap::RESERVED_KEYS.iter().filter(|key| expected.contains_key(**key)).count();
        prop_assert_eq!(map.len(), expected.len() - reserved);
    }

    #[test]
    fn reading_against_an_older_map_changes_nothing((old, new) in update(), space in space()) {
        let old = CostMap::parse(Written::Object(old).text(space)).unwrap();
        let text = Written::Object(new).text(space);
        let alone = CostMap::parse(text.as_bytes()).unwrap();
        let against = CostMap::parse_against(text.as_bytes(), &old).unwrap();
        prop_assert_eq!(leaves(&against), leaves(&alone));
        prop_assert_eq!(against.len(), alone.len());
        // And so neither do the checks and the differences that follow from it.
        let report = check(&alone, Some(&old));
        prop_assert_eq!(&check_bytes(text.as_bytes(), Some(&old)).0, &report);
        prop_assert_eq!(diff(&old, &against), diff(&old, &alone));
        // What would be promoted is a map, and each held model stands in it as it stood before.
        let held = held_models(&report);
        let promoted = CostMap::parse(compose(&alone, Some(&old), &held)).unwrap();
        for name in &held {
            prop_assert_eq!(promoted.get(name).map(|e| e.raw().to_owned()), old.get(name).map(|e| e.raw().to_owned()));
        }
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in vec(any::<u8>(), 0..400), old in map()) {
        let old = CostMap::parse(Written::Object(old).text("")).unwrap();
        for against in [Some(&old), None] {
            let (report, map) = check_bytes(bytes.as_slice(), against);
            prop_assert_eq!(report.models, map.map_or(0, |map| map.len()));
        }
    }

    /// Pieces of JSON in any order: most are no JSON, and both readers must agree which.
    #[test]
    fn what_another_json_reader_refuses_is_refused(pieces in vec(select(PIECES), 0..24)) {
        let text: String = pieces.concat();
        let ours = CostMap::parse(text.as_bytes());
        let theirs: Result<serde_json::Map<String, Value>, _> = serde_json::from_str(&text);
        let only_python = ours.as_ref().is_ok_and(|map| {
            map.entries().any(|entry| entry.leaves().any(|leaf| leaf.kind() == LeafKind::NotFinite))
        });
        prop_assert!(ours.is_ok() == theirs.is_ok() || only_python, "{text}: {ours:?}");
    }
}

const PIECES: &[&str] = &[
    "{",
    "{",
    "}",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\":",
    "\"b\":",
    "\"",
    "\"\\",
    "\\\"",
    "\"x\"",
    "\\u00e9",
    " ",
    "\n",
    "0",
    "1",
    "01",
    "-",
    "-1",
    ".",
    "1.5",
    "e",
    "e5",
    "E+",
    "true",
    "false",
    "null",
    "nul",
    "NaN",
    "Infinity",
    "-Infinity",
    "{\"m\":{",
    "\"m\":{\"mode\":\"chat\"}",
    "\t",
    "\u{1}",
    "é",
    "\u{feff}",
    "//",
    "'",
];
