//! Connections of the HTTP port: plain or TLS, HTTP/1.1 with keep-alive, a task each.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::config::Settings;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Smaller answers fit into a packet or two, whether compressed or not.
const COMPRESSED_ABOVE: u16 = 4096;
/// How long a browser may remember what it is allowed.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3600);

/// What the port allows. See the settings of the same names.
#[derive(Debug, Clone)]
pub struct Limits {
    pub max_connections: usize,
    /// A connection is closed when no head of a request arrives for so long.
    pub idle_timeout: Duration,
    /// How long running requests may take to end when the server stops.
    pub shutdown_grace: Duration,
    /// Origins whose pages may call from a browser, `*` for any.
    pub cors_origins: Vec<String>,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self {
            max_connections: settings.http_max_connections as usize,
            idle_timeout: settings.http_idle_timeout,
            shutdown_grace: settings.shutdown_grace,
            cors_origins: settings.glue_cors_origins.clone(),
        }
    }
}

/// Serves until `shutdown` is cancelled; then accepts nothing more, lets running requests end, and returns.
///
/// Answers are compressed for those who ask. Bodies of requests come to the router as they were sent, since that is
/// what was signed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let router = router.layer(
        CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_ABOVE))),
    );
    let router = if limits.cors_origins.is_empty() { router } else { router.layer(cors(&limits.cors_origins)) };
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let tasks = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: others may be given back soon.
                    tracing::error!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics::counter!("propolis_http_connections_refused_total").increment(1);
            tracing::warn!(%peer, limit = limits.max_connections, "connection refused: http_max_connections");
            continue;
        };
        let connection =
            Connection { peer, router: router.clone(), idle_timeout: limits.idle_timeout, shutdown: shutdown.clone() };
        let tls = tls.clone();
        tasks.spawn(async move {
            metrics::gauge!("propolis_http_connections").increment(1);
            connection.accept(stream, tls).await;
            metrics::gauge!("propolis_http_connections").decrement(1);
            drop(place);
        });
    }
    tasks.close();
    if tokio::time::timeout(limits.shutdown_grace, tasks.wait()).await.is_err() {
        tracing::warn!("HTTP requests still running at the end of shutdown_grace were cut off");
    }
}

struct Connection {
    peer: SocketAddr,
    router: Router,
    idle_timeout: Duration,
    shutdown: CancellationToken,
}

impl Connection {
    async fn accept(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are written whole: waiting to fill a packet would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
        match tls {
            None => self.serve(stream).await,
            Some(acceptor) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream).await,
                Ok(Err(error)) => tracing::info!(peer = %self.peer, %error, "TLS handshake failed"),
                Err(_) => tracing::info!(peer = %self.peer, "TLS handshake timed out"),
            },
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                // It runs between requests too.
                .header_read_timeout(self.idle_timeout)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router))
        );
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(peer = %self.peer, %error, "connection ended");
        }
    }
}

/// What pages of these origins may do in a browser: send any signed request and read how it went.
fn cors(origins: &[String]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST])
        // SDKs send headers of many names, and sign them.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(["date", "x-amzn-requestid", "x-amzn-errortype"].map(HeaderName::from_static))
        .max_age(PREFLIGHT_AGE)
}

#[cfg(test)]
mod tests;
