//! The inside of JSON strings.

/// How many bytes from the start are no quote, backslash or control character; eight at a time.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut run = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for chunk in words {
        let word = u64::from_le_bytes(*chunk);
        let zero = |w: u64| w.wrapping_sub(ONES) & !w & HIGH;
        let hit = zero(word ^ (ONES * u64::from(b'"')))
            | zero(word ^ (ONES * u64::from(b'\\')))
            | (word.wrapping_sub(ONES * 0x20) & !word & HIGH);
        if hit != 0 {
            return run + hit.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len())
}

/// The text that a checked JSON string stands for. A lone surrogate, which no text can hold, becomes U+FFFD.
pub(crate) fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(found) = rest.find('\\') {
        out.push_str(&rest[..found]);
        let mark = rest.as_bytes().get(found + 1).copied().unwrap_or(b'\\');
        rest = rest.get(found + 2..).unwrap_or("");
        match mark {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (unit, after) = unit(rest);
                rest = after;
                if let Some(second) = rest.strip_prefix("\\u").filter(|_| (0xd800..0xdc00).contains(&unit)) {
                    let (low, after) = self::unit(second);
                    if (0xdc00..0xe000).contains(&low) {
                        rest = after;
                        let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        continue;
                    }
                }
                out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            plain => out.push(char::from(plain)),
        }
    }
    out.push_str(rest);
    out
}

fn unit(text: &str) -> (u32, &str) {
    let value = text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd);
    (value, text.get(4..).unwrap_or(""))
}
