//! The verbs: sync, cancel, check, ask, pause.

use std::sync::atomic::Ordering;

use engine::controller::{Draft, Pause, SyncOrder, SyncReport};
use engine::run::Trigger;
use engine::{Error, ErrorCode, Result};

use super::proxies::typed;
use crate::Api;
use crate::commands::{PauseArgs, Proxies, ProxyArg, SyncArgs, TestArgs};
use crate::state::WELCOMED;
use crate::view::{AppState, RunDetail, RunRow};

/// "Checking…" is shown for as long as this lives: who asked may go away before the answer.
struct Checking<'a>(&'a Api);

impl<'a> Checking<'a> {
    fn begin(api: &'a Api) -> Self {
        api.checking.fetch_add(1, Ordering::Relaxed);
        api.refresh();
        Self(api)
    }
}

impl Drop for Checking<'_> {
    fn drop(&mut self) {
        self.0.checking.fetch_sub(1, Ordering::Relaxed);
        self.0.refresh();
    }
}

impl Api {
    pub(crate) async fn state(&self, (): ()) -> Result<AppState> {
        self.app_state().await
    }

    pub(crate) async fn sync(&self, args: SyncArgs) -> Result<Vec<RunRow>> {
        let order = SyncOrder { proxies: args.proxies, force: args.force, dry_run: false, trigger: Trigger::Manual };
        let report = self.engine.sync(order).await?;
        if report.runs.is_empty()
            && let Some(error) = report.source.error
        {
            return Err(error);
        }
        Ok(report.runs.iter().map(RunRow::from).collect())
    }

    pub(crate) async fn preview(&self, args: ProxyArg) -> Result<RunDetail> {
        let order = SyncOrder { proxies: vec![args.proxy], force: false, dry_run: true, trigger: Trigger::Manual };
        self.previewed(self.engine.sync(order).await?)
    }

    /// The key is in memory alone: it goes into no store, and to the proxy only once a LiteLLM has shown itself there.
    pub(crate) async fn preview_draft(&self, args: TestArgs) -> Result<RunDetail> {
        let proxy = typed(&args.form)?;
        let source = self.drafted_source(args.source.as_deref())?;
        let key = Some(self.key(&args.form, &proxy).await?);
        self.previewed(self.engine.preview(Draft { proxy, key, source }).await?)
    }

    fn previewed(&self, report: SyncReport) -> Result<RunDetail> {
        let run = report.runs.into_iter().next();
        let run = run.ok_or_else(|| Error::new(ErrorCode::NotFound, "There was nothing to check."))?;
        Ok(self.run_detail(&run, false))
    }

    pub(crate) async fn cancel(&self, args: Proxies) -> Result<()> {
        if args.proxies.is_empty() {
            self.engine.cancel(None);
        }
        args.proxies.into_iter().for_each(|proxy| self.engine.cancel(Some(proxy)));
        Ok(())
    }

    pub(crate) async fn check_source(&self, (): ()) -> Result<()> {
        let checking = Checking::begin(self);
        let report = self.engine.check_source().await;
        drop(checking);
        let report = report?;
        report.source.error.map_or(Ok(()), Err)
    }

    pub(crate) async fn ask(&self, args: Proxies) -> Result<()> {
        self.engine.ask_proxies(args.proxies);
        Ok(())
    }

    pub(crate) async fn looking(&self, (): ()) -> Result<()> {
        self.engine.look();
        Ok(())
    }

    pub(crate) async fn pause(&self, args: PauseArgs) -> Result<()> {
        let pause = match args.length.as_deref() {
            None => Pause::Indefinitely,
            Some(length) => Pause::parse(length, self.now())?,
        };
        self.engine.pause(pause).await.map(drop)
    }

    pub(crate) async fn resume(&self, (): ()) -> Result<()> {
        self.engine.resume().await.map(drop)
    }

    pub(crate) async fn end_first_run(&self, (): ()) -> Result<()> {
        self.engine.ledger().set_state(WELCOMED, &true).await?;
        self.refresh();
        Ok(())
    }
}
