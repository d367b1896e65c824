//! Every cause that is told apart, with its id. Ids are part of the contract: add, never rename.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::ErrorCode;

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $cause:ident = $id:literal, $code:ident;)+) => {
        /// Why a proxy does not have a map, a model or a price.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[doc = $doc])+ $cause,)+
        }

        impl Cause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$cause,)+];

            /// Its id, by which programs know it: `source.dns`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$cause => $id,)+
                }
            }

            /// The code of an error that it makes.
            pub fn code(self) -> ErrorCode {
                match self {
                    $(Self::$cause => ErrorCode::$code,)+
                }
            }
        }
    };
}

causes! {
    /// The home cannot be used.
    Home = "home", HomeUnusable;
    /// A value in the settings is not used.
    Settings = "settings", InvalidSetting;
    /// The ledger cannot be read.
    Ledger = "ledger", Ledger;
    /// This machine's clock is wrong.
    Clock = "clock", InvalidSetting;
    /// The system's key store does not answer.
    KeyStore = "key_store", NoSecretStore;
    /// No proxy was added.
    NoProxy = "proxy.none", NotFound;

    /// The source of the settings cannot be used.
    SourceUnusable = "source.unusable", InvalidSetting;
    /// Its host's name does not resolve.
    SourceDns = "source.dns", SourceUnreachable;
    /// Nothing listens at its address, or the network is down.
    SourceRefused = "source.refused", SourceUnreachable;
    /// Its certificate is not trusted here.
    SourceCertificate = "source.certificate", SourceUnreachable;
    /// The network's own proxy cannot be reached, or lets nobody through.
    SourceNetworkProxy = "source.network_proxy", SourceUnreachable;
    /// The network's own proxy wants a login.
    SourceNetworkLogin = "source.network_login", SourceUnreachable;
    /// The network answers with a login page in place of the map.
    SourceCaptivePortal = "source.captive_portal", Held;
    /// It limits how often it may be asked.
    SourceRateLimited = "source.rate_limited", SourceStatus;
    /// It does not answer in time.
    SourceTimedOut = "source.timed_out", SourceUnreachable;
    /// Its answer ended too early.
    SourceCut = "source.cut", SourceUnreachable;
    /// It answers an error.
    SourceStatus = "source.status", SourceStatus;
    /// It redirects where nobody may follow.
    SourceRedirect = "source.redirect", SourceRedirect;
    /// It sends more than any map has.
    SourceTooLarge = "source.too_large", SourceTooLarge;
    /// Its file cannot be read.
    SourceFile = "source.file", SourceFile;
    /// It sends something that is no map.
    SourceNoMap = "source.no_map", Held;

    /// The proxy's name does not resolve.
    ProxyDns = "proxy.dns", ProxyUnreachable;
    /// Nothing listens at its address.
    ProxyRefused = "proxy.refused", ProxyUnreachable;
    /// Its certificate is not trusted here.
    ProxyCertificate = "proxy.certificate", ProxyUnreachable;
    /// The network's own proxy stands in the way to it.
    ProxyNetworkProxy = "proxy.network_proxy", ProxyUnreachable;
    /// It does not answer in time.
    ProxyTimedOut = "proxy.timed_out", ProxyUnreachable;
    /// Its answer ended too early.
    ProxyCut = "proxy.cut", ProxyUnreachable;
    /// What is in front of it says that nobody is behind.
    ProxyOutOfService = "proxy.out_of_service", ProxyUnreachable;
    /// It limits how often it may be asked.
    ProxyRateLimited = "proxy.rate_limited", ProxyFailed;
    /// Something in front of it wants a login.
    ProxyLogin = "proxy.login", NotLitellm;
    /// Its address leads elsewhere.
    ProxyRedirect = "proxy.redirect", NotLitellm;
    /// What answers there is no LiteLLM.
    ProxyNotLitellm = "proxy.not_litellm", NotLitellm;
    /// It answers an error.
    ProxyFailed = "proxy.failed", ProxyFailed;

    /// It requires a key, and none is known here.
    KeyMissing = "key.missing", NoKey;
    /// It does not know the key.
    KeyRejected = "key.rejected", Unauthorised;
    /// The key is good for calls only.
    KeyNotAdmin = "key.not_admin", Unauthorised;
    /// It says no, and not whether the key is wrong or may too little.
    KeyRefused = "key.refused", Unauthorised;
    /// It has no database, without which LiteLLM reloads nothing.
    NoDatabase = "database.none", NoDatabase;
    /// It has one that does not answer.
    DatabaseSilent = "database.silent", ProxyFailed;
    /// This worker of it has no admin routes.
    AdminRoutesOff = "admin_routes_off", AdminRoutesOff;
    /// LiteLLM withdrew this release.
    Withdrawn = "version.withdrawn", ProxyFailed;
    /// This release knows no alias rows and books such names at $0.
    AliasRow = "version.alias_row", Unsupported;

    /// It reads its map from another place.
    OtherSource = "reads.other_source", SourceMismatch;
    /// It reads our gateway, which is off.
    GatewayOff = "reads.gateway_off", SourceMismatch;
    /// It reads only the file in its installation.
    LocalFile = "reads.local_file", LocalFile;
    /// It could not fetch its map and uses the copy in its package.
    Fallback = "reads.fallback", ProxyFailed;
    /// Its workers or replicas hold different maps.
    Replicas = "replicas", Unproven;
    /// Its live map cannot be read.
    LiveMapBroken = "live.broken", LiveMapBroken;
    /// It says that it holds the map that it is meant to have, and its prices are others.
    Drift = "live.drift", Unproven;

    /// The checks hold the source's newest map.
    Held = "gate.held", Held;
    /// The model waits for a person's review.
    Review = "gate.review", Held;
    /// A person rejected its new values.
    Rejected = "gate.rejected", Held;
    /// The newest map was seen too short a time ago.
    Soak = "gate.soak", Held;
    /// A person holds the proxy at an earlier map.
    Pinned = "pinned", Held;
    /// A person marked the newest map as bad.
    MarkedBad = "marked_bad", Held;
    /// The user has a price of their own.
    Overlay = "overlay", Held;
    /// The user has an entry of their own, and the proxy does not read what is promoted here.
    OverlayUnread = "overlay.unread", NeedsGateway;
    /// The user's own entry cannot be used.
    OverlayUnused = "overlay.unused", InvalidOverlay;
    /// Nobody has asked for the first sync yet.
    FirstSync = "sync.first", Unproven;
    /// The schedule is paused.
    Paused = "sync.paused", Unproven;
    /// It holds an older map than the one that it is meant to have.
    Behind = "sync.behind", Unproven;

    /// The map has the name in another case.
    NameCase = "name.case", NotFound;
    /// The map has it with another provider in front, or none.
    NamePrefix = "name.prefix", NotFound;
    /// The map has it with another date, or none.
    NameDate = "name.date", NotFound;
    /// It is an alias that stands for nothing.
    NameAlias = "name.alias", NotFound;
    /// The map has a name that is written nearly like it.
    NameSpelling = "name.spelling", NotFound;
    /// No map has it, nor anything like it.
    NameUnknown = "name.unknown", NotFound;
    /// The source removed it.
    Gone = "name.gone", NotFound;
    /// The map has the model, and no price for it.
    NoPrice = "price.none", NotFound;
    /// It has a price, and calls were booked at $0 all the same.
    NotApplied = "price.not_applied", Unproven;
    /// The proxy's own configuration sets the price.
    Operator = "price.operator", SourceMismatch;
    /// It is priced, and no deployment serves it.
    NotCallable = "route.none", NotFound;
    /// It is called by another name.
    OtherName = "route.other_name", NotFound;

    /// The proxy reloads on a schedule of its own, without the checks.
    OwnSchedule = "schedule.own", Held;
    /// That schedule never fires on this version as it is set up.
    ScheduleAsleep = "schedule.asleep", ProxyFailed;
    /// That schedule fails, and asks the source again at every poll.
    ScheduleEveryPoll = "schedule.every_poll", ProxyFailed;
}

impl Cause {
    /// The setting whose change ends it.
    pub(super) fn field(self) -> Option<&'static str> {
        match self {
            Self::KeyMissing | Self::KeyRejected | Self::KeyNotAdmin | Self::KeyRefused => Some("key"),
            Self::AdminRoutesOff => Some("url"),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().find(|cause| cause.id() == id).copied();
        found.ok_or_else(|| D::Error::custom(format!("no cause is named {id}")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_cause_has_an_id_of_its_own_that_is_read_again() {
        let ids: HashSet<&str> = Cause::ALL.iter().map(|cause| cause.id()).collect();
        assert_eq!(ids.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            let text = serde_json::to_string(cause).unwrap();
            assert_eq!(serde_json::from_str::<Cause>(&text).unwrap(), *cause);
        }
    }
}
