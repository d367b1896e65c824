//! `cargo xtask bench`: the figures of docs/PERFORMANCE.md.

use std::process::Command;

use crate::phases::Phases;
use crate::workspace::{self, cargo};
use crate::{Result, cache, command, maps, python, setup};

/// Runs the criterion benchmarks, then whole processes beside Python. `filter` takes only the benchmarks whose name
/// contains it.
pub fn bench(filter: Option<&str>) -> Result<()> {
    let mut phases = Phases::default();
    let folder = cache::folder()?.join("maps");
    phases.run("set-up: packages", || setup::machine(setup::For::Proxies))?;
    phases
        .run("set-up: real maps", || maps::fetch(&["1.102.4", "1.106.0", "1.106.3", "1.109.1"].map(str::to_owned)))?;
    phases.run("benchmarks", || {
        let mut bench = cargo();
        bench.env("AUTOSYNC_BENCH_MAPS", &folder).args(["bench", "--package", "costmap", "--benches", "--"]);
        command::run(bench.args(filter))
    })?;
    if filter.is_none() {
        let program = phases.run("build of the optimised program", || workspace::build_autosync(true))?;
        phases.run("whole processes beside Python", || {
            let python = python::make_tools()?.python();
            let compare = workspace::root().join("tests/perf/compare.py");
            command::run(Command::new(python).arg(compare).arg(program).arg(&folder))
        })?;
    }
    phases.summary();
    Ok(())
}
