//! The proxy's own schedule.

use engine::ErrorCode;
use engine::proxy::{KeyState, Resource};
use engine::settings::Hours;
use rstest::rstest;

use crate::replay::{MASTER, Replay};

#[rstest]
#[case("1.75.5.post2", "2026-11-22")]
#[case("1.80.17", "2026-11-22")]
#[case("1.90.7", "2026-11-22")]
#[case("1.102.4", "2026-11-22")]
#[case("1.109.1", "2026-11-22")]
#[case("1.110.2", "2026-11-27")]
#[tokio::test]
async fn the_proxys_own_schedule_is_set_confirmed_and_ended(#[case] version: &str, #[case] recorded_on: &str) {
    let proxy = Replay::of(version, &["model-hub-info", "readiness", "schedule-6", "status-now"]).await;
    let status = proxy.client(MASTER).schedule_set(Resource::CostMap, Hours::new(6).unwrap()).await.unwrap();
    assert_eq!((status.scheduled, status.interval_hours), (true, Some(6)));
    let (last, next) = (status.last_run.unwrap(), status.next_run.unwrap());
    assert_eq!((next - last).num_hours(), 6);
    assert_eq!(last.format("%Y-%m-%d").to_string(), recorded_on, "a naive time is UTC");

    let proxy = Replay::of(version, &["model-hub-info", "readiness", "delete", "status-deleted"]).await;
    assert!(!proxy.client(MASTER).schedule_clear(Resource::CostMap).await.unwrap().scheduled);
}

#[tokio::test]
async fn a_schedule_that_the_proxy_did_not_take_is_not_believed() {
    let proxy = Replay::of("1.102.4", &["model-hub-info", "schedule-hours_8760", "status-now"]).await;
    assert_eq!(
        proxy.client(MASTER).schedule_set(Resource::CostMap, Hours::new(8760).unwrap()).await.unwrap_err().code,
        ErrorCode::Unproven
    );
}

/// Trap 3.
#[tokio::test]
async fn an_old_proxy_forgets_its_schedule_at_a_reload() {
    let cases = ["model-hub-info", "readiness", "reload-with-schedule", "status-after-manual"];
    for (version, keeps) in [("1.75.5.post2", false), ("1.80.17", false), ("1.90.7", true), ("1.102.4", true)] {
        let proxy = Replay::of(version, &cases).await;
        let client = proxy.client(MASTER);
        client.reload().await.unwrap();
        assert_eq!(client.schedule_status(Resource::CostMap).await.unwrap().scheduled, keeps, "{version}");
        let capabilities = engine::proxy::Capabilities::of(client.identify().await.unwrap());
        assert_eq!(capabilities.reload_erases_schedule, !keeps, "{version}");
    }
}

/// Trap 4: overdue, and nothing will come.
#[tokio::test]
async fn an_overdue_schedule_shows_no_next_run() {
    let proxy = Replay::of("1.90.7", &["model-hub-info", "status-aged"]).await;
    let status = proxy.client(MASTER).schedule_status(Resource::CostMap).await.unwrap();
    assert_eq!((status.scheduled, status.next_run), (true, None));
    assert!(status.last_run.is_some());
}

#[rstest]
#[case("1.80.17-nodb")]
#[case("1.102.4-nodb")]
#[tokio::test]
async fn not_scheduled_without_a_database_is_not_known(#[case] version: &str) {
    let cases = ["model-hub-info", "readiness", "status-before", "schedule-6", "delete"];
    let proxy = Replay::of(version, &cases[..]).await;
    let client = proxy.client(MASTER);
    let error = client.schedule_status(Resource::CostMap).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NoDatabase);
    assert!(error.message.contains("means nothing"), "{}", error.message);
    assert_eq!(
        client.schedule_set(Resource::CostMap, Hours::new(6).unwrap()).await.unwrap_err().code,
        ErrorCode::NoDatabase
    );
    assert_eq!(client.schedule_clear(Resource::CostMap).await.unwrap_err().code, ErrorCode::NoDatabase);
}

#[tokio::test]
async fn an_absurd_schedule_of_somebody_else_is_survived() {
    let proxy = Replay::of("1.90.7", &["model-hub-info", "status-huge"]).await;
    let status = proxy.client(MASTER).schedule_status(Resource::CostMap).await.unwrap();
    assert_eq!((status.scheduled, status.interval_hours), (true, None));
    let proxy = Replay::of("1.102.4", &["model-hub-info", "readiness", "status-huge", "source"]).await;
    let client = proxy.client(MASTER);
    assert!(client.schedule_status(Resource::CostMap).await.unwrap_err().message.contains("schedule clear"));
    assert_eq!(client.probe().await.unwrap().key, KeyState::Valid);
}
