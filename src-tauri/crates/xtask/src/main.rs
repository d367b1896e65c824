//! `cargo xtask COMMAND`: set-up and developer commands, for Linux, macOS and Windows alike.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::package::What;
use xtask::say::complain;
use xtask::{
    Failure, Result, bench, channel, cross, demo, fuzz, icons, maps, newest, package, phases, python, run, setup,
    suite, versions,
};

/// Set-up and developer commands of LiteLLM Auto-Sync. Each installs what it needs, or says exactly what to install.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the dashboard and the app, and start it. Without a display, the dashboard opens in a browser
    Run {
        /// Build the optimised program, which takes minutes
        #[arg(long)]
        release: bool,
        /// More arguments for the app: `--home DIR`, `--hidden`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run every check and test
    Test {
        /// Also older proxies, every past map, and the long storms and fuzz runs
        #[arg(long)]
        long: bool,
    },
    /// Show a whole sync on a real LiteLLM proxy, started just for this
    Demo,
    /// Install packages, and put real proxies, real maps and tools into the cache
    Setup {
        /// Only the real LiteLLM proxy of this version
        #[arg(long)]
        proxy: Option<String>,
        /// Also what only `test --long` needs
        #[arg(long)]
        long: bool,
    },
    /// Fetch real past maps into the cache
    Maps {
        /// LiteLLM releases; without any, those of tests/history/releases.txt
        versions: Vec<String>,
        /// Also the releases that only `test --long` replays
        #[arg(long)]
        long: bool,
    },
    /// Read what each LiteLLM release can do from its source, and write costmap's versions.json (6 GB the first time)
    Versions {
        /// Only report whether the file would change; for use before a release
        #[arg(long)]
        check: bool,
    },
    /// See what LiteLLM's newest release brings: its source, its map, its proxy; before a release of ours
    Newest {
        /// Compare it with this release, instead of the newest that the tests know
        #[arg(long, value_name = "VERSION")]
        since: Option<String>,
    },
    /// Make what people install, in target/packages: Linux and Windows from Debian, the disk image on a Mac
    Package {
        /// linux, windows, macos, manifests (of package managers, from the packages that are there), or all
        #[arg(default_value = "all", value_parser = What::NAMES.map(|(name, _)| name))]
        what: String,
        /// The folder on the web that the packages are fetched from, for the manifests
        #[arg(long, value_name = "URL", env = "AUTOSYNC_BASE_URL")]
        base_url: Option<String>,
    },
    /// Install, start, upgrade and remove the Debian package, in a fresh Debian of its own; as root
    TryPackages,
    /// From Linux: type-check for Windows and macOS, and run the Windows tests and the installer under Wine
    Cross {
        /// setup, check, test, install (the installer, made anew), or all
        #[arg(default_value = "all", value_parser = ["setup", "check", "test", "install", "all", "kill"])]
        step: String,
        /// More arguments for cargo
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Fuzz the parser (needs a nightly compiler)
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Draw the icons from their sources
    Icons,
    /// Recreate the pictures in the README (Debian: needs tint2 and dunst)
    Pictures,
    /// Run the benchmarks
    Bench {
        /// Only those whose name contains this
        filter: Option<String>,
    },
    /// Sign the packages that are updates, where there is a key, and write latest.json, where installed apps look
    Channel {
        /// The folder from which people will download the packages
        #[arg(long, value_name = "URL")]
        base_url: String,
        /// Where the packages are; without it, in target/packages
        folder: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match start(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.code)
        }
    }
}

fn start(task: Task) -> Result<()> {
    match task {
        Task::Run { release, args } => run::run(release, &args),
        Task::Test { long } => suite::test(long),
        Task::Demo => demo::demo(),
        Task::Setup { proxy, long } => {
            let mut phases = phases::Phases::default();
            phases.run("packages", || setup::machine(setup::For::Tests))?;
            phases.run("real proxies, real maps, tools", || match proxy {
                Some(version) => python::make_proxy(&version).map(drop),
                None => suite::downloads(long),
            })
        }
        Task::Maps { versions, long } if versions.is_empty() => {
            let releases = maps::releases(long)?;
            maps::fetch(&if releases.is_empty() { maps::ALWAYS.map(str::to_owned).to_vec() } else { releases })
        }
        Task::Maps { versions, .. } => maps::fetch(&versions),
        Task::Newest { since } => newest::newest(since.as_deref()),
        Task::Versions { check } => versions::versions(check),
        Task::Package { what, base_url } => {
            let what = What::named(&what).ok_or_else(|| Failure::failed(format!("{what} is no package")))?;
            package::package(what, base_url.as_deref())
        }
        Task::TryPackages => package::try_packages(),
        Task::Cross { step, args } => cross::cross(&step, &args),
        Task::Icons => icons::draw(),
        Task::Pictures => bench::pictures(),
        Task::Fuzz { seconds } => fuzz::fuzz(seconds),
        Task::Bench { filter } => bench::bench(filter.as_deref()),
        Task::Channel { base_url, folder } => channel::channel(&base_url, folder),
    }
}
