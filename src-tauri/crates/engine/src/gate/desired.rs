//! The one value that says which map a proxy is meant to have.

use costmap::{Revision, Verdict};
use serde::{Deserialize, Serialize};

use crate::ledger::Promotion;
use crate::settings::DirectMode;
use crate::status::Reads;
use crate::sync::SourceState;

/// How a map gets to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The proxy reads the source itself, so it can only have the source's own maps.
    Direct,
    /// It reads what was promoted here.
    Gateway,
    /// It reads what is published: the promoted map, one for all of its readers.
    Bucket,
    /// It is forced to the file inside its own installation.
    File,
}

impl From<Reads> for Route {
    fn from(reads: Reads) -> Self {
        match reads {
            // Where a proxy does not tell, it is one that cannot be asked or an old one; both read a URL.
            Reads::Direct | Reads::Unknown => Self::Direct,
            Reads::Gateway => Self::Gateway,
            Reads::Bucket => Self::Bucket,
            Reads::LocalFile => Self::File,
        }
    }
}

/// Which map a proxy is meant to have. Runs, the sync state and every price that is shown for a proxy ask this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The map; none while none was seen, or the first one is held.
    pub revision: Option<Revision>,
    /// A newer map waits: the checks hold it, or `gate.direct` keeps a proxy from it until a person reviewed its models.
    pub is_held: bool,
    /// How it gets there.
    pub route: Route,
}

/// What is known that decides which map a proxy is meant to have.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The source.
    pub source: Option<&'a SourceState>,
    /// The promotion that holds for the proxy.
    pub promoted: Option<&'a Promotion>,
    /// What that is for a LiteLLM that knows no alias rows, where the proxy is one.
    pub resolved: Option<Revision>,
    /// `gate.direct`.
    pub direct: DirectMode,
    /// A person, or the stage that it belongs to, keeps the source's map from this proxy.
    pub is_barred: bool,
}

impl Desired {
    /// Of a proxy with this route. A proxy that reads the source itself is meant to have the source's own map (CONTRACT,
    /// "promoted" and "held"), less nothing: entries that wait for a review are in it. The others get what was promoted.
    pub fn of(route: Route, known: Known<'_>) -> Self {
        let Known { source, promoted, resolved, direct, is_barred } = known;
        let newest = source.and_then(|source| source.revision);
        let waits = |promotion: &Promotion| promotion.waits(direct) && Some(promotion.upstream) == newest;
        // Through the gateway nothing is held from a proxy that it is meant to have.
        let is_held = (!matches!(route, Route::Gateway | Route::Bucket)
            && source.is_some_and(|source| source.verdict == Some(Verdict::Held)))
            || (route == Route::Direct && (is_barred || promoted.is_some_and(waits)));
        let revision = match route {
            // Of another source than the one that is chosen now, nothing is known.
            Route::Direct => newest.and_then(|newest| match source {
                Some(source) if !is_held && source.soaks_until.is_none() => Some(newest),
                _ => promoted.map(|promotion| promotion.billed(direct)),
            }),
            Route::Gateway | Route::File => resolved.or(promoted.map(|promotion| promotion.revision)),
            Route::Bucket => promoted.map(|promotion| promotion.revision),
        };
        Self { revision, is_held, route }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_its_own_map() {
        let (upstream, newest, composed) = (Revision::of(b"up"), Revision::of(b"new"), Revision::of(b"less"));
        let promotion = Promotion {
            revision: composed,
            upstream,
            models: 1,
            promoted_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            held_models: vec!["a".into()],
            baseline: None,
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        let mut source = SourceState::unknown("https://example.com/map.json".to_owned());
        let none = Known { source: None, promoted: None, resolved: None, direct: DirectMode::Tell, is_barred: false };
        let known = Known { promoted: Some(&promotion), ..none };
        let of = |route, source: &SourceState| Desired::of(route, Known { source: Some(source), ..known });
        assert_eq!(Desired::of(Route::Direct, none).revision, None);
        assert_eq!(of(Route::Direct, &source).revision, None, "what was promoted may be another source's");
        (source.revision, source.verdict) = (Some(newest), Some(Verdict::Review));
        assert_eq!(of(Route::Direct, &source).revision, Some(newest), "entries that wait for a review are in it");
        assert_eq!(of(Route::Gateway, &source).revision, Some(composed));
        source.soaks_until = Some("2026-01-01T02:00:00Z".parse().unwrap());
        assert_eq!(of(Route::Direct, &source).revision, Some(upstream), "what soaks is not meant to be there yet");
        source.soaks_until = None;
        let waiting = Promotion { upstream: newest, taken: Some(upstream), ..promotion.clone() };
        let known = Known { source: Some(&source), promoted: Some(&waiting), ..none };
        let waits = |route| Desired::of(route, Known { direct: DirectMode::Wait, ..known });
        let barred = Desired::of(Route::Direct, Known { is_barred: true, ..known });
        assert!(barred.is_held && !Desired::of(Route::Gateway, Known { is_barred: true, ..known }).is_held);
        assert_eq!((waits(Route::Direct).revision, waits(Route::Direct).is_held), (Some(upstream), true));
        assert_eq!((waits(Route::Gateway).revision, waits(Route::Gateway).is_held), (Some(composed), false));
        source.verdict = Some(Verdict::Held);
        let held = of(Route::Direct, &source);
        assert_eq!((held.revision, held.is_held), (Some(upstream), true));
        assert_eq!(of(Route::File, &source).revision, Some(composed));
    }
}
