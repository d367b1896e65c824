//! Thousands of maps that nobody has seen yet. If this fails, a form that LiteLLM invents tomorrow holds the whole map of
//! a user back, as `alias_of` did for a day, or goes to proxies without being compared.
//!
//! A future is a real map in which 1 to 50 % of the entries, or the map's top, have something that no release had: fields,
//! rows and keys without meaning to this program, other names for fields, lists and objects where numbers and texts were.

use std::time::Instant;

use costmap::{CostMap, RESERVED_KEYS, Served, Verdict, check_bytes, compare_live, compose, diff, held_models};
use serde_json::{Map, Value, json};
use xtask::python::NEWEST_PROXY;

use crate::dice::Dice;
use crate::real_map;

type Entries = Map<String, Value>;

/// What a future does to the map.
#[derive(Clone, Copy, Debug)]
enum Invention {
    /// A field that no model had, of any kind.
    NewField,
    /// Rows without a provider and with nothing but unknown fields, or with nothing at all.
    UnknownRows,
    /// Keys at the top that are no models.
    TopLevelKeys,
    /// Prices and limits become objects or lists.
    NumbersNested,
    /// Texts become objects, lists or numbers.
    TextsNested,
    /// A known field goes by another name.
    FieldRenamed,
    /// Everything of an entry moves into an object.
    EntryNested,
    /// Other names in forms that nobody uses yet.
    AliasForms,
    /// Fields go.
    FieldsDropped,
}

const INVENTIONS: [Invention; 9] = [
    Invention::NewField,
    Invention::UnknownRows,
    Invention::TopLevelKeys,
    Invention::NumbersNested,
    Invention::TextsNested,
    Invention::FieldRenamed,
    Invention::EntryNested,
    Invention::AliasForms,
    Invention::FieldsDropped,
];

/// Parts of names: some mean something to this program, alone or together, and some do not.
const WORDS: [&str; 24] = [
    "cost",
    "price",
    "input",
    "output",
    "token",
    "tokens",
    "per",
    "max",
    "limit",
    "supports",
    "multiplier",
    "uplift",
    "above",
    "200k",
    "priority",
    "alias",
    "cache",
    "read",
    "second",
    "thinking",
    "région",
    "of",
    "deprecation",
    "date",
];

fn name(dice: &mut Dice) -> String {
    let words: Vec<&str> = (0..=1 + dice.roll(5)).map(|_| *dice.pick(&WORDS)).collect();
    words.join("_")
}

/// Any JSON value, objects and lists with up to four levels.
fn value(dice: &mut Dice, levels: usize) -> Value {
    match dice.roll(if levels == 0 { 6 } else { 9 }) {
        0 => json!(dice.roll(1_000_000)),
        1 => json!(f64::from(u32::try_from(dice.roll(1_000)).unwrap()) / 1e8),
        2 => json!(-7.5),
        3 => json!(dice.roll(2) == 0),
        4 => Value::Null,
        5 => json!(*dice.pick(&[
            "",
            "free",
            "2027-01-01",
            "0.000002",
            "on request",
            "ƒ🙂\u{202e}",
            "https://example.com/a?b=c"
        ])),
        6 => (0..dice.roll(4)).map(|_| value(dice, levels - 1)).collect(),
        _ => (0..=dice.roll(3)).map(|_| (name(dice), value(dice, levels - 1))).collect::<Entries>().into(),
    }
}

/// What may stand where `number` stood.
fn nested(number: &Value, dice: &mut Dice) -> Value {
    match dice.roll(6) {
        0 => json!({ "usd": number }),
        1 => json!({ "amount": number, "currency": "USD", "per": { "unit": "token", "count": 1 } }),
        2 => json!([number]),
        3 => json!([{ "up_to": 128_000, "value": number }, { "value": number }]),
        4 => json!({ "tiers": [{ "hours": "08:00-20:00", "price": number }], "default": number }),
        _ => json!([[number, 0], [number, 200_000]]),
    }
}

