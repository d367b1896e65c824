//! The state of everything, as `autosync status --json` gives it. Reads only: the ledger, and each proxy over HTTP.

use chrono::{DateTime, Utc};
use costmap::{Revision, Verdict};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::controller::{Environment, PauseState, conclusive};
use crate::ledger::{Ledger, Promotion, RunFilter, SuccessRate};
use crate::net::shown_text;
use crate::proxy::{Database, KeyState, ProxyClient, ProxyFacts, ScheduleStatus, SourceInfo};
use crate::run::{Outcome, SyncRun};
use crate::schedule::{Plan, Scheduler};
use crate::secrets::Secrets;
use crate::settings::{Proxy, Settings};
use crate::source::Source;
use crate::sync::{SourceState, last_source};
use crate::{Clock, Error, ErrorCode, Result};

/// The success rate is told over this many days (CONTRACT, `status`).
const RATE_DAYS: u32 = 30;

/// Desired against live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// The proxy holds the desired map.
    Synced,
    /// It holds another one.
    Behind,
    /// It holds another one, and the checks hold the desired one back.
    Held,
    /// Nobody knows yet.
    Unknown,
}

/// Whether the proxy can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It answers.
    Up,
    /// It answers, but fell back to an old copy, or its replicas disagree.
    Degraded,
    /// It does not answer.
    Down,
    /// It refuses the key.
    Unauthorised,
}

/// Where the proxy gets its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// From its own URL.
    Direct,
    /// From our gateway.
    Gateway,
    /// From the file in its installation.
    LocalFile,
    /// It does not tell.
    Unknown,
}

/// What a proxy says that it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveState {
    /// `remote` or `local`.
    pub source: String,
    /// Where it reads from.
    pub url: Option<String>,
    /// The git blob id, where it knows.
    pub revision: Option<Revision>,
    /// Its own count, configured models included.
    pub models: Option<u64>,
    /// When it loaded the map.
    pub loaded_at: Option<DateTime<Utc>>,
    /// Why it fell back to the copy in its package.
    pub fallback_reason: Option<String>,
}

/// One proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProxyStatus {
    /// Its name in the settings.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What it is used for.
    pub role: String,
    /// Desired against live.
    pub sync: SyncState,
    /// Whether it can be used.
    pub health: Health,
    /// LiteLLM's version.
    pub version: Option<String>,
    /// Whether it has a database; null where that cannot be told.
    pub database: Option<bool>,
    /// Where it gets its map.
    pub reads: Reads,
    /// What it says that it holds; null where it does not tell.
    pub live: Option<LiveState>,
    /// Models that can be called with this key: not the same as priced ones.
    pub callable_models: Option<u64>,
    /// When the last run was started.
    pub last_run: Option<DateTime<Utc>>,
    /// When the last proved run ended.
    pub last_success: Option<DateTime<Utc>>,
    /// When the schedule is due next.
    pub next_run: Option<DateTime<Utc>>,
    /// Over the last 30 days.
    pub success_rate: SuccessRate,
    /// The proxy's own schedule; null where that is not known.
    pub proxy_schedule: Option<ScheduleStatus>,
    /// Why it is not up, or what it cannot do.
    pub error: Option<Error>,
}

/// `autosync status --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The source.
    pub source: SourceState,
    /// The map that proxies are meant to have.
    pub promoted: Option<Promotion>,
    /// The revision that proxies are held at.
    pub pin: Option<Revision>,
    /// Whether the schedule is paused, and until when.
    #[serde(flatten)]
    pub pause: PauseState,
    /// Each proxy.
    pub proxies: Vec<ProxyStatus>,
}

/// What a status is made from.
#[derive(Clone, Copy)]
pub struct StatusContext<'a> {
    /// The settings, with the environment's proxy.
    pub settings: &'a Settings,
    /// The ledger, if there is one yet.
    pub ledger: Option<&'a Ledger>,
    /// The keys.
    pub secrets: &'a Secrets,
    /// Reads an environment variable, for keys that live there.
    pub environment: &'a Environment,
    /// The time.
    pub clock: &'a Clock,
}

/// Asks every proxy at once and adds what the ledger knows.
///
/// # Errors
/// The ledger's. A proxy that does not answer is a state, not an error.
pub async fn status(context: StatusContext<'_>) -> Result<StatusReport> {
    let url = context.settings.source().map(|source| Source::from(source).to_string()).unwrap_or_default();
    let (source, promoted, paused_until) = match context.ledger {
        Some(ledger) => (
            last_source(ledger, &url).await?,
            ledger.promoted().await?,
            ledger.get_state::<Option<DateTime<Utc>>>("paused_until").await?.flatten(),
        ),
        None => (None, None, None),
    };
    let source = source.unwrap_or_else(|| SourceState::unknown(url));
    let now = context.clock.now();
    let mut scheduler = Scheduler::new(Plan::of(context.settings).0, now);
    scheduler.pause_until(paused_until);
    let mut proxies = Vec::new();
    for proxy in join_all(context.settings.proxies.iter().map(|proxy| one(context, proxy, &source))).await {
        let (mut proxy, last) = proxy?;
        if let Some((last, conclusive)) = last {
            scheduler.record(&proxy.name, last, conclusive);
        }
        proxy.next_run = scheduler.next_run(&proxy.name);
        proxies.push(proxy);
    }
    Ok(StatusReport { source, promoted, pin: None, pause: PauseState::of(paused_until, now), proxies })
}

