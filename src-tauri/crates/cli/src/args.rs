//! The command line: what may be typed, and the help that explains it.

mod gate;
mod proxy;
mod schedule;
mod stages;
mod webhook;
mod zero;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use engine::run::Outcome;

pub(crate) use gate::{DecideArgs, GatewayCommand, OverlayCommand, PinArgs, PublishArgs, RollbackArgs};
pub(crate) use proxy::{ProxyAddArgs, ProxyCommand};
pub(crate) use schedule::{Of, On, ScheduleCommand, SchedulePlace};
pub(crate) use stages::{PromoteArgs, StagesArgs};
pub(crate) use webhook::{WebhookAddArgs, WebhookCommand, WebhookSetArgs};
pub(crate) use zero::ZeroArgs;

const ABOUT: &str = "Keeps the cost map of LiteLLM proxies up to date, and proves it.";

const AFTER: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 held by the checks, 4 unreachable, 5 unauthorised, 6 not proven.

Environment:
  AUTOSYNC_HOME           where settings, history and logs are (as --home)
  AUTOSYNC_LOG            what is logged: error, warn, info, debug, trace, or a filter such as engine=debug
  LITELLM_PROXY_URL       a proxy named env; its key in LITELLM_PROXY_API_KEY or LITELLM_MASTER_KEY
  LITELLM_MODEL_COST_MAP_URL  the source, where the settings name none
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY   how the source is reached
  NO_COLOR                no colours

First steps:
  autosync proxy add local http://127.0.0.1:4000 --key-env LITELLM_MASTER_KEY
  autosync sync
  autosync status";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "autosync", version, about = ABOUT, after_help = AFTER, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Print one JSON document on stdout and nothing else (watch and logs --follow: one object per line).
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Keep settings, history and logs in this folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sync proxies: fetch and check the map, have each proxy load it, and prove that it did.
    #[command(after_help = "\
If the settings have no proxy, only the source is checked. --force makes a proxy reload a map it already has;
it never overrides a hold. With several proxies, the exit code is the worst, in the order 5, 4, 1, 3, 6, 0.

Examples:
  autosync sync
  autosync sync --proxy production --dry-run")]
    Sync(SyncArgs),
    /// Show the source, the promoted map and every proxy: in sync or not, up or down, last and next run.
    Status,
    /// Run until stopped: follow the schedule, watch the source and print what happens.
    #[command(after_help = "\
Prints what works and what does not, then `ready` on a line of its own, then one line per event. An unreachable
source or proxy never ends it; Ctrl-C does, with exit code 0. With --json: one object per line.

Other terminals keep working as usual: this program carries out their changes.")]
    Watch,
    /// Compare one model's prices side by side: upstream, promoted, and live in a proxy.
    #[command(after_help = "\
Examples:
  autosync verify gpt-4o
  autosync verify gpt-4o --proxy local --expect input_cost_per_token=0.0000025")]
    Verify(VerifyArgs),
    /// Check a map: a file, a URL, or a revision from the history.
    #[command(after_help = "\
Exits 0 if the map is accepted or needs review, 3 if it is held, 4 if it cannot be read.

Examples:
  autosync check model_prices_and_context_window.json
  autosync check https://example.com/map.json --against 1a2b3c4 --json")]
    Check(CheckArgs),
    /// Compare two maps: files, URLs, or revisions from the history.
    #[command(after_help = "\
Examples:
  autosync diff old.json new.json
  autosync diff 1a2b3c4 5d6e7f8 --format markdown")]
    Diff(DiffArgs),
    /// List the models of the promoted map, or of a proxy's live map, with their prices.
    Models(ModelsArgs),
    /// Show every price of a model, now or as of a date.
    #[command(after_help = "\
A date without a time means the end of that day in UTC.

Examples:
  autosync price gpt-4o
  autosync price gpt-4o --at 2026-03-31")]
    Price(PriceArgs),
    /// List the calls that proxies booked at $0 although they used tokens, and why; and models that nothing prices.
    #[command(after_help = zero::AFTER)]
    Zero(ZeroArgs),
    /// List past sync runs, newest first.
    #[command(after_help = "\
