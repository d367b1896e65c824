//! The state of the dashboard, made from the engine's snapshot and a few short queries of the ledger.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::{ChangeSet, FieldChange, Finding, Severity, causes};
use engine::controller::{ProxySnapshot, Running, Snapshot};
use engine::ledger::{Promotion, StoredRevision, SuccessRate};
use engine::overlay::{OwnEntry, Upstream, own_entries};
use engine::run::{Receipt, SyncRun};
use engine::settings::{DirectMode, Settings};
use engine::status::{ProxyStatus, SyncState};
use engine::sync::{SourceState, Step};
use engine::{Error, Result};
use tokio::sync::watch;

use crate::attention::attention;
use crate::view::{
    AppState, CauseView, ChangeSummary, CountPoint, ErrorView, OwnNote, PauseView, PromotedView, ProxyView,
    PublishView, RateView, ReceiptView, RunRow, RunningView, SourceView, StageView, StepTime, StripRun, ToastView,
    WebhookStateView, ZeroView,
};
use crate::{Api, AppEvent};

/// Runs in the strip of a proxy's card.
const STRIP: usize = 30;

/// The success rate and the chart go back this far.
const DAYS: u32 = 30;

/// Maps that the chart and the newest change are made from.
const REVISIONS: usize = 400;

/// Held models that the state names.
const HELD_NAMES: usize = 50;

/// Causes of reviews that the state names.
const CAUSES: usize = 20;

/// The state goes out at most this often: a sync's steps follow each other within milliseconds.
const AT_MOST_EVERY: Duration = Duration::from_millis(80);

/// A state that could not be read is read again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Where the ledger keeps that the welcome is over.
pub(crate) const WELCOMED: &str = "welcomed";

impl Api {
    /// The state now.
    ///
    /// # Errors
    /// The ledger's, and those of the settings file.
    pub async fn app_state(&self) -> Result<AppState> {
        // One at a time: what was read later has the higher number.
        let mut told = self.told.lock().await;
        let snapshot = Arc::clone(&self.engine.snapshot().borrow());
        let mut state = self.build(&snapshot).await?;
        state.revision = following(told.as_deref(), &mut state);
        *told = Some(Arc::new(state.clone()));
        Ok(state)
    }

