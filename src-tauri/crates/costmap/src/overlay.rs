//! A user's own entries, laid over a map: negotiated prices, private models, corrections, other names of one's own.
//!
//! What is given counts, field by field; objects are merged, lists and everything else replaced, and `null` takes a field
//! away. An entry of `alias_of` replaces the whole row. The numbers stay as they were typed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::map::{CostMap, Entry};

/// A map with own entries in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlaid {
    /// Its bytes; those of the map itself where nothing was laid over it.
    pub bytes: Vec<u8>,
    /// Own entries that could not be used, each with the reason.
    pub left_out: Vec<(String, LeftOut)>,
}

/// Why an own entry could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Its value is no object.
    NotAnObject,
    /// The map has no such model (any more), and what is given is no entry by itself: it names no provider.
    NotWhole,
    /// The map's own entry is no JSON that could be merged with it.
    CannotMerge,
}

/// The map with the entries of `own` in it. Reserved keys of `own` are passed over.
pub fn overlaid(map: &CostMap, own: &CostMap) -> Overlaid {
    let mut values: HashMap<String, String> = HashMap::new();
    let mut order = Vec::new();
    let mut left_out = Vec::new();
    for entry in own.entries().filter(|entry| !entry.is_reserved()) {
        let name = entry.name().into_owned();
        match merged(map, &name, entry) {
            Ok(value) => {
                // Of a name that is given twice the last one counts, as in Python.
                if values.insert(name.clone(), value).is_none() {
                    order.push(name);
                }
            }
            Err(why) => left_out.push((name, why)),
        }
    }
    Overlaid { bytes: put(map, &values, &order), left_out }
}

/// The entry as proxies get it.
fn merged(map: &CostMap, name: &str, own: Entry<'_>) -> Result<String, LeftOut> {
    let given = Members::of(own.raw()).ok_or(LeftOut::NotAnObject)?;
    if given.get("alias_of").is_some() {
        return Ok(own.raw().to_owned());
    }
    // A row that stands for another model gets that one's values: what stands beside `alias_of` would not count.
    let Some(base) = map.priced(name).filter(Entry::is_object) else {
        let provider = given.get("litellm_provider").filter(|value| value.get() != "null");
        return if provider.is_some() { Ok(given.without_nulls()) } else { Err(LeftOut::NotWhole) };
    };
    let mut base_members = Members::of(base.raw()).ok_or(LeftOut::CannotMerge)?;
    if base.stands_for().is_some() {
        base_members.0.retain(|(field, _)| !matches!(field.as_ref(), "aliases" | "alias_of"));
    }
    Ok(merge(&base_members, &given, Null::Removes))
}

fn put(map: &CostMap, values: &HashMap<String, String>, order: &[String]) -> Vec<u8> {
    let text = map.text();
    if values.is_empty() {
        return text.as_bytes().to_vec();
    }
    let members: Vec<Entry<'_>> = map.entries().collect();
    let mut out = String::with_capacity(text.len() + 4096);
    let (mut done, mut placed) = (0, Vec::new());
    for member in &members {
        if let Some((name, value)) = values.get_key_value(member.name().as_ref()) {
            out.push_str(&text[done..member.value_range().start]);
            out.push_str(value);
            done = member.value_range().end;
            placed.push(name);
        }
    }
    let separator = match (members.first(), members.get(1)) {
        (Some(first), Some(second)) => &text[first.member_range().end..second.member_range().start],
        _ => ", ",
    };
    // New ones come behind the last.
    let end = members.last().map_or_else(|| text.find('{').map_or(0, |at| at + 1), |last| last.member_range().end);
    out.push_str(&text[done..end]);
    let mut is_first = members.is_empty();
    for name in order.iter().filter(|name| !placed.contains(name)) {
        if !is_first {
            out.push_str(separator);
        }
        is_first = false;
        out.push_str(&member(name, &values[name]));
    }
    out.push_str(&text[end..]);
    out.into_bytes()
}

fn member(name: &str, value: &str) -> String {
    format!("{}: {value}", serde_json::Value::from(name))
}

