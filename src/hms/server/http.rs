//! Thrift over HTTP, as Hive 4's clients have it: a POST carries a call, its answer the result. Who calls stands in the
//! headers of each request, so that requests share nothing.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use bytes::Bytes;
use futures::SinkExt;
use futures::stream::{self, StreamExt};
use hyper::Request;
use hyper::body::Incoming as IncomingBody;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use propolis_thrift::codec::Protocol;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter};
use tokio::sync::mpsc;
use tokio_util::io::{CopyToBytes, SinkWriter};
use tokio_util::sync::{CancellationToken, PollSender};

use super::connection::Connection;
use super::scan::Scanner;
use super::transport::Incoming;
use super::waiting::Place;
use crate::auth::login::LoggedIn;
use crate::auth::login::jwt::Verified;
use crate::error::{CatalogError, ErrorKind};
use crate::hms::sasl;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-thrift");
/// Where Hive's clients say who they are.
const ACTOR: &str = "x-actor-username";
/// An answer that fits is sent whole, with its length.
const PIECE: usize = 256 << 10;

/// Serves the connection's requests, one after the other. `unknown` is held until somebody has logged in.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connection: Connection,
    unknown: Option<Place>,
) {
    let (peer, shutdown) = (connection.peer(), connection.shutdown.clone());
    let (idle_timeout, login_timeout) = (connection.limits.idle_timeout, connection.limits.login_timeout);
    let connection = Arc::new(connection);
    // Cancelled when somebody has shown who they are.
    let known = CancellationToken::new();
    if !connection.login.required() {
        known.cancel();
    }
    let showing = known.clone();
    let service = service_fn(move |request| {
        let (connection, known) = (Arc::clone(&connection), showing.clone());
        async move { Ok::<_, Infallible>(answer(&connection, &known, request).await) }
    });
    let stays_unknown = async {
        if tokio::time::timeout(login_timeout, known.cancelled()).await.is_ok() {
            drop(unknown);
            std::future::pending::<()>().await;
        }
    };
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // It runs between requests too.
            .header_read_timeout(idle_timeout)
            .serve_connection(TokioIo::new(stream), service)
    );
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = stays_unknown => {
            tracing::info!(%peer, "nobody logged in on a connection of HTTP");
            return;
        }
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// Why a request is not one that is carried out.
struct Refused(StatusCode, String);

async fn answer(connection: &Connection, known: &CancellationToken, request: Request<IncomingBody>) -> Response<Body> {
    match carry_out(connection, known, request).await {
        Ok(body) => {
            let mut response = Response::new(body);
            response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
            response
        }
        Err(Refused(status, message)) => {
            tracing::info!(peer = %connection.peer(), %status, why = message, "request refused");
            let mut response = Response::new(Body::from(format!("{message}\n")));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            match status {
                StatusCode::UNAUTHORIZED => {
                    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                }
                StatusCode::METHOD_NOT_ALLOWED => {
                    headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
                }
                _ => {}
            }
            response
        }
    }
}

