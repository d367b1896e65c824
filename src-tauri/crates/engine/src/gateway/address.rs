//! Where proxies find the gateway, and how an address that a proxy names is known to be ours.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::Url;

/// What LiteLLM calls the file.
pub const FILE: &str = "model_prices_and_context_window.json";

/// Where it listens unless told otherwise: beside LiteLLM's own 4000.
pub const DEFAULT_GATEWAY_PORT: u16 = 4401;

/// The way to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayAddress {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Beyond this machine the path begins with this, since LiteLLM sends no header that could hold a key.
    pub prefix: Option<String>,
}

impl GatewayAddress {
    /// The path of the map: of one proxy, or of the production ring. `/PREFIX/PROXY/model_prices_and_context_window.json`.
    pub fn path(&self, proxy: Option<&str>) -> String {
        let parts = [self.prefix.as_deref(), proxy, Some(FILE)];
        parts.into_iter().flatten().flat_map(|part| ["/", part]).collect()
    }

    /// What a proxy on this machine is told to read. One in a container has another name for this machine.
    pub fn url(&self, proxy: Option<&str>) -> String {
        let listen = match self.listen {
            any if any.ip().is_unspecified() => SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), any.port()),
            one => one,
        };
        format!("http://{listen}{}", self.path(proxy))
    }

    /// Whether `url`, which `proxy` says that it reads, is that proxy's own map here. The host may have any name: a
    /// container calls this machine `host.docker.internal`, a bridge has an address of its own. Port and path are ours.
    pub fn is_of(&self, url: &str, proxy: &str) -> bool {
        let Ok(url) = Url::parse(url.trim()) else { return false };
        url.scheme() == "http"
            && url.port_or_known_default() == Some(self.listen.port())
            && url.query().is_none()
            && [Some(proxy), None].iter().any(|of| url.path().eq_ignore_ascii_case(&self.path(*of)))
    }

    /// What is asked for by `path`; `None` where that is nothing of ours.
    pub(super) fn asked<'a>(&self, path: &'a str) -> Option<Asked<'a>> {
        let rest = match &self.prefix {
            Some(prefix) => path.strip_prefix('/')?.strip_prefix(prefix.as_str())?,
            None => path,
        };
        let parts: Vec<&str> = rest.strip_prefix('/')?.split('/').collect();
        match parts[..] {
            [FILE] => Some(Asked::Ring),
            [proxy, FILE] => Some(Asked::Proxy(proxy)),
            _ => None,
        }
    }
}

/// Whose map is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// The production ring's.
    Ring,
    /// That of the proxy with this name.
    Proxy(&'a str),
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn address(prefix: Option<&str>) -> GatewayAddress {
        GatewayAddress { listen: "127.0.0.1:4401".parse().unwrap(), prefix: prefix.map(str::to_owned) }
    }

    #[rstest]
    #[case("http://127.0.0.1:4401/eu/model_prices_and_context_window.json", true)]
    #[case("http://host.docker.internal:4401/eu/model_prices_and_context_window.json", true)]
    #[case("http://localhost:4401/model_prices_and_context_window.json", true)]
    #[case("http://127.0.0.1:4401/us/model_prices_and_context_window.json", false)]
    #[case("http://127.0.0.1:4402/eu/model_prices_and_context_window.json", false)]
    #[case("https://127.0.0.1:4401/eu/model_prices_and_context_window.json", false)]
    #[case("http://127.0.0.1:4401/eu/model_prices_and_context_window.json?x=1", false)]
    #[case("s3://bucket/model_prices_and_context_window.json", false)]
    #[case("not a url", false)]
    fn a_proxys_source_is_ours_by_port_and_path(#[case] url: &str, #[case] is_ours: bool) {
        assert_eq!(address(None).is_of(url, "eu"), is_ours);
    }

    #[test]
    fn a_prefix_is_part_of_the_way() {
        let address = address(Some("k3y"));
        assert_eq!(address.url(Some("eu")), format!("http://127.0.0.1:4401/k3y/eu/{FILE}"));
        assert!(address.is_of(&format!("http://172.17.0.1:4401/k3y/eu/{FILE}"), "eu"));
        assert!(!address.is_of(&format!("http://172.17.0.1:4401/eu/{FILE}"), "eu"));
        assert_eq!(address.asked(&format!("/k3y/eu/{FILE}")), Some(Asked::Proxy("eu")));
        assert_eq!(address.asked(&format!("/k3y/{FILE}")), Some(Asked::Ring));
        for not in [format!("/eu/{FILE}"), format!("/{FILE}"), format!("/k3y/eu/x/{FILE}"), "/k3y".into(), "/".into()] {
            assert_eq!(address.asked(&not), None, "{not}");
        }
    }
}
