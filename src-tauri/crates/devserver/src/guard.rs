//! Who may ask: only the page that this server gave out, with the token of this start.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::{Error, ErrorCode, Result};

/// The token and the addresses of this server.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Inner>);

struct Inner {
    token: String,
    hosts: [String; 2],
}

impl Guard {
    pub(crate) fn new(port: u16) -> Result<Self> {
        let mut bytes = [0_u8; 24];
        getrandom::fill(&mut bytes).map_err(|cause| {
            Error::new(ErrorCode::Internal, "The system provided no random bytes, so the dashboard cannot start.")
                .detail(cause)
        })?;
        let token = bytes.map(|byte| format!("{byte:02x}")).concat();
        Ok(Self(Arc::new(Inner { token, hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")] })))
    }

    pub(crate) fn token(&self) -> &str {
        &self.0.token
    }

    /// A page of another origin cannot ask, and neither can one whose name was made to mean this machine.
    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let is_host = |host: &str| self.0.hosts.iter().any(|ours| ours == host);
        let origin = text(ORIGIN).is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_host));
        text(HOST).is_some_and(is_host) && origin
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        given.is_some_and(|given| same(given.as_bytes(), self.0.token.as_bytes()))
    }
}

/// Compared without telling by its time how much of a guess was right.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

pub(crate) async fn same_origin(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.is_ours(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This dashboard only answers requests from its own page.").into_response()
}

pub(crate) async fn token(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.has_token(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, "The token is missing: open the URL that was printed at startup.").into_response()
}
