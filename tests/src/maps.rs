//! Real past maps, from LiteLLM's own releases.

use xtask::cache;
use xtask::python::NEWEST_PROXY;

/// The map that LiteLLM `version` ships, byte for byte. Panics, saying how to get it, when it is not in the cache.
pub fn load(version: &str) -> Vec<u8> {
    let file = cache::map_file(version).unwrap();
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask maps {version}`", file.display()))
}

/// The git blob id of `map`, as text.
pub fn revision(map: &[u8]) -> String {
    costmap::Revision::of(map).to_string()
}

/// A release with the map that `proxy` holds at first: its own, but for the newest, which ships the newest map.
pub fn held_by(proxy: &str) -> &str {
    if proxy == NEWEST_PROXY { BEFORE_NEWEST } else { proxy }
}

/// The map before the first one with alias rows.
pub const BEFORE_NEWEST: &str = "1.109.3";

/// A release whose real map is newer than the one that `proxy` holds: what the upstream has when that proxy is behind.
pub fn newer_than(proxy: &str) -> &'static str {
    match proxy {
        NEWEST_PROXY => NEWEST_PROXY,
        "1.102.4" => "1.109.1",
        "1.109.1" => NEWEST_PROXY,
        "1.90.7" => "1.102.4",
        "1.80.17" => "1.90.7",
        _ => "1.80.17",
    }
}
