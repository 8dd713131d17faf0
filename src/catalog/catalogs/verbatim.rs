//! Catalogs for clients who keep the rules themselves: what they give is stored as it is, and no folder is made or
//! removed.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::databases::{DropDatabase, remove_database};
use super::super::tagged::Tagged;
use super::super::{Caller, Service, now, record};
use super::{insert_default_database, no_catalog, remove_catalog, taken};
use crate::error::{CatalogError, Result};
use crate::filter::NamePattern;
use crate::model::name::{DEFAULT_CATALOG, check_given, fold};
use crate::model::{Catalog, EventKind};
use crate::store::{catalogs, databases};
use crate::warehouse::Location;

impl Service {
    /// All catalogs, by name.
    pub async fn catalogs(&self) -> Result<Vec<Catalog>> {
        catalogs::list(&mut *self.store.read().await?).await
    }

    /// Stores a new catalog with its tags, and its default database; id, place and times are the server's.
    pub async fn register_catalog(
        &self,
        _caller: &Caller,
        mut catalog: Catalog,
        tags: &BTreeMap<String, String>,
    ) -> Result<()> {
        catalog.name = fold(&catalog.name);
        check_given("catalog", &catalog.name)?;
        let root = &self.rules.external_warehouse;
        let folder = format!("{root}/{}", catalog.name);
        catalog.location = if Location::parse(&folder).is_ok() { folder } else { root.clone() };
        catalog.created_at = now();
        catalog.updated_at = catalog.created_at;
        let mut transaction = self.store.begin().await?;
        let id = catalogs::insert(&mut transaction, &catalog).await?.ok_or_else(|| taken(&catalog.name))?;
        insert_default_database(&mut transaction, id, &catalog.name, catalog.location.clone()).await?;
        Tagged::catalog(&catalog.name).set(&mut transaction, tags).await?;
        let body = json!({ "after": catalog });
        record(&mut transaction, EventKind::CreateCatalog, &catalog.name, None, None, body).await?;
        transaction.commit().await
    }

    /// Replaces a catalog by what `change` makes of the stored one; name, id and time of creation stay.
    pub async fn replace_catalog(
        &self,
        _caller: &Caller,
        name: &str,
        change: impl FnOnce(&Catalog) -> Catalog + Send,
    ) -> Result<()> {
        let name = fold(name);
        let mut transaction = self.store.begin().await?;
        let before = catalogs::get_for_update(&mut transaction, &name).await?.ok_or_else(|| no_catalog(&name))?;
        let after = Catalog {
            id: before.id,
            name: before.name.clone(),
            created_at: before.created_at,
            updated_at: now(),
            ..change(&before)
        };
        catalogs::update(&mut transaction, &after).await?;
        let body = json!({ "before": before, "after": after });
        record(&mut transaction, EventKind::AlterCatalog, &name, None, None, body).await?;
        transaction.commit().await
    }

    /// Deletes a catalog with all that is in it. No file is touched.
    pub async fn unregister_catalog(&self, _caller: &Caller, name: &str) -> Result<()> {
        let name = fold(name);
        if name == DEFAULT_CATALOG {
            return Err(CatalogError::invalid_operation(format!(
                "Catalog {name} is the default one and cannot be deleted"
            )));
        }
        let how = DropDatabase { cascade: true, ..DropDatabase::default() };
        let mut transaction = self.store.begin().await?;
        let catalog = catalogs::get_for_update(&mut transaction, &name).await?.ok_or_else(|| no_catalog(&name))?;
        for database in databases::list(&mut transaction, &name, &NamePattern::all()).await? {
            self.remove_content(&mut transaction, &database, how).await?;
            remove_database(&mut transaction, &database).await?;
        }
        remove_catalog(&mut transaction, &catalog).await?;
        transaction.commit().await
    }
}
