//! Known-good copies: each map that was promoted is also a plain file in `backups/`, for a day on which this program cannot
//! be asked. Only so many are kept, and never the newest removed.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use costmap::Revision;
use tokio::task::spawn_blocking;

use crate::home::write_atomic;
use crate::ledger::Ledger;
use crate::{Error, ErrorCode, Result};

/// So many copies.
const MOST: usize = 20;

/// So many bytes of them.
const BYTES: u64 = 100 << 20;

const HEAD: &str = "promoted-";

/// Copies what is promoted, where the newest copy is another one.
///
/// # Errors
/// The ledger's; `home_unusable` where the folder cannot be written.
pub(crate) async fn keep(ledger: &Ledger, folder: &Path) -> Result<()> {
    let Some(promotion) = ledger.promoted().await? else { return Ok(()) };
    let name = name(promotion.promoted_at, &promotion.revision);
    let folder = folder.to_owned();
    if newest_is(&folder, &promotion.revision) {
        return Ok(());
    }
    let Some(bytes) = ledger.map(&promotion.revision).await? else { return Ok(()) };
    let unwritable = |cause| {
        let message = "The copy of the promoted map could not be written to backups/. Everything else goes on.";
        Error::new(ErrorCode::HomeUnusable, message).detail(cause)
    };
    let kept = spawn_blocking(move || {
        write_atomic(&folder.join(name), &bytes)?;
        rotate(&folder)
    });
    kept.await.map_err(|defect| Error::new(ErrorCode::Internal, "A copy failed.").detail(defect))?.map_err(unwritable)
}

fn name(at: DateTime<Utc>, revision: &Revision) -> String {
    format!("{HEAD}{}-{}.json", at.format("%Y%m%dT%H%M%SZ"), revision.short())
}

/// The copies, the oldest first: their names begin with their time.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    let is_one = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(HEAD));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_one).collect();
    all.sort_unstable();
    all
}

fn newest_is(folder: &Path, revision: &Revision) -> bool {
    let ending = format!("-{}.json", revision.short());
    copies(folder).last().is_some_and(|path| path.to_string_lossy().ends_with(&ending))
}

fn rotate(folder: &Path) -> std::io::Result<()> {
    let mut left = BYTES;
    for (place, path) in copies(folder).iter().rev().enumerate() {
        let size = fs::metadata(path)?.len();
        if place > 0 && (place >= MOST || size > left) {
            fs::remove_file(path)?;
        } else {
            left = left.saturating_sub(size);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_copies_stay_and_the_newest_always_does() {
        let dir = tempfile::tempdir().unwrap();
        let at = |second: u32| -> DateTime<Utc> { format!("2026-01-01T00:00:{second:02}Z").parse().unwrap() };
        for second in 0..30 {
            let revision = Revision::of(&second.to_string().into_bytes());
            fs::write(dir.path().join(name(at(second), &revision)), "x").unwrap();
            rotate(dir.path()).unwrap();
            assert!(newest_is(dir.path(), &revision));
        }
        fs::write(dir.path().join("settings.000001.toml"), "theirs").unwrap();
        rotate(dir.path()).unwrap();
        assert_eq!(copies(dir.path()).len(), MOST);
        assert!(dir.path().join("settings.000001.toml").exists());
        // Larger than all that may be kept, it stays all the same.
        let huge = fs::File::create(dir.path().join(name(at(59), &Revision::of(b"huge")))).unwrap();
        huge.set_len(BYTES + 1).unwrap();
        rotate(dir.path()).unwrap();
        assert_eq!(copies(dir.path()).len(), 1);
    }
}
