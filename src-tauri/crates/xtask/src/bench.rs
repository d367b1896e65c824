//! `cargo xtask bench`: the figures of docs/PERFORMANCE.md.

use std::path::Path;
use std::process::Command;

use crate::phases::Phases;
use crate::workspace::{self, cargo};
use crate::{Failure, Result, cache, command, maps, python, setup, ui};

/// Runs the criterion benchmarks, then whole processes beside Python, then the app on a screen. `filter` takes only the
/// benchmarks whose name contains it; `desktop` only the app and its dashboard, `fleet` only a day with fifty proxies.
pub fn bench(filter: Option<&str>) -> Result<()> {
    let mut phases = Phases::default();
    if filter == Some("fleet") {
        fleet(&mut phases)?;
        phases.summary();
        return Ok(());
    }
    if filter != Some("desktop") {
        maps_and_processes(&mut phases, filter)?;
    }
    if filter.is_none_or(|filter| filter == "desktop") {
        desktop(&mut phases, "figures", true, None)?;
        let programs = phases.run("build of the dashboard for a browser", workspace::build_tests)?;
        phases.run("the dashboard in a browser", || ui::browse(&programs, &["figures"]))?;
    }
    if filter.is_none() {
        fleet(&mut phases)?;
    }
    phases.summary();
    Ok(())
}

/// A simulated day with fifty stand-ins for proxies: `tests/fleet`.
fn fleet(phases: &mut Phases) -> Result<()> {
    phases.run("set-up: a real map", || maps::fetch(&["1.102.4".to_owned()]))?;
    phases.run("fifty proxies for a day", || {
        let mut test = cargo();
        test.args(["test", "--release", "--workspace", "--test", "fleet", "--", "--ignored", "--nocapture"]);
        command::run(&mut test)
    })
}

fn maps_and_processes(phases: &mut Phases, filter: Option<&str>) -> Result<()> {
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
        let tape = phases.run("build of simd-json alone", workspace::build_tape)?;
        phases.run("whole processes beside Python", || {
            let python = python::make_tools()?.python();
            let compare = workspace::root().join("tests/perf/compare.py");
            command::run(Command::new(python).args([compare, program, tape, folder.clone()]))
        })?;
    }
    Ok(())
}

/// The pictures of the README, into `docs/pictures`.
pub fn pictures() -> Result<()> {
    let mut phases = Phases::default();
    for (program, package) in [("tint2", "tint2"), ("dunst", "dunst")] {
        if !command::works(program, &["-v"]) {
            return Err(Failure::missing(format!("{program} is missing; Debian's package is {package}")));
        }
    }
    let folder = workspace::root().join("docs/pictures");
    desktop(&mut phases, "pictures", false, Some(&folder))
}

/// What needs a real screen, and is no test: `tests/desktop`, its ignored parts.
fn desktop(phases: &mut Phases, part: &str, release: bool, pictures: Option<&Path>) -> Result<()> {
    phases.run("set-up: packages for a screen", || setup::machine(setup::For::Tests))?;
    phases.run("set-up: real proxies and maps", || crate::suite::downloads(false))?;
    phases.run("build of the dashboard", ui::build)?;
    let app = phases.run("build of the app", || workspace::build_app(release))?;
    let autosync = phases.run("build of the terminal", || workspace::build_autosync(false))?;
    phases.run(part, || {
        let mut test = cargo();
        test.args(["test", "--quiet", "--package", "system-tests", "--test", "desktop", "--", part]);
        test.args(["--ignored", "--nocapture"]).env(workspace::APP, &app).env(workspace::PROGRAM, &autosync);
        command::run(test.envs(pictures.map(|folder| ("AUTOSYNC_TEST_PICTURES", folder))))
    })
}
