//! What is wrong with a proxy, said once: its cause, what was found, and what to do. The doctor shows the parts, runs and
//! refusals make an [`Error`] of them, and what the attention list offers follows from the cause.

mod cause;

pub use cause::Cause;

use crate::Error;
use crate::proxy::{Database, KeyState, ProxyFacts, Version};

/// One cause, as it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong.
    pub cause: Cause,
    /// What was found: whole sentences.
    pub evidence: String,
    /// What to do: whole sentences.
    pub remedy: String,
}

impl Diagnosis {
    pub(crate) fn new(cause: Cause, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause, evidence: evidence.into(), remedy: remedy.into() }
    }

    /// What the key of `proxy` ("The proxy at …") is not good for; `None` where it is an admin's.
    pub fn of_key(proxy: &str, key: KeyState) -> Option<Self> {
        match key {
            KeyState::Valid => None,
            KeyState::Missing => Some(Self::key_missing(proxy)),
            KeyState::Invalid => Some(Self::new(
                Cause::KeyRejected,
                format!("{proxy} rejected the key."),
                "Use its master key or a proxy admin's key.",
            )),
            KeyState::NotAdmin => Some(Self::new(
                Cause::KeyNotAdmin,
                "The key works for calls, but only an admin key can reload.",
                "Use the master key or a proxy admin's key.",
            )),
        }
    }

    /// No key is known for `proxy`.
    pub fn key_missing(proxy: &str) -> Self {
        Self::new(
            Cause::KeyMissing,
            format!("{proxy} requires a key, and none is set here."),
            "Enter its master key or a proxy admin's key in Settings or with `autosync proxy add`.",
        )
    }

    /// `proxy` refused one call, whatever its reason.
    pub fn key_refused(proxy: &str) -> Self {
        Self::new(
            Cause::KeyRefused,
            format!("{proxy} rejected the key, or the key is not allowed to do this."),
            "Use its master key or a proxy admin's key; test a key in Settings or with `autosync proxy test`.",
        )
    }

    /// `proxy` has no database.
    pub fn no_database(proxy: &str) -> Self {
        Self::new(
            Cause::NoDatabase,
            format!("{proxy} has no database, and LiteLLM cannot reload or schedule the cost map without one."),
            "Set a restart command for it (`autosync proxy set NAME --restart …`), restart it yourself, or set DATABASE_URL for it. Checking, comparing and verifying work without.",
        )
    }

    /// The worker that answered for `proxy` has no admin routes.
    pub fn admin_routes_off(proxy: &str) -> Self {
        Self::new(
            Cause::AdminRoutesOff,
            format!(
                "{proxy} has its admin routes turned off on this worker (DISABLE_ADMIN_ENDPOINTS), so its map can be neither read nor reloaded."
            ),
            "Enter the URL of the instance that has them turned on; the others follow at their next poll.",
        )
    }

    /// It reads only the map file in its installation. That is no fault while that file is the desired map.
    pub fn local_file() -> Self {
        Self::new(
            Cause::LocalFile,
            "The proxy uses only the map file in its installation (LITELLM_LOCAL_MODEL_COST_MAP or LITELLM_OFFLINE_MODE is set).",
            "Tell this program which file that is (`autosync proxy set NAME --local-file auto`), or remove the variable and restart the proxy.",
        )
    }

    /// It runs a release that LiteLLM withdrew.
    pub fn withdrawn(version: &Version) -> Option<Self> {
        let why = version.withdrawn()?;
        let shown = crate::error::bounded(&version.to_string(), 60);
        Some(Self::new(
            Cause::Withdrawn,
            format!("LiteLLM {shown} was withdrawn: {why}."),
            "Update it now, and change every key and password that it could read.",
        ))
    }

    /// What was found and what to do, in one.
    pub fn text(&self) -> String {
        format!("{} {}", self.evidence, self.remedy)
    }

    /// As an error of something that only looked.
    pub fn error(&self) -> Error {
        self.told(self.text())
    }

    /// As an error of something that would have changed the proxy, and did not.
    pub fn refusal(&self) -> Error {
        self.told(format!("{} Nothing was changed. {}", self.evidence, self.remedy))
    }

    fn told(&self, message: String) -> Error {
        let error = Error::new(self.cause.code(), message).because(self.cause);
        match self.cause.field() {
            Some(field) => error.field(field),
            None => error,
        }
    }
}

impl ProxyFacts {
    /// What stands in the way of a sync, the first thing first: the key, then the database.
    pub fn obstacle(&self) -> Option<Diagnosis> {
        let no_database = || (self.database == Database::No).then(|| Diagnosis::no_database("The proxy"));
        Diagnosis::of_key("The proxy", self.key).or_else(no_database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn a_cause_is_said_with_what_was_found_what_was_not_done_and_what_to_do() {
        let found = Diagnosis::no_database("The proxy at http://localhost:4000");
        let refused = found.refusal();
        assert_eq!(refused.code, ErrorCode::NoDatabase);
        assert!(refused.message.starts_with("The proxy at http://localhost:4000 has no database"), "{refused}");
        assert!(refused.message.contains(" Nothing was changed. Set a restart command"), "{refused}");
        assert!(!found.error().message.contains("Nothing was changed"), "who only looked changes nothing anyway");
    }

    #[test]
    fn only_what_a_setting_ends_names_one() {
        assert_eq!(Diagnosis::key_missing("The proxy").error().field.as_deref(), Some("key"));
        assert_eq!(Diagnosis::admin_routes_off("The proxy").error().field.as_deref(), Some("url"));
        assert_eq!(Diagnosis::no_database("The proxy").error().field, None);
    }

    #[test]
    fn a_withdrawn_release_is_a_cause_and_any_other_is_none() {
        let bad = Diagnosis::withdrawn(&Version::new("1.107.0")).unwrap();
        assert!(bad.text().contains("1.107.0 was withdrawn: "), "{}", bad.text());
        assert_eq!(Diagnosis::withdrawn(&Version::new("1.110.2")), None);
    }
}