struct Future {
    text: String,
    /// Models of the real map that are not as they were.
    touched: Vec<String>,
    /// Rows that no map had, with something in them.
    rows: Vec<String>,
}

fn future(real: &Entries, invention: Invention, dice: &mut Dice) -> Future {
    let mut map = real.clone();
    let percent = 1 + dice.roll(50);
    let models: Vec<String> = real.keys().filter(|name| !RESERVED_KEYS.contains(&name.as_str())).cloned().collect();
    let chosen: Vec<String> = models.iter().filter(|_| dice.roll(100) < percent).cloned().collect();
    let field = name(dice);
    let renamed =
        *dice.pick(&["input_cost_per_token", "litellm_provider", "mode", "max_input_tokens", "output_cost_per_token"]);
    let shape = dice.roll(3);
    let mut rows = Vec::new();
    match invention {
        Invention::TopLevelKeys => {
            for at in 0..=dice.roll(4) {
                let body: Entries = (0..=dice.roll(40)).map(|_| (name(dice), value(dice, 4))).collect();
                map.insert(format!("_{}_{at}", name(dice)), body.into());
            }
        }
        Invention::UnknownRows => {
            for at in 0..chosen.len().max(1) {
                let row = format!("tomorrow/{at}-{}", name(dice));
                let body: Entries = (0..dice.roll(4)).map(|_| (name(dice), value(dice, 2))).collect();
                if !body.is_empty() {
                    rows.push(row.clone());
                }
                map.insert(row, body.into());
            }
        }
        _ => {}
    }
    for model in &chosen {
        let Some(Value::Object(entry)) = map.get_mut(model) else { continue };
        match invention {
            Invention::TopLevelKeys | Invention::UnknownRows => {}
            Invention::NewField => drop(entry.insert(field.clone(), value(dice, 3))),
            Invention::NumbersNested => {
                let part = *dice.pick(&["cost", "max_", ""]);
                for (_, number) in entry.iter_mut().filter(|(name, number)| name.contains(part) && number.is_number()) {
                    *number = nested(number, dice);
                }
            }
            Invention::TextsNested => {
                for text in entry.values_mut().filter(|text| text.is_string()) {
                    *text = match shape {
                        0 => json!([text.take()]),
                        1 => json!({ "name": text.take(), "since": 2027 }),
                        _ => json!(7),
                    };
                }
            }
            Invention::FieldRenamed => {
                if let Some(value) = entry.remove(renamed) {
                    entry.insert(format!("{renamed}_v2"), value);
                }
            }
            Invention::EntryNested => *entry = [("v2".to_owned(), Value::Object(entry.clone()))].into_iter().collect(),
            Invention::AliasForms => {
                let target = dice.pick(&models).clone();
                let form = match dice.roll(6) {
                    0 => json!({ "alias_of": [target] }),
                    1 => json!({ "alias_of": { "model": target, "until": "2027-01-01" } }),
                    2 => json!({ "alias_of": target, "multiplier": 1.1 }),
                    3 => json!({ "alias_of": model }),
                    4 => json!({ "aliases": { "latest": target } }),
                    _ => json!({ "same_as": target }),
                };
                entry.clone_from(form.as_object().unwrap());
            }
            Invention::FieldsDropped => {
                let keep = 1 + dice.roll(3);
                *entry = entry.iter().take(keep).map(|(name, value)| (name.clone(), value.clone())).collect();
            }
        }
    }
    let touched = models.into_iter().filter(|model| map.get(model) != real.get(model)).collect();
    Future { text: Value::Object(map).to_string(), touched, rows }
}

