//! Older and newer proxies, each with its own habits (`cargo xtask test --long`).

use system_tests::Stage;
use xtask::python::OLDER_PROXIES;

use crate::schedule::keeps_its_schedule;
use crate::sync::moves_to_the_newer_map;

#[test]
#[ignore = "`cargo xtask test --long` runs it: it starts four more proxies"]
fn every_other_version_syncs_proves_it_and_keeps_its_schedule() {
    for version in OLDER_PROXIES {
        let stage = Stage::start(version, |options| options);
        moves_to_the_newer_map(&stage);
        stage.set_back();
        keeps_its_schedule(&stage);
    }
}
