//! The proxy's own schedule.

use reqwest::{Method, StatusCode};

use serde::{Deserialize, Serialize};

use super::answers::ScheduleStatus;
use super::call::Call;
use super::client::ProxyClient;
use super::probe::Database;
use crate::diagnosis::Diagnosis;
use crate::settings::Hours;
use crate::{Error, ErrorCode, Result};

/// What a proxy can reload by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// The cost map.
    CostMap,
    /// Which Anthropic beta headers each provider takes. A reload that cannot fetch it answers "success" with the copy in
    /// the package, and no endpoint shows what is held, so that it is never proved.
    BetaHeaders,
}

impl Resource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::CostMap, Self::BetaHeaders];

    fn schedule(self) -> &'static str {
        match self {
            Self::CostMap => "schedule/model_cost_map_reload",
            Self::BetaHeaders => "schedule/anthropic_beta_headers_reload",
        }
    }

    fn status(self) -> &'static str {
        match self {
            Self::CostMap => "schedule/model_cost_map_reload/status",
            Self::BetaHeaders => "schedule/anthropic_beta_headers_reload/status",
        }
    }
}

impl ProxyClient {
    /// Has the proxy reload this on its own every so many hours, and reads back that it will. From 1.97 on a schedule
    /// that never ran fires within half a minute (trap 5); before, only with `STORE_MODEL_IN_DB=True` (trap 4).
    ///
    /// Errors: `usage`, `no_database`, `unauthorised`, `no_key`, `unproven` where the proxy then shows another schedule.
    pub async fn schedule_set(&self, resource: Resource, hours: Hours) -> Result<ScheduleStatus> {
        let hours = hours.get();
        let call = Call::new(Method::POST, resource.schedule());
        let reply = self.keyed(Call { query: vec![("hours", hours.to_string())], ..call }).await?;
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, "accept the schedule"));
        }
        let status = self.schedule_status(resource).await?;
        if status.scheduled && status.interval_hours == Some(hours) {
            return Ok(status);
        }
        Err(self.schedule_differs("accepted the schedule but reports another"))
    }

    /// Ends the proxy's own schedule, and reads back that there is none. No error where there was none.
    ///
    /// Errors: as [`ProxyClient::schedule_set`].
    pub async fn schedule_clear(&self, resource: Resource) -> Result<ScheduleStatus> {
        let reply = self.keyed(Call::new(Method::DELETE, resource.schedule())).await?;
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, "end its schedule"));
        }
        let status = self.schedule_status(resource).await?;
        if status.scheduled {
            return Err(self.schedule_differs("was told to end its schedule but still reports one"));
        }
        Ok(status)
    }

    /// The proxy's own schedule. "Not scheduled" is also what a proxy without a database says, so that answer counts only
    /// where there is one.
    ///
    /// Errors: `no_database` or `proxy_failed` where it is *unknown* whether there is a schedule.
    pub async fn schedule_status(&self, resource: Resource) -> Result<ScheduleStatus> {
        let what = "report its schedule";
        let reply = self.keyed(Call::get(resource.status())).await?;
        let name = self.name();
        if reply.status == StatusCode::INTERNAL_SERVER_ERROR
            && reply.reason().is_some_and(|reason| reason.contains("int too large"))
        {
            let message = format!(
                "The proxy at {name} accepted a schedule too long for it to count, and can no longer report it. End it with `autosync schedule clear --on proxy`."
            );
            return Err(Error::new(ErrorCode::ProxyFailed, message));
        }
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, what));
        }
        let status = reply.json().and_then(ScheduleStatus::of).ok_or_else(|| self.odd_answer(&reply, what))?;
        if !status.is_blank() {
            return Ok(status);
        }
        match self.database().await? {
            Database::Yes => Ok(status),
            Database::No => {
                let cause = Diagnosis::no_database(&format!("The proxy at {name}"));
                let message =
                    format!("{} Its answer \"not scheduled\" means nothing. {}", cause.evidence, cause.remedy);
                Err(Error::new(ErrorCode::NoDatabase, message))
            }
            Database::Unknown => Err(Error::new(
                ErrorCode::ProxyFailed,
                format!(
                    "The proxy at {name} reports \"not scheduled\", as it also does when its database is down. Whether it has a schedule is unknown; try again when its database is up."
                ),
            )),
        }
    }

    /// Has the proxy load its Anthropic beta headers anew: how many providers it knows then. That is all it tells.
    ///
    /// # Errors
    /// `no_database`, `unauthorised`, `no_key`, `proxy_failed`.
    pub async fn reload_beta_headers(&self) -> Result<u64> {
        let what = "reload its Anthropic beta headers";
        let reply = self.keyed(Call::new(Method::POST, "reload/anthropic_beta_headers")).await?;
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, what));
        }
        let providers = reply.json().and_then(|json| json.get("providers_count")?.as_u64());
        providers.ok_or_else(|| self.odd_answer(&reply, what))
    }

    fn schedule_differs(&self, what: &str) -> Error {
        let message = format!(
            "The proxy at {} {what}. Check it with `autosync schedule show`; someone else may be changing it.",
            self.name()
        );
        Error::new(ErrorCode::Unproven, message)
    }
}
