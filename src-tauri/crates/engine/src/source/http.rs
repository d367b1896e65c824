//! A map behind an HTTP(S) address.

use std::time::Duration;

use reqwest::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::Source;
use super::fetch::{FetchProgress, Fetched, Fetcher, Tag};
use super::retry::{Again, Failed, retry_after};
use crate::diagnosis::Cause;
use crate::error::bounded;
use crate::net::{ReadError, Trouble, evidence, is_private, issued_by, read_body, shown};
use crate::{Error, ErrorCode, Result};

/// More than this is a loop, or a login that never ends.
const MAX_REDIRECTS: usize = 5;

type Progress<'a> = &'a (dyn Fn(FetchProgress) + Send + Sync);

impl Fetcher {
    pub(super) async fn fetch_http(
        &self,
        source: &Source,
        url: &Url,
        known: Option<&Tag>,
        progress: Progress<'_>,
    ) -> Result<Fetched> {
        let deadline = Instant::now() + self.limits.total;
        let mut delays = self.limits.delays();
        let mut attempt = 1;
        loop {
            progress(FetchProgress::Connecting { attempt });
            let tried = tokio::time::timeout_at(deadline, self.attempt(source, url, known, progress)).await;
            let Failed { error, again } = match tried {
                Ok(Ok(fetched)) => return Ok(fetched),
                Ok(Err(failed)) => failed,
                Err(_) => return Err(too_slow(source, self.limits.total)),
            };
            let (Some(next), true) = (delays.next(), again != Again::Never) else { return Err(error) };
            let delay = match again {
                Again::After(asked) => asked.min(self.limits.retry_after),
                _ => next,
            };
            if Instant::now() + delay >= deadline {
                return Err(error);
            }
            tracing::debug!(code = %error.code, ?delay, "the source failed, trying again");
            progress(FetchProgress::Waiting { delay, error });
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    /// One try: follows redirects, reads the answer.
    async fn attempt(
        &self,
        source: &Source,
        start: &Url,
        known: Option<&Tag>,
        progress: Progress<'_>,
    ) -> Result<Fetched, Failed> {
        let etag = known.and_then(|tag| match tag {
            Tag::Etag(etag) => HeaderValue::from_str(etag).ok(),
            Tag::Content(_) => None,
        });
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            let client = self.clients.for_url(&url).await;
            let through = self.clients.goes_through(client);
            let mut request = client.get(url.clone());
            request = request.header(ACCEPT, "application/json, text/plain;q=0.9, */*;q=0.1");
            if let Some(etag) = &etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let response = request.send().await.map_err(|error| self.unreachable(&url, error, through))?;
            match response.status() {
                StatusCode::OK => return self.receive(source, response, progress).await,
                StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(Fetched::NotModified),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = next_hop(&url, &response).map_err(Failed::for_good)?,
                status => return Err(self.refused(source, status, &response)),
            }
        }
        Err(Failed::for_good(redirect_error(
            source,
            &format!("redirects more than {MAX_REDIRECTS} times, the last time to {}", shown(&url)),
        )))
    }

    async fn receive(&self, source: &Source, response: Response, progress: Progress<'_>) -> Result<Fetched, Failed> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        // An ETag of kilobytes would be sent back at every look; no real server has one.
        let etag = text(ETAG).filter(|etag| etag.len() <= 1000).map(str::to_owned);
        let total = response.content_length();
        let url = response.url().clone();
        let received = |bytes| progress(FetchProgress::Receiving { bytes, total });
        let bytes = read_body(response, self.limits.body, received).await.map_err(|error| match error {
            ReadError::TooLarge => Failed::for_good(too_large(source, self.limits.body)),
            ReadError::Broken(error) => self.unreachable(&url, error, false),
        })?;
        Ok(Fetched::Map {
            bytes,
            validator: etag.map(|etag| Tag::Etag(etag).to_validator(source)),
            fetched_at: self.clock.now(),
        })
    }

    fn refused(&self, source: &Source, status: StatusCode, response: &Response) -> Failed {
        let what_now = match status.as_u16() {
            404 | 410 => "Check the URL for typos.",
            401 | 403 => "The URL requires a login, which a source cannot have: LiteLLM does not send one either.",
            407 => "That is the network's own proxy, which wants a login.",
            429 => "It limits how often it can be asked; check less often, or wait.",
            500..=599 => "The server failed; we'll retry at the next check.",
            _ => "Check that the URL serves the cost map itself.",
        };
        let message = format!(
            "The source {source} answered HTTP {status} instead of a map. The last map stays in use. {what_now}"
        );
        let passing = status == StatusCode::REQUEST_TIMEOUT
            || status == StatusCode::TOO_MANY_REQUESTS
            || status.is_server_error();
        let again = if passing { retry_after(response.headers(), self.clock.now()) } else { Again::Never };
        let cause = match status.as_u16() {
            407 => Cause::SourceNetworkLogin,
            429 => Cause::SourceRateLimited,
            _ => Cause::SourceStatus,
        };
        let error = Error::new(ErrorCode::SourceStatus, message).because(cause);
        // What it says of itself: who wants a login, or when it may be asked again.
        let said = ["proxy-authenticate", "retry-after"].iter().find_map(|name| {
            let value = response.headers().get(*name)?.to_str().ok()?;
            Some(format!("{name}: {}", bounded(value, 120)))
        });
        let error = match said {
            Some(said) => error.detail(said),
            None => error,
        };
        Failed { error, again }
    }

    fn unreachable(&self, url: &Url, error: reqwest::Error, through: bool) -> Failed {
        let host = bounded(url.host_str().unwrap_or_default(), 100);
        let trouble = Trouble::of(&error, through);
        let what = match trouble {
            Trouble::Dns => format!("the name {host} does not resolve. Check the network, your DNS and the URL"),
            Trouble::Certificate if self.clients.no_trust_store => {
                "this system has no certificates to trust. Install them (Debian and Ubuntu: apt-get install ca-certificates)".to_owned()
            }
            Trouble::Certificate => format!(
                "this system does not trust the certificate of {host}{}. If a company proxy inspects the traffic, add its certificate to the system's trust store, or set ca_file under [network] in the settings",
                issued_by(&error)
            ),
            Trouble::Connect => format!("could not connect to {host}. Check the network, HTTPS_PROXY and the firewall"),
            Trouble::TimedOut => format!("{host} did not answer in time. Check the network, or try again later"),
            Trouble::ProxyLogin => format!("the network's own proxy wants a login before it lets anything through to {host}"),
            Trouble::Proxy => format!("the network's own proxy, through which {host} is asked, did not answer or did not let it through. Check HTTPS_PROXY, or proxy under [network] in the settings"),
            Trouble::Cut => format!("the answer from {host} broke off. Try again later"),
        };
        let cause = match trouble {
            Trouble::Dns => Cause::SourceDns,
            Trouble::Certificate => Cause::SourceCertificate,
            Trouble::Connect => Cause::SourceRefused,
            Trouble::TimedOut => Cause::SourceTimedOut,
            Trouble::ProxyLogin => Cause::SourceNetworkLogin,
            Trouble::Proxy => Cause::SourceNetworkProxy,
            Trouble::Cut => Cause::SourceCut,
        };
        let again = if trouble == Trouble::Certificate { Again::Never } else { Again::Later };
        let message = format!("The source cannot be reached: {what}. The last map stays in use.");
        let error = Error::new(ErrorCode::SourceUnreachable, message).because(cause).detail(evidence(error));
        Failed { error, again }
    }
}

/// Where a redirect leads, if we may go there.
fn next_hop(from: &Url, response: &Response) -> Result<Url> {
    let source = Source::Http(from.clone());
    let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(location) = location else { return Err(redirect_error(&source, "redirects without saying where to")) };
    let Ok(to) = from.join(&location) else {
        return Err(redirect_error(
            &source,
            &format!("redirects to {}, which isn't a valid URL", bounded(&location, 100)),
        ));
    };
    match to.scheme() {
        "https" => Ok(to),
        // From HTTPS to HTTP anybody on the way could change the prices; on the own network that is the user's choice.
        "http" if from.scheme() == "http" || is_private(&to) => Ok(to),
        "http" => Err(redirect_error(&source, &format!("redirects from HTTPS to plain HTTP ({})", shown(&to)))),
        scheme => Err(redirect_error(&source, &format!("redirects to a {} URL, not http(s)", bounded(scheme, 20)))),
    }
}

fn redirect_error(source: &Source, what: &str) -> Error {
    Error::new(
        ErrorCode::SourceRedirect,
        format!(
            "The source {source} {what}. The redirect was not followed, and the last map stays in use. Use the URL of the map itself."
        ),
    )
    .because(Cause::SourceRedirect)
}

fn too_slow(source: &Source, total: Duration) -> Error {
    let seconds = total.as_secs_f64();
    Error::new(
        ErrorCode::SourceUnreachable,
        format!(
            "The source {source} did not deliver the whole map within {seconds} s. The last map stays in use; we'll retry at the next check."
        ),
    )
    .because(Cause::SourceTimedOut)
}

pub(super) fn too_large(source: &Source, limit: usize) -> Error {
    let limit = match limit {
        0..0x10_0000 => format!("{limit} bytes"),
        _ => format!("{} MiB", limit >> 20),
    };
    Error::new(
        ErrorCode::SourceTooLarge,
        format!(
            "The source {source} sent more than {limit}, too much for a cost map. The last map stays in use; check the URL."
        ),
    )
    .because(Cause::SourceTooLarge)
}
