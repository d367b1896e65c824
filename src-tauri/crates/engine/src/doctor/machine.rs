//! What depends on this machine alone: the home, the settings, the ledger, the network's own proxy, the key store.

use super::{DoctorContext, DoctorItem};
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::home::{Home, HomeLock};
use crate::ledger::Ledger;
use crate::net::NetworkEnv;
use crate::schedule::Plan;
use crate::settings::{KeyPlace, NetworkProxy, Settings};
use crate::usage::Usage;
use crate::{Error, ErrorCode, Result};

pub(super) fn home(home: &Home) -> DoctorItem {
    let path = home.path().display();
    if !home.exists() {
        return DoctorItem::ok(
            "home",
            format!("{path} does not exist yet; the first sync or settings change creates it."),
        );
    }
    match std::fs::metadata(home.path()) {
        Ok(meta) if meta.permissions().readonly() => {
            DoctorItem::warn("home", Cause::Home, format!("{path} is not writable."))
                .remedy("Check who owns the folder, or choose another with --home.")
        }
        Ok(_) => {
            let taken = taken(&Usage::of(home));
            let message = match HomeLock::holder(home) {
                Some(pid) => format!("{path}, in use by process {pid}; {taken}."),
                None => format!("{path}; {taken}."),
            };
            DoctorItem::ok("home", message)
        }
        Err(cause) => DoctorItem::warn("home", Cause::Home, format!("{path} cannot be opened: {cause}."))
            .remedy("Check its permissions, or choose another with --home."),
    }
}

/// "41.2 MB: ledger 40.1, logs 0.6, backups 0.5": what a home takes.
fn taken(usage: &Usage) -> String {
    let megabytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
    format!(
        "{} MB: ledger {}, logs {}, backups {}",
        megabytes(usage.total()),
        megabytes(usage.ledger),
        megabytes(usage.logs),
        megabytes(usage.backups)
    )
}

pub(super) fn settings(context: DoctorContext<'_>) -> Vec<DoctorItem> {
    let mut checks: Vec<DoctorItem> = context
        .problems
        .iter()
        .map(|problem| {
            DoctorItem::warn("settings", Cause::Settings, format!("{}: {}", problem.field, problem.message))
                .remedy(format!("Change it in {}, or in the environment.", context.home.settings().display()))
        })
        .collect();
    if let (_, Some(error)) = Plan::of(context.settings) {
        checks.push(
            DoctorItem::failed("settings", &error, Cause::Settings)
                .remedy("Scheduled syncs wait until the sync windows are valid."),
        );
    }
    if checks.is_empty() {
        checks.push(DoctorItem::ok("settings", "All settings are valid."));
    }
    checks
}

pub(super) fn ledger(opened: &Result<Option<Ledger>>, unreadable: Option<&Error>) -> DoctorItem {
    const FIX: &str =
        "Move ledger.db out of the home; the next sync begins a new one. `autosync import` brings an export back.";
    match (opened.as_ref().err().or(unreadable), opened) {
        (Some(error), _) if error.code == ErrorCode::LedgerTooNew => DoctorItem::failed("ledger", error, Cause::Ledger)
            .remedy("Update this program to the version that wrote it, or a newer one."),
        (Some(error), _) => DoctorItem::failed("ledger", error, Cause::Ledger).remedy(FIX),
        (None, Ok(Some(_))) => DoctorItem::ok("ledger", "The history is readable."),
        (None, _) => DoctorItem::ok("ledger", "Nothing has been recorded yet."),
    }
}

pub(super) fn network_proxy(settings: &Settings) -> DoctorItem {
    match &settings.network.proxy {
        NetworkProxy::System => {}
        NetworkProxy::Direct => {
            return DoctorItem::ok(
                "network_proxy",
                "The settings turn the network proxy off; the source is reached directly.",
            );
        }
        through @ NetworkProxy::Through(_) => {
            let message = format!(
                "The source is reached through {through}, from the settings. Local and private addresses bypass it."
            );
            return DoctorItem::ok("network_proxy", message);
        }
    }
    let variables = NetworkEnv::variables();
    if variables.is_empty() {
        return DoctorItem::ok("network_proxy", "No network proxy in the environment; the source is reached directly.");
    }
    let shown: Vec<String> =
        variables.into_iter().map(|(name, value)| format!("{name}={}", bounded(&value, 120))).collect();
    DoctorItem::ok(
        "network_proxy",
        format!("The source is reached through {}. Local and private addresses bypass it.", shown.join(", ")),
    )
}

/// Asked only where a proxy keeps its key there, or where none is set up yet.
pub(super) async fn key_store(context: DoctorContext<'_>) -> Vec<DoctorItem> {
    let proxies = &context.settings.proxies;
    let needed = proxies.iter().find(|proxy| proxy.key == KeyPlace::Keyring);
    if needed.is_none() && !proxies.is_empty() {
        return Vec::new();
    }
    let Ok(name) = needed.map_or_else(|| "none".parse(), |proxy| Ok(proxy.name.clone())) else { return Vec::new() };
    vec![match context.secrets.get(&name).await {
        Ok(_) => DoctorItem::ok("key_store", "The system's key store works."),
        Err(error) if needed.is_some() => DoctorItem::failed("key_store", &error, Cause::KeyStore),
        Err(_) => DoctorItem::warn(
            "key_store",
            Cause::KeyStore,
            "This system's key store does not answer, so it cannot keep keys.",
        )
        .remedy("Keep keys in the environment: `autosync proxy add NAME URL --key-env VAR`."),
    }]
}
