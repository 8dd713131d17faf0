//! Privileges. Changes of them run under [`roles::lock`](super::roles::lock).
//!
//! Grants on a partition know it by its values: whoever drops or renames partitions says so here.

mod target;

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::types::Json;

use crate::error::{CatalogError, Result};
use crate::model::privilege::{
    Column, Grant, Object, ObjectKind, Principal, Privilege, PrivilegeFilter, PrivilegeSet, SQL_AUTHORIZER,
};
use crate::model::{DatabaseName, PrincipalType, TableName};
use crate::store::{Connection, roles};

pub use target::{Target, first_without_partition, targets};

/// A stored privilege.
#[derive(Debug)]
pub struct Stored {
    pub id: i64,
    pub target: Target,
    pub privilege: Privilege,
}

/// A privilege to be stored; `role_id` is the holder's where it is a role.
#[derive(Debug)]
pub struct New<'a> {
    pub target: &'a Target,
    pub role_id: Option<i64>,
    pub principal: &'a Principal,
    pub grant: &'a Grant,
    pub authorizer: Option<&'a str>,
}

struct Row {
    id: i64,
    object_type: String,
    catalog: Option<String>,
    database: Option<String>,
    table_name: Option<String>,
    database_id: Option<i64>,
    table_id: Option<i64>,
    partition_values: Option<Vec<String>>,
    column_name: Option<String>,
    principal_type: String,
    principal_name: String,
    privilege: String,
    grant_option: bool,
    granted_at: i64,
    grantor_name: Option<String>,
    grantor_type: Option<String>,
    authorizer: Option<String>,
}

impl TryFrom<Row> for Stored {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self> {
        let database = row.catalog.zip(row.database).map(|(catalog, database)| DatabaseName { catalog, database });
        let table = database.as_ref().zip(row.table_name).map(|(database, table)| TableName {
            catalog: database.catalog.clone(),
            database: database.database.clone(),
            table,
        });
        let damaged = || CatalogError::internal(format!("the stored privilege {} is damaged", row.id));
        let values = row.partition_values.clone();
        let object = match row.object_type.as_str() {
            "GLOBAL" => Object::Global,
            "DATABASE" => Object::Database(database.ok_or_else(damaged)?),
            "TABLE" => Object::Table(table.ok_or_else(damaged)?),
            "PARTITION" => Object::Partition(table.ok_or_else(damaged)?, values.ok_or_else(damaged)?),
            "COLUMN" => Object::Column(Column {
                table: table.ok_or_else(damaged)?,
                partition: values,
                name: row.column_name.clone().ok_or_else(damaged)?,
            }),
            _ => return Err(damaged()),
        };
        Ok(Stored {
            id: row.id,
            target: Target {
                kind: object.kind(),
                database_id: row.database_id,
                table_id: row.table_id,
                partition_values: row.partition_values,
                column_name: row.column_name,
            },
            privilege: Privilege {
                object,
                principal: Principal { kind: row.principal_type.parse()?, name: row.principal_name },
                grant: Grant {
                    privilege: row.privilege,
                    grant_option: row.grant_option,
                    granted_at: row.granted_at,
                    grantor_name: row.grantor_name,
                    grantor_type: row.grantor_type.and_then(|text| text.parse().ok()),
                },
                authorizer: row.authorizer,
            },
        })
    }
}

macro_rules! select_privileges {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select p.id, p.object_type, c.name as "catalog?", d.name as "database?", t.name as "table_name?",
                      p.database_id, p.table_id, p.partition_values, p.column_name, p.principal_type, p.principal_name,
                      p.privilege, p.grant_option, p.granted_at, p.grantor_name, p.grantor_type, p.authorizer
               from privileges p left join tables t on t.id = p.table_id
               left join databases d on d.id = coalesce(p.database_id, t.database_id)
               left join catalogs c on c.id = d.catalog_id "# + $rest,
            $($bind),*
        )
    };
}

