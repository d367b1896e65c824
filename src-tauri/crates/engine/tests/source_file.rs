//! A source that is a file.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use engine::net::NetworkEnv;
use engine::source::{FetchLimits, Fetched, Fetcher, Source};
use engine::{Clock, Error, ErrorCode};
use tokio_util::sync::CancellationToken;

async fn read(path: &Path, known: Option<&str>) -> Result<Fetched, Error> {
    let limits = FetchLimits { body: 100, ..FetchLimits::default() };
    let fetcher = Fetcher::with(limits, &NetworkEnv::Direct, Clock::system()).unwrap();
    fetcher.fetch(&Source::File(path.into()), known, &CancellationToken::new()).await
}

#[tokio::test]
async fn a_change_is_seen_even_under_an_old_time_stamp() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("map.json");
    std::fs::write(&path, b"{\"a\":1}").unwrap();
    let stamp = std::fs::metadata(&path).unwrap().modified().unwrap();
    let Fetched::Map { bytes, validator, .. } = read(&path, None).await.unwrap() else { panic!() };
    assert_eq!(bytes, b"{\"a\":1}");
    let known = validator.unwrap();
    assert_eq!(read(&path, Some(&known)).await, Ok(Fetched::NotModified));

    std::fs::write(&path, b"{\"a\":2}").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(stamp).unwrap();
    let Fetched::Map { bytes, .. } = read(&path, Some(&known)).await.unwrap() else { panic!("the change was missed") };
    assert_eq!(bytes, b"{\"a\":2}");
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let home = tempfile::tempdir().unwrap();
    let missing = read(&home.path().join("none.json"), None).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::SourceFile);
    assert!(missing.message.contains("does not exist"), "{}", missing.message);
    let folder = read(home.path(), None).await.unwrap_err();
    assert_eq!(folder.code, ErrorCode::SourceFile);
    let large = home.path().join("large.json");
    std::fs::write(&large, [b' '; 101]).unwrap();
    assert_eq!(read(&large, None).await.unwrap_err().code, ErrorCode::SourceTooLarge);
    std::fs::write(&large, [b' '; 100]).unwrap();
    assert!(matches!(read(&large, None).await, Ok(Fetched::Map { .. })));
}
