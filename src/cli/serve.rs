//! `propolis serve`: database, schema, ports, until told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Failure, connect};
use crate::auth::login::Login;
use crate::auth::{self, Gate};
use crate::catalog::{AccessKeys, Rules, Service};
use crate::config::Settings;
use crate::store::Store;
use crate::store::database::Database;
use crate::vault::Vault;
use crate::warehouse::{Location, Warehouse};
use crate::{glue, hms, http};

pub async fn run(settings: Settings, metrics: PrometheusHandle) -> Result<ExitCode, Failure> {
    let shutdown = shutdown_on_signal()?;
    let database = tokio::select! {
        database = Database::open(&settings) => database?,
        () = shutdown.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let outcome = with_database(&settings, &database, metrics, &shutdown).await;
    database.stop().await;
    outcome?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn with_database(
    settings: &Settings,
    database: &Database,
    metrics: PrometheusHandle,
    shutdown: &CancellationToken,
) -> Result<(), Failure> {
    let store = database.store(settings).await?;
    let outcome = serve(settings, &store, database.name(), metrics, shutdown).await;
    store.close().await;
    outcome
}

async fn serve(
    settings: &Settings,
    store: &Store,
    database: &str,
    metrics: PrometheusHandle,
    shutdown: &CancellationToken,
) -> Result<(), Failure> {
    let warehouse = Warehouse::new(settings.object_store())?;
    let vault = Vault::new(settings.secret_key.clone(), settings.secret_key_file.clone());
    let catalog = Service::open(store.clone(), warehouse, vault.clone(), rules(settings)?).await?;
    catalog.add_admins(&settings.admin_users).await?;
    let housekeeping = catalog.clone().housekeeping(shutdown.clone());
    let trash_emptying = catalog.clone().trash_emptying(shutdown.clone());
    let compacting = catalog.clone().compacting(shutdown.clone());
    let tls = settings.tls().map(|(certificate, key)| hms::server::tls_acceptor(certificate, key)).transpose()?;
    let thrift = hms::Server::bind(settings.thrift_addr, tls.clone(), limits(settings), catalog.clone())
        .await
        .map_err(|error| cannot_serve("thrift_addr", settings.thrift_addr, &error))?
        .with_login(Login::open(settings, &catalog)?);
    let http = TcpListener::bind(settings.http_addr)
        .await
        .map_err(|error| cannot_serve("http_addr", settings.http_addr, &error))?;
    let (thrift_addr, http_addr) = (thrift.local_addr()?, http.local_addr()?);

    let health = http::Health {
        store: store.clone(),
        thrift: http::Probe::new(thrift_addr, settings.tls().map(|(certificate, _)| certificate))?
            .expecting_login(!settings.thrift_auth.0.is_empty()),
        shutdown: shutdown.clone(),
        metrics: http::Metrics(metrics.clone()),
    };
    let keys = AccessKeys::new(store.clone(), vault);
    let gate = Gate::open(keys, auth::Rules::new(settings, http_addr)).await?;
    let router = http::router(health).merge(glue::router(catalog, gate, glue_settings(settings)));
    // Health is told until the last request is answered.
    let http_shutdown = CancellationToken::new();
    let http = tokio::spawn(http::serve(http, router, tls, settings.into(), http_shutdown.clone()));
    let mut thrift = tokio::spawn(thrift.run(shutdown.clone()));
    let housekeeping = tokio::spawn(housekeeping);
    let trash_emptying = tokio::spawn(trash_emptying);
    let compacting = tokio::spawn(compacting);
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.run_upkeep();
        }
    });
    // Nobody may be reading, which is no reason to end.
    let _ = std::io::stdout().write_all(connect::text(settings, thrift_addr, http_addr, database).as_bytes());
    tracing::info!(%thrift_addr, %http_addr, "ready");

    let outcome = tokio::select! {
        // First, since a shutdown ends the Thrift server too.
        biased;
        () = shutdown.cancelled() => {
            // It keeps to shutdown_grace by itself.
            let _ = thrift.await;
            Ok(())
        }
        ended = &mut thrift => Err(Failure::from(format!("the Thrift server ended by itself: {ended:?}"))),
    };
    http_shutdown.cancel();
    // It keeps to shutdown_grace by itself.
    let _ = http.await;
    upkeep.abort();
    housekeeping.abort();
    trash_emptying.abort();
    compacting.abort();
    outcome
}

fn cannot_serve(key: &str, address: SocketAddr, error: &std::io::Error) -> String {
    format!("{key}: {address} cannot be served ({error}); end what has it, or change {key}")
}

fn limits(settings: &Settings) -> hms::Limits {
    hms::Limits {
        max_request: settings.thrift_max_request.as_usize(),
        max_answer: settings.thrift_max_answer.as_usize(),
        max_connections: settings.thrift_max_connections as usize,
        idle_timeout: settings.thrift_idle_timeout,
        request_timeout: settings.thrift_request_timeout,
        login_timeout: Duration::from_secs(60),
        shutdown_grace: settings.shutdown_grace,
    }
}

fn glue_settings(settings: &Settings) -> glue::Settings {
    glue::Settings {
        separate_regions: settings.glue_separate_regions,
        strict: settings.glue_strict,
        first_version: settings.glue_first_version.into(),
        simulate_runs: settings.glue_simulate_runs,
        max_request: settings.glue_max_request.as_usize(),
        request_timeout: settings.http_request_timeout,
    }
}

fn rules(settings: &Settings) -> Result<Rules, Failure> {
    let location = |key, url| match Location::from_url(url) {
        Ok(location) => Ok(location.as_str().to_owned()),
        Err(error) => Err(Failure::from(format!("{key}: {error}"))),
    };
    Ok(Rules {
        warehouse: location("warehouse", &settings.warehouse)?,
        external_warehouse: location("external_warehouse", &settings.external_warehouse)?,
        default_owner: settings.default_owner.clone(),
        table_versions_kept: settings.table_versions_kept.into(),
        lock_lease: settings.lock_lease.as_secs().try_into()?,
        event_retention: settings.event_retention.as_secs().try_into()?,
        max_partitions: settings.max_partitions.map(i64::from),
        hive: settings.hive.clone(),
        max_schema_registries: settings.max_schema_registries.into(),
    })
}

/// Cancelled by the first SIGINT or SIGTERM; a second one ends the process at once.
fn shutdown_on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        tracing::info!("shutting down; running requests are finished first");
        cancelled.cancel();
        next().await;
        tracing::warn!("shutting down at once");
        std::process::exit(1);
    });
    Ok(token)
}
