//! One run for one proxy, from reading what it holds to the receipt.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use costmap::check::{ProxyVersionFacts, check_compatibility};
use costmap::{CostMap, Finding, Severity, Verdict, diff, diff_from_live};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::candidate::parsed;
use super::promoted::{is_local, through_gateway, write_local};
use super::prove::{Live, NotProven, prove, read_live};
use super::receipt::receipt;
use super::restart::{idle, restart};
use super::schedules;
use super::{Candidate, Operator, OtherSource, OwnGateway, Step};
use crate::diagnosis::{Cause, Diagnosis};
use crate::gate::{Barred, Stage};
use crate::gateway::GatewayAddress;
use crate::ledger::Ledger;
use crate::local_file::LocalFile;
use crate::proxy::{Database, Deployment, KeyState, ProxyClient, ProxyFacts, ReloadAnswer, Resource, Version};
use crate::run::{Outcome, SyncRun, Trigger};
use crate::settings::{DirectMode, Hours, Publish};
use crate::source::Source;
use crate::status::{PriceList, UsedModels};
use crate::{Clock, Error, ErrorCode, Result};

/// Other workers and replicas take a reload over at their next poll, which comes every 30 s (LITELLM, traps 5 and 10).
const REPLICAS_FOLLOW: Duration = Duration::from_secs(36);

/// How often they are asked meanwhile.
const REPLICAS_ASKED: Duration = Duration::from_secs(4);

/// Everything that a run needs.
pub struct RunOrder<'a> {
    /// The proxy's name in the settings.
    pub name: String,
    /// The stage that it belongs to.
    pub stage: Stage,
    /// The proxy's address, as the settings have it.
    pub url: String,
    /// How to reach it.
    pub client: &'a ProxyClient,
    /// Where the map came from.
    pub source: &'a Source,
    /// The checked map, or why there is none: a proxy that reads what was promoted does not need it.
    pub candidate: Result<&'a Candidate, &'a NoCandidate>,
    /// Our gateway, where it is on. A proxy that reads it gets what was promoted.
    pub gateway: Option<&'a GatewayAddress>,
    /// What is published, for proxies that read that.
    pub publish: Option<&'a Publish>,
    /// The map file in the proxy's installation, where that is written here.
    pub local_file: Option<LocalFile>,
    /// The user's own command that restarts it.
    pub restart: &'a [String],
    /// What a person wants the proxy to reload by itself, and how often.
    pub own_schedules: [(Resource, Option<Hours>); 2],
    /// It came for its map at the gateway.
    pub came: bool,
    /// `gate.direct`.
    pub direct: DirectMode,
    /// POST even where the proxy has the map already. Never passes a hold.
    pub force: bool,
    /// Why.
    pub trigger: Trigger,
    /// Maps that were seen before, for an exact diff.
    pub ledger: &'a Ledger,
    /// The time.
    pub clock: &'a Clock,
    /// Told about each step as it begins.
    pub on_step: &'a (dyn Fn(Step) + Send + Sync),
    /// Ends the run as `interrupted` at the next step. A reload that was sent is read back first.
    pub cancel: &'a CancellationToken,
}

/// Why the source has no map that could be synced.
#[derive(Clone, Debug)]
pub struct NoCandidate {
    /// What went wrong.
    pub error: Error,
    /// What the checks said, where bytes came that are no map.
    pub findings: Vec<Finding>,
    /// `reason` of the run.
    pub reason: Option<String>,
}

/// Runs a sync for one proxy. Never fails: what goes wrong is in the run. `id` is 0 until the ledger gives one.
pub async fn sync_proxy(order: RunOrder<'_>, id: u64, started: DateTime<Utc>) -> SyncRun {
    let mut run = begin(&order, id, started);
    match attempt(&order, &mut run).await {
        Ok(outcome) => run.outcome = outcome,
        Err(Stop::NotProven(not)) => {
            run.outcome = Outcome::Unproven;
            run.reason = Some(not.reason.to_owned());
            run.error = Some(not.error);
            run.findings.extend(not.findings);
        }
        Err(Stop::Failed(error)) => {
            run.outcome = match error.code {
                ErrorCode::Cancelled => Outcome::Interrupted,
                ErrorCode::Held => Outcome::Held,
                _ => Outcome::Failed,
            };
            run.error = Some(error);
        }
    }
    if let Err(none) = order.candidate
        && run.error.as_ref() == Some(&none.error)
    {
        run.reason.clone_from(&none.reason);
        run.findings.clone_from(&none.findings);
    }
    run.finished = Some(order.clock.now());
    run
}

