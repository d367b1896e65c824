//! What decides which map proxies are meant to have, and how it gets to them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `approve`, `reject`.
#[derive(Args, Debug)]
pub(crate) struct DecideArgs {
    /// The models, as `review` names them.
    #[arg(required_unless_present = "all", value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// Every model that needs review.
    #[arg(long, conflicts_with = "models")]
    pub(crate) all: bool,
}

/// `pin`.
#[derive(Args, Debug)]
pub(crate) struct PinArgs {
    /// The beginning of the revision, as `pin --list` shows it.
    pub(crate) revision: Option<String>,
    /// Only this proxy.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
    /// List the maps that were promoted, newest first.
    #[arg(long, conflicts_with_all = ["revision", "proxy"])]
    pub(crate) list: bool,
}

/// `rollback`.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The beginning of the revision to go back to, as `pin --list` shows it.
    pub(crate) revision: Option<String>,
    /// Only this proxy.
    #[arg(long, value_name = "NAME")]
    pub(crate) proxy: Option<String>,
    /// Only show what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `publish`.
#[derive(Args, Debug)]
pub(crate) struct PublishArgs {
    /// From now on, publish there: a folder or file by its whole path, s3://bucket/key, or off.
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Where proxies read it, if at another address; empty for none.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Replace the map that another machine has put there, as the last run of this command showed it.
    #[arg(long, conflicts_with_all = ["to", "url"])]
    pub(crate) replace: bool,
}

/// `overlay`.
#[derive(Debug, Subcommand)]
pub(crate) enum OverlayCommand {
    /// List your own entries, with what upstream has beside them.
    List,
    /// Set fields of a model, or a whole model of your own.
    #[command(after_help = "\
A value is JSON or plain text; `null` removes the field from upstream's entry. A price is in USD per unit, or per
million with /1M. The rest of upstream's entry still counts. --file takes a JSON object, which replaces your entry.

Examples:
  autosync overlay set gpt-4o input_cost_per_token=1.80/1M output_cost_per_token=7.20/1M
  autosync overlay set my-gpt alias_of=gpt-4o
  autosync overlay set internal/llama --file entry.json")]
    Set {
        /// The model's name.
        model: String,
        /// The fields, as FIELD=VALUE; a path such as search_context_cost_per_query.search_context_size_low works too.
        #[arg(value_name = "FIELD=VALUE", required_unless_present = "file")]
        fields: Vec<String>,
        /// A file with the whole entry as a JSON object; - reads it from stdin.
        #[arg(long, value_name = "FILE", conflicts_with = "fields")]
        file: Option<PathBuf>,
    },
    /// Remove your own entry, or fields of it: upstream's values count again.
    Remove {
        /// The model's name.
        model: String,
        /// Which fields. Default: all of it.
        #[arg(value_name = "FIELD")]
        fields: Vec<String>,
    },
    /// Keep your own entry although upstream changed.
    Keep {
        /// The model's name.
        model: String,
    },
}

/// `gateway`.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// Show whether it is on, what each proxy has to read, and who came for a map.
    Status,
    /// Turn it on. It listens while the app or `autosync watch` runs.
    #[command(after_help = "\
Without an address it listens at 127.0.0.1:4401. Beyond this machine (a container needs the address of its bridge)
its path begins with a random prefix, since LiteLLM sends no key with its request.

Examples:
  autosync gateway on
  autosync gateway on 172.17.0.1:4401")]
    On {
        /// Where to listen.
        address: Option<String>,
    },
    /// Turn it off. Proxies that read it keep their map until they are restarted or reloaded.
    Off,
}
