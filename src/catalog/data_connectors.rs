//! Data connectors: kept for engines, which connect through them. No event tells of them, as Hive's own notification log
//! has none.

use super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::data_connector::DataConnector;
use crate::model::name::check_object;
use crate::model::{Database, PrincipalType};
use crate::store::data_connectors;

impl Service {
    /// The time of creation is the server's; the owner is the caller where none is named.
    pub async fn create_data_connector(&self, caller: &Caller, mut connector: DataConnector) -> Result<()> {
        check_object("data connector", &connector.name)?;
        connector.created_at = now();
        connector.owner_name.get_or_insert_with(|| self.owner(caller));
        connector.owner_type.get_or_insert(PrincipalType::User);
        let mut transaction = self.store.begin().await?;
        if !data_connectors::insert(&mut transaction, &connector).await? {
            return Err(CatalogError::already_exists(format!("Data connector {} already exists", connector.name)));
        }
        transaction.commit().await
    }

    pub async fn get_data_connector(&self, name: &str) -> Result<DataConnector> {
        data_connectors::get(&mut *self.store.read().await?, name).await?.ok_or_else(|| no_connector(name))
    }

    /// In order.
    pub async fn data_connector_names(&self) -> Result<Vec<String>> {
        data_connectors::names(&mut *self.store.read().await?).await
    }

    /// Replaces URL, parameters and owner; a description or a kind of owner that is not given stays. Name, kind and time
    /// of creation do not change.
    pub async fn alter_data_connector(&self, _caller: &Caller, name: &str, changed: DataConnector) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let before =
            data_connectors::get_for_update(&mut transaction, name).await?.ok_or_else(|| no_connector(name))?;
        let description = changed.description.filter(|text| !text.trim().is_empty()).or(before.description);
        let after = DataConnector {
            name: before.name,
            description,
            owner_type: changed.owner_type.or(before.owner_type),
            ..changed
        };
        data_connectors::update(&mut transaction, &after).await?;
        transaction.commit().await
    }

    /// With `check_references` InvalidOperation while a database is read through it.
    pub async fn drop_data_connector(
        &self,
        _caller: &Caller,
        name: &str,
        if_exists: bool,
        check_references: bool,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if data_connectors::get_for_update(&mut transaction, name).await?.is_none() {
            return if if_exists { Ok(()) } else { Err(no_connector(name)) };
        }
        if check_references && let Some(database) = data_connectors::used_by(&mut transaction, name).await? {
            return Err(CatalogError::invalid_operation(format!(
                "Data connector {name} is used by database {database}: drop that first"
            )));
        }
        data_connectors::delete(&mut transaction, name).await?;
        transaction.commit().await
    }
}

fn no_connector(name: &str) -> CatalogError {
    CatalogError::not_found(format!("Data connector {name} does not exist"))
}

/// Refuses to keep anything in a database that lies in another system: engines find what is in it there.
pub(super) fn check_is_kept_here(database: &Database, what: &str) -> Result<()> {
    if database.kind != "REMOTE" {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!(
        "Database {} lies in another system: {what} cannot be kept in it",
        database.name
    )))
}
