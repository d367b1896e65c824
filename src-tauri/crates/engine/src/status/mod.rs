//! The state of everything, as `autosync status --json` gives it. Reads only: the ledger, and each proxy over HTTP.

mod ask;
mod used;
mod zero;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use costmap::{Revision, resolve_aliases};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

pub(crate) use ask::{Asking, Radar, sync_state};
pub use used::{NAMED_UNPRICED, PriceList, UsedModels};
pub(crate) use zero::Known as ZeroKnown;
pub use zero::{Spend, Unpriced, ZERO_DAYS, ZeroCause, ZeroCost, ZeroModel, ZeroReport, zero_reports};

use crate::controller::{Environment, PAUSE_KEY, PROOFS_KEY, PauseState, conclusive};
use crate::gate::{At, Desired, Known, Member, Proof, StageFacts, StageState, is_at_source};
use crate::gateway::known_state;
use crate::ledger::{Ledger, Pin, Pins, Promotion, Stages, SuccessRate};
use crate::pin::PinState;
use crate::proxy::{Capabilities, ScheduleStatus, Version};
use crate::schedule::{AskedFor, Plan, Scheduler, delta, staged, wanted};
use crate::secrets::Secrets;
use crate::settings::{Settings, StageMode};
use crate::source::Source;
use crate::sync::{OwnSchedule, SourceState, last_source, leads, parsed};
use crate::{Clock, Error, Result};

/// The success rate is told over this many days (CONTRACT, `status`).
pub(crate) const RATE_DAYS: u32 = 30;

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
    /// What is published, in a bucket or on a web server.
    Bucket,
    /// From the file in its installation.
    LocalFile,
    /// It does not tell.
    Unknown,
}

impl Reads {
    /// Whether what is promoted here reaches it, also where the source has a newer map by now; none where it does not tell.
    pub fn gets_promoted(self) -> Option<bool> {
        match self {
            Self::Gateway | Self::Bucket | Self::LocalFile => Some(true),
            Self::Direct => Some(false),
            Self::Unknown => None,
        }
    }
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
    /// Which map it is meant to have; null until it was judged.
    #[serde(default)]
    pub desired: Option<Desired>,
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
    /// No person has asked for a sync of it yet, at this address: until then nothing else syncs it.
    #[serde(default)]
    pub awaits_first_sync: bool,
    /// Over the last 30 days.
    pub success_rate: SuccessRate,
    /// The proxy's own schedule; null where that is not known.
    pub proxy_schedule: Option<ScheduleStatus>,
    /// How the schedule fares by which it is wanted to reload by itself; null where none is, and where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_schedule: Option<OwnSchedule>,
    /// Its schedule for Anthropic beta headers, where one is wanted; null else and where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta_headers_schedule: Option<ScheduleStatus>,
    /// Why it is not up, or what it cannot do.
    pub error: Option<Error>,
    /// That LiteLLM withdrew the release that it runs, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Entries of the cost map that its deployments are priced by, sorted, at most 5,000: a change of one of these
    /// concerns this proxy.
    #[serde(default)]
    pub used_models: Vec<String>,
    /// Callable models that nothing prices, which LiteLLM bills as $0; sorted, at most 100.
    #[serde(default)]
    pub unpriced_models: Vec<String>,
    /// The entry that would price the first of these: what its deployment asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpriced_entry: Option<String>,
    /// Calls that were booked at $0; null where that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_cost: Option<ZeroCost>,
    /// What the proxy said of that, for as long as it is not asked again.
    #[serde(skip)]
    pub spend: Option<Arc<Spend>>,
}

impl ProxyStatus {
    /// Of a proxy that was not asked yet.
    pub fn unknown(name: &str, url: &str, role: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            role: role.to_owned(),
            sync: SyncState::Unknown,
            health: Health::Down,
            version: None,
            database: None,
            reads: Reads::Unknown,
            desired: None,
            live: None,
            callable_models: None,
            last_run: None,
            last_success: None,
            next_run: None,
            awaits_first_sync: false,
            success_rate: SuccessRate { days: RATE_DAYS, ..SuccessRate::default() },
            proxy_schedule: None,
            own_schedule: None,
            beta_headers_schedule: None,
            error: None,
            withdrawn: None,
            used_models: Vec::new(),
            unpriced_models: Vec::new(),
            unpriced_entry: None,
            zero_cost: None,
            spend: None,
        }
    }
}

