//! What is wrong, why, and what to do about it: `autosync doctor --json`. Looks only: nothing is changed, at a proxy neither.
//!
//! Every look is an item. The chain is their order, in which trouble builds up; the first item that explains it is the
//! cause. With a model the chain is asked for that model on each proxy (`model.rs`).

mod gate;
mod item;
mod kept;
mod machine;
mod model;
mod names;
mod proxies;
mod remedy;
mod source;
mod spend;
mod sync;

use std::time::Duration;

use futures_util::future::join_all;

pub use item::{CheckState, DoctorItem, DoctorReport};
use kept::Kept;

use crate::Clock;
use crate::controller::Environment;
use crate::diagnosis::Cause;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::secrets::Secrets;
use crate::settings::{Settings, SettingsProblem};

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
    /// Why is this model not there, or not at this price?
    pub model: Option<&'a str>,
    /// Only this proxy; none: all of them.
    pub proxy: Option<&'a str>,
    /// How long the source, the key store and each proxy may take.
    pub patience: Duration,
}

/// Looks at everything, at the slow things all at once. What cannot be looked at is an item that failed, never an error.
pub async fn examine(context: DoctorContext<'_>) -> DoctorReport {
    let ledger = Ledger::open_read(&context.home.ledger()).await;
    let mut items = vec![machine::home(context.home)];
    items.extend(machine::settings(context));
    let kept = Kept::read(context, ledger.as_ref().ok().and_then(Option::as_ref)).await;
    items.push(machine::ledger(&ledger, kept.unreadable.as_ref()));
    items.push(machine::network_proxy(context.settings));
    let chosen = |name: &str| context.proxy.is_none_or(|proxy| proxy.eq_ignore_ascii_case(name));
    let proxies = context.settings.proxies.iter().filter(|proxy| chosen(proxy.name.as_str()));
    let proxies = proxies.map(|proxy| {
        let kept = &kept;
        async move {
            let looked = tokio::time::timeout(context.patience, proxies::look(context, kept, proxy)).await;
            looked.unwrap_or_else(|_| proxies::Looked::silent(proxy, slow(context, "reachable", Cause::ProxyTimedOut)))
        }
    });
    let (source, clock, key_store, proxies) = tokio::join!(
        tokio::time::timeout(context.patience, source::look(context)),
        within(context, "clock", source::clock(context)),
        within(context, "key_store", machine::key_store(context)),
        join_all(proxies),
    );
    let source = source.unwrap_or_else(|_| source::Looked::silent(slow(context, "source", Cause::SourceTimedOut)));
    items.push(source.item.clone());
    items.extend(clock.into_iter().chain(gate::items(context, &kept, &source)));
    if context.settings.proxies.is_empty() {
        let add = "`autosync proxy add NAME URL --key-env VAR` adds one.";
        items.push(DoctorItem::warn("proxy", Cause::NoProxy, "No proxy has been added yet.").remedy(add));
    }
    items.extend(key_store);
    let answers = match context.model {
        Some(model) => model::answers(context, &kept, &source, &proxies, model).await,
        None => Vec::new(),
    };
    items.extend(proxies.into_iter().flat_map(|looked| looked.items));
    items.extend(answers);
    DoctorReport::of(context.model, items)
}

/// What takes too long is told as that, so that one thing that hangs hides no other.
async fn within(
    context: DoctorContext<'_>,
    about: &str,
    items: impl Future<Output = Vec<DoctorItem>>,
) -> Vec<DoctorItem> {
    let late = |_| vec![DoctorItem { cause: None, ..slow(context, about, Cause::Clock) }];
    tokio::time::timeout(context.patience, items).await.unwrap_or_else(late)
}

fn slow(context: DoctorContext<'_>, about: &str, cause: Cause) -> DoctorItem {
    let message = format!("No answer within {} s; it may just be slow.", context.patience.as_secs());
    DoctorItem::warn(about, cause, message).remedy("`autosync doctor` waits longer.")
}
