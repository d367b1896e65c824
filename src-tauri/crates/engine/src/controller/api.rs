//! What the terminal, the tray and the dashboard may ask of the engine, and what they are told.

use std::sync::Arc;

use chrono::{DateTime, Days, Local, NaiveTime, TimeDelta, TimeZone, Utc};
use costmap::{Finding, Revision};
use serde::{Deserialize, Serialize};

use crate::gate::StageState;
use crate::gateway::GatewayState;
use crate::ledger::{Pins, Promotion};
use crate::publish::PublishState;
use crate::run::{StepTime, SyncRun, Trigger};
use crate::settings::Period;
use crate::status::{Health, ProxyStatus};
use crate::sync::{SourceState, Step};
use crate::webhooks::WebhookStatus;
use crate::{Error, ErrorCode, Result};

/// What to sync, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncOrder {
    /// The proxies by name; empty means all.
    #[serde(default)]
    pub proxies: Vec<String>,
    /// POST even where the proxy has the map already. Never passes a hold.
    #[serde(default)]
    pub force: bool,
    /// Only look: nothing is promoted, recorded or reloaded.
    #[serde(default)]
    pub dry_run: bool,
    /// Why.
    pub trigger: Trigger,
}

/// What came of a [`SyncOrder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncReport {
    /// What is known of the source now; its `error` says why it could not be checked.
    pub source: SourceState,
    /// What the checks said about the map there.
    pub findings: Vec<Finding>,
    /// One run a proxy, in the order of the settings.
    pub runs: Vec<SyncRun>,
}

/// How long to pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// Until this time.
    Until(DateTime<Utc>),
    /// Until resumed.
    Indefinitely,
}

impl Pause {
    /// `30m`, `1h`, `2d`; or `tomorrow`: eight in the morning where the user is, when people are back at their desks.
    ///
    /// # Errors
    /// `usage`, of the field `length`.
    pub fn parse(length: &str, now: DateTime<Utc>) -> Result<Self> {
        let usage =
            |why: &str| Error::new(ErrorCode::Usage, format!("{why} Use 30m, 1h, 2d or tomorrow.")).field("length");
        if length == "tomorrow" {
            let eight = NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default();
            let date = now.with_timezone(&Local).date_naive().checked_add_days(Days::new(1));
            // No zone turns its clocks at eight.
            let local = date.and_then(|date| Local.from_local_datetime(&date.and_time(eight)).earliest());
            let at = local.ok_or_else(|| usage("Tomorrow's date could not be worked out."))?;
            return Ok(Self::Until(at.to_utc()));
        }
        let period: Period = length.parse().map_err(|_| usage("That isn't a valid duration."))?;
        if period.is_zero() {
            return Err(usage("A pause must be longer than zero."));
        }
        Ok(Self::Until(now + period.duration()))
    }
}

/// "Until resumed" is kept as a time that no schedule reaches: a hundred years from then.
pub(crate) const FOREVER: TimeDelta = TimeDelta::days(365 * 100);

/// A pause that ends later than this was meant to last until resumed; nobody means a date so far away.
const AS_GOOD_AS_FOREVER: TimeDelta = TimeDelta::days(3650);

/// Whether scheduled syncs wait, as programs read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseState {
    /// Whether they wait.
    pub paused: bool,
    /// When they go on by themselves; null while they go on, and where they wait until resumed.
    pub paused_until: Option<DateTime<Utc>>,
}

impl PauseState {
    /// What the time that is kept means now.
    pub fn of(kept: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let kept = kept.filter(|until| *until > now);
        Self { paused: kept.is_some(), paused_until: kept.filter(|until| *until - now < AS_GOOD_AS_FOREVER) }
    }
}

/// Something that just happened. For progress bars, `autosync watch`, toasts and the dashboard.
#[expect(clippy::large_enum_variant, reason = "a few of them a minute are told, and each is told once")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The source was asked and answered.
    SourceChecked {
        /// What is known of it now.
        source: SourceState,
        /// Whether it has another revision than before.
        is_new: bool,
        /// New models in it against the promoted map; empty when it is the first.
        new_models: Vec<String>,
        /// Price fields that differ from the promoted map.
        pricing_changes: usize,
    },
    /// The source could not be read; the old map is kept.
    SourceFailed {
        /// Why.
        error: Error,
    },
    /// A run began.
    RunStarted {
        /// Its number.
        id: u64,
        /// The proxy.
        proxy: String,
        /// Why.
        trigger: Trigger,
    },
    /// A run went on to its next step.
    RunStep {
        /// Its number.
        id: u64,
        /// The proxy.
        proxy: String,
        /// The step that begins.
        step: Step,
        /// The steps before it.
        done: Vec<StepTime>,
    },
    /// A run ended.
    RunFinished {
        /// All of it.
        run: Arc<SyncRun>,
    },
    /// A proxy was asked, and is otherwise than when it was asked before. The same health again is not told.
    ProxyAsked {
        /// The proxy.
        proxy: String,
        /// How it is now.
        health: Health,
        /// How it was; `None` when it was never asked before.
        was: Option<Health>,
        /// Why it is not up.
        error: Option<Error>,
    },
    /// Syncs are paused, or go on.
    Paused(PauseState),
    /// The computer slept or its clock was set: overdue work runs once.
    Resumed,
}