Of runs older than 90 days that found nothing new, the first and the last of each day stay; the others are counted.")]
    History(HistoryArgs),
    /// Show one sync run with its changes and its proof.
    Show {
        /// The run's number, as shown by `history`.
        run: u64,
    },
    /// Print the sync log.
    Logs(LogsArgs),
    /// Add, list, test and remove proxies.
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// Post alerts where a team reads them: failures, anomalies, your prices, models that retire.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Show or choose where maps come from.
    #[command(subcommand)]
    Source(SourceCommand),
    /// List the models that need review: old and new values, and why they are suspicious.
    #[command(after_help = "\
Proxies that read the gateway keep the old entry of these models until you decide; everything else goes on.
A decision is remembered for these very values, also in later revisions.

Examples:
  autosync review
  autosync approve gpt-4o
  autosync reject --all")]
    Review,
    /// Let models through that need review: their new values are right.
    Approve(DecideArgs),
    /// Keep the old entry of models that need review: their new values are wrong.
    Reject(DecideArgs),
    /// Keep proxies at a map that was promoted before, until `unpin`.
    #[command(after_help = "\
Without a revision, proxies stay at the map that is promoted now. It concerns the proxies that read the gateway.

Examples:
  autosync pin
  autosync pin 3f2a9c --proxy production
  autosync pin --list")]
    Pin(PinArgs),
    /// Let proxies follow the source again, and forget which maps were marked as bad.
    Unpin {
        /// Only this proxy's own pin.
        #[arg(long, value_name = "NAME")]
        proxy: Option<String>,
    },
    /// Go back to an earlier map: the current one is bad.
    #[command(after_help = "\
The current map is marked as bad and is not promoted again. Proxies stay at the earlier map until the source has
another good one; then everything goes on by itself. Without a revision, it is the map before the current one.

Examples:
  autosync rollback --dry-run
  autosync rollback
  autosync rollback 3f2a9c")]
    Rollback(RollbackArgs),
    /// Show how far a map is on its way from testing to production, or choose whether it goes by stages.
    #[command(after_help = "\
Proxies with the role testing or development get a map first, then those for staging, then production. Each stage waits
until every proxy of the one before was proved to have it. A failure stops it there.

Examples:
  autosync stages
  autosync stages rule --soak 2h
  autosync stages off")]
    Stages(StagesArgs),
    /// Let the map that waits go on to the next stage.
    #[command(after_help = "\
Examples:
  autosync promote
  autosync promote --to production")]
    Promote(PromoteArgs),
    /// List, set and remove prices and models of your own.
    #[command(subcommand)]
    Overlay(OverlayCommand),
    /// Show, turn on or turn off the gateway, from which proxies read the promoted map.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Put the promoted map where others read it: a folder or an S3 bucket. Without a target, publish now.
    #[command(after_help = "\
Keys come from the usual variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION) or from
AWS_PROFILE. Several machines may publish to one place: none overwrites what another has put there unseen.

Examples:
  autosync publish --to s3://prices/litellm/model_prices.json
  autosync publish --to /srv/www/prices --url https://prices.example.com/model_prices_and_context_window.json
  autosync publish")]
    Publish(PublishArgs),
    /// Show, set or clear the schedule: the app's own, or the one inside a proxy.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Pause scheduled syncs for a while, or until `resume`.
    Pause {
        /// How long: 30m, 1h, 2d, or tomorrow (8 in the morning). Default: until `resume`.
        length: Option<String>,
    },
    /// Resume scheduled syncs.
    Resume,
    /// Put everything that is kept here into one file: settings, history, your own entries. No keys.
    Export {
        /// The file to write, such as autosync.tar.zst.
        file: PathBuf,
    },
    /// Fill an empty home from such a file. What could act is switched off, and no proxy is synced before you ask for it.
    Import {
        /// The file that `export` wrote.
        file: PathBuf,
    },
    /// Find the one cause of what is wrong, with what shows it and how to fix it. Looks only, changes nothing.
    #[command(after_help = "\
Without MODEL: why is a proxy not in sync? Looks at the home, settings, source, network, clock, keys, checks and pins,
and at each proxy: reachable, version, key, database, where it reads its map, replicas, revision and schedule.
With MODEL: why does a proxy not have this model, or not at the source's price? Also near misses of the name, your own
entries, the proxy's own prices, and whether calls of it reach a deployment.

