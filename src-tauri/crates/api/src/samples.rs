//! A state to test with.

use chrono::{DateTime, Utc};
use engine::run::{Outcome, Trigger};
use engine::status::{Health, Reads, SyncState};

use crate::view::{
    AppState, ErrorView, HostKind, OwnNote, ProxyView, RateView, RunRow, SourceView, ToastView, UpdateView,
};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One healthy proxy, synced at noon.
pub(crate) fn state() -> AppState {
    let noon = at("2026-03-04T12:00:00Z");
    AppState {
        revision: 1,
        now: noon,
        version: "0.1.0".into(),
        platform: "linux".into(),
        host: HostKind::Desktop,
        first_run: false,
        theme: "system".into(),
        source: SourceView {
            url: "https://example.com/map.json".into(),
            revision: Some("b".repeat(40)),
            seen_at: Some(noon),
            checked_at: Some(noon),
            models: Some(4611),
            verdict: Some("accepted".into()),
            error: None,
            is_checking: false,
            new_there: None,
            held_because: None,
            is_kept: true,
        },
        promoted: None,
        stages: vec![],
        pins: vec![],
        own: OwnNote::default(),
        publish: None,
        webhooks: vec![],
        pause: None,
        proxies: vec![proxy("local")],
        attention: vec![],
        last_sync: Some(noon),
        next_sync: None,
        model_counts: vec![],
        latest_changes: None,
        today: None,
        update: UpdateView::default(),
        tray_problem: None,
        toasts: ToastView::default(),
    }
}

pub(crate) fn proxy(name: &str) -> ProxyView {
    let noon = at("2026-03-04T12:00:00Z");
    ProxyView {
        name: name.into(),
        url: "http://127.0.0.1:4000/".into(),
        role: "production".into(),
        sync: SyncState::Synced,
        live_revision: None,
        proved_at: Some(noon),
        to_the_byte: true,
        health: Some(Health::Up),
        withdrawn: None,
        asked_at: Some(noon),
        is_asking: false,
        down_since: None,
        version: None,
        database: None,
        reads: Reads::Direct,
        error: None,
        cause: None,
        last_run: Some(run(name, Outcome::Succeeded)),
        running: None,
        next_run: None,
        own_hours: None,
        own_schedule: None,
        awaits_first_sync: false,
        strip: vec![],
        rate: RateView::default(),
        callable: None,
        priced: None,
        unpriced: vec![],
        unpriced_entry: None,
        zero: vec![],
        receipt: None,
    }
}

pub(crate) fn run(proxy: &str, outcome: Outcome) -> RunRow {
    let noon = at("2026-03-04T12:00:00Z");
    RunRow {
        id: 7,
        proxy: proxy.into(),
        trigger: Trigger::Manual,
        outcome,
        reason: None,
        started: noon,
        finished: Some(noon),
        seconds: Some(2.0),
        from: None,
        to: None,
        new_models: 0,
        removed_models: 0,
        pricing_changes: 0,
        error: None,
        compared_models: None,
    }
}

pub(crate) fn error(code: &str, message: &str) -> ErrorView {
    ErrorView { code: code.into(), message: message.into(), detail: None, field: None }
}
