//! What came together is told together: news of one cause is one alert.

use chrono::{DateTime, Utc};

use super::digest::DigestNews;
use super::{Alert, Zone, words};
use crate::ledger::{Ledger, News, Pending, Retirement};
use crate::run::{Outcome, SyncRun};
use crate::settings::AlertKind;
use crate::{Error, ErrorCode, Result};

/// News of one cause.
#[derive(Clone, Debug, PartialEq)]
pub enum Gathered {
    /// Other maps came to the source.
    Digest(DigestNews),
    /// The source sends what is no map.
    Source {
        /// Since when.
        at: DateTime<Utc>,
        /// Why.
        error: Error,
    },
    /// Proxies failed alike.
    Failures(Vec<FirstFailure>),
    /// Proxies work again.
    Healed(Vec<(SyncRun, DateTime<Utc>)>),
    /// Proxies had lost something, and have it again.
    PutRight(Vec<SyncRun>),
    /// Proxies fail too often.
    LowRate {
        /// Since when.
        at: DateTime<Utc>,
        /// Each.
        rates: Vec<Rate>,
    },
    /// Models retire soon.
    Retiring {
        /// When it was seen.
        at: DateTime<Utc>,
        /// Each.
        models: Vec<Retirement>,
    },
    /// Proxies fell back to the maps in their packages.
    Fallback {
        /// Since when.
        at: DateTime<Utc>,
        /// Each, with its reason.
        proxies: Vec<(String, Option<String>)>,
    },
    /// Proxies run a release that was withdrawn.
    Withdrawn {
        /// When it was seen.
        at: DateTime<Utc>,
        /// Which.
        proxies: Vec<String>,
        /// Which release, why, and what to do.
        text: String,
    },
}

/// The first failure of a proxy after what worked.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstFailure {
    /// The run.
    pub run: SyncRun,
    /// How often it failed from then on, this one included.
    pub times: u64,
}

/// How often a proxy works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The proxy.
    pub proxy: String,
    /// Over so many days.
    pub days: u32,
    /// Runs that worked.
    pub succeeded: u64,
    /// Runs that did not.
    pub failed: u64,
    /// The limit, in per cent.
    pub limit: u8,
}

impl Gathered {
    /// Of which kind it is. A digest may be of several; this is the first that it may be.
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::Digest(_) => AlertKind::Anomalies,
            Self::Source { .. } | Self::Failures(_) | Self::Healed(_) | Self::PutRight(_) => AlertKind::Failures,
            Self::LowRate { .. } => AlertKind::SuccessRate,
            Self::Retiring { .. } => AlertKind::Retiring,
            Self::Fallback { .. } => AlertKind::Fallback,
            Self::Withdrawn { .. } => AlertKind::Withdrawn,
        }
    }

    /// In words; none for a digest, which needs the maps, and where there is nothing to say.
    pub fn alert(&self, now: DateTime<Utc>, zone: Zone<'_>) -> Option<Alert> {
        words::alert(self, now, zone)
    }

    /// Whether it says anything of this proxy's runs.
    fn is_about(&self, proxy: &str) -> bool {
        match self {
            Self::Failures(failures) => failures.iter().any(|failure| failure.run.proxy == proxy),
            Self::Healed(healed) => healed.iter().any(|(run, _)| run.proxy == proxy),
            _ => false,
        }
    }

    /// Takes in what has the same cause; gives back what has not.
    fn join(&mut self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Digest(known), Self::Digest(news)) => known.follow(news),
            (Self::Source { error: known, .. }, Self::Source { error, .. }) if known.code == error.code => {
                *known = error;
            }
            (Self::Failures(known), Self::Failures(more)) if alike(known, &more) => known.extend(more),
            (Self::Healed(known), Self::Healed(more)) => known.extend(more),
            (Self::PutRight(known), Self::PutRight(more)) => known.extend(more),
            (Self::LowRate { rates: known, .. }, Self::LowRate { rates, .. }) => known.extend(rates),
            (Self::Retiring { models: known, .. }, Self::Retiring { models, .. }) => known.extend(models),
            (Self::Fallback { proxies: known, .. }, Self::Fallback { proxies, .. }) => {
                known.retain(|(name, _)| proxies.iter().all(|(again, _)| again != name));
                known.extend(proxies);
            }
            (Self::Withdrawn { proxies: known, text, .. }, Self::Withdrawn { proxies, text: same, .. })
                if *text == same =>
            {
                known.extend(proxies);
            }
            (_, other) => return Some(other),
        }
        None
    }
}

/// Failed for one cause: in the same way, with the same code.
fn alike(known: &[FirstFailure], more: &[FirstFailure]) -> bool {
    let cause = |failures: &[FirstFailure]| {
        let run = &failures.first()?.run;
        Some((run.outcome, run.error.as_ref().map(|error| error.code)))
    };
    cause(known) == cause(more)
}

