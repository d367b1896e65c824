//! What stands between one proxy and the map that it is meant to have. Everything that is asked only reads, and the key
//! goes to nobody who has not said that it is LiteLLM (`ProxyClient`).

use std::time::Duration;

use costmap::CostMap;

use super::kept::Kept;
use super::spend::spend;
use super::sync::{schedule, sync};
use super::{CheckState, DoctorContext, DoctorItem, remedy};
use crate::diagnosis::{Cause, Diagnosis};
use crate::error::bounded;
use crate::gate::Desired;
use crate::ledger::Promotion;
use crate::proxy::{Database, Deployment, KeyState, ProxyClient, ProxyFacts, ProxyLimits, Resource, SourceInfo};
use crate::settings::Proxy;
use crate::source::Source;
use crate::sync::{OtherSource, OwnGateway};
use crate::{Error, ErrorCode};

/// As many answers as a sync asks for to notice replicas that disagree.
const ANSWERS: usize = 3;

/// Less patience than a sync has: who looks for a fault wants to see it, and soon.
fn limits() -> ProxyLimits {
    ProxyLimits { answer: Duration::from_secs(10), long: Duration::from_secs(25), ..ProxyLimits::default() }
}

/// What came of looking at one proxy.
pub(super) struct Looked {
    pub(super) name: String,
    /// In the order of the chain.
    pub(super) items: Vec<DoctorItem>,
    /// What is known where it could be asked with an admin's key.
    pub(super) seen: Option<Seen>,
}

/// What a proxy tells an admin.
pub(super) struct Seen {
    pub(super) facts: ProxyFacts,
    pub(super) desired: Desired,
    pub(super) promoted: Option<Promotion>,
    pub(super) deployments: Vec<Deployment>,
    /// What can be called with the key; none where it does not tell.
    pub(super) callable: Option<Vec<String>>,
    /// Its live map, read only for a model.
    pub(super) live: Option<CostMap>,
    /// Its own revision is the desired one.
    pub(super) bytes_proved: bool,
}

impl Looked {
    /// It did not answer in time.
    pub(super) fn silent(proxy: &Proxy, item: DoctorItem) -> Self {
        let name = proxy.name.to_string();
        Self { items: vec![item.of_proxy(&name)], seen: None, name }
    }

    fn new(proxy: &Proxy, items: Vec<DoctorItem>, seen: Option<Seen>) -> Self {
        let name = proxy.name.to_string();
        Self { items: items.into_iter().map(|item| item.of_proxy(&name)).collect(), seen, name }
    }
}

pub(super) async fn look(context: DoctorContext<'_>, kept: &Kept, proxy: &Proxy) -> Looked {
    let (key, no_key) = match context.secrets.key_for(proxy, &**context.environment).await {
        Ok(key) => (Some(key), None),
        Err(error) => (None, Some(error)),
    };
    let unreachable = |error: &Error| {
        let otherwise = match error.code {
            ErrorCode::InvalidSetting | ErrorCode::UrlHasCredentials => Cause::Settings,
            ErrorCode::Unauthorised => Cause::KeyRefused,
            _ => Cause::ProxyFailed,
        };
        let item = DoctorItem::failed("reachable", error, otherwise);
        let remedy = remedy::of_proxy(item.cause.unwrap_or(otherwise), proxy);
        Looked::new(proxy, vec![item.remedy(remedy)], None)
    };
    let client = match ProxyClient::limited(proxy, key, limits()) {
        Ok(client) => client,
        Err(error) => return unreachable(&error),
    };
    let facts = match client.probe().await {
        Ok(facts) => facts,
        Err(error) => return unreachable(&error),
    };
    let litellm = facts.version.as_ref().map_or("LiteLLM, version unknown,".to_owned(), |version| {
        format!("LiteLLM {}", bounded(&version.to_string(), 60))
    });
    let mut items = vec![DoctorItem::ok("reachable", format!("{litellm} at {}.", proxy.url))];
    items.push(version(&facts));
    items.push(key_item(&facts, no_key, proxy));
    items.push(database(facts.database, proxy));
    if facts.key != KeyState::Valid {
        return Looked::new(proxy, items, None);
    }
    let answers = client.source_info_sampled(ANSWERS).await.unwrap_or_default();
    let facts = ProxyFacts { source: answers.first().cloned(), ..facts };
    let own = OwnGateway {
        address: kept.gateway.as_ref(),
        proxy: proxy.name.as_str(),
        came: kept.came.iter().any(|name| name == proxy.name.as_str()),
        publish: context.settings.publish.as_ref(),
    };
    items.extend(reads(context, &facts, own, proxy));
    items.extend(replicas(&answers));
    let schedule_status = client.schedule_status(Resource::CostMap).await;
    let live = match context.model {
        Some(_) => Some(client.live_map().await),
        None => None,
    };
    items.extend(live.as_ref().and_then(|live| live.as_ref().err()).map(live_broken));
    let live = live.and_then(Result::ok).and_then(|bytes| CostMap::parse(bytes).ok());
    let (sync, desired, promoted) = sync(context, kept, proxy, &facts, own).await;
    items.push(sync);
    items.extend(schedule(context.clock.now(), &facts, &schedule_status, desired.route));
    let deployments = client.deployments().await.unwrap_or_default();
    if context.model.is_none() {
        items.extend(spend(context, kept, &client, &facts, &deployments).await);
    }
    let seen = Seen {
        desired,
        promoted,
        deployments,
        callable: client.models().await.ok(),
        live,
        bytes_proved: facts
            .source
            .as_ref()
            .is_some_and(|info| info.source_revision.is_some() && info.source_revision == desired.revision),
        facts,
    };
    Looked::new(proxy, items, Some(seen))
}