Examples:
  autosync doctor
  autosync doctor gpt-4o --proxy local")]
    Doctor {
        /// Why is this model not there, or not at this price? As the map or a deployment names it.
        model: Option<String>,
        /// Only this proxy.
        #[arg(long, value_name = "NAME")]
        proxy: Option<String>,
    },
    /// Print the completion script for a shell.
    #[command(after_help = "\
Example:
  autosync completions bash > ~/.local/share/bash-completion/completions/autosync")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// `sync`.
#[derive(Args, Debug)]
pub(crate) struct SyncArgs {
    /// Only this proxy; can be repeated.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) proxy: Vec<String>,
    /// Reload the proxy even if it already has the map. Never overrides a hold.
    #[arg(long)]
    pub(crate) force: bool,
    /// Only show what would be done: nothing is promoted, recorded or reloaded.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `verify`.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The model's name in the map.
    pub(crate) model: String,
    /// The proxy to ask. Default: the first one.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
    /// The value a field must have, in USD per unit; can be repeated.
    #[arg(long, value_name = "FIELD=VALUE", action = ArgAction::Append)]
    pub(crate) expect: Vec<String>,
}

/// `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// A file, a URL, or a revision (at least 4 of its 40 digits).
    pub(crate) map: String,
    /// The earlier map, for the rules that check changes.
    #[arg(long, value_name = "OLD")]
    pub(crate) against: Option<String>,
}

/// `diff`.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The old map: a file, a URL, or a revision.
    pub(crate) old: String,
    /// The new map.
    pub(crate) new: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DiffFormat,
}

/// How a change set is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// Tables for a terminal.
    #[default]
    Text,
    /// Tables for an issue or a pull request.
    Markdown,
}

/// `models`.
#[derive(Args, Debug)]
pub(crate) struct ModelsArgs {
    /// Only models with this text in their name, ignoring case.
    #[arg(long, value_name = "Q")]
    pub(crate) search: Option<String>,
    /// Only models from this provider (`litellm_provider`).
    #[arg(long, value_name = "P")]
    pub(crate) provider: Option<String>,
    /// Only models with this mode: chat, embedding, image_generation, …
    #[arg(long, value_name = "M")]
    pub(crate) mode: Option<String>,
    /// The live map of this proxy, instead of the promoted one.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
}

/// `price`.
#[derive(Args, Debug)]
pub(crate) struct PriceArgs {
    /// The model's name in the map.
    pub(crate) model: String,
    /// As of this time: 2026-03-31, or 2026-03-31T12:00:00Z.
    #[arg(long, value_name = "DATE")]
    pub(crate) at: Option<String>,
    /// Every price that it ever had, with its dates.
    #[arg(long, conflicts_with = "at")]
    pub(crate) history: bool,
}

/// `history`.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// Only runs of this proxy.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
    /// Only runs with this outcome.
    #[arg(long)]
    pub(crate) outcome: Option<Ended>,
    /// Show at most this many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ended {
    /// The proxy loaded the map, and this was proven.
    Succeeded,
    /// The proxy already had the map, and this was proven.
    Unchanged,
    /// The checks held the map back.
    Held,
    /// The sync failed.
    Failed,
    /// The proxy reported success, but its live map does not show it.
    Unproven,
    /// Cancelled, or the program ended.
    Interrupted,
    /// Not ended yet.
    Running,
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Succeeded => Self::Succeeded,
            Ended::Unchanged => Self::Unchanged,
            Ended::Held => Self::Held,
            Ended::Failed => Self::Failed,
            Ended::Unproven => Self::Unproven,
            Ended::Interrupted => Self::Interrupted,
            Ended::Running => Self::Running,
        }
    }
}

/// `logs`.
#[derive(Args, Debug)]
pub(crate) struct LogsArgs {
    /// Keep printing lines as they are added, until Ctrl-C.
    #[arg(long, short)]
    pub(crate) follow: bool,
}

/// `source …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Show the source of maps, and what was last seen there.
    Show,
    /// Set the source of maps; `default` is LiteLLM's own map on its main branch.
    Set {
        /// An http(s) URL, a file, or `default`.
        source: String,
        /// A PEM file of a company's own authority, trusted for the source beside the system's store; `none` for no such file.
        #[arg(long, value_name = "FILE")]
        ca_file: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
