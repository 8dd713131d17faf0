//! Databases for clients who keep the rules themselves: what they give is stored as it is, and no folder is made or
//! removed.
//!
//! For such clients there is no database that nobody made: the default one, which every catalog has, is to them only
//! there when it is in use. Creating it makes it theirs; deleting it brings back the state that it had at first.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::super::catalogs::default_database;
use super::super::tagged::{Tagged, rename_database};
use super::super::{Caller, Service, now, record};
use super::{DropDatabase, no_database, remove_database, taken};
use crate::error::{CatalogError, Result};
use crate::model::database::LOCATION_BY_DEFAULT;
use crate::model::name::{DEFAULT_CATALOG, DEFAULT_DATABASE, check_given, fold};
use crate::model::{Catalog, Database, DatabaseName, EventKind, PrincipalType};
use crate::store::{Connection, Transaction, catalogs, databases};
use crate::warehouse::Location;

impl Service {
    /// The database, if somebody made or uses it.
    pub async fn get_used_database(&self, name: &DatabaseName) -> Result<Arc<Database>> {
        let database = self.get_database(name).await?;
        if database.implicit && !databases::is_used(&mut *self.store.read().await?, database.id).await? {
            return Err(no_database(name));
        }
        Ok(database)
    }

    /// Databases that somebody made or uses, by name: of those after the name `after`, the first `limit`.
    pub async fn used_databases_after(&self, catalog: &str, after: &str, limit: i64) -> Result<Vec<Database>> {
        databases::used_after(&mut *self.store.read().await?, &fold(catalog), after, limit).await
    }

    /// Stores a new database with its tags; id, version and time are the server's. One without a location has the
    /// default one.
    pub async fn register_database(
        &self,
        caller: &Caller,
        mut database: Database,
        tags: &BTreeMap<String, String>,
    ) -> Result<Database> {
        check_given("database", &database.name.database)?;
        database.owner_name.get_or_insert_with(|| self.owner(caller));
        database.owner_type.get_or_insert(PrincipalType::User);
        let mut transaction = self.store.begin().await?;
        let name = database.name.clone();
        let catalog = catalogs::get_for_child(&mut transaction, &name.catalog).await?;
        let catalog = catalog.ok_or_else(|| super::super::catalogs::no_catalog(&name.catalog))?;
        if database.location.is_none() {
            database.location = self.valid_default_location(&catalog, &name);
            database.extra.insert(LOCATION_BY_DEFAULT.to_owned(), true.into());
        }
        database.created_at = now();
        database.version = 1;
        database.implicit = false;
        match databases::get_for_update(&mut transaction, &name).await? {
            Some(before) if before.implicit && !databases::is_used(&mut transaction, before.id).await? => {
                let after = Database { id: before.id, ..database };
                database = write(&mut transaction, &before, after).await?;
            }
            _ => {
                let id = databases::insert(&mut transaction, catalog.id, &database).await?;
                database.id = id.ok_or_else(|| taken(&name))?;
                let body = json!({ "after": database });
                record_database(&mut transaction, EventKind::CreateDatabase, &name, body).await?;
            }
        }
        Tagged::database(&name).set(&mut transaction, tags).await?;
        transaction.commit().await?;
        Ok(database)
    }

    /// Replaces a database by what `change` makes of the stored one; id and time of creation stay. Another name
    /// renames it: tables and functions stay in it, and their files where they are.
    pub async fn replace_database(
        &self,
        _caller: &Caller,
        name: &DatabaseName,
        change: impl FnOnce(&Database) -> Result<Database> + Send,
    ) -> Result<Database> {
        let mut transaction = self.store.begin().await?;
        let before = get_used_for_update(&mut transaction, name).await?;
        let mut after = Database { id: before.id, created_at: before.created_at, implicit: false, ..change(&before)? };
        if after.location.is_none() {
            after.location.clone_from(&before.location);
            after.extra.insert(LOCATION_BY_DEFAULT.to_owned(), true.into());
        }
        check_given("database", &after.name.database)?;
        if after.name.catalog != name.catalog {
            return Err(CatalogError::invalid_operation(format!(
                "Database {name} cannot move to catalog {}: databases stay in their catalog",
                after.name.catalog
            )));
        }
        if after.name != *name {
            if name.database == DEFAULT_DATABASE {
                return Err(CatalogError::invalid_operation(format!(
                    "Database {name} cannot be renamed: every catalog has a database of this name"
                )));
            }
            if databases::get_for_child(&mut transaction, &after.name).await?.is_some() {
                return Err(taken(&after.name));
            }
        }
        let after = write(&mut transaction, &before, after).await?;
        if after.name != *name {
            rename_database(&mut transaction, name, &after.name).await?;
        }
        transaction.commit().await?;
        Ok(after)
    }

    /// Deletes a database with all that is in it. No file is touched.
    pub async fn unregister_database(&self, _caller: &Caller, name: &DatabaseName) -> Result<()> {
        let how = DropDatabase { cascade: true, ..DropDatabase::default() };
        let mut transaction = self.store.begin().await?;
        let database = get_used_for_update(&mut transaction, name).await?;
        self.remove_content(&mut transaction, &database, how).await?;
        if name.database == DEFAULT_DATABASE {
            let catalog = catalogs::get_for_child(&mut transaction, &name.catalog).await?;
            let location = match catalog {
                Some(catalog) if catalog.name != DEFAULT_CATALOG => catalog.location,
                _ => self.rules.external_warehouse.clone(),
            };
            let fresh = Database { id: database.id, ..default_database(&name.catalog, location) };
            write(&mut transaction, &database, fresh).await?;
            Tagged::database(name).clear(&mut transaction).await?;
        } else {
            remove_database(&mut transaction, &database).await?;
        }
        transaction.commit().await
    }

    /// The default location of a database, if its name can be a folder's.
    fn valid_default_location(&self, catalog: &Catalog, name: &DatabaseName) -> Option<String> {
        let location = self.default_database_location(catalog, &name.database);
        Location::parse(&location).is_ok().then_some(location)
    }
}

async fn get_used_for_update(connection: &mut Connection, name: &DatabaseName) -> Result<Database> {
    match databases::get_for_update(connection, name).await? {
        Some(database) if !database.implicit || databases::is_used(connection, database.id).await? => Ok(database),
        _ => Err(no_database(name)),
    }
}

/// Writes a database over the stored one, and records that.
async fn write(transaction: &mut Transaction, before: &Database, mut after: Database) -> Result<Database> {
    after.version = databases::update(transaction, &before.name, &after).await?;
    let body = json!({ "before": before, "after": after });
    record_database(transaction, EventKind::AlterDatabase, &before.name, body).await?;
    Ok(after)
}

async fn record_database(
    connection: &mut Connection,
    kind: EventKind,
    name: &DatabaseName,
    body: serde_json::Value,
) -> Result<()> {
    record(connection, kind, &name.catalog, Some(&name.database), None, body).await
}
