//! What is wrong, and what to do about it: `autosync doctor --json`. Looks only; nothing is changed.

mod machine;
mod proxies;

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::Clock;
use crate::controller::Environment;
use crate::diagnosis::Diagnosis;
use crate::gateway::known_address;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::secrets::Secrets;
use crate::settings::{Settings, SettingsProblem};
use crate::sync::OwnGateway;
use crate::{Error, ErrorCode};

/// How a check turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could; or it could not be found out.
    Warn,
    /// Something that should work does not.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorCheck {
    /// What: `home`, `settings`, `ledger`, `source`, `clock`, `network_proxy`, `key_store`, `proxy`, `reachable`, `key`,
    /// `database`, `reads`, `schedule`, `model`.
    pub name: String,
    /// The proxy that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// How it turned out.
    pub state: CheckState,
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
    /// What programs branch on, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// Whether nothing failed.
    pub ok: bool,
    /// In the order in which trouble builds up: this machine, the source, then each proxy.
    pub checks: Vec<DoctorCheck>,
}

/// What is examined.
#[derive(Clone, Copy)]
pub struct DoctorContext<'a> {
    /// The home.
    pub home: &'a Home,
    /// The settings, with the environment's proxy.
    pub settings: &'a Settings,
    /// What in the settings and the environment was not used.
    pub problems: &'a [SettingsProblem],
    /// The keys.
    pub secrets: &'a Secrets,
    /// Reads an environment variable.
    pub environment: &'a Environment,
    /// The time.
    pub clock: &'a Clock,
    /// Also ask whether this model is priced and callable.
    pub model: Option<&'a str>,
    /// How long the source, the key store and each proxy may take.
    pub patience: Duration,
}

/// Looks at everything, at the slow things all at once. What cannot be looked at is a check that failed, never an error.
pub async fn examine(context: DoctorContext<'_>) -> DoctorReport {
    let ledger = Ledger::open_read(&context.home.ledger()).await;
    let mut checks = vec![machine::home(context.home)];
    checks.extend(machine::settings(context));
    checks.push(machine::ledger(&ledger));
    checks.push(machine::network_proxy(context.settings));
    let gateway = match &ledger {
        Ok(Some(ledger)) => known_address(ledger).await.ok().flatten(),
        _ => None,
    };
    let proxies = context.settings.proxies.iter().map(|proxy| async {
        let own = OwnGateway {
            address: gateway.as_ref(),
            proxy: proxy.name.as_str(),
            came: false,
            publish: context.settings.publish.as_ref(),
        };
        let examined = within(context, "reachable", proxies::examine(context, proxy, own)).await;
        examined.into_iter().map(|check| check.of_proxy(proxy.name.as_str())).collect::<Vec<_>>()
    });
    let (source, clock, key_store, proxies) = tokio::join!(
        within(context, "source", machine::source(context)),
        within(context, "clock", machine::clock(context)),
        within(context, "key_store", machine::key_store(context)),
        join_all(proxies),
    );
    checks.extend(source.into_iter().chain(clock).chain(key_store));
    if context.settings.proxies.is_empty() {
        let add = "`autosync proxy add NAME URL --key-env VAR` adds one.";
        checks.push(DoctorCheck::warn("proxy", "No proxy has been added yet.").remedy(add));
    }
    checks.extend(proxies.into_iter().flatten());
    if let Some(model) = context.model {
        checks.push(machine::model(ledger.ok().flatten().as_ref(), context.settings.gate.direct, model).await);
    }
    DoctorReport { ok: checks.iter().all(|check| check.state != CheckState::Fail), checks }
}

/// What takes too long is told as that, so that one thing that hangs hides no other.
async fn within(
    context: DoctorContext<'_>,
    name: &str,
    checks: impl Future<Output = Vec<DoctorCheck>>,
) -> Vec<DoctorCheck> {
    tokio::time::timeout(context.patience, checks).await.unwrap_or_else(|_| {
        let message = format!("No answer within {} s; it may just be slow.", context.patience.as_secs());
        vec![DoctorCheck::warn(name, message).remedy("`autosync doctor` waits longer.")]
    })
}

impl DoctorReport {
    /// The exit code of the CLI: 0 unless something failed, and then the worst.
    pub fn exit_code(&self) -> u8 {
        let failed = self.checks.iter().filter(|check| check.state == CheckState::Fail);
        crate::run::worst_exit_code(failed.map(|check| check.code.map_or(1, ErrorCode::exit_code)))
    }
}

impl DoctorCheck {
    fn new(name: &str, state: CheckState, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), proxy: None, state, message: message.into(), remedy: None, code: None }
    }

    fn ok(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, CheckState::Ok, message)
    }

    fn warn(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, CheckState::Warn, message)
    }

    fn fail(name: &str, error: &Error) -> Self {
        let detail = error.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        Self { code: Some(error.code), ..Self::new(name, CheckState::Fail, format!("{}{detail}", error.message)) }
    }

    fn diagnosed(name: &str, found: &Diagnosis) -> Self {
        let check = Self::new(name, CheckState::Fail, found.evidence.clone()).remedy(found.remedy.clone());
        Self { code: Some(found.cause.code()), ..check }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    fn of_proxy(self, proxy: &str) -> Self {
        Self { proxy: Some(proxy.to_owned()), ..self }
    }
}
