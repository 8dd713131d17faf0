//! Access keys, with their secrets as the vault sealed them.

use crate::error::Result;
use crate::model::AccessKey;
use crate::store::Connection;

/// An access key and what is sealed of it.
#[derive(Debug)]
pub struct SealedKey {
    pub key: AccessKey,
    pub secret: Vec<u8>,
    pub session_token: Option<Vec<u8>>,
}

/// False where the id is taken.
pub async fn insert(connection: &mut Connection, sealed: &SealedKey) -> Result<bool> {
    let SealedKey { key, secret, session_token } = sealed;
    let done = sqlx::query!(
        "insert into access_keys (id, secret, session_token, account_id, user_name, disabled, created_at, expires_at,
                                  last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing",
        key.id,
        secret,
        session_token.as_ref(),
        key.account_id,
        key.user_name,
        key.disabled,
        key.created_at,
        key.expires_at,
        key.last_used_at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn get(connection: &mut Connection, id: &str) -> Result<Option<SealedKey>> {
    let row = sqlx::query!(
        "select id, secret, session_token, account_id, user_name, disabled, created_at, expires_at, last_used_at
         from access_keys where id = $1",
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| SealedKey {
        key: AccessKey {
            id: row.id,
            account_id: row.account_id,
            user_name: row.user_name,
            disabled: row.disabled,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        },
        secret: row.secret,
        session_token: row.session_token,
    }))
}

/// All keys, the oldest first.
pub async fn list(connection: &mut Connection) -> Result<Vec<AccessKey>> {
    Ok(sqlx::query_as!(
        AccessKey,
        "select id, account_id, user_name, disabled, created_at, expires_at, last_used_at from access_keys
         order by created_at, id"
    )
    .fetch_all(connection)
    .await?)
}

/// Whether there is a key, be it disabled or over.
pub async fn any(connection: &mut Connection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from access_keys) as "any!""#).fetch_one(connection).await?)
}

/// False where there is no such key.
pub async fn set_disabled(connection: &mut Connection, id: &str, disabled: bool) -> Result<bool> {
    let done =
        sqlx::query!("update access_keys set disabled = $2 where id = $1", id, disabled).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

pub async fn set_last_used(connection: &mut Connection, id: &str, at: i64) -> Result<()> {
    sqlx::query!("update access_keys set last_used_at = $2 where id = $1", id, at).execute(connection).await?;
    Ok(())
}
