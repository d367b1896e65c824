//! Two builds on one home: this one, and the last one that wrote the ledger's first form. `cargo xtask test --long` builds
//! it from the history.

use std::path::PathBuf;
use std::time::Duration;

use system_tests::Stage;

use crate::{MAIN, code};

const READY: Duration = Duration::from_secs(10);

fn older() -> PathBuf {
    let program = std::env::var_os(xtask::workspace::OLDER);
    program.unwrap_or_else(|| panic!("the older program is missing: `cargo xtask test --long` builds it")).into()
}

#[test]
#[ignore = "needs a second build of the program; `cargo xtask test --long` makes it"]
fn a_home_goes_from_the_older_program_to_this_one_and_not_back() {
    let stage = Stage::shared(MAIN);
    let autosync = stage.autosync();
    let older = autosync.other(older());
    stage.upstream.serve(&stage.new);
    let (exit, synced) = older.json(&["sync"]);
    assert_eq!((exit, &synced["runs"][0]["outcome"]), (0, &"succeeded".into()), "{synced:#}");

    // The older one has the home: this one reads nothing that it does not know, and changes nothing.
    let mut watch = older.spawn(&["watch"]);
    watch.wait_for_line("ready", READY);
    let (_, history) = autosync.json(&["history"]);
    assert!(history["error"]["message"].as_str().unwrap().contains("older version"), "{history:#}");
    let (exit, busy) = autosync.json(&["watch"]);
    assert_eq!((exit, code(&busy)), (1, "home_busy"), "{busy:#}");
    watch.interrupt();
    assert_eq!(watch.finish().code, Some(0));

    // This one takes the home over, with everything in it.
    stage.upstream.serve(&stage.old);
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &answer["runs"][0]["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    let first = synced["runs"][0]["id"].to_string();
    let (_, kept) = autosync.json(&["show", &first]);
    assert_eq!(kept, synced["runs"][0], "the older one's run, with its lists and receipt");

    // Now the older one is refused, whether this one runs or not, and what is there stays.
    let before = autosync.json(&["history"]);
    for running in [false, true] {
        let watch = running.then(|| {
            let mut watch = autosync.spawn(&["watch"]);
            watch.wait_for_line("ready", READY);
            watch
        });
        let (exit, refused) = older.json(&["history"]);
        assert_eq!((exit, code(&refused)), (1, "ledger_too_new"), "{refused:#}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("newer version") && message.contains("Update this program"), "{message}");
        if let Some(watch) = watch {
            let (exit, busy) = older.json(&["watch"]);
            assert_eq!((exit, code(&busy)), (1, "home_busy"), "{busy:#}");
            watch.interrupt();
            assert_eq!(watch.finish().code, Some(0));
        } else {
            let (exit, refused) = older.json(&["sync"]);
            assert_eq!((exit, code(&refused)), (1, "ledger_too_new"), "{refused:#}");
            assert_eq!(autosync.json(&["history"]), before);
        }
    }
    let (_, kept) = autosync.json(&["show", &first]);
    assert_eq!(kept, synced["runs"][0]);
}
