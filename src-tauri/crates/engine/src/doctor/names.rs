//! The source's map does not have the name: which one may have been meant, or where it went.

use costmap::{AliasFault, CostMap, Near, Nearness, near};

use super::DoctorItem;
use super::item::MODEL;
use super::model::{Question, Subject, lookup, serving};
use crate::diagnosis::Cause;
use crate::error::bounded;

/// Names that are named.
const NAMED: usize = 4;

pub(super) async fn unknown(question: &Question<'_>, subject: &Subject<'_>) -> DoctorItem {
    if let Some(item) = own(question, subject) {
        return item;
    }
    let Some(map) = question.source.map.as_ref().or(question.promoted.as_ref()) else {
        return unread(question, subject);
    };
    let item = in_map(question, subject, map).await;
    match billed_at_nothing(question, subject) {
        Some(note) => DoctorItem { message: format!("{} {note}", item.message), ..item },
        None => item,
    }
}

/// The user's own entry is all that there is of it.
fn own(question: &Question<'_>, subject: &Subject<'_>) -> Option<DoctorItem> {
    let own = question.kept.own.iter().find(|own| own.model == subject.wanted)?;
    let shown = &subject.shown;
    if let Some(problem) = &own.problem {
        let item = DoctorItem::fail(MODEL, Cause::OverlayUnused, format!("Your own entry of {shown} is not used."));
        let remedy = format!("`autosync overlay set {shown} FIELD=VALUE` completes it.");
        return Some(item.evidence(problem.clone()).remedy(remedy));
    }
    let Some(seen) = question.looked.and_then(|looked| looked.seen.as_ref()) else {
        return Some(DoctorItem::ok(MODEL, format!("{shown} is an entry of your own.")));
    };
    if seen.live.as_ref().is_some_and(|live| lookup(live, subject.wanted).is_some()) {
        return Some(DoctorItem::ok(MODEL, format!("{shown} is an entry of your own, and the proxy has it.")));
    }
    if seen.desired.route == crate::gate::Route::Direct {
        let message =
            format!("{shown} is an entry of your own, and this proxy reads the source itself, which does not have it.");
        let item = DoctorItem::fail(MODEL, Cause::OverlayUnread, message);
        return Some(item.remedy("Let the proxy read the gateway: `autosync gateway on` says what to set."));
    }
    let message = format!("{shown} is an entry of your own, and the proxy has not loaded it yet.");
    Some(DoctorItem::fail(MODEL, Cause::Behind, message).remedy("`autosync sync` brings it."))
}

/// Neither the source can be read, nor was a map kept.
fn unread(question: &Question<'_>, subject: &Subject<'_>) -> DoctorItem {
    let found = &question.source.item;
    let message = format!("It is not known whether the source has {}. {}", subject.shown, found.message);
    DoctorItem { about: MODEL.to_owned(), message, ..found.clone() }
}

