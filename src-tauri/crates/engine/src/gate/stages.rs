//! Promotion by stages: a map goes to the proxies for testing first, then to those for staging, then to production. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::Revision;
use serde::{Deserialize, Serialize};

use crate::ledger::{Moved, Promotion, Stages};
use crate::run::{NO_MAP, Outcome, SyncRun};
use crate::settings::{Role, StageMode};
use crate::status::{Health, ProxyStatus, Reads};
use crate::sync::{IN_FLIGHT, SourceState};
use crate::{Error, ErrorCode};

/// A step on the way to production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Proxies for tests and development.
    Testing,
    /// The last step before production.
    Staging,
    /// Real work.
    Production,
}

impl Stage {
    /// In the order in which a map reaches them.
    pub const ALL: [Self; 3] = [Self::Testing, Self::Staging, Self::Production];

    /// As the settings and people say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl From<Role> for Stage {
    fn from(role: Role) -> Self {
        match role {
            Role::Testing | Role::Development => Self::Testing,
            Role::Staging => Self::Staging,
            Role::Production => Self::Production,
        }
    }
}

impl FromStr for Stage {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let role: Role = word.parse()?;
        Ok(role.into())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a proxy fares with what it is meant to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// It was proved to hold it, and answers.
    Proved,
    /// Its sync is not over, or nobody asked for one yet.
    Waits,
    /// Its sync with that map failed.
    Failed(Error),
    /// It does not answer now: nothing goes on meanwhile, and what was proved stays so.
    Away(Error),
    /// It is held at a map of its own, so it says nothing about this one.
    Pinned,
}

impl At {
    /// By what a proxy said last, how its last run ended and what was proved there; `is_busy`: one goes on. `upstream` is
    /// the source's map that its stage is meant to have: what failed with another one says nothing about that.
    pub fn of(
        status: Option<&ProxyStatus>,
        last_run: Option<&SyncRun>,
        proved: Option<Revision>,
        is_busy: bool,
        upstream: Option<Revision>,
    ) -> Self {
        // What is published is one map for all, which is production's.
        if status.is_some_and(|status| status.reads == Reads::Bucket) {
            return Self::Pinned;
        }
        if let Some(status) = status.filter(|status| matches!(status.health, Health::Down | Health::Unauthorised)) {
            let unknown = || Error::new(ErrorCode::ProxyUnreachable, "It does not answer.");
            return Self::Away(status.error.clone().unwrap_or_else(unknown));
        }
        let (Some(run), false) = (last_run, is_busy) else { return Self::Waits };
        match (run.outcome, &run.error) {
            (Outcome::Failed | Outcome::Unproven | Outcome::Held, Some(error)) if is_waiting(run, error) => Self::Waits,
            (Outcome::Failed | Outcome::Unproven | Outcome::Held, Some(error))
                if run.attempted().is_none_or(|attempted| Some(attempted) == upstream) =>
            {
                Self::Failed(error.clone())
            }
            _ => match status.and_then(|status| status.desired?.revision) {
                Some(desired) if proved == Some(desired) => Self::Proved,
                _ => Self::Waits,
            },
        }
    }
}

/// Whether it is neither the proxy nor the map that a run failed for.
fn is_waiting(run: &SyncRun, error: &Error) -> bool {
    let is_of_source = matches!(
        error.code,
        ErrorCode::SourceUnreachable
            | ErrorCode::SourceStatus
            | ErrorCode::SourceTooLarge
            | ErrorCode::SourceRedirect
            | ErrorCode::SourceFile
    );
    is_of_source || run.reason.as_deref() == Some(NO_MAP) || error.field.as_deref() == Some(IN_FLIGHT)
}

/// Whether the source has what was promoted last, as far as is known.
pub(crate) fn is_at_source(newest: Option<&Promotion>, source: Option<&SourceState>) -> bool {
    let at_source = source.and_then(|source| source.revision);
    newest.zip(at_source).is_none_or(|(newest, revision)| newest.upstream == revision)
}