async fn carry_out(
    connection: &Connection,
    known: &CancellationToken,
    request: Request<IncomingBody>,
) -> Result<Body, Refused> {
    let (parts, body) = request.into_parts();
    let path = &connection.login.http_path;
    // Hive's clients ask for `/metastore/*`, as it stands.
    let below = parts.uri.path().strip_prefix(path.trim_end_matches('/'));
    if !below.is_some_and(|below| below.is_empty() || below.starts_with('/')) {
        return Err(Refused(StatusCode::NOT_FOUND, format!("Thrift is served at {path}")));
    }
    if parts.method != Method::POST {
        return Err(Refused(StatusCode::METHOD_NOT_ALLOWED, "A call is sent by POST".to_owned()));
    }
    let connection = caller(connection, &parts.headers).await.map_err(|error| {
        metrics::counter!("propolis_thrift_logins_total", "outcome" => "failed").increment(1);
        let status = match error.kind {
            ErrorKind::PermissionDenied => StatusCode::UNAUTHORIZED,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refused(status, format!("Authentication error: {}", error.message))
    })?;
    known.cancel();
    let limit = connection.limits.max_request;
    let body = tokio::time::timeout(connection.limits.request_timeout, to_bytes(Body::new(body), limit));
    let bytes = match body.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let message = format!("The body is larger than {limit} bytes (setting thrift_max_request), or broke off");
            return Err(Refused(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        Err(_) => return Err(Refused(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time".to_owned())),
    };
    let incoming = message(bytes, limit).map_err(|why| {
        metrics::counter!("propolis_thrift_malformed_total").increment(1);
        Refused(StatusCode::BAD_REQUEST, why)
    })?;
    run(connection, incoming).await
}

/// The connection, as far as the request's caller is concerned.
async fn caller(connection: &Connection, headers: &HeaderMap) -> Result<Connection, CatalogError> {
    let login = &connection.login;
    let denied = |message: String| CatalogError::new(ErrorKind::PermissionDenied, message);
    let actor = match headers.get(ACTOR).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(actor)) => Some(actor).filter(|actor| !actor.is_empty()),
        Some(Err(_)) => return Err(denied(format!("the header {ACTOR} is not plain text"))),
    };
    let Some(jwt) = &login.jwt else {
        if login.required() {
            return Err(denied(format!("no login over HTTP; this server takes {}", sasl::taken(login))));
        }
        return connection.as_told(actor);
    };
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let token = token.ok_or_else(|| denied("the request has no bearer token".to_owned()))?;
    let Verified { user, until } = jwt.verify(token).await?;
    let who = LoggedIn { until, ..login.act(connection.peer().ip(), &user, actor)? };
    metrics::counter!("propolis_thrift_logins_total", "outcome" => "ok").increment(1);
    Ok(connection.of(who))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The one message that a body has to be.
fn message(bytes: Bytes, limit: usize) -> Result<Incoming, String> {
    let protocol = match bytes.first() {
        Some(0x80) => Protocol::Binary,
        Some(0x82) => Protocol::Compact,
        _ => return Err("The body is not a Thrift call, in the binary or the compact protocol".to_owned()),
    };
    match Scanner::new(protocol, limit).advance(&bytes) {
        Ok(Some(length)) if length == bytes.len() => Ok(Incoming { protocol, framed: false, bytes }),
        Ok(_) => Err("The body is not one whole Thrift call".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Carries out the call in a task of its own, which writes the answer as it is read.
async fn run(connection: Connection, incoming: Incoming) -> Result<Body, Refused> {
    let (sender, mut pieces) = mpsc::channel::<io::Result<Bytes>>(2);
    tokio::spawn(async move {
        let sink = PollSender::new(sender.clone()).sink_map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
        let sink = CopyToBytes::new(sink.with(|bytes: Bytes| std::future::ready(Ok::<_, io::Error>(Ok(bytes)))));
        let mut writer = BufWriter::with_capacity(PIECE, SinkWriter::new(sink));
        let outcome = async { connection.handle(&mut writer, incoming).await };
        if let Err(error) = outcome.await {
            tracing::debug!(peer = %connection.peer(), %error, "answer not delivered");
            // The client then sees that the answer is cut off. It may be gone itself.
            let _ = sender.send(Err(error)).await;
        }
    });
    let first = match pieces.recv().await {
        None => return Ok(Body::empty()),
        Some(Err(error)) => return Err(Refused(StatusCode::BAD_REQUEST, error.to_string())),
        Some(Ok(first)) => first,
    };
    match pieces.recv().await {
        None => Ok(Body::from(first)),
        Some(second) => {
            let rest = stream::unfold(pieces, |mut pieces| async move { Some((pieces.recv().await?, pieces)) });
            Ok(Body::from_stream(stream::iter([Ok(first), second]).chain(rest)))
        }
    }
}