/// What a sync would do now (`--dry-run`): reads, and changes nothing.
pub async fn preview(order: RunOrder<'_>, started: DateTime<Utc>) -> SyncRun {
    let mut run = begin(&order, 0, started);
    match unless_cancelled(&order, look(&order, &mut run)).await {
        Ok(Found { waits: None, .. }) => run.outcome = Outcome::Planned,
        Ok(Found { waits: Some(error), .. }) | Err(error) => {
            run.outcome = match error.code {
                ErrorCode::Held => Outcome::Held,
                ErrorCode::Cancelled => Outcome::Interrupted,
                _ => Outcome::Failed,
            };
            run.error = Some(error);
        }
    }
    run.finished = Some(order.clock.now());
    run
}

fn begin(order: &RunOrder<'_>, id: u64, started: DateTime<Utc>) -> SyncRun {
    let run = SyncRun::started(id, order.name.clone(), order.trigger, started);
    match order.candidate {
        Ok(candidate) => SyncRun {
            to: Some(candidate.map.revision()),
            models_after: Some(candidate.map.len()),
            held_models: candidate.held_models.clone(),
            findings: candidate.report.findings.clone(),
            ..run
        },
        Err(_) => run,
    }
}

enum Stop {
    Failed(Error),
    NotProven(Box<NotProven>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<NotProven> for Stop {
    fn from(not: NotProven) -> Self {
        Self::NotProven(Box::new(not))
    }
}

/// What was found before anything is changed.
pub(super) struct Found {
    /// What the proxy is meant to have.
    pub(super) target: Arc<CostMap>,
    pub(super) facts: ProxyFacts,
    pub(super) operator: Operator,
    live: Live,
    /// The entries that its deployments are priced by.
    used: Vec<String>,
    /// It reads only the file in its installation, and that is written here.
    is_local: bool,
    /// Why it is not reloaded, where models wait for a review. What it took by itself is proved all the same.
    waits: Option<Error>,
}

async fn attempt(order: &RunOrder<'_>, run: &mut SyncRun) -> Result<Outcome, Stop> {
    let found = unless_cancelled(order, look(order, run)).await?;
    order.ledger.note_used(&order.name, &found.used).await?;
    // What a proxy reloads by itself is put right before the map, and never while that is held.
    if found.waits.is_none() && found.facts.key == KeyState::Valid {
        run.schedules_set = schedules::keep(order, &found.facts).await?;
    }
    let desired = &found.target;
    if !order.force
        && !lost_something(order, run, &found).await?
        && let Ok(comparison) = prove(&found.live, desired, None, &found.operator).await
    {
        (order.on_step)(Step::Receipt);
        run.receipt = Some(receipt(order, &found, &found.live, &comparison, None).await);
        return Ok(Outcome::Unchanged);
    }
    if let Some(waits) = found.waits {
        return Err(waits.into());
    }
    let restarts = found.facts.database == Database::No && !order.restart.is_empty();
    if let Some(obstacle) = found.facts.obstacle().filter(|obstacle| !(restarts && obstacle.cause == Cause::NoDatabase))
    {
        return Err(obstacle.refusal().into());
    }
    stop_if_cancelled(order)?;
    let schedule = remembered_schedule(order, &found.facts).await;

    if restarts && !order.force {
        idle(order.client, order.cancel).await?;
    }
    (order.on_step)(Step::Reload);
    if let Some(file) = order.local_file.as_ref().filter(|_| found.is_local) {
        write_local(order, file, desired).await?;
    }
    let reloaded = if restarts {
        let loaded_at = found.live.source.as_ref().and_then(|source| source.loaded_at);
        restart(order.restart, order.client, loaded_at, order.cancel).await?;
        Ok(ReloadAnswer::default())
    } else {
        order.client.reload().await
    };
    if let Some(hours) = schedule {
        // LITELLM, trap 3: up to 1.82.0 a reload erases the proxy's own schedule.
        let restored = order.client.schedule_set(Resource::CostMap, hours).await;
        if let Err(error) = restored {
            tracing::warn!(proxy = %order.name, %error, %hours, "the reload erased the proxy's schedule, and it could not be put back");
        }
    }
    let answer = match reloaded {
        Ok(answer) => Some(answer),
        // No answer in time says nothing about what it did: the read-back decides.
        Err(error) if error.code == ErrorCode::ProxyUnreachable => None,
        Err(error) => return Err(error.into()),
    };

    (order.on_step)(Step::ReadBack);
    let after = read_settled(order, &found.facts).await.map_err(|error| {
        let message = "The reload was sent, but the proxy's current map could not be read. Sync again to find out.";
        Error::new(error.code, message).detail(error.message)
    })?;
    let before = found.live.map.as_ref().ok();
    let comparison = match prove(&after, desired, before, &found.operator).await {
        Ok(comparison) => comparison,
        Err(not) => return Err(explained(order, not, &after).await?.into()),
    };

    (order.on_step)(Step::Receipt);
    let count = answer.and_then(|answer| answer.models_count);
    run.receipt = Some(receipt(order, &found, &after, &comparison, count).await);
    Ok(Outcome::Succeeded)
}

/// Whether the live map of a proxy that knows no revisions still has models or prices that the map dropped: what a file
/// lacks is no difference to the proof, so only the last proof tells that the proxy was never given this revision.
async fn lost_something(order: &RunOrder<'_>, run: &SyncRun, found: &Found) -> Result<bool> {
    let dropped = !run.removed_models.is_empty() || run.price_changes.iter().any(|change| change.after.is_none());
    if found.live.revision().is_some() || !dropped {
        return Ok(false);
    }
    let proof = order.ledger.last_success(&order.name, &order.url).await?.and_then(|run| run.receipt);
    Ok(proof.is_some_and(|receipt| receipt.revision != found.target.revision()))
}

/// Says why, where more is known than the comparison shows.
async fn explained(order: &RunOrder<'_>, not: NotProven, after: &Live) -> Result<NotProven> {
    if after.source.as_ref().is_some_and(|info| info.is_env_forced) {
        let local = Diagnosis::local_file();
        let message = format!("{} That file is not this map. {}", local.evidence, local.remedy);
        return Ok(NotProven { error: Error::new(ErrorCode::LocalFile, message), ..not });
    }
    // An earlier map of the source that is not the one from before the reload: its cache is some revisions behind.
    let earlier = match after.revision().filter(|_| not.reason == "other_revision") {
        Some(revision) => order.ledger.revision(&revision).await?.is_some(),
        None => false,
    };
    Ok(if earlier { NotProven { reason: "old_revision", ..not } } else { not })
}

/// Reads the proxy back once its workers and replicas agree, or when they have had time for their next poll.
async fn read_settled(order: &RunOrder<'_>, facts: &ProxyFacts) -> Result<Live> {
    let mut waited = Duration::ZERO;
    loop {
        let live = read_live(order.client, facts).await?;
        if live.disagreeing.is_empty() || waited >= REPLICAS_FOLLOW || order.cancel.is_cancelled() {
            return Ok(live);
        }
        order.cancel.run_until_cancelled(tokio::time::sleep(REPLICAS_ASKED)).await;
        waited += REPLICAS_ASKED;
    }
}

/// Reads everything that decides about the run, and writes down the difference. Changes nothing.
async fn look(order: &RunOrder<'_>, run: &mut SyncRun) -> Result<Found> {
    stop_if_cancelled(order)?;
    let by_gateway = through_gateway(order, run).await?;
    let is_direct = by_gateway.is_none();
    let is_local = by_gateway.as_ref().is_some_and(|(facts, _)| is_local(order, facts));
    let (facts, target) = if let Some(found) = by_gateway {
        found
    } else {
        let candidate = order.candidate.map_err(|none| none.error.clone())?;
        may_be_loaded(order, candidate).await?;
        (order.on_step)(Step::ReadLive);
        (order.client.probe().await?, Arc::clone(&candidate.map))
    };
    if facts.key != KeyState::Valid
        && let Some(obstacle) = facts.obstacle()
    {
        return Err(obstacle.refusal());
    }
    let operator_deployments = order.client.deployments().await.unwrap_or_default();
    let used = used_models(&target, &facts, &operator_deployments).await?;
    let is_broken = |finding: &&Finding| finding.broken && is_in(&used, finding.model.as_deref());
    let direct = order.candidate.ok().filter(|_| is_direct);
    if let Some(broken) = direct.and_then(|candidate| candidate.report.findings.iter().find(is_broken)) {
        let message = format!(
            "This proxy's own deployments depend on an entry without a usable price; it was not reloaded and keeps its current map. {}",
            broken.message
        );
        return Err(Error::new(ErrorCode::Held, message));
    }
    if let Some(version) = facts.version.as_ref().and_then(Version::release) {
        let is_used = |model: &str| is_in(&used, Some(model));
        let compatibility = check_compatibility(&target, &ProxyVersionFacts::of(version), &is_used);
        let held = compatibility.iter().find(|finding| finding.severity == Severity::Hold).cloned();
        run.findings.extend(compatibility);
        if let Some(finding) = held {
            let message = format!(
                "This map does not work with the proxy's version; the proxy was not reloaded. {}",
                finding.message
            );
            return Err(Error::new(ErrorCode::Held, message));
        }
    }
    let operator = Operator::of(&operator_deployments);
    let live = read_live(order.client, &facts).await?;
    if is_direct {
        same_source(order, live.source.as_ref())?;
    }
    describe(order, run, &target, &live, &operator).await?;
    let held = direct.map_or(0, |candidate| candidate.held_models.len());
    let waits = (held > 0 && order.direct == DirectMode::Wait).then(|| {
        Error::new(
            ErrorCode::Held,
            format!(
                "{} for review, and this proxy reads the source directly; with gate.direct = \"wait\", it is not reloaded.",
                match held {
                    1 => "1 model waits".to_owned(),
                    more => format!("{more} models wait"),
                }
            ),
        )
    });
    Ok(Found { target, facts, operator, live, used, is_local, waits })
}

/// What the proxy's deployments are priced by in the map that it is to take, and what they ask for without a price.
async fn used_models(target: &Arc<CostMap>, facts: &ProxyFacts, deployments: &[Deployment]) -> Result<Vec<String>> {
    let (map, deployments) = (Arc::clone(target), deployments.to_vec());
    let serves_alias_rows = facts.capabilities.serves_alias_rows;
    let used =
        spawn_blocking(move || UsedModels::of(&deployments, Some(&PriceList::of(&map)), serves_alias_rows)).await;
    let used = used
        .map_err(|error| Error::new(ErrorCode::Internal, "The proxy's models could not be looked up.").detail(error))?;
    // Sorted, so that a name is found by halving.
    let mut names: Vec<String> = used.used.into_iter().chain(used.unpriced_entries).collect();
    names.sort_unstable();
    Ok(names)
}

fn is_in(used: &[String], model: Option<&str>) -> bool {
    model.is_some_and(|model| used.binary_search_by(|name| name.as_str().cmp(model)).is_ok())
}

/// Reading can be left at any moment.
async fn unless_cancelled<T>(order: &RunOrder<'_>, reading: impl Future<Output = Result<T>>) -> Result<T> {
    order.cancel.run_until_cancelled(reading).await.unwrap_or_else(|| Err(cancelled()))
}

/// What a run says that was cancelled in time.
pub(crate) fn cancelled() -> Error {
    Error::new(ErrorCode::Cancelled, "Cancelled before the proxy was changed.")
}

fn stop_if_cancelled(order: &RunOrder<'_>) -> Result<()> {
    if order.cancel.is_cancelled() {
        return Err(cancelled());
    }
    Ok(())
}

/// A proxy that reads another address would load something that we have not checked (CONTRACT, "promoted" and "held").
fn same_source(order: &RunOrder<'_>, live: Option<&crate::proxy::SourceInfo>) -> Result<()> {
    let source = order.source;
    OtherSource::of(source, live, OwnGateway { proxy: &order.name, ..OwnGateway::default() })
        .map_or(Ok(()), |other| Err(other.diagnosis(source).refusal()))
}

/// Whether the candidate may go to a proxy that reads the source itself.
async fn may_be_loaded(order: &RunOrder<'_>, candidate: &Candidate) -> Result<()> {
    if candidate.report.verdict == Verdict::Held {
        return Err(Error::new(ErrorCode::Held, "The checks held this map back; the proxy was not reloaded."));
    }
    if candidate.barred == Some(Barred::Marked) {
        let message = "You marked this map as bad, so the proxy was not reloaded. It is synced again when the source has another map; to take this one, run `autosync unpin`.";
        return Err(Error::new(ErrorCode::Held, message));
    }
    // A reload would bring the source's map, and a pin holds another one.
    if let Some(pin) = order.ledger.pins().await?.of(&order.name) {
        let message = format!(
            "Proxies are pinned to {}, and this one reads the source itself, so it was not reloaded. Unpin to sync it again.",
            pin.promotion.revision.short()
        );
        return Err(Error::new(ErrorCode::Held, message));
    }
    if order.ledger.stages().await?.keeps(order.stage, &candidate.report.revision) {
        let message = format!(
            "This map has not reached {} yet, and this proxy reads the source itself, so it was not reloaded. `autosync promote` lets it go on.",
            order.stage
        );
        return Err(Error::new(ErrorCode::Held, message));
    }
    let Some(until) = candidate.soaks_until else { return Ok(()) };
    let message =
        format!("gate.soak keeps this revision away from proxies until {}.", until.format("%Y-%m-%d %H:%M UTC"));
    Err(Error::new(ErrorCode::Held, message))
}

async fn remembered_schedule(order: &RunOrder<'_>, facts: &ProxyFacts) -> Option<Hours> {
    if !facts.capabilities.reload_erases_schedule {
        return None;
    }
    let status = order.client.schedule_status(Resource::CostMap).await.ok()?;
    Hours::new(status.interval_hours?).ok()
}

/// Fills in what the run would change: from the exact file where the live revision is known, else from the live map.
async fn describe(
    order: &RunOrder<'_>,
    run: &mut SyncRun,
    target: &Arc<CostMap>,
    live: &Live,
    operator: &Operator,
) -> Result<()> {
    run.from = live.revision();
    let desired = Arc::clone(target);
    let file = match live.revision() {
        Some(revision) => parsed(order.ledger, &revision).await?,
        None => None,
    };
    let live_map = live.map.as_ref().ok().cloned();
    let (operator, served) = (operator.clone(), live.served);
    let set = spawn_blocking(move || match (file, live_map) {
        (Some(file), _) => Some(diff(&file, &desired)),
        (None, Some(live)) => Some(diff_from_live(&live, &desired, served, &|name| operator.is_own(name))),
        (None, None) => None,
    })
    .await
    .map_err(|error| Error::new(ErrorCode::Internal, "The comparison failed.").detail(error))?;
    if let Some(set) = set {
        run.models_before = Some(set.counts.models_before);
        let new_aliases = set.alias_changes.iter().filter(|change| change.after.is_some()).count();
        run.models_updated = set.counts.new_models + set.counts.changed_models + new_aliases;
        run.pricing_changes = set.counts.pricing_changes;
        run.multiplier_changes = set.multiplier_changes;
        run.alias_changes = set.alias_changes;
        run.new_models = set.new_models;
        run.removed_models = set.removed_models;
        run.price_changes = set.pricing_changes;
    }
    Ok(())
}
