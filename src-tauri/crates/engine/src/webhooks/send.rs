//! One post to one webhook: no redirect is followed, no body is read, and nothing that comes back says where it went.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::WebhookUrl;
use super::payload::Sending;
use crate::alerts::Alert;
use crate::net::{Clients, Trouble, evidence, issued_by};
use crate::secrets::Secrets;
use crate::settings::{KeyPlace, Network, Settings, Webhook, WebhookKind};
use crate::source::retry::{Again, retry_after};
use crate::{Clock, Error, ErrorCode, Result};

/// What a post may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PostLimits {
    /// Until the connection stands.
    pub(crate) connect: Duration,
    /// Until the head of the answer is there. Chats answer within a second; a slow one may have taken it all the same.
    pub(crate) answer: Duration,
}

impl Default for PostLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(20) }
    }
}

/// The longest wait that a Retry-After may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Why a post did not arrive, as far as is known.
#[derive(Debug, PartialEq)]
pub(super) struct Failed {
    pub(super) error: Error,
    /// It may have arrived all the same.
    pub(super) unsure: bool,
    /// The receiver said when to come back.
    pub(super) after: Option<TimeDelta>,
    /// What kind of no it was.
    pub(super) no: No,
}

/// What kind of no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// It may work later.
    ForNow,
    /// The address is not there, or not for us: a person has to do something.
    Gone,
    /// This very message is refused.
    ThisOne,
}

/// How posts are made: like all HTTP of the engine, through the company's proxy and with its authority.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    clients: Clients,
}

impl Sender {
    pub(super) fn new(network: &Network, limits: PostLimits) -> Result<Self> {
        let clients = Clients::new(&network.proxy.environment(), &network.trust()?, &["h2", "http/1.1"], |builder| {
            builder.connect_timeout(limits.connect).timeout(limits.answer)
        })?;
        Ok(Self { clients })
    }