/// One proxy of a stage.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Which stage it belongs to.
    pub stage: Stage,
    /// How it fares.
    pub at: At,
    /// Whether it reads the source itself, and so gets no map but the newest.
    pub reads_source: bool,
}

/// Since when all proxies of a stage had a promotion, proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Which stage.
    pub stage: Stage,
    /// The promotion's number.
    pub number: i64,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What is between a stage's map and the next stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub enum Progress {
    /// The next stage has it, or there is no next stage.
    Done,
    /// Its own proxies do not all have it yet.
    Syncing {
        /// One that does not.
        proxy: Option<String>,
    },
    /// A proxy failed with it: nothing goes on until that one works, or a person says so.
    Stopped {
        /// Which.
        proxy: String,
        /// Why.
        error: Error,
    },
    /// All have it. It goes on then.
    Soaking {
        /// When.
        until: DateTime<Utc>,
    },
    /// Each of its proxies is pinned to a map of its own or reads what is published, so none can prove it: it goes on when a
    /// person says so.
    Pinned,
    /// The next stage reads the source itself, which has a newer map by now: it gets that one, once this stage has it.
    Overtaken,
    /// It may go on: with the next look, once syncs are not paused and a window is open.
    Ready,
    /// It goes on when a person says so.
    Waiting {
        /// Since a rollback; else since that is what `gate.stages` says.
        after_rollback: bool,
    },
}

/// One stage that has proxies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageState {
    /// Which.
    pub stage: Stage,
    /// How many proxies it has.
    pub proxies: usize,
    /// The number of the promotion that it is meant to have.
    pub number: i64,
    /// The map of that; none while nothing was promoted.
    pub revision: Option<Revision>,
    /// What keeps that from the next stage.
    #[serde(flatten)]
    pub progress: Progress,
}

/// What a look at the stages is made from.
#[derive(Clone, Copy, Debug)]
pub struct StageFacts<'a> {
    /// `gate.stages`.
    pub mode: StageMode,
    /// `gate.stage_soak`.
    pub soak: TimeDelta,
    /// What the ledger holds them at.
    pub stages: &'a Stages,
    /// The newest promotion: its number and its map.
    pub newest: Option<(i64, Revision)>,
    /// Whether the source still has that: what reads it directly can get no other map.
    pub is_newest_at_source: bool,
    /// All proxies.
    pub members: &'a [Member],
    /// What was proved so far.
    pub proofs: &'a [Proof],
    /// The time.
    pub now: DateTime<Utc>,
}

