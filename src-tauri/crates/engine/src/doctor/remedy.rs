//! What to do about the causes that no diagnosis of a sync knows: the network, and what an address leads to.

use crate::diagnosis::Cause;
use crate::settings::Proxy;

/// A map is held.
pub(super) const HELD: &str = "Nothing has to be done: proxies keep their map, and the next good one goes out by itself. `autosync check URL`, with the source's address, shows every finding.";

/// About the way to the source.
pub(super) fn of_source(cause: Cause) -> &'static str {
    match cause {
        Cause::SourceDns => {
            "Check the spelling with `autosync source show`, then the network and its DNS. Behind a company proxy, set HTTPS_PROXY, or proxy under [network] in the settings."
        }
        Cause::SourceRefused => {
            "Check the address with `autosync source show`, and whether a firewall blocks it. Without a network, use a file: `autosync source set FILE`."
        }
        Cause::SourceCertificate => {
            "If your company inspects the traffic, trust its authority: `autosync source set URL --ca-file FILE`, with its PEM file. If the issuer is a stranger to you, do not."
        }
        Cause::SourceNetworkProxy => {
            "Set the network's proxy under [network] in the settings (proxy = \"http://host:port\"), or proxy = \"none\" if there is none."
        }
        Cause::SourceNetworkLogin => {
            "Log in to the network's proxy, or have it let the source's host through without one: a password cannot be stored in the settings. `autosync source set FILE` works without it."
        }
        Cause::SourceCaptivePortal => {
            "Open any page in a browser and log in to the network; then `autosync sync`. If there is no such login, check the address with `autosync source show`."
        }
        Cause::SourceRateLimited => {
            "Wait, or ask less often: `watch = \"30m\"` under [source] in the settings. Many machines behind one address share its limit."
        }
        Cause::SourceTimedOut | Cause::SourceCut => {
            "Try again; if it stays so, check the network and the firewall, or use a file: `autosync source set FILE`."
        }
        Cause::SourceFile => {
            "Check the path and its permissions, or choose another source: `autosync source set URL|FILE`."
        }
        _ => "Check that the address serves the map itself, or choose another: `autosync source set URL|FILE`.",
    }
}

/// About the way to a proxy.
pub(super) fn of_proxy(cause: Cause, proxy: &Proxy) -> String {
    let (name, url) = (&proxy.name, &proxy.url);
    match cause {
        Cause::ProxyDns => format!(
            "Check the host's name in {url}, and the network's DNS. To change the address: `autosync proxy remove {name}`, then `autosync proxy add {name} URL`, or Settings."
        ),
        Cause::ProxyRefused => format!(
            "Check that LiteLLM is running and listening at {url}. If it is in a container, its port must be published."
        ),
        Cause::ProxyCertificate => format!(
            "Set the proxy's ca_file in the settings to its authority's PEM file, or install that in the system's store. `autosync proxy test {name}` tries again."
        ),
        Cause::ProxyNetworkProxy => "Add the proxy's host to NO_PROXY, so that it is asked directly.".to_owned(),
        Cause::ProxyTimedOut | Cause::ProxyCut => format!(
            "Look at the proxy's log, and whether a firewall drops the connection. `autosync proxy test {name}` tries again."
        ),
        Cause::ProxyOutOfService => {
            format!("Start LiteLLM behind it, or wait until it is up; `autosync proxy test {name}` tries again.")
        }
        Cause::ProxyRateLimited => {
            format!("Wait a minute; then `autosync proxy test {name}`. Raise the limit for this machine's address.")
        }
        Cause::ProxyLogin => {
            "Let `/public/model_hub/info` through without that login, or use LiteLLM's own address.".to_owned()
        }
        Cause::Settings => {
            format!("Correct this proxy in settings.toml, or in Settings; `autosync proxy test {name}` tries again.")
        }
        Cause::KeyRefused => {
            format!("Store the key of {name} again, in Settings or in its variable; then `autosync proxy test {name}`.")
        }
        Cause::AdminRoutesOff => format!(
            "Use the address of the instance that has them turned on: in Settings, or `autosync proxy remove {name}` and `autosync proxy add {name} URL`."
        ),
        Cause::ProxyRedirect => "Use the address that it redirects to, if LiteLLM is there.".to_owned(),
        _ => format!("Check the host and port of {url}; `autosync proxy list` shows all addresses."),
    }
}
