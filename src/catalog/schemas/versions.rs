//! Versions of schemas: a new one is checked against those before it.

use std::sync::Arc;

use super::{blocking, no_schema, parsed};
use crate::catalog::Service;
use crate::data_schema::{self, Definition, Direction, Undeclared};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::schema_registry::{Compatibility, Schema, SchemaName, SchemaVersion, VersionNumber, VersionSelector};
use crate::store::Connection;
use crate::store::schemas::{self, versions};

/// The highest number of a version that the protocol can say.
const MAX_VERSION: i64 = 100_000;

impl Service {
    /// Adds a version. A definition that is there already gives the version that has it. One that is not compatible
    /// is added too, with the reason as its `failure`; versions after it are not checked against it.
    pub async fn register_schema_version(
        &self,
        scope: &str,
        name: &SchemaName,
        text: &str,
        undeclared: Undeclared,
    ) -> Result<SchemaVersion> {
        let schema = self.schema(scope, name).await?;
        takes_versions(&schema)?;
        let definition = Arc::new(parsed(schema.format, text).await?);
        let mut transaction = self.store.begin().await?;
        let schema = schemas::get_for_update(&mut transaction, scope, name).await?.ok_or_else(|| no_schema(name))?;
        takes_versions(&schema)?;
        let same = versions::find(&mut transaction, schema.id, definition.fingerprint()).await?;
        if let Some(version) = same.clone().filter(|version| version.failure.is_none()) {
            return Ok(version);
        }
        // One that failed before may pass now: the rules or the versions may have changed.
        let failure = incompatibility(&mut transaction, &schema, &definition, undeclared).await?;
        if let (Some(_), Some(version)) = (&failure, same) {
            return Ok(version);
        }
        if schema.next_version > MAX_VERSION {
            let message = "More schema versions cannot be created. The maximum limit has been reached.";
            return Err(CatalogError::new(ErrorKind::LimitExceeded, message));
        }
        let version =
            add(&mut transaction, scope, schema.id, name, text, definition.fingerprint(), failure.as_deref()).await?;
        transaction.commit().await?;
        Ok(version)
    }

    pub async fn schema_version(&self, scope: &str, selector: &VersionSelector) -> Result<SchemaVersion> {
        let mut connection = self.store.read().await?;
        if let Some(version) = versions::get(&mut connection, scope, selector).await? {
            return Ok(version);
        }
        match selector {
            VersionSelector::Of(name, _) if schemas::get(&mut connection, scope, name).await?.is_none() => {
                Err(no_schema(name))
            }
            _ => Err(no_version(selector)),
        }
    }

    /// The version that has this definition.
    pub async fn schema_version_by_definition(
        &self,
        scope: &str,
        name: &SchemaName,
        text: &str,
    ) -> Result<SchemaVersion> {
        let schema = self.schema(scope, name).await?;
        let definition = parsed(schema.format, text).await?;
        versions::find(&mut *self.store.read().await?, schema.id, definition.fingerprint()).await?.ok_or_else(|| {
            let none = no_schema(name);
            CatalogError::not_found(format!("{none}. No version of it has this definition."))
        })
    }

    /// Versions in order, after this number.
    pub async fn schema_versions(
        &self,
        scope: &str,
        name: &SchemaName,
        after: i64,
        limit: i64,
    ) -> Result<Vec<SchemaVersion>> {
        let mut connection = self.store.read().await?;
        let schema = schemas::get(&mut connection, scope, name).await?.ok_or_else(|| no_schema(name))?;
        versions::list(&mut connection, schema.id, after, limit).await
    }

    /// What makes the second version of the first; see [`data_schema::diff`].
    pub async fn schema_versions_diff(
        &self,
        scope: &str,
        name: &SchemaName,
        first: VersionNumber,
        second: VersionNumber,
    ) -> Result<String> {
        let first = self.schema_version(scope, &VersionSelector::Of(name.clone(), first)).await?;
        let second = self.schema_version(scope, &VersionSelector::Of(name.clone(), second)).await?;
        blocking(move || data_schema::diff(first.format, &first.definition, &second.definition)).await
    }

