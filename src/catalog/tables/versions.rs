//! The versions of a table: as each change left it, as far as they are kept.

use super::super::{Caller, Service};
use crate::error::{CatalogError, Object, Result};
use crate::model::{Table, TableName};
use crate::store::table_versions;

impl Service {
    /// Versions in order: of those after `after`, the first `limit`. The newest is the table as it is now.
    pub async fn table_versions(&self, name: &TableName, after: i64, limit: i64) -> Result<Vec<Table>> {
        let current = self.get_table(name).await?;
        let mut connection = self.store.read().await?;
        let mut versions = self.store.table_versions(&mut connection, &current, after, limit).await?;
        if after < current.version && (versions.len() as i64) < limit {
            versions.push(Table::clone(&current));
        }
        Ok(versions)
    }

    /// The table as it was in a version; the newest where none is named.
    pub async fn table_version(&self, name: &TableName, version: Option<i64>) -> Result<Table> {
        let current = self.get_table(name).await?;
        let version = version.unwrap_or(current.version);
        if version == current.version {
            return Ok(Table::clone(&current));
        }
        let mut connection = self.store.read().await?;
        let found = match version.checked_sub(1) {
            Some(before) => self.store.table_versions(&mut connection, &current, before, 1).await?.pop(),
            None => None,
        };
        found.filter(|table| table.version == version).ok_or_else(|| no_version(name, version))
    }

    /// Forgets old versions; for each, in order, whether it was there. The newest is the table itself and stays.
    pub async fn delete_table_versions(
        &self,
        _caller: &Caller,
        name: &TableName,
        versions: &[i64],
    ) -> Result<Vec<Result<()>>> {
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_update(&mut transaction, name).await?;
        let table = self.found_table(&mut transaction, name, table).await?;
        let old: Vec<i64> = versions.iter().copied().filter(|version| *version != table.version).collect();
        let mut gone = table_versions::delete(&mut transaction, table.id, &old).await?;
        transaction.commit().await?;
        let outcome = |version: &i64| {
            if *version == table.version {
                return Err(CatalogError::invalid_operation(format!(
                    "The newest version of table {name} cannot be deleted: delete the table instead"
                )));
            }
            match gone.iter().position(|one| one == version) {
                Some(found) => {
                    gone.swap_remove(found);
                    Ok(())
                }
                None => Err(no_version(name, *version)),
            }
        };
        Ok(versions.iter().map(outcome).collect())
    }
}

fn no_version(name: &TableName, version: i64) -> CatalogError {
    CatalogError::not_found(format!("Table {name} has no version {version}, or keeps it no longer"))
        .about(Object::TableVersion(version))
}
