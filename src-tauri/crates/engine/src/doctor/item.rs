//! What the doctor says of one thing, and of all of them.

use serde::{Deserialize, Serialize};

use crate::diagnosis::{Cause, Diagnosis};
use crate::{Error, ErrorCode};

/// How a check turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
pub struct DoctorItem {
    /// What: `home`, `settings`, `ledger`, `network_proxy`, `source`, `cache`, `clock`, `key_store`, `gate`, `overlay`,
    /// `proxy`, `reachable`, `version`, `key`, `database`, `reads`, `replicas`, `live`, `sync`, `schedule`, `spend`,
    /// `model`.
    pub about: String,
    /// The proxy that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Why it is not as it should be; null where it is.
    pub cause: Option<Cause>,
    /// Whether it is as it should be.
    pub ok: bool,
    /// How bad it is.
    pub state: CheckState,
    /// What was found, in a sentence.
    pub message: String,
    /// What shows it: the other side's words, values side by side, revisions, times.
    pub evidence: Option<String>,
    /// What to do, with the exact command.
    pub remedy: Option<String>,
    /// The name that was probably meant, where a name is the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// What programs branch on, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
}

/// Everything that was looked at: `doctor` of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// Whether nothing failed.
    pub ok: bool,
    /// The model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The one that explains the trouble: of several, the first in the chain. With a model, why a proxy does not have it,
    /// or not at this price; trouble that has nothing to do with that is only among the items.
    pub cause: Option<DoctorItem>,
    /// The same for this machine and for each proxy that has one, where there are several.
    pub causes: Vec<DoctorItem>,
    /// In the order in which trouble builds up: this machine, the source, the checks, then each proxy.
    pub items: Vec<DoctorItem>,
}

impl DoctorReport {
    pub(super) fn of(model: Option<&str>, items: Vec<DoctorItem>) -> Self {
        let mut causes: Vec<DoctorItem> = Vec::new();
        for item in worst_first(&items, model.is_some()) {
            if !causes.iter().any(|known| known.proxy == item.proxy) {
                causes.push(item.clone());
            }
        }
        // The one of this machine comes before those of proxies, and these in the order of the settings.
        let place = |cause: &DoctorItem| items.iter().position(|item| item == cause);
        causes.sort_by_key(place);
        let cause = worst_first(&causes, model.is_some()).next().cloned();
        let ok = items.iter().all(|item| item.state != CheckState::Fail);
        Self { ok, model: model.map(|model| crate::error::bounded(model, 160)), cause, causes, items }
    }

    /// The exit code of the CLI: 0 unless something failed, and then the worst.
    pub fn exit_code(&self) -> u8 {
        let failed = self.items.iter().filter(|item| item.state == CheckState::Fail);
        crate::run::worst_exit_code(failed.map(|item| item.code.map_or(1, ErrorCode::exit_code)))
    }
}

/// What may be the cause: what failed, then what is only not as it should be, each in the order of the chain.
fn worst_first(items: &[DoctorItem], of_model: bool) -> impl Iterator<Item = &DoctorItem> {
    let counts = move |item: &&DoctorItem| item.cause.is_some() && (!of_model || item.about == MODEL);
    let of = move |state| items.iter().filter(counts).filter(move |item| item.state == state);
    of(CheckState::Fail).chain(of(CheckState::Warn))
}

/// The item that answers the question for a model.
pub(super) const MODEL: &str = "model";

impl DoctorItem {
    fn new(about: &str, state: CheckState, cause: Option<Cause>, message: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            proxy: None,
            cause,
            ok: state == CheckState::Ok,
            state,
            message: message.into(),
            evidence: None,
            remedy: None,
            instead: None,
            code: None,
        }
    }

    pub(super) fn ok(about: &str, message: impl Into<String>) -> Self {
        Self::new(about, CheckState::Ok, None, message)
    }

    pub(super) fn warn(about: &str, cause: Cause, message: impl Into<String>) -> Self {
        Self::new(about, CheckState::Warn, Some(cause), message)
    }

    /// Something could not be found out; that explains nothing.
    pub(super) fn unknown(about: &str, message: impl Into<String>) -> Self {
        Self::new(about, CheckState::Warn, None, message)
    }

    pub(super) fn fail(about: &str, cause: Cause, message: impl Into<String>) -> Self {
        Self { code: Some(cause.code()), ..Self::new(about, CheckState::Fail, Some(cause), message) }
    }

    /// An error, by the cause that it names itself, or this one.
    pub(super) fn failed(about: &str, error: &Error, otherwise: Cause) -> Self {
        let item = Self::fail(about, error.cause.unwrap_or(otherwise), error.message.clone());
        Self { code: Some(error.code), evidence: error.detail.clone(), ..item }
    }

    pub(super) fn diagnosed(about: &str, found: &Diagnosis) -> Self {
        Self::fail(about, found.cause, found.evidence.clone()).remedy(found.remedy.clone())
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    pub(super) fn evidence(self, evidence: impl Into<String>) -> Self {
        Self { evidence: Some(evidence.into()), ..self }
    }

    /// The same, but it works.
    pub(super) fn milder(self) -> Self {
        Self { state: CheckState::Warn, code: None, ..self }
    }

    pub(super) fn of_proxy(self, proxy: &str) -> Self {
        Self { proxy: Some(proxy.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whose cause, and which.
    type Named<'a> = (Option<&'a str>, Option<Cause>);

    fn told(report: &DoctorReport) -> (Option<Cause>, Vec<Named<'_>>) {
        let causes = report.causes.iter().map(|item| (item.proxy.as_deref(), item.cause)).collect();
        (report.cause.as_ref().and_then(|cause| cause.cause), causes)
    }

    #[test]
    fn the_first_that_failed_is_the_cause_and_each_proxy_has_its_own() {
        let items = vec![
            DoctorItem::ok("home", ""),
            DoctorItem::warn("gate", Cause::Review, ""),
            DoctorItem::unknown("clock", ""),
            DoctorItem::warn("schedule", Cause::OwnSchedule, "").of_proxy("eu"),
            DoctorItem::fail("key", Cause::KeyMissing, "").of_proxy("us"),
            DoctorItem::fail("database", Cause::NoDatabase, "").of_proxy("us"),
        ];
        let report = DoctorReport::of(None, items);
        let expected = vec![
            (None, Some(Cause::Review)),
            (Some("eu"), Some(Cause::OwnSchedule)),
            (Some("us"), Some(Cause::KeyMissing)),
        ];
        assert_eq!(told(&report), (Some(Cause::KeyMissing), expected));
        assert_eq!((report.ok, report.exit_code()), (false, 5));
    }

    #[test]
    fn what_has_nothing_to_do_with_the_model_does_not_explain_it() {
        let items = vec![
            DoctorItem::fail("source", Cause::SourceDns, ""),
            DoctorItem::warn(MODEL, Cause::NameCase, "").of_proxy("eu"),
            DoctorItem::ok(MODEL, "").of_proxy("us"),
        ];
        let report = DoctorReport::of(Some("GPT-4o"), items);
        assert_eq!(told(&report), (Some(Cause::NameCase), vec![(Some("eu"), Some(Cause::NameCase))]));
        assert_eq!(told(&DoctorReport::of(Some("x"), vec![DoctorItem::ok(MODEL, "")])), (None, vec![]));
    }
}
