//! `cargo xtask demo`: the main job on a real proxy, with nothing of the user's own.

use crate::phases::Phases;
use crate::workspace::cargo;
use crate::{Result, command, maps, python, setup};

/// Prepares what the demonstration needs (kept in the cache), then runs it; the program itself is `tests/demo`.
pub fn demo() -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up: packages", || setup::machine(setup::For::Proxies))?;
    phases.run("set-up: the real LiteLLM proxy in a private Python environment", || {
        python::make_proxy(python::NEWEST_PROXY).map(drop)
    })?;
    phases.run("set-up: two real maps", || maps::fetch(&maps::DEMO.map(str::to_owned)))?;
    phases.run("build", || {
        command::run(cargo().args(["build", "--package", "autosync", "--package", "system-tests", "--bins"]))
    })?;
    phases.run("demonstration", || {
        command::run(cargo().args(["run", "--quiet", "--package", "system-tests", "--bin", "demo"]))
    })
}