/// A run that goes on now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Running {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub step: Step,
    /// Since when it runs.
    pub started: DateTime<Utc>,
    /// Why.
    pub trigger: Trigger,
    /// The steps that are done.
    pub steps: Vec<StepTime>,
}

/// What the controller knows of one proxy. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProxySnapshot {
    /// Its name.
    pub name: String,
    /// Its address, without credentials.
    pub url: String,
    /// What it is used for.
    pub role: String,
    /// The run that goes on now.
    pub running: Option<Running>,
    /// The last run that ended.
    pub last_run: Option<Arc<SyncRun>>,
    /// The revision that its last proof shows.
    pub proved: Option<Revision>,
    /// When the schedule is due next; `None` while paused, without a schedule or before the first sync.
    pub next_run: Option<DateTime<Utc>>,
    /// No person has asked for a sync of it yet, at this address: until then nothing else syncs it.
    pub awaits_first_sync: bool,
    /// What it said when it was asked last; `None` until then.
    pub status: Option<Arc<ProxyStatus>>,
    /// When that was: a `status` grows old where the proxy takes long to answer.
    pub asked_at: Option<DateTime<Utc>>,
    /// Whether it is being asked now.
    pub is_asking: bool,
    /// Since when it does not answer: the first time that it was asked in vain since it last answered.
    pub down_since: Option<DateTime<Utc>>,
}

/// The whole state, immutable and cheap to clone: what is large is shared. History, diffs and models are queries of the ledger, never part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Snapshot {
    /// Grows with each change, so that an older one can be dropped.
    pub revision: u64,
    /// What is known of the source.
    pub source: Option<SourceState>,
    /// The map that proxies are meant to have; by stages, what production is.
    pub promoted: Option<Arc<Promotion>>,
    /// What was promoted last: the same, unless it is on its way to production.
    pub newest: Option<Arc<Promotion>>,
    /// How far each stage is that has proxies; empty where maps go to all proxies at once.
    pub stage_states: Arc<Vec<StageState>>,
    /// What proxies are held at, and what is marked as bad.
    pub pins: Arc<Pins>,
    /// Why the overlay's file is not used.
    pub overlay_error: Option<Error>,
    /// Whether the schedule is paused, and until when.
    #[serde(flatten)]
    pub pause: PauseState,
    /// Each proxy, in the order of the settings.
    pub proxies: Vec<ProxySnapshot>,
    /// The gateway, and who reads it.
    pub gateway: GatewayState,
    /// Whether any proxy can get what is promoted here ([`Settings::reaches_proxies`](crate::settings::Settings::reaches_proxies)).
    pub reaches_proxies: bool,
    /// What is published.
    pub publish: PublishState,
    /// How far each webhook has got.
    pub webhooks: Vec<WebhookStatus>,
    /// Runs that a crash left and that are `interrupted` now.
    pub interrupted_runs: usize,
    /// How often the settings were changed since the start: what they say is read from the file, not from here.
    pub edits: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_without_an_end_names_no_time() {
        let now: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        let hour = now + TimeDelta::hours(1);
        let state = |kept| serde_json::to_value(PauseState::of(kept, now)).unwrap();
        assert_eq!(state(None), serde_json::json!({"paused": false, "paused_until": null}));
        assert_eq!(state(Some(now)), state(None), "it is over");
        assert_eq!(state(Some(hour)), serde_json::json!({"paused": true, "paused_until": "2026-03-04T13:00:00Z"}));
        assert_eq!(state(Some(now + FOREVER)), serde_json::json!({"paused": true, "paused_until": null}));
        assert_eq!(PauseState::of(Some(now + FOREVER), now + TimeDelta::days(20 * 365)).paused_until, None);
    }

    #[test]
    fn a_pause_ends_when_people_think_it_does() {
        let now: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        let until = |length| match Pause::parse(length, now) {
            Ok(Pause::Until(at)) => Ok(at),
            Ok(Pause::Indefinitely) => panic!("{length} has an end"),
            Err(error) => Err(error.code),
        };
        assert_eq!(until("30m").unwrap().to_rfc3339(), "2026-03-04T12:30:00+00:00");
        assert_eq!(until("2d").unwrap().to_rfc3339(), "2026-03-06T12:00:00+00:00");
        let tomorrow = until("tomorrow").unwrap().with_timezone(&Local);
        assert_eq!(tomorrow.time(), NaiveTime::from_hms_opt(8, 0, 0).unwrap());
        assert_eq!(tomorrow.date_naive(), now.with_timezone(&Local).date_naive() + Days::new(1));
        for bad in ["", "soon", "0m", "-5m", "1y"] {
            assert_eq!(until(bad), Err(ErrorCode::Usage), "{bad}");
        }
    }

    #[test]
    fn what_happens_is_read_back_as_it_was_told() {
        for happening in [
            Happening::Paused(PauseState { paused: true, paused_until: None }),
            Happening::Resumed,
            Happening::RunStep { id: 3, proxy: "local".into(), step: Step::Reload, done: vec![] },
        ] {
            let text = serde_json::to_string(&happening).unwrap();
            assert_eq!(serde_json::from_str::<Happening>(&text).unwrap(), happening, "{text}");
        }
    }
}
