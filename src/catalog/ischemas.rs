//! Schemas that Hive keeps within a database. What a version may change is for clients to see to, and no event tells of
//! these changes: Hive's own notification log has none.

use serde_json::{Map, Value};

use super::databases::no_database;
use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::SerDe;
use crate::model::ischema::{ISchema, ISchemaName, ISchemaVersion, ISchemaVersionState};
use crate::model::name::check_length;
use crate::store::{databases, ischemas};

impl Service {
    /// NotFound without the database, AlreadyExists where it has such a schema.
    pub async fn create_ischema(&self, _caller: &Caller, schema: ISchema) -> Result<()> {
        let name = &schema.name;
        check_length("schema", &name.name)?;
        let mut transaction = self.store.begin().await?;
        let database = databases::get_for_child(&mut transaction, &name.database)
            .await?
            .ok_or_else(|| no_database(&name.database))?;
        if !ischemas::insert(&mut transaction, database.id, &schema).await? {
            return Err(CatalogError::already_exists(format!("Schema {name} already exists")));
        }
        transaction.commit().await
    }

    /// Changes all but name and kind, which stay. What `changed` does not say of group and description stays as well.
    pub async fn alter_ischema(&self, _caller: &Caller, name: &ISchemaName, changed: ISchema) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let schema = ischemas::get_for_update(&mut transaction, name).await?.ok_or_else(|| no_schema(name))?;
        ischemas::update(&mut transaction, schema.id, &changed).await?;
        transaction.commit().await
    }

    pub async fn get_ischema(&self, name: &ISchemaName) -> Result<ISchema> {
        ischemas::get(&mut *self.store.read().await?, name).await?.ok_or_else(|| no_schema(name))
    }

    /// InvalidOperation while it has versions.
    pub async fn drop_ischema(&self, _caller: &Caller, name: &ISchemaName) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let schema = ischemas::get_for_update(&mut transaction, name).await?.ok_or_else(|| no_schema(name))?;
        if let Some(latest) = ischemas::versions(&mut transaction, name, None, Some(1)).await?.first() {
            return Err(CatalogError::invalid_operation(format!(
                "Schema {name} has versions, {} the latest of them: drop these first",
                latest.version
            )));
        }
        ischemas::delete(&mut transaction, schema.id).await?;
        transaction.commit().await
    }

    /// Adds a version. The SerDe that comes with it is registered where it has a name that is not taken.
    pub async fn add_ischema_version(&self, _caller: &Caller, version: ISchemaVersion) -> Result<()> {
        let name = &version.schema;
        let mut transaction = self.store.begin().await?;
        let schema = ischemas::get_for_child(&mut transaction, name).await?.ok_or_else(|| no_schema(name))?;
        if !ischemas::insert_version(&mut transaction, schema.id, &version).await? {
            return Err(CatalogError::already_exists(format!(
                "Schema {name} has a version {} already",
                version.version
            )));
        }
        if let Some(serde) = &version.serde
            && let Some(name) = serde.name.as_deref().filter(|name| !name.is_empty())
        {
            check_length("SerDe", name)?;
            ischemas::insert_serde(&mut transaction, name, serde).await?;
        }
        transaction.commit().await
    }

    pub async fn get_ischema_version(&self, name: &ISchemaName, version: i32) -> Result<ISchemaVersion> {
        let found = ischemas::versions(&mut *self.store.read().await?, name, Some(version), None).await?;
        found.into_iter().next().ok_or_else(|| no_version(name, version))
    }

    /// The latest first, at most `limit`; NotFound where there is none.
    pub async fn ischema_versions(&self, name: &ISchemaName, limit: Option<i64>) -> Result<Vec<ISchemaVersion>> {
        let found = ischemas::versions(&mut *self.store.read().await?, name, None, limit).await?;
        if found.is_empty() {
            return Err(CatalogError::not_found(format!("There is no version of a schema {name}")));
        }
        Ok(found)
    }

    pub async fn drop_ischema_version(&self, _caller: &Caller, name: &ISchemaName, version: i32) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !ischemas::delete_version(&mut transaction, name, version).await? {
            return Err(no_version(name, version));
        }
        transaction.commit().await
    }

    /// Schemas and versions that have a column of this name, comment (which Hive calls its namespace) and type, in order;
    /// None lets all through, but not for both of the first two.
    pub async fn ischema_versions_with_column(
        &self,
        name: Option<&str>,
        comment: Option<&str>,
        type_name: Option<&str>,
    ) -> Result<Vec<(ISchemaName, i32)>> {
        if name.is_none() && comment.is_none() {
            return Err(CatalogError::invalid_input(
                "Schemas are found by the name or the namespace of a column: give at least one of the two",
            ));
        }
        let wanted = [("name", name), ("comment", comment), ("type", type_name)];
        let column: Map<String, Value> =
            wanted.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
        ischemas::versions_with_column(&mut *self.store.read().await?, &column.into()).await
    }

    pub async fn map_ischema_version_to_serde(
        &self,
        _caller: &Caller,
        name: &ISchemaName,
        version: i32,
        serde: &str,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        // A missing version is told of before a missing SerDe.
        let schema = ischemas::get_for_child(&mut transaction, name).await?;
        if schema.is_none() || ischemas::versions(&mut transaction, name, Some(version), None).await?.is_empty() {
            return Err(no_version(name, version));
        }
        let found = ischemas::get_serde(&mut transaction, serde).await?.ok_or_else(|| no_serde(serde))?;
        if !ischemas::update_version(&mut transaction, name, version, None, Some(&found)).await? {
            return Err(no_version(name, version));
        }
        transaction.commit().await
    }

    pub async fn set_ischema_version_state(
        &self,
        _caller: &Caller,
        name: &ISchemaName,
        version: i32,
        state: ISchemaVersionState,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !ischemas::update_version(&mut transaction, name, version, Some(state), None).await? {
            return Err(no_version(name, version));
        }
        transaction.commit().await
    }

    pub async fn add_serde(&self, _caller: &Caller, serde: SerDe) -> Result<()> {
        let name = serde.name.as_deref().unwrap_or_default();
        check_length("SerDe", name)?;
        let mut transaction = self.store.begin().await?;
        if !ischemas::insert_serde(&mut transaction, name, &serde).await? {
            return Err(CatalogError::already_exists(format!("SerDe {name} already exists")));
        }
        transaction.commit().await
    }

    pub async fn get_serde(&self, name: &str) -> Result<SerDe> {
        ischemas::get_serde(&mut *self.store.read().await?, name).await?.ok_or_else(|| no_serde(name))
    }
}

fn no_schema(name: &ISchemaName) -> CatalogError {
    CatalogError::not_found(format!("Schema {name} does not exist"))
}

fn no_version(name: &ISchemaName, version: i32) -> CatalogError {
    CatalogError::not_found(format!("Schema {name} has no version {version}"))
}

fn no_serde(name: &str) -> CatalogError {
    CatalogError::not_found(format!("SerDe {name} does not exist"))
}
