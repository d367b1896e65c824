//! If parsing fails here, a user loses fields or prices without a word, or a broken file passes for a map.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use costmap::{CostMap, LeafKind, MalformedKind, Step};
use rstest::rstest;

fn leaves(map: &CostMap, model: &str) -> Vec<String> {
    map.get(model).unwrap().leaves().map(|leaf| format!("{}={}", leaf.path(), leaf.text())).collect()
}

#[test]
fn every_field_is_kept_known_or_not_with_its_exact_text() {
    let text = r#"{"sample_spec": {"mode": "one of"}, "m": {"input_cost_per_token": 2.50e-06, "new_field": {"a": [1, {"b": null}], "c": {}}, "l": []}}"#;
    let map = CostMap::parse(text.as_bytes()).unwrap();
    assert_eq!(map.len(), 1);
    assert_eq!(
        leaves(&map, "m"),
        ["input_cost_per_token=2.50e-06", "new_field.a[0]=1", "new_field.a[1].b=null", "new_field.c={}", "l=[]"]
    );
    let entry = map.get("m").unwrap();
    assert_eq!(
        entry.json_at(map.field_id("new_field").unwrap()).unwrap().to_string(),
        r#"{"a":[1,{"b":null}],"c":{}}"#
    );
    assert_eq!(entry.field("input_cost_per_token").unwrap().contract_json(), "0.0000025");
    assert!(map.path_id(&[Step::Field("new_field".into()), Step::Field("a".into()), Step::Item(0)]).is_some());
}

#[test]
fn a_field_that_came_before_is_known_again_only_where_it_is_the_same() {
    let text = r#"{"one": {"a": 1, "a\"b": 2, "b": {"a": 3}}, "two": {"a": 4, "a\"b": 5, "b": {"a": 6}},
        "three": {"a":7,"a\"b" : 8, "b":  {"a":9}}, "four": {"ab": 10, "a\\": 11, "a": 12, "a": 13}}"#;
    let map = CostMap::parse(text).unwrap();
    assert_eq!(leaves(&map, "two"), ["a=4", "a\"b=5", "b.a=6"]);
    assert_eq!(leaves(&map, "three"), ["a=7", "a\"b=8", "b.a=9"]);
    assert_eq!(leaves(&map, "four"), ["ab=10", "a\\=11", "a=13"]);
    assert_eq!(map.repeated_fields().count(), 1);
}

#[rstest]
#[case::nothing("", MalformedKind::NotJson)]
#[case::cut_in_a_string(r#"{"a": {"mode": "ch"#, MalformedKind::Truncated)]
#[case::cut_after_an_entry(r#"{"a": {"mode": "chat"}"#, MalformedKind::Truncated)]
#[case::cut_in_a_word(r#"{"a": {"x": tr"#, MalformedKind::Truncated)]
#[case::the_extra_brace_of_january_2026(r#"{"a": {{"mode": "chat"}}"#, MalformedKind::NotJson)]
#[case::two_commas(r#"{"a": {"input_cost_per_token": 1e-6,,}}"#, MalformedKind::NotJson)]
#[case::trailing_text("{} {}", MalformedKind::NotJson)]
#[case::portal("\n<!DOCTYPE html><html></html>", MalformedKind::Html)]
#[case::list("[]", MalformedKind::NotAnObject)]
#[case::list_of_entries(r#"[{"mode": "chat", "mode": "chat"}]"#, MalformedKind::NotAnObject)]
#[case::number("42", MalformedKind::NotAnObject)]
#[case::mark("\u{feff}{}", MalformedKind::ByteOrderMark)]
#[case::control_character("{\"a\u{1}\": {}}", MalformedKind::NotJson)]
#[case::leading_zero(r#"{"a": {"x": 01}}"#, MalformedKind::NotJson)]
#[case::bad_escape(r#"{"a\x": {}}"#, MalformedKind::NotJson)]
fn what_is_no_map_is_told_for_what_it_is(#[case] text: &str, #[case] kind: MalformedKind) {
    assert_eq!(CostMap::parse(text.as_bytes()).unwrap_err().kind, kind);
}

