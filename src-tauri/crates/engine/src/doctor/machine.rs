//! What does not depend on a proxy: the home, the settings, the ledger, the way to the source, the clock, the key store.

use chrono::{DateTime, TimeDelta, Utc};
use costmap::check::check_bytes;
use costmap::{CostMap, Verdict};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{DoctorCheck, DoctorContext};
use crate::error::bounded;
use crate::home::{Home, HomeLock};
use crate::ledger::Ledger;
use crate::net::{Clients, NetworkEnv};
use crate::schedule::Plan;
use crate::settings::{DirectMode, KeyPlace, Network, NetworkProxy, Settings};
use crate::source::{FetchLimits, Fetched, Fetcher, Source};
use crate::{ErrorCode, Result};

/// A clock that is off by more than this makes schedules and receipts hard to read.
const CLOCK_MAY_BE_OFF: TimeDelta = TimeDelta::minutes(5);

pub(super) fn home(home: &Home) -> DoctorCheck {
    let path = home.path().display();
    if !home.exists() {
        return DoctorCheck::ok(
            "home",
            format!("{path} does not exist yet; the first sync or settings change creates it."),
        );
    }
    match std::fs::metadata(home.path()) {
        Ok(meta) if meta.permissions().readonly() => DoctorCheck::warn("home", format!("{path} is not writable."))
            .remedy("Check who owns the folder, or choose another with --home."),
        Ok(_) => match HomeLock::holder(home) {
            Some(pid) => DoctorCheck::ok("home", format!("{path}, in use by process {pid}.")),
            None => DoctorCheck::ok("home", path.to_string()),
        },
        Err(cause) => DoctorCheck::warn("home", format!("{path} cannot be opened: {cause}."))
            .remedy("Check its permissions, or choose another with --home."),
    }
}

pub(super) fn settings(context: DoctorContext<'_>) -> Vec<DoctorCheck> {
    let mut checks: Vec<DoctorCheck> = context
        .problems
        .iter()
        .map(|problem| {
            DoctorCheck::warn("settings", format!("{}: {}", problem.field, problem.message))
                .remedy(format!("Change it in {}, or in the environment.", context.home.settings().display()))
        })
        .collect();
    if let (_, Some(error)) = Plan::of(context.settings) {
        checks.push(
            DoctorCheck::fail("settings", &error).remedy("Scheduled syncs wait until the sync windows are valid."),
        );
    }
    if checks.is_empty() {
        checks.push(DoctorCheck::ok("settings", "All settings are valid."));
    }
    checks
}

pub(super) fn ledger(opened: &Result<Option<Ledger>>) -> DoctorCheck {
    match opened {
        Ok(Some(_)) => DoctorCheck::ok("ledger", "The history is readable."),
        Ok(None) => DoctorCheck::ok("ledger", "Nothing has been recorded yet."),
        Err(error) => DoctorCheck::fail("ledger", error),
    }
}

/// Whether a map comes from the source.
pub(super) async fn source(context: DoctorContext<'_>) -> Vec<DoctorCheck> {
    vec![match context.settings.source() {
        Ok(source) => fetched(&Source::from(source), &context.settings.network).await,
        Err(error) => {
            DoctorCheck::fail("source", &error).remedy("`autosync source set URL|FILE` chooses another source.")
        }
    }]
}

async fn fetched(source: &Source, network: &Network) -> DoctorCheck {
    // One try: who looks for a fault wants to see it, and soon.
    let limits = FetchLimits { retries: 0, ..FetchLimits::default() };
    let fetched = match Fetcher::limited(limits, network) {
        Ok(fetcher) => fetcher.fetch(source, None, &CancellationToken::new()).await,
        Err(error) => Err(error),
    };
    match fetched {
        Ok(Fetched::Map { bytes, .. }) => {
            let (report, _) = check_bytes(bytes, None);
            let what = format!("{source} has a map of {} models, revision {}", report.models, report.revision.short());
            match report.verdict {
                Verdict::Held => DoctorCheck::warn("source", format!("{source} answers, but the checks would hold back what it sends."))
                    .remedy("Run `autosync check` with its address to see why."),
                Verdict::Accepted | Verdict::Review => DoctorCheck::ok("source", format!("{what}.")),
            }
        }
        Ok(Fetched::NotModified) => DoctorCheck::warn("source", format!("{source} answers \"not modified\" to a first request.")),
        Err(error) => DoctorCheck::fail("source", &error)
            .remedy("Try its address in a browser on this machine. Behind a company proxy, set HTTPS_PROXY, or proxy under [network] in the settings. Without a network, use a file: `autosync source set FILE`."),
    }
}

