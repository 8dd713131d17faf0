//! The Thrift server: one port, on which each connection speaks binary or compact, framed or unframed, after a login by
//! SASL or over HTTP, with or without TLS as configured. A connection is a task of its own; what goes wrong on it stays
//! on it.

mod connection;
mod http;
mod opening;
pub mod scan;
mod transport;
mod waiting;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::Connection;
use self::waiting::{Place, Waiting};
use crate::auth::login::{Login, SharedLogin};
use crate::catalog::Service;
use crate::error::CatalogError;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a server allows. See the settings of the same names.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request.
    pub max_request: usize,
    /// Bytes of an answer.
    pub max_answer: usize,
    pub max_connections: usize,
    /// A connection is closed when nothing moves on it for so long.
    pub idle_timeout: Duration,
    /// A request that takes longer is answered with an error.
    pub request_timeout: Duration,
    /// How long a client may take to log in, where it has to, and to begin with it.
    pub login_timeout: Duration,
    /// How long running requests may take to end when the server stops.
    pub shutdown_grace: Duration,
}

/// A bound Thrift server.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Arc<Limits>,
    catalog: Service,
    login: SharedLogin,
}

/// Reads a certificate chain and its key, both PEM.
pub fn tls_acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor, CatalogError> {
    let unreadable = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        CatalogError::invalid_input(format!("{what} {} cannot be used: {error}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("tls_cert", certificates, &error))?;
    let private_key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("tls_key", key, &error))?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private_key))
        .map_err(|error| unreadable("tls_cert", certificates, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Server {
    pub async fn bind(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        limits: Limits,
        catalog: Service,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let login = Arc::new(Login::none(&catalog));
        Ok(Self { listener, tls, limits: Arc::new(limits), catalog, login })
    }

    /// Serves those only who log in.
    pub fn with_login(self, login: Login) -> Self {
        Self { login: Arc::new(login), ..self }
    }

    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`; then accepts nothing more, lets running requests end, and returns.
    pub async fn run(self, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.limits.max_connections));
        let waiting = Arc::new(Waiting::new(self.limits.max_connections));
        let tasks = TaskTracker::new();
        loop {
            let (stream, peer) = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
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
                metrics::counter!("propolis_thrift_connections_refused_total").increment(1);
                tracing::warn!(%peer, limit = self.limits.max_connections, "connection refused: thrift_max_connections");
                continue;
            };
            let unknown = if self.login.required() { waiting.place(peer.ip()) } else { None };
            if self.login.required() && unknown.is_none() {
                metrics::counter!("propolis_thrift_connections_refused_total").increment(1);
                tracing::warn!(%peer, "connection refused: too many of this address have not logged in");
                continue;
            }
            let (limits, login) = (Arc::clone(&self.limits), Arc::clone(&self.login));
            let connection = Connection::new(peer, limits, self.catalog.clone(), login, shutdown.child_token());
            let tls = self.tls.clone();
            tasks.spawn(async move {
                metrics::gauge!("propolis_thrift_connections").increment(1);
                serve(stream, tls, connection, unknown).await;
                metrics::gauge!("propolis_thrift_connections").decrement(1);
                drop(place);
            });
        }
        tasks.close();
        if tokio::time::timeout(self.limits.shutdown_grace, tasks.wait()).await.is_err() {
            tracing::warn!("requests still running at the end of shutdown_grace were cut off");
        }
    }
}

/// `unknown` is held until somebody has logged in.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, connection: Connection, unknown: Option<Place>) {
    // Answers are written whole: waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    match tls {
        None => opening::serve(stream, connection, unknown).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => opening::serve(stream, connection, unknown).await,
            Ok(Err(error)) => {
                tracing::info!(peer = %connection.peer(), error = error.to_string(), "TLS handshake failed")
            }
            Err(_) => tracing::info!(peer = %connection.peer(), "TLS handshake timed out"),
        },
    }
}
