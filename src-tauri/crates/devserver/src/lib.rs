//! The dashboard in a browser. It listens on loopback only, wants the token of this very start, and answers no other
//! page's scripts: Host and Origin are checked, so that neither a website nor DNS rebinding gets at it.

mod files;
mod guard;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use api::Api;
use api::view::ErrorView;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::{Error, ErrorCode, Result};
use futures_util::{Stream, StreamExt, stream};
use guard::Guard;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;

/// The longest arguments: an exported diff of 6,000 rows is far below it.
const BODY: usize = 16 * 1024 * 1024;

/// A server that listens.
pub struct DevServer {
    listener: TcpListener,
    router: Router,
    /// The address with the token: `http://127.0.0.1:4317/#token=…`.
    pub address: String,
}

impl DevServer {
    /// Listens on a free port of loopback, or on `port`. `files` is the built UI (`ui/dist`).
    ///
    /// # Errors
    /// Where the port is taken or the system gives no randomness.
    pub async fn bind(api: Arc<Api>, files: PathBuf, port: u16) -> Result<Self> {
        let cannot = |cause: &dyn std::fmt::Display| {
            Error::new(ErrorCode::Internal, "The dashboard could not listen on its address.").detail(cause)
        };
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(wanted).await.map_err(|cause| cannot(&cause))?;
        let port = listener.local_addr().map_err(|cause| cannot(&cause))?.port();
        let guard = Guard::new(port)?;
        let address = format!("http://127.0.0.1:{port}/#token={}", guard.token());
        let commands = Router::new()
            .route("/api/call/{name}", post(call))
            .route("/api/events", get(events))
            .layer(DefaultBodyLimit::max(BODY))
            .route_layer(middleware::from_fn_with_state(guard.clone(), guard::token))
            .with_state(api);
        let router =
            commands.merge(files::router(files)).layer(middleware::from_fn_with_state(guard, guard::same_origin));
        Ok(Self { listener, router, address })
    }

    /// Serves until the program ends.
    ///
    /// # Errors
    /// Where the system takes the socket away.
    pub async fn serve(self) -> std::io::Result<()> {
        axum::serve(self.listener, self.router).await
    }
}

async fn call(State(api): State<Arc<Api>>, Path(name): Path<String>, Json(args): Json<Value>) -> Response {
    match api.call(&name, args).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &Error) -> Response {
    let status = match error.code {
        ErrorCode::Usage | ErrorCode::InvalidSetting => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, Json(ErrorView::from(error))).into_response()
}

async fn events(State(api): State<Arc<Api>>) -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let heard = stream::unfold(api.events(), |mut events| async move {
        loop {
            match events.recv().await {
                Ok(event) => return Some((event, events)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let told = heard.filter_map(|event| async move { Event::default().json_data(&event).ok().map(Ok) });
    Sse::new(told).keep_alive(KeepAlive::default())
}
