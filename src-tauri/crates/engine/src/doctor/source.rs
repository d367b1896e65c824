//! The way to the source: whether a map comes, how old the answer is, whether its clock and ours agree.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use costmap::check::check_bytes;
use costmap::{CostMap, Verdict, worst};
use reqwest::header::HeaderMap;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{DoctorContext, DoctorItem, remedy};
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::net::Clients;
use crate::settings::Network;
use crate::source::{FetchLimits, Fetched, Fetcher, Source};

/// A clock that is off by more than this makes schedules and receipts hard to read.
const CLOCK_MAY_BE_OFF: TimeDelta = TimeDelta::minutes(5);

/// One try, and less patience than a sync has: who looks for a fault wants to see it, and soon.
fn limits() -> FetchLimits {
    FetchLimits {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(8),
        total: Duration::from_secs(25),
        retries: 0,
        ..FetchLimits::default()
    }
}

/// What came of asking the source.
pub(super) struct Looked {
    pub(super) item: DoctorItem,
    /// Its map now; none where none came.
    pub(super) map: Option<Arc<CostMap>>,
    /// The checks hold it back whatever came before it.
    pub(super) is_broken: bool,
}

impl Looked {
    /// It did not answer in time.
    pub(super) fn silent(item: DoctorItem) -> Self {
        Self { item, map: None, is_broken: false }
    }
}

pub(super) async fn look(context: DoctorContext<'_>) -> Looked {
    let source = match context.settings.source() {
        Ok(source) => Source::from(source),
        Err(error) => {
            let item = DoctorItem::failed("source", &error, Cause::SourceUnusable);
            return Looked::silent(item.remedy("`autosync source set URL|FILE` chooses another source."));
        }
    };
    let fetched = match Fetcher::limited(limits(), &context.settings.network) {
        Ok(fetcher) => fetcher.fetch(&source, None, &CancellationToken::new()).await,
        Err(error) => Err(error),
    };
    match fetched {
        Ok(Fetched::Map { bytes, .. }) => {
            let judged = tokio::task::spawn_blocking(move || judge(&source, bytes)).await;
            judged.unwrap_or_else(|defect| {
                Looked::silent(DoctorItem::unknown("source", format!("The map could not be read: {defect}.")))
            })
        }
        Ok(Fetched::NotModified) => {
            let message = format!("{source} answers \"not modified\" to a first request.");
            Looked::silent(
                DoctorItem::warn("source", Cause::SourceNoMap, message).remedy(remedy::of_source(Cause::SourceNoMap)),
            )
        }
        Err(error) => {
            let item = DoctorItem::failed("source", &error, Cause::SourceUnusable);
            let cause = item.cause.unwrap_or(Cause::SourceUnusable);
            Looked::silent(item.remedy(remedy::of_source(cause)))
        }
    }
}

fn judge(source: &Source, bytes: Vec<u8>) -> Looked {
    let begins = bounded(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]), 120);
    let length = bytes.len();
    let (report, map) = check_bytes(bytes, None);
    let is_broken = report.verdict == Verdict::Held;
    let Some(map) = map else {
        let (cause, what) = if begins.trim_start().starts_with('<') {
            (
                Cause::SourceCaptivePortal,
                "answers with a web page in place of the map: a login page of this network, or a wrong address",
            )
        } else {
            (Cause::SourceNoMap, "answers with something that is no cost map")
        };
        let item = DoctorItem::fail("source", cause, format!("{source} {what}."))
            .evidence(format!("{length} bytes, beginning with {begins}"))
            .remedy(remedy::of_source(cause));
        return Looked { item, map: None, is_broken };
    };
    let evidence = format!("{} models, revision {}", map.len(), report.revision.short());
    let item = if is_broken {
        let why = worst(&report.findings, &|_| false).map(|cause| cause.message).unwrap_or_default();
        DoctorItem::warn(
            "source",
            Cause::Held,
            format!("{source} answers, but the checks would hold back what it sends."),
        )
        .evidence(format!("{evidence}. {why}"))
        .remedy(remedy::HELD)
    } else {
        DoctorItem::ok("source", format!("{source} has a map of {evidence}."))
    };
    Looked { item, map: Some(Arc::new(map)), is_broken }
}

/// Whether our clock and that of the source's host agree, and how old its answer is. A file has neither.
pub(super) async fn clock(context: DoctorContext<'_>) -> Vec<DoctorItem> {
    let Ok(Source::Http(url)) = context.settings.source().map(Source::from) else { return Vec::new() };
    let Some(headers) = head(&url, &context.settings.network).await else { return Vec::new() };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let age: Option<i64> = text("age").and_then(|age| age.trim().parse().ok());
    let cache = age.filter(|age| (0..=86_400 * 365).contains(age)).map(|seconds| {
        let message = format!(
            "The source answers from a cache that is {}; a newer map may come up to that much later.",
            old(seconds)
        );
        DoctorItem::ok("cache", message)
    });
    let theirs = text("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let clock = match theirs {
        None => DoctorItem::ok("clock", "The clock could not be compared: the source does not send its time."),
        Some(theirs) => compared(context.clock.now(), theirs.to_utc()),
    };
    cache.into_iter().chain([clock]).collect()
}

fn compared(ours: DateTime<Utc>, theirs: DateTime<Utc>) -> DoctorItem {
    let off = (ours - theirs).abs();
    if off <= CLOCK_MAY_BE_OFF {
        return DoctorItem::ok("clock", "This machine's clock agrees with the source's.");
    }
    let message = format!("This machine's clock differs from the source's by {} minutes.", off.num_minutes());
    DoctorItem::warn("clock", Cause::Clock, message)
        .evidence(format!("here {}, there {}", ours.format("%F %T UTC"), theirs.format("%F %T UTC")))
        .remedy("Turn on automatic time setting; schedules, certificates and receipts depend on it.")
}

fn old(seconds: i64) -> String {
    if seconds < 120 { format!("{seconds} s old") } else { format!("{} minutes old", seconds / 60) }
}

/// The headers of the source's host.
async fn head(url: &Url, network: &Network) -> Option<HeaderMap> {
    let trust = network.trust().ok()?;
    let limit = limits().stall;
    let clients =
        Clients::new(&network.proxy.environment(), &trust, &["http/1.1"], |builder| builder.timeout(limit)).ok()?;
    let response = clients.for_url(url).await.head(url.clone()).send().await.ok()?;
    Some(response.headers().clone())
}
