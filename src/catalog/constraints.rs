//! Constraints. They are told to engines, which hold them up or count on them; here nothing is checked of the data.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::json;

use super::tables::no_table;
use super::{Caller, Service, now, record};
use crate::error::{CatalogError, ErrorKind, Result, ResultExt};
use crate::model::name::fold;
use crate::model::{Constraint, ConstraintKind, EventKind, Table, TableName};
use crate::store::{Connection, constraints};

pub use constraints::Which as WhichConstraints;

impl Service {
    /// Constraints of a catalog's tables; none where there is no such catalog, database or table.
    pub async fn constraints(&self, catalog: &str, which: WhichConstraints<'_>) -> Result<Vec<Constraint>> {
        constraints::list(&mut *self.store.read().await?, &fold(catalog), which).await
    }

    /// Adds constraints, all or none. Those without a name get one.
    pub async fn add_constraints(&self, _caller: &Caller, added: Vec<Constraint>) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        self.write_constraints(&mut transaction, &added).await?;
        transaction.commit().await
    }

    /// Keys come before foreign keys, which may refer to them.
    pub(super) async fn write_constraints(&self, connection: &mut Connection, added: &[Constraint]) -> Result<()> {
        const ORDER: [ConstraintKind; 6] = [
            ConstraintKind::PrimaryKey,
            ConstraintKind::Unique,
            ConstraintKind::NotNull,
            ConstraintKind::Default,
            ConstraintKind::Check,
            ConstraintKind::ForeignKey,
        ];
        for kind in ORDER {
            let mut told = Vec::new();
            for (at, constraint) in added.iter().filter(|constraint| constraint.kind == kind).enumerate() {
                told.push(self.add_constraint(connection, constraint.clone(), at).await?);
            }
            if let Some(first) = told.first() {
                let name = first.table.clone();
                record_constraint(connection, event_kind(kind), &name, json!({ "constraints": told })).await?;
            }
        }
        Ok(())
    }

    /// The constraint as it is stored now, by its name.
    async fn add_constraint(
        &self,
        connection: &mut Connection,
        mut constraint: Constraint,
        at: usize,
    ) -> Result<Constraint> {
        let name = constraint.table.clone();
        // For update: of two that add a primary key at once, the second must see the first.
        let table = self.store.get_table_for_update(connection, &name).await?.ok_or_else(|| no_table(&name));
        let table = table.map_kind(ErrorKind::NotFound, ErrorKind::InvalidObject)?;
        check_columns_exist(&table, &constraint.columns)?;
        if constraint.name.is_empty() {
            constraint.name = made_up_name(&constraint, at);
        }
        if constraint.kind == ConstraintKind::PrimaryKey && constraints::has_primary_key(connection, table.id).await? {
            return Err(CatalogError::invalid_input(format!(
                "Primary key already exists for table {name}: drop that one first"
            )));
        }
        let parent = match &constraint.parent {
            Some(parent) => Some(self.parent_table(connection, &table, &constraint.columns, parent).await?),
            None => None,
        };
        if !constraints::insert(connection, &table, parent.as_ref(), &constraint).await? {
            return Err(CatalogError::invalid_object(format!(
                "Constraint {} of table {name} already exists",
                constraint.name
            )));
        }
        Ok(constraint)
    }

    /// The table that a foreign key refers to, which must have such a key.
    async fn parent_table(
        &self,
        connection: &mut Connection,
        child: &Table,
        columns: &[String],
        parent: &crate::model::constraint::Parent,
    ) -> Result<Table> {
        if parent.table.catalog != child.name.catalog {
            return Err(CatalogError::invalid_input(format!(
                "Table {}: a foreign key cannot refer to a table of another catalog: {}",
                child.name, parent.table
            )));
        }
        let found = if parent.table == child.name {
            child.clone()
        } else {
            let found = self.store.get_table_for_child(connection, &parent.table).await?;
            found.ok_or_else(|| no_table(&parent.table)).map_kind(ErrorKind::NotFound, ErrorKind::InvalidObject)?
        };
        check_columns_exist(&found, &parent.columns)?;
        let same_types = columns.len() == parent.columns.len()
            && columns
                .iter()
                .zip(&parent.columns)
                .all(|(own, other)| column_type(child, own) == column_type(&found, other));
        if !same_types || !constraints::has_key(connection, found.id, &parent.columns).await? {
            return Err(CatalogError::invalid_input(format!(
                "Table {}: a foreign key over {} needs a primary or unique key of table {} over {}, with the same types",
                child.name,
                columns.join(", "),
                found.name,
                parent.columns.join(", ")
            )));
        }
        Ok(found)
    }

    pub async fn drop_constraint(&self, _caller: &Caller, name: &TableName, constraint: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let constraint = fold(constraint);
        let missing = || CatalogError::invalid_object(format!("Table {name} has no constraint {constraint}"));
        let table = self.store.get_table_for_child(&mut transaction, name).await?.ok_or_else(missing)?;
        if !constraints::delete(&mut transaction, table.id, &constraint).await? {
            return Err(missing());
        }
        let body = json!({ "constraint": constraint });
        record_constraint(&mut transaction, EventKind::DropConstraint, name, body).await?;
        transaction.commit().await
    }
}

async fn record_constraint(
    connection: &mut Connection,
    kind: EventKind,
    name: &TableName,
    body: serde_json::Value,
) -> Result<()> {
    record(connection, kind, &name.catalog, Some(&name.database), Some(&name.table), body).await
}

fn event_kind(kind: ConstraintKind) -> EventKind {
    match kind {
        ConstraintKind::PrimaryKey => EventKind::AddPrimaryKey,
        ConstraintKind::ForeignKey => EventKind::AddForeignKey,
        ConstraintKind::Unique => EventKind::AddUniqueConstraint,
        ConstraintKind::NotNull => EventKind::AddNotNullConstraint,
        ConstraintKind::Default => EventKind::AddDefaultConstraint,
        ConstraintKind::Check => EventKind::AddCheckConstraint,
    }
}

fn column_type<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    let mut columns = table.storage.columns.iter().chain(&table.partition_keys);
    columns.find(|column| column.name == name).map(|column| column.type_name.as_str())
}

fn check_columns_exist(table: &Table, columns: &[String]) -> Result<()> {
    match columns.iter().find(|column| column_type(table, column).is_none()) {
        None => Ok(()),
        Some(column) => Err(CatalogError::invalid_object(format!(
            "Table {} has no column {column} to put a constraint on",
            table.name
        ))),
    }
}

/// `KIND_HASH_MILLIS_N`, the metastore's own form.
fn made_up_name(constraint: &Constraint, at: usize) -> String {
    let mut hasher = DefaultHasher::new();
    (&constraint.table, &constraint.columns).hash(&mut hasher);
    let millis = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or_else(|_| i128::from(now()) * 1000, |elapsed| elapsed.as_millis() as i128);
    format!("{}_{}_{millis}_{at}", constraint.kind.prefix(), hasher.finish() as u32)
}
