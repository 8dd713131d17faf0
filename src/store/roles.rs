//! Roles, and who has them.

use std::collections::HashMap;

use crate::error::Result;
use crate::model::PrincipalType;
use crate::model::privilege::{PUBLIC, Principal, Role, RoleGrant};
use crate::store::Connection;

/// Until the transaction ends nobody else changes roles or privileges. Such changes are rare; one at a time they keep
/// what no constraint can say: no role within itself, no privilege granted twice.
pub async fn lock(connection: &mut Connection) -> Result<()> {
    // The key is the text "proprole": it stays out of the way of other users of such locks.
    const KEY: i64 = i64::from_be_bytes(*b"proprole");
    sqlx::query!("select pg_advisory_xact_lock($1)", KEY).execute(connection).await?;
    Ok(())
}

pub async fn names(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select name from roles order by name").fetch_all(connection).await?)
}

/// Ids of those of the named roles that exist, which stay until the transaction ends.
pub async fn ids(connection: &mut Connection, names: &[String]) -> Result<HashMap<String, i64>> {
    let rows = sqlx::query!("select name, id from roles where name = any($1) for key share", names)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}

/// False where the name is taken.
pub async fn insert(connection: &mut Connection, role: &Role) -> Result<bool> {
    let done = sqlx::query!(
        "insert into roles (name, owner_name, created_at) values ($1, $2, $3) on conflict (name) do nothing",
        role.name,
        role.owner_name,
        role.created_at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes a role with all its memberships and privileges. False where there is none.
pub async fn delete(connection: &mut Connection, name: &str) -> Result<bool> {
    let done = sqlx::query!("delete from roles where name = $1", name).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// The roles granted to a principal itself, by name.
pub async fn of(connection: &mut Connection, principal: &Principal) -> Result<Vec<Role>> {
    let rows = sqlx::query!(
        "select r.name, r.owner_name, r.created_at from role_grants g join roles r on r.id = g.role_id
         where g.principal_type = $1 and g.principal_name = $2 order by r.name",
        principal.kind.as_str(),
        principal.name
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Role { name: row.name, owner_name: row.owner_name, created_at: row.created_at })
        .collect())
}

struct GrantRow {
    role: String,
    principal_type: String,
    principal_name: String,
    grant_option: bool,
    granted_at: i64,
    grantor_name: Option<String>,
    grantor_type: Option<String>,
}

impl TryFrom<GrantRow> for RoleGrant {
    type Error = crate::error::CatalogError;

    fn try_from(row: GrantRow) -> Result<Self> {
        Ok(RoleGrant {
            role: row.role,
            principal: Principal { kind: row.principal_type.parse()?, name: row.principal_name },
            grant_option: row.grant_option,
            granted_at: row.granted_at,
            grantor_name: row.grantor_name,
            grantor_type: row.grantor_type.and_then(|text| text.parse().ok()),
        })
    }
}

macro_rules! select_grants {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            GrantRow,
            "select r.name as role, g.principal_type, g.principal_name, g.grant_option, g.granted_at, g.grantor_name,
                    g.grantor_type
             from role_grants g join roles r on r.id = g.role_id " + $rest,
            $($bind),*
        )
    };
}

/// The memberships of a principal, by role.
pub async fn grants_of(connection: &mut Connection, principal: &Principal) -> Result<Vec<RoleGrant>> {
    let rows = select_grants!(
        "where g.principal_type = $1 and g.principal_name = $2 order by r.name",
        principal.kind.as_str(),
        principal.name
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(RoleGrant::try_from).collect()
}

/// The memberships in a role, by principal.
pub async fn members(connection: &mut Connection, role: &str) -> Result<Vec<RoleGrant>> {
    let rows = select_grants!("where r.name = $1 order by g.principal_type, g.principal_name", role)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(RoleGrant::try_from).collect()
}

/// Names of all roles that a user has, directly, through groups and through other roles. Every user is in public.
pub async fn reached(connection: &mut Connection, user: Option<&str>, groups: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive reached (role_id) as (
               (select role_id from role_grants
                where (principal_type = 'USER' and principal_name = $1)
                   or (principal_type = 'GROUP' and principal_name = any($2))
                union
                select id from roles where name = $3 and $1::text is not null)
               union
               select g.role_id from role_grants g join reached on g.principal_role_id = reached.role_id
           )
           select name from roles where id in (select role_id from reached) order by name"#,
        user,
        groups,
        PUBLIC
    )
    .fetch_all(connection)
    .await?)
}

/// Whether `role` is `other`, or has it, directly or through further roles.
pub async fn reaches(connection: &mut Connection, role: i64, other: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"with recursive reached (role_id) as (
               select $1::bigint
               union
               select g.role_id from role_grants g join reached on g.principal_role_id = reached.role_id
           )
           select exists (select from reached where role_id = $2) as "reaches!""#,
        role,
        other
    )
    .fetch_one(connection)
    .await?)
}

/// `principal_role` is the id of the principal where it is a role. False where the principal has the role.
pub async fn grant(
    connection: &mut Connection,
    role: i64,
    grant: &RoleGrant,
    principal_role: Option<i64>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into role_grants (role_id, principal_type, principal_name, principal_role_id, grant_option, granted_at,
                                  grantor_name, grantor_type)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (role_id, principal_type, principal_name) do nothing",
        role,
        grant.principal.kind.as_str(),
        grant.principal.name,
        principal_role,
        grant.grant_option,
        grant.granted_at,
        grant.grantor_name,
        grant.grantor_type.map(PrincipalType::as_str)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// False where the principal does not have the role.
pub async fn revoke(connection: &mut Connection, role: i64, principal: &Principal) -> Result<bool> {
    let done = sqlx::query!(
        "delete from role_grants where role_id = $1 and principal_type = $2 and principal_name = $3",
        role,
        principal.kind.as_str(),
        principal.name
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The principal keeps the role and may no longer hand it on. False where it could not.
pub async fn revoke_grant_option(connection: &mut Connection, role: i64, principal: &Principal) -> Result<bool> {
    let done = sqlx::query!(
        "update role_grants set grant_option = false
         where role_id = $1 and principal_type = $2 and principal_name = $3 and grant_option",
        role,
        principal.kind.as_str(),
        principal.name
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
