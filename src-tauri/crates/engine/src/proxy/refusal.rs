//! What a refusal of the proxy means, in words for people. Nothing here repeats what could hold a key.

use secrecy::ExposeSecret;

use super::call::Reply;
use super::client::ProxyClient;
use crate::diagnosis::{Cause, Diagnosis};
use crate::error::bounded;
use crate::net::{Trouble, evidence, issued_by};
use crate::{Error, ErrorCode};

impl ProxyClient {
    /// The error for an answer that is no success. `what` completes "the proxy did not …".
    pub(super) fn refusal(&self, reply: &Reply, what: &str) -> Error {
        let name = self.name();
        let status = reply.status;
        if reply.is_gateway_trouble() {
            return self.out_of_service(reply);
        }
        // Without a key some versions without a database answer 500 instead of 401.
        let keyless = self.key.is_none() && (status == 401 || reply.kind() == Some("internal_server_error"));
        let at = format!("The proxy at {name}");
        if keyless {
            return Diagnosis::key_missing(&at).refusal();
        }
        if is_no_database(reply) {
            return Diagnosis::no_database(&at).refusal();
        }
        if is_without_admin_routes(reply) {
            return Diagnosis::admin_routes_off(&at).refusal();
        }
        let (cause, message) = match status.as_u16() {
            // The answer is not repeated: 1.75 names the whole key in it, later versions its end and its hash.
            401 | 403 => return Diagnosis::key_refused(&at).refusal(),
            404 | 405 => {
                (None, format!("The proxy at {name} cannot {what}: this version of LiteLLM does not support it."))
            }
            300..=399 => {
                let to = reply.location.as_deref().unwrap_or("nowhere");
                (
                    Some(Cause::ProxyRedirect),
                    format!(
                        "The proxy at {name} redirects to {to}, and the key is never sent to another address. Nothing was changed. If that is your proxy, enter that URL instead."
                    ),
                )
            }
            429 => (
                Some(Cause::ProxyRateLimited),
                format!(
                    "The proxy at {name} is rate-limiting requests (HTTP 429) and did not {what}. Try again later."
                ),
            ),
            _ => (Some(Cause::ProxyFailed), format!("The proxy at {name} did not {what}: it answered HTTP {status}.")),
        };
        let error = match cause {
            Some(cause) => Error::new(ErrorCode::ProxyFailed, message).because(cause),
            None => Error::new(ErrorCode::Unsupported, message),
        };
        self.with_reason(error, reply)
    }

    /// A reverse proxy or load balancer says that nobody is behind it.
    pub(super) fn out_of_service(&self, reply: &Reply) -> Error {
        let (name, status) = (self.name(), reply.status);
        Error::new(
            ErrorCode::ProxyUnreachable,
            format!(
                "Something in front of the proxy at {name} answered HTTP {status}: LiteLLM behind it is down, starting, or too slow. Try again in a minute."
            ),
        )
        .because(Cause::ProxyOutOfService)
    }

    /// The proxy answered 200 with something that this call never answers.
    pub(super) fn odd_answer(&self, reply: &Reply, what: &str) -> Error {
        let name = self.name();
        let message = format!("The proxy at {name} did not {what}: its answer could not be understood.");
        self.with_reason(Error::new(ErrorCode::ProxyFailed, message), reply)
    }

    /// Adds what LiteLLM says, without the key, should it stand in it.
    pub(super) fn with_reason(&self, error: Error, reply: &Reply) -> Error {
        let Some(reason) = reply.reason() else { return error };
        let reason = match &self.secret {
            Some(key) => reason.replace(key.expose_secret(), "…"),
            None => reason.to_owned(),
        };
        error.detail(bounded(&reason, 500))
    }
}

/// A worker that only answers calls of models says so with 403, whatever the key (LiteLLM Enterprise).
pub(super) fn is_without_admin_routes(reply: &Reply) -> bool {
    reply.status == 403 && reply.reason().is_some_and(|reason| reason.contains("Management routes are disabled"))
}

/// Two ways to say it: a wrong key on a proxy without a database (only the master key works there), and every call that
/// needs one.
fn is_no_database(reply: &Reply) -> bool {
    reply.kind() == Some("no_db_connection")
        || (reply.status == 500
            && reply.reason().is_some_and(|reason| reason.contains("Database connection not available")))
}

pub(super) fn not_litellm(client: &ProxyClient, reply: &Reply) -> Error {
    let name = client.name();
    let what = match (reply.status.as_u16(), &reply.location) {
        (300..=399, Some(to)) => format!("redirects to {to}. Use that URL if LiteLLM is there"),
        (401 | 403 | 407, _) => {
            "asks for a login before the request reaches LiteLLM. Let `/public/model_hub/info` through, or use LiteLLM's own URL".to_owned()
        }
        (429, _) => "limits how often it may be asked (HTTP 429). Try again later".to_owned(),
        (status, _) => format!("does not answer like LiteLLM (HTTP {status}). Check the host and port; LiteLLM older than 1.75.5 is not supported"),
    };
    let cause = match reply.status.as_u16() {
        300..=399 => Cause::ProxyRedirect,
        401 | 403 | 407 => Cause::ProxyLogin,
        429 => Cause::ProxyRateLimited,
        _ => Cause::ProxyNotLitellm,
    };
    Error::new(ErrorCode::NotLitellm, format!("{name} {what}. The key was not sent.")).because(cause)
}

pub(super) fn unreachable(client: &ProxyClient, error: reqwest::Error, through: bool) -> Error {
    let name = client.name();
    let untrusted;
    let trouble = Trouble::of(&error, through);
    let what = match trouble {
        Trouble::Dns => "its host name does not resolve. Check the URL and your DNS",
        Trouble::Certificate if client.clients.no_trust_store => {
            "this system has no certificates to trust. Install them (Debian and Ubuntu: apt-get install ca-certificates)"
        }
        Trouble::Certificate => {
            untrusted = format!(
                "this system does not trust its certificate{}. Add its authority's certificate to the system's trust store, or set the proxy's ca_file to it",
                issued_by(&error)
            );
            &untrusted
        }
        Trouble::Connect => "nothing is listening there. Start the proxy, or check the host and port",
        Trouble::TimedOut => "it did not accept the connection in time. Check the network and firewall",
        Trouble::ProxyLogin | Trouble::Proxy => {
            "the network's own proxy does not let it through. Add the proxy's host to NO_PROXY"
        }
        Trouble::Cut => "it broke off its answer. Try again; if it keeps happening, check the proxy's log",
    };
    Error::new(ErrorCode::ProxyUnreachable, format!("The proxy at {name} cannot be reached: {what}."))
        .because(match trouble {
            Trouble::Dns => Cause::ProxyDns,
            Trouble::Certificate => Cause::ProxyCertificate,
            Trouble::Connect => Cause::ProxyRefused,
            Trouble::TimedOut => Cause::ProxyTimedOut,
            Trouble::ProxyLogin | Trouble::Proxy => Cause::ProxyNetworkProxy,
            Trouble::Cut => Cause::ProxyCut,
        })
        .detail(evidence(error))
}

pub(super) fn unusable_key() -> Error {
    let message = "The key contains characters that an HTTP header cannot carry. It was not sent; store it again.";
    Error::new(ErrorCode::Unauthorised, message)
}
