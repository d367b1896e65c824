//! One request and its whole answer.

use std::time::Duration;

use reqwest::header::{HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

use super::client::ProxyClient;
use super::refusal::unreachable;
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::net::{ReadError, Trouble, read_body, shown};
use crate::{Error, ErrorCode, Result};

/// A read whose connection broke is asked once more after this time: a proxy that restarts a worker drops connections.
const SECOND_TRY: Duration = Duration::from_millis(250);

/// What is asked.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    /// Parameters of the query, with their values.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) is_long: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, query: Vec::new(), body: None, is_long: false }
    }

    pub(super) fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A GET: it changes nothing, so it may be asked again.
    fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    pub(super) fn long(self) -> Self {
        Self { is_long: true, ..self }
    }
}

/// The whole answer.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) bytes: Vec<u8>,
    /// Where it redirects, as it may be shown.
    pub(super) location: Option<String>,
    json: Option<Value>,
}

impl Reply {
    /// The body, if it is JSON. Only small bodies are read as JSON; a large one is for the caller.
    pub(super) fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// Whether a reverse proxy answered that LiteLLM does not: 502 to 504 without LiteLLM's own JSON.
    pub(super) fn is_gateway_trouble(&self) -> bool {
        matches!(self.status.as_u16(), 502..=504) && self.reason().is_none()
    }

    /// What LiteLLM says went wrong: `detail`, or `error.message`.
    pub(super) fn reason(&self) -> Option<&str> {
        let json = self.json()?;
        json.get("detail").and_then(Value::as_str).or_else(|| json.get("error")?.get("message")?.as_str())
    }

    /// LiteLLM's own word for the kind of error.
    pub(super) fn kind(&self) -> Option<&str> {
        self.json()?.get("error")?.get("type")?.as_str()
    }
}

impl ProxyClient {
    /// Sends a call and reads its answer. Errors: `proxy_unreachable`, `proxy_failed` for an answer beyond the limit.
    pub(super) async fn send(&self, call: &Call<'_>, key: Option<&HeaderValue>) -> Result<Reply> {
        let limit = if call.is_long { self.limits.long } else { self.limits.answer };
        let mut tries = if call.is_read() { 2 } else { 1 };
        loop {
            tries -= 1;
            let failed = match tokio::time::timeout(limit, self.exchange(call, key)).await {
                Ok(Ok(reply)) => {
                    tracing::debug!(path = call.path, status = reply.status.as_u16(), "asked the proxy");
                    return Ok(reply);
                }
                Ok(Err(ReadError::TooLarge)) => return Err(self.too_large()),
                Ok(Err(ReadError::Broken(error))) => error,
                Err(_) => return Err(self.too_slow(call, limit)),
            };
            let broke_off = matches!(Trouble::of(&failed, false), Trouble::Connect | Trouble::Cut);
            if tries == 0 || !broke_off {
                let through = self.clients.goes_through(self.clients.for_url(&self.base).await);
                return Err(unreachable(self, failed, through));
            }
            tokio::time::sleep(SECOND_TRY).await;
        }
    }

    async fn exchange(&self, call: &Call<'_>, key: Option<&HeaderValue>) -> Result<Reply, ReadError> {
        let response = self.request(call, key).await.send().await.map_err(ReadError::Broken)?;
        let (status, location) = (response.status(), response.headers().get(LOCATION).and_then(|to| to.to_str().ok()));
        let location = location.map(|to| self.base.join(to).map_or_else(|_| bounded(to, 100), |to| shown(&to)));
        let bytes = read_body(response, self.limits.body, |_| ()).await?;
        // What takes long to read may be large (the live map, spend), and is not wanted as a tree of values.
        let is_large = call.is_long && call.is_read() && status.is_success();
        let json = if is_large { None } else { serde_json::from_slice(&bytes).ok() };
        Ok(Reply { status, bytes, location, json })
    }

    async fn request(&self, call: &Call<'_>, key: Option<&HeaderValue>) -> RequestBuilder {
        let mut url = self.endpoint(call.path);
        for (name, value) in &call.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut request = self.clients.for_url(&url).await.request(call.method.clone(), url);
        if let Some(key) = key {
            request = request.header(&self.key_header, key);
        }
        match &call.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The base ends with a slash and the path does not begin with one, so a path in the address stays.
    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }

    fn too_slow(&self, call: &Call<'_>, limit: Duration) -> Error {
        let seconds = limit.as_secs_f64();
        let what = if call.is_read() {
            "Nothing was changed; try again when it is less busy."
        } else {
            "It may still have carried out the request; its current map has to be read to find out."
        };
        let name = self.name();
        Error::new(
            ErrorCode::ProxyUnreachable,
            format!("The proxy at {name} did not answer within {seconds} s. {what}"),
        )
        .because(Cause::ProxyTimedOut)
    }

    fn too_large(&self) -> Error {
        let (name, limit) = (self.name(), self.limits.body >> 20);
        Error::new(
            ErrorCode::ProxyFailed,
            format!("The proxy at {name} sent more than {limit} MiB, which was not read."),
        )
    }
}