/// News by its cause, each where its first came. A proxy that failed, healed and failed again is told in that order.
///
/// # Errors
/// The ledger's. News of a run that is not there any more is left out.
pub async fn gather(ledger: &Ledger, pending: &[Pending]) -> Result<Vec<Gathered>> {
    let mut all: Vec<Gathered> = Vec::new();
    for one in pending {
        let Some(gathered) = read(ledger, one).await? else { continue };
        let proxy = match &gathered {
            Gathered::Failures(failures) => failures.first().map(|failure| failure.run.proxy.clone()),
            Gathered::Healed(healed) => healed.first().map(|(run, _)| run.proxy.clone()),
            _ => None,
        };
        // Not before what was told of the same proxy.
        let from = all.iter().rposition(|known| proxy.as_ref().is_some_and(|proxy| known.is_about(proxy)));
        let mut left = Some(gathered);
        for known in all.iter_mut().skip(from.map_or(0, |from| from + 1)) {
            let Some(gathered) = left.take() else { break };
            left = known.join(gathered);
        }
        all.extend(left);
    }
    Ok(all)
}

async fn read(ledger: &Ledger, one: &Pending) -> Result<Option<Gathered>> {
    let at = one.at;
    let run = async |id| match ledger.run(id).await {
        Ok(run) => Ok(Some(run)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok(Some(match one.news.clone() {
        News::Digest { revision, before, held_because, used } => {
            Gathered::Digest(DigestNews { at, revision, before, held_because, used })
        }
        News::Source { error } => Gathered::Source { at, error },
        News::Failure { run: id } => {
            let Some(run) = run(id).await?.filter(|run| matches!(run.outcome, Outcome::Failed | Outcome::Unproven))
            else {
                return Ok(None);
            };
            let times = ledger.failures_from(&run.proxy, id).await?;
            Gathered::Failures(vec![FirstFailure { run, times }])
        }
        News::Healed { run: id, since } => match run(id).await? {
            Some(run) => Gathered::Healed(vec![(run, since)]),
            None => return Ok(None),
        },
        News::PutRight { run: id } => match run(id).await? {
            Some(run) => Gathered::PutRight(vec![run]),
            None => return Ok(None),
        },
        News::LowRate { proxy, days, succeeded, failed, limit } => {
            Gathered::LowRate { at, rates: vec![Rate { proxy, days, succeeded, failed, limit }] }
        }
        News::Retiring(model) => Gathered::Retiring { at, models: vec![model] },
        News::Fallback { proxy, reason, .. } => Gathered::Fallback { at, proxies: vec![(proxy, reason)] },
        News::Withdrawn { proxy, text } => Gathered::Withdrawn { at, proxies: vec![proxy], text },
    }))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::run::Trigger;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-03-04T14:02:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    async fn ledger() -> (tempfile::TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        let (ledger, _) = Ledger::open(&path, &crate::Clock::manual(at(0))).await.unwrap();
        (dir, ledger)
    }

    async fn end(ledger: &Ledger, proxy: &str, code: Option<ErrorCode>, minute: i64) {
        let id = ledger.start_run(proxy, Trigger::Schedule, at(minute)).await.unwrap();
        let mut run = ledger.run(id).await.unwrap();
        run.finished = Some(at(minute));
        run.outcome = if code.is_some() { Outcome::Failed } else { Outcome::Unchanged };
        run.error = code.map(|code| Error::new(code, "It said no."));
        ledger.finish_run(&run).await.unwrap();
    }

    async fn told(ledger: &Ledger) -> Vec<String> {
        let pending = ledger.untold().await.unwrap();
        let all = gather(ledger, &pending).await.unwrap();
        let zone = |at: DateTime<Utc>| at.format("%H:%M").to_string();
        all.iter().filter_map(|one| one.alert(at(60), &zone)).map(|alert| alert.title).collect()
    }

    #[tokio::test]
    async fn proxies_that_fail_alike_are_one_alert_with_how_often_and_since_when() {
        let (_dir, ledger) = ledger().await;
        let down = Some(ErrorCode::ProxyUnreachable);
        end(&ledger, "eu", down, 0).await;
        end(&ledger, "us", down, 1).await;
        end(&ledger, "key", Some(ErrorCode::Unauthorised), 1).await;
        end(&ledger, "ap", down, 2).await;
        end(&ledger, "eu", down, 3).await;
        end(&ledger, "us", down, 4).await;
        let all = ["3 proxies could not be synced, 5 times since 14:02", "key could not be synced"];
        assert_eq!(told(&ledger).await, all);
        end(&ledger, "eu", None, 5).await;
        end(&ledger, "us", None, 5).await;
        end(&ledger, "eu", Some(ErrorCode::Unauthorised), 6).await;
        let after = told(&ledger).await;
        assert_eq!(after[..2], all);
        assert_eq!(
            after[2..],
            ["2 proxies are synced again", "eu could not be synced"],
            "in the order in which it was"
        );
    }
}
