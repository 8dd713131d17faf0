//! The HTTP port: `/healthz`, `/readyz`, `/metrics`. Faces that speak HTTP join their router to this
//! one's.

mod probe;
mod server;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

pub use probe::Probe;
pub use server::{Limits, serve};

/// What the answers are made from.
#[derive(Debug, Clone)]
pub struct Health {
    pub store: Store,
    /// Asks the Thrift port as a client would.
    pub thrift: Probe,
    /// Once cancelled, no new work should be sent here.
    pub shutdown: CancellationToken,
    pub metrics: Metrics,
}

/// Renders `/metrics`.
#[derive(Clone)]
pub struct Metrics(pub PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// The routes of this module.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// 200 when a client would be served: Thrift answers, and so does the database behind it.
async fn ready(State(health): State<Health>) -> (StatusCode, String) {
    if health.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n".into());
    }
    let (thrift, database) = tokio::join!(health.thrift.ask(), health.store.ping());
    let reasons: Vec<String> = [
        thrift.err().map(|error| format!("thrift: {error}\n")),
        database.err().map(|error| format!("database: {error}\n")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if reasons.is_empty() {
        (StatusCode::OK, "ready\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.concat())
    }
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    let pool = health.store.pool();
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    let gauge = |state, value: u32| metrics::gauge!("propolis_database_connections", "state" => state).set(value);
    gauge("idle", idle);
    gauge("used", pool.size().saturating_sub(idle));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.metrics.0.render())
}