    /// Pushes the state to the windows and into `latest` whenever it changes, until the engine ends.
    pub async fn keep_pushing(self: Arc<Self>, latest: watch::Sender<Option<Arc<AppState>>>) {
        let mut snapshots = self.engine.snapshot();
        loop {
            snapshots.mark_unchanged();
            match self.app_state().await {
                Ok(state) => {
                    latest.send_replace(Some(Arc::new(state.clone())));
                    self.push(AppEvent::State { state: Box::new(state) });
                }
                Err(error) => {
                    tracing::warn!(%error, "the state could not be told");
                    // What changed is still to be told, whether or not more changes.
                    tokio::time::sleep(AGAIN_AFTER).await;
                    if snapshots.has_changed().is_ok() {
                        continue;
                    }
                }
            }
            tokio::time::sleep(AT_MOST_EVERY).await;
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = self.wake.notified() => {}
            }
        }
    }

    async fn build(&self, snapshot: &Snapshot) -> Result<AppState> {
        let chosen = self.chosen()?;
        let ledger = self.engine.ledger();
        let revisions = upstream(ledger.revisions(REVISIONS).await?);
        let mine = used_models(snapshot);
        let latest_changes = match self.newest_change(snapshot.source.as_ref()).await? {
            Some((old, new)) => {
                let set = self.differences.between(ledger, &old, &new).await;
                set.ok().map(|set| summary(&set, &mine))
            }
            None => None,
        };
        let mut proxies = Vec::new();
        for proxy in &snapshot.proxies {
            proxies.push(self.proxy(proxy, snapshot.source.as_ref()).await?);
        }
        let today = self.today(snapshot, &proxies, &mine).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is new today could not be told");
            None
        });
        let source = self.source(snapshot, &chosen.settings, latest_changes.as_ref()).await?;
        let findings = match snapshot.newest.as_deref().filter(|promotion| !promotion.held_models.is_empty()) {
            Some(promotion) => ledger.latest_findings(&promotion.upstream).await?.unwrap_or_default(),
            None => Vec::new(),
        };
        let toasts = ToastView { problem: self.desktop.toast_problem() };
        let mut state = AppState {
            revision: 0,
            now: self.now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: std::env::consts::OS.to_owned(),
            host: self.host,
            first_run: proxies.is_empty() && ledger.get_state::<bool>(WELCOMED).await? != Some(true),
            theme: chosen.settings.app.theme.to_string(),
            source,
            promoted: snapshot
                .newest
                .as_deref()
                .map(|promotion| promoted(promotion, &findings, &mine, chosen.settings.gate.direct))
                // What is shown as a price is what production bills.
                .map(|view| match &snapshot.promoted {
                    Some(held) => PromotedView { billed: held.billed(chosen.settings.gate.direct).to_string(), ..view },
                    None => view,
                })
                // While all are pinned nothing can be decided.
                .map(|view| match snapshot.pins.all {
                    Some(_) => PromotedView { held_models: Vec::new(), held: 0, causes: Vec::new(), ..view },
                    None => view,
                }),
            stages: stages(snapshot),
            pins: self.pins(snapshot).await?,
            own: self.own_note().await?,
            publish: published(snapshot),
            webhooks: snapshot.webhooks.iter().map(WebhookStateView::from).collect(),
            pause: snapshot.pause.paused.then_some(PauseView { until: snapshot.pause.paused_until }),
            last_sync: proxies.iter().filter_map(|proxy| proxy.proved_at).max(),
            next_sync: proxies.iter().filter_map(|proxy| proxy.next_run).min(),
            model_counts: counts(&revisions, self.now()),
            proxies,
            attention: Vec::new(),
            latest_changes,
            today,
            update: self.update().await?,
            tray_problem: self.desktop.tray_problem(),
            toasts,
        };
        state.attention = attention(&state, &chosen.problems);
        Ok(state)
    }

    async fn own_note(&self) -> Result<OwnNote> {
        let (entries, error) = own_entries(&self.home, Some(self.engine.ledger())).await?;
        let named = |is: fn(&OwnEntry) -> bool| -> Vec<String> {
            entries.iter().filter(|entry| is(entry)).map(|entry| entry.model.clone()).collect()
        };
        let problem = error.map(|error| error.message).or_else(|| entries.iter().find_map(|own| own.problem.clone()));
        Ok(OwnNote {
            entries: entries.len(),
            moved: named(|own| own.moved),
            same: named(|own| own.moved && own.upstream == Upstream::Same),
            problem,
        })
    }

    async fn source(
        &self,
        snapshot: &Snapshot,
        settings: &Settings,
        latest: Option<&ChangeSummary>,
    ) -> Result<SourceView> {
        let chosen = settings.source().map(|source| engine::source::Source::from(source).to_string());
        let mut state =
            snapshot.source.clone().unwrap_or_else(|| SourceState::unknown(chosen.clone().unwrap_or_default()));
        // One that cannot be used is never asked, so nothing else tells.
        state.error = state.error.or(chosen.err());
        let is_kept = match &state.revision {
            Some(revision) => self.engine.ledger().revision(revision).await?.is_some(),
            None => false,
        };
        Ok(SourceView {
            revision: state.revision.map(|revision| revision.to_string()),
            seen_at: state.seen_at,
            checked_at: state.checked_at,
            models: state.models,
            verdict: state.verdict.map(word),
            error: state.error.as_ref().map(ErrorView::from),
            is_checking: self.checking.load(Ordering::Relaxed) > 0 || checks(snapshot),
            new_there: latest.filter(|set| state.revision.is_some_and(|rev| rev.to_string() == set.to)).cloned(),
            held_because: state.held_because,
            is_kept,
            url: state.url,
        })
    }

    async fn proxy(&self, proxy: &ProxySnapshot, source: Option<&SourceState>) -> Result<ProxyView> {
        let ledger = self.engine.ledger();
        let strip = ledger.outcomes(&proxy.name, STRIP).await?;
        let success = ledger.last_success(&proxy.name, &proxy.url).await?;
        let rate = ledger.success_rate(&proxy.name, DAYS, self.now()).await?;
        let receipt = success.as_ref().and_then(|run| run.receipt.as_ref());
        let status = proxy.status.as_deref();
        let live = status.and_then(|status| status.live.as_ref());
        let live_revision = live.and_then(|live| live.revision);
        let desired = source.and_then(|source| source.revision);
        Ok(ProxyView {
            name: proxy.name.clone(),
            url: proxy.url.clone(),
            role: proxy.role.clone(),
            sync: status.map_or(SyncState::Unknown, |status| status.sync),
            live_revision: live_revision.or(proxy.proved).map(|revision| revision.to_string()),
            proved_at: success.as_ref().and_then(|run| run.finished),
            to_the_byte: live_revision.is_some() && live_revision == desired,
            health: status.map(|status| status.health),
            asked_at: proxy.asked_at,
            is_asking: proxy.is_asking,
            down_since: proxy.down_since,
            version: status.and_then(|status| status.version.clone()),
            database: status.and_then(|status| status.database),
            reads: status.map_or(engine::status::Reads::Unknown, |status| status.reads),
            error: status.and_then(|status| status.error.as_ref()).map(ErrorView::from),
            cause: status.and_then(|status| status.error.as_ref()?.cause).map(|cause| cause.id().to_owned()),
            withdrawn: status.and_then(|status| status.withdrawn.clone()),
            last_run: proxy.last_run.as_deref().map(RunRow::from),
            running: proxy.running.as_ref().map(RunningView::from),
            next_run: proxy.next_run,
            own_hours: status.and_then(own_hours),
            own_schedule: status.and_then(|status| status.own_schedule),
            awaits_first_sync: proxy.awaits_first_sync,
            strip: strip.into_iter().rev().map(|(id, outcome, started)| StripRun { id, outcome, started }).collect(),
            rate: RateView::from(rate),
            callable: status.and_then(|status| status.callable_models),
            priced: live.and_then(|live| live.models).or(receipt.map(|receipt| receipt.compared_models as u64)),
            unpriced: status.map(|status| status.unpriced_models.clone()).unwrap_or_default(),
            unpriced_entry: status.and_then(|status| status.unpriced_entry.clone()),
            zero: status
                .and_then(|status| status.zero_cost.as_ref())
                .map(|zero| zero.models.iter().map(ZeroView::from).collect())
                .unwrap_or_default(),
            receipt: receipt.map(ReceiptView::from),
        })
    }
}

