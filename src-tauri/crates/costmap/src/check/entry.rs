//! What every model should say about itself: its mode, a limit that allows something, a date that is one. Review.

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::Model;
use crate::check::words::{field, quoted};
use crate::field::FieldClass;
use crate::leaf::Leaf;
use crate::path::Step;

pub(crate) const NO_MODE: Rule =
    Rule::review("entry.no_mode", "A model without a mode.").many("{subject}: {n} models have no mode");
pub(crate) const CHAT_LIMIT_ZERO: Rule = Rule::review("entry.chat_limit_zero", "A chat model with a token limit of 0.")
    .many("{subject}: {n} chat models have a token limit of 0");
pub(crate) const BAD_DATE: Rule =
    Rule::review("entry.bad_date", "A deprecation date that isn't a valid date (YYYY-MM-DD).")
        .many("{subject}: {n} models have an invalid deprecation date");

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    let mode = model.mode().filter(|mode| !mode.trim().is_empty());
    let had_none = model.old.is_some_and(|old| old.mode().is_none_or(|mode| mode.trim().is_empty()));
    if mode.is_none() && !had_none {
        let leaf = model.pair.mode.and_then(|path| model.now(path));
        let about = leaf.as_ref().map_or_else(|| model.as_a_whole(), |leaf| model.about(leaf));
        out.add(NO_MODE, about, || {
            format!("{}: the mode is missing; expected one such as chat or embedding.", quoted(&model.name))
        });
    }
    for leaf in model.leaves() {
        match leaf.class() {
            FieldClass::Limit if mode.as_deref() == Some("chat") && is_token_limit(&leaf) => {
                let path = leaf.path_id();
                let mode_changed = model.pair.mode.is_some_and(|mode| model.is_new_value(mode));
                if leaf.decimal().is_some_and(|limit| limit.is_zero()) && (model.is_new_value(path) || mode_changed) {
                    out.add(CHAT_LIMIT_ZERO, model.about(&leaf), || {
                        let (name, field) = (quoted(&model.name), field(leaf.path()));
                        format!("{name}: {field} is 0; a chat model should accept and return at least one token.")
                    });
                }
            }
            FieldClass::Deprecation if is_date_field(&leaf) && model.is_new_value(leaf.path_id()) => {
                bad_date(model, &leaf, out);
            }
            _ => {}
        }
    }
}

fn is_token_limit(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.path().last(), Step::Field(name)
        if matches!(&**name, "max_tokens" | "max_input_tokens" | "max_output_tokens"))
}

fn is_date_field(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.path().last(), Step::Field(name) if &**name == "deprecation_date")
}

fn bad_date(model: &Model<'_, '_>, leaf: &Leaf<'_>, out: &mut Findings) {
    if leaf.as_str().is_some_and(|date| is_date(&date)) {
        return;
    }
    let about = About { value: Some(leaf.text()), ..model.about(leaf) };
    out.add(BAD_DATE, about, || {
        let (name, field) = (quoted(&model.name), field(leaf.path()));
        format!("{name}: {field} is {}; expected a date such as 2026-11-30.", quoted(leaf.text()))
    });
}

/// `YYYY-MM-DD`, and a day that the calendar has.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return false };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_u32, |value, digit| Some(value * 10 + char::from(**digit).to_digit(10)?))
    };
    let (Some(year), Some(month), Some(day)) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2])) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn a_date_is_a_day_that_the_calendar_has() {
        for good in ["2026-11-30", "2024-02-29", "2000-02-29"] {
            assert!(is_date(good), "{good}");
        }
        for bad in ["2026-11-31", "2025-02-29", "1900-02-29", "2026-00-01", "2026-1-1", "31-12-2026", "", "2026/11/30"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
