//! One sync job: the source once, then each proxy at the same time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, NaiveDate, Utc};
use costmap::{CostMap, Revision};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use secrecy::SecretString;
use tokio::sync::{Mutex, RwLock, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Environment;
use super::api::{Happening, SyncOrder, SyncReport};
use super::event::Event;
use super::keys::Keys;
use super::steps::Steps;
use crate::alerts;
use crate::backups;
use crate::gateway::Gateway;
use crate::ledger::Ledger;
use crate::local_file::LocalFile;
use crate::log::{SyncLog, SyncLogLine};
use crate::overlay::OverlayFile;
use crate::proxy::{ProxyClient, Resource};
use crate::publish::{How, Publisher};
use crate::run::{NO_MAP, Outcome, SyncRun, Trigger};
use crate::schedule::delta;
use crate::secrets::Secrets;
use crate::settings::{DirectMode, Proxy, Settings};
use crate::source::{FollowingFetcher, Source};
use crate::status::{PriceList, price_list};
use crate::sync::{
    Candidate, CheckOrder, NoCandidate, RunOrder, SourceCheck, SourceState, Step, check_source, last_source, parsed,
    preview, sync_proxy, wanted,
};
use crate::{Clock, Error, ErrorCode, Result};

/// What every job works with.
pub(super) struct Parts {
    pub(super) ledger: Ledger,
    pub(super) clock: Clock,
    pub(super) fetcher: FollowingFetcher,
    pub(super) secrets: Secrets,
    pub(super) environment: Environment,
    pub(super) log: SyncLog,
    /// Held while a candidate is checked and promoted.
    pub(super) promoting: Mutex<()>,
    /// The source that the settings name now: what another one has is not promoted.
    pub(super) current: RwLock<Option<Source>>,
    /// The names of the map that was promoted when they were last wanted.
    pub(super) prices: Mutex<Option<Arc<PriceList>>>,
    pub(super) keys: Keys,
    pub(super) gateway: Gateway,
    pub(super) overlay: OverlayFile,
    pub(super) publisher: Publisher,
    /// What was looked at last to see which models retire.
    pub(super) retiring: Mutex<Option<(Revision, NaiveDate, Vec<String>)>>,
    /// Something was done that is recorded: no dry run, no preview.
    pub(super) acted: AtomicBool,
    /// The home's folder of copies.
    pub(super) backups: PathBuf,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

/// The key of a proxy that is only typed, where one is known.
#[derive(Clone)]
pub(super) struct DraftKey(pub(super) Option<SecretString>);

/// A run that began: what is known of it before anything was asked.
struct Begun {
    id: u64,
    proxy: String,
    trigger: Trigger,
    started: DateTime<Utc>,
    steps: Steps,
    /// The key of a draft; see [`Job`].
    draft: Option<DraftKey>,
}

impl Begun {
    fn run(&self) -> SyncRun {
        SyncRun::started(self.id, self.proxy.clone(), self.trigger, self.started)
    }

    fn step(&self, parts: &Parts, step: Step) {
        let done = self.steps.begin(step, parts.clock.now());
        if self.draft.is_none() {
            parts.tell(Happening::RunStep { id: self.id, proxy: self.proxy.clone(), step, done });
        }
    }
}

/// The runs of one job, by their proxy.
type Runs = HashMap<String, Arc<Begun>>;

/// A job: these proxies, with the settings as they were when it began.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) settings: Arc<Settings>,
    pub(super) proxies: Vec<Proxy>,
    pub(super) order: SyncOrder,
    /// Ends all of it.
    pub(super) cancel: CancellationToken,
    /// End the run of one proxy, and no other; children of `cancel`.
    pub(super) each: HashMap<String, CancellationToken>,
    /// What each proxy held when it was last asked or proved.
    pub(super) live: HashMap<String, Revision>,
    /// The proxy is a draft: no key store is asked for its key, and nobody is told.
    pub(super) draft: Option<DraftKey>,
}

impl Job {
    fn cancel_of(&self, proxy: &str) -> &CancellationToken {
        self.each.get(proxy).unwrap_or(&self.cancel)
    }
}

impl Parts {
    fn tell(&self, happening: Happening) {
        // The controller is gone only when the program ends; then nobody is left to be told.
        self.events.send(Event::Happened(happening)).ok();
    }

    /// Checks the source and tells about it.
    pub(super) async fn check(
        &self,
        settings: &Settings,
        proxies: &[Proxy],
        draft: Option<&DraftKey>,
        (record, is_asked): (bool, bool),
        cancel: &CancellationToken,
    ) -> Result<SourceCheck> {
        let source = Source::from(settings.source()?);
        // Fetch, check and promote are one: an older answer that arrives late must not be promoted over a newer one. Who
        // only looks promotes nothing, and keeps nobody waiting.
        let _promoting = if record { Some(self.promoting.lock().await) } else { None };
        let live = match self.ledger.newest().await? {
            Some(_) => None,
            None => cancel.run_until_cancelled(self.live_baseline(proxies, draft)).await.flatten(),
        };
        let fetcher = match self.fetcher.get(&settings.network) {
            Ok(fetcher) => fetcher,
            Err(error) => {
                if record {
                    self.tell(Happening::SourceFailed { error: error.clone() });
                }
                return Err(error);
            }
        };
        let (overlay, problem) = self.overlay.current(&self.ledger).await?;
        if let Some(error) = problem {
            tracing::warn!(%error, "the last good overlay still applies");
        }
        let names: Vec<String> = settings.proxies.iter().map(|proxy| proxy.name.to_string()).collect();
        let order = CheckOrder {
            fetcher: &fetcher,
            ledger: &self.ledger,
            clock: &self.clock,
            source: &source,
            gate: settings.gate.mode,
            soak: delta(settings.gate.soak),
            proxies: &names,
            overlay: &overlay,
            is_served: settings.gateway.is_some(),
            live,
            record: record.then_some(&self.current),
        };
        let checked = check_source(order, cancel).await;
        // Also where the source could not be read: what is promoted may not be there yet.
        if record {
            self.publish(settings, How { look: is_asked, replace: false }).await;
            if let Err(error) = backups::keep(&self.ledger, &self.backups).await {
                tracing::warn!(%error, "there is no known-good copy of the promoted map");
            }
        }
        match &checked {
            // A preview is nobody else's news: it changes nothing, and the next look sees the same.
            _ if !record => {}
            Ok(SourceCheck { state: SourceState { error: Some(error), .. }, .. }) => {
                self.tell(Happening::SourceFailed { error: error.clone() });
            }
            Ok(check) => self.tell(Happening::SourceChecked {
                source: check.state.clone(),
                is_new: check.is_new,
                new_models: check.new_models.clone(),
                pricing_changes: check.pricing_changes,
            }),
            Err(error) if error.code == ErrorCode::Cancelled => {}
            Err(error) => self.tell(Happening::SourceFailed { error: error.clone() }),
        }
        checked
    }

    /// Puts what is promoted where it is published.
    pub(super) async fn publish(&self, settings: &Settings, how: How) {
        match self.publisher.follow(settings.publish.as_ref(), &settings.network, how).await {
            Ok(state) => drop(self.events.send(Event::Published { state })),
            Err(error) => tracing::warn!(%error, "what is published could not be written down"),
        }
    }

    /// The names of the map by which proxies bill. Read once for each: it is wanted with every question to a proxy.
    pub(super) async fn prices(&self, direct: DirectMode) -> Result<Option<Arc<PriceList>>> {
        let Some(promotion) = self.ledger.promoted().await? else { return Ok(None) };
        let billed = promotion.billed(direct);
        let mut known = self.prices.lock().await;
        if known.as_ref().is_none_or(|prices| prices.revision() != billed) {
            *known = price_list(&self.ledger, &billed).await?.map(Arc::new);
        }
        Ok(known.clone())
    }

    /// Sees which models in use retire soon, where the map, the models or the day is another one than last time.
    pub(super) async fn note_retiring(&self, settings: &Settings) -> Result<()> {
        let Some(promotion) = self.ledger.promoted().await? else { return Ok(()) };
        let names: Vec<String> = settings.proxies.iter().map(|proxy| proxy.name.to_string()).collect();
        let (now, used) = (self.clock.now(), self.ledger.used_by(&names).await?);
        let looked = (promotion.billed(settings.gate.direct), now.date_naive(), used);
        let mut known = self.retiring.lock().await;
        if known.as_ref() == Some(&looked) {
            return Ok(());
        }
        let Some(map) = parsed(&self.ledger, &looked.0).await? else { return Ok(()) };
        alerts::note_retiring(&self.ledger, &map, &looked.2, now).await?;
        *known = Some(looked);
        Ok(())
    }

    /// The live map of the proxy that shows it first: what a first candidate is judged against. All are asked at once,
    /// so that one that hangs delays no other's run.
    async fn live_baseline(&self, proxies: &[Proxy], draft: Option<&DraftKey>) -> Option<Arc<CostMap>> {
        let mut maps: FuturesUnordered<_> = proxies.iter().map(|proxy| self.live_of(proxy, draft)).collect();
        while let Some(map) = maps.next().await {
            if map.is_some() {
                return map;
            }
        }
        None
    }

    async fn live_of(&self, proxy: &Proxy, draft: Option<&DraftKey>) -> Option<Arc<CostMap>> {
        let client = self.client(proxy, draft).await.ok()?;
        client.identify().await.ok()?;
        CostMap::parse(client.live_map().await.ok()?).ok().map(Arc::new)
    }

    /// The proxy's key, as it is now.
    pub(super) async fn key(&self, proxy: &Proxy) -> Result<SecretString> {
        let key = self.secrets.key_for(proxy, &*self.environment).await;
        self.keys.learn(proxy, &key);
        key
    }

    async fn client(&self, proxy: &Proxy, draft: Option<&DraftKey>) -> Result<ProxyClient> {
        if let Some(DraftKey(key)) = draft {
            return ProxyClient::of(proxy, key.clone());
        }
        let key = match self.key(proxy).await {
            Ok(key) => Some(key),
            // Told by the run itself, after the proxy was looked at.
            Err(error) if error.code == ErrorCode::NoKey => None,
            Err(error) => return Err(error),
        };
        ProxyClient::of(proxy, key)
    }
}

/// Runs the job to its end. Everything that goes wrong is in the report.
pub(super) async fn run(parts: Arc<Parts>, job: Job) -> Result<SyncReport> {
    let dry = job.order.dry_run;
    let started = parts.clock.now();
    let trigger = job.order.trigger;
    let mut runs = Runs::new();
    for proxy in &job.proxies {
        let name = proxy.name.to_string();
        let id = if dry { 0 } else { parts.ledger.start_run(&name, trigger, started).await? };
        let begun =
            Begun { id, proxy: name.clone(), trigger, started, steps: Steps::default(), draft: job.draft.clone() };
        if job.draft.is_none() {
            parts.tell(Happening::RunStarted { id, proxy: name.clone(), trigger });
        }
        begun.step(&parts, Step::CheckSource);
        runs.insert(name, Arc::new(begun));
    }
    let is_asked = trigger == Trigger::Manual;
    let how = (!dry, is_asked);
    let check = parts.check(&job.settings, &job.settings.proxies, job.draft.as_ref(), how, &job.cancel).await;
    if let Ok(check) = &check {
        parts.events.send(Event::JobFound { job: job.number, revision: check.report.revision }).ok();
    }
    let finished = match &check {
        Err(error) if error.code == ErrorCode::Cancelled => {
            fail_all(&parts, &job, &runs, |run| fail(run, error.clone())).await
        }
        check => each_proxy(&parts, &job, &runs, &looked(check)).await,
    };
    if !dry && let Err(error) = parts.note_retiring(&job.settings).await {
        tracing::warn!(%error, "which models retire could not be looked at");
    }
    let (source, findings) = match check {
        Ok(check) => (check.state, check.report.findings),
        Err(error) => {
            let url = job.settings.source().map(|source| Source::from(source).to_string()).unwrap_or_default();
            let known = last_source(&parts.ledger, &url).await?.unwrap_or_else(|| SourceState::unknown(url));
            (SourceState { error: Some(error), ..known }, Vec::new())
        }
    };
    Ok(SyncReport { source, findings, runs: finished })
}

fn fail(run: SyncRun, error: Error) -> SyncRun {
    let outcome = if error.code == ErrorCode::Cancelled { Outcome::Interrupted } else { Outcome::Failed };
    SyncRun { outcome, error: Some(error), ..run }
}

/// The candidate, or why there is none.
type Looked = Result<Arc<Candidate>, Arc<NoCandidate>>;

fn looked(check: &Result<SourceCheck>) -> Looked {
    let none = match check {
        Ok(SourceCheck { candidate: Some(candidate), .. }) => return Ok(Arc::new(candidate.clone())),
        Ok(SourceCheck { report, .. }) => NoCandidate {
            error: Error::new(ErrorCode::Held, "What the source sent isn't a cost map; the promoted map stays."),
            findings: report.findings.clone(),
            // What was sent is no revision: the same proxy is tried again soon, and settled by the next map.
            reason: Some(NO_MAP.to_owned()),
        },
        Err(error) => NoCandidate { error: error.clone(), findings: Vec::new(), reason: None },
    };
    Err(Arc::new(none))
}

async fn fail_all(parts: &Parts, job: &Job, begun: &Runs, end: impl Fn(SyncRun) -> SyncRun) -> Vec<SyncRun> {
    let mut runs = Vec::new();
    for proxy in &job.proxies {
        let Some(begun) = begun.get(proxy.name.as_str()) else { continue };
        let run = if job.cancel_of(&begun.proxy).is_cancelled() {
            fail(begun.run(), crate::sync::cancelled())
        } else {
            end(begun.run())
        };
        runs.push(finish(parts, job, begun, run).await);
    }
    runs
}

async fn each_proxy(parts: &Arc<Parts>, job: &Job, begun: &Runs, looked: &Looked) -> Vec<SyncRun> {
    let mut tasks = JoinSet::new();
    let mut names = HashMap::new();
    for proxy in job.proxies.clone() {
        let Some(begun) = begun.get(proxy.name.as_str()).map(Arc::clone) else { continue };
        let (parts, looked) = (Arc::clone(parts), looked.clone());
        let (settings, order) = (Arc::clone(&job.settings), job.order.clone());
        let cancel = job.cancel_of(proxy.name.as_str()).clone();
        let name = proxy.name.to_string();
        let task =
            tasks.spawn(async move { one_proxy(&parts, &settings, &order, &cancel, &proxy, &looked, &begun).await });
        names.insert(task.id(), name);
    }
    // Each run is written down as it ends, not when the slowest does; one that ends with a defect keeps no other back.
    let mut done = HashMap::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let task = ended.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let Some(begun) = names.remove(&task).and_then(|name| begun.get(&name)) else { continue };
        let run = match ended {
            Ok((_, run)) => run,
            Err(error) => fail(begun.run(), defect().detail(error)),
        };
        done.insert(begun.proxy.clone(), finish(parts, job, begun, run).await);
    }
    job.proxies.iter().filter_map(|proxy| done.remove(proxy.name.as_str())).collect()
}

