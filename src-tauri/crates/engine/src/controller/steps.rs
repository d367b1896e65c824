//! How long each step of a run takes.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::run::StepTime;
use crate::sync::Step;

/// When each step of one run began.
#[derive(Default)]
pub(super) struct Steps(Mutex<Vec<(Step, DateTime<Utc>)>>);

impl Steps {
    /// `step` begins; gives back the steps before it.
    pub(super) fn begin(&self, step: Step, now: DateTime<Utc>) -> Vec<StepTime> {
        let done = self.until(now);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((step, now));
        done
    }

    /// All steps, the last one as long as it takes until now. A clock that is set back makes none shorter than nothing.
    pub(super) fn until(&self, now: DateTime<Utc>) -> Vec<StepTime> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([now]);
        let took = |begun: DateTime<Utc>, end: DateTime<Utc>| (end - begun).num_milliseconds().max(0) as f64 / 1000.0;
        begun.iter().zip(ends).map(|((step, at), end)| StepTime { step: *step, seconds: took(*at, end) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_takes_until_the_next_begins() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let time = |step, seconds| StepTime { step, seconds };
        let steps = Steps::default();
        assert_eq!(steps.until(at("2026-01-01T00:00:00Z")), []);
        assert_eq!(steps.begin(Step::CheckSource, at("2026-01-01T00:00:00Z")), []);
        let done = steps.begin(Step::ReadLive, at("2026-01-01T00:00:02.5Z"));
        assert_eq!(done, [time(Step::CheckSource, 2.5)]);
        let set_back = steps.until(at("2025-01-01T00:00:00Z"));
        assert_eq!(set_back, [time(Step::CheckSource, 2.5), time(Step::ReadLive, 0.0)]);
    }
}
