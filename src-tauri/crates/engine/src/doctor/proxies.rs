//! What stands between one proxy and a sync.

use super::{DoctorCheck, DoctorContext};
use crate::Error;
use crate::diagnosis::Diagnosis;
use crate::error::bounded;
use crate::proxy::{Database, KeyState, ProxyClient, ProxyFacts};
use crate::settings::Proxy;
use crate::source::Source;
use crate::sync::{OtherSource, OwnGateway};

pub(super) async fn examine(context: DoctorContext<'_>, proxy: &Proxy, own: OwnGateway<'_>) -> Vec<DoctorCheck> {
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
    checks.extend(
        facts.version.as_ref().and_then(Diagnosis::withdrawn).map(|cause| DoctorCheck::diagnosed("version", &cause)),
    );
    checks.push(key_check(&facts, no_key));
    checks.push(database(facts.database));
    if facts.key == KeyState::Valid {
        checks.extend(reads(context, &facts, own));
        checks.extend(schedule(&client, &facts).await);
        checks.extend(callable(context, &client).await);
    }
    checks
}

fn key_check(facts: &ProxyFacts, no_key: Option<Error>) -> DoctorCheck {
    match (Diagnosis::of_key("The proxy", facts.key), no_key) {
        (None, _) => DoctorCheck::ok("key", "The key is an admin key."),
        // That no key is there is told with where it was looked for.
        (Some(_), Some(error)) if facts.key == KeyState::Missing => DoctorCheck::fail("key", &error),
        (Some(cause), _) => DoctorCheck::diagnosed("key", &cause),
    }
}

fn database(database: Database) -> DoctorCheck {
    match database {
        Database::Yes => DoctorCheck::ok("database", "The proxy is connected to its database."),
        Database::No => DoctorCheck::diagnosed("database", &Diagnosis::no_database("The proxy")),
        Database::Unknown => {
            DoctorCheck::warn("database", "The proxy's database does not answer, or the proxy does not report it.")
                .remedy("Check the proxy's log, and that its database is running.")
        }
    }
}

/// Whether the proxy reads the map that is checked here.
fn reads(context: DoctorContext<'_>, facts: &ProxyFacts, own: OwnGateway<'_>) -> Option<DoctorCheck> {
    let live = facts.source.as_ref()?;
    if live.is_env_forced {
        let cause = Diagnosis::local_file();
        return Some(DoctorCheck::warn("reads", cause.evidence).remedy(cause.remedy));
    }
    let ours = Source::from(context.settings.source().ok()?);
    live.url.as_ref()?;
    if own.is_read(Some(live)) {
        return Some(DoctorCheck::ok(
            "reads",
            "The proxy reads this program's gateway: it gets what was promoted here.",
        ));
    }
    if let Some(other) = OtherSource::of(&ours, Some(live), own) {
        return Some(DoctorCheck::diagnosed("reads", &other.diagnosis(&ours)));
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