    /// Deletes versions from one number to another, both included, and gives the numbers in between that no version
    /// has. Those beyond the last number that was given out do not count.
    pub async fn delete_schema_versions(&self, scope: &str, name: &SchemaName, from: i64, to: i64) -> Result<Vec<i64>> {
        let mut transaction = self.store.begin().await?;
        let schema = schemas::get_for_update(&mut transaction, scope, name).await?.ok_or_else(|| no_schema(name))?;
        let range = from..=to;
        let refuse = |what: &str| Err(CatalogError::invalid_input(format!("Schema {}: {what}", name.schema)));
        if range.is_empty() {
            return refuse(&format!("the range of versions {from}-{to} ends before it begins"));
        }
        if range.contains(&1) {
            return refuse("the first version can only be deleted with the schema");
        }
        if range.contains(&schema.checkpoint) {
            let checkpoint = schema.checkpoint;
            return refuse(&format!("version {checkpoint} is the checkpoint; make another one the checkpoint first"));
        }
        let deleted = versions::delete(&mut transaction, schema.id, from, to).await?;
        transaction.commit().await?;
        let last = to.min(schema.next_version - 1).max(from);
        Ok((from..=last).filter(|number| !deleted.contains(number)).collect())
    }
}

/// Adds a version to a schema that is locked.
pub(super) async fn add(
    connection: &mut Connection,
    scope: &str,
    schema_id: i64,
    name: &SchemaName,
    text: &str,
    fingerprint: &[u8],
    failure: Option<&str>,
) -> Result<SchemaVersion> {
    let number = schemas::take_number(connection, schema_id).await?;
    versions::insert(connection, schema_id, number, text, fingerprint, failure).await?;
    let selector = VersionSelector::Of(name.clone(), VersionNumber::Number(number));
    versions::get(connection, scope, &selector).await?.ok_or_else(|| no_version(&selector))
}

fn takes_versions(schema: &Schema) -> Result<()> {
    if schema.compatibility == Compatibility::Disabled && schema.next_version > 1 {
        return Err(CatalogError::invalid_input(format!(
            "Compatibility DISABLED does not allow versioning. SchemaId: SchemaId(schemaArn=null, schemaName={}, \
             registryName={})",
            schema.name.schema, schema.name.registry
        )));
    }
    Ok(())
}

/// Why a definition may not follow the versions that count; None where it may.
async fn incompatibility(
    connection: &mut Connection,
    schema: &Schema,
    definition: &Arc<Definition>,
    undeclared: Undeclared,
) -> Result<Option<String>> {
    let (format, compatibility) = (schema.format, schema.compatibility);
    if !compatibility.checks() {
        return Ok(None);
    }
    let mut below = schema.next_version;
    while let Some(earlier) = versions::passed_before(connection, schema.id, below).await? {
        if compatibility.counts_all() && earlier.number < schema.checkpoint {
            break;
        }
        let (new, text) = (Arc::clone(definition), earlier.definition);
        let verdict = blocking(move || match Definition::parse(format, &text) {
            Ok(earlier) => new.follows(&earlier, compatibility, undeclared).map_err(|(direction, problem)| {
                let what = match direction {
                    Direction::Backward => "it cannot read the data of",
                    Direction::Forward => "its data cannot be read by",
                };
                (what, problem.to_string())
            }),
            // What was valid once is not for a newer version of a library.
            Err(invalid) => Err(("it cannot be compared with", invalid.to_string())),
        });
        if let Err((what, why)) = verdict.await? {
            return Ok(Some(format!("{what} version {}: {why}", earlier.number)));
        }
        if !compatibility.counts_all() {
            break;
        }
        below = earlier.number;
    }
    Ok(None)
}

pub(super) fn no_version(selector: &VersionSelector) -> CatalogError {
    CatalogError::not_found(match selector {
        VersionSelector::Id(id) => format!("Schema version is not found. SchemaVersionId: {id}"),
        VersionSelector::Of(name, number) => {
            let (number, latest) = match number {
                VersionNumber::Latest => ("null".to_owned(), true),
                VersionNumber::Number(number) => (number.to_string(), false),
            };
            format!(
                "Schema version is not found. RegistryName: {}, SchemaName: {}, SchemaArn: null, VersionNumber: \
                 {number}, isLatestVersion: {latest}",
                name.registry, name.schema
            )
        }
    })
}