/// Whether our clock and that of the source's host agree. A file has no clock.
pub(super) async fn clock(context: DoctorContext<'_>) -> Vec<DoctorCheck> {
    let Ok(Source::Http(url)) = context.settings.source().map(Source::from) else { return Vec::new() };
    let Some(theirs) = date(&url, &context.settings.network).await else {
        return vec![DoctorCheck::warn("clock", "The clock could not be compared: the source does not send its time.")];
    };
    let off = (context.clock.now() - theirs).abs();
    if off <= CLOCK_MAY_BE_OFF {
        return vec![DoctorCheck::ok("clock", "This machine's clock agrees with the source's.")];
    }
    let message = format!("This machine's clock differs from the source's by {} minutes.", off.num_minutes());
    vec![
        DoctorCheck::warn("clock", message)
            .remedy("Turn on automatic time setting; schedules, certificates and receipts depend on it."),
    ]
}

/// The Date header of the source's host.
async fn date(url: &Url, network: &Network) -> Option<DateTime<Utc>> {
    let trust = network.trust().ok()?;
    let clients = Clients::new(&network.proxy.environment(), &trust, &["http/1.1"], |builder| builder).ok()?;
    let response = clients.for_url(url).await.head(url.clone()).send().await.ok()?;
    let date = response.headers().get("date")?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.to_utc())
}

pub(super) fn network_proxy(settings: &Settings) -> DoctorCheck {
    match &settings.network.proxy {
        NetworkProxy::System => {}
        NetworkProxy::Direct => {
            return DoctorCheck::ok(
                "network_proxy",
                "The settings turn the network proxy off; the source is reached directly.",
            );
        }
        through @ NetworkProxy::Through(_) => {
            let message = format!(
                "The source is reached through {through}, from the settings. Local and private addresses bypass it."
            );
            return DoctorCheck::ok("network_proxy", message);
        }
    }
    let variables = NetworkEnv::variables();
    if variables.is_empty() {
        return DoctorCheck::ok(
            "network_proxy",
            "No network proxy in the environment; the source is reached directly.",
        );
    }
    let shown: Vec<String> =
        variables.into_iter().map(|(name, value)| format!("{name}={}", bounded(&value, 120))).collect();
    DoctorCheck::ok(
        "network_proxy",
        format!("The source is reached through {}. Local and private addresses bypass it.", shown.join(", ")),
    )
}

/// Asked only where a proxy keeps its key there, or where none is set up yet.
pub(super) async fn key_store(context: DoctorContext<'_>) -> Vec<DoctorCheck> {
    let proxies = &context.settings.proxies;
    let needed = proxies.iter().find(|proxy| proxy.key == KeyPlace::Keyring);
    if needed.is_none() && !proxies.is_empty() {
        return Vec::new();
    }
    let Ok(name) = needed.map_or_else(|| "none".parse(), |proxy| Ok(proxy.name.clone())) else { return Vec::new() };
    vec![match context.secrets.get(&name).await {
        Ok(_) => DoctorCheck::ok("key_store", "The system's key store works."),
        Err(error) if needed.is_some() => DoctorCheck::fail("key_store", &error),
        Err(_) => DoctorCheck::warn("key_store", "This system's key store does not answer, so it cannot keep keys.")
            .remedy("Keep keys in the environment: `autosync proxy add NAME URL --key-env VAR`."),
    }]
}

/// Whether the promoted map has a price for the model.
pub(super) async fn model(ledger: Option<&Ledger>, direct: DirectMode, model: &str) -> DoctorCheck {
    let shown = bounded(model, 160);
    let priced = async {
        let ledger = ledger?;
        let promotion = ledger.promoted().await.ok()??;
        let map = CostMap::parse(ledger.map(&promotion.billed(direct)).await.ok()??).ok()?;
        Some(map.get(model).map(|entry| entry.leaves().any(|leaf| leaf.is_price())))
    };
    match priced.await {
        None => DoctorCheck::warn(
            "model",
            "No map has been promoted yet, so it is not known whether the model has a price.",
        )
        .remedy("`autosync sync` fetches and checks the first one."),
        Some(Some(true)) => DoctorCheck::ok("model", format!("The promoted map has a price for {shown}.")),
        Some(Some(false)) => {
            DoctorCheck::warn("model", format!("{shown} has no price in the promoted map: its calls are billed at $0."))
        }
        Some(None) => {
            let mut check = DoctorCheck::warn(
                "model",
                format!("The promoted map has no model named {shown}: its calls are billed at $0."),
            )
            .remedy("`autosync models --search …` finds names. It can take a day for a new model to reach the map.");
            check.code = Some(ErrorCode::NotFound);
            check
        }
    }
}
