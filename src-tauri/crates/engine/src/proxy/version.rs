//! LiteLLM's version, as it writes it.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::bounded;

/// A version of LiteLLM: `1.102.4`, `1.75.5.post2`, `1.80.0rc1`, `1.81.0.dev3`, `v1.80.5-stable`. It may be a word, too:
/// a proxy that runs from a checkout says `unknown`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Version {
    text: String,
    order: Option<Order>,
}

/// Releases that were taken from the package index (LITELLM, "What came with 1.106 to 1.110").
const WITHDRAWN: [((u32, u32, u32), &str); 3] = [
    ((1, 82, 7), "its package was compromised"),
    ((1, 82, 8), "its package was compromised"),
    ((1, 107, 0), "its package was compromised"),
];

/// Major, minor, patch, then the stage of that patch with its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Order(u32, u32, u32, Stage, u32);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Dev,
    Candidate,
    Release,
    Post,
}

impl Version {
    /// Reads a version; what is no version is kept as text.
    pub fn new(text: &str) -> Self {
        Self { text: bounded(text.trim(), 40), order: order(text.trim()) }
    }

    /// Whether this is that release or a later one. A candidate of a release counts as the release. False for a version
    /// that is only a word, so whoever asks "is it new enough?" is on the safe side.
    pub fn at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        self.order.is_some_and(|Order(a, b, c, ..)| (a, b, c) >= (major, minor, patch))
    }

    /// Major, minor and patch, where the text could be read as a version.
    pub fn release(&self) -> Option<(u32, u32, u32)> {
        self.order.map(|Order(major, minor, patch, ..)| (major, minor, patch))
    }

    /// Why LiteLLM withdrew this release, where it did: nobody should run it.
    pub fn withdrawn(&self) -> Option<&'static str> {
        let release = self.release()?;
        WITHDRAWN.iter().find(|(withdrawn, _)| *withdrawn == release).map(|(_, why)| *why)
    }

    /// Whether the text could be read as a version.
    pub fn is_known(&self) -> bool {
        self.order.is_some()
    }
}

fn order(text: &str) -> Option<Order> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut numbers = numbers.split('.').filter(|part| !part.is_empty()).map(str::parse);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let patch = numbers.next().transpose().ok()?.unwrap_or(0);
    let stage = match rest.trim_start_matches(['.', '-', '_']) {
        rest if rest.starts_with("dev") || rest.starts_with("nightly") => Stage::Dev,
        rest if rest.starts_with("rc") || rest.starts_with('a') || rest.starts_with('b') => Stage::Candidate,
        rest if rest.starts_with("post") => Stage::Post,
        _ => Stage::Release,
    };
    let digits: String = rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    Some(Order(major, minor, patch, stage, digits.parse().unwrap_or(0)))
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    /// Words come before every version.
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order).then_with(|| self.text.cmp(&other.text))
    }
}

impl From<String> for Version {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_order_of_their_releases() {
        let ordered = [
            "unknown",
            "1.74.9",
            "1.75.5.dev1",
            "1.75.5rc1",
            "1.75.5rc2",
            "1.75.5",
            "1.75.5.post1",
            "1.75.5.post2",
            "1.75.10",
            "v1.80.0-stable",
            "1.80.17",
            "1.102.4",
            "1.109.1",
            "2.0",
        ];
        for pair in ordered.windows(2) {
            assert!(Version::new(pair[0]) < Version::new(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn new_enough_is_told_by_numbers_and_a_word_never_is() {
        assert!(Version::new("1.102.4").at_least(1, 97, 0));
        assert!(Version::new("1.97.0rc1").at_least(1, 97, 0));
        assert!(!Version::new("1.90.7").at_least(1, 97, 0));
        for word in ["unknown", "", "main", "1", "1.x", "99999999999.1.1"] {
            assert!(!Version::new(word).is_known(), "{word}");
            assert!(!Version::new(word).at_least(0, 0, 0), "{word}");
        }
    }

    #[test]
    fn a_release_that_was_withdrawn_is_known_in_every_way_of_writing() {
        for bad in ["1.107.0", "v1.107.0-stable", "1.82.7", "1.82.8.post1"] {
            assert!(Version::new(bad).withdrawn().is_some(), "{bad}");
        }
        for good in ["1.107.1", "1.82.6", "1.110.2", "unknown"] {
            assert_eq!(Version::new(good).withdrawn(), None, "{good}");
        }
    }

    #[test]
    fn hostile_text_stays_short_and_on_its_line() {
        assert_eq!(Version::new(&"1\u{1b}[2J".repeat(50)).to_string().chars().count(), 41);
        let stored = serde_json::to_string(&Version::new("1.80.17")).unwrap();
        assert_eq!(
            (stored.as_str(), serde_json::from_str(&stored).ok()),
            ("\"1.80.17\"", Some(Version::new("1.80.17")))
        );
    }
}
