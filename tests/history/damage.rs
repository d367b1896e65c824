//! A thousand broken variants of a real map. If this fails, a user's proxies are made to load a damaged file, or the
//! program falls over one.
//!
//! *Damaged* means: the bytes are no JSON that a strict reader takes, an entry is no object, a number is infinite, or the
//! map lost over 15 % of its models. Such a variant must be held. A variant in which one entry is broken (a price, a limit
//! or a provider is no longer of its kind, or cannot be kept exactly) or says something odd (a key given twice, a price far
//! off) must be reviewed, with the model named, so that it keeps its old entry and the rest of the map goes on. Nothing may
//! panic.

use costmap::{CostMap, Severity, Verdict, check_bytes, compose, held_models};

use crate::dice::Dice;
use crate::real_map;

/// What must become of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Reviewed or held: the named model keeps its old entry.
    NotTaken,
    Held,
}

struct Variant {
    how: String,
    bytes: Vec<u8>,
    fate: Fate,
    model: Option<String>,
}

/// A real map, and where its values stand in the text.
struct Real {
    text: String,
    map: CostMap,
    /// Of each kind: model, and the range of the value in the text.
    prices: Vec<Place>,
    token_prices: Vec<Place>,
    limits: Vec<Place>,
    providers: Vec<Place>,
    entries: Vec<Place>,
}

#[derive(Clone)]
struct Place {
    model: String,
    start: usize,
    end: usize,
}

