//! Two maps in one input, split at the first byte 0xff (which no UTF-8 has): what a machine holds, and what arrives.
//! Looks for panics, and for answers that depend on how a map was read.
#![no_main]

use costmap::{CostMap, ProxyVersionFacts, check, check_bytes, check_compatibility, compose, diff, held_models};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|input: &[u8]| {
    let split = input.iter().position(|byte| *byte == 0xff).unwrap_or(0);
    let (before, after) = (&input[..split], input.get(split + 1..).unwrap_or(input));
    let old = CostMap::parse(before).ok();
    let (report, map) = check_bytes(after, old.as_ref());
    let Some(map) = map else {
        assert_eq!((report.models, report.findings.len()), (0, 1));
        return;
    };
    let alone = CostMap::parse(after).expect("read against another map, so read alone");
    assert_eq!(report, check(&alone, old.as_ref()), "how it was read must not matter");
    // What has no number that only Python reads is JSON for everyone, with the same models. (In a value that is given
    // again such a number goes unnoticed, as in Python.)
    // An entry that is no object may itself be one: the text NaN instead of an entry.
    let odd = |rule: &str| {
        let number = matches!(rule, "value.not_finite" | "value.out_of_range" | "structure.entry_not_an_object");
        number || rule == "structure.name_too_long"
    };
    let strict = !report.findings.iter().any(|found| odd(&found.rule)) && map.repeated_fields().next().is_none();
    if strict && map.overridden().next().is_none() && !after.windows(2).any(|pair| pair == b"\\u") {
        let theirs: Map<String, Value> = serde_json::from_slice(after).expect("JSON for another reader too");
        let reserved = costmap::RESERVED_KEYS.iter().filter(|key| theirs.contains_key(**key)).count();
        assert_eq!(theirs.len() - reserved, map.len());
    }
    for version in [(1, 75, 5), (1, 90, 7), (1, 109, 1)] {
        let facts = ProxyVersionFacts::of(version);
        assert_eq!(check_compatibility(&map, &facts), check_compatibility(&alone, &facts));
    }
    let Some(old) = old else { return };
    assert_eq!(diff(&old, &map), diff(&old, &alone));
    let held = held_models(&report);
    let promoted = CostMap::parse(compose(&map, Some(&old), &held)).expect("what is promoted is a map");
    for name in &held {
        let text = |map: &CostMap| map.get(name).map(|entry| entry.raw().to_owned());
        assert_eq!(text(&promoted), text(&old), "a held model keeps its old entry");
    }
});
