//! One sync job: the source once, then each proxy at the same time.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use costmap::{CheckReport, CostMap};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Environment;
use super::api::{Happening, SyncOrder, SyncReport};
use super::event::Event;
use crate::ledger::Ledger;
use crate::log::{SyncLog, SyncLogLine};
use crate::proxy::ProxyClient;
use crate::run::{Outcome, SyncRun};
use crate::schedule::delta;
use crate::secrets::Secrets;
use crate::settings::{Proxy, Settings};
use crate::source::{FollowingFetcher, Source};
use crate::sync::{
    CheckOrder, RunOrder, SourceCheck, SourceState, Step, check_source, last_source, preview, sync_proxy,
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
    pub(super) events: mpsc::UnboundedSender<Event>,
}

/// A job: these proxies, with the settings as they were when it began.
pub(super) struct Job {
    pub(super) settings: Arc<Settings>,
    pub(super) proxies: Vec<Proxy>,
    pub(super) order: SyncOrder,
    pub(super) cancel: CancellationToken,
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
        record: bool,
        cancel: &CancellationToken,
    ) -> Result<SourceCheck> {
        let source = Source::from(settings.source()?);
        // Fetch, check and promote are one: an older answer that arrives late must not be promoted over a newer one.
        let _promoting = self.promoting.lock().await;
        let live = match self.ledger.promoted().await? {
            Some(_) => None,
            None => cancel.run_until_cancelled(self.live_baseline(proxies)).await.flatten(),
        };
        let fetcher = self.fetcher.get(&settings.network)?;
        let order = CheckOrder {
            fetcher: &fetcher,
            ledger: &self.ledger,
            clock: &self.clock,
            source: &source,
            gate: settings.gate.mode,
            soak: delta(settings.gate.soak),
            live,
            record,
        };
        let checked = check_source(order, cancel).await;
        match &checked {
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

    /// The live map of the first proxy that shows it: what a first candidate is judged against.
    async fn live_baseline(&self, proxies: &[Proxy]) -> Option<Arc<CostMap>> {
        for proxy in proxies {
            let Ok(client) = self.client(proxy).await else { continue };
            if client.identify().await.is_ok()
                && let Ok(bytes) = client.live_map().await
                && let Ok(map) = CostMap::parse(bytes)
            {
                return Some(Arc::new(map));
            }
        }
        None
    }

    async fn client(&self, proxy: &Proxy) -> Result<ProxyClient> {
        let key = match self.secrets.key_for(proxy, &*self.environment).await {
            Ok(key) => Some(key),
            // Told by the run itself, after the proxy was looked at.
            Err(error) if error.code == ErrorCode::NoKey => None,
            Err(error) => return Err(error),
        };
        ProxyClient::new(proxy.url.url(), key)
    }
}

/// Runs the job to its end. Everything that goes wrong is in the report.
pub(super) async fn run(parts: Arc<Parts>, job: Job) -> Result<SyncReport> {
    let dry = job.order.dry_run;
    let started = parts.clock.now();
    let mut runs = HashMap::new();
    for proxy in &job.proxies {
        let name = proxy.name.to_string();
        let id = if dry { 0 } else { parts.ledger.start_run(&name, job.order.trigger, started).await? };
        runs.insert(name.clone(), id);
        parts.tell(Happening::RunStarted { id, proxy: name.clone(), trigger: job.order.trigger });
        parts.tell(Happening::RunStep { id, proxy: name, step: Step::CheckSource });
    }
    let check = parts.check(&job.settings, &job.settings.proxies, !dry, &job.cancel).await;
    let finished = match &check {
        Err(error) => fail_all(&parts, &job, &runs, started, |run| fail(run, error.clone())).await?,
        Ok(SourceCheck { report, candidate: None, .. }) => {
            fail_all(&parts, &job, &runs, started, |run| hold(run, report)).await?
        }
        Ok(check) => each_proxy(&parts, &job, &runs, started, check).await?,
    };
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

fn hold(run: SyncRun, report: &CheckReport) -> SyncRun {
    SyncRun {
        outcome: Outcome::Held,
        error: Some(Error::new(
            ErrorCode::Held,
            "What the source sent is no cost map; the map that was promoted before stays.",
        )),
        to: Some(report.revision),
        findings: report.findings.clone(),
        ..run
    }
}

async fn fail_all(
    parts: &Parts,
    job: &Job,
    ids: &HashMap<String, u64>,
    started: DateTime<Utc>,
    end: impl Fn(SyncRun) -> SyncRun,
) -> Result<Vec<SyncRun>> {
    let mut runs = Vec::new();
    for proxy in &job.proxies {
        let name = proxy.name.to_string();
        let id = ids.get(&name).copied().unwrap_or_default();
        let run = end(SyncRun::started(id, name, job.order.trigger, started));
        runs.push(finish(parts, job, SyncRun { finished: Some(parts.clock.now()), ..run }).await?);
    }
    Ok(runs)
}

async fn each_proxy(
    parts: &Arc<Parts>,
    job: &Job,
    ids: &HashMap<String, u64>,
    started: DateTime<Utc>,
    check: &SourceCheck,
) -> Result<Vec<SyncRun>> {
    let mut tasks = JoinSet::new();
    for proxy in job.proxies.clone() {
        let id = ids.get(proxy.name.as_str()).copied().unwrap_or_default();
        let (parts, check) = (Arc::clone(parts), check.clone());
        let (settings, order, cancel) = (Arc::clone(&job.settings), job.order.clone(), job.cancel.clone());
        tasks.spawn(async move { one_proxy(&parts, &settings, &order, &cancel, &proxy, &check, id, started).await });
    }
    // Each run is written down as it ends, not when the slowest does; one that cannot be written keeps no other back.
    let mut done = HashMap::new();
    let mut trouble = None;
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(run) => match finish(parts, job, run).await {
                Ok(run) => {
                    done.insert(run.proxy.clone(), run);
                }
                Err(error) => trouble = trouble.or(Some(error)),
            },
            Err(error) => tracing::error!(%error, "a sync ended with a defect"),
        }
    }
    if let Some(error) = trouble {
        return Err(error);
    }
    let mut runs = Vec::new();
    for proxy in &job.proxies {
        let name = proxy.name.to_string();
        if let Some(run) = done.remove(&name) {
            runs.push(run);
            continue;
        }
        let run = SyncRun::started(ids.get(&name).copied().unwrap_or_default(), name, job.order.trigger, started);
        let defect = Error::new(ErrorCode::Internal, "The sync ended with a defect in this program; see the app log.");
        runs.push(finish(parts, job, SyncRun { finished: Some(parts.clock.now()), ..fail(run, defect) }).await?);
    }
    Ok(runs)
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
async fn one_proxy(
    parts: &Parts,
    settings: &Settings,
    order: &SyncOrder,
    cancel: &CancellationToken,
    proxy: &Proxy,
    check: &SourceCheck,
    id: u64,
    started: DateTime<Utc>,
) -> SyncRun {
    let name = proxy.name.to_string();
    let begun = SyncRun::started(id, name.clone(), order.trigger, started);
    let ended = |run: SyncRun| SyncRun { finished: Some(parts.clock.now()), ..run };
    let Some(candidate) = &check.candidate else { return ended(hold(begun, &check.report)) };
    // The key store may ask the user something.
    let client = match cancel.run_until_cancelled(parts.client(proxy)).await {
        Some(Ok(client)) => client,
        Some(Err(error)) => return ended(fail(begun, error)),
        None => {
            let cancelled = Error::new(ErrorCode::Cancelled, "Cancelled before the proxy was changed.");
            return ended(fail(begun, cancelled));
        }
    };
    let source = match settings.source() {
        Ok(source) => Source::from(source),
        Err(error) => return ended(fail(begun, error)),
    };
    let on_step = |step| parts.tell(Happening::RunStep { id, proxy: name.clone(), step });
    let run_order = RunOrder {
        name: name.clone(),
        client: &client,
        source: &source,
        candidate,
        direct: settings.gate.direct,
        force: order.force,
        trigger: order.trigger,
        ledger: &parts.ledger,
        clock: &parts.clock,
        on_step: &on_step,
        cancel,
    };
    if order.dry_run { preview(run_order, started).await } else { sync_proxy(run_order, id, started).await }
}

/// Writes the run down before anyone is told of it: what was reported is never lost.
async fn finish(parts: &Parts, job: &Job, run: SyncRun) -> Result<SyncRun> {
    if !job.order.dry_run {
        parts.ledger.finish_run(&run).await?;
        if let Some(line) = SyncLogLine::from_run(&run)
            && let Err(error) = parts.log.append(&line)
        {
            tracing::warn!(%error, "the sync log could not be written; the ledger has the run");
        }
    }
    parts.tell(Happening::RunFinished { run: Box::new(run.clone()) });
    Ok(run)
}