/// The members of an object, in their order, with the exact text of each value.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Of a name that is given twice the last value counts, as in Python.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(field, _)| field == name).map(|(_, value)| *value)
    }

    fn without_nulls(&self) -> String {
        let members = self.0.iter().filter(|(_, value)| value.get() != "null");
        object(members.map(|(name, value)| member(name, value.get())))
    }
}

fn object(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// What a `null` of the user's does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Null {
    /// It takes the field away.
    Removes,
    /// It is kept, so that it takes the field away from upstream's entry later.
    Stays,
}

fn merge(base: &Members<'_>, given: &Members<'_>, null: Null) -> String {
    let removes = |value: &RawValue| null == Null::Removes && value.get() == "null";
    let kept = base.0.iter().filter_map(|(name, value)| match given.get(name) {
        None => Some(member(name, value.get())),
        Some(own) if removes(own) => None,
        Some(own) => Some(member(name, &both(value, own, null))),
    });
    let added = given.0.iter().filter(|(name, value)| base.get(name).is_none() && !removes(value));
    object(kept.chain(added.map(|(name, value)| member(name, value.get()))))
}

fn both(base: &RawValue, own: &RawValue, null: Null) -> String {
    match (Members::of(base.get()), Members::of(own.get())) {
        (Some(base), Some(own)) => merge(&base, &own, null),
        _ => own.get().to_owned(),
    }
}

/// An own entry with these fields set in it: what is typed now counts, the rest of it stays. `None` where one of both is no
/// object.
pub fn with_fields(entry: &str, fields: &str) -> Option<String> {
    Some(merge(&Members::of(entry)?, &Members::of(fields)?, Null::Stays))
}

