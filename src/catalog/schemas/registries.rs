//! Registries of schemas.

use std::collections::BTreeMap;

use super::no_registry;
use crate::catalog::Service;
use crate::catalog::resources::set_tags;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::schema_registry::{DEFAULT_REGISTRY, Registry};
use crate::store::{schemas::registries, tags};

impl Service {
    pub async fn create_registry(
        &self,
        scope: &str,
        name: &str,
        description: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> Result<Registry> {
        let mut transaction = self.store.begin().await?;
        if !registries::insert(&mut transaction, scope, name, description).await? {
            return Err(CatalogError::already_exists(format!("Registry already exists. RegistryName: {name}")));
        }
        // Two at once can go one beyond: the limit is there to be noticed, nothing depends on it.
        let count = registries::count(&mut transaction, scope).await?;
        if name != DEFAULT_REGISTRY && count > self.rules.max_schema_registries {
            let message = "More registries cannot be created. The maximum limit has been reached.";
            return Err(CatalogError::new(ErrorKind::LimitExceeded, message));
        }
        if !tags.is_empty() {
            set_tags(&mut transaction, scope, &tagged(name), tags).await?;
        }
        let registry = registries::get(&mut transaction, scope, name).await?.ok_or_else(|| no_registry(name))?;
        transaction.commit().await?;
        Ok(registry)
    }

    pub async fn registry(&self, scope: &str, name: &str) -> Result<Registry> {
        registries::get(&mut *self.store.read().await?, scope, name).await?.ok_or_else(|| no_registry(name))
    }

    /// Registries by name, after this one.
    pub async fn registries(&self, scope: &str, after: Option<&str>, limit: i64) -> Result<Vec<Registry>> {
        registries::list(&mut *self.store.read().await?, scope, after, limit).await
    }

    pub async fn update_registry(&self, scope: &str, name: &str, description: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !registries::update(&mut transaction, scope, name, description).await? {
            return Err(no_registry(name));
        }
        transaction.commit().await
    }

    /// Deletes a registry with all its schemas.
    pub async fn delete_registry(&self, scope: &str, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !registries::delete(&mut transaction, scope, name).await? {
            return Err(no_registry(name));
        }
        tags::clear(&mut transaction, scope, &tagged(name)).await?;
        tags::clear_below(&mut transaction, scope, &format!("schema/{name}")).await?;
        transaction.commit().await
    }
}

/// What a registry's tags are kept under.
fn tagged(name: &str) -> String {
    format!("registry/{name}")
}