/// The proxy's state, and when its last run began and whether that settled its revision.
async fn one(
    context: StatusContext<'_>,
    proxy: &Proxy,
    source: &SourceState,
) -> Result<(ProxyStatus, Option<(DateTime<Utc>, bool)>)> {
    let name = proxy.name.to_string();
    let mut status = ProxyStatus {
        url: proxy.url.to_string(),
        role: proxy.role.to_string(),
        sync: SyncState::Unknown,
        health: Health::Down,
        version: None,
        database: None,
        reads: Reads::Unknown,
        live: None,
        callable_models: None,
        last_run: None,
        last_success: None,
        next_run: None,
        success_rate: SuccessRate { days: RATE_DAYS, ..SuccessRate::default() },
        proxy_schedule: None,
        error: None,
        name: name.clone(),
    };
    let mut proved = None;
    let mut last_run = None;
    if let Some(ledger) = context.ledger {
        let last = ledger.runs(RunFilter { proxy: Some(name.clone()), limit: 1, before: None }).await?.pop();
        status.last_run = last.as_ref().map(|run| run.started);
        last_run = last;
        let success = ledger.last_success(&name).await?;
        status.last_success = success.as_ref().and_then(|run| run.finished);
        proved = success.and_then(|run| run.receipt).map(|receipt| receipt.revision);
        status.success_rate = ledger.success_rate(&name, RATE_DAYS, context.clock.now()).await?;
    }
    if let Err(error) = ask(context, proxy, &mut status).await {
        status.health = match error.code {
            ErrorCode::Unauthorised | ErrorCode::NoKey | ErrorCode::NoSecretStore => Health::Unauthorised,
            _ => Health::Down,
        };
        status.error = Some(error);
    }
    status.sync = sync_state(&status, source, proved);
    // A revision that the proxy names is no proof (LITELLM, trap 6): what the last run could not prove is behind.
    let disproved = |run: &SyncRun| {
        matches!(run.outcome, Outcome::Unproven | Outcome::Failed)
            && run.to == source.revision
            && proved != source.revision
    };
    if status.sync == SyncState::Synced && last_run.as_ref().is_some_and(disproved) {
        status.sync = SyncState::Behind;
    }
    Ok((status, last_run.map(|run| (run.started, conclusive(&run)))))
}

/// Fills in what the proxy says. What was learned before a failure stays.
async fn ask(context: StatusContext<'_>, proxy: &Proxy, status: &mut ProxyStatus) -> Result<()> {
    let (key, no_key) = match context.secrets.key_for(proxy, &**context.environment).await {
        Ok(key) => (Some(key), None),
        Err(error) => (None, Some(error)),
    };
    let client = ProxyClient::new(proxy.url.url(), key)?;
    let facts: ProxyFacts = client.probe().await?;
    status.version = facts.version.as_ref().map(ToString::to_string);
    status.health = Health::Up;
    status.database = match facts.database {
        Database::Yes => Some(true),
        Database::No => Some(false),
        Database::Unknown => None,
    };
    if let Some(error) = no_key {
        return Err(error);
    }
    if facts.key != KeyState::Valid {
        return Err(Error::new(ErrorCode::Unauthorised, "The proxy refused the key, or it may not sync."));
    }
    if facts.capabilities.knows_source {
        let answers = client.source_info_sampled(3).await?;
        if answers.len() > 1 {
            status.health = Health::Degraded;
            status.error = Some(Error::new(
                ErrorCode::Unproven,
                "The proxy's workers or replicas hold different maps; they follow at their next poll.",
            ));
        }
        if let Some(info) = answers.into_iter().next() {
            describe(status, info);
        }
    }
    status.callable_models = client.callable_models().await.ok();
    // Without a database "not scheduled" says nothing.
    if facts.database != Database::No {
        status.proxy_schedule = client.schedule_status().await.ok();
    }
    Ok(())
}

fn describe(status: &mut ProxyStatus, info: SourceInfo) {
    status.reads = match (info.is_env_forced, &info.url) {
        (true, _) => Reads::LocalFile,
        (false, Some(_)) => Reads::Direct,
        (false, None) => Reads::Unknown,
    };
    if let Some(reason) = &info.fallback_reason {
        status.health = Health::Degraded;
        status.error = Some(
            Error::new(
                ErrorCode::ProxyFailed,
                "When it started the proxy could not fetch its map, and uses the copy in its package. A sync repairs that.",
            )
            .detail(reason),
        );
    }
    status.live = Some(LiveState {
        source: info.source,
        url: info.url.as_deref().map(shown_text),
        revision: info.source_revision,
        models: Some(info.model_count),
        loaded_at: info.loaded_at,
        fallback_reason: info.fallback_reason,
    });
}

/// A proxy that names its revision is believed; an older one is what the last proof showed.
fn sync_state(status: &ProxyStatus, source: &SourceState, proved: Option<Revision>) -> SyncState {
    let live = status.live.as_ref().and_then(|live| live.revision).or(proved);
    match (source.revision, live) {
        (Some(desired), Some(live)) if desired == live => SyncState::Synced,
        (Some(_), _) if source.verdict == Some(Verdict::Held) => SyncState::Held,
        (Some(_), Some(_)) => SyncState::Behind,
        _ => SyncState::Unknown,
    }
}
