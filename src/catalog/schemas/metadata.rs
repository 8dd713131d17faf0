//! Metadata of versions of schemas.

use crate::catalog::Service;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::schema_registry::{SchemaVersion, VersionMetadata, VersionSelector};
use crate::store::schemas::metadata;

/// Pairs that a version may have: AWS's own limit.
const MOST_PAIRS: usize = 10;

/// Which pairs are asked for: those that have all of what is Some.
#[derive(Debug, Default)]
pub struct MetadataFilter {
    pub key: Option<String>,
    pub value: Option<String>,
}

impl MetadataFilter {
    fn passes(&self, pair: &VersionMetadata) -> bool {
        self.key.as_ref().is_none_or(|key| *key == pair.key)
            && self.value.as_ref().is_none_or(|value| *value == pair.value)
    }
}

impl Service {
    /// Adds a pair to a version, which is given back. A key may have several values.
    pub async fn put_schema_version_metadata(
        &self,
        scope: &str,
        selector: &VersionSelector,
        key: &str,
        value: &str,
    ) -> Result<SchemaVersion> {
        let version = self.schema_version(scope, selector).await?;
        let mut transaction = self.store.begin().await?;
        let pairs = metadata::of_for_update(&mut transaction, version.id).await?;
        if pairs.iter().any(|pair| pair.key == key && pair.value == value) {
            return Err(CatalogError::already_exists(format!(
                "Resource already exist for schema version id: {}, metadata key: {key}, metadata value: {value}",
                version.id
            )));
        }
        if pairs.len() >= MOST_PAIRS {
            let message = "Your resource limits for Schema Version Metadata have been exceeded.";
            return Err(CatalogError::new(ErrorKind::LimitExceeded, message));
        }
        metadata::insert(&mut transaction, version.id, key, value).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Removes a pair from a version, which is given back.
    pub async fn remove_schema_version_metadata(
        &self,
        scope: &str,
        selector: &VersionSelector,
        key: &str,
        value: &str,
    ) -> Result<SchemaVersion> {
        let version = self.schema_version(scope, selector).await?;
        let mut transaction = self.store.begin().await?;
        if !metadata::delete(&mut transaction, version.id, key, value).await? {
            return Err(CatalogError::not_found(format!(
                "Resource not found for schema version id: {}, metadata key: {key}, metadata value: {value}",
                version.id
            )));
        }
        transaction.commit().await?;
        Ok(version)
    }

    /// The pairs of a version that any of the filters passes, or all where there is none, the oldest first.
    pub async fn schema_version_metadata(
        &self,
        scope: &str,
        selector: &VersionSelector,
        filters: &[MetadataFilter],
    ) -> Result<(SchemaVersion, Vec<VersionMetadata>)> {
        let version = self.schema_version(scope, selector).await?;
        let mut pairs = metadata::of(&mut *self.store.read().await?, version.id).await?;
        pairs.retain(|pair| filters.is_empty() || filters.iter().any(|filter| filter.passes(pair)));
        Ok((version, pairs))
    }
}
