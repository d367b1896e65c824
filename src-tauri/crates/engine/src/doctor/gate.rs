//! Between the source and the proxies: what the checks hold, what waits for a person, what a person holds, and the user's
//! own entries.

use costmap::people::counted;

use super::kept::Kept;
use super::{DoctorContext, DoctorItem, remedy, source};
use crate::diagnosis::Cause;
use crate::error::bounded;

pub(super) fn items(context: DoctorContext<'_>, kept: &Kept, source: &source::Looked) -> Vec<DoctorItem> {
    let gate = if source.is_broken { None } else { gate(context, kept) };
    gate.into_iter().chain(overlay(kept)).collect()
}

fn gate(context: DoctorContext<'_>, kept: &Kept) -> Option<DoctorItem> {
    let source = kept.source.as_ref();
    if let Some(because) = source.and_then(|source| source.held_because.as_ref()) {
        return Some(
            DoctorItem::warn("gate", Cause::Held, "The checks hold the source's newest map.")
                .evidence(because.clone())
                .remedy(remedy::HELD),
        );
    }
    let newest = source.and_then(|source| source.revision);
    if newest.is_some_and(|newest| kept.pins.skips(&newest)) {
        return Some(marked_bad(newest));
    }
    if let Some(pin) = &kept.pins.all {
        let revision = pin.promotion.revision.short();
        let item = DoctorItem::warn("gate", Cause::Pinned, format!("All proxies are held at the map {revision}."));
        let since = format!("since {}", pin.since.format("%F %H:%M UTC"));
        return Some(item.evidence(since).remedy("`autosync unpin` lets them follow the source again."));
    }
    if let Some(until) = source.and_then(|source| source.soaks_until) {
        return Some(soak(until));
    }
    let promotion = kept.promoted.as_ref()?;
    let waiting: Vec<&String> = promotion.waiting().collect();
    if !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().take(5).map(|name| bounded(name, 80)).collect();
        let message = format!("{} a review.", counted(waiting.len(), "entry waits for", "entries wait for"));
        let item = DoctorItem::warn("gate", Cause::Review, message).evidence(names.join(", "));
        return Some(item.remedy("`autosync review` shows them with old and new values."));
    }
    let checked = source.and_then(|source| source.checked_at).map_or_else(String::new, |at| {
        let minutes = (context.clock.now() - at).num_minutes().max(0);
        format!(
            "; the source was last checked {} ago",
            counted(usize::try_from(minutes).unwrap_or(0), "minute", "minutes")
        )
    });
    Some(DoctorItem::ok("gate", format!("The promoted map is {}{checked}.", promotion.revision.short())))
}

pub(super) fn marked_bad(newest: Option<costmap::Revision>) -> DoctorItem {
    let message = "The source's newest map was marked as bad by a rollback, so it is not promoted.";
    let item = DoctorItem::warn("gate", Cause::MarkedBad, message);
    let remedy = "It goes on with the source's next good map. `autosync unpin` takes the mark back.";
    match newest {
        Some(revision) => item.evidence(format!("revision {}", revision.short())).remedy(remedy),
        None => item.remedy(remedy),
    }
}

pub(super) fn soak(until: chrono::DateTime<chrono::Utc>) -> DoctorItem {
    let message = "The source's newest map soaks: it goes out once it has been there long enough.";
    DoctorItem::warn("gate", Cause::Soak, message)
        .evidence(format!("until {}", until.format("%F %H:%M UTC")))
        .remedy("Wait, or shorten soak under [gate] in the settings.")
}

fn overlay(kept: &Kept) -> Option<DoctorItem> {
    let fix =
        "Correct it with `autosync overlay set MODEL FIELD=VALUE`, or drop it with `autosync overlay remove MODEL`.";
    if let Some(error) = &kept.own_error {
        return Some(DoctorItem::failed("overlay", error, Cause::OverlayUnused).milder().remedy(fix));
    }
    if let Some((own, problem)) = kept.own.iter().find_map(|own| Some((own, own.problem.as_ref()?))) {
        let message = format!("Your own entry of {} is not used.", bounded(&own.model, 160));
        return Some(DoctorItem::warn("overlay", Cause::OverlayUnused, message).evidence(problem.clone()).remedy(fix));
    }
    let count = kept.own.len();
    (count > 0).then(|| DoctorItem::ok("overlay", format!("{} of your own.", counted(count, "entry", "entries"))))
}
