//! The schema registry: registries and schemas. Versions and their metadata are in files of their own.
//!
//! Texts of errors are those that clients of the AWS Glue schema registry know.

mod metadata;
mod registries;
mod versions;

use std::collections::BTreeMap;

use super::Service;
use super::resources::set_tags;
use crate::data_schema::Definition;
use crate::error::{CatalogError, Result};
use crate::model::schema_registry::{
    Compatibility, DEFAULT_REGISTRY, DataFormat, Schema, SchemaName, SchemaVersion, VersionNumber, VersionSelector,
};
use crate::store::{schemas, tags};

pub use metadata::MetadataFilter;

/// A schema to be made, with its first version if it has a definition.
#[derive(Debug)]
pub struct NewSchema {
    pub name: SchemaName,
    pub format: DataFormat,
    pub compatibility: Compatibility,
    pub description: Option<String>,
    pub definition: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// What changes of a schema; what is None stays.
#[derive(Debug, Default)]
pub struct SchemaChange {
    pub compatibility: Option<Compatibility>,
    /// The version from which on compatibility with all versions counts. None sets it to the latest where the
    /// compatibility changes: earlier ones were made under other rules.
    pub checkpoint: Option<VersionNumber>,
    pub description: Option<String>,
}

impl Service {
    /// Makes a schema; the default registry too, where it is named and not there.
    pub async fn create_schema(&self, scope: &str, new: NewSchema) -> Result<(Schema, Option<SchemaVersion>)> {
        let definition = match &new.definition {
            Some(text) => Some((text.as_str(), parsed(new.format, text).await?)),
            None => None,
        };
        let name = &new.name;
        let mut transaction = self.store.begin().await?;
        if name.registry == DEFAULT_REGISTRY {
            schemas::registries::insert(&mut transaction, scope, DEFAULT_REGISTRY, None).await?;
        }
        let registry = schemas::registries::get_for_child(&mut transaction, scope, &name.registry)
            .await?
            .ok_or_else(|| no_registry(&name.registry))?;
        let row = schemas::NewSchema {
            registry_id: registry.id,
            name: &name.schema,
            description: new.description.as_deref(),
            format: new.format,
            compatibility: new.compatibility,
        };
        let id = schemas::insert(&mut transaction, &row).await?.ok_or_else(|| {
            CatalogError::already_exists(format!("Schema already exists. SchemaName: {}", name.schema))
        })?;
        let version = match definition {
            Some((text, definition)) => {
                Some(versions::add(&mut transaction, scope, id, name, text, definition.fingerprint(), None).await?)
            }
            None => None,
        };
        if !new.tags.is_empty() {
            set_tags(&mut transaction, scope, &tagged(name), &new.tags).await?;
        }
        let schema = schemas::get(&mut transaction, scope, name).await?.ok_or_else(|| no_schema(name))?;
        transaction.commit().await?;
        Ok((schema, version))
    }

    pub async fn schema(&self, scope: &str, name: &SchemaName) -> Result<Schema> {
        schemas::get(&mut *self.store.read().await?, scope, name).await?.ok_or_else(|| no_schema(name))
    }

    /// Schemas of a registry, which must exist, or of all registries: by registry and name, after this one.
    pub async fn schemas(
        &self,
        scope: &str,
        registry: Option<&str>,
        after: Option<&SchemaName>,
        limit: i64,
    ) -> Result<Vec<Schema>> {
        let mut connection = self.store.read().await?;
        if let Some(name) = registry
            && schemas::registries::get(&mut connection, scope, name).await?.is_none()
        {
            return Err(no_registry(name));
        }
        schemas::list(&mut connection, scope, registry, after, limit).await
    }

    /// Changes a schema. Its versions are not checked against a new compatibility: it holds for those to come.
    pub async fn update_schema(&self, scope: &str, name: &SchemaName, change: SchemaChange) -> Result<Schema> {
        let mut transaction = self.store.begin().await?;
        let mut schema =
            schemas::get_for_update(&mut transaction, scope, name).await?.ok_or_else(|| no_schema(name))?;
        let checkpoint = match (change.checkpoint, change.compatibility) {
            (Some(number), _) => {
                let selector = VersionSelector::Of(name.clone(), number);
                let version = schemas::versions::get(&mut transaction, scope, &selector)
                    .await?
                    .ok_or_else(|| versions::no_version(&selector))?;
                if version.failure.is_some() {
                    return Err(CatalogError::invalid_input(format!(
                        "Version {} of schema {} failed its compatibility check and cannot be the checkpoint",
                        version.number, name.schema
                    )));
                }
                Some(version.number)
            }
            (None, Some(_)) => schema.latest_version,
            (None, None) => None,
        };
        schema.checkpoint = checkpoint.unwrap_or(schema.checkpoint);
        schema.compatibility = change.compatibility.unwrap_or(schema.compatibility);
        schema.description = change.description.or(schema.description);
        schemas::update(&mut transaction, &schema).await?;
        transaction.commit().await?;
        Ok(schema)
    }

    /// Deletes a schema with its versions.
    pub async fn delete_schema(&self, scope: &str, name: &SchemaName) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let schema = schemas::get_for_update(&mut transaction, scope, name).await?.ok_or_else(|| no_schema(name))?;
        schemas::delete(&mut transaction, schema.id).await?;
        tags::clear(&mut transaction, scope, &tagged(name)).await?;
        transaction.commit().await
    }

    /// Whether a text is a definition in this format: the reason where it is none.
    pub async fn check_definition(&self, format: DataFormat, text: &str) -> Result<Option<String>> {
        let text = text.to_owned();
        let outcome = blocking(move || Definition::parse(format, &text).map(drop)).await?;
        Ok(outcome.err().map(|invalid| invalid.to_string()))
    }
}

/// A definition, read off the threads that serve requests.
async fn parsed(format: DataFormat, text: &str) -> Result<Definition> {
    let text = text.to_owned();
    blocking(move || Definition::parse(format, &text)).await?.map_err(|invalid| {
        CatalogError::invalid_input(format!("Schema definition of {format} data format is invalid: {invalid}"))
    })
}

/// Runs what may take long. A panic of a library is an error of this one call.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| CatalogError::internal("the definition could not be processed").caused_by(error))
}

/// What a schema's tags are kept under.
fn tagged(name: &SchemaName) -> String {
    format!("schema/{}/{}", name.registry, name.schema)
}

fn no_registry(name: &str) -> CatalogError {
    CatalogError::not_found(format!("Registry is not found. RegistryName: {name}"))
}

fn no_schema(name: &SchemaName) -> CatalogError {
    CatalogError::not_found(format!(
        "Schema is not found. RegistryName: {}, SchemaName: {}, SchemaArn: null",
        name.registry, name.schema
    ))
}
