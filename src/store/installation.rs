//! What identifies this catalog among others.

use crate::error::Result;
use crate::store::Connection;

/// A UUID that is as old as the schema and never changes.
pub async fn id(connection: &mut Connection) -> Result<String> {
    Ok(sqlx::query_scalar!(r#"select id::text as "id!" from installation"#).fetch_one(connection).await?)
}