#[test]
fn no_invented_future_is_held_and_everything_in_it_is_compared_and_proved() {
    let is_long = std::env::var_os("AUTOSYNC_TEST_LONG").is_some();
    // A small map for thousands of futures, and the newest with all its forms for some.
    let storms =
        if is_long { [("1.53.1", 30_000), (NEWEST_PROXY, 900)] } else { [("1.53.1", 3_000), (NEWEST_PROXY, 27)] };
    for (release, futures) in storms {
        let start = Instant::now();
        let Storm { accepted, review, touched } = storm(release, futures);
        println!(
            "{futures} futures of {release}: {accepted} accepted, {review} with entries to review, none held; {touched} changed entries, all compared; {:.1} s",
            start.elapsed().as_secs_f64()
        );
    }
}

#[derive(Default)]
struct Storm {
    accepted: usize,
    review: usize,
    touched: usize,
}

fn storm(release: &str, futures: usize) -> Storm {
    let real: Entries = serde_json::from_slice(&real_map(release)).unwrap();
    let old = CostMap::parse(Value::Object(real.clone()).to_string()).unwrap();
    let mut dice = Dice::new(0x5eed_2026_1126_0001);
    let mut storm = Storm::default();
    for number in 0..futures {
        let invention = INVENTIONS[number % INVENTIONS.len()];
        let future = future(&real, invention, &mut dice);
        let about = || format!("future {number}, {invention:?}");
        let (report, map) = check_bytes(future.text.as_bytes(), Some(&old));
        match report.verdict {
            Verdict::Accepted => storm.accepted += 1,
            Verdict::Review => storm.review += 1,
            Verdict::Held => panic!("{}: {:?}", about(), report.findings[0]),
        }
        let map = map.unwrap();

        // As a first map too: a new user meets it first.
        let (alone, _) = check_bytes(future.text.as_bytes(), None);
        assert_ne!(alone.verdict, Verdict::Held, "{}: {:?}", about(), alone.findings.first());

        // Compared: a proxy that still has the real map proves none of what is new.
        let behind = compare_live(&map, &old, Served::Bare, &|_| false);
        let differing: std::collections::HashSet<&str> =
            behind.missing.iter().map(String::as_str).chain(behind.drift.iter().map(|change| &*change.model)).collect();
        let lost = future.touched.iter().find(|model| !differing.contains(&***model) && gained(&real, &map, model));
        assert_eq!(
            lost,
            None,
            "{}: not compared: {:?}",
            about(),
            lost.map(|model| map.get(model).unwrap().raw().to_owned())
        );
        assert!(future.rows.iter().all(|row| differing.contains(&**row)), "{}: a row is not compared", about());
        storm.touched += future.touched.len();

        // Proved: read back as it is, it is the very map; nothing in the diff depends on knowing a form.
        let live = CostMap::parse(serde_json::from_str::<Value>(&future.text).unwrap().to_string()).unwrap();
        let proof = compare_live(&map, &live, Served::Bare, &|_| false);
        assert!(proof.is_proof(), "{}: {:?} {:?}", about(), proof.missing, proof.drift.first());
        let changes = diff(&old, &map);
        assert_eq!(changes.counts.models_after, map.len());

        // What is promoted of it, entries that wait less their news, is a map that is not held either.
        let composed = CostMap::parse(compose(&map, Some(&old), &held_models(&report))).unwrap();
        assert_ne!(check_bytes(composed.text().as_bytes(), Some(&old)).0.verdict, Verdict::Held, "{}", about());
    }
    storm
}

/// Whether the entry has something that the real one had not: what only went is for the diff, since a proxy may add fields.
/// A proxy takes `aliases` out.
fn gained(real: &Entries, map: &CostMap, model: &str) -> bool {
    let now: Value = serde_json::from_str(map.get(model).unwrap().raw()).unwrap();
    let was = &real[model];
    now.as_object()
        .unwrap()
        .iter()
        .any(|(field, value)| field != "aliases" && was.get(field) != Some(value) && !is_empty(value))
}

/// An empty object or list has no value to compare.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}
