//! Maps that went wrong in one way each. Bytes that need not change stay as they are.

use serde_json::{Map, Value};

/// The page that a hotel's network shows before one pays.
pub const CAPTIVE_PORTAL: &[u8] = b"<!DOCTYPE html><html><body>Welcome! Please sign in to continue.</body></html>";

/// The first half of the bytes: valid until it ends in the middle of an entry.
pub fn half(map: &[u8]) -> Vec<u8> {
    map[..map.len() / 2].to_vec()
}

/// Only the first `percent` of the models, as valid JSON.
pub fn shrunk(map: &[u8], percent: usize) -> Vec<u8> {
    let entries: Map<String, Value> = serde_json::from_slice(map).unwrap();
    let keep = entries.len() * percent / 100;
    serde_json::to_vec(&entries.into_iter().take(keep).collect::<Map<_, _>>()).unwrap()
}

/// One more entry, given as JSON text (which need not be valid), in front of all others.
pub fn with_entry(map: &[u8], name: &str, entry: &str) -> Vec<u8> {
    let start = map.iter().position(|&byte| byte == b'{').unwrap() + 1;
    [&map[..start], format!("\n{}: {entry},", Value::from(name)).as_bytes(), &map[start..]].concat()
}

/// One field of one model set to another value.
pub fn with_field(map: &[u8], model: &str, field: &str, value: Value) -> Vec<u8> {
    let mut entries: Map<String, Value> = serde_json::from_slice(map).unwrap();
    entries.get_mut(model).and_then(Value::as_object_mut).unwrap().insert(field.to_owned(), value);
    serde_json::to_vec_pretty(&entries).unwrap()
}

/// The map without these models.
pub fn without(map: &[u8], models: &[&str]) -> Vec<u8> {
    let mut entries: Map<String, Value> = serde_json::from_slice(map).unwrap();
    entries.retain(|name, _| !models.contains(&name.as_str()));
    serde_json::to_vec_pretty(&entries).unwrap()
}

/// A byte order mark in front.
pub fn with_bom(map: &[u8]) -> Vec<u8> {
    [b"\xef\xbb\xbf", map].concat()
}
