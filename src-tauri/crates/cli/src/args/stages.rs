//! `stages` and `promote`: which proxies get a map first.

use clap::Args;

/// `stages`.
#[derive(Args, Debug)]
pub(crate) struct StagesArgs {
    /// off: all proxies get a map at once. rule: testing first, then staging, then production, by itself. hand: when you
    /// say so.
    #[arg(value_parser = ["off", "rule", "hand"])]
    pub(crate) mode: Option<String>,
    /// How long each stage has a map before the next gets it: 30m, 1h, 1d.
    #[arg(long, value_name = "TIME")]
    pub(crate) soak: Option<String>,
}

/// `promote`.
#[derive(Args, Debug)]
pub(crate) struct PromoteArgs {
    /// Go on to this stage: testing, staging or production. Default: the next one.
    #[arg(long, value_name = "ROLE")]
    pub(crate) to: Option<String>,
    /// Also where a proxy failed with this map.
    #[arg(long)]
    pub(crate) force: bool,
}
