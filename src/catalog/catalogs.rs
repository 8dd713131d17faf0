//! Catalogs, the top of the tree. See [`verbatim`] for clients who keep the rules themselves.

mod verbatim;

use serde_json::json;

use super::tagged::Tagged;
use super::{Caller, Service, now, record};
use crate::error::{CatalogError, Object, Result};
use crate::filter::NamePattern;
use crate::model::name::{DEFAULT_CATALOG, DEFAULT_DATABASE, check_word, fold};
use crate::model::{Catalog, Database, DatabaseName, EventKind, PrincipalType};
use crate::store::{Connection, catalogs, databases, programs};
use crate::warehouse::Location;

impl Service {
    pub(super) async fn ensure_default_catalog(&self) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if catalogs::get(&mut transaction, DEFAULT_CATALOG).await?.is_some() {
            return Ok(());
        }
        let catalog = Catalog {
            id: 0,
            name: DEFAULT_CATALOG.to_owned(),
            description: Some("Default catalog, for Hive".to_owned()),
            location: self.rules.warehouse.clone(),
            parameters: Default::default(),
            created_at: now(),
            updated_at: now(),
            extra: Default::default(),
        };
        // Another server may be starting on the same database: then its catalog is as good as ours.
        if let Some(id) = catalogs::insert(&mut transaction, &catalog).await? {
            let location = self.rules.external_warehouse.clone();
            insert_default_database(&mut transaction, id, DEFAULT_CATALOG, location).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    pub async fn get_catalog(&self, name: &str) -> Result<Catalog> {
        let name = fold(name);
        let mut connection = self.store.read().await?;
        catalogs::get(&mut connection, &name).await?.ok_or_else(|| no_catalog(&name))
    }

    /// Names in order.
    pub async fn catalog_names(&self) -> Result<Vec<String>> {
        catalogs::names(&mut *self.store.read().await?).await
    }

    /// Makes the catalog, its folder, and its default database in the same folder.
    pub async fn create_catalog(&self, _caller: &Caller, mut catalog: Catalog, if_not_exists: bool) -> Result<()> {
        catalog.name = fold(&catalog.name);
        catalog.created_at = now();
        catalog.updated_at = catalog.created_at;
        check_word("catalog", &catalog.name)?;
        if catalog.location.trim().is_empty() {
            return Err(CatalogError::invalid_object(format!(
                "Catalog {} needs a location: the folder for its databases",
                catalog.name
            )));
        }
        let location = Location::parse(&catalog.location)?;
        let mut transaction = self.store.begin().await?;
        let Some(id) = catalogs::insert(&mut transaction, &catalog).await? else {
            return if if_not_exists { Ok(()) } else { Err(taken(&catalog.name)) };
        };
        let below = location.clone().as_kept().to_string();
        insert_default_database(&mut transaction, id, &catalog.name, below).await?;
        let body = json!({ "after": catalog });
        record(&mut transaction, EventKind::CreateCatalog, &catalog.name, None, None, body).await?;
        let made = self.warehouse.make_directory(&location).await?;
        self.commit_or_undo(transaction, made).await
    }

    /// Changes description, location and parameters, which are all that can change.
    pub async fn alter_catalog(&self, _caller: &Caller, name: &str, changed: Catalog) -> Result<()> {
        let name = fold(name);
        if fold(&changed.name) != name {
            return Err(CatalogError::invalid_operation(format!(
                "Catalog {name} cannot be renamed to {}: catalogs keep their name",
                changed.name
            )));
        }
        let mut transaction = self.store.begin().await?;
        let before = catalogs::get_for_update(&mut transaction, &name).await?.ok_or_else(|| no_catalog(&name))?;
        let after = Catalog {
            id: before.id,
            name: before.name.clone(),
            created_at: before.created_at,
            updated_at: now(),
            extra: before.extra.clone(),
            ..changed
        };
        catalogs::update(&mut transaction, &after).await?;
        let body = json!({ "before": before, "after": after });
        record(&mut transaction, EventKind::AlterCatalog, &name, None, None, body).await?;
        transaction.commit().await
    }

    /// Drops a catalog in which nothing is left but an empty default database.
    pub async fn drop_catalog(&self, _caller: &Caller, name: &str, if_exists: bool) -> Result<()> {
        let name = fold(name);
        if name == DEFAULT_CATALOG {
            return Err(CatalogError::invalid_input(format!(
                "Catalog {name} is the default one and cannot be dropped"
            )));
        }
        let mut transaction = self.store.begin().await?;
        let Some(catalog) = catalogs::get_for_update(&mut transaction, &name).await? else {
            return if if_exists { Ok(()) } else { Err(no_catalog(&name)) };
        };
        let others = databases::names(&mut transaction, &name, &NamePattern::all()).await?;
        if let Some(other) = others.iter().find(|database| *database != DEFAULT_DATABASE) {
            return Err(CatalogError::invalid_operation(format!(
                "Catalog {name} is not empty: it has the database {other}"
            )));
        }
        let mut folders = vec![catalog.location.clone()];
        let default = DatabaseName::new(&name, DEFAULT_DATABASE);
        if let Some(database) = databases::get_for_update(&mut transaction, &default).await? {
            if databases::is_used(&mut transaction, database.id).await? {
                return Err(CatalogError::invalid_operation(format!(
                    "Catalog {name} is not empty: there are tables or functions in its database {DEFAULT_DATABASE}"
                )));
            }
            if let Some((kind, other)) = programs::others_in(&mut transaction, database.id, 1).await?.first() {
                return Err(CatalogError::invalid_operation(format!(
                    "Catalog {name} is not empty: its database {DEFAULT_DATABASE} has the {kind} {other}"
                )));
            }
            databases::delete(&mut transaction, &database).await?;
            folders.extend(database.location);
        }
        remove_catalog(&mut transaction, &catalog).await?;
        transaction.commit().await?;
        // These folders were made with it; what others have put there stays.
        for location in folders.iter().filter_map(|folder| Location::parse(folder).ok()) {
            if self.warehouse.manages(&location)
                && let Err(error) = self.warehouse.delete_if_empty(&location).await
            {
                tracing::warn!(%error, "the folder of a dropped catalog stays where it is");
            }
        }
        Ok(())
    }
}

/// Deletes the row of an empty catalog, and records that.
pub(super) async fn remove_catalog(connection: &mut Connection, catalog: &Catalog) -> Result<()> {
    catalogs::delete(connection, catalog.id).await?;
    Tagged::catalog(&catalog.name).clear(connection).await?;
    record(connection, EventKind::DropCatalog, &catalog.name, None, None, json!({ "before": catalog })).await
}

pub(super) fn no_catalog(name: &str) -> CatalogError {
    CatalogError::not_found(format!("Catalog {name} does not exist")).about(Object::Catalog(name.to_owned()))
}

pub(super) fn taken(name: &str) -> CatalogError {
    CatalogError::already_exists(format!("Catalog {name} already exists")).about(Object::Catalog(name.to_owned()))
}

pub(super) async fn insert_default_database(
    connection: &mut Connection,
    catalog_id: i64,
    catalog: &str,
    location: String,
) -> Result<()> {
    databases::insert(connection, catalog_id, &default_database(catalog, location)).await?;
    Ok(())
}

/// The database that every catalog has, as it is before anybody changes it.
pub(super) fn default_database(catalog: &str, location: String) -> Database {
    Database {
        id: 0,
        name: DatabaseName::new(catalog, DEFAULT_DATABASE),
        description: Some("Default Hive database".to_owned()),
        location: Some(location),
        managed_location: None,
        parameters: Default::default(),
        owner_name: Some("public".to_owned()),
        owner_type: Some(PrincipalType::Role),
        created_at: now(),
        kind: "NATIVE".to_owned(),
        connector_name: None,
        remote_name: None,
        implicit: true,
        extra: Default::default(),
        version: 1,
    }
}
