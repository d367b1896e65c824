//! Words for people: prices per million tokens, and text from the map made safe to show.

use std::fmt::{self, Write};

use rust_decimal::Decimal;

use crate::leaf::Path;
use crate::number::plain;

/// Characters of a model name or a value that a message shows.
const SHOWN: usize = 120;

/// Text from a map as a message may show it: at most 120 characters, without characters that steer a terminal or turn
/// the direction of writing.
pub fn quoted(text: &str) -> String {
    let mut shown = Bounded { text: String::new(), left: SHOWN };
    // Fails only when it is full, and then the mark is there.
    let _full = shown.write_str(text);
    shown.text
}

/// The path of a field, bounded like [`quoted`]: a hostile map can make one of megabytes, and give it to each of many findings.
pub(crate) fn field(path: Path<'_>) -> String {
    let mut shown = Bounded { text: String::new(), left: SHOWN };
    let _full = write!(shown, "{path}");
    shown.text
}

/// `one` in relation to `two`, to one decimal place: `11`, `0.3`.
pub(crate) fn times(one: Decimal, two: Decimal) -> String {
    let ratio = one.checked_div(two).unwrap_or(Decimal::MAX);
    let places = if ratio >= Decimal::TEN { 0 } else { 2 };
    plain(ratio.round_dp(places))
}

struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.left == 0 {
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.text.push(if steers(character) { '\u{fffd}' } else { character });
        }
        Ok(())
    }
}

/// Control characters, and those that change the direction of writing or show nothing.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_bounded_and_cannot_steer_a_terminal() {
        assert_eq!(quoted("gpt-4o"), "gpt-4o");
        assert_eq!(quoted("a\u{1b}[2J\u{202e}b"), "a\u{fffd}[2J\u{fffd}b");
        let long = quoted(&"x".repeat(5_000_000));
        assert_eq!(long.chars().count(), SHOWN + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_ratio_has_no_more_digits_than_it_needs() {
        let price = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(times(price("33"), price("3")), "11");
        assert_eq!(times(price("1"), price("3")), "0.33");
    }
}
