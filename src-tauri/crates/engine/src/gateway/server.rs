//! The server: two paths, bounded in everything, so that slow or broken clients do no harm.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::{Router, serve::ListenerExt};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::address::{Asked, GatewayAddress};
use super::board::{Board, Served};
use crate::{Error, ErrorCode, Result};

/// So many at once: a cluster's workers that all reload in the same second.
const CONNECTIONS: usize = 512;

/// A client that has not sent its request by then is hung up on; also one that is silent between two.
const SILENT: Duration = Duration::from_secs(20);

/// The longest that one connection may take: 50 MB over a slow line, and no more.
const LONGEST: Duration = Duration::from_mins(2);

/// A server that listens. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Listening {
    /// Where: the port is that of the system where 0 was asked for.
    pub(crate) address: GatewayAddress,
    cancel: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

struct Shared {
    board: Arc<Board>,
    address: GatewayAddress,
}

/// Begins to listen.
///
/// # Errors
/// `invalid_setting` where the address cannot be had: another program has it, or this machine does not.
pub(crate) async fn listen(board: Arc<Board>, wanted: GatewayAddress) -> Result<Listening> {
    let cannot = |cause: std::io::Error| {
        let message = format!(
            "The gateway cannot listen at {}: {cause}. Proxies that read it keep their map. Choose another address.",
            wanted.listen
        );
        Error::new(ErrorCode::InvalidSetting, message).field("gateway.listen")
    };
    let listener = TcpListener::bind(wanted.listen).await.map_err(cannot)?;
    let address = GatewayAddress { listen: listener.local_addr().map_err(cannot)?, ..wanted.clone() };
    let cancel = CancellationToken::new();
    let shared = Arc::new(Shared { board, address: address.clone() });
    let service = Router::new().fallback(answer).with_state(shared);
    tokio::spawn(accept(listener, service, cancel.clone()));
    Ok(Listening { address, cancel })
}

async fn accept(listener: TcpListener, service: Router, cancel: CancellationToken) {
    let (room, connections) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let mut listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    loop {
        let Ok(seat) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = cancel.run_until_cancelled(axum::serve::Listener::accept(&mut listener)).await;
        let Some((stream, _)) = accepted else { return };
        let (service, cancel) = (TowerToHyperService::new(service.clone()), cancel.clone());
        connections.spawn(async move {
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(SILENT).max_buf_size(16 << 10);
            let connection = server.serve_connection(TokioIo::new(stream), service);
            // How a client leaves says nothing to anybody.
            drop(cancel.run_until_cancelled(tokio::time::timeout(LONGEST, connection)).await);
            drop(seat);
        });
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if !is_read {
        return nothing(StatusCode::NOT_FOUND, "");
    }
    if path == "/healthz" {
        return nothing(StatusCode::OK, "ok\n");
    }
    let proxy = match shared.address.asked(path) {
        None => return nothing(StatusCode::NOT_FOUND, ""),
        Some(Asked::Ring) => None,
        Some(Asked::Proxy(name)) => match shared.board.proxy(name) {
            Some(proxy) => Some(proxy),
            None => return nothing(StatusCode::NOT_FOUND, ""),
        },
    };
    let resolved = proxy.as_ref().is_some_and(|(_, meant)| meant.resolves);
    let asks = proxy.as_ref().map(|(name, meant)| (name.as_str(), meant.stage));
    let served = match shared.board.current(asks, resolved).await {
        Ok(Some(served)) => served,
        Ok(None) => return nothing(StatusCode::SERVICE_UNAVAILABLE, "No map has been promoted yet.\n"),
        Err(error) => {
            tracing::error!(%error, "the gateway has no map to send");
            return nothing(StatusCode::SERVICE_UNAVAILABLE, "The promoted map cannot be read.\n");
        }
    };
    // A HEAD is somebody who looks.
    if let Some((name, _)) = proxy
        && request.method() == Method::GET
    {
        shared.board.came(name, served.revision);
    }
    map(&served, request.headers())
}

fn map(served: &Served, asked: &HeaderMap) -> Response {
    let takes = |name: &axum::http::HeaderName, wanted: &str| {
        asked.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(wanted))
    };
    let is_gzip = takes(&ACCEPT_ENCODING, "gzip") && !takes(&ACCEPT_ENCODING, "gzip;q=0");
    let tag = if is_gzip { format!("\"{}-gzip\"", served.revision) } else { format!("\"{}\"", served.revision) };
    let is_known = takes(&IF_NONE_MATCH, &tag) || takes(&IF_NONE_MATCH, "*");
    let body = match (is_known, is_gzip) {
        (true, _) => Bytes::new(),
        (false, true) => served.gzip.clone(),
        (false, false) => served.plain.clone(),
    };
    let mut response = Response::new(Body::from(body));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Whoever stands between asks again: what was promoted a second ago is what counts.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if !is_known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

fn nothing(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

/// Whether others than this machine can reach it.
pub(crate) fn is_open(listen: SocketAddr) -> bool {
    !listen.ip().is_loopback()
}
