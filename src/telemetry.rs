//! Logs by tracing to standard error, metrics by the `metrics` crate to `/metrics`.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, Settings};

/// Upper bounds in seconds: a cached answer takes some tens of microseconds, a huge list minutes.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0];
/// Upper bounds in bytes.
const BYTES: [f64; 8] = [256.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Installs the recorder of metrics for the whole process, which can be done once.
///
/// Names are `propolis_…`; histograms that end with `_seconds` or `_bytes` get the buckets above.
pub fn init_metrics() -> Result<PrometheusHandle, String> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".into()), &BYTES))
        .map_err(|error| error.to_string())?
        .install_recorder()
        .map_err(|error| error.to_string())?;
    metrics::gauge!("propolis_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(recorder)
}

/// Installs the log for the whole process, which can be done once.
pub fn init_logs(settings: &Settings) -> Result<(), String> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => {
            EnvFilter::try_new(&directives).map_err(|error| format!("RUST_LOG={directives:?} is wrong: {error}"))?
        }
        // Notices are Postgres' chatter on `if not exists`.
        _ => EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{}", settings.log_level))
            .map_err(|error| format!("log_level={:?} is wrong: {error}", settings.log_level))?,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match settings.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).finish().try_init(),
    };
    installed.map_err(|error| error.to_string())
}
