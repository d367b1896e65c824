//! Times: how long ago, and exactly when.

use chrono::{DateTime, TimeDelta, Utc};

/// `2 h ago`, `in 3 h 24 min`, `just now`.
pub(crate) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = now - at;
    if distance.abs() < TimeDelta::seconds(45) {
        return "just now".to_owned();
    }
    if distance < TimeDelta::zero() {
        let length = -distance;
        let (hours, minutes) = (length.num_hours(), length.num_minutes() % 60);
        return match hours {
            1..24 if minutes > 0 => format!("in {hours} h {minutes} min"),
            _ => format!("in {}", length_of(length)),
        };
    }
    format!("{} ago", length_of(distance))
}

/// `2026-03-04 12:00:00 UTC`.
pub(crate) fn exact(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2 h ago (2026-03-04 10:00:00 UTC)`.
pub(crate) fn both(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} ({})", relative(at, now), exact(at))
}

/// How long something took: `0.4 s`, `12 s`, `3 min 5 s`.
pub(crate) fn took(length: TimeDelta) -> String {
    let millis = length.num_milliseconds().max(0);
    match millis {
        ..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

fn length_of(length: TimeDelta) -> String {
    if length < TimeDelta::minutes(1) {
        format!("{} s", length.num_seconds())
    } else if length < TimeDelta::hours(1) {
        format!("{} min", length.num_minutes())
    } else if length < TimeDelta::days(2) {
        format!("{} h", length.num_hours())
    } else {
        format!("{} days", length.num_days())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let now: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        for (seconds, expected) in [
            (0, "just now"),
            (50, "50 s ago"),
            (24 * 60, "24 min ago"),
            (2 * 3600 + 1, "2 h ago"),
            (47 * 3600, "47 h ago"),
            (72 * 3600, "3 days ago"),
            (-50, "in 50 s"),
            (-(3 * 3600 + 24 * 60), "in 3 h 24 min"),
            (-3600, "in 1 h"),
            (-72 * 3600, "in 3 days"),
        ] {
            assert_eq!(relative(now - TimeDelta::seconds(seconds), now), expected);
        }
        assert_eq!(both(now - TimeDelta::hours(2), now), "2 h ago (2026-03-04 10:00:00 UTC)");
    }

    #[test]
    fn a_length_is_as_exact_as_it_is_short() {
        for (millis, expected) in [(-5, "0.0 s"), (430, "0.4 s"), (12_900, "12 s"), (185_000, "3 min 5 s")] {
            assert_eq!(took(TimeDelta::milliseconds(millis)), expected);
        }
    }
}
