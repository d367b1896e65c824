//! When syncs happen, and whose schedule that is.

use clap::{Args, Subcommand, ValueEnum};

/// `schedule …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Show both schedules.
    Show {
        /// Only this proxy.
        #[arg(long, value_name = "NAME")]
        proxy: Option<String>,
    },
    /// Sync at an interval.
    #[command(after_help = "\
--on app (the default): this program syncs while `autosync watch` or the app is running. --on proxy: the proxy itself
fetches its map every so many whole hours, whether or not this program is running, and loads it unchecked. That schedule
leads then: this program starts no scheduled sync of it, and gives it back where the proxy loses it. Each proxy is tested first; for the app's schedule, one that cannot be synced only gets a warning.

Examples:
  autosync schedule set --every 6h
  autosync schedule set --on-change off
  autosync schedule set --every 24h --on proxy --proxy production
  autosync schedule set --every 24h --on proxy --of beta-headers")]
    Set {
        /// The interval: 30m, 6h, 1d. In a proxy: whole hours, 1 to 8760.
        #[arg(long, value_name = "INTERVAL", required_unless_present = "on_change")]
        every: Option<String>,
        /// Sync a new map as soon as the source has it, within windows and pauses: on or off.
        #[arg(long, value_name = "on|off", value_parser = on_or_off)]
        on_change: Option<bool>,
        #[command(flatten)]
        place: SchedulePlace,
    },
    /// Stop syncing at an interval.
    Clear {
        #[command(flatten)]
        place: SchedulePlace,
    },
}

fn on_or_off(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off"),
    }
}

/// Whose schedule.
#[derive(Args, Debug)]
pub(crate) struct SchedulePlace {
    /// Whose schedule.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) on: On,
    /// With --on proxy: what it reloads.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) of: Of,
    /// With --on proxy: only this proxy. Default: all.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
}

/// What is reloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// The cost map.
    #[default]
    Map,
    /// Which Anthropic beta headers each provider takes.
    BetaHeaders,
}

/// Whose schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum On {
    /// This program's.
    #[default]
    App,
    /// The proxy's own.
    Proxy,
}
