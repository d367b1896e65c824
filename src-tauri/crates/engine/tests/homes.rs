//! Homes that earlier versions of this program have left, kept as they were: each is taken over whole. The folder's name is
//! the form of its ledger; a new form adds one. Each has two maps of 60 and 61 models and two failed runs. The first form has
//! a test of its own in the ledger, with hundreds of maps.

use std::path::{Path, PathBuf};

use engine::Clock;
use engine::ledger::{Ledger, RunFilter};
use engine::run::Outcome;
use engine::settings::{KeyPlace, SettingsFile};

#[tokio::test]
async fn every_earlier_home_is_taken_over_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/homes");
    let mut homes: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    homes.sort();
    assert!(homes.len() >= 2, "{homes:?}");
    for home in homes {
        let dir = tempfile::tempdir().unwrap();
        let (settings, ledger) = (dir.path().join("settings.toml"), dir.path().join("ledger.db"));
        std::fs::copy(home.join("settings.toml"), &settings).unwrap();
        let packed = std::fs::File::open(home.join("ledger.db.zst")).unwrap();
        zstd::stream::copy_decode(packed, std::fs::File::create(&ledger).unwrap()).unwrap();

        let settings = SettingsFile::load(&settings).unwrap();
        assert_eq!(settings.problems(), [], "{home:?}");
        let proxy = &settings.settings().proxies[0];
        assert_eq!((proxy.name.to_string(), &proxy.key), ("local".to_owned(), &KeyPlace::Env("K".to_owned())));

        let (ledger, interrupted) = Ledger::open(&ledger, &Clock::system()).await.unwrap();
        assert_eq!(interrupted, 0, "{home:?}");
        let promotions = ledger.promotions(usize::MAX).await.unwrap();
        assert_eq!(promotions.iter().map(|one| one.models).collect::<Vec<_>>(), [61, 60], "{home:?}");
        for promotion in &promotions {
            assert!(ledger.map(&promotion.revision).await.unwrap().is_some(), "{home:?}");
        }
        let runs = ledger.runs(RunFilter { limit: 9, ..RunFilter::default() }).await.unwrap();
        assert_eq!(runs.iter().map(|run| run.outcome).collect::<Vec<_>>(), [Outcome::Failed; 2], "{home:?}");
        let prices = ledger.price_history("model-7").await.unwrap();
        let mut values: Vec<&str> = prices.iter().map(|price| price.value.as_str()).collect();
        values.sort_unstable();
        assert_eq!(values, ["0.0000008", "0.0000032", "0.000004"], "{home:?}");
    }
}
