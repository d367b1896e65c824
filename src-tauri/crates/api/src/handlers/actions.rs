//! The verbs: sync, cancel, check, ask, pause.

use std::sync::atomic::Ordering;

use engine::controller::{Pause, SyncOrder};
use engine::run::Trigger;
use engine::{Error, ErrorCode, Result};

use crate::Api;
use crate::commands::{PauseArgs, Proxies, ProxyArg, SyncArgs};
use crate::state::WELCOMED;
use crate::view::{AppState, RunDetail, RunRow};

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
        let report = self.engine.sync(order).await?;
        let run = report.runs.into_iter().next();
        let run = run.ok_or_else(|| Error::new(ErrorCode::NotFound, "There was nothing to look at."))?;
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
        self.checking.fetch_add(1, Ordering::Relaxed);
        self.refresh();
        let report = self.engine.check_source().await;
        self.checking.fetch_sub(1, Ordering::Relaxed);
        self.refresh();
        let report = report?;
        report.source.error.map_or(Ok(()), Err)
    }

    pub(crate) async fn ask(&self, args: Proxies) -> Result<()> {
        self.engine.ask_proxies(args.proxies);
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
