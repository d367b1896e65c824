//! `autosync pause` and `resume`: scheduled syncs only; a sync that a person asks for always runs.

use chrono::{DateTime, Days, Local, NaiveTime, TimeZone, Utc};
use engine::controller::{Pause, PauseState};
use engine::settings::Period;
use engine::{Error, ErrorCode, Result};

use crate::context::{Access, Context};
use crate::output::{Answer, when};

pub(super) async fn pause(context: &Context, length: Option<&str>) -> Result<Answer> {
    let pause =
        length.map_or(Ok(Pause::Indefinitely), |length| until(length, context.clock.now()).map(Pause::Until))?;
    let state = match context.access().await? {
        Access::Door(door) => door.pause(pause).await?,
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let done = engine.pause(pause).await;
            engine.shutdown().await;
            done?
        }
    };
    answer(context, state)
}

pub(super) async fn resume(context: &Context) -> Result<Answer> {
    let state = match context.access().await? {
        Access::Door(door) => door.resume().await?,
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let done = engine.resume().await;
            engine.shutdown().await;
            done?
        }
    };
    answer(context, state)
}

fn answer(context: &Context, state: PauseState) -> Result<Answer> {
    Answer::new(&context.screen, &state, || match state.paused_until {
        Some(until) => {
            let until = when::both(until, context.screen.now);
            format!("Scheduled syncs are paused; they go on {until}. `autosync sync` still runs.")
        }
        None if state.paused => {
            "Scheduled syncs are paused until `autosync resume`. `autosync sync` still runs.".to_owned()
        }
        None => "Scheduled syncs go on.".to_owned(),
    })
}

/// `30m`, `1h`, `2d`, or `tomorrow`: the next midnight where the user is.
fn until(length: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let usage =
        |why: &str| Error::new(ErrorCode::Usage, format!("{why} Write 30m, 1h, 2d or tomorrow.")).field("length");
    if length == "tomorrow" {
        let tomorrow = now.with_timezone(&Local).date_naive().checked_add_days(Days::new(1));
        let midnight = tomorrow.map(|date| date.and_time(NaiveTime::MIN));
        // Where clocks skip midnight, the day begins an hour later.
        let local = midnight.and_then(|at| {
            let later = at + chrono::TimeDelta::hours(1);
            Local.from_local_datetime(&at).earliest().or_else(|| Local.from_local_datetime(&later).earliest())
        });
        return local.map(|at| at.to_utc()).ok_or_else(|| usage("Tomorrow could not be found in the calendar."));
    }
    let period: Period = length.parse().map_err(|_| usage("This is no length of time."))?;
    if period.is_zero() {
        return Err(usage("A pause of no length does nothing."));
    }
    Ok(now + period.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_people_think_it_does() {
        let now: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        assert_eq!(until("30m", now).unwrap().to_rfc3339(), "2026-03-04T12:30:00+00:00");
        assert_eq!(until("2d", now).unwrap().to_rfc3339(), "2026-03-06T12:00:00+00:00");
        let tomorrow = until("tomorrow", now).unwrap();
        assert!(tomorrow > now && tomorrow - now <= chrono::TimeDelta::hours(25));
        assert_eq!(tomorrow.with_timezone(&Local).time(), NaiveTime::MIN);
        for bad in ["", "soon", "0m", "-5m", "1y"] {
            assert_eq!(until(bad, now).unwrap_err().code, ErrorCode::Usage, "{bad}");
        }
    }
}
