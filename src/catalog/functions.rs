//! Functions.

use serde_json::json;

use super::data_connectors::check_is_kept_here;
use super::databases::no_database;
use super::{Caller, Service, name_pattern, now, record};
use crate::error::{CatalogError, Object, Result};
use crate::filter::NamePattern;
use crate::model::function::Function;
use crate::model::name::{DEFAULT_CATALOG, check_given, check_word, fold};
use crate::model::{DatabaseName, EventKind};
use crate::store::{Connection, databases, functions};

impl Service {
    pub async fn get_function(&self, database: &DatabaseName, name: &str) -> Result<Function> {
        let mut connection = self.store.read().await?;
        match functions::get(&mut connection, database, name).await? {
            Some(function) => Ok(function),
            None if self.store.get_database(&mut connection, database).await?.is_none() => Err(no_database(database)),
            None => Err(no_function(database, name)),
        }
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

    /// Functions of a catalog, or of one of its databases, by database and name: of those after `after`, a database and
    /// a name, the first `limit`.
    pub async fn functions_after(
        &self,
        catalog: &str,
        database: Option<&DatabaseName>,
        pattern: &NamePattern,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Function>> {
        let mut connection = self.store.read().await?;
        if let Some(database) = database {
            self.store.get_database(&mut connection, database).await?.ok_or_else(|| no_database(database))?;
        }
        let database = database.map(|database| database.database.as_str());
        functions::list_after(&mut connection, &fold(catalog), database, pattern, after, limit).await
    }

    pub async fn create_function(&self, caller: &Caller, mut function: Function) -> Result<()> {
        check_word("function", &function.name)?;
        function.owner_name.get_or_insert_with(|| self.owner(caller));
        self.register_function(caller, function).await
    }

    /// Replaces everything but the time of creation. Name and database may change, the catalog may not.
    pub async fn alter_function(
        &self,
        caller: &Caller,
        database: &DatabaseName,
        name: &str,
        changed: Function,
    ) -> Result<()> {
        check_word("function", &changed.name)?;
        self.replace_function(caller, database, name, |before| Ok(Function { extra: before.extra.clone(), ..changed }))
            .await
    }

    /// Stores a new function as it is given; its id and time of creation are the server's.
    pub async fn register_function(&self, _caller: &Caller, mut function: Function) -> Result<()> {
        check_given("function", &function.name)?;
        function.created_at = now();
        let mut transaction = self.store.begin().await?;
        let database = databases::get_for_child(&mut transaction, &function.database)
            .await?
            .ok_or_else(|| no_database(&function.database))?;
        check_is_kept_here(&database, "functions")?;
        function.id = functions::insert(&mut transaction, database.id, &function)
            .await?
            .ok_or_else(|| taken(&function.database, &function.name))?;
        record_function(&mut transaction, EventKind::CreateFunction, &function.database, json!({ "after": function }))
            .await?;
        transaction.commit().await
    }

    /// Replaces a function by what `change` makes of the stored one; id and time of creation stay.
    pub async fn replace_function(
        &self,
        _caller: &Caller,
        database: &DatabaseName,
        name: &str,
        change: impl FnOnce(&Function) -> Result<Function> + Send,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let before = self.found_function(&mut transaction, database, name).await?;
        let after = Function { id: before.id, created_at: before.created_at, ..change(&before)? };
        check_given("function", &after.name)?;
        if after.database.catalog != database.catalog {
            return Err(CatalogError::invalid_object(format!(
                "Function {database}.{name} cannot move to catalog {}: functions stay in their catalog",
                after.database.catalog
            )));
        }
        let home = databases::get_for_child(&mut transaction, &after.database)
            .await?
            .ok_or_else(|| no_database(&after.database))?;
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

    /// The function, locked until the transaction ends.
    async fn found_function(
        &self,
        connection: &mut Connection,
        database: &DatabaseName,
        name: &str,
    ) -> Result<Function> {
        match functions::get_for_update(connection, database, name).await? {
            Some(function) => Ok(function),
            None if self.store.get_database(connection, database).await?.is_none() => Err(no_database(database)),
            None => Err(no_function(database, name)),
        }
    }

    pub async fn drop_function(&self, _caller: &Caller, database: &DatabaseName, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let function = self.found_function(&mut transaction, database, name).await?;
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
        .about(Object::Function(name.to_owned()))
}

fn taken(database: &DatabaseName, name: &str) -> CatalogError {
    CatalogError::already_exists(format!("Function {database}.{name} already exists"))
        .about(Object::Function(name.to_owned()))
}
