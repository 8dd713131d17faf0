//! Databases. See [`verbatim`] for clients who keep the rules themselves.

mod verbatim;

use std::sync::Arc;

use serde_json::json;

use super::locations::kept_location;
use super::tagged::Tagged;
use super::trash::{Discarded, database_folders, skips_trash};
use super::{Caller, Service, name_pattern, now, record};
use crate::error::{CatalogError, Object, Result};
use crate::filter::NamePattern;
use crate::model::database::LOCATION_BY_DEFAULT;
use crate::model::name::{DEFAULT_CATALOG, DEFAULT_DATABASE, check_object, fold};
use crate::model::{Database, DatabaseName, EventKind, PrincipalType};
use crate::store::{Transaction, catalogs, databases, functions, programs, tables, transactions};
use crate::warehouse::Location;

/// How a database is dropped.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropDatabase {
    pub if_exists: bool,
    /// Whether its folder goes too, with all that lies in it.
    pub delete_data: bool,
    /// Whether its tables and functions go with it; without, a database that has any stays.
    pub cascade: bool,
}

impl Service {
    pub async fn get_database(&self, name: &DatabaseName) -> Result<Arc<Database>> {
        if let Some(database) = self.store.cached_database(name) {
            return Ok(database);
        }
        self.store.get_database(&mut *self.store.read().await?, name).await?.ok_or_else(|| no_database(name))
    }

    /// Names of a catalog's databases, in order. No pattern means all.
    pub async fn database_names(&self, catalog: &str, pattern: Option<&str>) -> Result<Vec<String>> {
        let pattern = name_pattern(pattern)?;
        databases::names(&mut *self.store.read().await?, &fold(catalog), &pattern).await
    }

    /// A catalog's databases, by name. No pattern means all.
    pub async fn databases(&self, catalog: &str, pattern: Option<&str>) -> Result<Vec<Database>> {
        let pattern = name_pattern(pattern)?;
        databases::list(&mut *self.store.read().await?, &fold(catalog), &pattern).await
    }

    pub async fn create_database(&self, caller: &Caller, mut database: Database) -> Result<Database> {
        check_object("database", &database.name.database)?;
        database.created_at = now();
        database.version = 1;
        if database.owner_name.is_none() {
            database.owner_name = Some(self.owner(caller));
        }
        // Clients of before Hive 4 name an owner and no type, and Trino does not read a database without one.
        database.owner_type.get_or_insert(PrincipalType::User);
        let mut transaction = self.store.begin().await?;
        let catalog = catalogs::get_for_child(&mut transaction, &database.name.catalog).await?.ok_or_else(|| {
            CatalogError::invalid_object(format!(
                "Database {} cannot be created: catalog {} does not exist",
                database.name, database.name.catalog
            ))
        })?;
        if database.location.as_deref().is_none_or(str::is_empty) {
            database.location = Some(self.default_database_location(&catalog, &database.name.database));
        }
        let location = Location::parse(database.location.as_deref().unwrap_or_default())?.as_kept();
        database.location = Some(location.to_string());
        database.managed_location = database.managed_location.map(kept_location);
        database.id =
            databases::insert(&mut transaction, catalog.id, &database).await?.ok_or_else(|| taken(&database.name))?;
        let body = json!({ "after": database });
        let name = &database.name;
        record(&mut transaction, EventKind::CreateDatabase, &name.catalog, Some(&name.database), None, body).await?;
        // Databases over stores that the server does not know hold external tables only: nothing to make.
        let mut made = Default::default();
        if self.warehouse.manages(&location) {
            made = self.warehouse.make_directory(&location).await?;
        }
        self.commit_or_undo(transaction, made).await?;
        Ok(database)
    }