/// The number of this state: one more than of the one told before, unless only the time went on.
fn following(told: Option<&AppState>, state: &mut AppState) -> u64 {
    let Some(told) = told else { return 1 };
    let now = std::mem::replace(&mut state.now, told.now);
    state.revision = told.revision;
    let is_same = state == told;
    state.now = now;
    told.revision + u64::from(!is_same)
}

/// A run begins with the source.
fn checks(snapshot: &Snapshot) -> bool {
    let running = snapshot.proxies.iter().filter_map(|proxy| proxy.running.as_ref());
    running.map(|running| running.step).any(|step| step == Step::CheckSource)
}

/// Maps as they came from the source, the newest first: what is put together here is no revision of upstream's.
fn upstream(revisions: Vec<StoredRevision>) -> Vec<StoredRevision> {
    revisions.into_iter().filter(|stored| stored.source != engine::sync::COMPOSED).collect()
}

/// The models that any proxy uses.
pub(crate) fn used_models(snapshot: &Snapshot) -> BTreeSet<String> {
    let used = snapshot.proxies.iter().filter_map(|proxy| proxy.status.as_ref());
    used.flat_map(|status| status.used_models.iter().cloned()).collect()
}

/// A change set in a few numbers, each of models; what a notice folds is left out, as on the screen.
pub(crate) fn summary(set: &ChangeSet, mine: &BTreeSet<String>) -> ChangeSummary {
    let models = |lists: &[&Vec<FieldChange>]| -> BTreeSet<String> {
        lists.iter().flat_map(|list| list.iter()).map(|change| change.model.clone()).collect()
    };
    let repriced = models(&[&set.pricing_changes, &set.multiplier_changes, &set.hours_changes]);
    let other = [
        &set.provider_changes,
        &set.mode_changes,
        &set.capability_changes,
        &set.deprecation_changes,
        &set.other_changes,
    ];
    ChangeSummary {
        from: set.from.to_string(),
        to: set.to.to_string(),
        new_models: set.counts.new_models,
        removed_models: set.counts.removed_models,
        repriced_mine: repriced.intersection(mine).count(),
        repriced_models: repriced.len(),
        aliases: set.counts.alias_changes,
        limits: models(&[&set.limit_changes]).len(),
        other: models(&other).len(),
    }
}

