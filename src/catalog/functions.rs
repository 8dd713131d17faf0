//! Functions.

use serde_json::json;

use super::databases::no_database;
use super::{Caller, Service, name_pattern, now, record};
use crate::error::{CatalogError, Result};
use crate::model::function::Function;
use crate::model::name::{DEFAULT_CATALOG, check_word};
use crate::model::{DatabaseName, EventKind};
use crate::store::{Connection, databases, functions};

impl Service {
    pub async fn get_function(&self, database: &DatabaseName, name: &str) -> Result<Function> {
        functions::get(&mut *self.store.read().await?, database, name).await?.ok_or_else(|| no_function(database, name))
    }

    /// Names in order; no pattern means all. An unknown database has none.
    pub async fn function_names(&self, database: &DatabaseName, pattern: Option<&str>) -> Result<Vec<String>> {
        let pattern = name_pattern(pattern)?;
        functions::names(&mut *self.store.read().await?, database, Some(&pattern)).await
    }

    /// Functions of a database by name, as [`function_names`](Self::function_names).
    pub async fn functions(&self, database: &DatabaseName, pattern: Option<&str>) -> Result<Vec<Function>> {
        let pattern = name_pattern(pattern)?;
        functions::list(&mut *self.store.read().await?, database, Some(&pattern)).await
    }

    /// All functions of the default catalog: what engines load when they start.
    pub async fn all_functions(&self) -> Result<Vec<Function>> {
        functions::list_catalog(&mut *self.store.read().await?, DEFAULT_CATALOG).await
    }

    pub async fn create_function(&self, caller: &Caller, mut function: Function) -> Result<()> {
        check_word("function", &function.name)?;
        function.created_at = now();
        function.owner_name.get_or_insert_with(|| self.owner(caller));
        let mut transaction = self.store.begin().await?;
        let database = databases::get_for_child(&mut transaction, &function.database)
            .await?
            .ok_or_else(|| no_database(&function.database))?;
        function.id = functions::insert(&mut transaction, database.id, &function)
            .await?
            .ok_or_else(|| taken(&function.database, &function.name))?;
        record_function(&mut transaction, EventKind::CreateFunction, &function.database, json!({ "after": function }))
            .await?;
        transaction.commit().await
    }

    /// Replaces everything but the time of creation. Name and database may change, the catalog may not.
    pub async fn alter_function(
        &self,
        _caller: &Caller,
        database: &DatabaseName,
        name: &str,
        changed: Function,
    ) -> Result<()> {
        check_word("function", &changed.name)?;
        if changed.database.catalog != database.catalog {
            return Err(CatalogError::invalid_object(format!(
                "Function {database}.{name} cannot move to catalog {}: functions stay in their catalog",
                changed.database.catalog
            )));
        }
        let mut transaction = self.store.begin().await?;
        let home = databases::get_for_child(&mut transaction, &changed.database)
            .await?
            .ok_or_else(|| no_database(&changed.database))?;
        let before = functions::get_for_update(&mut transaction, database, name)
            .await?
            .ok_or_else(|| no_function(database, name))?;
        let after = Function { id: before.id, created_at: before.created_at, ..changed };
        let moves = (&after.database, &after.name) != (&before.database, &before.name);
        if moves && functions::get(&mut transaction, &after.database, &after.name).await?.is_some() {
            return Err(taken(&after.database, &after.name));
        }
        functions::update(&mut transaction, home.id, &after).await?;
        // The protocol has no event for an altered function: to its readers the old one goes and the new one comes.
        record_function(&mut transaction, EventKind::DropFunction, database, json!({ "before": before })).await?;
        record_function(&mut transaction, EventKind::CreateFunction, &after.database, json!({ "after": after }))
            .await?;
        transaction.commit().await
    }

    pub async fn drop_function(&self, _caller: &Caller, database: &DatabaseName, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let function = functions::get_for_update(&mut transaction, database, name)
            .await?
            .ok_or_else(|| no_function(database, name))?;
        functions::delete(&mut transaction, function.id).await?;
        record_function(&mut transaction, EventKind::DropFunction, database, json!({ "before": function })).await?;
        transaction.commit().await
    }
}

async fn record_function(
    connection: &mut Connection,
    kind: EventKind,
    database: &DatabaseName,
    body: serde_json::Value,
) -> Result<()> {
    record(connection, kind, &database.catalog, Some(&database.database), None, body).await
}

fn no_function(database: &DatabaseName, name: &str) -> CatalogError {
    CatalogError::not_found(format!("Function {database}.{name} does not exist"))
}

fn taken(database: &DatabaseName, name: &str) -> CatalogError {
    CatalogError::already_exists(format!("Function {database}.{name} already exists"))
}