    /// Replaces parameters and owner, and what is said of description, type of owner and locations. The rest stays, the
    /// name too, whatever `changed` has there: so does Apache's server, whose clients count on it. Data is not moved.
    pub async fn alter_database(&self, _caller: &Caller, name: &DatabaseName, changed: Database) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let before = databases::get_for_update(&mut transaction, name).await?.ok_or_else(|| no_database(name))?;
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let mut after = Database {
            description: said(changed.description).or_else(|| before.description.clone()),
            location: said(changed.location).map(kept_location).or_else(|| before.location.clone()),
            managed_location: said(changed.managed_location)
                .map(kept_location)
                .or_else(|| before.managed_location.clone()),
            parameters: changed.parameters,
            owner_name: changed.owner_name,
            owner_type: changed.owner_type.or(before.owner_type),
            implicit: false,
            ..before.clone()
        };
        if after.location != before.location {
            after.extra.remove(LOCATION_BY_DEFAULT);
        }
        after.version = databases::update(&mut transaction, name, &after).await?;
        let body = json!({ "before": before, "after": after });
        record(&mut transaction, EventKind::AlterDatabase, &name.catalog, Some(&name.database), None, body).await?;
        transaction.commit().await?;
        Ok(())
    }

    pub async fn drop_database(&self, caller: &Caller, name: &DatabaseName, how: DropDatabase) -> Result<()> {
        if name.catalog == DEFAULT_CATALOG && name.database == DEFAULT_DATABASE {
            return Err(CatalogError::invalid_input(format!(
                "Database {name} is the default one and cannot be dropped"
            )));
        }
        let mut transaction = self.store.begin().await?;
        let Some(database) = databases::get_for_update(&mut transaction, name).await? else {
            return if how.if_exists { Ok(()) } else { Err(no_database(name)) };
        };
        let mut folders = Vec::new();
        if how.delete_data {
            let own = database_folders(&database)?;
            self.check_may_delete(caller, &format!("Database {name}"), &own.iter().collect::<Vec<_>>()).await?;
            folders.extend(own.into_iter().map(|location| Discarded { location, purge: false }));
        }
        if let Some((table, view)) = databases::first_view_from_outside(&mut transaction, &database).await? {
            return Err(CatalogError::invalid_operation(format!(
                "Database {name} cannot be dropped: the materialized view {view} is made from its table {table}; drop \
                 that first"
            )));
        }
        let of_tables = self.remove_content(&mut transaction, &database, how).await?;
        remove_database(&mut transaction, &database).await?;
        transaction.commit().await?;
        folders.splice(0..0, of_tables);
        self.discard(&folders).await;
        Ok(())
    }

    /// Removes the tables and functions of a database that is to be dropped. Answers the folders to discard after the
    /// commit.
    pub(super) async fn remove_content(
        &self,
        transaction: &mut Transaction,
        database: &Database,
        how: DropDatabase,
    ) -> Result<Vec<Discarded>> {
        let name = &database.name;
        let table_names = tables::names(transaction, name, &NamePattern::all(), None).await?;
        let function_names = functions::names(transaction, name, None).await?;
        if !how.cascade {
            for (what, names) in [("tables", &table_names), ("functions", &function_names)] {
                if let Some(first) = names.first() {
                    return Err(CatalogError::invalid_operation(format!(
                        "Database {name} is not empty: it has {} {what}, {first} among them; drop them first, or cascade",
                        names.len()
                    )));
                }
            }
            if let Some((kind, other)) = programs::others_in(transaction, database.id, 1).await?.first() {
                return Err(CatalogError::invalid_operation(format!(
                    "Database {name} is not empty: it has the {kind} {other}; drop it first, or cascade"
                )));
            }
        }
        let mut folders = Vec::new();
        for table in self.store.get_tables(transaction, name, &table_names).await? {
            if how.delete_data {
                let purge = skips_trash(&table);
                let of_table = self.table_folders(transaction, &table).await?;
                folders.extend(of_table.into_iter().map(|location| Discarded { location, purge }));
            }
            self.remove_table(transaction, &table).await?;
        }
        functions::delete_all(transaction, database.id).await?;
        Ok(folders)
    }

    /// Who owns what this caller makes.
    pub(super) fn owner(&self, caller: &Caller) -> String {
        caller.user.clone().unwrap_or_else(|| self.rules.default_owner.clone())
    }
}

/// Deletes the row of an empty database, and records that.
pub(super) async fn remove_database(transaction: &mut Transaction, database: &Database) -> Result<()> {
    let name = &database.name;
    databases::delete(transaction, database).await?;
    transactions::tables::remove_database(transaction, name).await?;
    Tagged::database(name).clear(transaction).await?;
    let body = json!({ "before": database });
    record(transaction, EventKind::DropDatabase, &name.catalog, Some(&name.database), None, body).await
}

pub(super) fn taken(name: &DatabaseName) -> CatalogError {
    CatalogError::already_exists(format!("Database {name} already exists"))
        .about(Object::Database(name.database.clone()))
}

pub(super) fn no_database(name: &DatabaseName) -> CatalogError {
    CatalogError::not_found(format!("Database {name} does not exist")).about(Object::Database(name.database.clone()))
}
