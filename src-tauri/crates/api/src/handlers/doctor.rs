//! Why a proxy, or a model on it, is not as it should be: the engine's doctor, with a button for what it advises.

use std::time::Duration;

use engine::Result;
use engine::diagnosis::Cause;
use engine::doctor::{DoctorContext, DoctorItem, DoctorReport, examine};
use engine::ledger::Pins;

use crate::Api;
use crate::commands::DoctorArgs;
use crate::state::word;
use crate::view::{AttentionAction, DoctorRow, DoctorView, Place};

/// Somebody waits for the answer, and a proxy that takes longer is one that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

impl Api {
    pub(crate) async fn doctor(&self, args: DoctorArgs) -> Result<DoctorView> {
        let report = self.examined(args.model.as_deref(), args.proxy.as_deref(), PATIENCE).await?;
        let fine = report.items.iter().find(|item| item.about == "model" && item.ok).map(|item| item.message.clone());
        let pins = self.engine.ledger().pins().await?;
        let row = |item: &DoctorItem| row(item, args.model.as_deref(), &pins);
        let rows = report.items.iter().map(row).collect();
        Ok(DoctorView { cause: report.cause.as_ref().map(row), model: report.model, proxy: args.proxy, fine, rows })
    }

    /// The doctor's report, with the settings as they are now.
    pub(crate) async fn examined(
        &self,
        model: Option<&str>,
        proxy: Option<&str>,
        patience: Duration,
    ) -> Result<DoctorReport> {
        let chosen = self.chosen()?;
        if let Some(proxy) = proxy {
            chosen.settings.proxy(proxy)?;
        }
        Ok(examine(DoctorContext {
            home: &self.home,
            settings: &chosen.settings,
            problems: &chosen.problems,
            secrets: &self.secrets(),
            environment: &self.environment,
            clock: &self.clock,
            model,
            proxy,
            patience,
        })
        .await)
    }
}

fn row(item: &DoctorItem, model: Option<&str>, pins: &Pins) -> DoctorRow {
    let action = match item.cause {
        Some(Cause::Pinned | Cause::MarkedBad) => {
            let own = item.proxy.as_deref().and_then(|proxy| pins.of(proxy)).and_then(|pin| pin.proxy.clone());
            Some(AttentionAction::Unpin { label: "Unpin".to_owned(), proxy: own })
        }
        // Whose place in the map is opened; that a deployment asks for it is put right in the proxy's configuration.
        Some(_) if item.instead.is_some() => Some(AttentionAction::Open {
            label: "Open that model".to_owned(),
            place: Place::Models { model: item.instead.clone() },
        }),
        Some(cause) => action(cause, item.proxy.as_deref(), model),
        None => None,
    };
    DoctorRow {
        about: item.about.clone(),
        state: word(item.state),
        cause: item.cause.map(|cause| cause.id().to_owned()),
        message: item.message.clone(),
        evidence: item.evidence.clone(),
        remedy: item.remedy.clone(),
        action,
    }
}

/// What ends the cause, as far as a button can.
fn action(cause: Cause, proxy: Option<&str>, model: Option<&str>) -> Option<AttentionAction> {
    let open = |label: &str, place| Some(AttentionAction::Open { label: label.to_owned(), place });
    let settings = |label: &str, section: &str, proxy: Option<&str>| {
        open(label, Place::Settings { section: Some(section.to_owned()), proxy: proxy.map(str::to_owned) })
    };
    let named = |make: &dyn Fn(String) -> AttentionAction| proxy.map(|proxy| make(proxy.to_owned()));
    let own = || open("Open own entry", Place::Models { model: model.map(str::to_owned) });
    match cause {
        Cause::Home | Cause::Ledger | Cause::Clock => None,
        Cause::Settings | Cause::SourceNetworkProxy | Cause::SourceNetworkLogin => {
            settings("Open settings", "network", None)
        }
        Cause::SourceCertificate => settings("Open network settings", "network", None),
        Cause::SourceCaptivePortal | Cause::SourceRateLimited | Cause::SourceTimedOut | Cause::SourceCut => {
            Some(AttentionAction::CheckSource { label: "Check source again".to_owned() })
        }
        Cause::SourceUnusable
        | Cause::SourceDns
        | Cause::SourceRefused
        | Cause::SourceStatus
        | Cause::SourceRedirect
        | Cause::SourceTooLarge
        | Cause::SourceFile
        | Cause::SourceNoMap => settings("Open source settings", "source", None),
        Cause::NoProxy | Cause::KeyStore => settings("Open proxy settings", "proxies", None),
        Cause::ProxyDns
        | Cause::ProxyCertificate
        | Cause::ProxyNetworkProxy
        | Cause::ProxyRedirect
        | Cause::ProxyNotLitellm
        | Cause::ProxyLogin
        | Cause::KeyMissing
        | Cause::KeyRejected
        | Cause::KeyNotAdmin
        | Cause::KeyRefused
        | Cause::NoDatabase
        | Cause::AdminRoutesOff
        | Cause::LocalFile => settings("Edit proxy", "proxies", proxy),
        Cause::ProxyRefused
        | Cause::ProxyTimedOut
        | Cause::ProxyCut
        | Cause::ProxyOutOfService
        | Cause::ProxyRateLimited
        | Cause::ProxyFailed
        | Cause::DatabaseSilent
        | Cause::Replicas
        | Cause::Withdrawn => named(&|proxy| AttentionAction::Ask { label: "Test again".to_owned(), proxy }),
        Cause::AliasRow | Cause::GatewayOff | Cause::OverlayUnread => {
            settings("Open gateway settings", "gateway", None)
        }
        Cause::OtherSource => settings("Open source settings", "source", None),
        Cause::Fallback | Cause::LiveMapBroken | Cause::Drift | Cause::FirstSync | Cause::Behind => {
            let label = |proxy: &str| format!("Sync {proxy}");
            match proxy {
                Some(proxy) => Some(AttentionAction::Sync { label: label(proxy), proxy: proxy.to_owned() }),
                None => Some(AttentionAction::CheckSource { label: "Check source".to_owned() }),
            }
        }
        Cause::Held => open("See why", Place::Changes { from: None, to: None }),
        Cause::Review | Cause::Rejected => open("Open review", Place::Review { model: model.map(str::to_owned) }),
        Cause::Soak => settings("Open gate settings", "gate", None),
        Cause::Overlay | Cause::OverlayUnused | Cause::NoPrice | Cause::NameUnknown | Cause::Gone => own(),
        Cause::Paused => open("Open overview", Place::Overview),
        Cause::OwnSchedule | Cause::ScheduleAsleep | Cause::ScheduleEveryPoll => {
            settings("Open schedule", "schedule", None)
        }
        // They are put right in the proxy's own configuration, or in what calls it.
        _ => None,
    }
}

/// The lines of a bug report.
pub(crate) fn lines(report: &DoctorReport) -> Vec<String> {
    let troubled = report.items.iter().filter(|item| !item.ok);
    let line = |item: &DoctorItem| {
        let whose = item.proxy.as_ref().map(|proxy| format!(" {proxy}")).unwrap_or_default();
        let cause = item.cause.map_or_else(|| item.about.clone(), |cause| cause.id().to_owned());
        let evidence = item.evidence.as_ref().map(|evidence| format!(" ({evidence})")).unwrap_or_default();
        format!("doctor   {whose} {cause}: {}{evidence}", item.message)
    };
    troubled.map(line).collect()
}