async fn in_map(question: &Question<'_>, subject: &Subject<'_>, map: &CostMap) -> DoctorItem {
    let (shown, wanted) = (&subject.shown, bounded(subject.wanted, 160));
    // What a deployment asks for is what the map would have to have.
    let what =
        if *shown == wanted { shown.clone() } else { format!("{wanted}, which the deployment {shown} asks for,") };
    if let Some(row) = map.get(subject.wanted).filter(|row| row.alias_of().is_some()) {
        let target = bounded(&row.alias_of().unwrap_or_default(), 160);
        let why = match row.alias_fault() {
            Some(AliasFault::ToItself) => "itself",
            Some(AliasFault::Chained) => "another alias",
            _ => "a model that is not there",
        };
        let item = DoctorItem::fail(
            MODEL,
            Cause::NameAlias,
            format!("{what} is only an alias, of {why}, so nothing prices it."),
        );
        return item.evidence(format!("alias_of = {target}")).remedy(format!(
            "Use the name of the model that is meant, or give it one: `autosync overlay set {wanted} alias_of=MODEL`."
        ));
    }
    let nearest = near(map, subject.wanted, NAMED);
    if let Some(item) = gone(question, subject, &what, &nearest).await {
        return item;
    }
    let Some(first) = nearest.first() else {
        let message = format!("The source's map has no model named {what} and none like it.");
        let remedy = format!(
            "It can take a day for a new model to reach the map. Until then give it a price of your own: `autosync overlay set {wanted} litellm_provider=… mode=chat input_cost_per_token=…/1M`."
        );
        let item = DoctorItem::fail(MODEL, Cause::NameUnknown, message).remedy(remedy);
        let longer = containing(map, subject.wanted);
        return if longer.is_empty() { item } else { item.evidence(format!("names with that in them: {longer}")) };
    };
    let (cause, how) = match first.nearness {
        Nearness::Case => (Cause::NameCase, "with other capitals"),
        Nearness::Prefix => (Cause::NamePrefix, "with another provider in front, or none"),
        Nearness::Date => (Cause::NameDate, "with another date or version at its end, or none"),
        Nearness::Spelling => (Cause::NameSpelling, "written a little differently"),
    };
    let name = bounded(&first.name, 160);
    let message = format!("The map has no model named {what}, but it has {name}, {how}. Names count letter by letter.");
    let item = DoctorItem::fail(MODEL, cause, message).evidence(format!("near it: {}", listed(&nearest)));
    let item = DoctorItem { instead: Some(first.name.clone()), ..item };
    item.remedy(match subject.deployment {
        Some(deployment) => format!(
            "Set the model of the deployment {} to {name}, or its model_info.base_model.",
            bounded(&deployment.name, 160)
        ),
        None => format!("Use {name}; `autosync price {name}` shows its prices."),
    })
}

/// It was in a map that is kept.
async fn gone(question: &Question<'_>, subject: &Subject<'_>, what: &str, nearest: &[Near]) -> Option<DoctorItem> {
    let ledger = question.kept.ledger.as_ref()?;
    let past = ledger.price_history(subject.wanted).await.ok()?;
    let last = past.iter().filter_map(|interval| interval.to).max();
    if past.is_empty() {
        return None;
    }
    let message = format!("The source's map had {what} and has it no more: upstream removed it.");
    let shown = last.map_or_else(
        || "it was in the promoted map".to_owned(),
        |at| format!("in the promoted map until {}", at.format("%F %H:%M UTC")),
    );
    let evidence = if nearest.is_empty() { shown } else { format!("{shown}; near: {}", listed(nearest)) };
    let item = DoctorItem::fail(MODEL, Cause::Gone, message).evidence(evidence);
    Some(item.remedy(format!(
        "Move to its successor, or keep a price of your own: `autosync overlay set {} litellm_provider=… mode=chat input_cost_per_token=…/1M`.",
        bounded(subject.wanted, 160)
    )))
}

/// The shortest names that have it in them.
fn containing(map: &CostMap, wanted: &str) -> String {
    let part = wanted.to_lowercase();
    let mut names: Vec<String> = map
        .models()
        .map(|entry| entry.name().into_owned())
        .filter(|name| name.to_lowercase().contains(&part))
        .collect();
    names.sort_by_key(String::len);
    names.iter().take(NAMED).map(|name| bounded(name, 120)).collect::<Vec<_>>().join(", ")
}

fn listed(nearest: &[Near]) -> String {
    nearest.iter().map(|near| bounded(&near.name, 120)).collect::<Vec<_>>().join(", ")
}

/// Calls of it go through all the same.
fn billed_at_nothing(question: &Question<'_>, subject: &Subject<'_>) -> Option<String> {
    let seen = question.looked?.seen.as_ref()?;
    if let Some(wildcard) = serving(&seen.deployments, question.asked) {
        return Some(format!(
            "Its calls go through the wildcard {} and are billed at $0.",
            bounded(&wildcard.name, 100)
        ));
    }
    subject.deployment.map(|_| "Its calls are billed at $0.".to_owned())
}