/// A sync ended with a panic.
pub(super) fn defect() -> Error {
    Error::new(ErrorCode::Internal, "The sync failed because of a bug in this program; see the app log.")
}

async fn one_proxy(
    parts: &Parts,
    settings: &Settings,
    order: &SyncOrder,
    cancel: &CancellationToken,
    proxy: &Proxy,
    looked: &Looked,
    begun: &Begun,
) -> SyncRun {
    let candidate = looked.as_deref().map_err(|none| &**none);
    // Also a run that never reaches the proxy was a try with this revision.
    let begun_run = || SyncRun { to: candidate.ok().map(|candidate| candidate.report.revision), ..begun.run() };
    // The key store may ask the user something.
    let client = match cancel.run_until_cancelled(parts.client(proxy, begun.draft.as_ref())).await {
        Some(Ok(client)) => client,
        Some(Err(error)) => return fail(begun_run(), error),
        None => return fail(begun.run(), crate::sync::cancelled()),
    };
    let source = match settings.source() {
        Ok(source) => Source::from(source),
        Err(error) => return fail(begun.run(), error),
    };
    let gateway = parts.gateway.address();
    let on_step = |step| begun.step(parts, step);
    let run_order = RunOrder {
        name: begun.proxy.clone(),
        stage: proxy.role.into(),
        url: proxy.url.to_string(),
        client: &client,
        source: &source,
        candidate,
        gateway: gateway.as_ref(),
        publish: settings.publish.as_ref(),
        local_file: proxy.local_file.as_ref().map(|file| LocalFile::new(&begun.proxy, file, &parts.backups)),
        restart: &proxy.restart,
        own_schedules: Resource::ALL.map(|resource| (resource, wanted(proxy, resource))),
        came: parts.gateway.came(&begun.proxy),
        direct: settings.gate.direct,
        force: order.force,
        trigger: order.trigger,
        ledger: &parts.ledger,
        clock: &parts.clock,
        on_step: &on_step,
        cancel,
    };
    if order.dry_run {
        preview(run_order, begun.started).await
    } else {
        sync_proxy(run_order, begun.id, begun.started).await
    }
}

