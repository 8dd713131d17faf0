//! Resources, objects around the catalog that are kept as they were defined, and tags, which anything may have.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Service;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::{Resource, ResourceKey};
use crate::store::{Connection, resources, tags};

/// Tags that one object may have: AWS's own limit.
pub const MOST_TAGS: i64 = 50;

/// Which resources of a kind are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing<'a> {
    /// Those that are parts of this one; None means all.
    pub parent: Option<&'a str>,
    /// Those after this name.
    pub after: Option<&'a str>,
    pub limit: Option<i64>,
}

impl Service {
    /// A new resource with its tags; one of the same name is an error.
    pub async fn create_resource(
        &self,
        key: &ResourceKey,
        document: Map<String, Value>,
        tags: &BTreeMap<String, String>,
    ) -> Result<Resource> {
        let mut transaction = self.store.begin().await?;
        let created = resources::insert(&mut transaction, key, &document)
            .await?
            .ok_or_else(|| CatalogError::already_exists(format!("The {} {} already exists", key.kind, key.name)))?;
        if !tags.is_empty() {
            set_tags(&mut transaction, &key.scope, &key.tagged(), tags).await?;
        }
        transaction.commit().await?;
        Ok(created)
    }

    pub async fn resource(&self, key: &ResourceKey) -> Result<Option<Resource>> {
        resources::get(&mut *self.store.read().await?, key).await
    }

    /// Those of the named resources that exist, by name.
    pub async fn named_resources(&self, scope: &str, kind: &str, names: &[String]) -> Result<Vec<Resource>> {
        resources::named(&mut *self.store.read().await?, scope, kind, names).await
    }

    /// The last `count` by name of the parts of each parent, those of one parent together and the last first.
    pub async fn latest_parts(&self, scope: &str, kind: &str, parents: &[String], count: i64) -> Result<Vec<Resource>> {
        resources::latest_parts(&mut *self.store.read().await?, scope, kind, parents, count).await
    }

    /// Resources of a kind, by name.
    pub async fn resources(&self, scope: &str, kind: &str, which: Listing<'_>) -> Result<Vec<Resource>> {
        let Listing { parent, after, limit } = which;
        resources::list(&mut *self.store.read().await?, scope, kind, parent, after, limit).await
    }

    /// Replaces the document by what `change` makes of the stored resource; None where there is none.
    pub async fn update_resource<E: From<CatalogError>>(
        &self,
        key: &ResourceKey,
        change: impl FnOnce(Resource) -> Result<Map<String, Value>, E> + Send,
    ) -> Result<Option<Resource>, E> {
        let mut transaction = self.store.begin().await?;
        let Some(before) = resources::get_for_update(&mut transaction, key).await? else {
            return Ok(None);
        };
        let document = change(before)?;
        let after = resources::update(&mut transaction, key, &document).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Makes the resource, or replaces its document.
    pub async fn put_resource(&self, key: &ResourceKey, document: Map<String, Value>) -> Result<Resource> {
        let mut transaction = self.store.begin().await?;
        let stored = match resources::insert(&mut transaction, key, &document).await? {
            Some(created) => Some(created),
            None => resources::update(&mut transaction, key, &document).await?,
        };
        transaction.commit().await?;
        stored.ok_or_else(|| CatalogError::conflict(format!("The {} {} was deleted meanwhile", key.kind, key.name)))
    }

    /// Deletes a resource with its tags, and those of the kinds `parts` that are parts of it; false where there is
    /// none. `check` may refuse by what is stored.
    pub async fn delete_resource<E: From<CatalogError>>(
        &self,
        key: &ResourceKey,
        parts: &[&'static str],
        check: impl FnOnce(&Resource) -> Result<(), E> + Send,
    ) -> Result<bool, E> {
        let mut transaction = self.store.begin().await?;
        let Some(stored) = resources::get_for_update(&mut transaction, key).await? else {
            return Ok(false);
        };
        check(&stored)?;
        resources::delete(&mut transaction, key).await?;
        for kind in parts {
            resources::delete_parts(&mut transaction, &key.scope, kind, &key.name).await?;
        }
        tags::clear(&mut transaction, &key.scope, &key.tagged()).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Tags by what they are on, `kind/name`.
    pub async fn tags(&self, scope: &str, resource: &str) -> Result<BTreeMap<String, String>> {
        tags::of(&mut *self.store.read().await?, scope, resource).await
    }

    /// The tags of all objects of a kind that have any, by name.
    pub async fn tags_of_kind(&self, scope: &str, kind: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        tags::of_kind(&mut *self.store.read().await?, scope, kind).await
    }

    /// Adds tags to what is called `kind/name`, or changes their values.
    pub async fn tag(&self, scope: &str, resource: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        set_tags(&mut transaction, scope, resource, tags).await?;
        transaction.commit().await
    }

    pub async fn untag(&self, scope: &str, resource: &str, keys: &[String]) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        tags::remove(&mut transaction, scope, resource, keys).await?;
        transaction.commit().await
    }
}

/// Sets tags within a transaction; too many are an error.
pub(super) async fn set_tags(
    connection: &mut Connection,
    scope: &str,
    resource: &str,
    tags: &BTreeMap<String, String>,
) -> Result<()> {
    let count = tags::set(connection, scope, resource, tags).await?;
    if count > MOST_TAGS {
        return Err(CatalogError::new(
            ErrorKind::InvalidInput,
            format!("{resource} would have {count} tags; at most {MOST_TAGS} are allowed"),
        ));
    }
    Ok(())
}
