//! Finding out, once, what this proxy is and what it lets us do. Nothing here changes anything.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::answers::{SourceInfo, text};
use super::call::Call;
use super::client::ProxyClient;
use super::refusal::is_without_admin_routes;
use super::{Capabilities, Version};
use crate::{ErrorCode, Result};

/// What is known about a proxy's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It may reload and schedule; or the proxy wants none.
    Valid,
    /// The proxy does not know it.
    Invalid,
    /// None is known here, and the proxy wants one.
    Missing,
    /// It works for calling models, but is no admin's.
    NotAdmin,
}

/// Whether the proxy has a database. Without one it can neither reload nor schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    /// It is connected to one.
    Yes,
    /// None is configured.
    No,
    /// One is configured but does not answer, or the proxy does not tell.
    Unknown,
}

/// What a proxy is and can do, as found out at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyFacts {
    /// LiteLLM's version; none where it names only a word.
    pub version: Option<Version>,
    /// What the key is good for.
    pub key: KeyState,
    /// The key may, and the proxy can: a sync has a chance.
    pub may_sync: bool,
    /// Whether it has a database.
    pub database: Database,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What it says that it holds, where it tells.
    pub source: Option<SourceInfo>,
}

impl ProxyClient {
    /// Finds out what the proxy is and lets us do. A wrong or missing key is a fact, not an error.
    ///
    /// Errors: `proxy_unreachable`, `not_litellm`, `proxy_failed`.
    pub async fn probe(&self) -> Result<ProxyFacts> {
        let version = self.identify().await?.clone();
        let database = self.database().await?;
        let key = self.key_state().await?;
        let source = if key == KeyState::Valid { self.source_info().await? } else { None };
        let capabilities = match key {
            KeyState::Valid => Capabilities::seen(&version, source.as_ref()),
            // The endpoint wants an admin's key, so only the version tells.
            _ => Capabilities::of(&version),
        };
        Ok(ProxyFacts {
            version: Some(version).filter(Version::is_known),
            key,
            may_sync: key == KeyState::Valid && database != Database::No,
            database,
            capabilities,
            source,
        })
    }

    /// Whether there is a database, by `/health/readiness`: its `db` is `connected`, `Not connected` (none configured), or
    /// something else while a configured one is down. It wants no key and says so on every version from 1.75.5 on; the
    /// schedule's status cannot tell, and asking for a reload would change something.
    pub async fn database(&self) -> Result<Database> {
        let reply = self.open(Call::get("health/readiness")).await?;
        // A database that is down is told with 503, and the same field.
        let db = reply.json().and_then(|json| text(json, "db"));
        Ok(match db.as_deref() {
            Some("connected") => Database::Yes,
            Some("Not connected") => Database::No,
            _ => Database::Unknown,
        })
    }

    /// What the key is good for. The schedule's status is the one admin call that every version from 1.75.5 on has and
    /// that only reads.
    async fn key_state(&self) -> Result<KeyState> {
        let reply = self.keyed(Call::get("schedule/model_cost_map_reload/status")).await?;
        // It also answers an admin 500, when its schedule is beyond counting.
        let admitted =
            reply.reason().is_some_and(|reason| reason.starts_with("Failed to get model cost map reload status"));
        if reply.status == StatusCode::OK || admitted {
            return Ok(KeyState::Valid);
        }
        if self.key.is_none() {
            let error = self.refusal(&reply, "report its schedule");
            return if error.code == ErrorCode::NoKey { Ok(KeyState::Missing) } else { Err(error) };
        }
        if is_without_admin_routes(&reply) {
            return Err(self.refusal(&reply, "report its schedule"));
        }
        match reply.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => match self.models().await {
                Ok(_) => Ok(KeyState::NotAdmin),
                Err(error) if error.code == ErrorCode::ProxyUnreachable => Err(error),
                Err(_) => Ok(KeyState::Invalid),
            },
            // Without a database only the master key works, and this is how it says that it is another one.
            StatusCode::BAD_REQUEST if reply.kind() == Some("no_db_connection") => Ok(KeyState::Invalid),
            _ => Err(self.refusal(&reply, "report its schedule")),
        }
    }
}
