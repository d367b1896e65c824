//! What stands between one proxy and a sync.

use super::{DoctorCheck, DoctorContext};
use crate::error::bounded;
use crate::proxy::{Database, KeyState, ProxyClient, ProxyFacts, Version};
use crate::settings::Proxy;
use crate::source::Source;
use crate::{Error, ErrorCode};

pub(super) async fn examine(context: DoctorContext<'_>, proxy: &Proxy) -> Vec<DoctorCheck> {
    let (key, no_key) = match context.secrets.key_for(proxy, &**context.environment).await {
        Ok(key) => (Some(key), None),
        Err(error) => (None, Some(error)),
    };
    let client = match ProxyClient::of(proxy, key) {
        Ok(client) => client,
        Err(error) => return vec![DoctorCheck::fail("reachable", &error)],
    };
    let facts = match client.probe().await {
        Ok(facts) => facts,
        Err(error) => {
            return vec![DoctorCheck::fail("reachable", &error).remedy(format!(
                "Check that LiteLLM is running and listening at {}. If it is in a container, its port must be published.",
                proxy.url
            ))];
        }
    };
    let litellm = facts.version.as_ref().map_or("LiteLLM, version unknown,".to_owned(), |version| {
        format!("LiteLLM {}", bounded(&version.to_string(), 60))
    });
    let mut checks = vec![DoctorCheck::ok("reachable", format!("{litellm} at {}.", proxy.url))];
    if let Some(why) = facts.version.as_ref().and_then(Version::withdrawn) {
        let message = format!("{litellm} was withdrawn: {why}.");
        checks.push(
            DoctorCheck::fail("version", &Error::new(ErrorCode::ProxyFailed, message))
                .remedy("Update LiteLLM now, and change every key and password that this proxy could read."),
        );
    }
    checks.push(key_check(&facts, no_key));
    checks.push(database(facts.database));
    if facts.key == KeyState::Valid {
        checks.extend(reads(context, &facts));
        checks.extend(schedule(&client, &facts).await);
        checks.extend(callable(context, &client).await);
    }
    checks
}

fn key_check(facts: &ProxyFacts, no_key: Option<Error>) -> DoctorCheck {
    let refused = |message: &str| {
        DoctorCheck::fail("key", &Error::new(ErrorCode::Unauthorised, message))
            .remedy("Use the master key or a proxy admin's key: remove the proxy and add it again with that key.")
    };
    match facts.key {
        KeyState::Valid => DoctorCheck::ok("key", "The key is an admin key."),
        KeyState::Missing => match no_key {
            Some(error) => DoctorCheck::fail("key", &error),
            None => refused("The proxy requires a key, and none is set here."),
        },
        KeyState::Invalid => refused("The proxy rejected the key."),
        KeyState::NotAdmin => refused("The key works for calls, but only an admin key can reload."),
    }
}

fn database(database: Database) -> DoctorCheck {
    match database {
        Database::Yes => DoctorCheck::ok("database", "The proxy is connected to its database."),
        Database::No => DoctorCheck::fail(
            "database",
            &Error::new(ErrorCode::NoDatabase, "The proxy has no database, and LiteLLM cannot reload without one."),
        )
        .remedy(
            "Set DATABASE_URL for the proxy and restart it. Until then, `check`, `diff`, `models` and `verify` work.",
        ),
        Database::Unknown => {
            DoctorCheck::warn("database", "The proxy's database does not answer, or the proxy does not report it.")
                .remedy("Check the proxy's log, and that its database is running.")
        }
    }
}

/// Whether the proxy reads the map that is checked here.
fn reads(context: DoctorContext<'_>, facts: &ProxyFacts) -> Option<DoctorCheck> {
    let live = facts.source.as_ref()?;
    if live.is_env_forced {
        return Some(
            DoctorCheck::warn(
                "reads",
                "The proxy is set to use only the map file in its installation (LITELLM_LOCAL_MODEL_COST_MAP or LITELLM_OFFLINE_MODE).",
            )
            .remedy("To have it follow the source, remove the variable and restart the proxy."),
        );
    }
    let theirs = live.url.as_deref()?;
    let ours = Source::from(context.settings.source().ok()?);
    if theirs.starts_with("s3://") {
        let message = format!("The proxy reads {}, an object in S3; {ours} is checked here.", bounded(theirs, 300));
        return Some(DoctorCheck::fail("reads", &Error::new(ErrorCode::SourceMismatch, message)).remedy(
            "Set LITELLM_MODEL_COST_MAP_URL for the proxy to the source here, so that it loads the map that is checked.",
        ));
    }
    if !ours.is_same_address(theirs) {
        let message = format!(
            "The proxy reads {}, while {ours} is checked here. A reload would load an unchecked map, so it is not reloaded.",
            bounded(theirs, 300)
        );
        return Some(DoctorCheck::fail("reads", &Error::new(ErrorCode::SourceMismatch, message)).remedy(
            "Set LITELLM_MODEL_COST_MAP_URL for the proxy, or `autosync source set` here, so that they match.",
        ));
    }
    Some(match &live.fallback_reason {
        Some(reason) => DoctorCheck::warn(
            "reads",
            format!(
                "When it started, the proxy could not fetch its map, so it uses the copy in its package: {}",
                bounded(reason, 300)
            ),
        )
        .remedy("`autosync sync` makes it fetch again. If that fails, the proxy itself cannot reach the source."),
        None => DoctorCheck::ok(
            "reads",
            format!("The proxy reads the source that is checked here, {} models.", live.model_count),
        ),
    })
}

async fn schedule(client: &ProxyClient, facts: &ProxyFacts) -> Option<DoctorCheck> {
    if facts.database == Database::No {
        return None;
    }
    match client.schedule_status().await {
        Ok(status) if status.scheduled && facts.capabilities.schedule_needs_store_model_in_db && status.next_run.is_none() => {
            Some(DoctorCheck::warn("schedule", "The proxy's own schedule is overdue: this version runs it only with STORE_MODEL_IN_DB=True.")
                .remedy("Set STORE_MODEL_IN_DB=True for the proxy, or use this program's schedule instead: `autosync schedule clear --on proxy`."))
        }
        Ok(status) if status.scheduled => Some(DoctorCheck::warn("schedule", "The proxy also reloads on its own schedule, and then loads unchecked maps.")
            .remedy("`autosync schedule clear --on proxy` ends it.")),
        Ok(_) => Some(DoctorCheck::ok("schedule", "The proxy has no schedule of its own.")),
        Err(error) => Some(DoctorCheck::warn("schedule", format!("The proxy's own schedule is unknown: {}", error.message))),
    }
}

/// "Priced" is not "callable": `/v1/models` is not the cost map.
async fn callable(context: DoctorContext<'_>, client: &ProxyClient) -> Option<DoctorCheck> {
    let model = context.model?;
    let shown = bounded(model, 160);
    Some(match client.models().await {
        Ok(models) if models.iter().any(|name| name == model) => {
            DoctorCheck::ok("model", format!("{shown} can be called."))
        }
        Ok(_) => DoctorCheck::warn(
            "model",
            format!("{shown} cannot be called through this proxy with this key: no deployment has that name."),
        )
        .remedy("Add it to the proxy's model_list; a price alone does not make a model callable."),
        Err(error) => {
            DoctorCheck::warn("model", format!("It is not known whether {shown} can be called: {}", error.message))
        }
    })
}