/// An own entry without the field at this path (`search_context_cost_per_query.search_context_size_low`); objects that are
/// left empty go too. `None` where it has no such field.
pub fn without_field(entry: &str, path: &str) -> Option<String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let mut members = Members::of(entry)?;
    let inner = members.get(first)?.get().to_owned();
    let left = match rest {
        Some(rest) => Some(without_field(&inner, rest)?).filter(|left| left != "{}"),
        None => None,
    };
    let raw = left.map(RawValue::from_string).transpose().ok()?;
    match &raw {
        Some(raw) => members.0.iter_mut().filter(|(name, _)| name == first).for_each(|(_, value)| *value = raw),
        None => members.0.retain(|(name, _)| name != first),
    }
    Some(object(members.0.iter().map(|(name, value)| member(name, value.get()))))
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAP: &str = r#"{
    "gpt": {"litellm_provider": "openai", "input_cost_per_token": 1.50e-06, "search": {"low": 1, "high": 2}, "old": true},
    "gpt-latest": {"alias_of": "gpt"},
    "opus": {"litellm_provider": "anthropic", "aliases": ["opus-now"]}
}
"#;

    fn laid(own: &str) -> (String, Vec<(String, LeftOut)>) {
        let laid = overlaid(&CostMap::parse(MAP).unwrap(), &CostMap::parse(own).unwrap());
        (String::from_utf8(laid.bytes).unwrap(), laid.left_out)
    }

    #[test]
    fn a_field_of_ones_own_replaces_upstreams_and_every_digit_stays() {
        let (text, left_out) =
            laid(r#"{"gpt": {"input_cost_per_token": 1.250E-06, "search": {"high": 3}, "old": null, "new": 0.10}}"#);
        let wanted = r#"{"litellm_provider": "openai", "input_cost_per_token": 1.250E-06, "search": {"low": 1, "high": 3}, "new": 0.10}"#;
        let first = MAP.find("{\"litellm").unwrap();
        let end = MAP.find(",\n    \"gpt-latest").unwrap();
        assert_eq!(
            text,
            format!("{}{wanted}{}", &MAP[..first], &MAP[end..]),
            "and the rest is upstream's, byte for byte"
        );
        assert_eq!(left_out, []);
    }

    #[test]
    fn a_private_model_comes_behind_the_others_and_must_be_whole() {
        let (text, left_out) = laid(
            r#"{"my/model": {"litellm_provider": "openai", "x": null}, "gone": {"input_cost_per_token": 1}, "odd": 5, "mine": {"alias_of": "gpt"}}"#,
        );
        let end =
            ",\n    \"my/model\": {\"litellm_provider\": \"openai\"},\n    \"mine\": {\"alias_of\": \"gpt\"}\n}\n";
        assert!(text.ends_with(end), "{text}");
        assert!(text.starts_with(MAP.trim_end().trim_end_matches("\n}")));
        assert_eq!(left_out, [("gone".to_owned(), LeftOut::NotWhole), ("odd".to_owned(), LeftOut::NotAnObject)]);
    }

    #[test]
    fn a_price_of_an_alias_makes_it_an_entry_of_its_own() {
        let (text, _) = laid(r#"{"gpt-latest": {"input_cost_per_token": 9}, "opus-now": {"mode": "chat"}}"#);
        let map = CostMap::parse(text).unwrap();
        let entry = map.get("gpt-latest").unwrap();
        assert_eq!((entry.alias_of(), entry.field("litellm_provider").unwrap().text()), (None, "openai"));
        assert_eq!(entry.field("input_cost_per_token").unwrap().text(), "9");
        assert_eq!(map.get("opus-now").unwrap().raw(), r#"{"litellm_provider": "anthropic", "mode": "chat"}"#);
        assert_eq!(map.get("opus").unwrap().raw(), r#"{"litellm_provider": "anthropic", "aliases": ["opus-now"]}"#);
    }

    #[test]
    fn fields_are_set_and_taken_out_of_an_own_entry() {
        let set = |entry, fields| with_fields(entry, fields).unwrap();
        assert_eq!(set("{}", r#"{"a": 1.0, "b": null}"#), r#"{"a": 1.0, "b": null}"#);
        assert_eq!(set(r#"{"a": 1, "s": {"x": 1}}"#, r#"{"s": {"y": 2}}"#), r#"{"a": 1, "s": {"x": 1, "y": 2}}"#);
        assert_eq!(with_fields("5", "{}"), None);
        let entry = r#"{"a": 1, "s": {"x": 1}}"#;
        assert_eq!(without_field(entry, "a").unwrap(), r#"{"s": {"x": 1}}"#);
        assert_eq!(without_field(entry, "s.x").unwrap(), r#"{"a": 1}"#);
        assert_eq!((without_field(entry, "b"), without_field(entry, "s.z")), (None, None));
    }

    #[test]
    fn nothing_of_ones_own_changes_no_byte_and_an_empty_map_takes_it_too() {
        assert_eq!(laid("{}").0, MAP);
        let own = CostMap::parse(r#"{"a": {"litellm_provider": "x"}, "b": {"litellm_provider": "x"}}"#).unwrap();
        let laid = overlaid(&CostMap::parse("{}").unwrap(), &own);
        let text = String::from_utf8(laid.bytes).unwrap();
        assert_eq!(text, r#"{"a": {"litellm_provider": "x"}, "b": {"litellm_provider": "x"}}"#);
    }

    proptest! {
        /// Whatever is laid over, the result is a map, its other entries are upstream's own bytes, and laying the same over
        /// it again changes nothing.
        #[test]
        fn other_entries_stay_and_it_is_idempotent(
            names in prop::collection::vec("[a-c\"é\\\\]{1,3}", 1..6),
            own in prop::collection::vec(("[a-c\"é\\\\]{1,3}", -9i64..9), 0..6),
        ) {
            let entry = |name: &String| member(name, r#"{"litellm_provider": "p", "n": 0}"#);
            let map = CostMap::parse(object(names.iter().map(entry))).unwrap();
            let own = object(own.iter().map(|(name, n)| member(name, &format!(r#"{{"litellm_provider": "p", "n": {n}}}"#))));
            let own = CostMap::parse(own).unwrap();
            let once = CostMap::parse(overlaid(&map, &own).bytes).unwrap();
            for entry in map.entries().filter(|entry| own.get(&entry.name()).is_none()) {
                prop_assert_eq!(once.get(&entry.name()).unwrap().raw(), entry.raw());
            }
            for entry in own.entries() {
                let wanted = own.get(&entry.name()).unwrap().field("n").unwrap().text().to_owned();
                prop_assert_eq!(once.get(&entry.name()).unwrap().field("n").unwrap().text(), wanted);
            }
            let twice = overlaid(&once, &own);
            prop_assert_eq!(CostMap::parse(twice.bytes).unwrap().revision(), once.revision());
        }
    }
}
