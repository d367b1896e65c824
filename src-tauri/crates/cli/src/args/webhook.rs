//! `webhook …`.

use clap::{Args, Subcommand};

/// `webhook …`.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add a webhook: alerts are posted there.
    #[command(after_help = "\
The address is a secret, since who knows it can post there, so it is never an argument. --url-stdin reads one line from
stdin and stores it in the system's key store; --url-env names the environment variable that holds it. Only https, or
http on this machine.

With --slack it gets text, as Slack, Mattermost and Discord (with /slack at the end) take it; else one JSON object an
alert. Alerts: failures, success_rate, anomalies, prices, retiring, fallback, withdrawn, new_models; all but new_models
unless you say which.

Examples:
  pass show slack-hook | autosync webhook add team --slack --url-stdin
  autosync webhook add ops --url-env OPS_HOOK --alerts failures,fallback,withdrawn")]
    Add(WebhookAddArgs),
    /// List the webhooks: what each gets, when the last alert arrived, and what waits.
    List,
    /// Change which alerts a webhook gets, its kind or its address, or switch it on or off.
    Set(WebhookSetArgs),
    /// Send a test message.
    Test {
        /// Its name.
        name: String,
    },
    /// Remove a webhook, its address and what waits for it.
    Remove {
        /// Its name.
        name: String,
    },
}

/// `webhook add`.
#[derive(Args, Debug)]
pub(crate) struct WebhookAddArgs {
    /// What to call it: letters, digits, dots, dashes and underscores.
    pub(crate) name: String,
    /// Post text for Slack, Mattermost or Discord. Default: JSON.
    #[arg(long)]
    pub(crate) slack: bool,
    /// Read the address from stdin (one line) and store it in the system's key store.
    #[arg(long, conflicts_with = "url_env", required_unless_present = "url_env")]
    pub(crate) url_stdin: bool,
    /// The address is in this environment variable.
    #[arg(long, value_name = "VAR")]
    pub(crate) url_env: Option<String>,
    /// Which alerts, with commas between them.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) alerts: Option<Vec<String>>,
}

/// `webhook set`.
#[derive(Args, Debug)]
pub(crate) struct WebhookSetArgs {
    /// Its name.
    pub(crate) name: String,
    /// `slack` or `json`.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Read another address from stdin (one line) and store it in the system's key store.
    #[arg(long, conflicts_with = "url_env")]
    pub(crate) url_stdin: bool,
    /// The address is in this environment variable.
    #[arg(long, value_name = "VAR")]
    pub(crate) url_env: Option<String>,
    /// Which alerts, with commas between them; `default` for the default ones.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) alerts: Option<Vec<String>>,
    /// Post to it from now on.
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Post nothing to it; what waits is dropped.
    #[arg(long)]
    pub(crate) off: bool,
}