impl Real {
    fn read() -> Self {
        let bytes = real_map("1.109.1");
        let map = CostMap::parse(bytes.clone()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let base = map.text().as_ptr() as usize;
        let place = |model: &str, value: &str| {
            let start = value.as_ptr() as usize - base;
            Place { model: model.to_owned(), start, end: start + value.len() }
        };
        let (mut token_prices, mut limits, mut providers, mut entries) = (vec![], vec![], vec![], vec![]);
        let mut prices = vec![];
        for entry in map.models() {
            let name = entry.name().into_owned();
            entries.push(place(&name, entry.raw()));
            for leaf in entry.leaves() {
                match leaf.path().to_string().as_str() {
                    "input_cost_per_token" | "output_cost_per_token" => token_prices.push(place(&name, leaf.text())),
                    "output_cost_per_image" => prices.push(place(&name, leaf.text())),
                    "max_input_tokens" | "max_output_tokens" => limits.push(place(&name, leaf.text())),
                    "litellm_provider" => providers.push(place(&name, leaf.text())),
                    _ => {}
                }
            }
        }
        prices.extend(token_prices.iter().cloned());
        Self { text, map, prices, token_prices, limits, providers, entries }
    }

    fn replaced(&self, place: &Place, with: &str) -> Vec<u8> {
        format!("{}{with}{}", &self.text[..place.start], &self.text[place.end..]).into_bytes()
    }

    fn variant(&self, number: usize, dice: &mut Dice) -> Variant {
        let held = |how: String, bytes: Vec<u8>| Variant { how, bytes, fate: Fate::Held, model: None };
        let broken = |how: &str, value: &str, place: &Place, bytes: Vec<u8>| {
            let how = format!("{how} {value} in {}", place.model);
            Variant { how, bytes, fate: Fate::NotTaken, model: Some(place.model.clone()) }
        };
        match number % 16 {
            0 => {
                let mut end = dice.roll(self.text.len() - 2);
                while !self.text.is_char_boundary(end) {
                    end -= 1;
                }
                held(format!("cut after {end} bytes"), self.text.as_bytes()[..end].to_vec())
            }
            1 => {
                let at = dice.roll(self.text.len());
                let mut bytes = self.text.clone().into_bytes();
                bytes[at] = *dice.pick(&[0xff, 0xc0, 0xfe, 0x80]);
                held(format!("no UTF-8 at {at}"), bytes)
            }
            2 => {
                let mark = *dice.pick(&["\u{feff}", "<!DOCTYPE html>", "{", ",", "garbage ", "[", "\u{feff}\u{feff}"]);
                held(format!("{mark:?} before the map"), format!("{mark}{}", self.text).into_bytes())
            }
            3 => {
                let mark = *dice.pick(&["}", "{}", "x", ",", "\0", "]"]);
                held(format!("{mark:?} after the map"), format!("{}{mark}", self.text).into_bytes())
            }
            4 => {
                let place = dice.pick(&self.prices);
                let value = *dice.pick(&["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e400"]);
                held(format!("price {value} in {}", place.model), self.replaced(place, value))
            }
            5 => {
                let place = dice.pick(&self.prices);
                let value = *dice.pick(&[
                    "\"0.000001\"",
                    "null",
                    "true",
                    "[]",
                    "{}",
                    "[1e-6]",
                    "{\"usd\": 1e-6}",
                    "-1e-6",
                    "-5",
                    "\"\"",
                ]);
                broken("price", value, place, self.replaced(place, value))
            }
            6 => {
                let place = dice.pick(&self.limits);
                let value = *dice.pick(&["\"128k\"", "null", "false", "-1", "1.5", "[128000]", "{\"a\": 1}", "1e-3"]);
                broken("limit", value, place, self.replaced(place, value))
            }
            7 => {
                let place = dice.pick(&self.entries);
                let value = *dice.pick(&["null", "\"text\"", "[]", "5", "true", "[{}]", "NaN"]);
                held(format!("entry {value} for {}", place.model), self.replaced(place, value))
            }
            8 => {
                let place = dice.pick(&self.providers);
                let outer = Place { start: place.start - 1, end: place.end + 1, ..place.clone() };
                let value = *dice.pick(&["null", "5", "\"\"", "[]", "{}", "\"  \""]);
                broken("provider", value, place, self.replaced(&outer, value))
            }
            9 => {
                let place = dice.pick(&self.prices);
                let value = *dice.pick(&[
                    "123456789012345678901234567890123456789",
                    "1.00000000000000000000000000000000000001",
                    "1e-29",
                    "1e-400",
                    "99999999999999999999999999999e10",
                ]);
                broken("price that no decimal holds:", value, place, self.replaced(place, value))
            }
            10 => {
                let place = dice.pick(&self.prices);
                let (open, close) = *dice.pick(&[("[", "]"), ("{\"a\":", "}")]);
                let levels = 63 + dice.roll(100_000);
                let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                held(format!("{levels} levels in {}", place.model), self.replaced(place, &nested))
            }
            11 => {
                // A quarter and more of the entries gone, the file well formed.
                let keep = self.entries.len() * (dice.roll(80)) / 100;
                let first = self.entries[0].start;
                let head = &self.text[..self.text[..first].rfind('"').unwrap_or(0)];
                let head = &head[..head.rfind('"').unwrap_or(0)];
                let last = self.entries[keep.max(1) - 1].end;
                let body = &self.text[head.len()..last];
                held(format!("only the first {keep} entries"), format!("{head}{body}}}").into_bytes())
            }
            12 => {
                let at = dice.roll(self.text.len() - 1);
                let cut = (1..=4).find(|extra| self.text.is_char_boundary(at + extra)).unwrap_or(1);
                let at = if self.text.is_char_boundary(at) { at } else { at + cut };
                let byte = self.text.as_bytes()[at];
                let mut bytes = self.text.clone().into_bytes();
                // Dropping a brace, bracket, quote, colon or comma breaks the grammar or the nesting.
                if !b"{}[]\":,".contains(&byte) {
                    bytes[at] = 0x01;
                    let inside = if byte.is_ascii_whitespace() { "between values" } else { "in a value" };
                    return held(format!("control character {inside} at {at}"), bytes);
                }
                bytes.remove(at);
                held(format!("{:?} dropped at {at}", char::from(byte)), bytes)
            }
            13 => {
                let place = dice.pick(&self.entries);
                let other = dice.pick(&self.entries);
                let name = serde_json::Value::from(place.model.clone());
                let twice = format!(", {name}: {}}}", &self.text[other.start..other.end]);
                let end = self.text.trim_end().len() - 1;
                let bytes = format!("{}{twice}", &self.text[..end]).into_bytes();
                let how = format!("{} given twice", place.model);
                Variant { how, bytes, fate: Fate::NotTaken, model: Some(place.model.clone()) }
            }
            14 => {
                let place = dice.pick(&self.token_prices);
                let value = *dice.pick(&["1", "25", "0.5", "1e3"]);
                let how = format!("price {value} in {}", place.model);
                let bytes = self.replaced(place, value);
                Variant { how, bytes, fate: Fate::NotTaken, model: Some(place.model.clone()) }
            }
            _ => {
                let place = dice.pick(&self.entries);
                let body = &self.text[place.start + 1..place.end];
                let field = "\"litellm_provider\": \"someone\",";
                let bytes = self.replaced(place, &format!("{{{field}{body}"));
                let how = format!("provider given twice in {}", place.model);
                Variant { how, bytes, fate: Fate::NotTaken, model: Some(place.model.clone()) }
            }
        }
    }
}

#[test]
fn a_thousand_broken_variants_of_a_real_map_are_never_taken_as_they_are() {
    let real = Real::read();
    let mut dice = Dice::new(0x5eed_2026_1123_0001);
    let mut taken = Vec::new();
    for number in 0..1_008 {
        let variant = real.variant(number, &mut dice);
        // As a first map too, now and then: then there is nothing to compare with.
        let alone = (number % 3 == 0).then_some(None);
        for against in std::iter::once(Some(&real.map)).chain(alone) {
            let (report, map) = check_bytes(variant.bytes.as_slice(), against);
            let ok = match variant.fate {
                Fate::Held => report.verdict == Verdict::Held || (against.is_none() && is_only_smaller(&variant)),
                Fate::NotTaken => report.verdict != Verdict::Accepted && names_the_model(&report, &variant),
            };
            if !ok {
                taken.push(format!(
                    "{number}: {} ({}, against: {})",
                    variant.how,
                    variant.bytes.len(),
                    against.is_some()
                ));
            }
            // What would be promoted of a reviewed variant has the model's old entry.
            if report.verdict == Verdict::Review
                && let (Some(map), Some(old), Some(model)) = (map, against, &variant.model)
            {
                let promoted = CostMap::parse(compose(&map, Some(old), &held_models(&report))).unwrap();
                assert_eq!(promoted.get(model).unwrap().raw(), old.get(model).unwrap().raw(), "{}", variant.how);
            }
        }
    }
    assert_eq!(taken, [""; 0]);
}

/// Alone, a map cannot be seen to have shrunk.
fn is_only_smaller(variant: &Variant) -> bool {
    variant.how.starts_with("only the first")
}

fn names_the_model(report: &costmap::CheckReport, variant: &Variant) -> bool {
    report.findings.iter().any(|found| found.severity >= Severity::Review && found.model == variant.model)
}