/// Those that a filter lets through, oldest first.
pub async fn list(connection: &mut Connection, filter: &PrivilegeFilter) -> Result<Vec<Privilege>> {
    let catalog = filter.table.as_ref().map(|name| &name.catalog);
    let catalog = catalog.or(filter.database.as_ref().map(|name| &name.catalog));
    let database = filter.table.as_ref().map(|name| &name.database);
    let database = database.or(filter.database.as_ref().map(|name| &name.database));
    let whole_table = filter.kind == Some(ObjectKind::Column) && filter.partition.is_none();
    let rows = select_privileges!(
        "where ($1::text is null or p.principal_type = $1) and ($2::text is null or p.principal_name = $2)
           and ($3::text is null or p.object_type = $3) and ($4::text is null or c.name = $4)
           and ($5::text is null or d.name = $5) and ($6::text is null or t.name = $6)
           and ($7::text[] is null or p.partition_values = $7) and not ($8 and p.partition_values is not null)
           and ($9::text is null or p.column_name = $9)
         order by p.id",
        filter.principal.as_ref().map(|principal| principal.kind.as_str()),
        filter.principal.as_ref().map(|principal| &principal.name),
        filter.kind.map(ObjectKind::as_str),
        catalog,
        database,
        filter.table.as_ref().map(|name| &name.table),
        filter.partition.as_deref(),
        whole_table,
        filter.column.as_ref()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok(Stored::try_from(row)?.privilege)).collect()
}