    /// Posts once.
    pub(super) async fn post(
        &self,
        url: &WebhookUrl,
        kind: WebhookKind,
        sending: &Sending<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Failed> {
        let client = self.clients.for_url(url.url()).await;
        let body = sending.body(kind).to_string();
        let request = client.post(url.url().clone()).header(CONTENT_TYPE, "application/json").body(body);
        let through = self.clients.goes_through(client);
        let response = request.send().await.map_err(|error| unreachable(error, through))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let after = match retry_after(response.headers(), now) {
            Again::After(wait) => TimeDelta::from_std(wait.min(LONGEST_WAIT)).ok(),
            _ => None,
        };
        Err(refused(status, after))
    }
}

fn failed(message: &str) -> Error {
    Error::new(ErrorCode::WebhookFailed, message)
}

fn unreachable(error: reqwest::Error, through: bool) -> Failed {
    let issuer = issued_by(&error);
    let trouble = Trouble::of(&error, through);
    // Before the connection stood nothing was sent; after that anything may have arrived.
    let unsure = !error.is_connect() && matches!(trouble, Trouble::TimedOut | Trouble::Cut);
    let message = match trouble {
        Trouble::Dns => "The webhook's host name doesn't resolve.".to_owned(),
        Trouble::Certificate => {
            format!(
                "The webhook's certificate is not trusted{issuer}. With a company authority, set ca_file under [network]."
            )
        }
        Trouble::Connect => "The webhook could not be reached.".to_owned(),
        Trouble::ProxyLogin | Trouble::Proxy => {
            "The network's own proxy does not let messages to the webhook through. Check [network] proxy.".to_owned()
        }
        Trouble::TimedOut => "The webhook did not answer in time.".to_owned(),
        Trouble::Cut => "The connection to the webhook broke before it answered.".to_owned(),
    };
    let mut told = failed(&message);
    // A name that does not resolve stands in its own error.
    if trouble != Trouble::Dns {
        told = told.detail(evidence(error));
    }
    Failed { error: told, unsure, after: None, no: No::ForNow }
}

fn refused(status: StatusCode, after: Option<TimeDelta>) -> Failed {
    let (message, no) = match status.as_u16() {
        429 => ("The webhook wants fewer messages.", No::ForNow),
        300..=399 => (
            "The webhook answers with a redirect, which is not followed: a secret address leads nowhere else. Enter the address that it leads to.",
            No::Gone,
        ),
        401 | 403 => ("The webhook refuses what is sent to this address.", No::Gone),
        404 | 410 => {
            ("The webhook's address is gone: it was removed or replaced there. Enter the new address.", No::Gone)
        }
        408 => ("The webhook did not get the message in time.", No::ForNow),
        400 | 413 | 415 | 422 => ("The webhook refuses this message. Check its kind: slack or json.", No::ThisOne),
        400..=499 => ("The webhook refused the message.", No::Gone),
        _ => ("The webhook has an error of its own.", No::ForNow),
    };
    // It answered that it did not take it. With a server's own error nobody knows.
    let unsure = status.is_server_error();
    Failed { error: failed(message).detail(format!("HTTP {}", status.as_u16())), unsure, after, no }
}

/// The address of a webhook, from wherever the settings say it is.
///
/// # Errors
/// `no_key` where there is none, `no_secret_store`, those of [`WebhookUrl::parse`].
pub(super) async fn address(
    webhook: &Webhook,
    secrets: &Secrets,
    env: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<WebhookUrl> {
    let name = &webhook.name;
    let secret = match &webhook.url {
        KeyPlace::Env(variable) => env(variable).filter(|text| !text.trim().is_empty()).map(SecretString::from).ok_or_else(|| {
            format!("The environment variable {variable}, which should hold the address of {name}, is not set or is empty. Set {variable} and restart.")
        }),
        KeyPlace::Keyring => secrets.webhook(name).await?.ok_or_else(|| {
            format!("The key store has no address for the webhook {name}. Enter it again in Settings, or run `autosync webhook set {name} --url-stdin`.")
        }),
    };
    let secret =
        secret.map_err(|message| Error::new(ErrorCode::NoKey, format!("{message} Nothing was sent.")).field("url"))?;
    WebhookUrl::parse(&secret)
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// The webhook.
    pub name: String,
    /// How long the answer took, in milliseconds.
    pub milliseconds: u64,
}

/// Sends a test message, once. It is no alert: nothing waits for it, and it waits for nothing.
///
/// # Errors
/// Why it did not arrive.
pub async fn test(
    settings: &Settings,
    webhook: &Webhook,
    secrets: &Secrets,
    env: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Clock,
) -> Result<TestReport> {
    let url = address(webhook, secrets, env).await?;
    let sender = Sender::new(&settings.network, PostLimits::default())?;
    let (alert, began) = (Alert::test(clock.now()), tokio::time::Instant::now());
    let id = format!("test-{}", clock.now().timestamp_micros());
    let sending = Sending { id: &id, alert: &alert, attempt: 1, again: false };
    sender.post(&url, webhook.kind, &sending, clock.now()).await.map_err(|failed| failed.error)?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(TestReport { name: webhook.name.to_string(), milliseconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_receiver_is_given_up_in_time_and_may_have_taken_it() {
        // The receiver: takes the whole request and says nothing, or never ends its answer.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n";
        tokio::spawn(async move {
            let mut streams = Vec::new();
            for answer in ["", head] {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await.unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
                streams.push(stream);
            }
            std::future::pending::<()>().await;
        });
        let limits = PostLimits { connect: Duration::from_secs(5), answer: Duration::from_millis(300) };
        let sender = Sender::new(&Network::default(), limits).unwrap();
        let url = WebhookUrl::parse(&SecretString::from(url)).unwrap();
        let now = Clock::system().now();
        let alert = Alert::test(now);
        let sending = Sending { id: "a", alert: &alert, attempt: 1, again: false };
        let failed = sender.post(&url, WebhookKind::Json, &sending, now).await.unwrap_err();
        assert!(failed.unsure && failed.error.message.contains("in time"), "{failed:?}");
        assert!(!format!("{failed:?}").contains("s3cret"));
        // An answer is known by its head: nobody waits for the rest of it.
        sender.post(&url, WebhookKind::Json, &sending, now).await.unwrap();
    }

    #[test]
    fn an_answer_says_whether_to_come_back_and_whether_it_may_have_arrived() {
        let of = |status: u16| {
            let failed = refused(StatusCode::from_u16(status).unwrap(), None);
            (failed.no, failed.unsure)
        };
        assert_eq!(of(500), (No::ForNow, true));
        assert_eq!(of(503), (No::ForNow, true));
        assert_eq!(of(429), (No::ForNow, false));
        assert_eq!(of(302), (No::Gone, false));
        assert_eq!(of(404), (No::Gone, false));
        assert_eq!(of(410), (No::Gone, false));
        assert_eq!(of(400), (No::ThisOne, false));
    }
}
