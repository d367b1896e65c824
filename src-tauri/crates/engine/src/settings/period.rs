//! Lengths of time as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::invalid;
use crate::{Error, Result};

/// A length of time in whole seconds, written `N` with `s`, `m`, `h` or `d`: `90s`, `5m`, `6h`, `1d`. At most 366 days.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period(u64);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Longer than anything that makes sense here, and far from every overflow.
const LONGEST: u64 = 366 * 86_400;

impl Period {
    /// So many minutes.
    pub(crate) const fn minutes(minutes: u32) -> Self {
        Self(minutes as u64 * 60)
    }

    /// So many hours.
    pub(crate) const fn hours(hours: u32) -> Self {
        Self(hours as u64 * 3_600)
    }

    /// For timers.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// Whether there is nothing to wait for.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || invalid("Write a duration as a number with s, m, h or d, at most 366 days: 90s, 5m, 6h, 1d.");
        let text = text.trim();
        let (_, unit) = *UNITS.iter().find(|(letter, _)| text.ends_with(*letter)).ok_or_else(wrong)?;
        let digits = &text[..text.len() - 1];
        // `parse` alone would take "+5".
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong());
        }
        let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        if seconds > LONGEST { Err(wrong()) } else { Ok(Self(seconds)) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, unit)| self.0 > 0 && self.0.is_multiple_of(*unit));
        let (letter, unit) = whole.copied().unwrap_or(('m', 60));
        write!(f, "{}{letter}", self.0 / unit)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_written_as_people_write_it() {
        for (text, seconds, shown) in [
            ("90s", 90, "90s"),
            ("5m", 300, "5m"),
            ("6h", 21_600, "6h"),
            ("24h", 86_400, "1d"),
            ("0s", 0, "0m"),
            ("366d", LONGEST, "366d"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.duration(), Duration::from_secs(seconds));
            assert_eq!(period.to_string(), shown);
        }
        for bad in ["", "5", "m", "-5m", "+5m", "5 m", "1.5h", "5M", "367d", "99999999999999999999s", "5µ", "5w"] {
            bad.parse::<Period>().unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_shows(seconds in 0..=LONGEST) {
            prop_assert_eq!(Period(seconds).to_string().parse(), Ok(Period(seconds)));
        }

        #[test]
        fn never_panics(text in ".*") {
            drop(text.parse::<Period>());
        }
    }
}
