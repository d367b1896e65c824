//! The promoted map while some models are held: upstream's text with the old entries of those models.

use std::collections::HashSet;

use crate::map::{CostMap, Entry};

/// Upstream, with each model of `held` as it stands in `baseline`: its old entry where upstream changed or dropped it,
/// no entry where it is new. With nothing held these are upstream's own bytes, so the revision is upstream's.
pub fn compose(upstream: &CostMap, baseline: Option<&CostMap>, held: &[String]) -> Vec<u8> {
    let held: HashSet<&str> = held.iter().map(String::as_str).collect();
    let text = upstream.text();
    let members: Vec<Entry<'_>> = upstream.entries().collect();
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return text.as_bytes().to_vec() };
    if held.is_empty() {
        return text.as_bytes().to_vec();
    }
    let old = |name: &str| baseline.and_then(|map| map.get(name)).map(|entry| entry.raw());
    let mut written: HashSet<&str> = HashSet::new();
    let mut kept: Vec<String> = Vec::with_capacity(members.len());
    for member in &members {
        let name = member.name();
        let Some(held_name) = held.get(&*name) else {
            kept.push(text[member.member_range()].to_owned());
            continue;
        };
        // A name given twice is held as one.
        if written.insert(held_name)
            && let Some(value) = old(&name)
        {
            kept.push(format!("{}{value}", &text[member.member_range().start..member.value_range().start]));
        }
    }
    let mut dropped: Vec<&str> = held.iter().copied().filter(|name| !written.contains(name)).collect();
    dropped.sort_unstable();
    for name in dropped {
        if let Some(value) = old(name) {
            kept.push(format!("{}: {value}", serde_json::Value::from(name)));
        }
    }
    let separator = match members.get(1) {
        Some(second) => &text[first.member_range().end..second.member_range().start],
        None => ",",
    };
    let mut out = text[..first.member_range().start].to_owned();
    out.push_str(&kept.join(separator));
    out.push_str(&text[last.member_range().end..]);
    out.into_bytes()
}
