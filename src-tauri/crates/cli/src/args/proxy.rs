//! `proxy …`: which proxies are kept up to date, and how.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `proxy …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProxyCommand {
    /// Have a proxy load its list of Anthropic beta headers anew. It doesn't show what it holds, so this is never proved.
    ReloadHeaders {
        /// The proxy's name.
        name: String,
    },
    /// Add a proxy.
    #[command(after_help = "\
The key is never an argument. --key-stdin reads one line from stdin and stores it in the system's key store; --key-env
names the environment variable that holds it. With neither, the key is looked up in the key store.

First the URL is checked, without sending the key, for a LiteLLM proxy. If something else answers, nothing is
added. If nothing answers, the proxy is added with a warning, and `autosync proxy test NAME` checks it later. The key
is sent only once LiteLLM has answered.

Examples:
  autosync proxy add local http://127.0.0.1:4000 --key-env LITELLM_MASTER_KEY
  pass show litellm | autosync proxy add prod https://llm.example.com --key-stdin --role production")]
    Add(ProxyAddArgs),
    /// List the proxies.
    List,
    /// Test a proxy: is it reachable, its version, key and database, and what this version can and cannot do.
    Test {
        /// Its name.
        name: String,
    },
    /// Change how a proxy gets its map where it cannot simply reload it.
    #[command(after_help = "\
--local-file is for a proxy with LITELLM_LOCAL_MODEL_COST_MAP or LITELLM_OFFLINE_MODE, which reads only the map file in
its installation: that is then written here, and the original is kept (`proxy restore` puts it back).
--restart is for a proxy without a database, which loads its map only when it starts. It takes the rest of the line.

Examples:
  autosync proxy set airgap --local-file auto
  autosync proxy set small --restart docker restart litellm")]
    Set {
        /// Its name.
        name: String,
        /// The file, by its path; `auto` asks the Python of this machine; `none` for no such file.
        #[arg(long, value_name = "FILE")]
        local_file: Option<PathBuf>,
        /// The command, run without a shell.
        #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, conflicts_with = "no_restart")]
        restart: Vec<String>,
        /// No restart command any more.
        #[arg(long)]
        no_restart: bool,
    },
    /// Put the original map file back into a proxy's installation, and write it no more.
    Restore {
        /// Its name.
        name: String,
    },
    /// Remove a proxy and its key. Its history is kept.
    Remove {
        /// Its name.
        name: String,
    },
}

/// `proxy add`.
#[derive(Args, Debug)]
pub(crate) struct ProxyAddArgs {
    /// A name for it: letters, digits, dots, dashes and underscores.
    pub(crate) name: String,
    /// Its address.
    pub(crate) url: String,
    /// Read the key from stdin (one line) and store it in the system's key store.
    #[arg(long, conflicts_with = "key_env")]
    pub(crate) key_stdin: bool,
    /// The key is in this environment variable.
    #[arg(long, value_name = "VAR")]
    pub(crate) key_env: Option<String>,
    /// Its role: production, staging, testing or development.
    #[arg(long, value_name = "R", default_value = "production")]
    pub(crate) role: String,
    /// The header that carries the key, as set by litellm_key_header_name in the proxy.
    #[arg(long, value_name = "NAME", default_value = "Authorization")]
    pub(crate) key_header: String,
    /// Allow sending the key over plain HTTP to a public address, where anyone along the way can read it.
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
    /// A PEM file of a company's own authority, trusted for this proxy beside the system's store.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}
