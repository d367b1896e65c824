//! Hours as a proxy's own schedule takes them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Period, invalid};
use crate::{Error, Result};

/// What a proxy takes. It accepts more, and its status then answers 500.
const LIMITS: std::ops::RangeInclusive<u32> = 1..=8760;

/// Whole hours, from 1 to 8760 (a year), written `6h`, `24h` or `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hours(u32);

impl Hours {
    /// So many.
    ///
    /// # Errors
    /// `invalid_setting` below 1 and beyond 8760.
    pub fn new(hours: u32) -> Result<Self> {
        let wrong = || invalid("The proxy's own schedule takes whole hours, from 1 to 8760 (a year): 6h, 24h, 7d.");
        if LIMITS.contains(&hours) { Ok(Self(hours)) } else { Err(wrong()) }
    }

    /// How many.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for Hours {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let seconds = text.parse::<Period>().map_or(0, |period| period.duration().as_secs());
        let hours = if seconds.is_multiple_of(3600) { u32::try_from(seconds / 3600).unwrap_or(0) } else { 0 };
        Self::new(hours)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}h", self.0)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_keeps_whole_hours_only() {
        for (text, expected) in [("1h", 1), ("60m", 1), ("7d", 168), ("8760h", 8760), ("365d", 8760)] {
            assert_eq!(text.parse::<Hours>().unwrap().get(), expected, "{text}");
        }
        for bad in ["90m", "0h", "30s", "8761h", "366d", "soon", "-6h", "99999999999999999999h"] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
    }
}
