//! The rules of the catalog, one file per noun. Each operation goes the same way: validate, write in one transaction,
//! record the event, answer. No wire format is known here, and no SQL.

pub mod access_keys;
mod catalogs;
pub mod compactions;
pub mod constraints;
mod data_connectors;
pub mod databases;
pub mod events;
pub mod functions;
pub mod housekeeping;
mod ischemas;
pub mod locations;
pub mod locks;
mod measurements;
mod named_types;
pub mod partitions;
pub mod privileges;
mod programs;
pub mod properties;
pub mod resource_plans;
pub mod resources;
pub mod roles;
pub mod scheduled_queries;
pub mod schemas;
mod sealed;
pub mod search;
pub mod statistics;
pub mod tables;
mod tagged;
pub mod tokens;
pub mod transactions;
mod trash;
mod trees;
mod types;
pub mod users;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::config::Hive;
use crate::error::{CatalogError, Result};
use crate::filter::{FilterError, NamePattern};
use crate::model::{EventKind, NewEvent};
use crate::store::{self, Connection, Store, installation};
use crate::vault::Vault;
use crate::warehouse::Warehouse;

pub use access_keys::{AccessKeys, Credentials, NewAccessKey};
pub use databases::DropDatabase;
pub use resources::Listing;
pub use tables::{AlterTable, CreateTable, DropTable, Expected};
pub use tokens::{DelegationTokens, TokenLifetime};
pub use users::Users;

/// What the rules depend on and an operator decides.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where managed tables go: a URL without a slash at its end.
    pub warehouse: String,
    /// Where databases and their external tables go.
    pub external_warehouse: String,
    /// Who owns what a nameless caller makes.
    pub default_owner: String,
    /// How many versions of a table are kept, at least 1.
    pub table_versions_kept: i64,
    /// Seconds that a lock lives without a heartbeat.
    pub lock_lease: i64,
    /// Seconds that events are kept.
    pub event_retention: i64,
    /// The most partitions that a call may read whole; names are not limited.
    pub max_partitions: Option<i64>,
    /// What is set by Hive's own names.
    pub hive: Hive,
    /// Schema registries that there may be within a scope, besides the default one.
    pub max_schema_registries: i64,
}

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub user: Option<String>,
    pub groups: Vec<String>,
}

/// The catalog: what every face calls.
#[derive(Debug, Clone)]
pub struct Service {
    store: Store,
    warehouse: Warehouse,
    vault: Vault,
    rules: Arc<Rules>,
    opened_at: i64,
}

impl Service {
    /// Opens the catalog over a migrated database, and makes the default catalog and database if they are not there.
    pub async fn open(store: Store, warehouse: Warehouse, vault: Vault, rules: Rules) -> Result<Self> {
        let service = Self { store, warehouse, vault, rules: Arc::new(rules), opened_at: now() };
        service.ensure_default_catalog().await?;
        Ok(service)
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Seconds since the epoch, of this server's start.
    pub fn opened_at(&self) -> i64 {
        self.opened_at
    }

    /// The UUID that this catalog has had since its schema was made.
    pub async fn installation_id(&self) -> Result<String> {
        installation::id(&mut *self.store.read().await?).await
    }
}

/// Seconds since the epoch.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64)
}

/// Records a change in its own transaction.
async fn record(
    connection: &mut Connection,
    kind: EventKind,
    catalog: &str,
    database: Option<&str>,
    table: Option<&str>,
    body: Value,
) -> Result<()> {
    let event = NewEvent {
        kind,
        catalog: catalog.to_owned(),
        database: database.map(str::to_owned),
        table: table.map(str::to_owned),
        body,
    };
    store::events::append(connection, &[event], now()).await?;
    Ok(())
}

impl From<FilterError> for CatalogError {
    fn from(error: FilterError) -> Self {
        CatalogError::invalid_input(error.to_string())
    }
}

/// A name pattern as clients send it; none means all.
fn name_pattern(text: Option<&str>) -> Result<NamePattern> {
    Ok(text.map_or_else(|| Ok(NamePattern::all()), NamePattern::parse)?)
}
