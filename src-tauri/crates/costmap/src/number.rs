//! Numbers with every digit that the map gives.

use rust_decimal::Decimal;

/// A number as it stands in the map.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    text: &'a str,
}

impl<'a> Number<'a> {
    /// A number in JSON's grammar, or `NaN`, `Infinity`, `-Infinity`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The text, digit for digit.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// The nearest f64, as Python reads it; infinite where the number is too large for one.
    pub fn f64(self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// The exact value; `None` where the decimal type cannot hold it exactly (28 digits, scale 28) or it is no finite number.
    pub fn decimal(self) -> Option<Decimal> {
        decimal(self.text)
    }

    /// Whether the decimal type and f64 both hold it. Real prices always do; a hostile `1e999` does not.
    pub fn in_range(self) -> bool {
        self.f64().is_finite() && self.decimal().is_some()
    }

    /// Whether it has no fraction: `128000`, `128000.0` and `1e6` do not.
    pub fn is_integral(self) -> bool {
        self.decimal().is_some_and(|value| value.fract().is_zero())
    }

    /// Whether it is below 0 (`-0.0` is not).
    pub fn is_negative(self) -> bool {
        self.text.starts_with('-') && self.f64() != 0.0
    }
}

/// A price per million as one per unit, every digit kept: `1.80` is `0.0000018`. `None` where it is no number that the
/// decimal type holds.
pub fn millionth(text: &str) -> Option<String> {
    decimal(text.trim())?.checked_div(Decimal::from(1_000_000)).map(plain)
}

/// Equal as numbers: `1e-06` is `0.000001`. Numbers beyond the decimal type are equal only as text.
impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || matches!((self.decimal(), other.decimal()), (Some(one), Some(two)) if one == two)
    }
}

/// Exact, or nothing: `Decimal::from_scientific` rounds, which would make different prices equal.
fn decimal(text: &str) -> Option<Decimal> {
    let bytes = text.as_bytes();
    let (mantissa, exponent) = match bytes.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(mark) => (&bytes[..mark], text[mark + 1..].parse::<i64>().ok()?),
        None => (bytes, 0),
    };
    let (negative, digits) = mantissa.strip_prefix(b"-").map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &[][..]),
    };
    let fraction = &fraction[..fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1)];
    let mut value = digits_of(whole, fraction)?;
    let mut scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if value == 0 {
        return Some(Decimal::ZERO);
    }
    while scale < 0 {
        value = value.checked_mul(10)?;
        scale += 1;
    }
    while scale > 0 && ends_in_zero(value) {
        value /= 10;
        scale -= 1;
    }
    let value = if negative { -value } else { value };
    Decimal::try_from_i128_with_scale(value, u32::try_from(scale).ok()?).ok()
}

/// The number that these digits are, one part after the other.
fn digits_of(whole: &[u8], fraction: &[u8]) -> Option<i128> {
    let mut digits = whole.iter().chain(fraction);
    // 18 digits fit in 64 bits, where counting is much cheaper; real prices have fewer.
    let mut low: u64 = 0;
    for byte in digits.by_ref().take(18) {
        low = low * 10 + u64::from(digit_of(*byte)?);
    }
    let mut value = i128::from(low);
    for byte in digits {
        value = value.checked_mul(10)?.checked_add(i128::from(digit_of(*byte)?))?;
    }
    Some(value)
}

/// Dividing 64 bits costs a fraction of dividing 128.
fn ends_in_zero(value: i128) -> bool {
    u64::try_from(value).map_or_else(|_| value % 10 == 0, |value| value % 10 == 0)
}

fn digit_of(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// A price in USD per unit as the contract writes it: plain decimal text without exponent or trailing zeros.
pub fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Number::new(text).decimal().map(plain)
    }

    #[test]
    fn keeps_every_digit_or_says_that_it_cannot() {
        assert_eq!(shown("2.5e-06").as_deref(), Some("0.0000025"));
        assert_eq!(shown("1.5000000000000002e-07").as_deref(), Some("0.00000015000000000000002"));
        assert_eq!(shown("128000.0").as_deref(), Some("128000"));
        assert_eq!(shown("-0.0").as_deref(), Some("0"));
        assert_eq!(shown("1E3").as_deref(), Some("1000"));
        assert_eq!(shown("1e-28").as_deref(), Some("0.0000000000000000000000000001"));
        assert_eq!(shown("1e-29"), None);
        assert_eq!(shown("1e999999999999999999999"), None);
        assert_eq!(shown("123456789012345678901234567890123"), None);
        assert_eq!(shown("NaN"), None);
    }

    #[test]
    fn equal_values_are_equal_however_they_are_written() {
        assert_eq!(Number::new("1e-06"), Number::new("0.000001"));
        assert_eq!(Number::new("128000"), Number::new("128000.0"));
        assert_ne!(Number::new("1e-06"), Number::new("1.0000001e-06"));
        assert_eq!(Number::new("1e400"), Number::new("1e400"));
        assert!(Number::new("-1").is_negative() && !Number::new("-0.0").is_negative());
    }
}
