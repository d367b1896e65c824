//! `cargo xtask bench`: the benchmarks.

use crate::phases::Phases;
use crate::workspace::cargo;
use crate::{Result, command, maps, setup};

/// Runs every criterion benchmark; `filter` takes those whose name contains it.
pub fn bench(filter: Option<&str>) -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up: packages", || setup::machine(setup::For::Proxies))?;
    phases.run("set-up: real maps", || maps::fetch(&maps::ALWAYS.map(str::to_owned)))?;
    phases.run("benchmarks", || {
        command::run(cargo().args(["bench", "--package", "costmap", "--benches", "--"]).args(filter))
    })?;
    phases.summary();
    Ok(())
}
