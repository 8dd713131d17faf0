//! Where databases and tables lie when nobody says where, and how folders go along with a transaction.

use super::Service;
use crate::config::hive::TranslatedLocation;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::name::{DEFAULT_CATALOG, DEFAULT_DATABASE};
use crate::model::{Catalog, Database, Table};
use crate::store::Transaction;
use crate::warehouse::{Location, Made, WarehouseError, WarehouseErrorKind};

impl From<WarehouseError> for CatalogError {
    fn from(error: WarehouseError) -> Self {
        let kind = match error.kind {
            WarehouseErrorKind::InvalidLocation => ErrorKind::InvalidObject,
            WarehouseErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            WarehouseErrorKind::AlreadyExists => ErrorKind::InvalidOperation,
            WarehouseErrorKind::Unreachable => ErrorKind::Unavailable,
            _ => ErrorKind::InvalidInput,
        };
        CatalogError::new(kind, error.to_string()).caused_by(error)
    }
}

/// A location as it is stored; what is none is told where folders are made.
pub(super) fn kept_location(given: String) -> String {
    match Location::parse(&given) {
        Ok(location) => location.as_kept().to_string(),
        Err(_) => given,
    }
}

impl Service {
    /// The folder of a database without a location of its own.
    pub fn default_database_location(&self, catalog: &Catalog, database: &str) -> String {
        let root = if catalog.name == DEFAULT_CATALOG { &self.rules.external_warehouse } else { &catalog.location };
        format!("{}/{database}.db", root.trim_end_matches('/'))
    }

    /// The folder of a table without a location of its own. Managed tables of a database in its default place go to
    /// the warehouse for managed tables, as Hive 4 has it; a database with a place of its own keeps all its tables.
    pub fn default_table_location(&self, database: &Database, table: &str, external: bool) -> Result<String> {
        let name = &database.name.database;
        let managed_root = || {
            let warehouse = &self.rules.warehouse;
            if name == DEFAULT_DATABASE { warehouse.clone() } else { format!("{warehouse}/{name}.db") }
        };
        let in_default_place = database.name.catalog == DEFAULT_CATALOG
            && database.location.as_deref().is_none_or(|location| {
                let external = &self.rules.external_warehouse;
                location == *external && name == DEFAULT_DATABASE || location == format!("{external}/{name}.db")
            });
        let folder = match (&database.managed_location, &database.location) {
            (Some(managed), _) if !external => managed.clone(),
            _ if !external && in_default_place => managed_root(),
            (_, Some(location)) => location.clone(),
            (_, None) => managed_root(),
        };
        Ok(Location::parse(&folder)?.join(table)?.to_string())
    }

    /// The folder of a table that came as a managed one and became external: that of its name below the database, or
    /// another where the rules say so and it is there already.
    pub async fn translated_location(
        &self,
        database: &Database,
        table: &str,
        mode: TranslatedLocation,
    ) -> Result<String> {
        for number in 0.. {
            let name = match (mode, number) {
                (_, 0) => table.to_owned(),
                (TranslatedLocation::Suffix, number) => format!("{table}_{number}"),
                (TranslatedLocation::Prefix, number) => format!("{number}_{table}"),
                _ => break,
            };
            let location = self.default_table_location(database, &name, true)?;
            if mode == TranslatedLocation::Force || !self.is_taken(&location).await? {
                return Ok(location);
            }
        }
        Err(CatalogError::invalid_input(format!(
            "Default location is not available for table: {}",
            self.default_table_location(database, table, true)?
        )))
    }

    async fn is_taken(&self, location: &str) -> Result<bool> {
        let location = Location::parse(location)?;
        Ok(self.warehouse.manages(&location) && self.warehouse.exists(&location).await?)
    }

    /// Makes a table's folder. A folder that the server cannot make, or need not, is no obstacle to registering an
    /// external table: its data is somebody else's.
    pub(super) async fn make_table_directory(&self, table: &Table, location: &Location) -> Result<Made> {
        if !self.warehouse.manages(location) && table.is_external() {
            return Ok(Made::default());
        }
        match self.warehouse.make_directory(location).await {
            Err(error) if table.is_external() && error.kind != WarehouseErrorKind::InvalidLocation => {
                tracing::warn!(table = %table.name, %error, "external table registered without making its folder");
                Ok(Made::default())
            }
            made => Ok(made?),
        }
    }

    /// Commits, or removes again the folders that were made for what now is not to be.
    pub(super) async fn commit_or_undo(&self, transaction: Transaction, made: Made) -> Result<()> {
        match transaction.commit().await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.warehouse.undo(made).await;
                Err(error)
            }
        }
    }
}
