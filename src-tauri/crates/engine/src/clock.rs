//! The only place that reads the time (clippy `disallowed-methods`).

use std::sync::{Arc, Mutex};

use chrono::{DateTime, FixedOffset, Local, Offset, TimeDelta, Utc};

/// Where the time comes from: the system, or a hand set by a test. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until [`Clock::set`] or [`Clock::advance`].
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(at))))
    }

    /// The time now, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Some(hand) => *hand.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            None => Utc::now(),
        }
    }

    /// Sets a manual clock; a system clock is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(hand) = &self.0 {
            *hand.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
        }
    }

    /// Moves a manual clock; a system clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }
}

/// The local offset from UTC at a time, as the system's time zone has it.
pub fn local_offset(at: DateTime<Utc>) -> FixedOffset {
    at.with_timezone(&Local).offset().fix()
}