impl StageFacts<'_> {
    /// The stages that are to be held: those that have one with proxies before them.
    pub fn to_hold(&self) -> Vec<Stage> {
        let used = self.used();
        // One stage alone has nothing to wait for.
        let Some(first) = used.first().filter(|_| self.mode != StageMode::Off && used.len() > 1) else {
            return Vec::new();
        };
        Stage::ALL.into_iter().filter(|stage| first < stage).collect()
    }

    /// The held stages that are to be let go of, and what they get then (none: they follow the newest). Where stages are
    /// off, all of them. Else only those that lose nothing by it, or behind which nobody is left: a proxy that is taken
    /// out of testing is no reason for production to get what testing had.
    pub fn to_release(&self) -> Vec<(Stage, Option<i64>)> {
        let to_hold = self.to_hold();
        let last = self.used().last().copied();
        let released = self.stages.held.iter().filter(|held| !to_hold.contains(&held.stage)).filter_map(|held| {
            let newest = self.newest_number();
            match last {
                _ if self.mode == StageMode::Off || held.number >= newest => Some((held.stage, None)),
                Some(last) if held.stage > last => {
                    let number = self.stages.of(last).map(|held| held.number);
                    number.is_none_or(|number| number > held.number).then_some((held.stage, number))
                }
                _ => None,
            }
        });
        released.collect()
    }

    /// A stage that keeps an older map although none comes before it any more: a person lets it go on.
    fn left_behind(&self) -> Option<Stage> {
        let first = *self.used().first()?;
        (self.mode != StageMode::Off && self.number(first) < self.newest_number()).then_some(first)
    }

    fn number(&self, stage: Stage) -> i64 {
        self.stages.of(stage).map_or(self.newest_number(), |held| held.number)
    }

    fn newest_number(&self) -> i64 {
        self.newest.map_or(0, |(number, _)| number)
    }

    fn revision(&self, stage: Stage) -> Option<Revision> {
        let held = self.stages.of(stage).map(|held| held.promotion.revision);
        held.or(self.newest.map(|(_, revision)| revision))
    }

    fn of(&self, stage: Stage) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.stage == stage)
    }

    /// Those that have proxies, in order.
    fn used(&self) -> Vec<Stage> {
        Stage::ALL.into_iter().filter(|stage| self.of(*stage).next().is_some()).collect()
    }

    /// What was proved by now. A stage where something failed has to be proved anew.
    pub fn proofs(&self) -> Vec<Proof> {
        let mut proofs: Vec<Proof> = self.proofs.to_vec();
        let used = self.used();
        for stage in &used {
            let number = self.number(*stage);
            let members: Vec<&At> = self.of(*stage).map(|member| &member.at).filter(|at| **at != At::Pinned).collect();
            let is_known = proofs.iter().any(|proof| proof.stage == *stage && proof.number == number);
            if members.iter().any(|at| matches!(at, At::Failed(_))) {
                proofs.retain(|proof| proof.stage != *stage || proof.number != number);
            } else if !is_known && !members.is_empty() && members.iter().all(|at| **at == At::Proved) {
                proofs.push(Proof { stage: *stage, number, since: self.now });
            }
        }
        // What the last stage has went all the way.
        let last = used.last().map_or(self.newest_number(), |stage| self.number(*stage));
        proofs.retain(|proof| proof.number > last);
        proofs
    }

    /// How far each stage is.
    pub fn states(&self) -> Vec<StageState> {
        let used = self.used();
        let state = |(place, stage): (usize, &Stage)| StageState {
            stage: *stage,
            proxies: self.of(*stage).count(),
            number: self.number(*stage),
            revision: self.revision(*stage),
            progress: used.get(place + 1).map_or(Progress::Done, |next| self.progress(*stage, *next)),
        };
        let mut states: Vec<StageState> = used.iter().enumerate().map(state).collect();
        if self.left_behind().is_some() {
            let progress = Progress::Waiting { after_rollback: false };
            let revision = self.newest.map(|(_, revision)| revision);
            states.insert(
                0,
                StageState { stage: Stage::Testing, proxies: 0, number: self.newest_number(), revision, progress },
            );
        }
        states
    }

    fn progress(&self, stage: Stage, next: Stage) -> Progress {
        let number = self.number(stage);
        if self.number(next) >= number {
            return Progress::Done;
        }
        if let Some((proxy, error)) = self.failure(stage) {
            return Progress::Stopped { proxy, error };
        }
        if self.of(stage).all(|member| member.at == At::Pinned) {
            return Progress::Pinned;
        }
        if !self.can_get(next, number) {
            return Progress::Overtaken;
        }
        let after_rollback = self.stages.of(next).is_some_and(|held| held.why == Moved::Rollback);
        let Some(proof) = self.proofs.iter().find(|proof| proof.stage == stage && proof.number == number) else {
            let waits = self.of(stage).find(|member| member.at == At::Waits);
            return Progress::Syncing { proxy: waits.map(|member| member.name.clone()) };
        };
        if after_rollback || self.mode == StageMode::Hand {
            return Progress::Waiting { after_rollback };
        }
        match proof.since + self.soak {
            until if until > self.now => Progress::Soaking { until },
            _ => Progress::Ready,
        }
    }

    /// Whether this stage can have that promotion. What reads the source itself gets only the map that the source has: of
    /// another one, what is told as promoted would be untrue, and a stage on the way could never prove it.
    fn can_get(&self, stage: Stage, number: i64) -> bool {
        let mut others = self.of(stage).filter(|member| member.at != At::Pinned).map(|member| !member.reads_source);
        let is_last = self.used().last() == Some(&stage);
        (number >= self.newest_number() && self.is_newest_at_source)
            || if is_last { others.any(|is_other| is_other) } else { others.all(|is_other| is_other) }
    }

    /// What failed in this stage.
    pub fn failure(&self, stage: Stage) -> Option<(String, Error)> {
        self.of(stage).find_map(|member| match &member.at {
            At::Failed(error) | At::Away(error) => Some((member.name.clone(), error.clone())),
            _ => None,
        })
    }

    /// What may go on by rule: a stage, and the promotions that soaked long enough in the one before it, the newest first.
    /// A source that ships more often than the soak lasts has one that soaked while a newer one does.
    pub fn ready(&self) -> Vec<(Stage, Vec<i64>)> {
        if self.mode != StageMode::Rule {
            return Vec::new();
        }
        let used = self.used();
        let pairs = used.windows(2).filter_map(|pair| {
            let [stage, next] = *pair else { return None };
            let is_after_rollback = self.stages.of(next).is_some_and(|held| held.why == Moved::Rollback);
            if is_after_rollback || self.failure(stage).is_some() {
                return None;
            }
            let has = self.number(next);
            let soaked =
                |proof: &&Proof| proof.stage == stage && proof.number > has && proof.since + self.soak <= self.now;
            let numbers = self.proofs.iter().filter(soaked).map(|proof| proof.number);
            let mut numbers: Vec<i64> = numbers.filter(|number| self.can_get(next, *number)).collect();
            numbers.sort_unstable_by(|one, other| other.cmp(one));
            (!numbers.is_empty()).then_some((next, numbers))
        });
        pairs.collect()
    }

    /// Where a person's "promote" leads: to this stage, or without one to the next that has an older map, and every one
    /// before it; and the promotion that they get, which is what the first of the stages before has.
    ///
    /// # Errors
    /// `not_found` where they have it already, or nothing comes before; `held` where a proxy failed with it and nobody
    /// said that this does not matter.
    pub fn by_hand(&self, to: Option<Stage>, force: bool) -> Result<(Stage, i64), Error> {
        if let Some(stage) = self.left_behind() {
            return Ok((stage, self.newest_number()));
        }
        let used = self.used();
        let next = used.windows(2).find(|pair| self.number(pair[1]) < self.number(pair[0])).map(|pair| pair[1]);
        let none = |message: String| Error::new(ErrorCode::NotFound, message).field("to");
        let Some(next) = next else {
            return Err(none(if self.mode == StageMode::Off {
                "Maps go to all proxies at once, so there is nothing to promote. `autosync stages rule` lets them go to testing first (Settings, Checks).".to_owned()
            } else {
                "Every stage has the newest map already. Nothing was changed.".to_owned()
            }));
        };
        let to = to.unwrap_or(next);
        // What is promoted is what the stage before has: without that, the newest.
        let before = used.iter().rev().find(|stage| **stage < to && self.number(**stage) > self.number(to));
        let Some(before) = before else {
            return Err(none(format!("The stage before {to} has no newer map. Nothing was changed.")));
        };
        let number = self.number(*before);
        if !self.can_get(to, number) {
            return Err(Error::new(
                ErrorCode::Held,
                format!(
                    "Proxies for {to} read the source itself, and that has a newer map than {before} by now, so they cannot get this one. They can get the newer one once {before} has it. To give out older maps as well, use the gateway."
                ),
            ));
        }
        match self.failure(*before) {
            Some((proxy, error)) if !force => Err(Error::new(
                ErrorCode::Held,
                format!(
                    "{proxy} failed with this map, so it was not promoted. {} Once that works it goes on; `autosync promote --force` promotes it all the same.",
                    error.message
                ),
            )),
            _ => Ok((to, number)),
        }
    }
}

#[cfg(test)]
mod tests;
