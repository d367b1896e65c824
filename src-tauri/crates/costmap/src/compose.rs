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

/// The same map for a proxy below LiteLLM 1.110, which books rows of `alias_of` alone at $0: each such row is replaced by
/// its target's entry, and everything else stays byte for byte. `None` where there is none to replace. A row whose target
/// is missing stays as it is.
pub fn resolve_aliases(map: &CostMap) -> Option<Vec<u8>> {
    let text = map.text();
    let mut out = String::new();
    let mut done = 0;
    for row in map.entries().filter(|row| row.alias_of().is_some()) {
        // A row that is priced by itself is no alias.
        let Some(target) = row.priced().filter(|target| target.stands_for().is_some()) else { continue };
        let value = row.value_range();
        out.push_str(&text[done..value.start]);
        out.push_str(target.raw());
        done = value.end;
    }
    (done > 0).then(|| {
        out.push_str(&text[done..]);
        out.into_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_rows_become_their_target_and_the_rest_stays_byte_for_byte() {
        let text = "{\n  \"a-latest\": {\"alias_of\": \"a\"},\n  \"a\": { \"mode\": \"chat\",  \"input_cost_per_token\": 1e-06 },\n  \"lost\": {\"alias_of\": \"nobody\"}\n}\n";
        let map = CostMap::parse(text).unwrap();
        let resolved = String::from_utf8(resolve_aliases(&map).unwrap()).unwrap();
        let wanted =
            text.replacen("{\"alias_of\": \"a\"}", "{ \"mode\": \"chat\",  \"input_cost_per_token\": 1e-06 }", 1);
        assert_eq!(resolved, wanted);
        assert_eq!(resolve_aliases(&CostMap::parse("{\"a\": {\"mode\": \"chat\"}}").unwrap()), None);
    }
}
