//! What was booked at $0.

use clap::Args;
use engine::status::ZERO_DAYS;

/// What stands below the help of `zero`.
pub(super) const AFTER: &str = "\
Asks each proxy for its daily sums, which it keeps in its database, and for litellm_zero_cost_requests_total where it
offers that (LiteLLM 1.110 and later, with the prometheus callback). Looks only. A model that is free by its entry is not
listed, nor one that only its operator prices, at 0. A day counts where all calls of a model were booked at $0.

Examples:
  autosync zero
  autosync zero --proxy production --days 30 --json";

/// `zero`.
#[derive(Args, Debug)]
pub(crate) struct ZeroArgs {
    /// Only this proxy.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
    /// How many days back, today included (1 to 90).
    #[arg(long, value_name = "N", default_value_t = ZERO_DAYS, value_parser = clap::value_parser!(u32).range(1..=90))]
    pub(crate) days: u32,
}
