//! Delegation tokens, and what others keep of theirs here, with their secrets as the vault sealed them.

use crate::error::Result;
use crate::model::DelegationToken;
use crate::store::Connection;

/// A token and its sealed password.
#[derive(Debug)]
pub struct SealedToken {
    pub token: DelegationToken,
    pub password: Vec<u8>,
}

/// A number that no other token has.
pub async fn next_number(connection: &mut Connection) -> Result<i32> {
    let number =
        sqlx::query_scalar!(r#"select nextval('delegation_token_numbers')::int as "number!""#).fetch_one(connection);
    Ok(number.await?)
}

pub async fn insert(connection: &mut Connection, sealed: &SealedToken) -> Result<()> {
    let SealedToken { token, password } = sealed;
    sqlx::query!(
        "insert into delegation_tokens (sequence_number, owner_name, renewer_name, real_user_name, issued_at, max_at,
                                        renewed_until, password)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        token.sequence_number,
        token.owner_name,
        token.renewer_name,
        token.real_user_name,
        token.issued_at,
        token.max_at,
        token.renewed_until,
        password
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn get(connection: &mut Connection, sequence_number: i32) -> Result<Option<SealedToken>> {
    let row = sqlx::query!(
        "select sequence_number, owner_name, renewer_name, real_user_name, issued_at, max_at, renewed_until, password
         from delegation_tokens where sequence_number = $1",
        sequence_number
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| SealedToken {
        token: DelegationToken {
            sequence_number: row.sequence_number,
            owner_name: row.owner_name,
            renewer_name: row.renewer_name,
            real_user_name: row.real_user_name,
            issued_at: row.issued_at,
            max_at: row.max_at,
            renewed_until: row.renewed_until,
        },
        password: row.password,
    }))
}

/// False where the token is gone.
pub async fn set_renewed_until(connection: &mut Connection, sequence_number: i32, until: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update delegation_tokens set renewed_until = $2 where sequence_number = $1",
        sequence_number,
        until
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// False where the token is gone.
pub async fn delete(connection: &mut Connection, sequence_number: i32) -> Result<bool> {
    let done = sqlx::query!("delete from delegation_tokens where sequence_number = $1", sequence_number)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes tokens that can be used no more, so many at most.
pub async fn delete_expired(connection: &mut Connection, now: i64, limit: i64) -> Result<()> {
    sqlx::query!(
        "delete from delegation_tokens where sequence_number in
             (select sequence_number from delegation_tokens where max_at < $1 limit $2 for update skip locked)",
        now,
        limit
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False where the identifier is taken.
pub async fn keep(connection: &mut Connection, identifier: &str, token: &[u8]) -> Result<bool> {
    let done = sqlx::query!(
        "insert into kept_tokens (identifier, token) values ($1, $2) on conflict (identifier) do nothing",
        identifier,
        token
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn kept(connection: &mut Connection, identifier: &str) -> Result<Option<Vec<u8>>> {
    let token = sqlx::query_scalar!("select token from kept_tokens where identifier = $1", identifier);
    Ok(token.fetch_optional(connection).await?)
}

pub async fn kept_identifiers(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select identifier from kept_tokens order by identifier").fetch_all(connection).await?)
}

/// False where there is none.
pub async fn forget(connection: &mut Connection, identifier: &str) -> Result<bool> {
    let done = sqlx::query!("delete from kept_tokens where identifier = $1", identifier).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// The id that the key got.
pub async fn keep_master_key(connection: &mut Connection, key: &[u8]) -> Result<i32> {
    let id = sqlx::query_scalar!("insert into kept_master_keys (key) values ($1) returning id", key);
    Ok(id.fetch_one(connection).await?)
}

/// False where there is none.
pub async fn update_master_key(connection: &mut Connection, id: i32, key: &[u8]) -> Result<bool> {
    let done = sqlx::query!("update kept_master_keys set key = $2 where id = $1", id, key).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// False where there is none.
pub async fn forget_master_key(connection: &mut Connection, id: i32) -> Result<bool> {
    let done = sqlx::query!("delete from kept_master_keys where id = $1", id).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// All keys, in the order of their ids.
pub async fn master_keys(connection: &mut Connection) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select key from kept_master_keys order by id").fetch_all(connection).await?)
}
