//! The event log.
//!
//! A writer appends without a number and takes no lock that another writer could wait for. Numbers are given out later,
//! by whoever reads, under the lock of one row and only to events that are committed: so they are dense (Hive's replication
//! demands it), and a transaction that commits late gets a later number instead of being skipped.

use serde_json::Value;

use crate::error::Result;
use crate::model::{Event, NewEvent};
use crate::store::{Connection, Transaction};

pub async fn append(connection: &mut Connection, event: &NewEvent, now: i64) -> Result<()> {
    sqlx::query!(
        "insert into events (happened_at, kind, catalog_name, database_name, table_name, body)
         values ($1, $2, $3, $4, $5, $6)",
        now,
        event.kind.as_str(),
        event.catalog,
        event.database,
        event.table,
        event.body
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Numbers what is committed and has no number yet.
async fn number(transaction: &mut Transaction) -> Result<()> {
    let waiting = sqlx::query_scalar!(r#"select exists (select from events where id is null) as "waiting!""#)
        .fetch_one(&mut **transaction)
        .await?;
    if !waiting {
        return Ok(());
    }
    let last = sqlx::query_scalar!("select last from event_numbers for update").fetch_one(&mut **transaction).await?;
    sqlx::query!(
        "with numbered as (
             select seq, $1 + row_number() over (order by seq) as id from events where id is null
         ), done as (
             update events set id = numbered.id from numbered where events.seq = numbered.seq returning events.id
         )
         update event_numbers set last = $1 + (select count(*) from done)",
        last
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The number of the newest event, 0 where there is none. The transaction must be committed by the caller.
pub async fn current_id(transaction: &mut Transaction) -> Result<i64> {
    number(transaction).await?;
    Ok(sqlx::query_scalar!("select last from event_numbers").fetch_one(&mut **transaction).await?)
}

/// Events after `after`, oldest first, at most `limit`. The transaction must be committed by the caller.
pub async fn after(transaction: &mut Transaction, after: i64, limit: i64) -> Result<Vec<Event>> {
    number(transaction).await?;
    let rows = sqlx::query!(
        r#"select id as "id!", happened_at, kind, catalog_name, database_name, table_name, body as "body: Value"
           from events where id > $1 order by id limit $2"#,
        after,
        limit
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Event {
            id: row.id,
            happened_at: row.happened_at,
            kind: row.kind,
            catalog: row.catalog_name,
            database: row.database_name,
            table: row.table_name,
            body: row.body,
        })
        .collect())
}