/// Models in the source over time: the count at the beginning of the chart, and each change of it.
fn counts(revisions: &[StoredRevision], now: DateTime<Utc>) -> Vec<CountPoint> {
    let since = now - TimeDelta::days(i64::from(DAYS));
    let mut points: Vec<CountPoint> = Vec::new();
    for stored in revisions.iter().rev() {
        let at = stored.first_seen.max(since);
        match points.last_mut() {
            Some(last) if last.at == at => last.models = stored.models,
            Some(last) if last.models == stored.models => {}
            _ => points.push(CountPoint { at, models: stored.models }),
        }
    }
    points
}

/// The promoted map, and why some of its models keep their old entry.
fn promoted(promotion: &Promotion, findings: &[Finding], mine: &BTreeSet<String>, direct: DirectMode) -> PromotedView {
    let reviews = causes(findings, &|model| mine.contains(model)).into_iter();
    PromotedView {
        causes: reviews.filter(|cause| cause.severity == Severity::Review).take(CAUSES).map(CauseView::from).collect(),
        revision: promotion.revision.to_string(),
        upstream: promotion.upstream.to_string(),
        billed: promotion.billed(direct).to_string(),
        models: promotion.models,
        promoted_at: promotion.promoted_at,
        held_models: promotion.waiting().take(HELD_NAMES).cloned().collect(),
        held: promotion.waiting().count(),
        waits: promotion.waits(direct),
    }
}

/// Hours between the reloads that a proxy does by itself.
fn own_hours(status: &ProxyStatus) -> Option<u32> {
    status.proxy_schedule.as_ref().filter(|schedule| schedule.scheduled)?.interval_hours
}

/// How far each stage is; one alone is none.
fn stages(snapshot: &Snapshot) -> Vec<StageView> {
    let states = &snapshot.stage_states;
    if states.len() > 1 { states.iter().map(StageView::from).collect() } else { Vec::new() }
}

/// What is published.
fn published(snapshot: &Snapshot) -> Option<PublishView> {
    let state = &snapshot.publish;
    let promoted = snapshot.promoted.as_ref().map(|promotion| promotion.revision);
    Some(PublishView {
        to: state.to.clone()?,
        url: state.url.clone(),
        revision: state.revision.map(|revision| revision.to_string()),
        published_at: state.published_at,
        is_current: state.revision.is_some() && state.revision == promoted && state.error.is_none(),
        error: state.error.as_ref().map(ErrorView::from),
    })
}

/// A verdict or a severity as in JSON.
pub(crate) fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl From<SuccessRate> for RateView {
    fn from(rate: SuccessRate) -> Self {
        let SuccessRate { days, succeeded, failed, held, interrupted } = rate;
        Self { days, succeeded, failed, held, interrupted }
    }
}

impl From<&Running> for RunningView {
    fn from(running: &Running) -> Self {
        let done = running.steps.iter().map(|time| StepTime { step: time.step, seconds: time.seconds }).collect();
        Self { id: running.id, step: running.step, done, started: running.started, trigger: running.trigger }
    }
}

