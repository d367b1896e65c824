//! The checks on real past maps: what two years of them show, and what they make of damaged ones.
#![expect(clippy::unwrap_used, reason = "these are tests; clippy knows only functions with #[test]")]

mod damage;
mod dice;
mod futures;
mod ledger;
mod replay;

/// The map that a LiteLLM release carries.
fn real_map(version: &str) -> Vec<u8> {
    let file = xtask::cache::map_file(version).unwrap();
    std::fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}. The real past maps are not in the cache; `cargo xtask test` fetches them (or `cargo xtask maps`).",
            file.display()
        )
    })
}