/// `autosync status --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The source.
    pub source: SourceState,
    /// The map that proxies are meant to have.
    pub promoted: Option<Promotion>,
    /// What all proxies are held at.
    pub pin: Option<PinState>,
    /// What single proxies are held at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxy_pins: Vec<PinState>,
    /// Whether the schedule is paused, and until when.
    #[serde(flatten)]
    pub pause: PauseState,
    /// How far each stage is on the way to production; left out where maps go to all proxies at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageState>,
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
    let StatusContext { settings, ledger, secrets, environment, clock } = context;
    let url = settings.source().map(|source| Source::from(source).to_string()).unwrap_or_default();
    let (source, promoted, paused_until) = match ledger {
        Some(ledger) => (
            last_source(ledger, &url).await?,
            ledger.promoted().await?,
            ledger.get_state::<Option<DateTime<Utc>>>(PAUSE_KEY).await?.flatten(),
        ),
        None => (None, None, None),
    };
    let source = source.unwrap_or_else(|| SourceState::unknown(url));
    let (pins, stages, newest) = match ledger {
        Some(ledger) => (ledger.pins().await?, ledger.stages().await?, ledger.newest().await?),
        None => (Pins::default(), Stages::default(), None),
    };
    let newest_number = newest.as_ref().map(|(number, promotion)| (*number, promotion.revision));
    let is_newest_at_source = is_at_source(newest.as_ref().map(|(_, promotion)| promotion), Some(&source));
    let newest = newest.map(|(_, promotion)| promotion);
    let mut members = Vec::new();
    let prices = match (ledger, &promoted) {
        (Some(ledger), Some(promotion)) => price_list(ledger, &promotion.billed(settings.gate.direct)).await?,
        _ => None,
    };
    let now = clock.now();
    let mut scheduler = Scheduler::new(Plan::of(settings).0, now);
    scheduler.pause_until(paused_until);
    scheduler.want(wanted(Some(&source)));
    let asked_for = match ledger {
        Some(ledger) => AskedFor::read(ledger, settings).await?,
        None => AskedFor::default(),
    };
    for proxy in &settings.proxies {
        scheduler.set_asked_for(proxy.name.as_str(), asked_for.has(proxy));
        scheduler.stage(proxy.name.as_str(), stages.of(proxy.role.into()).map(staged));
    }
    let mut proxies = Vec::new();
    let (gateway, address) = known_state(ledger, settings.gateway, false).await?;
    let asking = Asking {
        ledger,
        clock,
        prices: prices.as_ref(),
        gateway: address.as_ref(),
        readers: &gateway.readers,
        publish: settings.publish.as_ref(),
        radar: Radar::Off,
    };
    let asked = settings.proxies.iter().map(async |proxy| {
        let key = secrets.key_for(proxy, &**environment).await;
        asking.clone().ask(proxy, key).await
    });
    for asked in join_all(asked).await {
        let ask::Asked { mut status, last_run, proved } = asked?;
        let (pin, stage) = (pins.of(&status.name), settings.stage_of(&status.name));
        let staged = stages.promotion(stage, newest.as_ref());
        // What is published is one map for all.
        let staged = if status.reads == Reads::Bucket { promoted.as_ref() } else { staged };
        let promoted = pin.map(|pin| &pin.promotion).or(staged);
        let known = Known {
            source: Some(&source),
            promoted,
            resolved: resolved_for(ledger, &status, promoted).await?,
            direct: settings.gate.direct,
            is_barred: pin.is_some()
                || source.revision.is_some_and(|newest| pins.skips(&newest) || stages.keeps(stage, &newest)),
        };
        let desired = Desired::of(status.reads.into(), known);
        status.desired = Some(desired);
        status.sync = sync_state(&status, Some(&source), desired, last_run.as_ref(), proved);
        if let Some(run) = &last_run {
            scheduler.record(&status.name, run.started, run.attempted(), conclusive(run));
        }
        let proxy = settings.proxies.iter().find(|proxy| proxy.name.as_str() == status.name);
        scheduler.leads(&status.name, proxy.is_some_and(|proxy| leads(proxy, status.own_schedule)));
        status.next_run = scheduler.next_run(&status.name);
        status.awaits_first_sync = proxy.is_some_and(|proxy| !asked_for.has(proxy));
        let at = if pin.is_some_and(|pin| pin.proxy.is_some()) {
            At::Pinned
        } else {
            let upstream = stages.promotion(stage, newest.as_ref()).map(|promotion| promotion.upstream);
            At::of(Some(&status), last_run.as_ref(), proved, false, upstream)
        };
        if settings.is_in_stages(&status.name) {
            let was_promoted = || last_run.as_ref().is_some_and(|run| run.upstream.is_some());
            let reads_source = !status.reads.gets_promoted().unwrap_or_else(was_promoted);
            members.push(Member { name: status.name.clone(), stage, at, reads_source });
        }
        proxies.push(status);
    }
    let is_known =
        |pin: &&Pin| settings.proxies.iter().any(|proxy| pin.proxy.as_deref().is_some_and(|name| proxy.name.is(name)));
    let proxy_pins = pins.each.iter().filter(is_known).map(|pin| PinState::of(pin, &pins)).collect();
    let (pin, pause) = (PinState::of_all(&pins), PauseState::of(paused_until, now));
    let proofs = match ledger {
        Some(ledger) => ledger.get_state::<Vec<Proof>>(PROOFS_KEY).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    let facts = StageFacts {
        mode: settings.gate.stages,
        soak: delta(settings.gate.stage_soak),
        stages: &stages,
        newest: newest_number,
        is_newest_at_source,
        members: &members,
        proofs: &proofs,
        now,
    };
    let stages = if settings.gate.stages == StageMode::Off { Vec::new() } else { facts.states() };
    Ok(StatusReport { source, promoted, pin, proxy_pins, pause, stages, proxies })
}

/// What the gateway sends to this proxy in place of the promoted map: where it reads the gateway and knows no alias rows.
pub(crate) async fn resolved_for(
    ledger: Option<&Ledger>,
    status: &ProxyStatus,
    promoted: Option<&Promotion>,
) -> Result<Option<Revision>> {
    let version = status.version.as_deref().map(Version::new).filter(Version::is_known);
    let knows = version.is_none_or(|version| Capabilities::of(&version).serves_alias_rows);
    let is_made = matches!(status.reads, Reads::Gateway | Reads::LocalFile) && !knows;
    let (Some(ledger), Some(promotion), true) = (ledger, promoted, is_made) else {
        return Ok(None);
    };
    let Some(map) = parsed(ledger, &promotion.revision).await? else { return Ok(None) };
    Ok(resolve_aliases(&map).map(|bytes| Revision::of(&bytes)))
}

/// The names of the map by which proxies bill; `None` where the ledger does not have it.
pub(crate) async fn price_list(ledger: &Ledger, billed: &Revision) -> Result<Option<PriceList>> {
    Ok(parsed(ledger, billed).await?.map(|map| PriceList::of(&map)))
}
