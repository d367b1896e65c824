//! The plan that the settings ask for.

use chrono::TimeDelta;
use costmap::Verdict;

use super::{ASK_EVERY, Plan, TICK, Wanted, Windows};
use crate::Error;
use crate::clock::local_offset;
use crate::ledger::Held;
use crate::settings::{Period, Settings, Source};
use crate::sync::SourceState;

impl Plan {
    /// From the settings. A sync window that cannot be read closes all of them, since it may have been meant to forbid
    /// this very hour; the error says so.
    pub fn of(settings: &Settings) -> (Self, Option<Error>) {
        let rules = settings.schedule.windows.iter().map(String::as_str);
        let (windows, error) = match Windows::parse(rules, local_offset) {
            Ok(windows) => (windows, None),
            Err(error) => (Windows::closed(local_offset), Some(error)),
        };
        let every = settings.schedule.interval().map(delta);
        let proxies = settings.proxies.iter().filter_map(|proxy| Some((proxy.name.to_string(), every?))).collect();
        // Looking at a file costs nothing, so that a change of it shows at the next tick.
        let is_file = matches!(settings.source(), Ok(Source::File(_)));
        let watch = settings.watch.map(|watch| if is_file { delta(watch).min(TICK) } else { delta(watch) });
        let ask = (!settings.proxies.is_empty()).then_some(ASK_EVERY);
        let on_change = settings.schedule.on_change;
        (Self { proxies, watch, ask, on_change, windows }, error)
    }
}

/// The map that proxies are to have: what the source has, unless the checks hold it.
pub(crate) fn wanted(source: Option<&SourceState>) -> Option<Wanted> {
    let source = source.filter(|source| source.verdict.is_some_and(|verdict| verdict != Verdict::Held))?;
    let seen_at = source.seen_at.or(source.checked_at)?;
    // A longer soak that is chosen now counts at the next look; a map that was promoted before needs none.
    Some(Wanted { revision: source.revision?, from: source.soaks_until.unwrap_or(seen_at) })
}

/// The map that the proxies of a held stage are to have.
pub(crate) fn staged(held: &Held) -> Wanted {
    Wanted { revision: held.promotion.upstream, from: held.since }
}

/// A period as a difference of times; one too long to add is a hundred years.
pub(crate) fn delta(period: Period) -> TimeDelta {
    let longest = TimeDelta::days(36_500);
    TimeDelta::from_std(period.duration()).map_or(longest, |delta| delta.min(longest))
}

#[cfg(test)]
mod tests {
    use costmap::Revision;

    use super::*;

    #[test]
    fn a_map_is_wanted_when_its_soak_is_over_and_at_once_where_it_needs_none() {
        let mut source = SourceState::unknown("https://example.com/map.json".to_owned());
        source.revision = Some(Revision::of(b"map"));
        source.verdict = Some(Verdict::Review);
        source.seen_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let from = |source: &SourceState| wanted(Some(source)).map(|wanted| wanted.from.to_rfc3339());
        assert_eq!(from(&source).as_deref(), Some("2026-01-01T00:00:00+00:00"), "it was promoted before");
        source.soaks_until = Some("2026-01-01T02:00:00Z".parse().unwrap());
        assert_eq!(from(&source).as_deref(), Some("2026-01-01T02:00:00+00:00"));
        source.verdict = Some(Verdict::Held);
        assert_eq!(from(&source), None);
    }
}