/// Writes the run down before anyone is told of it: what was reported is never lost. One that could not be written down is
/// told as one that failed for it.
async fn finish(parts: &Parts, job: &Job, begun: &Begun, run: SyncRun) -> SyncRun {
    let finished = run.finished.unwrap_or_else(|| parts.clock.now());
    let mut run = SyncRun { finished: Some(finished), steps: begun.steps.until(finished), ..run };
    if run.outcome == Outcome::Held && run.from.is_none() {
        // It was not asked for this run, and nothing that is done here changed it since.
        run.from = job.live.get(&run.proxy).copied();
    }
    if !job.order.dry_run {
        if let Err(error) = parts.ledger.finish_run(&run).await {
            tracing::error!(%error, run = run.id, outcome = ?run.outcome, "the end of a run could not be recorded");
            run = SyncRun { outcome: Outcome::Failed, error: Some(error), reason: None, receipt: None, ..run };
        }
        let limit = job.settings.notify.success_rate;
        if let Err(error) = alerts::note_rate(&parts.ledger, &run.proxy, limit, finished).await {
            tracing::warn!(%error, "how often a proxy works could not be looked at");
        }
        if let Some(line) = SyncLogLine::from_run(&run)
            && let Err(error) = parts.log.append(&line)
        {
            tracing::warn!(%error, "the sync log could not be written; the ledger has the run");
        }
    }
    if job.draft.is_none() {
        parts.tell(Happening::RunFinished { run: Arc::new(run.clone()) });
    }
    run
}
