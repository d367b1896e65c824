//! Sync windows and quiet hours: times of the week, in local time.

use std::str::FromStr;

use chrono::{DateTime, Datelike, FixedOffset, NaiveTime, TimeDelta, Timelike, Utc, Weekday};

use crate::error::bounded;
use crate::{Error, ErrorCode};

/// The local offset from UTC at a time; an argument, so that tests need no time zone of their own.
pub type LocalOffset = fn(DateTime<Utc>) -> FixedOffset;

/// A span of the day, perhaps over midnight: `22:00-07:00`. The end is not in it; equal ends mean the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: NaiveTime,
    to: NaiveTime,
}

impl Span {
    fn contains(self, time: NaiveTime) -> bool {
        if self.from < self.to { self.from <= time && time < self.to } else { time >= self.from || time < self.to }
    }

    fn over_midnight(self) -> bool {
        self.from >= self.to
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let time = |part: &str| match part {
            "24:00" => Some(NaiveTime::MIN),
            part => NaiveTime::parse_from_str(part, "%H:%M").ok(),
        };
        let span = text.split_once('-').and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)? }));
        span.ok_or_else(|| {
            let message = format!("Write a time span like \"22:00-07:00\", not \"{}\".", bounded(text, 40));
            Error::new(ErrorCode::InvalidSetting, message)
        })
    }
}

/// One rule: `allow Mon-Fri 02:00-05:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    allow: bool,
    /// From Monday.
    days: [bool; 7],
    span: Span,
}

impl Window {
    fn contains(&self, local: DateTime<FixedOffset>) -> bool {
        // After midnight a window belongs to the day on which it began.
        let began_yesterday = self.span.over_midnight() && local.time() < self.span.to;
        let day = if began_yesterday { local.weekday().pred() } else { local.weekday() };
        self.days[day.num_days_from_monday() as usize] && self.span.contains(local.time())
    }
}

impl FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let message = format!(
                "Write a sync window like \"allow Mon-Fri 02:00-05:00\" or \"deny Sat,Sun 00:00-24:00\", not \"{}\".",
                bounded(text, 60)
            );
            Error::new(ErrorCode::InvalidSetting, message).field("schedule.windows")
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let (kind, days, span) = match parts[..] {
            [kind, span] => (kind, "Mon-Sun", span),
            [kind, days, span] => (kind, days, span),
            _ => return Err(wrong()),
        };
        let allow = match kind {
            "allow" => true,
            "deny" => false,
            _ => return Err(wrong()),
        };
        let mut chosen = [false; 7];
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<Weekday>(), last.parse::<Weekday>()) else {
                return Err(wrong());
            };
            let mut day = first;
            loop {
                chosen[day.num_days_from_monday() as usize] = true;
                if day == last {
                    break;
                }
                day = day.succ();
            }
        }
        Ok(Self { allow, days: chosen, span: span.parse().map_err(|_| wrong())? })
    }
}

/// When scheduled syncs may run. A denying window beats an allowing one; without an allowing one every time is allowed.
#[derive(Clone, Debug)]
pub struct Windows {
    windows: Vec<Window>,
    offset: LocalOffset,
}

impl Windows {
    /// Reads the rules of `schedule.windows`.
    ///
    /// # Errors
    /// `invalid_setting` that shows how one is written.
    pub fn parse<'t>(rules: impl IntoIterator<Item = &'t str>, offset: LocalOffset) -> Result<Self, Error> {
        let windows = rules.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { windows, offset })
    }

    /// No time at all.
    pub fn closed(offset: LocalOffset) -> Self {
        let whole_day = Span { from: NaiveTime::MIN, to: NaiveTime::MIN };
        Self { windows: vec![Window { allow: false, days: [true; 7], span: whole_day }], offset }
    }

    /// Whether a scheduled sync may begin now.
    pub fn allows(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&(self.offset)(at));
        let any = |allow| self.windows.iter().any(|window| window.allow == allow && window.contains(local));
        !any(false) && (any(true) || !self.windows.iter().any(|window| window.allow))
    }

    /// The first allowed time from `at` on, to the minute; `None` where no minute of the next eight days is allowed.
    pub fn next_allowed(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.windows.is_empty() || self.allows(at) {
            return Some(at);
        }
        let mut closed = at.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(at);
        let end = closed + TimeDelta::days(8);
        while closed < end {
            let next = closed + TimeDelta::minutes(self.until_an_edge(closed));
            if self.allows(next) {
                // Where the local time jumps, an edge can lie between.
                let between = (1..=(next - closed).num_minutes()).map(|minutes| closed + TimeDelta::minutes(minutes));
                return between.into_iter().find(|at| self.allows(*at));
            }
            closed = next;
        }
        None
    }

    /// Minutes until a window begins or ends next by the local clock; a quarter of an hour at most where that jumps
    /// meanwhile.
    fn until_an_edge(&self, at: DateTime<Utc>) -> i64 {
        const MOST: i64 = 15;
        const DAY: i64 = 24 * 60;
        let minute = |time: NaiveTime| i64::from(time.num_seconds_from_midnight() / 60);
        let now = minute(at.with_timezone(&(self.offset)(at)).time());
        let jumps = |ahead: i64| (self.offset)(at + TimeDelta::minutes(ahead)) != (self.offset)(at);
        let edges = self.windows.iter().flat_map(|window| [window.span.from, window.span.to, NaiveTime::MIN]);
        let ahead = edges.map(|edge| (minute(edge) - now).rem_euclid(DAY)).filter(|ahead| *ahead > 0);
        ahead.min().map_or(MOST, |ahead| if jumps(ahead) { ahead.min(MOST) } else { ahead })
    }
}

/// When toasts keep quiet: `22:00-07:00`. Errors break through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours(Span);

impl QuietHours {
    /// Whether toasts keep quiet at this local time.
    pub fn contains(&self, local: NaiveTime) -> bool {
        self.0.contains(local)
    }
}

impl FromStr for QuietHours {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|error: Error| error.field("notify.quiet"))
    }
}
