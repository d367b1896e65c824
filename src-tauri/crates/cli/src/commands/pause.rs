//! `autosync pause` and `resume`: scheduled syncs only; a sync that a person asks for always runs.

use chrono::{DateTime, Days, Local, NaiveTime, TimeZone, Utc};
use engine::controller::{Engine, Pause};
use engine::settings::Period;
use engine::{Error, ErrorCode, Result};
use serde_json::json;

use crate::context::Context;
use crate::output::{Answer, when};

pub(super) async fn pause(context: &Context, length: Option<&str>) -> Result<Answer> {
    let pause =
        length.map_or(Ok(Pause::Indefinitely), |length| until(length, context.clock.now()).map(Pause::Until))?;
    let engine = context.engine(false).await?;
    let done = engine.pause(pause).await;
    answer(context, engine, done).await
}

pub(super) async fn resume(context: &Context) -> Result<Answer> {
    let engine = context.engine(false).await?;
    let done = engine.resume().await;
    answer(context, engine, done).await
}

async fn answer(context: &Context, engine: Engine, done: Result<()>) -> Result<Answer> {
    let snapshot = engine.snapshot();
    // The reply may come before the snapshot; the end of the engine comes after it.
    engine.shutdown().await;
    done?;
    let until = snapshot.borrow().paused_until;
    Answer::new(&context.screen, &json!({ "paused_until": until }), || match until {
        // "Until resumed" is a time that no schedule reaches.
        Some(until) if until - context.screen.now > chrono::TimeDelta::days(3650) => {
            "Scheduled syncs are paused until `autosync resume`. `autosync sync` still runs.".to_owned()
        }
        Some(until) => {
            let until = when::both(until, context.screen.now);
            format!("Scheduled syncs are paused; they go on {until}. `autosync sync` still runs.")
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