/// Withdrawn, or with faults that are known.
fn version(facts: &ProxyFacts) -> DoctorItem {
    if let Some(found) = facts.version.as_ref().and_then(Diagnosis::withdrawn) {
        return DoctorItem::diagnosed("version", &found);
    }
    let traps = facts.capabilities.traps();
    if traps.is_empty() {
        return DoctorItem::ok("version", "No faults of this version are known.");
    }
    let faults = if traps.len() == 1 { "a known fault" } else { "known faults" };
    DoctorItem::ok("version", format!("This version has {faults}, which a sync allows for.")).evidence(traps.join(" "))
}

fn key_item(facts: &ProxyFacts, no_key: Option<Error>, proxy: &Proxy) -> DoctorItem {
    match (Diagnosis::of_key("The proxy", facts.key), no_key) {
        (None, _) => DoctorItem::ok("key", "The key is an admin key."),
        // That no key is there is told with where it was looked for.
        (Some(found), Some(error)) if facts.key == KeyState::Missing => {
            DoctorItem::failed("key", &error, found.cause).remedy(found.remedy)
        }
        (Some(found), _) => DoctorItem::diagnosed("key", &found)
            .remedy(format!("{} Then `autosync proxy test {}`.", found.remedy, proxy.name)),
    }
}

fn database(database: Database, proxy: &Proxy) -> DoctorItem {
    match database {
        Database::Yes => DoctorItem::ok("database", "The proxy is connected to its database."),
        Database::No if !proxy.restart.is_empty() => {
            DoctorItem::ok("database", "The proxy has no database; your own command restarts it, which loads the map.")
        }
        Database::No => DoctorItem::diagnosed("database", &Diagnosis::no_database("The proxy")),
        Database::Unknown => {
            let message = "The proxy's database does not answer, or the proxy does not report it.";
            DoctorItem::warn("database", Cause::DatabaseSilent, message)
                .remedy("Check the proxy's log, and that its database is running.")
        }
    }
}

/// Whether the proxy reads the map that is checked here.
fn reads(context: DoctorContext<'_>, facts: &ProxyFacts, own: OwnGateway<'_>, proxy: &Proxy) -> Option<DoctorItem> {
    let live = facts.source.as_ref()?;
    if live.is_env_forced {
        if proxy.local_file.is_some() {
            return Some(DoctorItem::ok(
                "reads",
                "The proxy reads the file in its installation, which is written here.",
            ));
        }
        return Some(DoctorItem::diagnosed("reads", &Diagnosis::local_file()).milder());
    }
    let ours = Source::from(context.settings.source().ok()?);
    live.url.as_ref()?;
    if let Some(other) = OtherSource::of(&ours, Some(live), own) {
        return Some(DoctorItem::diagnosed("reads", &other.diagnosis(&ours)));
    }
    let ok = if own.is_read(Some(live)) {
        DoctorItem::ok("reads", "The proxy reads this program's gateway: it gets what was promoted here.")
    } else if own.is_bucket(Some(live)) {
        DoctorItem::ok("reads", "The proxy reads what is published: it gets what was promoted here.")
    } else {
        DoctorItem::ok(
            "reads",
            format!("The proxy reads the source that is checked here, {} models.", live.model_count),
        )
    };
    Some(match &live.fallback_reason {
        Some(reason) => {
            let message = "When it started, the proxy could not fetch its map, so it uses the copy in its package.";
            DoctorItem::warn("reads", Cause::Fallback, message).evidence(bounded(reason, 300)).remedy(format!(
                "`autosync sync --proxy {}` makes it fetch again. If that fails, the proxy itself cannot reach the source.",
                proxy.name
            ))
        }
        None => ok,
    })
}

fn replicas(answers: &[SourceInfo]) -> Option<DoctorItem> {
    if answers.len() < 2 {
        return None;
    }
    let told = |info: &SourceInfo| {
        let revision = info.source_revision.map_or_else(|| "a map".to_owned(), |revision| revision.short());
        format!("{revision} with {} models", info.model_count)
    };
    let message = "The proxy's workers or replicas hold different maps.";
    let remedy = "They follow at their next poll, which takes some seconds to a minute. If they stay apart, look at which of them still runs with other settings.";
    let told: Vec<String> = answers.iter().map(told).collect();
    Some(DoctorItem::warn("replicas", Cause::Replicas, message).evidence(told.join("; ")).remedy(remedy))
}

fn live_broken(error: &Error) -> DoctorItem {
    let item = DoctorItem::failed("live", error, Cause::LiveMapBroken);
    item.remedy(
        "`autosync sync --force` has it load the source's map anew; it still bills from the broken one until then.",
    )
}

/// Whether the item stands in the way of the map or of knowing it.
pub(super) fn is_in_the_way(item: &DoctorItem) -> bool {
    item.state != CheckState::Ok
        && item.cause.is_some()
        && matches!(item.about.as_str(), "reachable" | "key" | "database" | "reads" | "replicas" | "live" | "sync")
}
