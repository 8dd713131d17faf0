//! Users, with the hashes of their passwords.

use crate::error::Result;
use crate::model::User;
use crate::store::Connection;

/// False where the name is taken.
pub async fn insert(connection: &mut Connection, user: &User, password: &str) -> Result<bool> {
    let done = sqlx::query!(
        "insert into users (name, password, created_at, password_set_at) values ($1, $2, $3, $4)
         on conflict (name) do nothing",
        user.name,
        password,
        user.created_at,
        user.password_set_at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// False where there is no such user.
pub async fn set_password(connection: &mut Connection, name: &str, password: &str, at: i64) -> Result<bool> {
    let done = sqlx::query!("update users set password = $2, password_set_at = $3 where name = $1", name, password, at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// False where there is no such user.
pub async fn delete(connection: &mut Connection, name: &str) -> Result<bool> {
    let done = sqlx::query!("delete from users where name = $1", name).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// The hash of a user's password.
pub async fn password(connection: &mut Connection, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select password from users where name = $1", name).fetch_optional(connection).await?)
}

/// All users, by name.
pub async fn list(connection: &mut Connection) -> Result<Vec<User>> {
    Ok(sqlx::query_as!(User, "select name, created_at, password_set_at from users order by name")
        .fetch_all(connection)
        .await?)
}
