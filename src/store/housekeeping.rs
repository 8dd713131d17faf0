//! Which of several servers over one database keeps house.

use crate::error::Result;
use crate::store::Transaction;

/// Key of the advisory lock. Others take theirs from hashes, migrations from the database's name.
const KEY: i64 = 0x7072_6f70_6f6c_6973;

/// Whether nobody else keeps house; then nobody does until the transaction ends.
pub async fn alone(transaction: &mut Transaction) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "alone!""#, KEY)
        .fetch_one(&mut **transaction)
        .await?)
}