/// All on the given databases and tables, what lies in the latter included, and all global ones; of the named
/// principals only, oldest first.
pub async fn held_on(connection: &mut Connection, targets: &[Target], principals: &[String]) -> Result<Vec<Stored>> {
    let databases: Vec<i64> = targets.iter().filter_map(|target| target.database_id).collect();
    let tables: Vec<i64> = targets.iter().filter_map(|target| target.table_id).collect();
    let rows = select_privileges!(
        "where (p.object_type = 'GLOBAL' or p.database_id = any($1) or p.table_id = any($2))
           and p.principal_name = any($3)
         order by p.id",
        &databases,
        &tables,
        principals
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// All of an authorizer on objects of one kind, within one database or table; oldest first.
pub async fn on(connection: &mut Connection, target: &Target, authorizer: Option<&str>) -> Result<Vec<Stored>> {
    let rows = select_privileges!(
        "where p.object_type = $1 and (p.database_id = $2 or p.table_id = $3) and p.partition_values is null
           and ($4::text is null or p.authorizer = $4)
         order by p.id",
        target.kind.as_str(),
        target.database_id,
        target.table_id,
        authorizer
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// What a user, groups and roles hold on an object, oldest first. A partition without values means all of a table.
pub async fn held_by(
    connection: &mut Connection,
    target: &Target,
    user: Option<&str>,
    groups: &[String],
    roles: &[String],
) -> Result<Vec<Stored>> {
    let rows = select_privileges!(
        "where p.object_type = $1 and ($2::bigint is null or p.database_id = $2)
           and ($3::bigint is null or p.table_id = $3) and ($4::text[] is null or p.partition_values = $4)
           and ($4::text[] is not null or p.object_type = 'PARTITION' or p.partition_values is null)
           and p.column_name is not distinct from $5
           and ((p.principal_type = 'USER' and p.principal_name = $6)
                or (p.principal_type = 'GROUP' and p.principal_name = any($7))
                or (p.principal_type = 'ROLE' and p.principal_name = any($8)))
         order by p.id",
        target.kind.as_str(),
        target.database_id,
        target.table_id,
        target.partition_values.as_deref(),
        target.column_name.as_ref(),
        user,
        groups,
        roles
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

pub async fn insert(connection: &mut Connection, new: &[New<'_>], now: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        object_type: &'static str,
        database_id: Option<i64>,
        table_id: Option<i64>,
        partition_values: Option<&'a [String]>,
        column_name: Option<&'a str>,
        principal_type: PrincipalType,
        principal_name: &'a str,
        principal_role_id: Option<i64>,
        privilege: &'a str,
        grant_option: bool,
        grantor_name: Option<&'a str>,
        grantor_type: Option<PrincipalType>,
        authorizer: Option<&'a str>,
    }
    let rows: Vec<Row<'_>> = new
        .iter()
        .map(|new| Row {
            object_type: new.target.kind.as_str(),
            database_id: new.target.database_id,
            table_id: new.target.table_id,
            partition_values: new.target.partition_values.as_deref(),
            column_name: new.target.column_name.as_deref(),
            principal_type: new.principal.kind,
            principal_name: &new.principal.name,
            principal_role_id: new.role_id,
            privilege: &new.grant.privilege,
            grant_option: new.grant.grant_option,
            grantor_name: new.grant.grantor_name.as_deref(),
            grantor_type: new.grant.grantor_type,
            authorizer: new.authorizer,
        })
        .collect();
    sqlx::query!(
        "insert into privileges (object_type, database_id, table_id, partition_values, column_name, principal_type,
                                 principal_name, principal_role_id, privilege, grant_option, granted_at, grantor_name,
                                 grantor_type, authorizer)
         select object_type, database_id, table_id, partition_values, column_name, principal_type, principal_name,
                principal_role_id, privilege, grant_option, $2, grantor_name, grantor_type, authorizer
         from json_to_recordset($1::json) as new (
                object_type text, database_id bigint, table_id bigint, partition_values text[], column_name text,
                principal_type text, principal_name text, principal_role_id bigint, privilege text, grant_option boolean,
                grantor_name text, grantor_type text, authorizer text)",
        Json(rows) as _,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, ids: &[i64]) -> Result<()> {
    sqlx::query!("delete from privileges where id = any($1)", ids).execute(connection).await?;
    Ok(())
}

/// The holders keep the privileges and may no longer hand them on.
pub async fn revoke_grant_option(connection: &mut Connection, ids: &[i64]) -> Result<()> {
    sqlx::query!("update privileges set grant_option = false where id = any($1)", ids).execute(connection).await?;
    Ok(())
}

/// Stores the privileges that a new table came with.
pub async fn grant_on_create(connection: &mut Connection, table_id: i64, set: PrivilegeSet, now: i64) -> Result<()> {
    let grants: Vec<(Principal, Grant)> = set.into_grants().collect();
    if grants.is_empty() {
        return Ok(());
    }
    let role_ids = role_ids(connection, grants.iter().map(|(principal, _)| principal)).await?;
    let target = Target {
        kind: ObjectKind::Table,
        database_id: None,
        table_id: Some(table_id),
        partition_values: None,
        column_name: None,
    };
    let new: Vec<New<'_>> = grants
        .iter()
        .map(|(principal, grant)| New {
            target: &target,
            role_id: role_ids.get(principal).copied(),
            principal,
            grant,
            authorizer: Some(SQL_AUTHORIZER),
        })
        .collect();
    insert(connection, &new, now).await
}

/// The ids of those principals that are roles. A role that does not exist is an error.
pub async fn role_ids<'a>(
    connection: &mut Connection,
    principals: impl Iterator<Item = &'a Principal>,
) -> Result<HashMap<Principal, i64>> {
    let wanted: HashSet<&Principal> = principals.filter(|principal| principal.kind == PrincipalType::Role).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<String> = wanted.iter().map(|principal| principal.name.clone()).collect();
    let ids = roles::ids(connection, &names).await?;
    wanted
        .into_iter()
        .map(|principal| match ids.get(&principal.name) {
            Some(id) => Ok((principal.clone(), *id)),
            None => Err(CatalogError::not_found(format!("Role {} does not exist", principal.name))),
        })
        .collect()
}

/// Deletes the grants on partitions of a table that are no longer there. To be called after partitions were dropped.
pub async fn forget_dropped_partitions(connection: &mut Connection, table_id: i64) -> Result<()> {
    sqlx::query!(
        "delete from privileges p
         where p.table_id = $1 and p.partition_values is not null
           and not exists (select from partitions where table_id = $1 and values = p.partition_values)",
        table_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets the grants on a partition follow when it gets other values.
pub async fn rename_partition(
    connection: &mut Connection,
    table_id: i64,
    from: &[String],
    to: &[String],
) -> Result<()> {
    sqlx::query!(
        "update privileges set partition_values = $3 where table_id = $1 and partition_values = $2",
        table_id,
        from,
        to
    )
    .execute(connection)
    .await?;
    Ok(())
}