impl From<&SyncRun> for RunRow {
    fn from(run: &SyncRun) -> Self {
        let took = run.finished.map(|finished| finished - run.started);
        Self {
            id: run.id,
            proxy: run.proxy.clone(),
            trigger: run.trigger,
            outcome: run.outcome,
            reason: run.reason.clone(),
            started: run.started,
            finished: run.finished,
            seconds: took.map(|took| took.num_milliseconds() as f64 / 1000.0),
            from: run.from.map(|revision| revision.to_string()),
            to: run.to.map(|revision| revision.to_string()),
            new_models: run.new_models.len(),
            removed_models: run.removed_models.len(),
            pricing_changes: run.pricing_changes,
            error: run.error.as_ref().map(ErrorView::from),
            compared_models: run.receipt.as_ref().map(|receipt| receipt.compared_models),
        }
    }
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        Self {
            revision: receipt.revision.to_string(),
            bytes: receipt.bytes,
            models: receipt.models,
            proxy_version: receipt.proxy_version.clone(),
            proxy_revision: receipt.proxy_revision.map(|revision| revision.to_string()),
            loaded_at: receipt.loaded_at,
            compared_models: receipt.compared_models,
            compared_fields: receipt.compared_fields,
            overrides: receipt.overrides.clone(),
            sampled_models: receipt.sampled_models.clone(),
            read_back_at: receipt.read_back_at,
        }
    }
}

/// An error that carries an invalid field's name to the form.
pub(crate) fn at_field(error: Error, field: &str) -> Error {
    if error.field.is_some() { error } else { error.field(field) }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use engine::controller::{Engine, EngineOptions};
    use engine::home::{Home, HomeLock};
    use engine::settings::SettingsFile;

    use super::*;
    use crate::NoDesktop;
    use crate::view::HostKind;

    /// On a home with these settings.
    async fn api(folder: &tempfile::TempDir, settings: &str) -> (Engine, Arc<Api>) {
        let home = Home::resolve(Some(folder.path().join("home")), &|_| None).unwrap();
        home.create().unwrap();
        std::fs::write(home.settings(), settings).unwrap();
        let environment: engine::controller::Environment = Arc::new(|_| None);
        let clock = engine::Clock::manual(crate::samples::at("2026-03-04T12:00:00Z"));
        let options = EngineOptions {
            lock: HomeLock::acquire(&home, Duration::from_secs(5)).unwrap(),
            settings: SettingsFile::load(&home.settings()).unwrap(),
            environment: Arc::clone(&environment),
            clock: clock.clone(),
            scheduled: false,
            first_syncs: engine::controller::FirstSyncs::Asked,
            home: home.clone(),
        };
        let engine = Engine::start(options).await.unwrap();
        let api = Api::new(engine.handle(), home, clock, environment, Box::new(NoDesktop), HostKind::Browser);
        (engine, api)
    }

    #[tokio::test]
    async fn a_state_with_other_data_never_has_the_number_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let (engine, api) = api(&folder, "schema = 1\n").await;
        let first = api.app_state().await.unwrap();
        assert_eq!(api.app_state().await.unwrap(), first, "nothing is new");
        // What the state shows of the settings and the ledger changes without the engine's snapshot.
        let mut last = first;
        for theme in ["dark", "light", "dark"] {
            std::fs::write(api.home.settings(), format!("schema = 1\n[app]\ntheme = \"{theme}\"\n")).unwrap();
            let next = api.app_state().await.unwrap();
            assert_eq!(next.theme, theme);
            assert!(next.revision > last.revision, "{} after {}", next.revision, last.revision);
            last = next;
        }
        engine.shutdown().await;
    }

    #[tokio::test]
    async fn checking_ends_though_who_asked_went_away() {
        let folder = tempfile::tempdir().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = format!("schema = 1\n[source]\nurl = \"http://{}/map.json\"\n", silent.local_addr().unwrap());
        let (engine, api) = api(&folder, &settings).await;
        let asking = api.check_source(());
        assert!(tokio::time::timeout(Duration::from_millis(50), asking).await.is_err());
        engine.cancel(None);
        assert!(!api.app_state().await.unwrap().source.is_checking);
        engine.shutdown().await;
    }
}