#[test]
fn a_fault_names_its_line_and_column() {
    let fault = CostMap::parse(b"{\n  \"a\": {\n    \"x\": 1,,\n").unwrap_err();
    assert_eq!((fault.line, fault.column), (3, 12));
    assert_eq!(CostMap::parse(b"{\"a\xff\": 1}").unwrap_err().kind, MalformedKind::NotUtf8);
}

#[test]
fn nesting_stops_at_64_levels_however_deep_it_goes() {
    let nested = |levels: usize| format!("{{\"a\": {}1{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(CostMap::parse(nested(63).as_bytes()).is_ok());
    assert_eq!(CostMap::parse(nested(64).as_bytes()).unwrap_err().kind, MalformedKind::TooDeep);
    assert_eq!(CostMap::parse("[".repeat(2_000_000).as_bytes()).unwrap_err().kind, MalformedKind::TooDeep);
}

#[test]
fn of_a_key_given_twice_the_last_counts_and_both_are_known() {
    let text =
        r#"{"m": {"mode": "chat"}, "n": {"a": {"x": 1, "y": 2}, "b": 1, "a": {"x": 3}}, "m": {"mode": "embedding"}}"#;
    let map = CostMap::parse(text.as_bytes()).unwrap();
    assert_eq!(map.len(), 2);
    assert_eq!(map.get("m").unwrap().mode().unwrap(), "embedding");
    assert_eq!(map.models().map(|entry| entry.name().into_owned()).collect::<Vec<_>>(), ["n", "m"]);
    assert_eq!(map.overridden().map(|entry| entry.raw().to_owned()).collect::<Vec<_>>(), [r#"{"mode": "chat"}"#]);
    assert_eq!(leaves(&map, "n"), ["b=1", "a.x=3"]);
    let (entry, path) = map.repeated_fields().next().unwrap();
    assert_eq!((entry.name().into_owned(), path.to_string()), ("n".into(), "a".into()));
}

#[test]
fn escapes_in_names_and_values_are_resolved() {
    let map = CostMap::parse(r#"{"caf\u00e9": {"no\u0074e": "\ud83d\ude00 \"q\" \ud800"}}"#.as_bytes()).unwrap();
    let entry = map.get("café").unwrap();
    assert_eq!(entry.field("note").unwrap().as_str().unwrap(), "😀 \"q\" \u{fffd}");
}

#[test]
fn what_only_python_reads_is_read_and_marked() {
    let map = CostMap::parse(br#"{"m": {"a": NaN, "b": -Infinity, "c": 1e999}}"#).unwrap();
    let kinds: Vec<_> =
        map.get("m").unwrap().leaves().map(|leaf| (leaf.kind(), leaf.number().unwrap().in_range())).collect();
    assert_eq!(kinds, [(LeafKind::NotFinite, false), (LeafKind::NotFinite, false), (LeafKind::Number, false)]);
}

#[test]
fn reading_against_a_known_map_gives_the_same_as_reading_alone() {
    let old = r#"{"a": {"x": {"y": 1}, "mode": "chat"}, "b": {"z": [1, 2]}, "n": 12, "c": {"q": "\u0041"}, "d": {"k": 1, "k": 2}}"#;
    let new = r#"{"b": {"z": [1, 2]},  "a": {"x": {"y": 1}, "mode": "chat"}, "n": 123, "e": {"new": true}, "c": {"q": "\u0041"}, "d": {"k": 1, "k": 2}}"#;
    let old = CostMap::parse(old.as_bytes()).unwrap();
    let alone = CostMap::parse(new.as_bytes()).unwrap();
    let against = CostMap::parse_against(new.as_bytes(), &old).unwrap();
    for entry in alone.entries() {
        let name = entry.name();
        assert_eq!(leaves(&against, &name), leaves(&alone, &name), "{name}");
        assert_eq!(against.get(&name).unwrap().raw(), entry.raw());
    }
    assert_eq!(against.repeated_fields().count(), 1);
    assert_eq!(against.revision(), alone.revision());
}
