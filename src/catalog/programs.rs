//! Stored procedures and packages of HPL/SQL. Creating is replacing, and dropping what is not there is no error: the
//! metastore's rule.

use super::data_connectors::check_is_kept_here;
use super::databases::no_database;
use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::name::{check_length, fold};
use crate::model::program::{Package, StoredProcedure};
use crate::model::{Database, DatabaseName};
use crate::store::{Connection, databases, programs};

impl Service {
    pub async fn put_stored_procedure(&self, _caller: &Caller, procedure: StoredProcedure) -> Result<()> {
        check_length("stored procedure", &procedure.name)?;
        let mut transaction = self.store.begin().await?;
        let database = home(&mut transaction, &procedure.database).await?;
        programs::put_procedure(&mut transaction, database.id, &procedure).await?;
        transaction.commit().await
    }

    pub async fn get_stored_procedure(&self, database: &DatabaseName, name: &str) -> Result<StoredProcedure> {
        programs::get_procedure(&mut *self.store.read().await?, database, name)
            .await?
            .ok_or_else(|| CatalogError::not_found(format!("Stored procedure {database}.{name} does not exist")))
    }

    /// In order, of one database or of all of the catalog.
    pub async fn stored_procedure_names(&self, catalog: &str, database: Option<&str>) -> Result<Vec<String>> {
        programs::procedure_names(&mut *self.store.read().await?, &fold(catalog), database).await
    }

    pub async fn drop_stored_procedure(&self, _caller: &Caller, database: &DatabaseName, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        programs::delete_procedure(&mut transaction, database, name).await?;
        transaction.commit().await
    }

    pub async fn put_package(&self, _caller: &Caller, package: Package) -> Result<()> {
        check_length("package", &package.name)?;
        let mut transaction = self.store.begin().await?;
        let database = home(&mut transaction, &package.database).await?;
        programs::put_package(&mut transaction, database.id, &package).await?;
        transaction.commit().await
    }

    pub async fn get_package(&self, database: &DatabaseName, name: &str) -> Result<Package> {
        programs::get_package(&mut *self.store.read().await?, database, name)
            .await?
            .ok_or_else(|| CatalogError::not_found(format!("Package {database}.{name} does not exist")))
    }

    /// In order, of one database or of all of the catalog.
    pub async fn package_names(&self, catalog: &str, database: Option<&str>) -> Result<Vec<String>> {
        programs::package_names(&mut *self.store.read().await?, &fold(catalog), database).await
    }

    pub async fn drop_package(&self, _caller: &Caller, database: &DatabaseName, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        programs::delete_package(&mut transaction, database, name).await?;
        transaction.commit().await
    }
}

/// The database, which must be one that is kept here.
async fn home(connection: &mut Connection, name: &DatabaseName) -> Result<Database> {
    let database = databases::get_for_child(connection, name).await?.ok_or_else(|| no_database(name))?;
    check_is_kept_here(&database, "programs")?;
    Ok(database)
}
